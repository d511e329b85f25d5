"""Build, call one command, shut down."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from model_preload.cli import arguments, commands, documents, logs, tables
from model_preload.core import catalog, errors, paths, settings, texts
from model_preload.core.caches.huggingface import default_root
from model_preload.core.events import Cancelled, Control
from model_preload.core.files import Disk
from model_preload.core.http import system_proxies
from model_preload.core.tasks.services import open_services
from model_preload.system.credentials import SystemCredentials

log = logging.getLogger("model_preload.cli")

INTERRUPTED = 130


def main(words: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit code that design and docs promise. Main thread only."""
    _make_streams_usable()
    words = sys.argv[1:] if words is None else words
    language = texts.use(arguments.language_of(words))
    as_json = "--json" in words
    try:
        return _run(words, language)
    except errors.Circumstance as problem:
        log.error("%s", problem)
        tables.problem(Console(stderr=True), problem)
        if as_json:
            commands.write_json(documents.problem(problem))
        return problem.exit_code
    except Cancelled:
        return INTERRUPTED


def _run(words: Sequence[str], language: str) -> int:
    asked = arguments.parse(words)
    with _interruptible() as control:
        if asked.command == "demo":
            return commands.demo(asked, language, control)
        home = paths.state_home(os.environ)
        chosen = settings.load(home, os.environ)
        if asked.lang is None and chosen.language:
            language = texts.use(chosen.language)
        handlers = logs.set_up(home, Disk(), asked.log_level)
        try:
            with open_services(
                home,
                catalog=catalog.load(asked.catalog) if asked.catalog else catalog.builtin(),
                settings=chosen,
                credentials=SystemCredentials(os.environ, default_root(os.environ, Path.home()).parent),
                environ=os.environ,
                user_home=Path.home(),
                proxies=system_proxies(),
            ) as services:
                return commands.run(commands.Session(asked, language, services, home, control))
        except errors.Circumstance as problem:
            log.error("%s", problem)
            raise
        except Exception:
            log.critical("a fault of the program", exc_info=True)
            raise
        finally:
            logs.tear_down(handlers)


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
