"""The quick look: stat calls and the journal, no byte is read."""

import os
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from model_preload.core.caches import Cache
from model_preload.core.files import Disk
from model_preload.core.journal import FileRecord, Journal
from model_preload.core.plan import PathLimits, names
from model_preload.core.values import Digest, FileState, FileStatus, ListedFile, stamp

Survey = tuple[FileState, ...]

_LIMITS = PathLimits.of(sys.platform)


def survey(
    cache: Cache,
    files: Sequence[ListedFile],
    disk: Disk,
    journal: Journal,
    unreadable: Collection[Path] = (),
) -> Survey:
    """Look at each listed file's place. Raises DiskProblem, JournalUnusable.

    Args:
        unreadable: what `check_files` could not read: damaged, unless it was proven since.
    """
    places = [cache.destination(file) for file in files]
    records = journal.files.load(places)
    return tuple(
        _state(file, place, records.get(place), disk, journal, cache, unreadable)
        if names.problem(file.path, _LIMITS) is None
        else FileState(file, place, FileStatus.ABSENT)  # the plan refuses it; what lies outside is not looked at
        for file, place in zip(files, places, strict=True)
    )


def _state(
    file: ListedFile,
    place: Path,
    record: FileRecord | None,
    disk: Disk,
    journal: Journal,
    cache: Cache,
    unreadable: Collection[Path],
) -> FileState:
    found = disk.stat(place)
    if found is None:
        return FileState(file, place, FileStatus.ABSENT, candidate=_candidate(file, disk, journal, cache, unreadable))
    if found.st_size != file.size:
        return FileState(file, place, FileStatus.DAMAGED)
    if file.digest is None or not holds(record, found) or record is None:
        status = FileStatus.DAMAGED if place in unreadable else FileStatus.UNVERIFIED
        return FileState(file, place, status)
    if record.digest.algorithm != file.digest.algorithm:
        return FileState(file, place, FileStatus.UNVERIFIED)
    if record.digest != file.digest:
        return FileState(file, place, FileStatus.DAMAGED)
    return FileState(file, place, FileStatus.VERIFIED, checked_at=record.checked_at)


def proven(path: Path, digest: Digest, disk: Disk, journal: Journal) -> bool:
    """Whether any file, at its place or not, is known to hold these bytes, without reading it."""
    found = disk.stat(path)
    record = journal.files.load([path]).get(path)
    return found is not None and record is not None and holds(record, found) and record.digest == digest


def holds(record: FileRecord | None, found: os.stat_result) -> bool:
    """Whether the file is still as it was when the record was made."""
    return record is not None and (record.size, record.mtime_ns) == stamp(found)


def _differs(found: Digest, wanted: Digest) -> bool:
    """Whether they are digests of different bytes; of two algorithms that can't be said."""
    return found.algorithm == wanted.algorithm and found != wanted


def _candidate(
    file: ListedFile, disk: Disk, journal: Journal, cache: Cache, unreadable: Collection[Path]
) -> Path | None:
    """The first other place with a readable file of that size which is not known to hold other bytes."""
    if file.digest is None:
        return None
    for place in cache.candidates(file):
        found = disk.stat(place)
        if found is None or found.st_size != file.size or place in unreadable:
            continue
        record = journal.files.load([place]).get(place)
        if record is None or not holds(record, found) or not _differs(record.digest, file.digest):
            return place
    return None
