"""The Windows machines on which Setup.exe is played: one of the tests' own under Wine, or a real one."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from installer import wine

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "build" / "pictures"
USER = "张三 李四"
"""Wine names the profile's folders by it."""
KILL = signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL
"""Ends a process at once: Windows has no other way to end one."""
TRAY_ICONS = "Wine System Tray"
"""The window in which Wine shows tray icons where there is no panel."""


def until(true: Callable[[], object], seconds: float, what: str) -> None:
    """Wait until something holds; fail in those words."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.2)


class Machine(ABC):
    """One Windows with one user.

    Attributes:
        profile: the user's folder.
        local, roaming: LOCALAPPDATA and APPDATA.
        root: a folder for what the tests make, and `root_name` as Windows calls it.
        python: a Windows Python with the program's packages.
    """

    profile: Path
    local: Path
    roaming: Path
    root: Path
    root_name: str
    python: Path

    @property
    def setup(self) -> Path:
        """Setup.exe of this checkout."""
        return max((ROOT / "dist").glob("ModelPreload-*-Setup.exe"), key=lambda path: path.stat().st_mtime_ns)

    @property
    def program(self) -> Path:
        return self.local / "Programs/Model Preload"

    @property
    def state(self) -> Path:
        return self.local / "ModelPreload"

    @property
    @abstractmethod
    def places(self) -> tuple[Path, ...]:
        """Where an installer may leave files."""

    @abstractmethod
    def named(self, path: Path) -> str:
        """How Windows calls a file of the tests."""

    @abstractmethod
    def run(
        self,
        program: str | Path,
        *words: str,
        seconds: float = 120,
        more: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> tuple[int, str]:
        """Exit code, and what it said on both streams; in that folder, with more in its environment."""

    @abstractmethod
    def start(self, program: Path, *words: str, more: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Without waiting; its output goes into a pipe that nobody reads: a windowed program starts with no file."""

    @abstractmethod
    def processes(self, program: str) -> set[int]:
        """Ids of this machine's processes of that program."""

    @abstractmethod
    def windows(self, title: str) -> list[str]:
        """Visible windows whose title has it (a regular expression)."""

    @abstractmethod
    def has_icon(self) -> bool:
        """Whether the program shows one in the notification area."""

    def picture(self, name: str) -> bytes:
        """Keep what the screen shows, if it can be had, and return it."""
        return b""

    def kill(self, program: str) -> None:
        for process in self.processes(program):
            os.kill(process, KILL)

    def registry(self, key: str, value: str) -> str | None:
        """What HKEY_CURRENT_USER says."""
        code, told = self.run("reg", "query", f"HKCU\\{key}", "/v", value)
        return told.split("    ")[-1].strip() if code == 0 else None


