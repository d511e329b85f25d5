"""The queue of models: in order, one run at a time, and still there after the process is gone."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from model_preload.core.errors import HeldByAnother
from model_preload.core.events import Cancelled, Control
from model_preload.core.files import Disk
from model_preload.core.journal import Journal, QueueState
from model_preload.core.queue import Queue

WAITING, RUNNING, FAILED = QueueState.WAITING, QueueState.RUNNING, QueueState.FAILED
PAUSED = QueueState.PAUSED


@contextmanager
def process(home: Path) -> Iterator[Queue]:
    """The queue as a process of its own has it."""
    journal = Journal.open(home / "journal.sqlite3", Disk())
    try:
        yield Queue(home, Disk(), journal)
    finally:
        journal.close()


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    with process(tmp_path) as opened:
        yield opened


def entries(queue: Queue) -> list[tuple[str, QueueState]]:
    return [(entry.model, entry.state) for entry in queue.entries()]


def test_models_wait_in_the_order_they_came(queue: Queue) -> None:
    queue.add(["b", "a"])
    queue.add(["c", "b", "d"])
    assert entries(queue) == [("b", WAITING), ("a", WAITING), ("c", WAITING), ("d", WAITING)]
    assert queue.in_order(["d", "b", "unknown"]) == ("b", "d")


def test_the_life_of_a_model_in_the_queue(queue: Queue) -> None:
    queue.add(["a", "b", "c"])
    queue.started("a")
    queue.done("a")
    queue.started("b")
    queue.failed("b")
    queue.started("c")
    assert entries(queue) == [("b", FAILED), ("c", RUNNING)]
    queue.waiting("c")
    queue.add(["a", "b"])
    assert entries(queue) == [("b", WAITING), ("c", WAITING), ("a", WAITING)]


def test_what_is_not_queued_stays_out(queue: Queue) -> None:
    queue.started("x")
    queue.failed("x")
    queue.done("x")
    queue.add([])
    assert entries(queue) == []


def test_the_queue_survives_the_process(tmp_path: Path) -> None:
    with process(tmp_path) as queue, queue.running("first"):
        queue.add(["a", "b", "c"])
        queue.failed("a")
        queue.started("b")
    with process(tmp_path) as queue:
        assert entries(queue) == [("a", FAILED), ("b", RUNNING), ("c", WAITING)], "nobody guesses before a run begins"
        with queue.running("second"):
            assert entries(queue) == [("a", FAILED), ("b", WAITING), ("c", WAITING)]


KILLED = """if True:
    import os, sys
    from pathlib import Path
    from model_preload.core.files import Disk
    from model_preload.core.journal import Journal
    from model_preload.core.queue import Queue
    home = Path(sys.argv[1])
    queue = Queue(home, Disk(), Journal.open(home / "journal.sqlite3", Disk()))
    with queue.running("killed"):
        queue.add(["a", "b"])
        queue.started("a")
        os._exit(9)"""


def test_what_a_killed_run_had_begun_waits_again(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False, timeout=30)
    with process(tmp_path) as queue:
        assert entries(queue) == [("a", RUNNING), ("b", WAITING)]
        with queue.running("next"):
            assert entries(queue) == [("a", WAITING), ("b", WAITING)]


def test_a_second_run_is_refused_and_told_whose_turn_it_is(tmp_path: Path) -> None:
    with process(tmp_path) as first, process(tmp_path) as second, first.running("preload --all"):
        for queue in (first, second):
            with pytest.raises(HeldByAnother) as caught, queue.running("me"):
                pass
            assert "preload --all (process " in str(caught.value)
            assert caught.value.exit_code == 3
        second.add(["a"])
        assert entries(first) == [("a", WAITING)], "it may still be filled"
    with process(tmp_path) as third, third.running("me"):
        pass


def test_a_refused_run_marks_nothing(tmp_path: Path) -> None:
    with process(tmp_path) as first, process(tmp_path) as second, first.running("one"):
        first.add(["a"])
        first.started("a")
        with pytest.raises(HeldByAnother), second.running("two"):
            pass
        assert entries(first) == [("a", RUNNING)]


def test_the_turn_is_given_back_after_a_failure(queue: Queue) -> None:
    with pytest.raises(ZeroDivisionError), queue.running("one"):
        raise ZeroDivisionError
    with queue.running("two"):
        pass


def test_a_waiting_run_begins_when_the_other_is_over(tmp_path: Path) -> None:
    begun = threading.Event()

    def wait() -> None:
        with process(tmp_path) as queue, queue.running("second", Control()):
            begun.set()

    with process(tmp_path) as first:
        with first.running("first"):
            thread = threading.Thread(target=wait)
            thread.start()
            assert not begun.wait(0.3)
        assert begun.wait(5)
        thread.join()


def test_a_waiting_run_can_be_cancelled(tmp_path: Path) -> None:
    control = Control()
    control.cancel()
    with (
        process(tmp_path) as first,
        process(tmp_path) as second,
        first.running("first"),
        pytest.raises(Cancelled),
        second.running("second", control),
    ):
        pass


def test_what_is_paused_has_no_turn(queue: Queue) -> None:
    queue.add(["a", "b", "c"])
    queue.hold(["b", "unknown"])
    assert queue.in_order(["a", "b", "c"]) == ("a", "c")
    assert not queue.started("b")
    queue.add(["a", "b"], sparing=["b"])
    assert entries(queue) == [("a", WAITING), ("b", PAUSED), ("c", WAITING)]
    queue.add(["b"])
    assert entries(queue)[1] == ("b", WAITING), "someone named it"


def test_a_pause_outlasts_the_end_of_the_turn_and_the_process(tmp_path: Path) -> None:
    with process(tmp_path) as queue, queue.running("first"):
        queue.add(["a", "b"])
        assert queue.started("a")
        queue.hold(["a"])
        queue.waiting("a")
        queue.failed("a")
    with process(tmp_path) as queue, queue.running("second"):
        assert entries(queue) == [("a", PAUSED), ("b", WAITING)]
        queue.resume(["a", "b"])
        assert entries(queue) == [("a", WAITING), ("b", WAITING)]


def test_only_what_is_paused_is_resumed(queue: Queue) -> None:
    queue.add(["a", "b"])
    queue.started("a")
    queue.failed("b")
    queue.resume(["a", "b"])
    assert entries(queue) == [("a", RUNNING), ("b", FAILED)]


def test_what_was_taken_out_has_no_turn(queue: Queue) -> None:
    queue.add(["a", "b"])
    queue.remove(["a", "unknown"])
    assert not queue.started("a")
    queue.waiting("a")
    assert entries(queue) == [("b", WAITING)]


@pytest.mark.parametrize(
    ("models", "before", "order"),
    [
        (["d"], "a", "dabc"),
        (["a"], None, "bcda"),
        (["c", "a"], "d", "bcad"),
        (["b", "c"], "b", "adbc"),
        (["a", "x", "a"], "x", "bcda"),
        ([], "a", "abcd"),
    ],
)
def test_the_order_can_be_changed(queue: Queue, models: list[str], before: str | None, order: str) -> None:
    queue.add("abcd")
    queue.move(models, before)
    assert "".join(entry.model for entry in queue.entries()) == order
    queue.add(["e"])
    assert "".join(entry.model for entry in queue.entries()) == f"{order}e"


def test_a_queue_for_nobodys_turn_refuses_no_one(queue: Queue) -> None:
    apart = queue.apart()
    apart.add(["a"], sparing=["a"])
    assert apart.started("a")
    assert entries(queue) == []
