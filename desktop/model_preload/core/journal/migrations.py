"""The journal's formats: how a file of each one becomes one of the next.

A file is new at format 0. What stands here was released and is never changed; a new format is one more entry.
"""

Migration = tuple[str, ...]
"""Statements that run in one transaction."""

MIGRATIONS: tuple[Migration, ...] = (
    (
        """
        CREATE TABLE listings (
            source TEXT PRIMARY KEY, revision TEXT NOT NULL, commit_id TEXT NOT NULL, listed_at TEXT NOT NULL,
            files TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE files (
            path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
            digest TEXT NOT NULL, checked_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE parts (
            path TEXT PRIMARY KEY, size INTEGER NOT NULL, version TEXT NOT NULL,
            done TEXT NOT NULL, synced TEXT NOT NULL, boot_id TEXT NOT NULL, changed_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE queue (
            model TEXT PRIMARY KEY, position INTEGER NOT NULL, state TEXT NOT NULL, changed_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE chosen (
            model TEXT PRIMARY KEY, chosen_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE runs (
            id INTEGER PRIMARY KEY, models TEXT NOT NULL, started_at TEXT NOT NULL, finished_at TEXT,
            outcome TEXT NOT NULL, bytes_fetched INTEGER NOT NULL, bytes_total INTEGER NOT NULL, errors TEXT NOT NULL
        ) STRICT
        """,
    ),
    (
        """
        CREATE TABLE blocks (
            path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, digests BLOB NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
    ),
    (
        """
        CREATE TABLE proofs (
            model TEXT PRIMARY KEY, engine TEXT NOT NULL, version TEXT NOT NULL, commit_id TEXT NOT NULL,
            proved_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
    ),
    (  # a proof without its place says nothing: it is asked for again
        "DROP TABLE proofs",
        """
        CREATE TABLE proofs (
            model TEXT PRIMARY KEY, engine TEXT NOT NULL, version TEXT NOT NULL, commit_id TEXT NOT NULL,
            place TEXT NOT NULL, loaded INTEGER NOT NULL, proved_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
    ),
    (  # empty also for files that are known: who brought those nobody wrote down
        """
        CREATE TABLE brought (
            path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
    ),
    (  # blocks say of which bytes they are; those of a file that is not what it was can't be told
        "ALTER TABLE blocks RENAME TO former_blocks",
        """
        CREATE TABLE blocks (
            path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, digest TEXT NOT NULL,
            digests BLOB NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        """
        INSERT INTO blocks SELECT path, size, mtime_ns, files.digest, digests
        FROM former_blocks JOIN files USING (path, size, mtime_ns)
        """,
        "DROP TABLE former_blocks",
    ),
    (
        """
        CREATE TABLE commits (
            source TEXT NOT NULL, commit_id TEXT NOT NULL, PRIMARY KEY (source, commit_id)
        ) STRICT, WITHOUT ROWID
        """,
        "INSERT INTO commits SELECT source, commit_id FROM listings",
    ),
)
"""The one at index n brings a file from format n to n + 1."""

FORMAT = len(MIGRATIONS)
"""What this version writes."""