class WineMachine(Machine):
    """Made by Wine, and gone with its folder; it has a screen, keyboard and mouse."""

    def __init__(self, prefix: Path, display: str) -> None:
        self.root, self.root_name = prefix / "drive_c", "C:"
        self.profile = self.root / "users" / USER
        self.local, self.roaming = self.profile / "AppData/Local", self.profile / "AppData/Roaming"
        self.python = wine.PYTHON / "python.exe"
        self._prefix, self._display = prefix, {"DISPLAY": display}
        self._started: list[subprocess.Popen[bytes]] = []
        for name in ("TEMP", "TMP"):
            self.run("reg", "add", r"HKCU\Environment", "/v", name, "/d", rf"C:\users\{USER}\Temp", "/f")
        (self.profile / "Temp").mkdir(exist_ok=True)

    @property
    def places(self) -> tuple[Path, ...]:
        return (self.root / "users",)

    def named(self, path: Path) -> str:
        return wine.windows_path(path)

    def run(
        self,
        program: str | Path,
        *words: str,
        seconds: float = 120,
        more: Mapping[str, str] | None = None,
        folder: Path | None = None,
        hear: Callable[[bytes], object] | None = None,
    ) -> tuple[int, str]:
        """See `Machine` and `wine.run`."""
        environ = {**self._display, "USER": USER, **(more or {})}
        command = [program, *words]
        return wine.run(command, prefix=self._prefix, seconds=seconds, environ=environ, cwd=folder, hear=hear)

    def start(self, program: Path, *words: str, more: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
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

    def processes(self, program: str) -> set[int]:
        """Wine's processes are Linux's too."""
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
        return self._xdotool("search", "--onlyvisible", "--name", title).split()

    def has_icon(self) -> bool:
        return bool(self.windows(TRAY_ICONS))

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


class _ProcessEntry(ctypes.Structure):
    """PROCESSENTRY32W of tlhelp32.h."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("usage", ctypes.c_uint32),
        ("process", ctypes.c_uint32),
        ("heap", ctypes.c_size_t),
        ("module", ctypes.c_uint32),
        ("threads", ctypes.c_uint32),
        ("parent", ctypes.c_uint32),
        ("priority", ctypes.c_int32),
        ("flags", ctypes.c_uint32),
        ("name", ctypes.c_wchar * 260),
    )


class WindowsMachine(Machine):
    """The Windows on which the tests run. They install and remove the program: only for one that nobody uses."""

    def __init__(self, root: Path) -> None:
        self._environ = dict(os.environ)
        self._started: list[subprocess.Popen[bytes]] = []
        self.root, self.root_name = root, str(root)
        self.profile = Path(self._environ["USERPROFILE"])
        self.local, self.roaming = Path(self._environ["LOCALAPPDATA"]), Path(self._environ["APPDATA"])
        self.python = Path(sys.executable)

    @property
    def places(self) -> tuple[Path, ...]:
        return self.roaming / "Microsoft/Windows/Start Menu/Programs", self.program, self.state

    def named(self, path: Path) -> str:
        return str(path)

    def run(
        self,
        program: str | Path,
        *words: str,
        seconds: float = 120,
        more: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> tuple[int, str]:
        with tempfile.TemporaryFile() as said:  # no pipe: what is left running, such as a tray, might keep it open
            done = subprocess.run(
                [str(program), *words],
                env={**self._environ, **(more or {})},
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                timeout=seconds,
                check=False,
            )
            said.seek(0)
            return done.returncode, said.read().decode("utf-8", "replace")

    def start(self, program: Path, *words: str, more: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        nothing = subprocess.DEVNULL
        environ = {**self._environ, **(more or {})}
        process = subprocess.Popen([str(program), *words], env=environ, stdin=nothing, stdout=nothing, stderr=nothing)
        self._started.append(process)
        return process

    def off(self) -> None:
        """End what was started and still runs."""
        for process in self._started:
            process.kill()
            process.wait(20)

    def processes(self, program: str) -> set[int]:
        """By the Tool Help Library, since psutil asks Wine what it can't answer."""
        found: set[int] = set()
        if sys.platform == "win32":
            kernel = ctypes.WinDLL("kernel32")
            kernel.CreateToolhelp32Snapshot.restype = ctypes.c_void_p
            snapshot = ctypes.c_void_p(kernel.CreateToolhelp32Snapshot(2, 0))  # TH32CS_SNAPPROCESS
            entry = _ProcessEntry(ctypes.sizeof(_ProcessEntry))
            more = kernel.Process32FirstW(snapshot, ctypes.byref(entry))
            while more:
                if entry.name == program:
                    found.add(int(entry.process))
                more = kernel.Process32NextW(snapshot, ctypes.byref(entry))
            kernel.CloseHandle(snapshot)
        return found

    def windows(self, title: str) -> list[str]:
        return [found for found, shown in self._windows().items() if shown and re.search(title, found)]

    def has_icon(self) -> bool:
        """By the hidden window through which Qt hears of its icon."""
        return "QTrayIconMessageWindow" in self._windows()

    def _windows(self) -> dict[str, bool]:
        """Titles of all windows, and whether one of that title shows."""
        found: dict[str, bool] = {}
        if sys.platform == "win32":
            user = ctypes.WinDLL("user32")

            @ctypes.WINFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
            def look(window: int, _: int) -> int:
                title = ctypes.create_unicode_buffer(256)
                user.GetWindowTextW(ctypes.c_void_p(window), title, len(title))
                shows = bool(user.IsWindowVisible(ctypes.c_void_p(window)))
                found[title.value] = found.get(title.value, False) or shows
                return 1

            user.EnumWindows(look, None)
        return found
