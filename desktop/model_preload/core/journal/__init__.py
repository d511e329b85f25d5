"""The journal: what is remembered between runs. The one room that knows SQL.

    journal = Journal.open(path, disk)
    journal.listings   pinned listings by source
    journal.files      digests found right, with size and mtime of that moment
    journal.parts      ranges of unfinished files that are on the disk
    journal.queue      models waiting for their turn
    journal.runs       history, and the models ever chosen

Any thread may call any method; each is one transaction.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from model_preload.core.files import Disk
from model_preload.core.journal.database import FORMAT, Database
from model_preload.core.journal.listings import Listings
from model_preload.core.journal.parts import PartRecord, Parts
from model_preload.core.journal.queue import QueuedModel, QueueRows, QueueState
from model_preload.core.journal.records import FileRecord, FileRecords
from model_preload.core.journal.runs import RunError, Runs, RunSummary

__all__ = [
    "FORMAT",
    "FileRecord",
    "Journal",
    "PartRecord",
    "QueueState",
    "QueuedModel",
    "RunError",
    "RunSummary",
]


@dataclass(frozen=True)
class Journal:
    """The open journal; see the module."""

    database: Database
    listings: Listings
    files: FileRecords
    parts: Parts
    queue: QueueRows
    runs: Runs

    @classmethod
    def open(cls, path: Path, disk: Disk) -> "Journal":
        """Open or make it. Raises JournalTooNew, JournalUnusable, DiskProblem."""
        database = Database(path, disk)
        return cls(
            database,
            Listings(database),
            FileRecords(database),
            Parts(database),
            QueueRows(database),
            Runs(database),
        )

    def transaction(self) -> AbstractContextManager[None]:
        """Everything inside is kept or nothing; other threads wait."""
        return self.database.transaction()

    def close(self) -> None:
        self.database.close()
