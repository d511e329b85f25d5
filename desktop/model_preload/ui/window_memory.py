"""Where windows were, and what was explained already; kept in `windows.ini` in the state folder."""

from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QWidget


class _Remembering(Protocol):
    """A window that has more to remember than its frame."""

    def state(self) -> bytes: ...

    def restore(self, state: bytes) -> None: ...


class WindowMemory:
    """GUI thread. What can't be read is forgotten, what can't be written is not remembered; neither is told."""

    def __init__(self, home: Path) -> None:
        self._ini = QSettings(str(home / "windows.ini"), QSettings.Format.IniFormat)

    def save(self, name: str, window: QWidget) -> None:
        """Remember place, size, and what the window tells itself by `state()`."""
        self._ini.setValue(f"{name}/geometry", window.saveGeometry())
        if hasattr(window, "state"):
            remembering: _Remembering = window  # type: ignore[assignment]
            self._ini.setValue(f"{name}/state", QByteArray(remembering.state()))

    def restore(self, name: str, window: QWidget) -> None:
        """As it was, as far as that fits the screens that there are now."""
        geometry, state = self._ini.value(f"{name}/geometry"), self._ini.value(f"{name}/state")
        if isinstance(geometry, QByteArray):
            window.restoreGeometry(geometry)
        if isinstance(state, QByteArray) and hasattr(window, "restore"):
            remembering: _Remembering = window  # type: ignore[assignment]
            remembering.restore(bytes(state.data()))

    def first_time(self, what: str) -> bool:
        """True once for each thing."""
        known = self._ini.value(f"explained/{what}") is not None
        if not known:
            self._ini.setValue(f"explained/{what}", "yes")
        return not known
