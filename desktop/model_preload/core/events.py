"""What the core tells while it works, and the handle by which a running job is paused or cancelled."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

from model_preload.core.texts import Text
from model_preload.core.values import Verdict


class Phase(Enum):
    """What is being done with a file."""

    CHECKING = "checking"
    FETCHING = "fetching"


@dataclass(frozen=True, slots=True)
class FileProgress:
    """One file at work: `done` and `size` in bytes."""

    path: str
    phase: Phase
    done: int
    size: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a model's run stands, at most five times a second.

    Attributes:
        model: key.
        phase: whether bytes are fetched or, being here already, hashed.
        bytes_done, bytes_total: of the files that this phase is about; resumed bytes count as done.
        files_done, files_total: of the same files.
        speed: bytes a second over the last seconds.
        seconds_left: None while nothing can be said.
        active: the files at work, at most as many as fit a screen.
    """

    model: str
    phase: Phase
    bytes_done: int
    bytes_total: int
    files_done: int
    files_total: int
    speed: float
    seconds_left: float | None
    active: tuple[FileProgress, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelStarted:
    """A model's turn has come."""

    model: str
    position: int
    count: int


@dataclass(frozen=True, slots=True)
class ModelFinished:
    """A model's turn is over: its verdict, and what it cost in bytes from the network."""

    model: str
    verdict: Verdict
    bytes_fetched: int


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the user should know that stops nothing.

    Attributes:
        model: key, "" if it is about the whole run.
        code: stable name where a front end does more than show it, else "": `disk-full` while the run waits for
            room, `room-again` when it goes on. `errors.needs_person` tells whether a person has to do something.
    """

    model: str
    message: Text
    code: str = ""


Event = Progress | ModelStarted | ModelFinished | Notice
EventSink = Callable[[Event], None]
"""Called from worker threads, one call at a time a run; it must return quickly and not raise."""


class Cancelled(Exception):
    """The job was cancelled through its `Control`; raised inside the core, never shown as a failure."""


class Paused(Exception):
    """A step was ended by a pause, which is over now: the same step may be done again."""


class Control:
    """The handle on a running job; any thread may call any method.

    Cancel is final; pause and resume may be repeated. Blocking calls register how to be woken
    (`interrupting`), so that a cancel or pause reaches a thread that waits in a socket.
    """

    def __init__(self) -> None:
        self._state = threading.Condition()
        self._cancelled = False
        self._paused = False
        self._paused_at = 0.0
        self._paused_seconds = 0.0
        self._wakers: dict[object, Callable[[], None]] = {}

    @property
    def cancelled(self) -> bool:
        return self._cancelled

    @property
    def paused(self) -> bool:
        return self._paused

    @property
    def interrupted(self) -> bool:
        """True while work must not go on."""
        return self._cancelled or self._paused

    def cancel(self) -> None:
        self._stop(cancelled=True, paused=False)

    def pause(self) -> None:
        self._stop(cancelled=False, paused=True)

    def resume(self) -> None:
        with self._state:
            if self._paused:
                self._paused = False
                self._paused_seconds += time.monotonic() - self._paused_at
            self._state.notify_all()

    def clock(self) -> float:
        """Seconds since some moment, of a clock that stands still while the job is paused.

        By it the patience with others is measured: how long the user pauses is not their fault.
        """
        with self._state:
            return (self._paused_at if self._paused else time.monotonic()) - self._paused_seconds

    def check(self) -> None:
        """Return at once while the job runs; block while it is paused. Raises Cancelled."""
        if self._cancelled or self._paused:
            with self._state:
                self._state.wait_for(lambda: self._cancelled or not self._paused)
            if self._cancelled:
                raise Cancelled

    def sleep(self, seconds: float) -> None:
        """Wait that long, less if cancelled. Raises Cancelled."""
        with self._state:
            self._state.wait_for(lambda: self._cancelled, timeout=max(0.0, seconds))
        if self._cancelled:
            raise Cancelled

    @contextmanager
    def interrupting(self, waker: Callable[[], None]) -> Iterator[None]:
        """While inside, `waker` is called once when the job is cancelled or paused (at once if it already is)."""
        token = object()
        with self._state:
            self._wakers[token] = waker
            now = self._cancelled or self._paused
        if now:
            waker()
        try:
            yield
        finally:
            with self._state:
                self._wakers.pop(token, None)

    def _stop(self, *, cancelled: bool, paused: bool) -> None:
        with self._state:
            self._cancelled |= cancelled
            if paused and not self._paused:
                self._paused, self._paused_at = True, time.monotonic()
            # Taken in the same breath: a waker that comes later finds the job stopped and is called by itself.
            wakers = list(self._wakers.values())
            self._state.notify_all()
        for waker in wakers:
            waker()
