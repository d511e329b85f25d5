"""The open core: made at its first use, lent to jobs in any thread, made anew when settings or catalog changed."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from model_preload.core.queue import Queue
from model_preload.core.tasks.services import Services


@dataclass(frozen=True, slots=True)
class Opened:
    """What a job works with."""

    services: Services
    queue: Queue


class _Generation:
    """One opening, and how many work with it."""

    def __init__(self, context: AbstractContextManager[Services], home: Path) -> None:
        self._context = context
        services = context.__enter__()
        self.opened = Opened(services, Queue(home, services.disk, services.journal))
        self.users = 0
        self.retired = False

    @property
    def is_over(self) -> bool:
        """Nobody works with it, and nobody will."""
        return self.retired and not self.users

    def close(self) -> None:
        self._context.__exit__(None, None, None)


class OpenCore:
    """See the module; any thread may call.

    Args:
        opening: opens the services by the settings of the moment; called in the thread of the first lease.
        home: the state folder.
    """

    def __init__(self, opening: Callable[[], AbstractContextManager[Services]], home: Path) -> None:
        self._opening = opening
        self._home = home
        self._lock = threading.Lock()
        """Held for a moment only: `renew` is for the GUI thread too."""
        self._opens = threading.Lock()
        self._current: _Generation | None = None
        self._renewals = 0

    @contextmanager
    def lease(self) -> Iterator[Opened]:
        """The core, open until the end of the block. Raises what opening raises, each time anew."""
        generation = self._joined() or self._joined_new()
        try:
            yield generation.opened
        finally:
            with self._lock:
                generation.users -= 1
                over = generation.is_over
            if over:
                generation.close()

    def renew(self) -> None:
        """Leases from now on work with a new opening; the old one closes with its last lease."""
        with self._lock:
            generation, self._current = self._current, None
            self._renewals += 1
            if generation is not None:
                generation.retired = True
            over = generation is not None and generation.is_over
        if generation is not None and over:
            generation.close()

    close = renew

    def _joined(self) -> _Generation | None:
        with self._lock:
            if self._current is not None:
                self._current.users += 1
            return self._current

    def _joined_new(self) -> _Generation:
        """Open it, unless another thread did meanwhile; what was renewed during the opening is for this lease only."""
        with self._opens:
            generation = self._joined()
            if generation is not None:
                return generation
            renewals = self._renewals
            generation = _Generation(self._opening(), self._home)
            with self._lock:
                generation.users = 1
                generation.retired = renewals != self._renewals
                if not generation.retired:
                    self._current = generation
            return generation
