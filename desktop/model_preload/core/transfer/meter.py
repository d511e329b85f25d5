"""Speed and time left, computed once, here."""

import threading
import time
from collections import deque

_WINDOW_SECONDS = 5.0
_SETTLED_SECONDS = 1.0


class Meter:
    """Counts bytes from the network; any thread may call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._total = 0
        self._began: float | None = None
        self._samples: deque[tuple[float, int]] = deque([(time.monotonic(), 0)])

    @property
    def total(self) -> int:
        """Bytes so far."""
        return self._total

    def add(self, count: int) -> None:
        with self._lock:
            self._total += count
            if self._began is None:
                self._began = time.monotonic()

    @property
    def settled(self) -> bool:
        """Whether bytes came for long enough to say from their speed how long the rest takes."""
        return self._began is not None and time.monotonic() - self._began >= _SETTLED_SECONDS

    def speed(self) -> float:
        """Bytes a second over the last five seconds; to be asked at each report, which is also a sample."""
        with self._lock:
            now = time.monotonic()
            self._samples.append((now, self._total))
            while len(self._samples) > 2 and now - self._samples[0][0] > _WINDOW_SECONDS:
                self._samples.popleft()
            began, before = self._samples[0]
            return (self._total - before) / max(now - began, 0.05)
