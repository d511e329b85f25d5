"""The command `doctor`: a composition root of its own, since it has to work where the usual one is refused."""

import argparse
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from model_preload.cli import commands, documents, tables
from model_preload.cli.logged import logged
from model_preload.core import catalog, errors, paths, settings, texts
from model_preload.core.events import Control
from model_preload.core.files import Disk
from model_preload.core.settings import Settings
from model_preload.core.tasks.doctor.examine import examine, examine_journal
from model_preload.core.tasks.doctor.finding import Finding, Level, met
from model_preload.core.tasks.doctor.machine import Machine
from model_preload.core.tasks.own_catalog import whole_catalog
from model_preload.core.tasks.services import Services, open_services, proxies_of
from model_preload.system.credentials import SystemCredentials
from model_preload.system.machine import this_machine

log = logging.getLogger("model_preload.cli")

_CONNECTIONS = 32
"""However few the settings allow: checks that wait for each other would be told as late."""


def doctor(asked: argparse.Namespace, control: Control, credentials: SystemCredentials) -> int:
    """Examine everything, tell it, and return the exit code: 1 if there is a problem."""
    home = paths.state_home(os.environ)
    chosen = _settings(home)
    machine = this_machine(proxies_of(chosen), credentials.origin)
    with (
        logged(home, asked.log_level, needed=False),  # the check of rights tells why it can't be written
        _services(home, asked, chosen, credentials, machine) as (services, journal),
    ):
        findings = examine(services, home, machine, control, journal=journal)
    problems = [finding for finding in findings if finding.level is Level.PROBLEM]
    if asked.json:
        tables.document(documents.doctor(findings))
    elif not asked.quiet:
        tables.doctor(tables.screen(), findings)
    elif problems:
        tables.doctor(tables.screen(stderr=True), problems)
    return commands.NOT_READY if problems else commands.READY


@contextmanager
def _services(
    home: Path, asked: argparse.Namespace, chosen: Settings, credentials: SystemCredentials, machine: Machine
) -> Iterator[tuple[Services, Finding]]:
    """The services, and how the journal is; one that can't be used is left alone, and a temporary one stands in."""
    if asked.lang is None and chosen.language:
        texts.use(chosen.language)
    known, unread = (catalog.load(asked.catalog), None) if asked.catalog else whole_catalog(home)
    if unread is not None:
        log.warning("%s", unread)

    def opened(folder: Path) -> Services:
        return stack.enter_context(
            open_services(
                folder,
                catalog=known,
                settings=replace(chosen, connections=_CONNECTIONS),
                credentials=credentials,
                environ=os.environ,
                user_home=Path.home(),
                proxies=machine.proxies,
            )
        )

    with ExitStack() as stack:
        journal = examine_journal(home, Disk())
        services: Services | None = None
        if journal.level is not Level.PROBLEM:
            try:
                services = opened(home)
            except (errors.Refused, errors.DiskProblem) as problem:
                journal = met("journal", problem)
        if services is None:
            services = opened(Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))))
        yield services, journal


def _settings(home: Path) -> Settings:
    """The settings; of a file that can't be used nothing, of such an environment neither, which the doctor tells."""
    for folder in (home, Path(tempfile.gettempdir()) / "no-settings-here"):
        with suppress(errors.SettingsProblem):
            return settings.load(folder, os.environ)
    return Settings()
