"""Results for people: tables on standard output, problems on standard error."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from model_preload.core import errors
from model_preload.core.plan import Plan
from model_preload.core.tasks.preload import RunReport
from model_preload.core.tasks.status import ModelStatus
from model_preload.core.texts import plural, size, text
from model_preload.core.values import Verdict

_COLOURS = {
    Verdict.READY: "green",
    Verdict.OUTDATED: "green",
    Verdict.PARTIAL: "yellow",
    Verdict.UNVERIFIED: "yellow",
    Verdict.MISSING: "red",
    Verdict.DAMAGED: "red",
}


def problem(console: Console, found: errors.Circumstance) -> None:
    """What happened, and what to do about it."""
    console.print(f"[red]{escape(str(found.title))}[/]\n{escape(str(found.next_step))}", highlight=False)


def status(console: Console, statuses: Sequence[ModelStatus], language: str) -> None:
    """A line a model, then each one's place and what keeps it from being ready, then the sum."""
    table = Table(box=None, pad_edge=False)
    for heading in (text("Model"), text("Verdict"), text("Files"), text("Size"), text("Checked")):
        table.add_column(str(heading), overflow="fold")
    for found in statuses:
        table.add_row(
            escape(found.model.name.in_language(language)),
            f"[{_COLOURS[found.verdict]}]{escape(str(found.verdict.label))}[/]",
            f"{found.files_ready}/{found.files}" if found.files else "–",
            size(found.bytes) if found.files else "–",
            found.checked_at.astimezone().strftime("%Y-%m-%d %H:%M") if found.checked_at else "–",
        )
    console.print(table)
    for found in statuses:
        if found.location:
            console.print(f"{escape(found.model.key)}: {escape(str(found.location))}", highlight=False, soft_wrap=True)
        for reason in found.reasons:
            console.print(f"{escape(found.model.key)}: {escape(str(reason))}", highlight=False)
    ready = sum(found.ready for found in statuses)
    console.print(
        str(plural("{ready} of {n} model is ready.", "{ready} of {n} models are ready.", len(statuses), ready=ready)),
        highlight=False,
    )


def run(console: Console, report: RunReport, command: str) -> None:
    """What a preload came to, and how to go on if it was interrupted."""
    for error in report.errors:
        where = f"{error.key}: {error.file}" if error.file else error.key
        console.print(f"[red]{escape(where)}[/]: {escape(error.message)}", highlight=False)
    seconds = max(0.0, (report.finished_at - report.started_at).total_seconds())
    told = text("{bytes} fetched in {seconds} s.", bytes=size(report.bytes_fetched), seconds=f"{seconds:.0f}")
    console.print(escape(str(told)), highlight=False)
    if report.outcome == "interrupted":
        console.print(escape(str(text("Stopped; nothing is lost. Go on with: {command}", command=command))))


def plan(console: Console, found: Plan) -> None:
    """What would be fetched, by model, and what the drives have."""
    table = Table(box=None, pad_edge=False)
    for heading in (text("Model"), text("To fetch"), text("Size"), text("To check"), text("Ready")):
        table.add_column(str(heading), overflow="fold")
    models = dict.fromkeys(wanted.model for part in (found.fetch, found.check, found.here) for wanted in part)
    for model in models:
        fetch = [wanted for wanted in found.fetch if wanted.model == model]
        table.add_row(
            escape(model),
            str(len(fetch)),
            size(sum(wanted.left for wanted in fetch)),
            str(sum(wanted.model == model for wanted in found.check)),
            str(sum(wanted.model == model for wanted in found.here)),
        )
    console.print(table)
    for drive in found.drives:
        told = text(
            "{drive}: {needed} to write, {free} free",
            drive=drive.volume,
            needed=size(drive.needed),
            free=size(drive.free),
        )
        console.print(escape(str(told)), highlight=False)


def catalog(console: Console, document: Mapping[str, Any]) -> None:
    """A line a model."""
    table = Table(box=None, pad_edge=False)
    headings = (
        text("Key"),
        text("Model"),
        text("Required"),
        text("Size"),
        text("Licence"),
        text("Source"),
        text("Place"),
    )
    for heading in headings:
        table.add_column(str(heading), overflow="fold")
    for model in document["models"]:
        table.add_row(
            escape(model["key"]),
            escape(model["name"]),
            str(text("yes")) if model["required"] else str(text("no")),
            "–" if model["bytes"] is None else size(model["bytes"]),
            escape(model["licence"]),
            escape("\n".join(model["sources"])),
            escape(model["location"] or model["place"]),
        )
    console.print(table)
