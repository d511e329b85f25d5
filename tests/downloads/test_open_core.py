"""The core is opened once for all, closed once, and its opening holds nobody up who has not asked for it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from helpers.clock import SOON
from helpers.desk import Desk
from model_preload.core.errors import SettingsProblem
from model_preload.core.tasks.services import Services
from model_preload.core.texts import text
from model_preload.downloads.open_core import OpenCore


class Openings:
    """Counts, and waits on the way in while it is told to."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.opened = self.closed = 0
        self.problem: Exception | None = None
        self.entered = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

    @contextmanager
    def __call__(self) -> Iterator[Services]:
        self.entered.set()
        self.go_on.wait(10)
        if self.problem is not None:
            raise self.problem
        with self._desk.bench.opened() as services:
            self.opened += 1
            yield services
        self.closed += 1


def test_the_one_that_is_renewed_closes_with_its_last_lease(desk: Desk) -> None:
    openings = Openings(desk)
    core = OpenCore(openings, desk.bench.state)
    with core.lease() as first, core.lease() as second:
        assert first is second
        core.renew()
        core.renew()
        with core.lease() as third:
            assert third is not first
        assert openings.closed == 0
    assert (openings.opened, openings.closed) == (2, 1)
    core.close()
    core.close()
    assert openings.closed == 2


def test_after_a_failure_the_next_try_works(desk: Desk) -> None:
    openings = Openings(desk)
    core = OpenCore(openings, desk.bench.state)
    openings.problem = SettingsProblem(desk.bench.state, text("broken"))
    with pytest.raises(SettingsProblem), core.lease():
        pass
    openings.problem = None
    with core.lease():
        pass
    core.close()
    assert (openings.opened, openings.closed) == (1, 1)


def test_renewed_while_it_opens_it_is_for_that_lease_only_and_nobody_waits(desk: Desk) -> None:
    openings = Openings(desk)
    core = OpenCore(openings, desk.bench.state)
    openings.go_on.clear()

    def job() -> None:
        with core.lease():
            pass

    thread = threading.Thread(target=job)
    thread.start()
    assert openings.entered.wait(5)
    began = time.monotonic()
    core.renew()
    assert time.monotonic() - began < SOON
    openings.go_on.set()
    thread.join(5)
    assert (openings.opened, openings.closed) == (1, 1)
    job()
    core.close()
    assert (openings.opened, openings.closed) == (2, 2)
