"""The queue: which models wait for their turn, one run at a time on this machine, kept over restarts.

One per process, made by `cli` or `app`, given to those who show or change it.
"""

from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from model_preload.core.errors import HeldByAnother
from model_preload.core.events import Control
from model_preload.core.files import Disk, ProcessLock
from model_preload.core.journal import Journal, QueuedModel, QueueState
from model_preload.core.texts import Text, text

__all__ = ["Queue", "QueueState", "QueuedModel"]

_READY = tuple(state for state in QueueState if state is not QueueState.PAUSED)


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
        self, purpose: str, wait: Control | None = None, on_wait: Callable[[Text], None] = lambda _told: None
    ) -> Iterator[None]:
        """Hold the right to run. What a killed run left as running waits again.

        Args:
            purpose: what another run is told, such as the command line.
            wait: given, wait for another run to end, until cancelled.
            on_wait: told once, in a sentence, for whom it waits.

        Raises:
            HeldByAnother: another process holds it.
            Cancelled: while waiting.
        """
        if not self._lock.acquire(purpose):
            holder = self._lock.holder() or "model-preload"
            if wait is None:
                raise HeldByAnother(holder)
            on_wait(text("Waiting for another run to end: {holder}.", holder=holder))
            self._lock.acquire(purpose, wait)
        try:
            left = [entry.model for entry in self._rows.load() if entry.state is QueueState.RUNNING]
            self._rows.mark(QueueState.WAITING, *left, only=(QueueState.RUNNING,))
            yield
        finally:
            self._lock.release()

    def entries(self) -> tuple[QueuedModel, ...]:
        """What is in it, in order."""
        return self._rows.load()

    def add(self, models: Iterable[str], *, sparing: Container[str] = ()) -> None:
        """Put models at the end; one that is in it keeps its place and waits again.

        Args:
            sparing: of these, what is paused stays so.
        """
        self._rows.append(models, sparing)

    def hold(self, models: Iterable[str]) -> None:
        """Pause those that are in it: their turn does not come, in this run and the next, until `resume` or `add`.

        One whose turn it is just now is to be interrupted by its run's control; it is paused when that has ended.
        """
        self._rows.mark(QueueState.PAUSED, *models)

    def resume(self, models: Iterable[str]) -> None:
        """Let those that are paused wait again."""
        self._rows.mark(QueueState.WAITING, *models, only=(QueueState.PAUSED,))

    def remove(self, models: Iterable[str]) -> None:
        """Take models out, whatever they are at; `Catalog.with_own_parts` tells which parts leave with one."""
        self._rows.remove(*models)

    def move(self, models: Iterable[str], before: str | None) -> None:
        """Put models, in the given order, before another one; None, or one that is not in it: at the end.

        A run that is under way keeps the order that it began with.
        """
        self._rows.arrange(models, before)

    def in_order(self, models: Iterable[str]) -> tuple[str, ...]:
        """Those of `models` that are queued and not paused, in the queue's order."""
        wanted = set(models)
        return tuple(
            entry.model for entry in self._rows.load() if entry.model in wanted and entry.state is not QueueState.PAUSED
        )

    def started(self, model: str) -> bool:
        """Its turn has come; False if it was paused or taken out meanwhile, so that it has none."""
        return bool(self._rows.mark(QueueState.RUNNING, model, only=_READY))

    def done(self, model: str) -> None:
        self._rows.remove(model)

    def failed(self, model: str) -> None:
        """It stays in the queue and may be tried again."""
        self._rows.mark(QueueState.FAILED, model, only=_READY)

    def waiting(self, model: str) -> None:
        """Its turn was interrupted and will come again, unless it was paused."""
        self._rows.mark(QueueState.WAITING, model, only=_READY)

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

    def add(self, models: Iterable[str], *, sparing: Container[str] = ()) -> None:
        pass

    def in_order(self, models: Iterable[str]) -> tuple[str, ...]:
        return tuple(models)

    def started(self, model: str) -> bool:
        return True

    def done(self, model: str) -> None:
        pass

    def failed(self, model: str) -> None:
        pass

    def waiting(self, model: str) -> None:
        pass
