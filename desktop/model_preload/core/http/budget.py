"""What one call of a hub's API may cost, however many requests it makes."""

import time

from model_preload.core import errors


class Budget:
    """Seconds, bytes and requests of one listing call; one thread at a time.

    Args:
        seconds: for the whole call, pauses between retries included.
        bytes_: of all answers' bodies together. A listing of 10,000 files is about 3 MB.
        requests: pages and redirects together.
    """

    def __init__(self, seconds: float = 60.0, bytes_: int = 32 << 20, requests: int = 100) -> None:
        self.seconds = seconds
        self._ends = time.monotonic() + seconds
        self._bytes_limit = bytes_
        self._bytes_left = bytes_
        self._requests_left = requests

    def request(self, host: str) -> float:
        """Count one request; returns the seconds left. Raises DeadlineExceeded, AnswerInvalid."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise errors.DeadlineExceeded(host, self.seconds)
        if self._requests_left == 0:
            raise errors.AnswerInvalid(host, "it goes on for too many pages")
        self._requests_left -= 1
        return left

    def extend(self, seconds: float) -> None:
        """The user paused for that long, which is not the hub's fault."""
        self._ends += seconds

    def received(self, host: str, count: int) -> None:
        """Count bytes of a body. Raises AnswerTooLarge, DeadlineExceeded."""
        self._bytes_left -= count
        if self._bytes_left < 0:
            raise errors.AnswerTooLarge(host, self._bytes_limit)
        if time.monotonic() > self._ends:
            raise errors.DeadlineExceeded(host, self.seconds)
