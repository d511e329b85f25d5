"""A Windows of the tests' own: under Wine with a screen of its own. dev.py has built the Setup.exe for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from installer import wine  # noqa: E402

PICTURES = ROOT / "build" / "pictures"
USER = "张三 李四"
"""Wine names the profile's folders by it."""
TRAY_ICONS = "Wine System Tray"
"""The window in which Wine shows tray icons where there is no panel."""

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
        self._started: list[subprocess.Popen[bytes]] = []

    @property
    def profile(self) -> Path:
        return self.drive / "users" / USER

    @property
    def setup(self) -> Path:
        """Setup.exe of this checkout."""
        return max((ROOT / "dist").glob("ModelPreload-*-Setup.exe"), key=lambda path: path.stat().st_mtime_ns)

    @property
    def local(self) -> Path:
        return self.profile / "AppData/Local"

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
        folder: Path | None = None,
        hear: Callable[[bytes], object] | None = None,
    ) -> tuple[int, str]:
        """Exit code, and what it said on both streams; in that folder; see `wine.run`."""
        environ = {**self._display, "USER": USER, **(more or {})}
        command = [program, *words]
        return wine.run(command, prefix=self._prefix, seconds=seconds, environ=environ, cwd=folder, hear=hear)

    def start(self, program: Path, *words: str, more: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Without waiting; its output goes into a pipe that nobody reads: a windowed program starts with no file."""
        environ = wine.environment(self._prefix, {**self._display, "USER": USER, **(more or {})})
        process = subprocess.Popen(
            ["wine", str(program), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environ,
        )
        self._started.append(process)
        return process

    def off(self) -> None:
        """End all that runs on it."""
        wine.end(self._prefix)
        for process in self._started:
            process.communicate(timeout=20)

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
        return self._xdotool("search", "--onlyvisible", "--name", title).split()

    def press(self, title: str, *keys: str) -> None:
        """Into the windows of that title, which come to the front."""
        for window in self.windows(title):
            self._xdotool("windowactivate", "--sync", window)
            self.type(*keys)

    def choose(self, entry: Literal["top", "bottom"]) -> None:
        """Click that entry of the first tray icon's menu; Wine often loses the first click on an icon."""
        opened: list[str] = []

        def is_open() -> bool:
            before = set(self.windows("^Model Preload$"))
            (icons,) = self.windows(TRAY_ICONS)
            self._xdotool("mousemove", "--window", icons, "10", "10", "click", "3")
            time.sleep(1)
            opened[:] = set(self.windows("^Model Preload$")) - before
            return bool(opened)

        until(is_open, 30, "the menu")
        self.picture("menu")
        width, height = self._size(opened[0])
        y = height - 12 if entry == "bottom" else 12
        self._xdotool("mousemove", "--window", opened[0], str(width // 2), str(y), "click", "1")

    def type(self, *keys: str) -> None:
        """Into what has the keyboard: a menu takes none while it unfolds, a window not right after it got it."""
        for key in keys:
            time.sleep(0.3)
            self._xdotool("key", key)

    def balloons(self) -> int:
        """How many notifications show: windows without a title, and of such a size."""
        return sum(200 < self._size(window)[0] < 900 for window in self.windows("^$"))

    def _size(self, window: str) -> tuple[int, int]:
        told = self._xdotool("getwindowgeometry", "--shell", window)  # "" if it is gone meanwhile
        found = dict(line.split("=") for line in told.splitlines())
        return int(found.get("WIDTH", 0)), int(found.get("HEIGHT", 0))

    def picture(self, name: str) -> bytes:
        """Keep what the screen shows, and return it."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = PICTURES / f"{name}.png"
        words = ["import", "-window", "root", "+set", "date:create", "-define", "png:exclude-chunks=date,time"]
        subprocess.run([*words, str(path)], env=self._x(), check=True, timeout=20)
        return path.read_bytes()

    def _xdotool(self, *words: str) -> str:
        """What it prints; "" also where it finds nothing."""
        done = subprocess.run(["xdotool", *words], env=self._x(), capture_output=True, check=False, timeout=20)
        return done.stdout.decode()

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
    manager = None
    try:
        os.close(writer)
        with os.fdopen(reader) as told:
            display = f":{told.readline().strip()}"
        manager = subprocess.Popen(["openbox"], env={**os.environ, "DISPLAY": display}, stderr=subprocess.DEVNULL)
        shutil.copytree(wine.PREFIX, prefix, symlinks=True)
        made = Machine(prefix, display)
        for name in ("TEMP", "TMP"):
            made.run("reg", "add", r"HKCU\Environment", "/v", name, "/d", rf"C:\users\{USER}\Temp", "/f")
        (made.profile / "Temp").mkdir(exist_ok=True)
        try:
            yield made
        finally:
            made.off()
    finally:
        after.communicate(timeout=60)
        screen.wait(10)
        if manager is not None:
            manager.wait(10)  # without a screen it ends
