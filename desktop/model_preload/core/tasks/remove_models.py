"""What was brought, taken away again: what the uninstaller does where a person wants it.

A file goes if the journal says that this program put it there, that its bytes are those of a pinned listing, and that
it was not written since: nothing that somebody else made or changed, and nothing of which it is not known who brought
it, as when the journal is younger. Unfinished parts go too. What was filled by `--output` is for other machines and
stays, as do files that are reached through a link or junction to a folder: they lie where somebody put them on purpose.

Links go before the blobs of a cache that they lead to, and a blob stays while any link of its repository leads to it:
another program's snapshot may share it, and a link of ours that can't be deleted must not hang in the air.
"""

import logging
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from model_preload.core import errors
from model_preload.core.caches.huggingface import forget_commits
from model_preload.core.events import Control
from model_preload.core.files import Disk
from model_preload.core.files.staging import NAME as STAGING
from model_preload.core.journal import FileRecord, Journal
from model_preload.core.readiness import holds
from model_preload.core.tasks.staging import LOCK, alone_in
from model_preload.core.values import Published

log = logging.getLogger("model_preload.tasks")

_BLOBS = "blobs"
"""Of a repository in the Hugging Face cache, beside `snapshots`; see `caches.huggingface`."""


@dataclass(frozen=True, slots=True)
class Removable:
    """What can go.

    Attributes:
        files: absolute paths, links as themselves and before all others.
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
    links: list[Path] = []
    files: dict[Path, os.stat_result] = {}
    behind = 0
    for path, found in _ours(journal, disk):
        control.check()
        if any(path.is_relative_to(output) for output in outputs):
            continue
        if through_link(path.parent):
            behind += 1
        elif found is None:
            links.append(path)
        else:
            files[path] = found
    shared = _led_to(disk, frozenset(links))
    files = {path: found for path, found in files.items() if not shared(path)}
    sizes = {(one.st_dev, one.st_ino or -number): one.st_size for number, one in enumerate(files.values())}
    return Removable((*links, *files), sum(sizes.values()), behind)


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
    shared = _led_to(disk, frozenset())
    try:
        for path in found.files:
            control.check()
            if not disk.is_link(path) and shared(path):
                continue
            try:
                disk.remove(path)
                gone.append(path)
            except errors.DiskProblem as problem:
                kept.append(problem)
                log.warning("%s", problem)
    finally:
        journal.files.forget(gone)
        journal.brought.forget(gone)
        journal.parts.forget(gone)
        _remove_empty([*gone, *forget_commits(gone, disk)], disk)
    log.info("deleted %d files of models", len(gone))
    return tuple(kept)


def _ours(journal: Journal, disk: Disk) -> Iterator[tuple[Path, os.stat_result | None]]:
    """What is there and may go, links without what they lead to, which may be gone."""
    listed, brought = journal.listings.digests(), journal.brought.all()
    for path, record in journal.files.all().items():
        if record.digest in listed and Published(path, record.size, record.mtime_ns) in brought:
            found = _there(path, disk)
            if found is not None and not holds(record, found):
                continue
            if disk.is_link(path):
                if _leads_to_its_blob(path, record, disk):
                    yield path, None
            elif found is not None:
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


def _leads_to_its_blob(link: Path, record: FileRecord, disk: Disk) -> bool:
    """Whether it does, be that there or not, as the links do that are made here; any other is somebody's own."""
    with suppress(errors.DiskProblem):
        blob = disk.behind_links(link)
        return (blob.parent.name, blob.name) == (_BLOBS, record.digest.hex)
    return False


def _led_to(disk: Disk, going: Collection[Path]) -> Callable[[Path], bool]:
    """Tells of a file whether it is a blob to which a link of its repository leads that is not `going`.

    Each repository is looked at once, when it is asked about first. Where that fails, all its blobs count as led to.
    """

    @cache
    def led_to(snapshots: Path) -> frozenset[str] | None:
        with suppress(errors.DiskProblem):
            links = [path for name in disk.tree(snapshots) if disk.is_link(path := snapshots / name)]
            return frozenset(disk.behind_links(path).name for path in links if path not in going)
        return None

    def tells(file: Path) -> bool:
        if file.parent.name != _BLOBS:
            return False
        names = led_to(file.parents[1] / "snapshots")
        return names is None or file.name in names

    return tells


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
