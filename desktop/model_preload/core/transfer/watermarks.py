"""Keeps the journal no more than 4 MiB behind the disk, at one transaction for all files together."""

import threading
from typing import Protocol

from model_preload.core.journal import PartRecord
from model_preload.core.journal.parts import Parts

INTERVAL = 4 << 20
"""Bytes written, over all files, between two entries: what a kill may cost beside the bytes in flight."""


class Journaled(Protocol):
    """A file whose progress is kept."""

    def record(self) -> PartRecord | None:
        """Where it stands; None if there is nothing to keep any more."""


class Watermarks:
    """Shared by all files of a transfer; any thread may call.

    Two locks, so that a thread that only counts its bytes never waits for one that writes the journal.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._counting = threading.Lock()
        self._pending = 0
        self._changed: dict[Journaled, None] = {}
        self._writing = threading.Lock()
        self._journaled: set[Journaled] = set()

    def wrote(self, file: Journaled, count: int) -> None:
        """`count` more bytes of the file are on the disk. The caller must hold none of the file's locks."""
        with self._counting:
            self._pending += count
            self._changed[file] = None
            due = self._pending >= INTERVAL
            if due:
                self._pending = 0
        if due:
            self.flush()

    def forget(self, file: Journaled) -> bool:
        """The file is published or thrown away: nothing of it is written any more.

        Returns:
            True if the journal has an entry of it.
        """
        with self._counting:
            self._changed.pop(file, None)
        with self._writing:
            journaled = file in self._journaled
            self._journaled.discard(file)
            return journaled

    def flush(self) -> None:
        """Write what is pending now."""
        with self._writing:
            with self._counting:
                changed, self._changed = self._changed, {}
            records = {file: record for file in changed if (record := file.record()) is not None}
            self._journaled.update(records)
            self._parts.save(records.values())
