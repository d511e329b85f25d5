"""A screen of the test's own on Linux: X server, window manager, a panel for tray icons, keyboard and mouse."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = ("Xvfb", "openbox", "trayer", "xdotool")
"""What it takes; dev.py installs them on Debian."""
PROGRAM = "model-preload"
_PANEL = 32
_ICON = (_PANEL // 2, _PANEL // 2)


def missing() -> list[str]:
    """Of `PROGRAMS`."""
    return [name for name in PROGRAMS if shutil.which(name) is None]


@dataclass(frozen=True)
class Screen:
    """Coordinates are in pixels from the top left corner, where the notification area is."""

    environ: dict[str, str]

    def xdotool(self, *words: str) -> str:
        """What it prints; "" also where it finds nothing."""
        done = subprocess.run(
            ["xdotool", *words], env=self.environ, capture_output=True, encoding="utf-8", check=False, timeout=20
        )
        return done.stdout.strip()

    def windows(self, title: str) -> list[str]:
        """Ids of visible windows whose title has it (a regular expression)."""
        return self.xdotool("search", "--onlyvisible", "--name", title).split()

    def of_program(self, name: str) -> list[str]:
        """Ids of its visible windows: also those without a title, as menus and notifications are."""
        return self.xdotool("search", "--onlyvisible", "--classname", name).split()

    def click_icon(self, button: int = 1, times: int = 1) -> None:
        """On the first icon of the notification area."""
        x, y = map(str, _ICON)
        self.xdotool("mousemove", x, y, "click", "--repeat", str(times), "--delay", "60", str(button))

    def open_menu(self) -> None:
        """That of the icon."""
        before = len(self.of_program(PROGRAM))
        self.click_icon(button=3)
        wait_for(lambda: len(self.of_program(PROGRAM)) > before, "the menu")

    def keys(self, *names: str) -> None:
        """Into the window that has the focus, one after the other."""
        for name in names:
            self.xdotool("key", name)
            time.sleep(0.1)  # a menu that is unfolding takes no key yet

    def has_icon(self) -> bool:
        """Whether our program shows one: it has a window, if only that in the notification area."""
        return bool(self.of_program(PROGRAM))


def wait_for(condition: Callable[[], object], what: str, seconds: float = 30.0) -> None:
    """Raises AssertionError."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.1)


@contextmanager
def screen(folder: Path, size: str = "1280x900") -> Iterator[Screen]:
    """One that is gone at the end of the block, with everything on it."""
    with ExitStack() as ending:
        read, write = os.pipe()
        ending.callback(os.close, read)
        log = ending.enter_context((folder / "x.log").open("wb"))

        def start(*command: str, **options: object) -> None:
            process = subprocess.Popen(command, stdout=log, stderr=log, **options)  # type: ignore[call-overload]
            ending.callback(process.wait, 10)
            ending.callback(process.terminate)

        start("Xvfb", "-displayfd", str(write), "-screen", "0", f"{size}x24", "-noreset", pass_fds=(write,))
        os.close(write)
        number = os.read(read, 16).decode().strip()
        environ = {
            name: value for name, value in os.environ.items() if not name.startswith(("QT_", "DBUS_", "WAYLAND"))
        }
        environ |= {"DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb", "XDG_RUNTIME_DIR": str(folder)}
        made = Screen(environ)
        start("openbox", env=environ)
        place = ("--edge", "top", "--align", "left", "--widthtype", "pixel", "--width", "200", "--height", str(_PANEL))
        start("trayer", *place, env=environ)
        wait_for(lambda: made.xdotool("search", "--name", "^panel$"), "a panel")
        yield made
