"""Digests of a file's blocks, made while it was written: by them a damaged file gets only its bad blocks again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from model_preload.core.journal.database import Database, key
from model_preload.core.values import Digest, Published

DIGEST_BYTES = 16
"""Of each block: enough to find damage by chance; whether the file is right the whole digest decides."""


@dataclass(frozen=True, slots=True)
class BlockRecord:
    """The digests of consecutive 8 MiB blocks (the last one is shorter), when size, mtime and digest were these."""

    size: int
    mtime_ns: int
    digest: Digest
    digests: tuple[bytes, ...]


class Blocks:
    """Records by absolute path."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, found: Published, digest: Digest, digests: Sequence[bytes]) -> None:
        """Remember the blocks of a file that has this digest. Raises ValueError if one of theirs is not of 16 bytes."""
        if any(len(one) != DIGEST_BYTES for one in digests):
            raise ValueError(f"a block's digest has {DIGEST_BYTES} bytes")
        self._database.write(
            "INSERT OR REPLACE INTO blocks VALUES (?, ?, ?, ?, ?)",
            (key(found.path), found.size, found.mtime_ns, str(digest), b"".join(digests)),
        )

    def load(self, path: Path) -> BlockRecord | None:
        rows = self._database.rows("SELECT size, mtime_ns, digest, digests FROM blocks WHERE path = ?", (key(path),))
        if not rows:
            return None
        size, mtime_ns, digest, joined = rows[0]
        digests = tuple(joined[start : start + DIGEST_BYTES] for start in range(0, len(joined), DIGEST_BYTES))
        with self._database.decoding():
            return BlockRecord(size, mtime_ns, Digest.parse(digest), digests)

    def move(self, before: Path, after: Path) -> None:
        """What is known of one path is of the other now."""
        self._database.write("UPDATE OR REPLACE blocks SET path = ? WHERE path = ?", (key(after), key(before)))

    def forget(self, paths: Iterable[Path]) -> None:
        rows = [(key(path),) for path in paths]
        if rows:
            self._database.write("DELETE FROM blocks WHERE path = ?", *rows)
