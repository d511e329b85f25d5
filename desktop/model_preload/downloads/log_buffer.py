"""The last records of the log, for windows: taken in any thread, delivered to the main thread in small batches.

    any thread ──▶ handler ──▶ waiting (at most 20,000) ──▶ timer of one shot ──▶ slices of 1,000 ──▶ ring of 20,000

While nothing is logged nothing runs: the first record that waits wakes the main thread, which collects for a fifth of a
second and takes a slice, so that a window draws as often as progress comes. If more wait, as in a burst, the next slice
follows after a twentieth of a second. What comes faster than 20,000 records a second pushes out the oldest.
"""

import logging
import re
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

CAPACITY = 20_000
_SLICE = 1_000
_COLLECT_MS = 200
_BURST_MS = 50
_LINE = 500
_DETAILS = 8_000

_PICTURES = {code: chr(0x2400 + code) for code in range(32)} | {0x09: "→", 0x0A: "↵", 0x7F: "\u2421"}
_REORDERING = "\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff"
_UNSEEN = re.compile(f"[\x00-\x1f\x7f-\x9f\ud800-\udfff{_REORDERING}]")
_UNSEEN_IN_TEXT = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff{_REORDERING}]")
"""Control characters, marks that reorder text, and halves of surrogates, which Qt's strings can't hold."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One record, ready to be shown.

    Attributes:
        number: rises by one with every record, from 1; a gap is what came too fast.
        time: seconds since 1970.
        level: as in `logging`.
        about: key of the model that the record names (`extra={"model": key}`), else what stands before the first
            `: ` of its message, which is the convention of the core. A model only if the catalog knows it.
        thread, logger: their names.
        line: the message in one line of at most 500 characters; what can't be seen is spelled out.
        details: the message with its own line breaks and the traceback, at most 8,000 characters.
    """

    number: int
    time: float
    level: int
    about: str
    thread: str
    logger: str
    line: str
    details: str


class LogBuffer(QObject):
    """A bounded ring of `LogEntry`; belongs to the main thread, except for its `handler`.

    Attributes:
        handler: to be added to a logger, and taken from it again before the buffer is deleted.

    Signals:
        arrived(tuple[LogEntry, ...]): in the order of their numbers; `entries` has them already, and `oldest` says
            what it no longer has.
    """

    arrived = Signal(object)
    _woken = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ring: deque[LogEntry] = deque(maxlen=CAPACITY)
        self._lost = 0
        self._collecting = QTimer(self, singleShot=True)
        self._collecting.timeout.connect(self._take)
        self._woken.connect(self._collect, Qt.ConnectionType.QueuedConnection)
        self._inbox = _Inbox(self._woken.emit)
        self.handler: logging.Handler = self._inbox

    @property
    def entries(self) -> tuple[LogEntry, ...]:
        """What is kept, oldest first."""
        return tuple(self._ring)

    @property
    def oldest(self) -> int:
        """The number below which nothing is kept."""
        return self._ring[0].number if self._ring else 1

    @property
    def lost(self) -> int:
        """How many records came too fast to be delivered; the file has them."""
        return self._lost

    @Slot()
    def _collect(self) -> None:
        self._collecting.start(_COLLECT_MS)

    @Slot()
    def _take(self) -> None:
        taken, lost, more = self._inbox.take(_SLICE)
        self._ring.extend(taken)
        self._lost += lost
        self.arrived.emit(taken)
        if more:
            self._collecting.start(_BURST_MS)


class _Inbox(logging.Handler):
    """Takes records in any thread, and calls `wake` when there is something to take again."""

    def __init__(self, wake: Callable[[], None]) -> None:
        super().__init__()
        self._wake = wake
        self._waiting: deque[LogEntry] = deque()
        self._lost = 0
        self._number = 0
        self._awake = False
        self._guard = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        """Called with the handler's own lock held, so numbers rise in the order of the queue."""
        try:
            entry = _entry(self._number + 1, record)
            self._number += 1
            with self._guard:
                if len(self._waiting) == CAPACITY:
                    self._waiting.popleft()
                    self._lost += 1
                self._waiting.append(entry)
                wake, self._awake = not self._awake, True
                is_burst = len(self._waiting) > _SLICE
            if wake:
                self._wake()
            if is_burst:
                time.sleep(0)  # lets go of the interpreter, for which the main thread would wait 5 ms each time
        except Exception:  # noqa: BLE001  as logging's own handlers do: who logs is not to fail by it
            self.handleError(record)

    def take(self, most: int) -> tuple[tuple[LogEntry, ...], int, bool]:
        """The oldest that wait, how many were lost since the last call, and whether more wait."""
        with self._guard:
            taken = tuple(self._waiting.popleft() for _ in range(min(most, len(self._waiting))))
            lost, self._lost = self._lost, 0
            self._awake = bool(self._waiting)
            return taken, lost, self._awake


def _entry(number: int, record: logging.LogRecord) -> LogEntry:
    message = record.getMessage()
    head, colon, _ = message.partition(": ")
    about = getattr(record, "model", head if colon else "")
    fault = record.exc_info[1] if record.exc_info else None
    whole = "".join([message, "\n", *traceback.format_exception(fault)]).rstrip() if fault else message
    line = _UNSEEN.sub(_picture, _clipped(message, _LINE))
    details = _UNSEEN_IN_TEXT.sub(_picture, _clipped(whole, _DETAILS))
    thread = record.threadName or ""
    return LogEntry(number, record.created, record.levelno, str(about)[:_LINE], thread, record.name, line, details)


def _clipped(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[: most - 1]}…"


def _picture(found: re.Match[str]) -> str:
    code = ord(found[0])
    return _PICTURES.get(code, f"\\u{code:04x}")
