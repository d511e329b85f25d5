"""The values that travel between rooms and threads: frozen, without behaviour that touches the world."""

import os
import re
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Literal

from model_preload.core.texts import Text, text

DigestAlgorithm = Literal["sha256", "git-sha1"]
_HEX: dict[DigestAlgorithm, re.Pattern[str]] = {
    "sha256": re.compile("[0-9a-f]{64}"),
    "git-sha1": re.compile("[0-9a-f]{40}"),
}
_LAST_NS = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Digest:
    """What a file's bytes must hash to.

    `git-sha1` is git's blob id: sha1 over `blob <size>\\0` and the content. A value that is not of
    exactly the algorithm's lower-case hex form can't be made, since it becomes part of paths.

    Raises:
        ValueError: the hex form is not that of the algorithm.
    """

    algorithm: DigestAlgorithm
    hex: str

    def __post_init__(self) -> None:
        if not _HEX[self.algorithm].fullmatch(self.hex):
            raise ValueError(f"{self.hex[:80]!r} is not a {self.algorithm} digest")

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"

    @classmethod
    def parse(cls, written: str) -> "Digest":
        """Read `algorithm:hex` as `str()` writes it. Raises ValueError."""
        algorithm, _, value = written.partition(":")
        if algorithm not in _HEX:
            raise ValueError(f"{written[:80]!r} names no digest algorithm")
        return cls(algorithm, value)


@dataclass(frozen=True, slots=True)
class ListedFile:
    """One file of a listing.

    Attributes:
        path: relative, with `/`, as the hub names it (or as the catalog renames it).
        size: bytes.
        digest: None if the hub offers none; such a file never becomes *ready*.
        remote: the hub's own name where `path` was renamed or the hub is a plain URL, else "".
    """

    path: str
    size: int
    digest: Digest | None
    remote: str = ""

    @property
    def remote_path(self) -> str:
        """What to ask the hub for."""
        return self.remote or self.path


@dataclass(frozen=True, slots=True)
class Listing:
    """A hub's answer for one repository at one revision.

    Attributes:
        source: identity of the source without its endpoint, so that a mirror's listing counts as the hub's.
        revision: what was asked for (branch, tag or commit).
        commit: what it was resolved to; for a plain URL what tells its version ("" if nothing does).
        files: in the hub's order.
        listed_at: aware, UTC.
    """

    source: str
    revision: str
    commit: str
    files: tuple[ListedFile, ...]
    listed_at: datetime


class FileStatus(Enum):
    """What is known of one file at its place, without a guess."""

    VERIFIED = "verified"
    """There; size and mtime are those of the moment when the digest was checked."""
    UNVERIFIED = "unverified"
    """There with the listed size, but its digest was not checked, or not since it changed, or is not known."""
    DAMAGED = "damaged"
    """There with other bytes than listed."""
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class FileState:
    """One listed file and what is at its place.

    Attributes:
        file: as listed.
        destination: where the engine reads it.
        status: see `FileStatus`.
        checked_at: when the digest was last found right; None unless VERIFIED.
        candidate: another file in the same cache that should hold the same bytes.
    """

    file: ListedFile
    destination: Path
    status: FileStatus
    checked_at: datetime | None = None
    candidate: Path | None = None


class Verdict(Enum):
    """What the status of a model is, in one word."""

    READY = "ready"
    PARTIAL = "partial"
    MISSING = "missing"
    DAMAGED = "damaged"
    UNVERIFIED = "unverified"
    OUTDATED = "outdated"

    @property
    def ready(self) -> bool:
        """True if the engine finds every file, proven; a newer revision may exist."""
        return self in (Verdict.READY, Verdict.OUTDATED)

    @property
    def label(self) -> Text:
        """The word people see."""
        return _LABELS[self]


_LABELS = {
    Verdict.READY: text("Ready"),
    Verdict.PARTIAL: text("Partial"),
    Verdict.MISSING: text("Missing"),
    Verdict.DAMAGED: text("Damaged"),
    Verdict.UNVERIFIED: text("Unverified"),
    Verdict.OUTDATED: text("Outdated"),
}


@dataclass(frozen=True, slots=True)
class Published:
    """What lies at its final place now, with the values that a later stat call must show again.

    Attributes:
        hashed: it is a copy that was found to have the listed digest.
    """

    path: Path
    size: int
    mtime_ns: int
    hashed: bool = False

    @classmethod
    def of(cls, path: Path, found: os.stat_result) -> "Published":
        """What a stat call shows of it."""
        return cls(path, *stamp(found))


def stamp(found: os.stat_result) -> tuple[int, int]:
    """Size and mtime (ns), by which a file is taken for the one that was checked.

    A time that the journal's 64 bits can't hold counts as the nearest that they can: in 1677 or 2262.
    """
    return found.st_size, max(-_LAST_NS, min(found.st_mtime_ns, _LAST_NS))
