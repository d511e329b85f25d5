"""Setup.exe of this checkout in a Windows of its own: under Wine with a screen of its own. dev.py has built it."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from installer import wine  # noqa: E402

PICTURES = ROOT / "build" / "pictures"


class Machine:
    """One Windows with one user.

    Attributes:
        prefix: where its drive C lies.
        setup: Setup.exe.
    """

    def __init__(self, prefix: Path, setup: Path, display: str) -> None:
        self.prefix, self.setup = prefix, setup
        self.environ = {"DISPLAY": display, "TEMP": "C:\\users\\Public", "TMP": "C:\\users\\Public"}
        for name in ("HF_ENDPOINT", "HF_HOME", "SSL_CERT_FILE", "HTTP_PROXY", "HTTPS_PROXY"):
            self.environ[name] = ""

    @property
    def local(self) -> Path:
        return next((self.prefix / "drive_c/users").glob("[!P]*")) / "AppData/Local"

    @property
    def roaming(self) -> Path:
        return self.local.parent / "Roaming"

    @property
    def program(self) -> Path:
        return self.local / "Programs/Model Preload"

    def run(
        self, program: str | Path, *words: str, seconds: float = 120, more: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        environ = {**self.environ, **(more or {})}
        return wine.run([program, *words], prefix=self.prefix, seconds=seconds, environ=environ)

    def start(self, program: Path, *words: str) -> "subprocess.Popen[bytes]":
        """Without waiting; its output goes into pipes that nobody reads."""
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        environ = wine.environment(self.prefix, self.environ)
        return subprocess.Popen(["wine", str(program), *words], env=environ, **pipes)  # type: ignore[call-overload]

    def registry(self, key: str, value: str) -> str | None:
        code, told = self.run("reg", "query", f"HKCU\\{key}", "/v", value)
        return told.split("    ")[-1].strip() if code == 0 else None

    def windows(self, *search: str) -> list[str]:
        found = subprocess.run(["xdotool", "search", *search], env=self._x(), capture_output=True, check=False)
        return found.stdout.decode().split()

    def xdotool(self, *words: str) -> None:
        subprocess.run(["xdotool", *words], env=self._x(), check=True, timeout=20)

    def picture(self, name: str) -> Path:
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = PICTURES / f"{name}.png"
        subprocess.run(["import", "-window", "root", str(path)], env=self._x(), check=True, timeout=20)
        return path

    def _x(self) -> dict[str, str]:
        return {**os.environ, "DISPLAY": self.environ["DISPLAY"]}


def until(true: Callable[[], object], seconds: float, what: str) -> None:
    """Wait until something holds; fail in those words."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.2)


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    if sys.platform == "win32":
        pytest.skip("the tests of the wizard's machine are for Wine: a real Windows is not thrown away afterwards")
    setup = max((ROOT / "dist").glob("ModelPreload-*-Setup.exe"), key=lambda path: path.stat().st_mtime_ns)
    reader, writer = os.pipe()
    words = ["Xvfb", "-displayfd", str(writer), "-noreset", "-screen", "0", "1280x900x24"]
    screen = subprocess.Popen(words, pass_fds=[writer], stderr=subprocess.DEVNULL)
    os.close(writer)
    with os.fdopen(reader) as told:
        display = f":{told.readline().strip()}"
    prefix = tmp_path_factory.mktemp("windows") / "prefix"
    shutil.copytree(wine.PREFIX, prefix, symlinks=True)
    try:
        yield Machine(prefix, setup, display)
    finally:
        wine.end(prefix)
        screen.terminate()
        screen.wait(10)
        shutil.rmtree(prefix, ignore_errors=True)
