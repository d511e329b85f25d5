"""Which message comes of which batch, and when none is told."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from helpers.desk import Desk, desks
from helpers.rows import row
from model_preload.core.events import Notice
from model_preload.core.texts import text
from model_preload.core.values import Verdict
from model_preload.downloads.board import Row
from model_preload.downloads.values import Activity, Batch, Failure, TurnResult
from model_preload.ui.notifications import Message, Notifications, Target, of_batch

pytestmark = pytest.mark.windows


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    with desks(tmp_path) as make:
        yield make()


def result(key: str, *codes: str, model: str = "") -> TurnResult:
    failures = tuple(Failure(code, model or key, "", f"{code} happened.") for code in codes)
    return TurnResult(key, "failed" if codes else "done", None, 0, 60.0, failures)


@pytest.mark.parametrize(
    ("results", "title", "message"),
    [
        ([result("a"), result("b", "busy")], "1 model could not be preloaded", "b. Ready: 0 of 3."),
        (
            [result(key, "busy") for key in "abcxy"],
            "5 models could not be preloaded",
            "a, b, c and 2 more. Ready: 0 of 3.",
        ),
    ],
)
def test_a_batch_with_failures_in_words(desk: Desk, results: list[TurnResult], title: str, message: str) -> None:
    told = of_batch(Batch(tuple(results)), desk.board.rows(), "en")
    assert (told.title, told.message) == (title, message)
    assert told.warning


NO_DIGEST = text("1 file has no digest to check it by: x")


@pytest.mark.parametrize(
    ("fetched", "rows", "title", "message"),
    [
        (
            0,
            [row("a", Verdict.READY), row("b", Verdict.OUTDATED)],
            "All 2 models are ready",
            "Everything was here already, and every file is checked.",
        ),
        (
            2_000_000,
            [row("a", Verdict.READY), row("not asked for", Verdict.MISSING)],
            "Ready: 1 of 2 models",
            "2.0 MB fetched in 1 min, and every file is checked.",
        ),
        (
            2_000_000,
            [row("a", Verdict.UNVERIFIED, reasons=(NO_DIGEST,)), row("b", Verdict.READY)],
            "Ready: 1 of 2 models",
            f"2.0 MB fetched in 1 min. A: Unverified ({NO_DIGEST}).",
        ),
        (
            0,
            [row("a", Verdict.UNVERIFIED), row("b", Verdict.READY, ready=False), row("c", Verdict.UNVERIFIED)],
            "Ready: 0 of 3 models",
            "A, C: Unverified. B: Partial.",
        ),
        (0, [row("a")], "Ready: 0 of 1 models", "A: Not looked at yet."),
        (
            0,
            [row("a", Verdict.READY), row("not asked for", Verdict.PARTIAL, Activity.PAUSED)],
            "Ready: 1 of 2 models",
            "1 model is paused.",
        ),
        (
            2_000_000,
            [row("a", Verdict.READY), row("not asked for", Verdict.PARTIAL, Activity.PAUSED)],
            "Ready: 1 of 2 models",
            "2.0 MB fetched in 1 min. 1 model is paused.",
        ),
    ],
)
def test_a_batch_says_no_more_than_what_is_so(fetched: int, rows: list[Row], title: str, message: str) -> None:
    results = [result(row.model.key) for row in rows if row.model.key != "not asked for"]
    results[0] = replace(results[0], bytes_fetched=fetched)
    told = of_batch(Batch(tuple(replace(one, seconds=60 / len(results)) for one in results)), rows, "en")
    assert (told.title, told.message, told.warning) == (title, message, False)


Change = Callable[[Desk], object]


def finished(one: TurnResult) -> Change:
    return lambda desk: desk.downloads.finished.emit(one)


def batch(*results: TurnResult) -> Change:
    return lambda desk: desk.downloads.batch_finished.emit(Batch(results))


def noticed(model: str, code: str) -> Change:
    return lambda desk: desk.downloads.noticed.emit(Notice(model, text("…"), code))


GATED, BUSY, FULL = result("a", "repository-gated"), result("b", "busy"), result("a", "disk-full", model="b")


@pytest.mark.parametrize(
    ("changes", "titles"),
    [
        ([finished(GATED), batch(GATED)], ["a needs you"]),
        ([finished(GATED), finished(GATED)], ["a needs you"]),
        ([finished(BUSY)], []),
        ([finished(BUSY), batch(BUSY)], ["1 model could not be preloaded"]),
        ([finished(GATED), finished(BUSY), batch(GATED, BUSY)], ["a needs you", "2 models could not be preloaded"]),
        ([finished(GATED), batch(GATED), finished(GATED)], ["a needs you", "a needs you"]),
        ([noticed("", "disk-full")], ["Model Preload needs you"]),
        ([noticed("a", "room-again"), noticed("a", "")], []),
        ([noticed("b", "disk-full"), finished(FULL), batch(FULL)], ["b needs you"]),
    ],
)
@pytest.mark.parametrize(("wanted", "seen"), [(True, False), (False, False), (True, True)])
def test_who_is_told_what(desk: Desk, changes: list[Change], titles: list[str], wanted: bool, seen: bool) -> None:
    shown: list[Message] = []
    told = Notifications(
        desk.board,
        desk.downloads,
        language=lambda: "en",
        show=shown.append,
        is_seen=lambda _target: seen,
        wanted=lambda: wanted,
    )
    for change in changes:
        change(desk)
    assert [message.title for message in shown] == (titles if wanted and not seen else [])
    opened: list[Target] = []
    told.opened.connect(opened.append)
    told.clicked()
    assert opened == [shown[-1].target if shown else Target.STATUS]
