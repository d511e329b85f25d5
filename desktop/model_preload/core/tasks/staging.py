"""The staging folders: one run at a time writes there, and what nobody goes on with is deleted after a while.

The queue's lock keeps runs of one installation apart. A folder may be shared by several, such as those of two
users of a machine who have one platform; two that wrote to one part would spoil it.
"""

import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from model_preload.core import errors
from model_preload.core.events import Control
from model_preload.core.files import Disk, ProcessLock, staging_folder
from model_preload.core.files.disk import existing_ancestor
from model_preload.core.tasks.services import Pinned, Services, stored_pin

log = logging.getLogger("model_preload.tasks")

LOCK = "run.lock"
"""In a staging folder, of who is at work there."""
UNKNOWN_SECONDS = 24 * 3600.0
"""After that a part without a record is an orphan: until then it may be another installation's, which will go on."""
UNWANTED_SECONDS = 30 * 24 * 3600.0
_WORK = re.compile(r".+-[0-9a-f]{8}")
_BUILD = re.compile(r"[0-9a-f]{8}-[0-9a-f]{8}")
"""As `caches.whole` names the folders of its folders."""


@contextmanager
def alone_in(staging: Path, disk: Disk, purpose: str, wait: Control | None) -> Iterator[None]:
    """Keep other installations out of a staging folder.

    Args:
        purpose: what a refused one is told.
        wait: given, wait until the folder is free, or cancelled.

    Raises:
        HeldByAnother: another one is at work there.
        DiskProblem, Cancelled.
    """
    lock = ProcessLock(staging / LOCK, disk)
    if not lock.acquire(purpose, wait):
        raise errors.HeldByAnother(lock.holder() or "model-preload")
    try:
        yield
    finally:
        lock.release()


def clean_parts(services: Services, queued: Iterable[str]) -> tuple[Path, ...]:
    """Delete parts that the journal does not know, and old parts and builds that belong to no queued model.

    A build is a folder that was to take its place as a whole and never did, see `caches.whole`.

    Only for a run that holds the queue: then no run of this installation has a part open. A folder where another
    installation is at work is left alone, and nothing is raised for what can't be deleted: the next run tries again.

    Args:
        queued: keys of the models that are waiting, in work or failed.

    Returns:
        What was deleted.

    Raises:
        JournalUnusable.
    """
    known = services.journal.parts.paths()
    folders = {*_staging_folders(services), *(path.parent for path in known)}
    found = {path for folder in folders for path in services.disk.files(folder, ".part")}
    # Records whose folder is gone are kept: it may be on a drive that comes back.
    gone = [path for path in known if path not in found and existing_ancestor(path) == path.parent]
    wanted = cache(lambda: _wanted(services, queued))
    deleted = []
    for path in sorted(found):
        age = _age(services, path)
        if age < (UNWANTED_SECONDS if path in known else UNKNOWN_SECONDS):
            continue
        if path in known and path in wanted():
            continue
        with (
            suppress(errors.DiskProblem, errors.HeldByAnother),
            alone_in(path.parent, services.disk, "model-preload", None),
        ):
            services.disk.remove(path)
            deleted.append(path)
            _log_deleted(path, age)
    services.journal.parts.forget([*gone, *deleted])
    return (*deleted, *_clean_builds(services.disk, folders, wanted))


def _clean_builds(disk: Disk, folders: Iterable[Path], wanted: Callable[[], frozenset[Path]]) -> Iterable[Path]:
    for staging in folders:
        for build in _builds(disk, staging):
            with suppress(errors.DiskProblem, errors.HeldByAnother):
                age = time.time() - disk.newest(build)
                if age < UNWANTED_SECONDS or build.parent in wanted():
                    continue
                with alone_in(staging, disk, "model-preload", None):
                    disk.remove_tree(build)
                    if not disk.has_entries(build.parent):
                        disk.remove_tree(build.parent)
                _log_deleted(build, age)
                yield build


def _builds(disk: Disk, staging: Path) -> Iterable[Path]:
    """Not the folders `old` beside them: after a run that was killed one may hold all that is left of a model."""
    for work in filter(_WORK.fullmatch, disk.subfolders(staging)):
        for build in filter(_BUILD.fullmatch, disk.subfolders(staging / work)):
            yield staging / work / build


def _log_deleted(path: Path, age: float) -> None:
    log.info("deleted %s, which nobody went on with for %.0f days", path, age / 86400)


def _staging_folders(services: Services) -> Iterable[Path]:
    """Those that can be told: a drive that is away has none."""
    with suppress(errors.DiskProblem):
        yield staging_folder(services.cache_root, services.disk)
    for model in services.catalog.models:
        with suppress(errors.PlaceUnknown, errors.DiskProblem):
            yield staging_folder(services.folder_for(model), services.disk)


def _wanted(services: Services, queued: Iterable[str]) -> frozenset[Path]:
    """The parts of queued models, and the folders in which they are built."""
    wanted = set(queued)
    found: set[Path] = set()
    for model in services.catalog.models:
        if model.key in wanted:
            with suppress(errors.PlaceUnknown, errors.UsageProblem, errors.SourceUnfit, errors.DiskProblem):
                pinned = stored_pin(services, model)
                if pinned is not None:
                    found.update(pinned.part(file) for file in pinned.files)
                    found.update(_work_folders(pinned))
    return frozenset(found)


def _work_folders(pinned: Pinned) -> Iterable[Path]:
    """The folders in its staging folder where its cache looks for files."""
    for file in pinned.files:
        for place in (pinned.cache.destination(file), *pinned.cache.candidates(file)):
            if place.is_relative_to(pinned.staging):
                yield pinned.staging / place.relative_to(pinned.staging).parts[0]


def _age(services: Services, path: Path) -> float:
    """Seconds since it was last written; none of one that is gone meanwhile, or that has a time to come."""
    found = services.disk.stat(path)
    return max(0.0, time.time() - found.st_mtime) if found else 0.0
