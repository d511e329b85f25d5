"""Start with the session of this user: a value in Windows's Run key, an XDG autostart entry elsewhere."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from model_preload.core.errors import Circumstance
from model_preload.core.texts import Text, text

NAME = "Model Preload"
_RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"
_APPROVED = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"


class AutostartRefused(Circumstance):
    """The system did not take the entry."""

    code = "autostart"
    exit_code = 3

    def __init__(self, reason: str) -> None:
        super().__init__(
            text("Starting with the system can't be changed: {reason}.", reason=reason),
            text("A rule of your organisation or an antivirus program may forbid it. Everything else works without."),
        )


class Autostart(Protocol):
    """Any thread; each call is a few system calls."""

    def enabled(self) -> bool:
        """Whether the next session will start the program."""

    def overruled(self) -> Text | None:
        """Why the session won't, although the entry is there; None if nothing is in the way."""

    def enable(self) -> None:
        """Make the entry, with the command of now; what the person decided elsewhere is not undone (`overruled`).

        Raises:
            AutostartRefused: it could not be written.
        """

    def disable(self) -> None:
        """Take the entry out; none is fine. Raises AutostartRefused."""


def own_command(*arguments: str) -> tuple[str, ...]:
    """How to start the tray program again: the frozen one, or this interpreter with the package."""
    program = Path(sys.executable)
    if getattr(sys, "frozen", False):  # by either of its two programs; the other one has a console
        return (str(program.with_name("ModelPreload.exe")), *arguments)
    windowed = program.with_name("pythonw.exe")
    if sys.platform == "win32" and windowed.exists():
        program = windowed
    return (str(program), "-m", "model_preload", *arguments)


def autostart(environ: Mapping[str, str], command: Sequence[str] | None = None) -> Autostart:
    """This system's.

    Args:
        environ: the environment.
        command: what to start; None is this program with `--tray`.
    """
    command = tuple(command or own_command("--tray"))
    if sys.platform == "win32":
        return RunKey(command)
    config = environ.get("XDG_CONFIG_HOME", "")
    folder = Path(config) if config.startswith("/") else Path.home() / ".config"
    return DesktopEntry(folder / "autostart" / "model-preload.desktop", command)


if sys.platform == "win32":
    import winreg

    class RunKey:
        """`HKCU\\…\\Run`; Task Manager and Settings keep their own switch beside it, in StartupApproved."""

        def __init__(self, command: Sequence[str]) -> None:
            self._line = run_line(command)

        def enabled(self) -> bool:
            return _value(_RUN) is not None and self.overruled() is None

        def overruled(self) -> Text | None:
            switch = _value(_APPROVED)
            if _value(_RUN) is None or not isinstance(switch, bytes) or not switched_off(switch):
                return None
            return text("It is switched off in Task Manager or Settings, under startup apps. Switch it on there.")

        def enable(self) -> None:
            try:
                with winreg.CreateKey(winreg.HKEY_CURRENT_USER, _RUN) as key:
                    winreg.SetValueEx(key, NAME, 0, winreg.REG_SZ, self._line)
            except OSError as error:
                raise AutostartRefused(error.strerror or str(error)) from error

        def disable(self) -> None:
            try:
                with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _RUN, access=winreg.KEY_SET_VALUE) as key:
                    winreg.DeleteValue(key, NAME)
            except FileNotFoundError:
                return
            except OSError as error:
                raise AutostartRefused(error.strerror or str(error)) from error

    def _value(key: str) -> object:
        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, key) as opened:
                found: object = winreg.QueryValueEx(opened, NAME)[0]
                return found
        except OSError:
            return None


def run_line(command: Sequence[str]) -> str:
    """A command line as the Run key wants it: the program always in quotes, so that no blank ends its path."""
    return " ".join([f'"{command[0]}"', subprocess.list2cmdline(command[1:])]).rstrip()


def switched_off(switch: bytes) -> bool:
    """What StartupApproved says: its first byte is even for on (2, 6), odd for off (3, 7)."""
    return bool(switch[:1]) and switch[0] % 2 == 1


class DesktopEntry:
    """`autostart/*.desktop` of the XDG specification; a desktop's own switch (`Hidden`) is in the same file."""

    def __init__(self, path: Path, command: Sequence[str]) -> None:
        self._path = path
        self._command = command

    def enabled(self) -> bool:
        try:
            lines = self._path.read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError):
            return False
        entries = {name.strip(): value.strip().lower() for name, _, value in (line.partition("=") for line in lines)}
        return entries.get("Hidden") != "true" and entries.get("X-GNOME-Autostart-enabled") != "false"

    def overruled(self) -> Text | None:
        return None

    def enable(self) -> None:
        execute = " ".join(map(_quoted, self._command))
        lines = ["[Desktop Entry]", "Type=Application", f"Name={NAME}", f"Exec={execute}", "Terminal=false", ""]
        fresh = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text("\n".join(lines), encoding="utf-8")
            fresh.replace(self._path)
        except OSError as error:
            raise AutostartRefused(error.strerror or str(error)) from error

    def disable(self) -> None:
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise AutostartRefused(error.strerror or str(error)) from error


def _quoted(argument: str) -> str:
    """One argument of `Exec`: quoted, then escaped as any value, and `%` doubled since it begins a field code."""
    quoted = "".join(f"\\{letter}" if letter in '"`$\\' else letter for letter in argument)
    return '"' + quoted.replace("\\", "\\\\").replace("%", "%%") + '"'
