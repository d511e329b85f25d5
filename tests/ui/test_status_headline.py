"""From how things stand to one sentence and one step."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from model_preload.core import errors
from model_preload.core.catalog import Model
from model_preload.core.catalog.model import Place, Wording
from model_preload.core.tasks.status import ModelStatus
from model_preload.core.values import Verdict
from model_preload.downloads.board import Row
from model_preload.downloads.summary import Mood, Summary
from model_preload.downloads.values import Activity, Failure, Work
from model_preload.ui.status.headline import Headline, Sign, Step, headline

READY, MISSING, UNVERIFIED = Verdict.READY, Verdict.MISSING, Verdict.UNVERIFIED
NOW = datetime.now(UTC)


def row(
    key: str,
    verdict: Verdict | None = READY,
    activity: Activity = Activity.IDLE,
    *,
    required: bool = True,
    message: str = "",
    files: int = 1,
) -> Row:
    name = Wording(key.upper(), f"模型{key}")
    model = Model(key, name, name, required, False, "", Place("cache", "huggingface"), ())
    status = None
    if verdict is not None:
        status = ModelStatus(model, verdict.ready, verdict, (), files, 0, 1, Path("/models"), NOW)
    failures = (Failure("offline", key, "", message),) if message else ()
    return Row(model, status, Work(activity, failures=failures))


def told(mood: Mood, *rows: Row, language: str = "en", **facts: object) -> Headline:
    needed = [one for one in rows if one.model.required]
    ready = [one for one in rows if one.ready]
    summary = Summary(mood, len(rows), len(ready), len(needed), len([one for one in needed if one.ready]))
    return headline(summary, rows, language=language, **facts)  # type: ignore[arg-type]


A, B, C = row("a"), row("b"), row("c")
PROBLEM = errors.JournalTooNew(Path("/state/journal.sqlite3"), 9, 3)
FAILED = row("a", MISSING, Activity.FAILED, message="The network is gone. Try again.")

CASES: dict[str, tuple[Headline, Sign, str, str, Step, str]] = {
    "loading": (told(Mood.UNKNOWN, looking=True), Sign.LOOKING, "Looking at the models…", "", Step.NONE, ""),
    "looking for the first time": (
        told(Mood.UNKNOWN, row("a", None), looking=True),
        *(Sign.LOOKING, "Looking at the models…", "", Step.NONE, ""),
    ),
    "unknown": (
        told(Mood.UNKNOWN, row("a", None), B),
        *(Sign.LOOKING, "The models were not looked at yet", "", Step.CHECK, ""),
    ),
    "empty catalog": (
        told(Mood.UNKNOWN),
        *(Sign.MISSING, "There are no models in the catalog", "Add models of your own in the catalog window."),
        *(Step.NONE, ""),
    ),
    "all ready": (told(Mood.DONE, A, B, C), Sign.READY, "Ready: 3 of 3 models", "", Step.NONE, ""),
    "one and ready": (told(Mood.DONE, A), Sign.READY, "Ready: 1 of 1 model", "", Step.NONE, ""),
    "outdated is ready": (
        told(Mood.DONE, row("a", Verdict.OUTDATED)),
        *(Sign.READY, "Ready: 1 of 1 model", "", Step.NONE, ""),
    ),
    "some missing": (
        told(Mood.DONE, A, B, row("c", MISSING, required=False)),
        *(Sign.READY, "Ready: all 2 models that the platform requires", "1 more is not ready: C", Step.PRELOAD, "c"),
    ),
    "required missing": (
        told(Mood.IDLE, A, row("b", MISSING), row("c", MISSING, required=False)),
        *(Sign.MISSING, "2 of 3 models are not ready yet", "The platform requires 1 of them: B", Step.PRELOAD, "b c"),
    ),
    "missing where none is required": (
        told(Mood.IDLE, row("a", MISSING, required=False), row("b", required=False)),
        *(Sign.MISSING, "1 of 2 models is not ready yet", "", Step.PRELOAD, "a"),
    ),
    "many missing": (
        told(Mood.IDLE, *(row(key, MISSING) for key in "abcd")),
        *(Sign.MISSING, "None of the 4 models is ready yet", "The platform requires all of them: A, B, C, …"),
        *(Step.PRELOAD, "a b c d"),
    ),
    "not checked": (
        told(Mood.IDLE, A, row("b", UNVERIFIED)),
        *(Sign.UNVERIFIED, "1 model is here, but not checked: B", "A deep check reads every byte."),
        *(Step.CHECK_DEEP, "b"),
    ),
    "there without a listing": (
        told(Mood.IDLE, row("a", UNVERIFIED, files=0)),
        *(Sign.MISSING, "The model is not ready yet", "The platform requires it: A", Step.PRELOAD, "a"),
    ),
    "paused": (
        told(Mood.PAUSED, A, row("b", MISSING, Activity.PAUSED)),
        *(Sign.PAUSED, "Paused: 1 model waits: B", "What was fetched of it is kept.", Step.RESUME, "b"),
    ),
    "failed": (
        told(Mood.ATTENTION, FAILED, row("b", Verdict.DAMAGED), damaged=("b",)),
        *(Sign.PROBLEM, "1 model could not be preloaded: A", "The network is gone. Try again.", Step.RETRY, "a"),
    ),
    "damaged": (
        told(Mood.ATTENTION, A, row("b", Verdict.DAMAGED), damaged=("b",)),
        *(Sign.PROBLEM, "1 model is damaged: B"),
        *("Repairing fetches again only the parts of files that are damaged.", Step.REPAIR, "b"),
    ),
    "journal problem": (
        told(Mood.ATTENTION, row("a", None), problem=PROBLEM),
        *(Sign.PROBLEM, str(PROBLEM.title), str(PROBLEM.next_step), Step.CHECK, ""),
    ),
    "Chinese names": (
        told(Mood.PAUSED, row("b", MISSING, Activity.PAUSED), language="zh_CN"),
        *(Sign.PAUSED, "Paused: 1 model waits: 模型b", "What was fetched of it is kept.", Step.RESUME, "b"),
    ),
}


@pytest.mark.parametrize(("found", "sign", "words", "more", "step", "keys"), CASES.values(), ids=CASES)
def test_sentence_and_step(found: Headline, sign: Sign, words: str, more: str, step: Step, keys: str) -> None:
    said = "" if found.more is None else str(found.more)
    assert (str(found.told), said) == (words, more)
    assert (found.sign, found.step, found.keys) == (sign, step, tuple(keys.split()))


@pytest.mark.parametrize(
    ("permille", "speed", "left", "more"),
    [
        (None, 0.0, None, None),
        (415, 12e6, None, "41 % fetched, 12.0 MB/s"),
        (415, 12e6, 240.0, "41 % fetched, 12.0 MB/s, 4 min left"),
    ],
)
def test_work_goes_before_everything_else(
    permille: int | None, speed: float, left: float | None, more: str | None
) -> None:
    summary = Summary(Mood.WORKING, models=2, asked=3, brought=1, permille=permille, speed=speed, seconds_left=left)
    found = headline(summary, (FAILED, row("b", Verdict.DAMAGED)), damaged=("b",), problem=PROBLEM)
    assert (found.sign, found.step) == (Sign.WORKING, Step.NONE)
    assert str(found.told) == "Preloading: 1 of 3 models are done"
    assert (None if found.more is None else str(found.more)) == more
