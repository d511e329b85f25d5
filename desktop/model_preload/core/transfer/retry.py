"""When to try again, when to stop, and with how many connections."""

import time

from model_preload.core import errors

_EASED_SECONDS = 10.0


def may_retry(problem: errors.Circumstance) -> bool:
    """Whether the same request may succeed a little later."""
    return isinstance(problem, errors.HubProblem | errors.TransferProblem) and problem.retryable


def concerns_all(problem: errors.Circumstance, *, nothing_came: bool) -> bool:
    """Whether the other files of the same source will meet it too, so that going on is pointless.

    Args:
        nothing_came: of any file, while this one was tried again and again.
    """
    if isinstance(problem, errors.HubBusy | errors.HubTimeout | errors.ConnectionLost):
        return nothing_came
    return not isinstance(problem, errors.TransferProblem | errors.HubRefused | errors.AnswerInvalid)


class Width:
    """How many connections a hub bears: halved by a 429, one more for each range after a quiet while.

    Not thread-safe.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._quiet_from = 0.0
        self.now = most

    def refused(self, wait: float) -> None:
        """A 429 came, and its connection waits that long. Those that come meanwhile were sent before it."""
        moment = time.monotonic()
        if moment >= self._quiet_from:
            self.now = max(1, self.now // 2)
        self._quiet_from = max(self._quiet_from, moment + wait)

    def succeeded(self) -> None:
        """A range came whole."""
        if self.now < self._most and time.monotonic() > self._quiet_from + _EASED_SECONDS:
            self.now += 1
