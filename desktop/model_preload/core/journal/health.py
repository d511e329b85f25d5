"""A look at the journal's file that changes nothing: not even a damaged one is set aside."""

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from model_preload.core import errors
from model_preload.core.files import Disk
from model_preload.core.journal.database import mark
from model_preload.core.journal.migrations import FORMAT

_STEPS = 10_000
_BUSY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Health:
    """Attributes: a sound file's format and bytes."""

    format: int
    bytes: int


def health(path: Path, disk: Disk, seconds: float) -> Health | None:
    """Read every page of the journal; None if there is no file.

    Raises:
        JournalTooNew, JournalLocked, JournalDamaged, JournalUnusable, DiskProblem: what is wrong with it.
        TimeoutError: reading it took longer than `seconds`.
    """
    found = disk.stat(path)
    if found is None:
        return None
    if not found.st_size:
        raise errors.JournalDamaged(path, "it is empty")
    marked = disk.read_text(mark(path))
    if marked is not None:
        raise errors.JournalDamaged(path, marked)
    try:
        written, said = _read(path, time.monotonic() + seconds)
    except sqlite3.Error as error:
        raise _told(path, error, seconds) from error
    if written > FORMAT:
        raise errors.JournalTooNew(path, written, FORMAT)
    if said != "ok":
        raise errors.JournalDamaged(path, said)
    return Health(written, found.st_size)


def _read(path: Path, ends: float) -> tuple[int, str]:
    """Format, and what SQLite's check says; read only, beside a run that may be at work."""
    address = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS)) as connection:
        connection.set_progress_handler(lambda: time.monotonic() > ends, _STEPS)
        written = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if written > FORMAT:
            return written, ""
        return written, str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])


def _told(path: Path, error: sqlite3.Error, seconds: float) -> Exception:
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_INTERRUPT:
            return TimeoutError(f"not read within {seconds:g} s")
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return errors.JournalLocked(path, _BUSY_SECONDS)
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return errors.JournalDamaged(path, str(error))
    return errors.JournalUnusable(path, str(error))
