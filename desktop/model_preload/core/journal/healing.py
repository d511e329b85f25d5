"""A damaged journal: set aside, and a new one in its place.

What it knew of files is found again by hashing them, listings by asking the hubs. Nothing is thrown away:
the old file stays beside the new one as `journal.sqlite3.damaged-<time>`.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from model_preload.core import errors
from model_preload.core.files import Disk, ProcessLock
from model_preload.core.journal import clock
from model_preload.core.journal.database import Database, mark
from model_preload.core.texts import Text, text

log = logging.getLogger("model_preload.journal")

_LOCK_SECONDS = 10.0
_BESIDE = ("-wal", "-shm")


def open_sound(path: Path, disk: Disk) -> tuple[Database, Text | None]:
    """Open or make the journal, after setting aside one that is damaged.

    Returns:
        The database, and what the user should know if it had to be made anew.

    Raises:
        JournalTooNew, JournalLocked, JournalUnusable, DiskProblem: it was left as it is.
    """
    found = disk.stat(path)
    if found is not None and found.st_size and disk.stat(mark(path)) is None:
        try:
            return Database(path, disk), None
        except errors.JournalDamaged:
            pass  # looked at again by the one whose turn it is
    with _turn(path, disk):
        if disk.stat(path) is None:
            disk.remove(mark(path))  # it was of a file that is no more, and must not speak of the new one
        reason = _damage(path, disk)
        if reason is None:
            return Database(path, disk), None
        kept = _set_aside(path, disk)
        database = Database(path, disk)
    log.warning("the journal was damaged (%s); it is kept as %s, and a new one was made", reason, kept)
    return database, text(
        "The journal was damaged and a new one was made. What is on the disk is found again by preload. "
        "The old one is kept: {path}",
        path=kept,
    )


def _damage(path: Path, disk: Disk) -> str | None:
    """What is wrong with the file; None if nothing is, or there is none."""
    found = disk.stat(path)
    if found is None:
        return None
    told = disk.read_text(mark(path))
    if told is not None:
        return told
    if found.st_size == 0:
        return "it was empty"
    try:
        Database(path, disk).close()
    except errors.JournalDamaged as problem:
        return problem.reason
    return None


def _set_aside(path: Path, disk: Disk) -> Path:
    """Rename the file and SQLite's own beside it. Raises AccessDenied if another program holds it (Windows)."""
    moment = clock.written(clock.now()).replace("-", "").replace(":", "")
    number, kept = 1, path.with_name(f"{path.name}.damaged-{moment}")
    while disk.stat(kept) is not None:
        number += 1
        kept = path.with_name(f"{path.name}.damaged-{moment}-{number}")
    disk.replace(path, kept)
    for end in _BESIDE:
        beside = path.with_name(path.name + end)
        if disk.stat(beside) is not None:
            disk.replace(beside, kept.with_name(kept.name + end))
    disk.remove(mark(path))
    return kept


@contextmanager
def _turn(path: Path, disk: Disk) -> Iterator[None]:
    """One process at a time: the second one finds the new journal sound."""
    lock = ProcessLock(path.with_name("journal.lock"), disk)
    deadline = time.monotonic() + _LOCK_SECONDS
    while not lock.acquire("journal"):
        if time.monotonic() > deadline:
            raise errors.JournalLocked(path, _LOCK_SECONDS)
        time.sleep(0.05)
    try:
        yield
    finally:
        lock.release()
