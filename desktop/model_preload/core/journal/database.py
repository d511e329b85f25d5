"""The SQLite file behind the journal: opening, format versions, transactions.

The format's version is SQLite's own `user_version`. A newer file is refused, an older one is
brought forward after a backup was made beside it. WAL with synchronous=NORMAL: a power cut may lose the
last transactions, never the file's consistency, and what a lost one said is found again by hashing.
"""

import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from model_preload.core import errors
from model_preload.core.files import Disk
from model_preload.core.files.disk import extended

FORMAT = 1
_BUSY_SECONDS = 10.0

_SCHEMA = """
CREATE TABLE listings (
    source TEXT PRIMARY KEY, revision TEXT NOT NULL, commit_id TEXT NOT NULL, listed_at TEXT NOT NULL,
    files TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE files (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    digest TEXT NOT NULL, checked_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE parts (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, version TEXT NOT NULL,
    done TEXT NOT NULL, synced TEXT NOT NULL, boot_id TEXT NOT NULL, changed_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE queue (
    model TEXT PRIMARY KEY, position INTEGER NOT NULL, state TEXT NOT NULL, changed_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE chosen (
    model TEXT PRIMARY KEY, chosen_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE runs (
    id INTEGER PRIMARY KEY, models TEXT NOT NULL, started_at TEXT NOT NULL, finished_at TEXT,
    outcome TEXT NOT NULL, bytes_fetched INTEGER NOT NULL, bytes_total INTEGER NOT NULL, errors TEXT NOT NULL
) STRICT;
"""


def key(path: Path) -> str:
    """A path as the journal writes it; what UTF-8 can't hold (half a surrogate pair) becomes an escape."""
    return str(path).encode("utf-8", "backslashreplace").decode()


class Database:
    """One connection that any thread may use, one statement or transaction at a time.

    Raises (from the constructor): JournalTooNew, JournalUnusable, DiskProblem.
    """

    def __init__(self, path: Path, disk: Disk) -> None:
        self.path = path
        self._lock = threading.RLock()
        disk.make_folder(path.parent)
        try:
            self._connection = sqlite3.connect(
                extended(path), timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise errors.JournalUnusable(path, str(error)) from error
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def rows(self, statement: str, parameters: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query. Raises JournalUnusable."""
        with self._lock, self._translated():
            return self._connection.execute(statement, tuple(parameters)).fetchall()

    def write(self, statement: str, *rows: Iterable[Any]) -> int:
        """Run a statement for each row of parameters in one transaction; returns the last row's id, 0 without rows."""
        with self._lock, self.transaction():
            last = 0
            for row in rows:
                last = self._connection.execute(statement, tuple(row)).lastrowid or 0
            return last

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is kept or nothing; may be nested, the outermost one decides."""
        with self._lock, self._translated():
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            with self._connection:  # also takes back what could not be committed, else nothing later would be either
                yield

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.ProgrammingError:
            raise  # a fault of ours
        except sqlite3.Error as error:
            raise errors.JournalUnusable(self.path, str(error)) from error

    def _prepare(self) -> None:
        with self._translated():
            found = int(self._connection.execute("PRAGMA user_version").fetchone()[0])
            if found > FORMAT:
                raise errors.JournalTooNew(self.path, found, FORMAT)
            self._use_wal()
            self._connection.execute("PRAGMA synchronous = NORMAL")
        if found == FORMAT:
            return
        with self.transaction():
            # Another process may have made it while this one waited for its turn.
            if int(self._connection.execute("PRAGMA user_version").fetchone()[0]) == 0:
                for statement in filter(str.strip, _SCHEMA.split(";")):
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA user_version = {FORMAT}")

    def _use_wal(self) -> None:
        """Switch a new file over; two processes that do it at once get SQLITE_BUSY, however long they may wait."""
        deadline = time.monotonic() + _BUSY_SECONDS
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return
