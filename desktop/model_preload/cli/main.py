"""Build, call one command, shut down."""

import logging
import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from model_preload.cli import arguments, commands, documents, tables
from model_preload.core import catalog, errors, paths, settings, texts
from model_preload.core.caches.huggingface import default_root
from model_preload.core.events import Cancelled, Control
from model_preload.core.files import Disk
from model_preload.core.http import system_proxies
from model_preload.core.tasks.services import open_services
from model_preload.core.texts import text
from model_preload.system import logs
from model_preload.system.credentials import SystemCredentials

log = logging.getLogger("model_preload.cli")


class Interrupted(errors.Circumstance):
    """Ended by the person before there was a result to tell."""

    code = "interrupted"
    exit_code = commands.INTERRUPTED

    def __init__(self, command: str) -> None:
        super().__init__(
            text("Stopped before it was done."), text("Nothing is lost. Go on with: {command}", command=command)
        )


def main(words: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit code that design and docs promise. Main thread only."""
    _make_streams_usable()
    words = sys.argv[1:] if words is None else words
    try:
        return _run(words, texts.use(arguments.language_of(words)))
    except errors.Circumstance as found:
        problem = found
    except Cancelled:
        problem = Interrupted(_command_line(words))
    tables.problem(tables.screen(stderr=True), problem)
    if "--json" in words:
        tables.document(documents.problem(problem))
    return problem.exit_code


def _run(words: Sequence[str], language: str) -> int:
    asked = arguments.parse(words)
    with _interruptible() as control:
        if asked.command == "demo":
            return commands.demo(asked, language, control)
        if asked.command == "doctor":
            from model_preload.cli.doctor import doctor

            return doctor(asked, control, SystemCredentials(os.environ, _hf_home()))
        home = paths.state_home(os.environ)
        handlers = logs.set_up(home, Disk(), asked.log_level)
        try:
            chosen = settings.load(home, os.environ)
            if asked.lang is None and chosen.language:
                language = texts.use(chosen.language)
            with open_services(
                home,
                catalog=catalog.load(asked.catalog) if asked.catalog else catalog.builtin(),
                settings=chosen,
                credentials=SystemCredentials(os.environ, _hf_home()),
                environ=os.environ,
                user_home=Path.home(),
                proxies=system_proxies(),
            ) as services:
                command = _command_line(words)
                return commands.run(commands.Session(asked, language, services, home, control, command))
        except errors.Circumstance as problem:
            log.error("%s", problem)
            raise
        except Exception:
            log.critical("a fault of the program", exc_info=True)
            raise
        finally:
            logs.tear_down(handlers)


def _command_line(words: Sequence[str]) -> str:
    """What was typed, for typing it again in this system's shell."""
    command = ["model-preload", *words]
    return subprocess.list2cmdline(command) if sys.platform == "win32" else shlex.join(command)


def _hf_home() -> Path:
    """Where `hf` keeps its login; a cache elsewhere (HF_HUB_CACHE) does not move it."""
    environ = {name: value for name, value in os.environ.items() if not name.endswith("_HUB_CACHE")}
    return default_root(environ, Path.home()).parent


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
