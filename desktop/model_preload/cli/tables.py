"""Results on standard output, tables for people or one document; problems on standard error."""

import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from model_preload.core import errors
from model_preload.core.events import Cancelled
from model_preload.core.journal import Proof
from model_preload.core.plan import Plan
from model_preload.core.tasks.apply_env import EnvChange
from model_preload.core.tasks.doctor.finding import Finding, Level
from model_preload.core.tasks.preload import RunReport
from model_preload.core.tasks.remove_models import Removable
from model_preload.core.tasks.status import ModelStatus
from model_preload.core.tasks.verify_engines import Evidence, Verified
from model_preload.core.texts import Text, plural, size, text
from model_preload.core.values import Verdict

_LEVELS = {Level.OK: "green", Level.NOTE: "yellow", Level.PROBLEM: "red"}
_COLOURS = {
    Verdict.READY: "green",
    Verdict.OUTDATED: "green",
    Verdict.PARTIAL: "yellow",
    Verdict.UNVERIFIED: "yellow",
    Verdict.MISSING: "red",
    Verdict.DAMAGED: "red",
}


class ResultUnwritable(errors.Circumstance):
    """Standard output takes no more."""

    code = "result-unwritable"

    def __init__(self, reason: OSError) -> None:
        super().__init__(
            text("The result could not be written: {reason}.", reason=reason.strerror or reason),
            text("What was done stays done. Make room where the output goes, or look with model-preload status."),
        )


class _Screen(Console):
    """Where nobody reads any more, as behind `| head`, the work goes on unseen.

    So it does where what is told of it can't be written, as on a full drive; a result that can't be is a failure.
    """

    def on_broken_pipe(self) -> None:
        _discard(self.file)

    def print(self, *objects: Any, **options: Any) -> None:
        try:
            super().print(*objects, **options)
        except OSError as reason:
            _discard(self.file)
            if not self.stderr:
                raise ResultUnwritable(reason) from reason


def screen(*, stderr: bool = False) -> Console:
    """Standard output or error, where text is shown as it is."""
    return _Screen(stderr=stderr, highlight=False, emoji=False)


