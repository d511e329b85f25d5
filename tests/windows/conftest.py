"""A Windows of the tests' own: under Wine with a screen of its own. dev.py has built the Setup.exe for it."""

from __future__ import annotations

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


AFTERWARDS = """
read -r _
timeout 20 wineserver -k
timeout 20 wineserver -w
kill "$1"
rm -rf "$2"
"""
"""Waits until its input ends, as it does however the tests end, and takes away what they started."""


class Machine:
    """One Windows with one user.

    Attributes:
        drive: its drive C.
    """

    def __init__(self, prefix: Path, display: str) -> None:
        self.drive = prefix / "drive_c"
        self._prefix, self._display = prefix, {"DISPLAY": display}

    @property
    def setup(self) -> Path:
        """Setup.exe of this checkout."""
        return max((ROOT / "dist").glob("ModelPreload-*-Setup.exe"), key=lambda path: path.stat().st_mtime_ns)

    @property
    def local(self) -> Path:
        return next((self.drive / "users").glob("[!P]*")) / "AppData/Local"

    @property
    def roaming(self) -> Path:
        return self.local.with_name("Roaming")

    @property
    def program(self) -> Path:
        return self.local / "Programs/Model Preload"

    @property
    def state(self) -> Path:
        return self.local / "ModelPreload"

    def run(
        self,
        program: str | Path,
        *words: str,
        seconds: float = 120,
        more: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        hear: Callable[[bytes], object] | None = None,
    ) -> tuple[int, str]:
        """Exit code, and what it said on both streams; see `wine.run`."""
        environ = {**self._display, **(more or {})}
        command = [program, *words]
        return wine.run(command, prefix=self._prefix, seconds=seconds, environ=environ, cwd=cwd, hear=hear)

    def start(self, program: Path, *words: str, more: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Without waiting; its output goes into a pipe that nobody reads: a windowed program starts with no file."""
        environ = wine.environment(self._prefix, {**self._display, **(more or {})})
        return subprocess.Popen(
            ["wine", str(program), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environ,
        )

    def registry(self, key: str, value: str) -> str | None:
        """What HKEY_CURRENT_USER says."""
        code, told = self.run("reg", "query", f"HKCU\\{key}", "/v", value)
        return told.split("    ")[-1].strip() if code == 0 else None

    def processes(self, program: str) -> set[int]:
        """Ids of this machine's processes of that program: Wine's processes are Linux's too."""
        found = set()
        for process in Path("/proc").glob("[0-9]*"):
            try:
                line = (process / "cmdline").read_bytes()
                environ = (process / "environ").read_bytes()
            except OSError:
                continue
            mine = f"WINEPREFIX={self._prefix}\0".encode() in environ
            if mine and line.split(b"\0")[0].replace(b"\\", b"/").endswith(f"/{program}".encode()):
                found.add(int(process.name))
        return found

    def windows(self, title: str) -> list[str]:
        """Ids of visible windows whose title has it (a regular expression)."""
        words = ["xdotool", "search", "--onlyvisible", "--name", title]
        return subprocess.run(words, env=self._x(), capture_output=True, check=False).stdout.decode().split()

    def press(self, title: str, *keys: str) -> None:
        """Into the window of that title, which has the focus from then on: there is no window manager."""
        for window in self.windows(title):
            subprocess.run(["xdotool", "windowfocus", window, "key", *keys], env=self._x(), check=False, timeout=20)

    def picture(self, name: str) -> bytes:
        """Keep what the screen shows, and return it."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = PICTURES / f"{name}.png"
        words = ["import", "-window", "root", "+set", "date:create", "-define", "png:exclude-chunks=date,time"]
        subprocess.run([*words, str(path)], env=self._x(), check=True, timeout=20)
        return path.read_bytes()

    def _x(self) -> dict[str, str]:
        return {**os.environ, **self._display}


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
    prefix = tmp_path_factory.mktemp("windows") / "prefix"
    reader, writer = os.pipe()
    words = ["Xvfb", "-displayfd", str(writer), "-noreset", "-screen", "0", "1280x900x24"]
    screen = subprocess.Popen(words, pass_fds=[writer], stderr=subprocess.DEVNULL)
    words = ["sh", "-c", AFTERWARDS, "sh", str(screen.pid), str(prefix)]
    after = subprocess.Popen(
        words, stdin=subprocess.PIPE, env=wine.environment(prefix), start_new_session=True, stderr=subprocess.DEVNULL
    )
    try:
        os.close(writer)
        with os.fdopen(reader) as told:
            display = f":{told.readline().strip()}"
        shutil.copytree(wine.PREFIX, prefix, symlinks=True)
        yield Machine(prefix, display)
    finally:
        after.communicate(timeout=60)
        screen.wait(10)
