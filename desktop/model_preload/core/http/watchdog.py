"""Ends exchanges that a silent or dripping server would let wait for ever."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from model_preload.core.http.connections import Exchange


class Watchdog:
    """One thread that looks after every exchange of a client; it lives while there is one.

    A socket's own time-out starts anew with each byte, so a server that sends one now and then passes it.
    Here a step (connect and headers, or one read of a buffer) has a time, whatever trickles in.
    """

    def __init__(self) -> None:
        self._state = threading.Condition()
        self._ends: dict[Exchange, float] = {}
        self._thread: threading.Thread | None = None
        self._closed = False

    @contextmanager
    def step(self, exchange: Exchange, seconds: float) -> Iterator[None]:
        """The exchange is aborted if the body takes longer than `seconds`."""
        with self._state:
            self._ends[exchange] = time.monotonic() + seconds
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._watch, name="http-watchdog", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._state:
                self._ends.pop(exchange, None)

    def close(self) -> None:
        """End the thread and wait for it; a step that is still under way is no longer watched."""
        with self._state:
            self._closed = True
            self._ends.clear()
            thread, self._thread = self._thread, None
            self._state.notify_all()
        if thread is not None:
            thread.join()

    def _watch(self) -> None:
        while True:
            with self._state:
                self._state.wait(timeout=0.25 if self._ends else 1.0)
                if self._thread is not threading.current_thread():
                    return
                now = time.monotonic()
                late = [exchange for exchange, ends in self._ends.items() if ends < now]
                for exchange in late:
                    del self._ends[exchange]
            for exchange in late:
                exchange.abort()
