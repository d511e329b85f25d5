"""What the catalog window says: states -> cells, facts, sentences, pages."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from helpers.rows import model, row
from model_preload.core import errors, texts
from model_preload.core.catalog import HuggingFaceSource, ModelScopeSource, Place, Source, UrlSource
from model_preload.core.journal import Proof
from model_preload.core.settings import Settings
from model_preload.core.tasks.files import ModelFiles
from model_preload.core.texts import text
from model_preload.core.values import Verdict
from model_preload.downloads.board import Row
from model_preload.downloads.summary import Mood, Summary
from model_preload.downloads.values import Activity, Failure, Work
from model_preload.ui.catalog.actions import bare
from model_preload.ui.catalog.facts import Kind, facts, page_of
from model_preload.ui.catalog.sentences import trouble, whole_text
from model_preload.ui.catalog.window import Page, page_for
from model_preload.ui.formats import time_text
from model_preload.ui.models.catalog_filter import Show
from model_preload.ui.models.cells import Column, cells, progress_cell, reasons_text
from model_preload.ui.plain import plain_tip

OFFLINE = Failure("offline", "a", "", "The hub is away. Check the network.")
GATED = Failure("repository-gated", "b", "", "Accept the licence.")


@pytest.mark.parametrize(
    ("work", "shown", "permille"),
    [
        (Work(), "", None),
        (Work(Activity.WAITING), "Waiting: 7", None),
        (Work(Activity.PREPARING), "Preparing", None),
        (Work(Activity.CHECKING, 1, 4), "Checking 25 %", 250),
        (Work(Activity.FETCHING, 9_999_999_999, 10_000_000_000), "Fetching 99 %", 999),
        (Work(Activity.FETCHING), "Fetching", None),
        (Work(Activity.FETCHING, 7, 5), "Fetching 100 %", 1000),
        (Work(Activity.PAUSED, 1, 4), "Paused", None),
        (Work(Activity.FAILED), "Failed", None),
    ],
)
def test_progress(work: Work, shown: str, permille: int | None) -> None:
    cell = progress_cell(work, 7)
    assert (cell.shown, cell.permille) == (shown, permille)


def test_what_needs_a_person_is_sorted_before_what_works_waits_and_rests() -> None:
    kinds = (Activity.IDLE, Activity.PAUSED, Activity.WAITING, Activity.PREPARING, Activity.FETCHING, Activity.FAILED)
    orders = [float(progress_cell(Work(kind, 1, 2), 1).order) for kind in kinds]
    assert orders == sorted(orders)
    first, second = (float(progress_cell(Work(Activity.WAITING), number).order) for number in (1, 2))
    assert first > second


@pytest.mark.parametrize(
    ("which", "column", "shown"),
    [
        (row("a"), Column.NAME, "A"),
        (row("a"), Column.VERDICT, "Not looked at yet"),
        (row("a", Verdict.READY), Column.VERDICT, "Ready"),
        (row("a", Verdict.READY, ready=False), Column.VERDICT, "Partial"),
        (row("a", Verdict.PARTIAL), Column.VERDICT, "Partial (1 of 3)"),
        (row("a", Verdict.READY), Column.SIZE, "3.0 kB"),
        (row("a", Verdict.MISSING, files=0), Column.SIZE, "–"),
        (row("a", required=True), Column.REQUIRED, "Required"),
        (row("a"), Column.REQUIRED, "Optional"),
        (row("a"), Column.SOURCE, "Hugging Face: demo/a"),
        (row("a", of=model("a", ModelScopeSource("x/y", "master"))), Column.SOURCE, "ModelScope: x/y"),
        (row("a", of=model("a", UrlSource("https://h.org/x/f.pt", "f.pt"))), Column.SOURCE, "h.org: f.pt"),
        (row("a"), Column.LICENCE, "–"),
        (row("a", of=model("a", licence="MIT")), Column.LICENCE, "MIT"),
        (row("a"), Column.PLACE, "Hugging Face cache"),
        (row("a", of=replace(model("a"), place=Place("folder", "{home}/x"))), Column.PLACE, "{home}/x"),
        (row("a", of=replace(model("a"), place=Place("engine", "paddlex"))), Column.PLACE, "PaddleX"),
        (row("a", activity=Activity.FETCHING), Column.SPEED, ""),
    ],
)
def test_a_cell(which: Row, column: Column, shown: str) -> None:
    assert cells(which, (), "en")[column].shown == shown


def test_speed_and_time_left_are_those_of_what_works() -> None:
    fetching = replace(row("a"), work=Work(Activity.FETCHING, speed=12_000_000.0, seconds_left=61.0))
    assert [cells(fetching, (), "en")[c].shown for c in (Column.SPEED, Column.LEFT)] == ["12.0 MB/s", "2 min"]


def test_names_follow_the_language_and_sizes_count_the_parts() -> None:
    part = row("b", Verdict.READY, files=5)
    found = cells(row("a", Verdict.READY), [part], "zh_CN")
    assert (found[Column.NAME].shown, found[Column.SIZE].shown) == ("模型a", "8.0 kB")
    assert cells(row("a", Verdict.READY), [row("b")], "en")[Column.SIZE].shown == "–"


def test_what_is_waited_for_is_told() -> None:
    work = Work(Activity.PREPARING, notice="Waiting for another run to end: a command.", failures=(GATED,))
    told = "Waiting for another run to end: a command.\n"
    assert progress_cell(work).tip.startswith(told)
    assert reasons_text(replace(row("a"), work=work)).startswith(told)


def test_what_is_waited_for_and_what_failed_is_told_in_the_language_in_use() -> None:
    failure = Failure("offline", "a", "", text("{title} {step}", title=text("Ready"), step="!"))
    work = Work(Activity.FAILED, notice=text("Waiting for another run to end: {holder}.", holder="hf"))
    told = replace(row("a"), work=replace(work, failures=(failure,)))
    assert reasons_text(told) == "Waiting for another run to end: hf.\nReady !"
    texts.use("zh")
    assert reasons_text(told) == progress_cell(told.work).tip == "正在等待另一次运行结束：hf。\n就绪!"


def test_the_verdict_gives_its_reasons() -> None:
    which = row("a", Verdict.MISSING, Activity.FAILED, reasons=(text("not here"),), failures=(OFFLINE,))
    assert cells(which, (), "en")[Column.VERDICT].tip == f"not here\n{OFFLINE.message}"


@pytest.mark.parametrize("label", ["&Preload all", "Preload all", "Preload all(&P)"])
def test_buttons_of_a_toolbar_have_no_mnemonics(label: str) -> None:
    assert bare(label) == "Preload all"


def test_a_tip_shows_markup_as_it_is() -> None:
    assert plain_tip("<b>a & b</b>\nc") == "<qt>&lt;b&gt;a &amp; b&lt;/b&gt;<br>c</qt>"
    assert plain_tip("") == ""


@pytest.mark.parametrize(
    ("show", "names"),
    [
        (Show.ALL, "ready missing damaged fetching paused failed unseen"),
        (Show.NOT_READY, "missing damaged fetching paused failed unseen"),
        (Show.WORKING, "fetching paused"),
        (Show.FAILED, "failed"),
        (Show.READY, "ready"),
        (Show.MISSING, "missing fetching paused failed"),
        (Show.DAMAGED, "damaged"),
        (Show.OUTDATED, ""),
    ],
)
def test_filters(show: Show, names: str) -> None:
    rows = [
        row("ready", Verdict.READY),
        row("missing", Verdict.MISSING),
        row("damaged", Verdict.DAMAGED),
        row("fetching", Verdict.MISSING, Activity.FETCHING),
        row("paused", Verdict.MISSING, Activity.PAUSED),
        row("failed", Verdict.MISSING, Activity.FAILED),
        row("unseen"),
    ]
    assert " ".join(one.model.key for one in rows if show.lets(one)) == names


@pytest.mark.parametrize(
    ("loaded", "problem", "models", "shown", "page"),
    [
        (False, False, 0, 0, Page.LOADING),
        (True, False, 0, 0, Page.EMPTY),
        (False, True, 0, 0, Page.ERROR),
        (True, True, 3, 3, Page.MODELS),
        (True, False, 3, 1, Page.MODELS),
        (True, False, 3, 0, Page.NO_MATCH),
    ],
)
def test_pages(loaded: bool, problem: bool, models: int, shown: int, page: Page) -> None:
    assert page_for(loaded=loaded, problem=problem, models=models, shown=shown) is page


@pytest.mark.parametrize(
    ("summary", "sentence"),
    [
        (Summary(Mood.UNKNOWN, 3), "Looking at the models…"),
        (Summary(Mood.IDLE), "There are no models in the catalog"),
        (Summary(Mood.DONE, 6, 2, 2, 2), "All required models are here; 2 of 6 models are ready"),
        (Summary(Mood.DONE, 6, 6), "Ready: 6 of 6 models are ready"),
        (Summary(Mood.IDLE, 6, 2, 4, 1), "3 required models are missing; 2 of 6 models are ready"),
        (Summary(Mood.IDLE, 1, 0), "Not everything is here; 0 of 1 model is ready"),
        (Summary(Mood.PAUSED, 6, 2), "Paused: 2 of 6 models are ready"),
        (Summary(Mood.ATTENTION, 6, 2, failed=("a",)), "1 model could not be preloaded; 2 of 6 models are ready"),
        (Summary(Mood.ATTENTION, 6, 2), "Something is not in order; 2 of 6 models are ready"),
        (Summary(Mood.WORKING, 6, 2, asked=4, brought=1), "Preloading: 1 of 4 models are done"),
        (
            Summary(Mood.WORKING, 6, 2, asked=4, brought=1, permille=415, speed=12e6, seconds_left=200),
            "Preloading: 1 of 4 models are done, 41 %, 12.0 MB/s, 4 min left",
        ),
        (
            Summary(Mood.WORKING, 6, 2, asked=4, brought=1, permille=415, speed=12e6),
            "Preloading: 1 of 4 models are done, 41 %, 12.0 MB/s",
        ),
    ],
)
def test_the_whole_in_one_sentence(summary: Summary, sentence: str) -> None:
    assert whole_text(summary, None, loaded=True) == sentence


def test_a_problem_is_the_whole_unless_work_goes_on() -> None:
    problem = errors.HubUnreachable("hub", "no route")
    assert whole_text(Summary(Mood.ATTENTION, 3), problem, loaded=True) == "hub can't be reached: no route."
    assert whole_text(Summary(Mood.WORKING, 3, asked=1), problem, loaded=True) == "Preloading: 0 of 1 model is done"


@pytest.mark.parametrize(
    ("failures", "title", "page"),
    [
        ([], None, None),
        ([OFFLINE], "The hub can't be reached at the moment", "network"),
        ([GATED, OFFLINE], "The hub can't be reached at the moment", "network"),
        ([GATED], "A could not be preloaded", "hubs"),
        ([replace(GATED, code="disk-full")] * 2, "2 models could not be preloaded", ""),
    ],
)
def test_what_is_in_the_way(failures: list[Failure], title: str | None, page: str | None) -> None:
    rows = [row(key, None, Activity.FAILED, failures=(one,)) for key, one in zip("ab", failures, strict=False)]
    found = trouble([row("c"), *rows], None, "en")
    assert (found and found.title, found and found.page) == (title, page)
    assert found is None or found.retry == tuple("ab"[: len(failures)])


def test_a_problem_of_all_comes_first() -> None:
    found = trouble([row("a", None, Activity.FAILED, failures=(GATED,))], errors.HubUnreachable("hub", "x"), "en")
    assert found is not None
    assert (found.title, found.retry) == ("hub can't be reached: x.", ())


@pytest.mark.parametrize(
    ("source", "page"),
    [
        (HuggingFaceSource("o/n", "refs/pr/1"), "https://mirror.org/o/n/tree/refs%2Fpr%2F1"),
        (ModelScopeSource("o/n", "master"), "https://modelscope.cn/models/o/n"),
        (UrlSource("https://h.org/f", "f"), "https://h.org/f"),
    ],
)
def test_where_a_source_can_be_looked_at(source: Source, page: str) -> None:
    assert page_of(source, Settings(endpoint="https://mirror.org/")) == page


def test_facts() -> None:
    now = datetime.now(UTC)
    which = row(
        "a",
        Verdict.READY,
        required=True,
        location=Path("/place"),
        checked_at=now,
        proof=Proof("mineru", "2.6", "c0ffee", Path("/place"), False, now),
    )
    found = ModelFiles(Path("/place"), text("the catalog says so"), "huggingface:demo/a@main", "c0ffee", now, ())
    told = facts(which, [row("b", Verdict.DAMAGED)], found, "en", Settings())
    assert [(str(fact.label), fact.value) for fact in told] == [
        ("Verdict", "Ready"),
        ("Part", "B: Damaged"),
        ("Place", str(Path("/place"))),
        ("Why there", "the catalog says so"),
        ("Checked", f"{time_text(now)}, by the digests of 3 files"),
        ("Proof", f"Proven by mineru 2.6 at {time_text(now)}"),
        ("Required", "Required"),
        ("Size", "6.0 kB in 6 files"),
        ("Source", "Hugging Face: demo/a"),
        ("Version", f"c0ffee, listed {time_text(now)}"),
        ("Key", "a"),
    ]
    assert [fact.kind for fact in told if fact.kind is not Kind.WORDS] == [Kind.PATH, Kind.LINK]
    assert told[1].verdict is Verdict.DAMAGED


def test_facts_of_one_that_failed_and_was_never_listed() -> None:
    failure = Failure("digest-mismatch", "a", "model.bin", "It differs. Try again.")
    told = facts(
        row(
            "a",
            Verdict.MISSING,
            Activity.FAILED,
            reasons=(text("it was not preloaded yet"),),
            failures=(failure, replace(failure, model="part")),
            files=0,
        ),
        (),
        None,
        "en",
        Settings(),
    )
    found = {str(fact.label): fact.value for fact in told}
    assert found["Reasons"] == "it was not preloaded yet"
    assert found["Failed"] == "model.bin: It differs. Try again."
    assert not found.keys() & {"Place", "Why there", "Checked", "Proof", "Size", "Version"}
