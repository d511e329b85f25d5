"""The handle on a running job: cancel and pause reach everyone who waits, once, and cancel is final."""

import threading
import time
from collections.abc import Callable

import pytest

from model_preload.core.events import Cancelled, Control


def test_a_running_job_is_not_held_up() -> None:
    control = Control()
    control.check()
    control.sleep(0)
    control.sleep(-1)
    assert (control.cancelled, control.paused, control.interrupted) == (False, False, False)


def test_cancel_is_final() -> None:
    control = Control()
    control.pause()
    control.cancel()
    control.resume()
    assert control.interrupted
    for call in (control.check, lambda: control.sleep(60)):
        with pytest.raises(Cancelled):
            call()


@pytest.mark.parametrize("release", [Control.resume, Control.cancel])
def test_a_paused_job_waits_until_it_is_resumed_or_cancelled(release: Callable[[Control], None]) -> None:
    control = Control()
    control.pause()
    ended: list[str] = []

    def work() -> None:
        try:
            control.check()
            ended.append("resume")
        except Cancelled:
            ended.append("cancel")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(0.05)
    assert thread.is_alive()
    release(control)
    thread.join(5)
    assert ended == [release.__name__]


def test_the_clock_stands_still_while_the_job_is_paused() -> None:
    control = Control()
    began, real = control.clock(), time.monotonic()
    for _ in range(2):
        control.pause()
        control.pause()
        at = control.clock()
        time.sleep(0.1)
        assert control.clock() == at
        control.resume()
        control.resume()
    time.sleep(0.1)
    assert 0.1 <= control.clock() - began <= time.monotonic() - real - 0.2


@pytest.mark.parametrize("stop", [Control.cancel, Control.pause])
def test_who_waits_is_woken_once_from_the_moment_he_says_so_to_the_end(stop: Callable[[Control], None]) -> None:
    control = Control()
    woken: list[str] = []

    def before() -> None:
        woken.append("before")

    def twice() -> None:
        woken.append("twice")

    with control.interrupting(lambda: woken.append("over")):
        pass
    with control.interrupting(before), control.interrupting(twice):
        with control.interrupting(twice):
            pass
        stop(control)
        with control.interrupting(lambda: woken.append("after")):
            pass
    assert woken == ["before", "twice", "after"]


def test_a_sleeper_is_woken_by_a_cancel() -> None:
    control = Control()
    ended = threading.Event()

    def work() -> None:
        try:
            control.sleep(60)
        except Cancelled:
            ended.set()

    thread = threading.Thread(target=work)
    thread.start()
    control.cancel()
    assert ended.wait(5)
    thread.join()


def test_wakers_that_come_while_the_job_is_cancelled_are_called_exactly_once() -> None:
    for _ in range(200):
        control = Control()
        woken: list[int] = []
        thread = threading.Thread(target=control.cancel)
        thread.start()
        with control.interrupting(lambda woken=woken: woken.append(1)):  # type: ignore[misc]
            thread.join()
        assert woken == [1]
