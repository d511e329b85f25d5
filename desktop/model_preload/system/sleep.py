"""Keep the machine awake while bytes move; the screen may go dark."""

import logging
import threading

log = logging.getLogger("model_preload.sleep")

_CLOSE_SECONDS = 6.0
"""What the slowest way of wakepy's may take to let go: calls with 2 to 5 s each."""


class KeepAwake:
    """Between `begin` and `end` the system does not go to sleep by itself.

    Both return at once and may be called from any thread: a thread of its own asks the system, which is a call over
    D-Bus on Linux. A system that can't be asked is told of in the log, once.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._released: threading.Event | None = None
        self._threads: list[threading.Thread] = []
        self._told = False

    def begin(self) -> None:
        """From now on; without effect if it is so already."""
        with self._lock:
            if self._released is not None:
                return
            self._released = threading.Event()
            thread = threading.Thread(target=self._hold, args=(self._released,), name="keep-awake", daemon=True)
            self._threads = [*(other for other in self._threads if other.is_alive()), thread]
            thread.start()

    def end(self) -> None:
        """No longer; without effect if it was not."""
        with self._lock:
            if self._released is not None:
                self._released.set()
                self._released = None

    def close(self) -> None:
        """`end`, and wait until the system knows; when the program ends. Bounded, for a system that never answers."""
        self.end()
        for thread in self._threads:
            thread.join(_CLOSE_SECONDS)

    def _hold(self, released: threading.Event) -> None:
        """A wakepy mode must be left by the thread that entered it."""
        try:
            from wakepy import keep

            with keep.running(on_fail="pass") as mode:
                if not mode.active:
                    self._tell(mode.result.get_failure_text(style="inline"))
                released.wait()
        except Exception as error:  # noqa: BLE001 - whatever a desktop does: bytes move without it too
            self._tell(f"{type(error).__name__}: {error}")

    def _tell(self, reason: str) -> None:
        with self._lock:
            told, self._told = self._told, True
        if not told:
            log.info("the machine may go to sleep while models are fetched: %s", reason)
