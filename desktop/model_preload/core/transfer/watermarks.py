"""Keeps the journal no more than 4 MiB behind the disk, at one transaction for all files together."""

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from model_preload.core.journal import Journal, PartRecord
from model_preload.core.values import Digest, Published

INTERVAL = 4 << 20
"""Bytes written, over all files, between two entries: what a kill may cost beside the bytes in flight."""


class Journaled(Protocol):
    """A file whose progress is kept."""

    def record(self) -> PartRecord | None:
        """Where it stands; None if the part is no more."""


class Watermarks:
    """Shared by all files of a transfer; any thread may call, holding none of a file's locks.

    Two locks, so that a thread that only counts its bytes never waits for one that writes the journal.
    What was published is written together with the next watermarks: if that is lost, hashing finds it.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._writing = threading.Lock()
        self._counting = threading.Lock()
        self._pending = 0
        self._changed: dict[Journaled, None] = {}
        self._published: list[tuple[Published, Digest, Sequence[bytes]]] = []
        self._gone: list[Path] = []

    def wrote(self, file: Journaled, count: int) -> None:
        """`count` more bytes of the file are on the disk."""
        with self._counting:
            self._pending += count
            self._changed[file] = None
            due = self._pending >= INTERVAL
            if due:
                self._pending = 0
        if due:
            self.flush()

    def published(self, part: Path, places: Iterable[Published], digest: Digest, blocks: Sequence[bytes]) -> None:
        """The part is no more; its bytes are in those places now, with that digest and those of its blocks."""
        with self._counting:
            self._gone.append(part)
            self._published += [(place, digest, blocks) for place in places]

    def thrown_away(self, part: Path) -> None:
        """The part begins anew."""
        with self._counting:
            self._gone.append(part)

    def flush(self) -> None:
        """Write what is pending now, in one transaction."""
        with self._writing:
            with self._counting:
                changed, self._changed = self._changed, {}
                published, self._published = self._published, []
                gone, self._gone = self._gone, []
            # Records last: a part that was thrown away and begun anew has one again.
            with self._journal.transaction():
                self._journal.parts.forget(gone)
                for place, digest, blocks in published:
                    self._journal.files.save(place, digest)
                    self._journal.brought.save(place)
                    if blocks:
                        self._journal.blocks.save(place, digest, blocks)
                self._journal.parts.save(record for file in changed if (record := file.record()) is not None)
