"""One function a command: call the task, tell its result, choose the exit code."""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.markup import escape

from model_preload.cli import documents, live, tables
from model_preload.cli.arguments import folder
from model_preload.core import errors
from model_preload.core.catalog import Model
from model_preload.core.events import Control, EventSink
from model_preload.core.queue import Queue
from model_preload.core.tasks import apply_env
from model_preload.core.tasks.output import fill, output_services, usual_keys
from model_preload.core.tasks.plan import plan
from model_preload.core.tasks.preload import Mode, RunReport, preload
from model_preload.core.tasks.services import Services
from model_preload.core.tasks.status import status
from model_preload.core.tasks.verify_engines import Evidence, code_carriers, verify_engines
from model_preload.core.texts import Text, text

READY, NOT_READY, INTERRUPTED = 0, 1, 130


@dataclass(frozen=True)
class Session:
    """What every command gets.

    Attributes:
        asked: the parsed command line.
        language: gettext name.
        home: the state folder.
        command: what was typed.
    """

    asked: argparse.Namespace
    language: str
    services: Services
    home: Path
    control: Control
    command: str

    @property
    def names(self) -> Mapping[str, str]:
        """What models are called, by key."""
        return {model.key: model.name.in_language(self.language) for model in self.services.catalog.models}

    def tell(self, document: Mapping[str, Any]) -> bool:
        """Write the document if JSON was asked for; True if people are still to be told."""
        if self.asked.json:
            tables.document(document)
        return not self.asked.json and not self.asked.quiet


def run(session: Session) -> int:
    """The command that was asked for."""
    return _COMMANDS[session.asked.command](session)


def _catalog(session: Session) -> int:
    document = documents.catalog(session.services, session.language)
    if session.tell(document):
        tables.catalog(tables.screen(), document)
    return READY


def _plan(session: Session) -> int:
    found = plan(session.services, session.asked.keys, session.control)
    if session.tell(documents.plan(found)):
        tables.plan(tables.screen(), found)
    if found.refusals and session.asked.json:
        return errors.PlanRefused.exit_code
    found.require()
    return READY


def _preload(session: Session) -> int:
    mode = Mode.RENEW if session.asked.force else Mode.BRING
    return _bring(session, mode) if session.asked.output is None else _fill(session, mode)


def _repair(session: Session) -> int:
    return _bring(session, Mode.REPAIR)


def _bring(session: Session, mode: Mode) -> int:
    keys = _chosen_keys(session)
    with _running(session) as (queue, sink):
        report = preload(
            session.services,
            queue,
            keys,
            session.control,
            sink,
            purpose=session.command,
            wait=session.asked.wait,
            mode=mode,
            wake=keys if _named(session) else (),
        )
    return _brought(session, keys, report, session.services.catalog.models, {})


def _fill(session: Session, mode: Mode) -> int:
    """The same into a folder for machines without a network."""
    asked, models = session.asked, session.services.catalog.models
    keys = _chosen_keys(session, usual_keys(session.services.catalog))
    session = replace(session, services=output_services(session.services, folder(asked.output)))
    with _running(session) as (queue, sink):
        report = fill(
            session.services,
            queue,
            keys,
            session.control,
            sink,
            purpose=session.command,
            language=session.language,
            wait=asked.wait,
            mode=mode,
        )
    return _brought(session, keys, report.run, models, {"output": report.manifest})


@contextmanager
def _running(session: Session) -> Iterator[tuple[Queue, EventSink]]:
    """The queue, and who shows events, for a run at the speed that was asked for."""
    asked, services = session.asked, session.services
    if asked.limit:
        services.client.limiter.rate = asked.limit
    with live.progress(tables.screen(stderr=True), session.names, asked.quiet) as sink:
        yield Queue(session.home, services.disk, services.journal), sink


def _brought(
    session: Session, keys: Sequence[str], report: RunReport, models: Sequence[Model], more: Mapping[str, Any]
) -> int:
    """Tell what a run came to; `models` are those of the catalog."""
    found = status(session.services, keys, Control())
    # What was asked for may be ready and still not be what was asked for: `--force` wants the newest.
    success = report.outcome == "done" and all(one.ready for one in found)
    document = documents.status(found, models, session.language, success)
    if session.tell({**document, "run": documents.run(report), **more}):
        tables.status(tables.screen(), found, session.language)
    screen = tables.screen(stderr=True)
    if not session.asked.quiet:
        tables.run(screen, report, session.command)
    elif not session.asked.json:
        tables.failures(screen, report)
    if report.outcome == "interrupted":
        return INTERRUPTED
    return READY if success else NOT_READY


