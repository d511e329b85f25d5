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

    def close_if_done(self) -> None:
        if self.retired and not self.users:
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
        self._current: _Generation | None = None

    @contextmanager
    def lease(self) -> Iterator[Opened]:
        """The core, open until the end of the block. Raises what opening raises, each time anew."""
        with self._lock:
            if self._current is None:
                self._current = _Generation(self._opening(), self._home)
            generation = self._current
            generation.users += 1
        try:
            yield generation.opened
        finally:
            with self._lock:
                generation.users -= 1
                generation.close_if_done()

    def renew(self) -> None:
        """Leases from now on work with a new opening; the old one closes with its last lease."""
        with self._lock:
            generation, self._current = self._current, None
            if generation is not None:
                generation.retired = True
                generation.close_if_done()

    close = renew
