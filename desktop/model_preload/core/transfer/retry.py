"""When to try again, and when to stop."""

import random

from model_preload.core import errors

TRIES = 7
"""Failures in a row, without bytes between them, before a file is given up."""
_FIRST_WAIT = 0.5
_MAX_WAIT = 30.0
_MAX_ASKED = 60.0
"""Seconds: a hub's `Retry-After` is followed up to here."""


def may_retry(problem: errors.Circumstance) -> bool:
    """Whether the same request may succeed a little later."""
    return isinstance(problem, errors.HubProblem | errors.TransferProblem) and problem.retryable


def concerns_all(problem: errors.Circumstance) -> bool:
    """Whether the other files of the same source will meet it too, so that going on is pointless."""
    return not isinstance(problem, errors.TransferProblem | errors.HubRefused | errors.AnswerInvalid)


def wait_seconds(failures: int, problem: errors.Circumstance) -> float:
    """How long to wait after so many failures in a row (1 or more): doubling, with jitter, or as the hub asks."""
    if isinstance(problem, errors.HubBusy) and problem.retry_after is not None:
        return min(problem.retry_after, _MAX_ASKED) + random.uniform(0, 0.5)
    longest = min(_MAX_WAIT, _FIRST_WAIT * 2 ** (failures - 1))
    return random.uniform(longest / 2, longest)