def document(content: Mapping[str, Any]) -> None:
    """One JSON document on standard output; ASCII, so that no code page of a console or pipe is in its way.

    Raises ResultUnwritable.
    """
    try:
        sys.stdout.write(json.dumps(content, indent=2) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _discard(sys.stdout)
    except OSError as reason:
        _discard(sys.stdout)
        raise ResultUnwritable(reason) from reason


def _discard(stream: IO[str]) -> None:
    """Let a stream lead nowhere, what it still holds included."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())


def say(console: Console, markup: str) -> None:
    """A line that is not folded, so that paths and commands can be copied."""
    console.print(markup, soft_wrap=True)


def problem(console: Console, found: errors.Circumstance) -> None:
    """What happened, and what to do about it."""
    say(console, f"[red]{escape(str(found.title))}[/]\n{escape(str(found.next_step))}")


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
            say(console, f"{escape(found.model.key)}: {escape(str(found.location))}")
        if found.proof:
            say(console, f"{escape(found.model.key)}: {escape(str(_proven(found.proof)))}")
        for reason in found.reasons:
            say(console, f"{escape(found.model.key)}: {escape(str(reason))}")
    ready = sum(found.ready for found in statuses)
    say(
        console,
        str(plural("{ready} of {n} model is ready.", "{ready} of {n} models are ready.", len(statuses), ready=ready)),
    )


def _proven(found: Proof) -> Text:
    told = {
        "engine": found.engine,
        "version": found.version,
        "time": found.proved_at.astimezone().strftime("%Y-%m-%d %H:%M"),
    }
    if found.loaded:
        return text("Proven and loaded by {engine} {version} at {time}", **told)
    return text("Proven by {engine} {version} at {time}", **told)


_EVIDENCE = {
    Evidence.PROOF: ("green", text("Proven")),
    Evidence.RULE: ("yellow", text("By rule")),
    Evidence.UNLOADABLE: ("red", text("Can't be loaded")),
    Evidence.NONE: ("red", text("Not found")),
}

_LOADED = ("green", text("Proven and loaded"))


def verified(console: Console, found: Sequence[Verified], language: str) -> None:
    """A line a model, then what there is to say of each."""
    table = Table(box=None, pad_edge=False)
    for heading in (text("Model"), text("Evidence")):
        table.add_column(str(heading), overflow="fold")
    for one in found:
        colour, label = _EVIDENCE[one.evidence] if not (one.proof and one.proof.loaded) else _LOADED
        table.add_row(escape(one.model.name.in_language(language)), f"[{colour}]{escape(str(label))}[/]")
    console.print(table)
    for one in found:
        if one.proof:
            say(console, f"{escape(one.model.key)}: {escape(str(_proven(one.proof)))}")
        for reason in one.reasons:
            say(console, f"{escape(one.model.key)}: {escape(str(reason))}")


def code_carriers(console: Console, files: Mapping[str, Sequence[str]]) -> None:
    """Files by model that may run code when they are loaded."""
    say(console, escape(str(text("Loading may run code that these files carry (such as pickles and TorchScript):"))))
    for key, paths in files.items():
        for path in paths:
            say(console, escape(f"  {key}: {path}"))


@contextmanager
def _interrupted_by_a_key() -> Iterator[None]:
    """Ctrl-C ends a question, which looks at no `Control`. Raises Cancelled."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        raise Cancelled from None
    finally:
        signal.signal(signal.SIGINT, before)


def agreed(console: Console, question: Text) -> bool:
    """Whether the person answers with yes; the end of the input is no. Raises Cancelled. Main thread only."""
    with _interrupted_by_a_key():
        try:
            answer = console.input(escape(f"{question} "))
        except EOFError:
            return False
    return answer.strip().lower() in ("y", "yes", "是")


def failures(console: Console, report: RunReport) -> None:
    """What could not be done, each with its next step."""
    for error in report.errors:
        where = f"{error.key}: {error.file}" if error.file else error.key
        say(console, f"[red]{escape(where)}[/]: {escape(error.message)}")


def run(console: Console, report: RunReport, command: str) -> None:
    """What a preload came to, and how to go on if it was interrupted."""
    failures(console, report)
    seconds = max(0.0, (report.finished_at - report.started_at).total_seconds())
    told = text("{bytes} fetched in {seconds} s.", bytes=size(report.bytes_fetched), seconds=f"{seconds:.0f}")
    say(console, escape(str(told)))
    if report.outcome == "interrupted":
        say(console, escape(str(text("Stopped; nothing is lost. Go on with: {command}", command=command))))


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
        say(console, escape(str(told)))


def doctor(console: Console, findings: Sequence[Finding]) -> None:
    """A line a finding with its next step below it, then the sum."""
    for found in findings:
        say(console, f"{_label(found.level)} {found.check}: {escape(str(found.told))}")
        if found.next_step is not None:
            say(console, f"    {escape(str(found.next_step))}")
    problems = sum(found.level is Level.PROBLEM for found in findings)
    told = plural("{n} problem was found.", "{n} problems were found.", problems) if problems else text("All is well.")
    say(console, escape(str(told)))


def _label(level: Level) -> str:
    return f"[{_LEVELS[level]}]{escape(str(level.label))}[/]"


def env_change(console: Console, change: EnvChange, backup: Path | None, command: str) -> None:
    """What stands in the way, the lines that change, and what was done or can be."""
    for found in change.found:
        level = Level.PROBLEM if found.blocks else Level.NOTE
        say(console, f"{_label(level)} {escape(str(found.told))}")
        say(console, f"    {escape(str(found.next_step))}")
    if change.is_needed:
        say(console, escape(change.diff))
    if backup is not None:
        told = text(
            "Done; what was there is kept in {backup}. Start the platform again for it to count. "
            "To undo it: model-preload apply-env --undo",
            backup=backup,
        )
    elif change.is_needed:
        told = text("Nothing was changed. To change it: {command} --yes", command=command)
    else:
        told = text("{file}: there is nothing to change.", file=change.file)
    say(console, escape(str(told)))


def removed(
    console: Console, found: Removable, kept: Sequence[errors.DiskProblem], command: str, *, done: bool
) -> None:
    """The folders of what can go or went, how much it is, and what stays."""
    count, freed = len(found.files), size(found.bytes)
    if not found.files:
        say(console, str(text("No file of a model is known that could be deleted.")))
    for folder in sorted({str(path.parent) for path in found.files}):
        say(console, escape(folder))
    for problem in kept:
        say(console, f"{_label(Level.PROBLEM)} {escape(str(problem.title))}")
    if found.behind_links:
        say(
            console,
            str(
                plural(
                    "{n} file stays: it lies behind a link or junction.",
                    "{n} files stay: they lie behind a link or junction.",
                    found.behind_links,
                )
            ),
        )
    if not found.files or kept:
        return
    if done:
        told = plural("{n} file deleted, {size} freed.", "{n} files deleted, {size} freed.", count, size=freed)
    else:
        told = plural(
            "{n} file, {size}. Nothing was deleted. To delete it: {command} --yes",
            "{n} files, {size}. Nothing was deleted. To delete them: {command} --yes",
            count,
            size=freed,
            command=command,
        )
    say(console, escape(str(told)))


def catalog(console: Console, document: Mapping[str, Any]) -> None:
    """A line a model, then where each comes from and where it belongs."""
    table = Table(box=None, pad_edge=False)
    for heading in (text("Key"), text("Model"), text("Required"), text("Size"), text("Licence")):
        table.add_column(str(heading), overflow="fold")
    for model in document["models"]:
        table.add_row(
            escape(model["key"]),
            escape(model["name"]),
            str(text("yes")) if model["required"] else str(text("no")),
            "–" if model["bytes"] is None else size(model["bytes"]),
            escape(model["licence"] or "–"),
        )
    console.print(table)
    for model in document["models"]:
        for source in model["sources"]:
            told = text("{key} from {source}", key=model["key"], source=source)
            say(console, escape(str(told)))
        told = text("{key} in {place}", key=model["key"], place=model["location"] or model["place"])
        if model["why"]:
            told = text("{told}: {why}", told=told, why=model["why"])
        say(console, escape(str(told)))
    found = document["packages"]
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items()) or "–"
    told = text("Sets for these packages: {versions}", versions=versions)
    if found["assumed"]:
        told = text("{told}. That is assumed; other versions can be set as “packages” in the settings.", told=told)
    say(console, escape(str(told)))
