"""The settings while the program runs: what they are, who decided them, and that they changed."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from model_preload.core import settings
from model_preload.core.settings import Settings


class Preferences(QObject):
    """The one place that reads and writes them; GUI thread.

    Args:
        home: the state folder.
        environ: the environment, whose variables overrule the file.

    Raises:
        SettingsProblem: the file can't be used as it is.

    Signals:
        changed(frozenset[str]): the names of those that have another value now.
    """

    changed = Signal(object)

    def __init__(self, home: Path, environ: Mapping[str, str] = os.environ, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.home = home
        self._environ = environ
        self._value = settings.load(home, environ)

    @property
    def value(self) -> Settings:
        """As they are now."""
        return self._value

    @property
    def from_environment(self) -> Mapping[str, str]:
        """Those that the environment decides: the variable by the setting's name."""
        return settings.from_environment(self._environ)

    def save(self, **changes: Any) -> None:
        """Write those, and tell what is different now; None means the default. Raises SettingsProblem, DiskProblem."""
        from model_preload.core.files import Disk

        before = self._value
        self._value = settings.save(self.home, Disk(), changes, self._environ)
        different = frozenset(
            name for name in Settings.__dataclass_fields__ if getattr(before, name) != getattr(self._value, name)
        )
        if different:
            self.changed.emit(different)
