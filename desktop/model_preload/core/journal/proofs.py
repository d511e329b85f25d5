"""Proofs: when an engine's own code was last seen to find a model."""

from dataclasses import dataclass
from datetime import datetime

from model_preload.core.journal import clock
from model_preload.core.journal.database import Database


@dataclass(frozen=True, slots=True)
class Proof:
    """The engine of that version found every file of that commit."""

    engine: str
    version: str
    commit: str
    proved_at: datetime


class Proofs:
    """One a model, the last one; it says nothing of a listing with another commit."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, model: str, proof: Proof) -> None:
        self._database.write(
            "INSERT OR REPLACE INTO proofs VALUES (?, ?, ?, ?, ?)",
            (model, proof.engine, proof.version, proof.commit, clock.written(proof.proved_at)),
        )

    def load(self, model: str) -> Proof | None:
        rows = self._database.rows("SELECT engine, version, commit_id, proved_at FROM proofs WHERE model = ?", (model,))
        if not rows:
            return None
        engine, version, commit, proved_at = rows[0]
        with self._database.decoding():
            return Proof(engine, version, commit, clock.read(proved_at))

    def forget(self, model: str) -> None:
        self._database.write("DELETE FROM proofs WHERE model = ?", (model,))
