"""The one sentence on top of the status window, and the one step that fits it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from model_preload.core import errors
from model_preload.core.texts import Text, plural, text
from model_preload.core.values import Verdict
from model_preload.downloads.board import Row
from model_preload.downloads.summary import Mood, Summary
from model_preload.downloads.values import Activity
from model_preload.ui.formats import duration_text, list_text, percent_text, rate_text

_NAMED = 3


class Sign(Enum):
    """What the icon beside the sentence says."""

    LOOKING = "looking"
    READY = "ready"
    WORKING = "working"
    PAUSED = "paused"
    MISSING = "missing"
    UNVERIFIED = "unverified"
    PROBLEM = "problem"


class Step(Enum):
    """What the one button does; with NONE there is no button."""

    NONE = "none"
    PRELOAD = "preload"
    REPAIR = "repair"
    RESUME = "resume"
    RETRY = "retry"
    CHECK = "check"
    CHECK_DEEP = "check-deep"


@dataclass(frozen=True, slots=True)
class Headline:
    """The whole in words.

    Attributes:
        told: the sentence.
        more: a second one below it; None if there is nothing to add. A `str` comes from a failure as it is.
        keys: the models that the step is about.
    """

    sign: Sign
    told: Text
    more: Text | str | None = None
    step: Step = Step.NONE
    keys: tuple[str, ...] = ()


def headline(
    summary: Summary,
    rows: Sequence[Row],
    *,
    damaged: Sequence[str] = (),
    problem: errors.Circumstance | None = None,
    looking: bool = False,
    language: str = "en",
) -> Headline:
    """How things stand, and what to do next.

    Args:
        damaged: keys of rows that are damaged, or need a part that is.
        problem: why verdicts can't be had.
        looking: whether a check is under way.
        language: of the models' names, by its gettext name.
    """
    if summary.mood is Mood.WORKING:
        return _working(summary)
    if problem is not None:
        return Headline(Sign.PROBLEM, problem.title, problem.next_step, Step.CHECK)
    if not rows or any(row.status is None for row in rows):
        return _unknown(rows, looking=looking)
    failed = [row for row in rows if row.work.activity is Activity.FAILED]
    if failed:
        return _failed(failed, language)
    if damaged:
        broken = [row for row in rows if row.model.key in damaged]
        told = plural(
            "{n} model is damaged: {names}",
            "{n} models are damaged: {names}",
            len(broken),
            names=_names(broken, language),
        )
        more = text("Repairing fetches again only the parts of files that are damaged.")
        return Headline(Sign.PROBLEM, told, more, Step.REPAIR, _keys(broken))
    paused = [row for row in rows if row.work.activity is Activity.PAUSED]
    if paused:
        names = _names(paused, language)
        told = plural("Paused: {n} model waits: {names}", "Paused: {n} models wait: {names}", len(paused), names=names)
        more = text("What was fetched of it is kept.")
        return Headline(Sign.PAUSED, told, more, Step.RESUME, _keys(paused))
    return _at_rest(summary, rows, language)


def _working(summary: Summary) -> Headline:
    told = plural(
        "Preloading: {brought} of {n} model is done",
        "Preloading: {brought} of {n} models are done",
        summary.asked,
        brought=summary.brought,
    )
    if summary.permille is None:
        return Headline(Sign.WORKING, told)
    percent, rate = percent_text(summary.permille), rate_text(summary.speed)
    more = text("{percent} fetched, {rate}", percent=percent, rate=rate)
    if summary.seconds_left is not None:
        left = duration_text(summary.seconds_left)
        more = text("{percent} fetched, {rate}, {time} left", percent=percent, rate=rate, time=left)
    return Headline(Sign.WORKING, told, more)


def _unknown(rows: Sequence[Row], *, looking: bool) -> Headline:
    if looking:
        return Headline(Sign.LOOKING, text("Looking at the models…"))
    if rows:
        return Headline(Sign.LOOKING, text("The models were not looked at yet"), step=Step.CHECK)
    told = text("There are no models in the catalog")
    return Headline(Sign.MISSING, told, text("Add models of your own in the catalog window."))


def _failed(failed: Sequence[Row], language: str) -> Headline:
    told = plural(
        "{n} model could not be preloaded: {names}",
        "{n} models could not be preloaded: {names}",
        len(failed),
        names=_names(failed, language),
    )
    messages = [failure.message for row in failed for failure in row.work.failures]
    return Headline(Sign.PROBLEM, told, messages[0] if messages else None, Step.RETRY, _keys(failed))


def _at_rest(summary: Summary, rows: Sequence[Row], language: str) -> Headline:
    left = [row for row in rows if not row.ready]
    if not left:
        return Headline(Sign.READY, plural("Ready: {n} of {n} model", "Ready: {n} of {n} models", summary.ready))
    if all(row.verdict is Verdict.UNVERIFIED and row.status is not None and row.status.files for row in left):
        told = plural(
            "{n} model is here, but not checked: {names}",
            "{n} models are here, but not checked: {names}",
            len(left),
            names=_names(left, language),
        )
        return Headline(Sign.UNVERIFIED, told, text("A deep check reads every byte."), Step.CHECK_DEEP, _keys(left))
    needed = [row for row in left if row.model.required]
    if summary.required and not needed:
        told = plural(
            "Ready: the model that the platform requires",
            "Ready: all {n} models that the platform requires",
            summary.required,
        )
        more = plural(
            "{n} more is not ready: {names}", "{n} more are not ready: {names}", len(left), names=_names(left, language)
        )
        return Headline(Sign.READY, told, more, Step.PRELOAD, _keys(left))
    told = plural(
        "{n} of {count} models is not ready yet", "{n} of {count} models are not ready yet", len(left), count=len(rows)
    )
    if len(left) == len(rows):
        told = plural("The model is not ready yet", "None of the {n} models is ready yet", len(rows))
    return Headline(Sign.MISSING, told, _required(left, needed, language), Step.PRELOAD, _keys(left))


def _required(left: Sequence[Row], needed: Sequence[Row], language: str) -> Text | None:
    """How many of those that are not ready the platform can't do without."""
    if not needed:
        return None
    names = _names(needed, language)
    if len(needed) == len(left):
        return plural(
            "The platform requires it: {names}", "The platform requires all of them: {names}", len(needed), names=names
        )
    return plural(
        "The platform requires {n} of them: {names}",
        "The platform requires {n} of them: {names}",
        len(needed),
        names=names,
    )


def _keys(rows: Sequence[Row]) -> tuple[str, ...]:
    return tuple(row.model.key for row in rows)


def _names(rows: Sequence[Row], language: str) -> str:
    return list_text([row.model.name.in_language(language) for row in rows], _NAMED)
