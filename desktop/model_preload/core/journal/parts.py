"""Watermarks: which ranges of an unfinished file are on the disk.

Two sets a part: `done` holds as long as the machine is not restarted (the system has the bytes, perhaps
not yet the drive), `synced` holds afterwards too.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from model_preload.core.journal import clock
from model_preload.core.journal.database import Database, key

Spans = tuple[tuple[int, int], ...]
"""Half-open byte ranges `(start, end)`, ascending, not touching."""


@dataclass(frozen=True, slots=True)
class PartRecord:
    """One part.

    Attributes:
        path: the part file.
        size: bytes of the whole file.
        version: what tells the bytes apart where there is no digest (an ETag), else "".
        done, synced: see the module.
        boot_id: the machine's start in which `done` was written.
    """

    path: Path
    size: int
    version: str
    done: Spans
    synced: Spans
    boot_id: str

    def trusted(self, boot_id: str) -> Spans:
        """The ranges that are surely on the disk, in this start of the machine."""
        return self.done if self.boot_id == boot_id else self.synced


class Parts:
    """Records by path of the part file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, records: Iterable[PartRecord]) -> None:
        """All in one transaction."""
        moment = clock.written(clock.now())
        rows = [
            (key(r.path), r.size, r.version, json.dumps(r.done), json.dumps(r.synced), r.boot_id, moment)
            for r in records
        ]
        if rows:
            self._database.write("INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?, ?)", *rows)

    def load(self, path: Path) -> PartRecord | None:
        rows = self._database.rows(
            "SELECT size, version, done, synced, boot_id FROM parts WHERE path = ?", (key(path),)
        )
        if not rows:
            return None
        size, version, done, synced, boot_id = rows[0]
        with self._database.decoding():
            return PartRecord(path, size, version, _spans(done), _spans(synced), boot_id)

    def paths(self) -> frozenset[Path]:
        """Of all parts that are known."""
        return frozenset(Path(path) for (path,) in self._database.rows("SELECT path FROM parts"))

    def forget(self, paths: Iterable[Path]) -> None:
        """All in one transaction."""
        rows = [(key(path),) for path in paths]
        if rows:
            self._database.write("DELETE FROM parts WHERE path = ?", *rows)


def _spans(stored: str) -> Spans:
    return tuple((start, end) for start, end in json.loads(stored))
