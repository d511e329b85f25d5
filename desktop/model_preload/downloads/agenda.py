"""What is to be done, in order: the one thing that the main thread and the lane both change."""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from model_preload.core.events import Control
from model_preload.core.tasks.preload import Mode


class Standing(Enum):
    """Where a model on the agenda is."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Turn:
    """One model that the lane works on; the control ends the turn."""

    key: str
    mode: Mode
    control: Control = field(default_factory=Control, compare=False)


@dataclass
class _Line:
    standing: Standing
    mode: Mode = Mode.BRING


class Agenda:
    """See the module; any thread may call. A model that is done, or cancelled, is not on it any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: dict[str, _Line] = {}
        self._turn: Turn | None = None
        self._closed = False

    def lines(self) -> tuple[tuple[str, Standing], ...]:
        """Everything, in order."""
        with self._lock:
            return tuple((key, line.standing) for key, line in self._lines.items())

    def standing(self, key: str) -> Standing | None:
        with self._lock:
            line = self._lines.get(key)
            return line.standing if line else None

    def add(self, keys: Iterable[str], mode: Mode = Mode.BRING) -> None:
        """Those wait (again); new ones come last.

        One that runs goes on running; asked for in another mode, it has one more turn in that.
        """
        with self._lock:
            for key in keys:
                line = self._lines.setdefault(key, _Line(Standing.WAITING, mode))
                if line.standing is not Standing.RUNNING:
                    line.standing = Standing.WAITING
                line.mode = mode

    def place(self, key: str, standing: Standing) -> None:
        """Put one that comes from the journal at the end."""
        with self._lock:
            self._lines.setdefault(key, _Line(standing))

    def pause(self, keys: Iterable[str]) -> tuple[str, ...]:
        """Those that run or wait, wait no longer; which they were."""
        with self._lock:
            return self._change(keys, (Standing.WAITING, Standing.RUNNING), Standing.PAUSED)

    def resume(self, keys: Iterable[str]) -> tuple[str, ...]:
        """Those that are paused wait again; which they were."""
        with self._lock:
            return self._change(keys, (Standing.PAUSED,), Standing.WAITING)

    def cancel(self, keys: Iterable[str]) -> tuple[str, ...]:
        """Take them off; which of them were on."""
        with self._lock:
            gone = tuple(key for key in keys if self._lines.pop(key, None) is not None)
            self._interrupt(gone)
            return gone

    def move(self, keys: Sequence[str], before: str | None) -> None:
        """Put those, in the given order, before another one, or at the end."""
        with self._lock:
            moved = {key: self._lines[key] for key in keys if key in self._lines}
            ordered: dict[str, _Line] = {}
            for key, line in self._lines.items():
                if key == before:
                    ordered |= moved
                if key not in moved:
                    ordered[key] = line
            self._lines = ordered | {key: line for key, line in moved.items() if key not in ordered}

    def take(self) -> Turn | None:
        """Begin the turn of the first that waits; None also when closed."""
        with self._lock:
            for key, line in self._lines.items():
                if line.standing is Standing.WAITING and not self._closed:
                    line.standing = Standing.RUNNING
                    self._turn = Turn(key, line.mode)
                    return self._turn
            return None

    @property
    def is_idle(self) -> bool:
        """No turn is under way, and nothing waits for one."""
        with self._lock:
            return self._turn is None and not any(line.standing is Standing.WAITING for line in self._lines.values())

    @property
    def is_closed(self) -> bool:
        """The program ends."""
        return self._closed

    def interrupt(self) -> None:
        """End the turn that runs; its model waits for another one."""
        with self._lock:
            if self._turn is not None:
                self._turn.control.cancel()

    def close(self) -> None:
        """As `interrupt`, and no turn is begun any more."""
        with self._lock:
            self._closed = True
        self.interrupt()

    def finish(self, turn: Turn, outcome: str) -> Standing | None:
        """The turn is over; where its model stands now, None if it is off the agenda.

        Args:
            outcome: done, failed or interrupted.
        """
        with self._lock:
            self._turn = None
            line = self._lines.get(turn.key)
            if line is None:
                return None
            if outcome == "done" and line.mode is turn.mode:
                del self._lines[turn.key]
                return None
            if line.standing is Standing.RUNNING:
                failed = outcome == "failed" and line.mode is turn.mode
                line.standing = Standing.FAILED if failed else Standing.WAITING
            return line.standing

    def _change(self, keys: Iterable[str], from_: Sequence[Standing], to: Standing) -> tuple[str, ...]:
        changed = tuple(key for key in keys if (line := self._lines.get(key)) and line.standing in from_)
        for key in changed:
            self._lines[key].standing = to
        self._interrupt(changed)
        return changed

    def _interrupt(self, keys: Iterable[str]) -> None:
        if self._turn is not None and self._turn.key in keys:
            self._turn.control.cancel()
