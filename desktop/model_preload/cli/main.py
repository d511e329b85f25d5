"""Build, call one command, shut down."""

import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from model_preload.cli import arguments, commands, documents, tables
from model_preload.cli.logged import logged
from model_preload.core import catalog, errors, paths, settings, texts
from model_preload.core.events import Cancelled, Control
from model_preload.core.tasks.own_catalog import whole_catalog
from model_preload.core.tasks.services import open_services, proxies_of
from model_preload.core.texts import text
from model_preload.system.credentials import SystemCredentials, hf_home


class Interrupted(errors.Circumstance):
    """Ended by the person before there was a result to tell."""

    code = "interrupted"
    exit_code = commands.INTERRUPTED

    def __init__(self, command: str) -> None:
        super().__init__(
            text("Stopped before it was done."), text("Nothing is lost. Go on with: {command}", command=command)
        )


class WindowsMissing(errors.Circumstance):
    """Only the command line was installed."""

    code = "windows-missing"
    exit_code = 3

    def __init__(self, reason: ImportError) -> None:
        super().__init__(
            text("The tray app can't start: {reason}.", reason=reason),
            text("Install it with its windows: pip install model-preload[gui]. Commands work without: see --help."),
        )


def _no_windows(_language: str) -> int:
    raise ImportError("only the command line was started")


def main(words: Sequence[str] | None = None, show_demo: Callable[[str], int] = _no_windows) -> int:
    """Run one command line; returns the exit code that design and docs promise. Main thread only.

    Args:
        words: without the program's name; those of the process where none are given.
        show_demo: the demo with windows, in a language by its gettext name; it raises ImportError without Qt.
    """
    _make_streams_usable()
    words = sys.argv[1:] if words is None else words
    try:
        return _run(words, texts.use(arguments.language_of(words)), show_demo)
    except errors.Circumstance as found:
        return _ended(words, found)
    except Cancelled:
        return _ended(words, Interrupted(_command_line(words)))


def without_windows(words: Sequence[str], reason: ImportError) -> int:
    """Say that the tray app can't be had here, and what can; returns the exit code."""
    _make_streams_usable()
    texts.use(arguments.language_of(words))
    return _ended(words, WindowsMissing(reason))


def _ended(words: Sequence[str], problem: errors.Circumstance) -> int:
    tables.problem(tables.screen(stderr=True), problem)
    if "--json" in words:
        tables.document(documents.problem(problem))
    return problem.exit_code


def _run(words: Sequence[str], language: str, show_demo: Callable[[str], int]) -> int:
    asked = arguments.parse(words)
    if asked.command == "demo" and asked.gui:
        try:
            return show_demo(language)
        except ImportError as reason:
            raise WindowsMissing(reason) from reason
    with _interruptible() as control:
        if asked.command == "demo":
            return commands.demo(asked, language, control)
        if asked.command == "doctor":
            from model_preload.cli.doctor import doctor

            return doctor(asked, control, SystemCredentials(os.environ, hf_home(os.environ)))
        if asked.command == "remove-models":
            from model_preload.cli.remove_models import remove_models

            return remove_models(asked, control, _command_line(words))
        home = paths.state_home(os.environ)
        with logged(home, asked.log_level):
            chosen = settings.load(home, os.environ)
            if asked.lang is None and chosen.language:
                language = texts.use(chosen.language)
            with open_services(
                home,
                catalog=_catalog(asked.catalog, home),
                settings=chosen,
                credentials=SystemCredentials(os.environ, hf_home(os.environ)),
                environ=os.environ,
                user_home=Path.home(),
                proxies=proxies_of(chosen),
            ) as services:
                command = _command_line(words)
                return commands.run(commands.Session(asked, language, services, home, control, command))


def _catalog(named: Path | None, home: Path) -> catalog.Catalog:
    """The one that was named, else the built-in models and the user's own. Raises CatalogProblem."""
    if named is not None:
        return catalog.load(named)
    known, problem = whole_catalog(home)
    if problem is not None:
        raise problem
    return known


def _command_line(words: Sequence[str]) -> str:
    """What was typed, for typing it again in this system's shell."""
    command = ["model-preload", *words]
    return subprocess.list2cmdline(command) if sys.platform == "win32" else shlex.join(command)


@contextmanager
def _interruptible() -> Iterator[Control]:
    """The first Ctrl-C (or termination) cancels and lets the task end in order, the second one ends the process."""
    control = Control()

    def cancel(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        # Not from the handler itself: it may have stopped this thread while it held the control's lock.
        threading.Thread(target=control.cancel, name="cancel", daemon=True).start()

    numbers = [signal.SIGINT, signal.SIGTERM]
    if sys.platform == "win32":
        numbers.append(signal.SIGBREAK)
    before = {number: signal.signal(number, cancel) for number in numbers}
    try:
        yield control
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _make_streams_usable() -> None:
    """A console's code page must not be able to end the program, nor a missing console."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  for the process's life
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
