"""How long others are waited for, and how often they are asked again."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from model_preload.core import errors
from model_preload.core.events import Control, Paused

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """Times in seconds.

    Attributes:
        silence: a connection that brings nothing, or next to nothing, for that long is given up.
        connect: for a connection to be made.
        fruitless: a file that brings nothing is not tried again where that would take it beyond this time.
        listing: for one call of a hub's API, pages, pauses and retries together.
        tries: failures in a row, without bytes between them, before a file is given up.
        listing_tries: the same for a request of a listing.
        first_wait: after the first failure in a row; it doubles with each.
        longest_wait: up to here.
        longest_asked: a hub's `Retry-After` is followed up to here.
    """

    silence: float = 20.0
    connect: float = 10.0
    fruitless: float = 65.0
    listing: float = 60.0
    tries: int = 7
    listing_tries: int = 4
    first_wait: float = 0.5
    longest_wait: float = 30.0
    longest_asked: float = 60.0

    def wait(self, failures: int, problem: errors.Circumstance) -> float:
        """How long to wait after so many failures in a row (1 or more): doubling, with jitter, or as the hub asks."""
        longest = min(self.longest_wait, self.first_wait * 2 ** (failures - 1))
        if isinstance(problem, errors.HubBusy) and problem.retry_after is not None:
            return min(problem.retry_after, self.longest_asked) + random.uniform(0, self.first_wait)
        return random.uniform(longest / 2, longest)

    def ends(self, failures: int, since: float, wait: float, problem: errors.Circumstance) -> bool:
        """Whether it is time to give up: so many failures in a row, for `since` seconds, and another wait to come."""
        silence = self.silence if isinstance(problem, errors.HubTimeout) else 0.0
        return failures >= self.tries or since + wait + silence > self.fruitless

    def insist(self, request: Callable[[], T], control: Control) -> T:
        """Make a request of a listing, and again after what may pass; a pause does not count.

        Raises:
            HubProblem, TransferProblem: what the last try met.
            Cancelled: through the control.
        """
        failures = 0
        while True:
            try:
                return request()
            except Paused:
                continue
            except (errors.HubProblem, errors.TransferProblem) as problem:
                failures += 1
                if not problem.retryable or failures >= self.listing_tries:
                    raise
                wait = self.wait(failures, problem)
            control.sleep(wait)
