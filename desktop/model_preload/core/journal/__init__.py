"""The journal: what is remembered between runs. The one room that knows SQL.

    journal = Journal.open(path, disk)
    journal.listings   pinned listings by source, apart for each output folder
    journal.files      digests found right, with size and mtime of that moment
    journal.brought    which files this program itself put in place
    journal.blocks     digests of a file's blocks, by which its damaged ones are found
    journal.parts      ranges of unfinished files that are on the disk
    journal.queue      models waiting for their turn
    journal.runs       history, and the models ever chosen
    journal.proofs     what engines' own code was seen to find

Any thread may call any method; each is one transaction.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from model_preload.core.files import Disk
from model_preload.core.journal.blocks import BlockRecord, Blocks
from model_preload.core.journal.brought import Brought
from model_preload.core.journal.database import Database
from model_preload.core.journal.healing import open_sound
from model_preload.core.journal.listings import Listings
from model_preload.core.journal.migrations import FORMAT
from model_preload.core.journal.parts import PartRecord, Parts
from model_preload.core.journal.proofs import Proof, Proofs
from model_preload.core.journal.queue import QueuedModel, QueueRows, QueueState
from model_preload.core.journal.records import FileRecord, FileRecords
from model_preload.core.journal.runs import RunError, Runs, RunSummary
from model_preload.core.texts import Text

__all__ = [
    "FORMAT",
    "BlockRecord",
    "FileRecord",
    "Journal",
    "PartRecord",
    "Proof",
    "QueueState",
    "QueuedModel",
    "RunError",
    "RunSummary",
]


@dataclass(frozen=True)
class Journal:
    """The open journal; see the module.

    Attributes:
        recovered: what to tell the user if the journal was damaged and had to be made anew.
    """

    database: Database
    listings: Listings
    files: FileRecords
    brought: Brought
    blocks: Blocks
    parts: Parts
    queue: QueueRows
    runs: Runs
    proofs: Proofs
    recovered: Text | None = None

    @classmethod
    def open(cls, path: Path, disk: Disk) -> "Journal":
        """Open or make it; a damaged one is set aside. Raises JournalTooNew, JournalUnusable, DiskProblem."""
        database, recovered = open_sound(path, disk)
        return cls(
            database,
            Listings(database),
            FileRecords(database),
            Brought(database),
            Blocks(database),
            Parts(database),
            QueueRows(database),
            Runs(database),
            Proofs(database),
            recovered,
        )

    def moved(self, files: Iterable[tuple[Path, Path]]) -> None:
        """Files were renamed, which changes nothing of them: what is known of each goes by its new path."""
        with self.transaction():
            for before, after in files:
                self.files.move(before, after)
                self.brought.move(before, after)
                self.blocks.move(before, after)

    def transaction(self) -> AbstractContextManager[None]:
        """Everything inside is kept or nothing; other threads wait."""
        return self.database.transaction()

    def close(self) -> None:
        self.database.close()
