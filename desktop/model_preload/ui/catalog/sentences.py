"""The whole in one sentence, and what is in its way."""

from collections.abc import Sequence
from dataclasses import dataclass

from model_preload.core import errors
from model_preload.core.texts import Text, plural, text
from model_preload.downloads.board import Row
from model_preload.downloads.summary import Mood, Summary
from model_preload.downloads.values import Activity
from model_preload.ui.formats import duration_text, percent_text, rate_text


def whole_text(summary: Summary, problem: errors.Circumstance | None, *, loaded: bool) -> str:
    """What the window's bottom line says.

    Args:
        problem: verdicts could not be had.
        loaded: the catalog is known.
    """
    if problem is not None and summary.mood is not Mood.WORKING:
        return str(problem.title)
    if loaded and not summary.models:
        return str(text("There are no models in the catalog"))
    match summary.mood:
        case Mood.UNKNOWN:
            return str(text("Looking at the models…"))
        case Mood.WORKING:
            return _working(summary)
        case Mood.PAUSED:
            return str(text("Paused: {ready}", ready=_ready(summary)))
        case Mood.ATTENTION if summary.failed:
            return str(
                plural(
                    "{n} model could not be preloaded; {ready}",
                    "{n} models could not be preloaded; {ready}",
                    len(summary.failed),
                    ready=_ready(summary),
                )
            )
        case Mood.ATTENTION:
            return str(text("Something is not in order; {ready}", ready=_ready(summary)))
        case Mood.DONE if summary.ready < summary.models:
            return str(text("All required models are here; {ready}", ready=_ready(summary)))
        case Mood.DONE:
            return str(text("Ready: {ready}", ready=_ready(summary)))
        case Mood.IDLE:
            missing = summary.required - summary.required_ready
            if summary.required:
                return str(
                    plural(
                        "{n} required model is missing; {ready}",
                        "{n} required models are missing; {ready}",
                        missing,
                        ready=_ready(summary),
                    )
                )
            return str(text("Not everything is here; {ready}", ready=_ready(summary)))


def _ready(summary: Summary) -> Text:
    return plural(
        "{ready} of {n} model is ready", "{ready} of {n} models are ready", summary.models, ready=summary.ready
    )


def _working(summary: Summary) -> str:
    told = plural(
        "Preloading: {brought} of {n} model is done",
        "Preloading: {brought} of {n} models are done",
        summary.asked,
        brought=summary.brought,
    )
    if summary.permille is None or summary.speed < 1:
        return str(told)
    percent, rate = percent_text(summary.permille), rate_text(summary.speed)
    if summary.seconds_left is None:
        return str(text("{models}, {percent}, {rate}", models=told, percent=percent, rate=rate))
    left = duration_text(summary.seconds_left)
    return str(text("{models}, {percent}, {rate}, {left} left", models=told, percent=percent, rate=rate, left=left))


_NETWORK = ("offline", "timeout", "deadline", "busy", "connection-lost", "proxy", "certificate")
"""How the codes of circumstances begin that are about the way to a hub, not about one model."""
_ACCESS = ("token-", "repository-private", "repository-gated")
"""The same of those that a token may help."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is shown above the table.

    Attributes:
        title, detail: what happened; what to do.
        retry: models to bring again; empty if what there is to try again is a look.
        page: of the settings that may help, "" for none.
    """

    title: str
    detail: str
    retry: tuple[str, ...] = ()
    page: str = ""


def trouble(rows: Sequence[Row], problem: errors.Circumstance | None, language: str) -> Trouble | None:
    """What is in the way at the moment; None for nothing."""
    if problem is not None:
        return Trouble(str(problem.title), str(problem.next_step))
    failed = [row for row in rows if row.work.activity is Activity.FAILED]
    failures = [failure for row in failed for failure in row.work.failures]
    if not failures:
        return None
    keys = tuple(row.model.key for row in failed)
    network = [failure for failure in failures if failure.code.startswith(_NETWORK)]
    if network:
        return Trouble(str(text("The hub can't be reached at the moment")), network[0].message, keys, "network")
    page = "hubs" if failures[0].code.startswith(_ACCESS) else ""
    if len(failed) == 1:
        title = str(text("{model} could not be preloaded", model=failed[0].model.name.in_language(language)))
    else:
        title = str(plural("{n} model could not be preloaded", "{n} models could not be preloaded", len(failed)))
    return Trouble(title, failures[0].message, keys, page)
