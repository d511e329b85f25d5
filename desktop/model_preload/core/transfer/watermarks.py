"""Keeps the journal no more than 4 MiB behind the disk, at one transaction for all files together."""

import threading
from typing import Protocol

from model_preload.core.journal import PartRecord
from model_preload.core.journal.parts import Parts

INTERVAL = 4 << 20
"""Bytes written, over all files, between two entries: what a kill may cost beside the bytes in flight."""


class Journaled(Protocol):
    """A file whose progress is kept."""

    def record(self) -> PartRecord:
        """Where it stands."""


class Watermarks:
    """Shared by all files of a transfer; any thread may call."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._lock = threading.Lock()
        self._pending = 0
        self._changed: dict[Journaled, None] = {}

    def wrote(self, file: Journaled, count: int) -> None:
        """`count` more bytes of the file are on the disk. The caller must hold none of the file's locks."""
        with self._lock:
            self._pending += count
            self._changed[file] = None
            due = self._pending >= INTERVAL
        if due:
            self.flush()

    def forget(self, file: Journaled) -> None:
        """The file is published or thrown away: nothing of it is written any more."""
        with self._lock:
            self._changed.pop(file, None)

    def flush(self) -> None:
        """Write what is pending now."""
        with self._lock:
            self._pending = 0
            records = [file.record() for file in self._changed]
            self._changed.clear()
            self._parts.save(records)
