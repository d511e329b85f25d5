"""Our tray app and the bare one on a screen of the benchmark's own, and when the icon of one of them is there.

Needs Xvfb, openbox, trayer and xdotool.
"""

import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from _measure import environment

sys.path.insert(0, str(Path(__file__).parents[1]))

from helpers.xserver import Screen, missing, screen

__all__ = ["BARE", "Icons", "bare", "missing", "ours", "running", "screen"]

BARE = Path(__file__).with_name("_bare.py")


def ours(*words: str) -> list[str]:
    """The command line of the tray app."""
    return [sys.executable, "-P", "-m", "model_preload", *words]


def bare(*words: str) -> list[str]:
    """The command line of the program that it is compared with."""
    return [sys.executable, "-P", str(BARE), *words]


@contextmanager
def running(command: list[str], on: Screen, home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The program with folders of its own and hubs that nobody serves, until the end of the block."""
    process = subprocess.Popen(command, env=_environment(on, home), cwd=home)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def _environment(on: Screen, home: Path) -> Mapping[str, str]:
    state = home / "state"
    state.mkdir(exist_ok=True)
    (state / "settings.toml").write_text("first_run_done = true\n", encoding="utf-8")
    nowhere = "http://127.0.0.1:9"
    return {
        **environment(),
        **on.environ,
        "MODEL_PRELOAD_HOME": str(state),
        "HF_HOME": str(home / "hf"),
        "HF_ENDPOINT": nowhere,
        "MODELSCOPE_ENDPOINT": nowhere,
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }


class _Attributes(ctypes.Structure):
    """XWindowAttributes, as far as `map_state`."""

    _fields_ = (
        ("geometry", ctypes.c_int * 5),
        ("visual", ctypes.c_void_p),
        ("root", ctypes.c_ulong),
        ("class_and_gravities", ctypes.c_int * 4),
        ("planes", ctypes.c_ulong * 2),
        ("save_under", ctypes.c_int),
        ("colormap", ctypes.c_ulong),
        ("map_installed", ctypes.c_int),
        ("map_state", ctypes.c_int),
        ("rest", ctypes.c_byte * 64),
    )


class _ClassHint(ctypes.Structure):
    """XClassHint."""

    _fields_ = (("name", ctypes.c_char_p), ("kind", ctypes.c_char_p))


class Icons:
    """Looks at the windows of a screen as often as its user wants: xdotool takes longer than what is measured."""

    def __init__(self, on: Screen) -> None:
        self._x = x = ctypes.CDLL("libX11.so.6")
        x.XOpenDisplay.restype = ctypes.c_void_p
        x.XDefaultRootWindow.restype = ctypes.c_ulong
        # A window may be gone between two questions: that is no reason to end the process, as is usual.
        self._ignore = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(lambda _display, _error: 0)
        x.XSetErrorHandler(self._ignore)
        self._display = ctypes.c_void_p(x.XOpenDisplay(on.environ["DISPLAY"].encode()))
        self._root = ctypes.c_ulong(x.XDefaultRootWindow(self._display))

    def seconds_until(self, name: str, began: float, patience: float = 30.0) -> float:
        """From `began` (as of time.monotonic) until a window of the program with that name can be seen."""
        while not self._is_seen(name.encode(), self._root):
            assert time.monotonic() - began < patience, f"no icon of {name}"
            time.sleep(0.002)
        return time.monotonic() - began

    def _is_seen(self, name: bytes, window: ctypes.c_ulong) -> bool:
        return self._shows(name, window) or any(self._is_seen(name, child) for child in self._children(window))

    def _shows(self, name: bytes, window: ctypes.c_ulong) -> bool:
        attributes, hint = _Attributes(), _ClassHint()
        if not self._x.XGetClassHint(self._display, window, ctypes.byref(hint)) or hint.name != name:
            return False
        self._x.XGetWindowAttributes(self._display, window, ctypes.byref(attributes))
        return bool(attributes.map_state == 2)  # IsViewable

    def _children(self, window: ctypes.c_ulong) -> list[ctypes.c_ulong]:
        root, parent, children, count = ctypes.c_ulong(), ctypes.c_ulong(), ctypes.c_void_p(), ctypes.c_uint()
        given = (root, parent, children, count)
        if not self._x.XQueryTree(self._display, window, *map(ctypes.byref, given)) or not children.value:
            return []
        found = list((ctypes.c_ulong * count.value).from_address(children.value))
        self._x.XFree(children)
        return [ctypes.c_ulong(child) for child in found]


def threads(pid: int) -> Iterator[Path]:
    """Their folders in /proc."""
    return Path(f"/proc/{pid}/task").iterdir()


def load() -> str:
    """What else the machine does, in words."""
    return f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"
