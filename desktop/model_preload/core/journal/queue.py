"""The rows of the queue: models that wait for their turn, in order."""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from enum import Enum

from model_preload.core.journal import clock
from model_preload.core.journal.database import Database


class QueueState(Enum):
    """Where a queued model is; one that is done leaves the queue."""

    WAITING = "waiting"
    RUNNING = "running"
    FAILED = "failed"
    PAUSED = "paused"
    """Its turn does not come until someone says so."""


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

    def append(self, models: Iterable[str], sparing: Container[str] = ()) -> None:
        """Put those at the end, in the given order, that are not in it; those that are wait again.

        Args:
            sparing: of these, what is paused stays so.
        """
        moment = clock.written(clock.now())
        with self._database.transaction():
            paused = {entry.model for entry in self.load() if entry.state is QueueState.PAUSED}
            for model in models:
                if model in paused and model in sparing:
                    continue
                self._database.write(
                    "INSERT INTO queue SELECT ?, COALESCE(MAX(position), 0) + 1, ?, ? FROM queue WHERE true "
                    "ON CONFLICT (model) DO UPDATE SET state = excluded.state, changed_at = excluded.changed_at",
                    (model, QueueState.WAITING.value, moment),
                )

    def mark(self, state: QueueState, *models: str, only: Container[QueueState] = tuple(QueueState)) -> frozenset[str]:
        """Give models that are in it another state.

        Args:
            only: those whose state is one of these.

        Returns:
            Those that have it now by this call.
        """
        moment = clock.written(clock.now())
        with self._database.transaction():
            found = frozenset(entry.model for entry in self.load() if entry.model in models and entry.state in only)
            self._database.write(
                "UPDATE queue SET state = ?, changed_at = ? WHERE model = ?",
                *((state.value, moment, model) for model in found),
            )
        return found

    def remove(self, *models: str) -> None:
        self._database.write("DELETE FROM queue WHERE model = ?", *((model,) for model in models))

    def arrange(self, models: Iterable[str], before: str | None) -> None:
        """Put those that are in it, in the given order, before another one; at the end where that is not in it."""
        with self._database.transaction():
            here = [entry.model for entry in self.load()]
            moved = [model for model in dict.fromkeys(models) if model in here]
            rest = [model for model in here if model not in moved]
            at = rest.index(before) if before in rest else len(rest)
            order = (*rest[:at], *moved, *rest[at:])
            self._database.write(
                "UPDATE queue SET position = ? WHERE model = ?", *((n, model) for n, model in enumerate(order, 1))
            )
