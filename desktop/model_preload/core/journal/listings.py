"""Pinned listings: what a hub said, so that status and plan work with no network."""

import json
from collections.abc import Iterable
from pathlib import Path

from model_preload.core.journal import clock
from model_preload.core.journal.database import Database, key
from model_preload.core.values import Digest, ListedFile, Listing


class Listings:
    """One listing a source, the last one saved; the engines' places have theirs, and each output folder its own.

    `output` is that folder, None for the engines' places.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, listing: Listing, output: Path | None = None) -> None:
        files = [
            [file.path, file.size, str(file.digest) if file.digest else None, file.remote] for file in listing.files
        ]
        name = _name(listing.source, output)
        with self._database.transaction():
            self._database.write(
                "INSERT OR REPLACE INTO listings VALUES (?, ?, ?, ?, ?)",
                (
                    name,
                    listing.revision,
                    listing.commit,
                    clock.written(listing.listed_at),
                    json.dumps(files, separators=(",", ":")),
                ),
            )
            self._database.write("INSERT OR IGNORE INTO commits VALUES (?, ?)", (name, listing.commit))

    def ever(self, sources: Iterable[str], commit: str, output: Path | None = None) -> bool:
        """Whether a listing of that commit was ever saved for one of the sources."""
        rows = self._database.rows("SELECT source FROM commits WHERE commit_id = ?", (commit,))
        return not {_name(source, output) for source in sources}.isdisjoint(name for (name,) in rows)

    def load(self, source: str, output: Path | None = None) -> Listing | None:
        rows = self._database.rows(
            "SELECT revision, commit_id, listed_at, files FROM listings WHERE source = ?", (_name(source, output),)
        )
        if not rows:
            return None
        revision, commit, listed_at, files = rows[0]
        with self._database.decoding():
            return Listing(
                source,
                revision,
                commit,
                tuple(
                    ListedFile(path, size, Digest.parse(digest) if digest else None, remote)
                    for path, size, digest, remote in json.loads(files)
                ),
                clock.read(listed_at),
            )

    def digests(self) -> frozenset[Digest]:
        """Of every file that belongs to an engine's place."""
        found: set[Digest] = set()
        for (files,) in self._database.rows("SELECT files FROM listings WHERE instr(source, char(10)) = 0"):
            with self._database.decoding():
                found.update(Digest.parse(digest) for _, _, digest, _ in json.loads(files) if digest)
        return frozenset(found)

    def outputs(self) -> frozenset[Path]:
        """The output folders."""
        rows = self._database.rows("SELECT source FROM listings WHERE instr(source, char(10)) > 0")
        return frozenset(Path(name.partition("\n")[2]) for (name,) in rows)

    def forget(self, source: str) -> None:
        self._database.write("DELETE FROM listings WHERE source = ?", (source,))


def _name(source: str, output: Path | None) -> str:
    """No identity of a source has a line end."""
    return source if output is None else f"{source}\n{key(output)}"
