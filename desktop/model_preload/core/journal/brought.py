"""What this program itself put in place: where somebody else's files may lie beside, only that is ours to delete.

Apart from `records`, which say what bytes a file has, whoever made it, and are made anew by hashing.
"""

from collections.abc import Iterable
from pathlib import Path

from model_preload.core.journal.database import Database, key
from model_preload.core.values import Published


class Brought:
    """One entry a path: what was published there last. A file with another size or mtime is somebody else's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, published: Published) -> None:
        self._database.write(
            "INSERT OR REPLACE INTO brought VALUES (?, ?, ?)",
            (key(published.path), published.size, published.mtime_ns),
        )

    def all(self) -> frozenset[Published]:
        rows = self._database.rows("SELECT path, size, mtime_ns FROM brought")
        return frozenset(Published(Path(path), size, mtime_ns) for path, size, mtime_ns in rows)

    def move(self, before: Path, after: Path) -> None:
        """What is known of one path is of the other now."""
        self._database.write("UPDATE OR REPLACE brought SET path = ? WHERE path = ?", (key(after), key(before)))

    def forget(self, paths: Iterable[Path]) -> None:
        rows = [(key(path),) for path in paths]
        if rows:
            self._database.write("DELETE FROM brought WHERE path = ?", *rows)
