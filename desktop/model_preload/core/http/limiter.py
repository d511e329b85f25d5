"""One rate limit for all connections together."""

import threading
import time

from model_preload.core.events import Control

_BURST_SECONDS = 0.1


class RateLimiter:
    """Spreads bytes over time; any thread may call.

    Args:
        rate: bytes a second; None for no limit. May be set anew at any time.
    """

    def __init__(self, rate: float | None = None) -> None:
        self.rate = rate
        self._lock = threading.Lock()
        self._paid_until = 0.0

    def portion(self, wanted: int) -> int:
        """How many bytes to read at a time, so that the flow stays even."""
        rate = self.rate
        return wanted if rate is None else min(wanted, max(1024, int(rate * _BURST_SECONDS)))

    def take(self, count: int, control: Control) -> None:
        """Wait until `count` more bytes may pass. Raises Cancelled."""
        rate = self.rate
        if rate is None:
            return
        with self._lock:
            now = time.monotonic()
            self._paid_until = max(self._paid_until, now - _BURST_SECONDS) + count / rate
            wait = self._paid_until - now
        if wait > 0:
            control.sleep(wait)

    def give_back(self, count: int) -> None:
        """So many bytes of what was taken did not come."""
        rate = self.rate
        if rate is not None:
            with self._lock:
                self._paid_until -= count / rate
