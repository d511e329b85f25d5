"""Pinned listings: what a hub said, so that status and plan work with no network."""

import json

from model_preload.core.journal import clock
from model_preload.core.journal.database import Database
from model_preload.core.values import Digest, ListedFile, Listing


class Listings:
    """One listing a source, the last one saved."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, listing: Listing) -> None:
        files = [
            [file.path, file.size, str(file.digest) if file.digest else None, file.remote] for file in listing.files
        ]
        self._database.write(
            "INSERT OR REPLACE INTO listings VALUES (?, ?, ?, ?, ?)",
            (
                listing.source,
                listing.revision,
                listing.commit,
                clock.written(listing.listed_at),
                json.dumps(files, separators=(",", ":")),
            ),
        )

    def load(self, source: str) -> Listing | None:
        rows = self._database.rows(
            "SELECT revision, commit_id, listed_at, files FROM listings WHERE source = ?", (source,)
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

    def forget(self, source: str) -> None:
        self._database.write("DELETE FROM listings WHERE source = ?", (source,))
