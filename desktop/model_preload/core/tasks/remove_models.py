"""What was brought, taken away again: what the uninstaller does where a person wants it.

A file goes if the journal says that its bytes are those of a pinned listing and it was not written since, so nothing
that somebody else made or changed; unfinished parts go too. What was filled by `--output` is for other machines and
stays, as do files that are reached through a link or junction to a folder: they lie where somebody put them on purpose.
"""

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from model_preload.core import errors
from model_preload.core.caches.huggingface import forget_commits
from model_preload.core.events import Control
from model_preload.core.files import Disk
from model_preload.core.files.staging import NAME as STAGING
from model_preload.core.journal import Journal
from model_preload.core.readiness import holds
from model_preload.core.tasks.staging import LOCK, alone_in

log = logging.getLogger("model_preload.tasks")


@dataclass(frozen=True, slots=True)
class Removable:
    """What can go.

    Attributes:
        files: absolute paths, links among them as themselves.
        bytes: what that frees; a file of several names counts once.
        behind_links: how many files would go if no folder above them were a link.
    """

    files: tuple[Path, ...]
    bytes: int
    behind_links: int


def removable(journal: Journal, disk: Disk, control: Control) -> Removable:
    """Look at every file that the journal knows. Raises JournalUnusable, Cancelled."""
    outputs = journal.listings.outputs()
    through_link = _through_link(disk)
    sizes: dict[tuple[int, int], int] = {}
    files, behind = [], 0
    for path, found in _ours(journal, disk):
        control.check()
        if any(path.is_relative_to(output) for output in outputs):
            continue
        if through_link(path.parent):
            behind += 1
            continue
        files.append(path)
        if not disk.is_link(path):
            sizes[found.st_dev, found.st_ino or -len(files)] = found.st_size
    return Removable(tuple(files), sum(sizes.values()), behind)


def remove_models(found: Removable, journal: Journal, disk: Disk, control: Control) -> tuple[errors.DiskProblem, ...]:
    """Delete those files, and folders that are empty then.

    Only for a run that holds the queue.

    Returns:
        What could not be deleted, and why.

    Raises:
        JournalUnusable, Cancelled: what is deleted until then is forgotten too.
    """
    kept: list[errors.DiskProblem] = []
    gone: list[Path] = []
    try:
        for path in found.files:
            control.check()
            try:
                disk.remove(path)
                gone.append(path)
            except errors.DiskProblem as problem:
                kept.append(problem)
                log.warning("%s", problem)
    finally:
        journal.files.forget(gone)
        journal.parts.forget(gone)
        _remove_empty([*gone, *forget_commits(gone, disk)], disk)
    log.info("deleted %d files of models", len(gone))
    return tuple(kept)


def _ours(journal: Journal, disk: Disk) -> Iterator[tuple[Path, os.stat_result]]:
    listed = journal.listings.digests()
    for path, record in journal.files.all().items():
        found = _there(path, disk)
        if found and record.digest in listed and holds(record, found):
            yield path, found
    for path in sorted(journal.parts.paths()):
        found = _there(path, disk)
        if found:
            yield path, found


def _there(path: Path, disk: Disk) -> os.stat_result | None:
    try:
        return disk.stat(path)
    except errors.DiskProblem:
        return None


def _through_link(disk: Disk) -> Callable[[Path], bool]:
    @cache
    def leads(folder: Path) -> bool:
        return disk.is_link(folder) or (folder != folder.parent and leads(folder.parent))

    return leads


def _remove_empty(files: Iterable[Path], disk: Disk) -> None:
    """Bottom up: folders in which nothing is left, and staging folders in which only the lock is."""
    above = {folder for path in files for folder in path.parents}
    for folder in sorted(above, key=lambda path: len(path.parts), reverse=True):
        staging = folder / STAGING
        if disk.tree(staging) == (LOCK,):
            with suppress(errors.HeldByAnother, errors.DiskProblem):
                with alone_in(staging, disk, "model-preload", None):
                    pass
                disk.remove(staging / LOCK)
                disk.remove_empty(staging)
        disk.remove_empty(folder)
