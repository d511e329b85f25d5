"""The journal's queue is what the user sees, whatever they do in whatever order, and so is the next start's."""

import random
import time
from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from helpers.clock import SOON
from helpers.desk import MODELS, Desk
from model_preload.core.files import ProcessLock
from model_preload.core.files.disk import Disk
from model_preload.core.journal import QueueState
from model_preload.downloads.agenda import Agenda, Standing
from model_preload.downloads.record import Record
from model_preload.downloads.values import Activity

pytestmark = pytest.mark.windows
SEEN = {Activity.PAUSED: QueueState.PAUSED, Activity.FAILED: QueueState.FAILED, Activity.WAITING: QueueState.WAITING}


def rows(desk: Desk) -> list[tuple[str, QueueState]]:
    with desk.core.lease() as opened:
        return [(entry.model, entry.state) for entry in opened.queue.entries()]


def seen(desk: Desk) -> list[tuple[str, QueueState]]:
    return [(key, SEEN[desk.downloads.work(key).activity]) for key in desk.downloads.order()]


@pytest.mark.parametrize(
    ("change", "left"),
    [
        (lambda a: a.add(["a"]), [("a", QueueState.WAITING)]),
        (lambda a: (a.add(["a"]), a.pause(["a"])), [("a", QueueState.PAUSED)]),
        (lambda a: a.place("a", Standing.FAILED), [("a", QueueState.FAILED)]),
        (lambda a: None, []),
        (lambda a: (a.add("ab"), a.move(["b"], "a")), [("b", QueueState.WAITING), ("a", QueueState.WAITING)]),
    ],
)
@pytest.mark.parametrize("before", [(), ("a", "b")])
def test_whatever_was_written_before(
    desk: Desk, change: Callable[[Agenda], object], left: object, before: tuple[str, ...]
) -> None:
    agenda = Agenda()
    change(agenda)
    with desk.core.lease() as opened:
        opened.queue.add(before)
        Record(agenda).write(opened, ["a", "b"])
    assert rows(desk) == left


@pytest.mark.parametrize("seed", range(6))
def test_in_quick_succession(desk: Desk, qtbot: QtBot, seed: int) -> None:
    """Clicks at any moment of a turn; then the program ends, and the next one finds what was seen last."""
    chance = random.Random(seed)
    desk.hub.rate = 4_000_000
    downloads = desk.downloads
    for _ in range(25):
        keys = chance.sample(MODELS, chance.randint(1, 2))
        match chance.randrange(6):
            case 0 | 1:
                downloads.preload(keys)
            case 2:
                downloads.pause(keys)
            case 3:
                downloads.resume(keys)
            case 4:
                downloads.cancel(keys)
            case _:
                downloads.move(keys, chance.choice([*MODELS, None]))
        permille = desk.board.summary().permille
        assert permille is None or 0 <= permille <= 1000
        qtbot.wait(chance.choice([0, 0, 1, 20, 60]))
    downloads.stop()
    assert rows(desk) == seen(desk)


def test_nothing_asked_for_is_lost_when_the_program_ends_at_once(desks: Callable[[], Desk]) -> None:
    first = desks()
    first.downloads.preload(["b", "a", "c"])
    first.downloads.pause(["c"])
    first.downloads.move(["c"], "b")
    first.close()
    second = desks()
    assert rows(second) == [("c", QueueState.PAUSED), ("b", QueueState.WAITING), ("a", QueueState.WAITING)]


@pytest.mark.parametrize("change", ["pause", "cancel", "stop"])
def test_while_another_run_is_under_way(desk: Desk, qtbot: QtBot, change: str) -> None:
    other = ProcessLock(desk.bench.state / "run.lock", Disk())
    assert other.acquire("model-preload preload")
    try:
        with qtbot.waitSignal(desk.downloads.noticed) as noticed:
            desk.downloads.preload(["a", "b"])
        assert noticed.args is not None
        assert "model-preload preload" in str(noticed.args[0].message)
        assert desk.downloads.work("a").notice == noticed.args[0].message
        if change == "stop":
            began = time.monotonic()
            desk.downloads.stop()
            assert time.monotonic() - began < SOON
            assert rows(desk) == [("a", QueueState.WAITING), ("b", QueueState.WAITING)]
            return
        getattr(desk.downloads, change)(["a"])
        qtbot.waitUntil(lambda: desk.downloads.running == "b")
        assert [state for key, state in rows(desk) if key == "a"] == ([QueueState.PAUSED] if change == "pause" else [])
    finally:
        other.release()
    with qtbot.waitSignal(desk.downloads.batch_finished, timeout=20_000):
        pass
    qtbot.waitUntil(lambda: rows(desk) == seen(desk))


def test_no_signal_comes_after_the_end(desk: Desk, qtbot: QtBot) -> None:
    desk.hub.rate = 1_500_000
    desk.downloads.preload(["a", "b"])
    qtbot.waitUntil(lambda: desk.downloads.work("a").activity is Activity.FETCHING, timeout=20_000)
    heard: list[object] = []
    began = time.monotonic()
    desk.close()
    assert time.monotonic() - began < SOON
    desk.downloads.changed.connect(heard.append)
    desk.checks.found.connect(heard.append)
    desk.checks.look()
    desk.close()
    qtbot.wait(50)
    assert heard == []
    assert rows(desk) == [("a", QueueState.WAITING), ("b", QueueState.WAITING)]
    desk.core.close()


def test_everything_cancelled_is_no_batch(desk: Desk, qtbot: QtBot) -> None:
    desk.hub.rate = 1_500_000
    batches: list[object] = []
    desk.downloads.batch_finished.connect(batches.append)
    desk.downloads.preload(["a", "b"])
    qtbot.waitUntil(lambda: desk.downloads.work("a").activity is Activity.FETCHING, timeout=20_000)
    desk.downloads.cancel(["a", "b"])
    qtbot.waitUntil(lambda: not desk.downloads.is_working)
    assert (batches, desk.downloads.order(), desk.board.summary().asked) == ([], (), 0)
