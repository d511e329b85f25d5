"""The command `remove-models`: a composition root of its own, since it needs no settings, catalog or network."""

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from rich.markup import escape

from model_preload.cli import commands, documents, tables
from model_preload.cli.logged import logged
from model_preload.core import errors, paths, settings, texts
from model_preload.core.events import Control
from model_preload.core.files import Disk
from model_preload.core.journal import Journal
from model_preload.core.queue import Queue
from model_preload.core.tasks.remove_models import Removable, removable
from model_preload.core.tasks.remove_models import remove_models as remove


def remove_models(asked: argparse.Namespace, control: Control, command: str) -> int:
    """Tell what can go, with `--yes` delete it, and return the exit code: 1 if something could not be deleted."""
    home, disk = paths.state_home(os.environ), Disk()
    with suppress(errors.SettingsProblem):
        language = settings.load(home, os.environ).language
        if asked.lang is None and language:
            texts.use(language)
    screen = tables.screen(stderr=True)

    def tell(told: texts.Text) -> None:
        if not asked.quiet:
            tables.say(screen, escape(str(told)))

    found = Removable((), 0, 0)
    kept: tuple[errors.DiskProblem, ...] = ()
    with logged(home, asked.log_level), _journal(home, disk) as journal:
        if journal is not None:
            if journal.recovered:
                tell(journal.recovered)
            queue = Queue(home, disk, journal)
            with queue.running(command, control if asked.wait else None, tell) if asked.yes else nullcontext():
                found = removable(journal, disk, control)
                kept = remove(found, journal, disk, control) if asked.yes else ()
    if asked.json:
        tables.document(documents.removed(found, kept, done=asked.yes))
    elif not asked.quiet:
        tables.removed(tables.screen(), found, kept, command, done=asked.yes)
    else:
        for problem in kept:
            tables.problem(screen, problem)
    return commands.NOT_READY if kept else commands.READY


@contextmanager
def _journal(home: Path, disk: Disk) -> Iterator[Journal | None]:
    """The journal, if there is one: none is made to learn that nothing was brought."""
    path = home / "journal.sqlite3"
    if disk.stat(path) is None:
        yield None
        return
    journal = Journal.open(path, disk)
    try:
        yield journal
    finally:
        journal.close()
