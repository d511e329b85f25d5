"""The queue: which models wait for their turn, one run at a time on this machine, kept over restarts.

One per process, made by `cli` or `app`, given to those who show or change it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from model_preload.core.catalog import Catalog
from model_preload.core.errors import HeldByAnother
from model_preload.core.events import Control
from model_preload.core.files import Disk, ProcessLock
from model_preload.core.journal import Journal, QueuedModel, QueueState


class Queue:
    """See the module; any thread may call.

    Args:
        home: the state folder; the lock lies there.
    """

    def __init__(self, home: Path, disk: Disk, journal: Journal) -> None:
        self._lock = ProcessLock(home / "run.lock", disk)
        self._rows = journal.queue

    @contextmanager
    def running(
        self, purpose: str, wait: Control | None = None, on_wait: Callable[[str], None] = lambda _holder: None
    ) -> Iterator[None]:
        """Hold the right to run. What a killed run left as running waits again.

        Args:
            purpose: what another run is told, such as the command line.
            wait: given, wait for another run to end, until cancelled.
            on_wait: told once for whom it waits.

        Raises:
            HeldByAnother: another process holds it.
            Cancelled: while waiting.
        """
        if not self._lock.acquire(purpose):
            holder = self._lock.holder() or "model-preload"
            if wait is None:
                raise HeldByAnother(holder)
            on_wait(holder)
            self._lock.acquire(purpose, wait)
        try:
            for entry in self._rows.load():
                if entry.state is QueueState.RUNNING:
                    self._rows.mark(entry.model, QueueState.WAITING)
            yield
        finally:
            self._lock.release()

    def entries(self) -> tuple[QueuedModel, ...]:
        """What is in it, in order."""
        return self._rows.load()

    def add(self, models: Iterable[str]) -> None:
        """Put models at the end; one that is in it keeps its place and waits again."""
        self._rows.append(models)

    def in_order(self, models: Iterable[str]) -> tuple[str, ...]:
        """Those of `models` that are queued, in the queue's order."""
        wanted = set(models)
        return tuple(entry.model for entry in self._rows.load() if entry.model in wanted)

    def started(self, model: str) -> None:
        self._rows.mark(model, QueueState.RUNNING)

    def done(self, model: str) -> None:
        self._rows.remove(model)

    def failed(self, model: str) -> None:
        """It stays in the queue and may be tried again."""
        self._rows.mark(model, QueueState.FAILED)

    def waiting(self, model: str) -> None:
        """Its turn was interrupted and will come again."""
        self._rows.mark(model, QueueState.WAITING)

    def hold(self, models: Iterable[str]) -> None:
        """They stay in the queue, and nobody brings them before they are resumed or asked for by name."""
        self._mark(models, QueueState.PAUSED)

    def resume(self, models: Iterable[str]) -> None:
        """What is held waits again."""
        self._mark(models, QueueState.WAITING)

    def remove(self, models: Iterable[str], catalog: Catalog) -> None:
        """Take them out, and of their parts those that nothing else in the queue needs."""
        gone = set(models)
        left = {entry.model for entry in self._rows.load()} - gone
        known = {model.key for model in catalog.models}
        needed = {part.key for key in left & known for part in catalog.with_parts([key]) if part.key != key}
        parts = {part.key for key in gone & known for part in catalog.with_parts([key])} - needed
        for key in gone | parts:
            self._rows.remove(key)

    def move(self, models: Sequence[str], before: str | None) -> None:
        """Put those, in this order, before another one, or at the end."""
        order = [entry.model for entry in self._rows.load() if entry.model not in models]
        at = order.index(before) if before in order else len(order)
        self._rows.reorder([*order[:at], *models, *order[at:]])

    def _mark(self, models: Iterable[str], state: QueueState) -> None:
        for model in models:
            self._rows.mark(model, state)

    def apart(self) -> "Queue":
        """The same right to run, for what is nobody's turn: the queue stays as it is."""
        return _Apart(self)


class _Apart(Queue):
    """A queue that is empty and stays so; models come in the order in which they are asked for."""

    def __init__(self, queue: Queue) -> None:
        self._lock = queue._lock  # noqa: SLF001  of the same module
        self._rows = queue._rows  # noqa: SLF001

    def entries(self) -> tuple[QueuedModel, ...]:
        return ()

    def add(self, models: Iterable[str]) -> None:
        pass

    def in_order(self, models: Iterable[str]) -> tuple[str, ...]:
        return tuple(models)

    def started(self, model: str) -> None:
        pass

    def done(self, model: str) -> None:
        pass

    def failed(self, model: str) -> None:
        pass

    def waiting(self, model: str) -> None:
        pass
