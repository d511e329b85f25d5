"""The rows of the queue: models that wait for their turn, in order."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from model_preload.core.journal import clock
from model_preload.core.journal.database import Database


class QueueState(Enum):
    """Where a queued model is; one that is done leaves the queue."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class QueuedModel:
    """One row."""

    model: str
    state: QueueState


class QueueRows:
    """The queue as stored; what its states mean is `core.queue`'s matter."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self) -> tuple[QueuedModel, ...]:
        """In order."""
        rows = self._database.rows("SELECT model, state FROM queue ORDER BY position")
        with self._database.decoding():
            return tuple(QueuedModel(model, QueueState(state)) for model, state in rows)

    def append(self, models: Iterable[str]) -> None:
        """Put those at the end, in the given order, that are not in it; those that are wait again."""
        moment = clock.written(clock.now())
        with self._database.transaction():
            for model in models:
                self._database.write(
                    "INSERT INTO queue SELECT ?, COALESCE(MAX(position), 0) + 1, ?, ? FROM queue WHERE true "
                    "ON CONFLICT (model) DO UPDATE SET state = excluded.state, changed_at = excluded.changed_at",
                    (model, QueueState.WAITING.value, moment),
                )

    def mark(self, model: str, state: QueueState) -> None:
        self._database.write(
            "UPDATE queue SET state = ?, changed_at = ? WHERE model = ?",
            (state.value, clock.written(clock.now()), model),
        )

    def reorder(self, models: Iterable[str]) -> None:
        """Those stand in this order, at the places that they have together; others keep theirs."""
        wanted = list(models)
        with self._database.transaction():
            rows = self._database.rows("SELECT model, position FROM queue ORDER BY position")
            places = [position for model, position in rows if model in wanted]
            known = {model for model, _ in rows}
            for model, place in zip((one for one in wanted if one in known), places, strict=True):
                self._database.write("UPDATE queue SET position = ? WHERE model = ?", (place, model))

    def remove(self, model: str) -> None:
        self._database.write("DELETE FROM queue WHERE model = ?", (model,))
