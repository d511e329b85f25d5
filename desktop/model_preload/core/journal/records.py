"""What was checked: digests of files at their places."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from model_preload.core.journal import clock
from model_preload.core.journal.database import Database, key
from model_preload.core.values import Digest, Published

_PATHS_A_QUERY = 500  # SQLite's oldest limit for parameters is 999


@dataclass(frozen=True, slots=True)
class FileRecord:
    """The digest that a file had when it had this size and mtime."""

    size: int
    mtime_ns: int
    digest: Digest
    checked_at: datetime


class FileRecords:
    """Records by absolute path."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, found: Published, digest: Digest) -> None:
        self._database.write(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)",
            (key(found.path), found.size, found.mtime_ns, str(digest), clock.written(clock.now())),
        )

    def load(self, paths: Iterable[Path]) -> Mapping[Path, FileRecord]:
        """The records of those paths that have one."""
        wanted = {key(path): path for path in paths}
        names = list(wanted)
        found: dict[Path, FileRecord] = {}
        for start in range(0, len(names), _PATHS_A_QUERY):
            some = names[start : start + _PATHS_A_QUERY]
            marks = ",".join("?" * len(some))
            for path, size, mtime_ns, digest, checked_at in self._database.rows(
                f"SELECT path, size, mtime_ns, digest, checked_at FROM files WHERE path IN ({marks})",  # noqa: S608
                some,
            ):
                with self._database.decoding():
                    found[wanted[path]] = _record(size, mtime_ns, digest, checked_at)
        return found

    def all(self) -> Mapping[Path, FileRecord]:
        """Every record, by path in its order."""
        found = {}
        for path, size, mtime_ns, digest, checked_at in self._database.rows(
            "SELECT path, size, mtime_ns, digest, checked_at FROM files ORDER BY path"
        ):
            with self._database.decoding():
                found[Path(path)] = _record(size, mtime_ns, digest, checked_at)
        return found

    def holding(self, digest: Digest) -> tuple[Path, ...]:
        """The files that were found to hold these bytes, the last one checked first; they may have changed since."""
        rows = self._database.rows("SELECT path FROM files WHERE digest = ? ORDER BY checked_at DESC", (str(digest),))
        return tuple(Path(path) for (path,) in rows)

    def move(self, before: Path, after: Path) -> None:
        """What is known of one path is of the other now."""
        self._database.write("UPDATE OR REPLACE files SET path = ? WHERE path = ?", (key(after), key(before)))

    def forget(self, paths: Iterable[Path]) -> None:
        rows = [(key(path),) for path in paths]
        if rows:
            self._database.write("DELETE FROM files WHERE path = ?", *rows)


def _record(size: int, mtime_ns: int, digest: str, checked_at: str) -> FileRecord:
    return FileRecord(size, mtime_ns, Digest.parse(digest), clock.read(checked_at))
