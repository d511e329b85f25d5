"""Proofs: when an engine's own code was last seen to find a model."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from model_preload.core.journal import clock
from model_preload.core.journal.database import Database, key


@dataclass(frozen=True, slots=True)
class Proof:
    """The engine of that version found every file of that commit in that place.

    Attributes:
        loaded: it loaded the weights too.
    """

    engine: str
    version: str
    commit: str
    place: Path
    loaded: bool
    proved_at: datetime

    def holds(self, commit: str, place: Path) -> bool:
        """Whether it is about that commit in that place."""
        return self.commit == commit and key(self.place) == key(place)


class Proofs:
    """One a model, the last one; see `Proof.holds` for what it is about."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, model: str, proof: Proof) -> None:
        self._database.write(
            "INSERT OR REPLACE INTO proofs VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                *(model, proof.engine, proof.version, proof.commit),
                *(key(proof.place), int(proof.loaded), clock.written(proof.proved_at)),
            ),
        )

    def load(self, model: str) -> Proof | None:
        rows = self._database.rows(
            "SELECT engine, version, commit_id, place, loaded, proved_at FROM proofs WHERE model = ?", (model,)
        )
        if not rows:
            return None
        engine, version, commit, place, loaded, proved_at = rows[0]
        with self._database.decoding():
            return Proof(engine, version, commit, Path(place), bool(loaded), clock.read(proved_at))

    def forget(self, model: str) -> None:
        self._database.write("DELETE FROM proofs WHERE model = ?", (model,))
