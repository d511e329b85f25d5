"""The SQLite file behind the journal: opening, format versions, transactions.

The format's version is SQLite's own `user_version`. A newer file is refused, an older one is
brought forward after a backup was made beside it; what becomes of a damaged one is told in `healing`. WAL
with synchronous=NORMAL: a power cut may lose the last transactions, never the file's
consistency, and what a lost one said is found again by hashing.
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from model_preload.core import errors
from model_preload.core.files import Disk
from model_preload.core.files.disk import extended
from model_preload.core.journal.migrations import FORMAT, MIGRATIONS

log = logging.getLogger("model_preload.journal")

_BUSY_SECONDS = 10.0
_LEAST_ROOM = 1 << 16


def key(path: Path) -> str:
    """A path as the journal writes it; what UTF-8 can't hold (half a surrogate pair) becomes an escape."""
    written = str(path)
    return written if written.isascii() else written.encode("utf-8", "backslashreplace").decode()


def mark(path: Path) -> Path:
    """The file that says that a journal was found damaged."""
    return path.with_name(f"{path.name}.suspect")


class Database:
    """One connection that any thread may use, one statement or transaction at a time.

    Every method, and making one, raises JournalUnusable (JournalLocked after ten seconds, JournalDamaged) or
    DiskProblem; making one also JournalTooNew, which leaves every byte as it was.
    """

    def __init__(self, path: Path, disk: Disk) -> None:
        self.path = path
        self._disk = disk
        self._lock = threading.RLock()
        self._prepared = False
        disk.make_folder(path.parent)
        if disk.stat(path) is not None:
            self._refuse_newer(_format_of(path))
        with self._translated():
            self._connection = _connected(path)
        try:
            self._prepare()
            self._opened = self._inode()
            self._prepared = True
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def rows(self, statement: str, parameters: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
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
    def decoding(self) -> Iterator[None]:
        """For making values of rows: one that can't be made says that the file is damaged."""
        try:
            yield
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise self._damaged(f"a row that nobody wrote: {str(error)[:80]}") from error

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.ProgrammingError:
            raise  # a fault of ours
        except sqlite3.Error as error:
            raise self._circumstance(error) from error
        except UnicodeDecodeError as error:  # in what SQLite says of it
            raise self._damaged(str(error)) from error

    def _circumstance(self, error: sqlite3.Error) -> errors.Circumstance:
        reason = str(error)
        match getattr(error, "sqlite_errorcode", 0) & 0xFF:
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                return errors.JournalLocked(self.path, _BUSY_SECONDS)
            case sqlite3.SQLITE_FULL:
                return errors.DiskFull(self.path, self._disk.free_bytes(self.path))
            case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
                return errors.AccessDenied(self.path, reason)
            case sqlite3.SQLITE_IOERR | sqlite3.SQLITE_CANTOPEN if self._disk.free_bytes(self.path) < _LEAST_ROOM:
                return errors.DiskFull(self.path, self._disk.free_bytes(self.path))  # the log's index did not fit
            case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_FORMAT:
                return self._damaged(reason)
            case _ if reason.startswith("Could not decode"):
                return self._damaged(reason)
            case _ if self._prepared and reason.startswith(("no such table", "no such column")):
                return self._damaged(reason)
            case _:
                return errors.JournalUnusable(self.path, reason)

    def _damaged(self, reason: str) -> errors.JournalDamaged:
        """Leave a mark by which the next start knows, even if it would find nothing wrong.

        Not of what is found in opening, which the next one finds by itself, and not if another process has
        exchanged the file since: the mark would speak of the new one.
        """
        if self._prepared:
            with suppress(errors.DiskProblem):
                if self._inode() == self._opened:
                    self._disk.write_text(mark(self.path), reason)
        return errors.JournalDamaged(self.path, reason)

    def _inode(self) -> int | None:
        found = self._disk.stat(self.path)
        return found and found.st_ino

    def _refuse_newer(self, found: int) -> None:
        if found > FORMAT:
            raise errors.JournalTooNew(self.path, found, FORMAT)

    def _prepare(self) -> None:
        with self._translated():
            found = int(self._connection.execute("PRAGMA user_version").fetchone()[0])
            self._refuse_newer(found)
            self._use_wal()
            self._connection.execute("PRAGMA synchronous = NORMAL")
            ((said,),) = self._connection.execute("PRAGMA quick_check(1)").fetchall()
        if said != "ok":
            raise self._damaged(str(said))
        if found < FORMAT:
            self._migrate()

    def _migrate(self) -> None:
        """Bring the file forward, step by step in one transaction; after a failure it is as it was."""
        with self.transaction():
            # Another process may have made or migrated it while this one waited for its turn.
            found = int(self._connection.execute("PRAGMA user_version").fetchone()[0])
            if 0 < found < FORMAT:
                self._back_up(found)
            for migration in MIGRATIONS[found:]:
                for statement in migration:
                    self._connection.execute(statement)
            if found < FORMAT:
                self._connection.execute(f"PRAGMA user_version = {FORMAT}")

    def _back_up(self, found: int) -> None:
        """Copy the file beside itself, whole or not at all; this connection holds the lock and has written nothing."""
        backup = self.path.with_name(f"{self.path.name}.v{found}.backup")
        unfinished = backup.with_name(f"{backup.name}.new")
        self._disk.remove(unfinished)
        try:
            # SQLite copies from no connection that is in the middle of a transaction.
            with (
                closing(_connected(self.path)) as source,
                closing(sqlite3.connect(extended(unfinished))) as target,
            ):
                source.backup(target)
            self._disk.replace(unfinished, backup)
        finally:
            self._disk.remove(unfinished)
        log.info("the journal goes from format %d to %d; its backup is %s", found, FORMAT, backup)

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


def _connected(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(extended(path), timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)


def _format_of(path: Path) -> int:
    """The format of a file, found without changing anything; 0 if it can't be told in this way.

    An ordinary connection would write what a killed program left in the log into the file when it closes.
    """
    log_ = path.with_name(f"{path.name}-wal")
    try:
        way = "mode=ro" if log_.exists() and log_.stat().st_size else "immutable=1"
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{way}", uri=True, timeout=_BUSY_SECONDS)) as opened:
            return int(opened.execute("PRAGMA user_version").fetchone()[0])
    except (OSError, ValueError, sqlite3.Error):
        return 0
