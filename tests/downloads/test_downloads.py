"""The queue as the user changes it, on the real core and a real hub."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from helpers.desk import BYTES, Desk
from helpers.workbench import model, repository
from model_preload.core import texts
from model_preload.core.tasks.preload import Mode
from model_preload.core.values import Verdict
from model_preload.demo.repository import Repository
from model_preload.downloads.summary import Mood
from model_preload.downloads.values import Activity
from model_preload.ui.models.cells import permille_of

pytestmark = pytest.mark.windows
SLOW = 1_500_000
"""Bytes a second of a connection: long enough to do something meanwhile."""


def activity(desk: Desk, key: str) -> Activity:
    return desk.downloads.work(key).activity


def queued(desk: Desk) -> list[tuple[str, str]]:
    """What the journal has, when everything that was asked for is written."""
    with desk.core.lease() as opened:
        return [(entry.model, entry.state.value) for entry in opened.queue.entries()]


def test_all_are_brought_and_told(desk: Desk, qtbot: QtBot) -> None:
    order: list[str] = []
    desk.downloads.finished.connect(lambda result: order.append(result.key))
    with qtbot.waitSignal(desk.downloads.batch_finished, timeout=20_000) as ended:
        desk.downloads.preload(["a", "b", "c"])
        assert desk.downloads.is_working
        assert activity(desk, "c") is Activity.WAITING
    assert ended.args is not None
    (batch,) = ended.args
    assert order == ["a", "b", "c"]
    assert [one.key for one in batch.ready] == ["a", "b", "c"]
    assert batch.bytes_fetched == 3 * BYTES
    assert desk.verdicts == [Verdict.READY] * 3
    assert desk.board.summary().mood is Mood.DONE
    qtbot.waitUntil(lambda: queued(desk) == [])


def test_one_that_is_paused_lets_the_next_one_go_on(desk: Desk, qtbot: QtBot) -> None:
    desk.hub.rate = SLOW
    desk.downloads.preload(["a", "b"])
    qtbot.waitUntil(lambda: activity(desk, "a") is Activity.FETCHING)
    desk.downloads.pause(["a"])
    assert activity(desk, "a") is Activity.PAUSED
    desk.hub.rate = None
    with qtbot.waitSignal(desk.downloads.batch_finished, timeout=20_000):
        pass
    assert [activity(desk, key) for key in "ab"] == [Activity.PAUSED, Activity.IDLE]
    qtbot.waitUntil(lambda: ("a", "paused") in queued(desk))
    served = desk.hub.bytes_served
    with qtbot.waitSignal(desk.downloads.batch_finished, timeout=20_000):
        desk.downloads.resume(["a"])
    assert desk.verdicts[:2] == [Verdict.READY] * 2
    assert desk.hub.bytes_served < served + BYTES + 1_000_000


@pytest.mark.parametrize("change", ["pause", "cancel"])
def test_one_that_is_interrupted_is_looked_at_again(desk: Desk, qtbot: QtBot, change: str) -> None:
    desk.hub.put(Repository.of("demo/a", {"model.bin": b"a" * BYTES, "config.json": b"{}"}))
    with qtbot.waitSignal(desk.checks.found, timeout=20_000):
        desk.checks.look()
    assert desk.board.row("a").verdict is Verdict.MISSING
    desk.hub.rate = SLOW // 4
    desk.downloads.preload(["a"])
    qtbot.waitUntil(lambda: any(desk.bench.cache.rglob("config.json")), timeout=20_000)
    getattr(desk.downloads, change)(["a"])
    qtbot.waitUntil(lambda: desk.board.row("a").verdict is Verdict.PARTIAL, timeout=20_000)


def test_a_cancelled_one_leaves_and_comes_back_when_asked(desk: Desk, qtbot: QtBot) -> None:
    desk.hub.rate = SLOW
    desk.downloads.preload(["a"])
    qtbot.waitUntil(lambda: desk.downloads.work("a").bytes_done > BYTES // 3, timeout=20_000)
    with qtbot.waitSignal(desk.downloads.working_changed, timeout=2_000):
        desk.downloads.cancel(["a"])
        assert activity(desk, "a") is Activity.IDLE
    qtbot.waitUntil(lambda: queued(desk) == [])
    desk.hub.rate = None
    with qtbot.waitSignal(desk.downloads.batch_finished, timeout=20_000) as ended:
        desk.downloads.preload(["a"])
    assert desk.board.row("a").ready
    assert ended.args is not None
    assert ended.args[0].bytes_fetched < BYTES  # what was fetched before is of what was cancelled


def test_the_order_can_be_changed(desk: Desk, qtbot: QtBot) -> None:
    order: list[str] = []
    desk.downloads.finished.connect(lambda result: order.append(result.key))
    desk.hub.rate = SLOW
    desk.downloads.preload(["a", "b", "c"])
    desk.downloads.move(["c"], "b")
    assert desk.downloads.order() == ("a", "c", "b")
    desk.hub.rate = None
    with qtbot.waitSignal(desk.downloads.batch_finished, timeout=20_000):
        pass
    assert order == ["a", "c", "b"]


@pytest.mark.parametrize("paused", [True, False])
def test_the_queue_outlives_the_process(desks: Callable[[], Desk], qtbot: QtBot, paused: bool) -> None:
    first = desks()
    first.hub.rate = SLOW
    first.downloads.preload(["b", "a"])
    qtbot.waitUntil(lambda: first.downloads.work("b").bytes_done > 200_000, timeout=20_000)
    if paused:
        first.downloads.pause(["a", "b"])
        qtbot.waitUntil(lambda: {state for _, state in queued(first)} == {"paused"})
    first.close()
    second = desks()
    second.hub.rate = None
    with qtbot.waitSignal(second.downloads.loaded) as loaded:
        second.downloads.load()
    assert loaded.args == [() if paused else ("b", "a")]
    assert second.downloads.order() == ("b", "a")
    assert [activity(second, key) for key in "ba"] == [Activity.PAUSED] * 2
    with qtbot.waitSignal(second.downloads.batch_finished, timeout=20_000) as ended:
        second.downloads.resume(second.downloads.order())
    assert ended.args is not None
    assert [one.key for one in ended.args[0].ready] == ["b", "a"]
    assert ended.args[0].bytes_fetched < 2 * BYTES  # the first process's bytes counted


def test_a_failure_is_told_and_can_be_tried_again(desk: Desk, qtbot: QtBot, expected_log: Callable[..., None]) -> None:
    expected_log("a: ")
    files = {"model.bin": b"a" * BYTES}
    desk.hub.put(Repository.of("demo/a", files, private=True))
    with qtbot.waitSignal(desk.downloads.batch_finished, timeout=20_000) as ended:
        desk.downloads.preload(["a", "b"])
    assert ended.args is not None
    assert [one.key for one in ended.args[0].failed] == ["a"]
    (failure,) = desk.downloads.work("a").failures
    assert failure.code == "repository-private"
    assert failure.message
    assert desk.board.summary().mood is Mood.ATTENTION
    desk.hub.put(Repository.of("demo/a", files))
    with qtbot.waitSignal(desk.downloads.batch_finished, timeout=20_000):
        desk.downloads.preload(["a"])
        assert desk.downloads.work("a").failures == ()
    assert desk.board.row("a").ready


def test_a_failure_is_told_in_the_language_in_use(desk: Desk, qtbot: QtBot, expected_log: Callable[..., None]) -> None:
    expected_log("a: ")
    desk.bench.settings = replace(desk.bench.settings, reserve=1 << 60)
    desk.downloads.renew()
    with qtbot.waitSignal(desk.downloads.batch_finished, timeout=20_000):
        desk.downloads.preload(["a"])
    (failure,) = desk.downloads.work("a").failures
    assert failure.message.startswith("Nothing was begun")
    texts.use("zh")
    assert "Nothing" not in failure.message
    assert "in reserve" not in failure.message


def test_why_one_failed_is_known_after_a_restart(
    desks: Callable[[], Desk], qtbot: QtBot, expected_log: Callable[..., None]
) -> None:
    expected_log("a: ")
    first = desks()
    first.hub.put(Repository.of("demo/a", {"model.bin": b"a" * BYTES}, private=True))
    with qtbot.waitSignal(first.downloads.batch_finished, timeout=20_000):
        first.downloads.preload(["a", "b"])
    told = first.downloads.work("a").failures
    with qtbot.waitSignal(first.downloads.batch_finished, timeout=20_000):
        first.downloads.preload(["c"])
    first.close()
    second = desks()
    with qtbot.waitSignal(second.downloads.loaded):
        second.downloads.load()
    assert activity(second, "a") is Activity.FAILED
    assert second.downloads.work("a").failures == told
    assert told


def test_new_settings_count_from_the_next_byte_on(desk: Desk, qtbot: QtBot) -> None:
    desk.hub.rate = SLOW
    desk.downloads.preload(["a"])
    qtbot.waitUntil(lambda: activity(desk, "a") is Activity.FETCHING)
    with desk.core.lease() as before:
        desk.downloads.renew()
        with desk.core.lease() as after:
            assert after.services is not before.services
        desk.hub.rate = None
        with qtbot.waitSignal(desk.downloads.batch_finished, timeout=20_000):
            pass
    assert desk.board.row("a").ready


@pytest.mark.parametrize("is_paused", [True, False])
def test_a_batch_counts_interrupted_turns(desk: Desk, qtbot: QtBot, is_paused: bool) -> None:
    desk.hub.rate = SLOW
    desk.downloads.preload(["a"])
    qtbot.waitUntil(lambda: desk.downloads.work("a").bytes_done > BYTES // 3, timeout=20_000)
    with qtbot.waitSignal(desk.downloads.batch_finished, timeout=20_000) as ended:
        if is_paused:
            desk.downloads.pause(["a"])
            desk.downloads.resume(["a"])
        else:
            desk.downloads.renew()
        desk.hub.rate = None
    assert ended.args is not None
    (result,) = ended.args[0].ready
    assert result.bytes_fetched >= BYTES
    assert result.seconds > 0.5


def test_a_repair_fetches_what_is_damaged(desk: Desk, qtbot: QtBot, expected_log: Callable[..., None]) -> None:
    expected_log("damaged")
    with qtbot.waitSignal(desk.downloads.batch_finished, timeout=20_000):
        desk.downloads.preload(["a"])
    with desk.core.lease() as opened:
        location = desk.board.statuses["a"].location
        assert location is not None
        assert opened.services is not None
    (blob,) = [path for path in location.rglob("*") if path.is_file() and path.stat().st_size == BYTES][:1]
    content = bytearray(blob.read_bytes())
    content[5] ^= 1
    blob.write_bytes(content)
    with qtbot.waitSignal(desk.checks.found, timeout=20_000):
        desk.checks.look_deep(["a"])
    assert desk.board.row("a").verdict is Verdict.DAMAGED
    assert desk.board.summary().mood is Mood.ATTENTION
    with qtbot.waitSignal(desk.downloads.batch_finished, timeout=20_000):
        desk.downloads.preload(["a"], Mode.REPAIR)
    assert desk.board.row("a").ready


def test_the_whole_is_told_in_numbers(desk: Desk, qtbot: QtBot) -> None:
    with qtbot.waitSignal(desk.checks.found):
        desk.checks.look()
    assert desk.board.summary().mood is Mood.IDLE
    desk.hub.rate = SLOW
    desk.downloads.preload(["a", "b", "c"])
    assert (desk.board.summary().asked, desk.board.summary().brought) == (3, 0)
    qtbot.waitUntil(lambda: desk.board.summary().permille is not None, timeout=20_000)
    seen: list[int] = []
    desk.board.changed.connect(lambda _keys: seen.append(desk.board.summary().permille or 0))
    desk.hub.rate = None
    with qtbot.waitSignal(desk.downloads.batch_finished, timeout=20_000):
        pass
    assert max(seen) > 0
    assert (desk.board.summary().asked, desk.board.summary().ready) == (0, 3)


def percents(desk: Desk, key: str) -> tuple[int | None, int | None]:
    """Of the row and of the whole."""
    work = desk.board.row(key).work
    return permille_of(work.bytes_done, work.bytes_total), desk.board.summary().permille


def test_no_percent_goes_back_by_a_restart(desks: Callable[[], Desk], qtbot: QtBot) -> None:
    first = desks()
    first.hub.put(Repository.of("demo/a", {"big.bin": b"a" * BYTES, "small.bin": b"b" * (BYTES // 2)}))
    first.hub.rate = SLOW // 2
    first.downloads.preload(["a"])
    qtbot.waitUntil(lambda: any(first.bench.cache.rglob("small.bin")), timeout=20_000)
    qtbot.waitUntil(lambda: (percents(first, "a")[0] or 0) > 500, timeout=20_000)
    before, whole = percents(first, "a")
    assert before == whole is not None
    first.close()
    second = desks()
    with qtbot.waitSignal(second.downloads.loaded):
        second.downloads.load()
    seen: list[tuple[int | None, int | None]] = []
    second.board.changed.connect(lambda _keys: seen.append(percents(second, "a")))
    second.board.summary_changed.connect(lambda: seen.append(percents(second, "a")))
    with qtbot.waitSignal(second.downloads.batch_finished, timeout=20_000):
        second.downloads.resume(["a"])
    rows, wholes = ([one for one in side if one is not None] for side in zip(*seen, strict=True))
    assert len(rows) > 1
    assert min(rows) >= before
    assert min(wholes) >= before
    assert all(row == all_ for row, all_ in seen if row is not None and all_ is not None)


def test_a_row_counts_the_parts_from_the_start(desk: Desk, qtbot: QtBot) -> None:
    parts = [model("a", repository("demo/a")), model("b", repository("demo/b"), more='needs = ["a"]')]
    desk.bench.catalog = "\n".join(parts)
    desk.downloads.renew()
    with desk.core.lease() as opened:
        desk.use(opened.services.catalog)
    desk.hub.rate = SLOW // 5
    desk.downloads.preload(["b"])
    qtbot.waitUntil(lambda: desk.board.row("b").work.bytes_done > 0, timeout=20_000)
    work = desk.board.row("b").work
    assert work.bytes_total == 2 * BYTES
    assert 0 < work.bytes_done < BYTES
    desk.hub.rate = None
    with qtbot.waitSignal(desk.downloads.batch_finished, timeout=20_000):
        pass


def test_what_comes_in_one_moment_is_summed_up_once(desk: Desk, qtbot: QtBot) -> None:
    told: list[int] = []
    desk.board.summary_changed.connect(lambda: told.append(desk.board.summary().models))
    for _ in range(3):
        desk.board.use(desk.board.catalog)
    with qtbot.waitSignal(desk.board.summary_changed):
        pass
    assert told == [3]