def _status(session: Session) -> int:
    services = session.services
    keys = _chosen_keys(session)
    with live.progress(tables.screen(stderr=True), session.names, session.asked.quiet) as sink:
        found = status(services, keys, session.control, deep=session.asked.deep, sink=sink)
    counted = found
    if not session.asked.keys and not session.asked.required:
        # Without a choice the verdict is about what someone needs: required, or once asked for.
        chosen = services.journal.runs.chosen()
        counted = tuple(one for one in found if one.model.required or one.model.key in chosen)
    ready = all(one.ready for one in counted)
    if session.tell(documents.status(found, services.catalog.models, session.language, ready)):
        tables.status(tables.screen(), found, session.language)
    return READY if ready else NOT_READY


def _apply_env(session: Session) -> int:
    services = session.services
    if session.asked.undo:
        file = apply_env.undo(services)
        if session.tell(documents.env_undone(file)):
            told = text("{file} is as it was before. Start the platform again for it to count.", file=file)
            tables.say(tables.screen(), escape(str(told)))
        return READY
    change = apply_env.propose(services, session.control)
    backup = apply_env.apply(change, services.disk) if session.asked.yes and change.is_needed else None
    clear = not change.remaining and (backup is not None or not change.is_needed)
    if session.tell(documents.env_change(change, backup, clear)):
        tables.env_change(tables.screen(), change, backup, session.command)
    return READY if clear else NOT_READY


def _verify_engines(session: Session) -> int:
    services, asked, keys = session.services, session.asked, _chosen_keys(session)
    if asked.load:
        _consent(session, code_carriers(services, keys, session.control))
    with live.progress(tables.screen(stderr=True), session.names, asked.quiet) as sink:
        found = verify_engines(services, keys, session.control, sink, asked.timeout, load=asked.load)
    all_found = all(one.evidence in (Evidence.PROOF, Evidence.RULE) for one in found)
    if session.tell(documents.verified(found, session.language, all_found)):
        tables.verified(tables.screen(), found, session.language)
    return READY if all_found else NOT_READY


def _consent(session: Session, files: Mapping[str, Sequence[str]]) -> None:
    """Tell what may run code when it is loaded, and go on only if the person wants it. Raises UsageProblem."""
    asked = session.asked
    if not files:
        return
    screen = tables.screen(stderr=True)
    if not asked.quiet:
        tables.code_carriers(screen, files)
    if asked.yes:
        return
    if asked.json or asked.quiet or not (sys.stdin.isatty() and screen.is_terminal):
        raise errors.UsageProblem(
            text("Loading these models may run code that their files carry, and nobody can be asked here."),
            text("Look at the files that --load names, and add --yes if you trust where they come from."),
        )
    if not tables.agreed(screen, text("Load them? [y/N]")):
        raise errors.UsageProblem(text("Nothing was loaded."), text("Without --load, no code of a model is run."))


def demo(asked: argparse.Namespace, language: str, control: Control) -> int:
    """The one command that needs no session: it makes everything itself, in temporary folders."""
    from model_preload.demo import show

    names: dict[str, str] = {}
    screen = tables.screen(stderr=True)
    quiet = asked.quiet or asked.json

    def tell(told: Text) -> None:
        if not quiet:
            tables.say(screen, escape(str(told)))

    with live.progress(screen, names, quiet) as sink:
        report = show.run(control, sink, tell, names, language)
    if asked.json:
        models = [found.model for found in report.models]
        document = documents.status(report.models, models, language, report.success)
        tables.document(
            {**document, "run": documents.run(report.second), "interrupted_run": documents.run(report.first)}
        )
    else:
        if not asked.quiet:
            tables.status(tables.screen(), report.models, language)
        tables.failures(screen, report.second)
    return READY if report.success else NOT_READY


def _chosen_keys(session: Session, usual: Sequence[str] = ()) -> list[str]:
    """Keys in the catalog's order: named ones, else the usual, else all; of them only the required ones if asked.

    Raises UnknownModel.
    """
    asked = session.asked
    models = session.services.catalog.select(_named(session) or usual)
    if getattr(asked, "required", False):
        models = tuple(model for model in models if model.required)
    if not models:
        raise errors.UsageProblem(
            text("No model of the catalog is required."), text("Name models, or leave --required out.")
        )
    return [model.key for model in models]


def _named(session: Session) -> list[str]:
    return [*session.asked.keys, *getattr(session.asked, "models", ())]


_COMMANDS = {
    "catalog": _catalog,
    "plan": _plan,
    "preload": _preload,
    "repair": _repair,
    "status": _status,
    "apply-env": _apply_env,
    "verify-engines": _verify_engines,
}
