"""Readiness: what a look at the disk says, with and without reading; never more than was proven."""

import hashlib
import itertools
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from model_preload.core.caches.folder import FolderCache
from model_preload.core.caches.huggingface import HuggingFaceCache
from model_preload.core.events import Cancelled, Control
from model_preload.core.files import Disk
from model_preload.core.journal import Journal
from model_preload.core.readiness import check_files, judge, proven, survey
from model_preload.core.values import Digest, FileState, FileStatus, ListedFile, Published, Verdict

CONTENT = b"model" * 1000
OTHER = b"MODEL" * 1000
ABSENT, DAMAGED, UNVERIFIED, VERIFIED = (
    FileStatus.ABSENT,
    FileStatus.DAMAGED,
    FileStatus.UNVERIFIED,
    FileStatus.VERIFIED,
)


def sha(content: bytes) -> Digest:
    return Digest("sha256", hashlib.sha256(content).hexdigest())


def blob(content: bytes) -> Digest:
    return Digest("git-sha1", hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest())


def listed(path: str = "w.bin", content: bytes = CONTENT) -> ListedFile:
    return ListedFile(path, len(content), sha(content))


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def journal(tmp_path: Path, disk: Disk) -> Iterator[Journal]:
    with closing(Journal.open(tmp_path / "state" / "journal.sqlite3", disk)) as opened:
        yield opened


@pytest.fixture
def cache(tmp_path: Path, disk: Disk) -> FolderCache:
    return FolderCache(tmp_path / "模型", disk)


def put(path: Path, content: bytes = CONTENT) -> Published:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    found = path.stat()
    return Published(path, found.st_size, found.st_mtime_ns)


def check(journal: Journal, *paths: Path, control: Control | None = None) -> list[tuple[int, int]]:
    told: list[tuple[int, int]] = []
    check_files(
        [(path, "sha256") for path in paths], Disk(), journal, control or Control(), lambda *done: told.append(done)
    )
    return told


# The quick look


def test_the_life_of_a_file(cache: FolderCache, disk: Disk, journal: Journal) -> None:
    file = listed()
    place = cache.destination(file)

    def look() -> FileStatus:
        (state,) = survey(cache, [file], disk, journal)
        assert (state.file, state.destination) == (file, place)
        assert (state.checked_at is not None) == (state.status is VERIFIED)
        return state.status

    assert look() is ABSENT
    published = put(place)
    assert look() is UNVERIFIED, "nobody hashed it"
    journal.files.save(published, sha(CONTENT))
    assert look() is VERIFIED
    os.utime(place, ns=(1, published.mtime_ns + 1))
    assert look() is UNVERIFIED, "touched since"
    os.utime(place, ns=(1, published.mtime_ns))
    assert look() is VERIFIED
    put(place, OTHER)
    os.utime(place, ns=(1, published.mtime_ns + 10))
    assert look() is UNVERIFIED, "of the same size, changed since"
    check(journal, place)
    assert look() is DAMAGED
    put(place, CONTENT + b"!")
    assert look() is DAMAGED, "of another size"
    place.unlink()
    assert look() is ABSENT
    place.mkdir()
    assert look() is ABSENT, "a folder is no file"


@pytest.mark.parametrize(
    ("file", "recorded", "expected"),
    [
        (ListedFile("f", len(CONTENT), None), None, UNVERIFIED),
        (ListedFile("f", len(CONTENT), None), sha(CONTENT), UNVERIFIED),
        (ListedFile("f", len(CONTENT), sha(CONTENT)), sha(CONTENT), VERIFIED),
        (ListedFile("f", len(CONTENT), blob(CONTENT)), blob(CONTENT), VERIFIED),
        (ListedFile("f", len(CONTENT), sha(CONTENT)), blob(CONTENT), UNVERIFIED),
        (ListedFile("f", len(CONTENT), sha(CONTENT)), sha(OTHER), DAMAGED),
        (ListedFile("f", len(CONTENT) + 1, sha(CONTENT)), sha(CONTENT), DAMAGED),
        (ListedFile("f", 0, sha(b"")), None, DAMAGED),
    ],
)
def test_what_is_known_of_a_file(
    cache: FolderCache, disk: Disk, journal: Journal, file: ListedFile, recorded: Digest | None, expected: FileStatus
) -> None:
    published = put(cache.destination(file))
    if recorded is not None:
        journal.files.save(published, recorded)
    (state,) = survey(cache, [file], disk, journal)
    assert state.status is expected


@pytest.mark.parametrize("path", ["../secret", "a/../../secret", "nul\0", "half\ud800", "x" * 300, "con", "a\x1b[0m"])
def test_a_name_that_the_plan_refuses_is_absent_and_nothing_is_looked_at(
    cache: FolderCache, disk: Disk, journal: Journal, path: str, tmp_path: Path
) -> None:
    cache.location.mkdir()
    put(tmp_path / "secret")
    states = survey(cache, [listed(path)], disk, journal)
    assert [state.status for state in states] == [ABSENT]
    for reason in judge(states).reasons:
        assert str(reason).isprintable()
        str(reason).encode("utf-8")


def test_a_file_of_another_commit_is_a_candidate_unless_it_is_known_to_be_wrong(
    tmp_path: Path, disk: Disk, journal: Journal
) -> None:
    cache = HuggingFaceCache(tmp_path / "hub", "o/m", "main", "b" * 40, disk=disk, no_links=True)
    older = tmp_path / "hub" / "models--o--m" / "snapshots" / ("a" * 40) / "w.bin"

    def candidate() -> Path | None:
        (state,) = survey(cache, [listed()], disk, journal)
        assert state.status is ABSENT
        return state.candidate

    assert candidate() is None
    put(older, CONTENT[1:])
    assert candidate() is None, "of another size"
    put(older)
    assert candidate() == older
    assert not proven(older, sha(CONTENT), disk, journal)
    check(journal, older)
    assert candidate() == older
    assert proven(older, sha(CONTENT), disk, journal)
    put(older, OTHER)
    os.utime(older, ns=(1, 1))
    assert not proven(older, sha(CONTENT), disk, journal)
    check(journal, older)
    assert candidate() is None, "hashed, and wrong"
    older.unlink()
    assert not proven(older, sha(CONTENT), disk, journal)


# The deep look


def test_deep_check_remembers_what_it_found(cache: FolderCache, disk: Disk, journal: Journal) -> None:
    files = [listed(f"{number}.bin", CONTENT * (number + 1)) for number in range(12)]
    for file in files[:-1]:
        put(cache.destination(file), CONTENT * (file.size // len(CONTENT)))
    put(cache.destination(files[3]), OTHER * 4)
    gone = cache.destination(files[-1])
    journal.files.save(Published(gone, 1, 1), sha(b""))
    told = check(journal, *(cache.destination(file) for file in files))
    assert [state.status for state in survey(cache, files, disk, journal)] == [
        DAMAGED if number == 3 else ABSENT if number == 11 else VERIFIED for number in range(12)
    ]
    assert told == sorted(told)
    assert told[-1] == (12, sum(file.size for file in files[:-1]))
    assert journal.files.load([gone]) == {}


def test_deep_check_of_nothing_tells_nothing(journal: Journal) -> None:
    assert check(journal) == []


@pytest.mark.parametrize("digest", [sha(CONTENT), blob(CONTENT)], ids=["sha256", "git-sha1"])
def test_deep_check_hashes_as_the_listing_does(
    cache: FolderCache, disk: Disk, journal: Journal, digest: Digest
) -> None:
    file = ListedFile("f", len(CONTENT), digest)
    put(cache.destination(file))
    check_files([(cache.destination(file), digest.algorithm)], disk, journal, Control(), lambda *_: None)
    assert survey(cache, [file], disk, journal)[0].status is VERIFIED


class Meddling(Disk):
    """A disk on which the file is written to while it is read: after the first look at it."""

    def __init__(self) -> None:
        self.looks = itertools.count()

    def stat(self, path: Path) -> os.stat_result | None:
        if next(self.looks) == 1:
            os.utime(path, ns=(1, 12345))
        return super().stat(path)


def test_a_file_that_changes_while_it_is_read_stays_unverified(
    cache: FolderCache, disk: Disk, journal: Journal
) -> None:
    file = listed()
    put(cache.destination(file))
    check_files([(cache.destination(file), "sha256")], Meddling(), journal, Control(), lambda *_: None)
    assert survey(cache, [file], disk, journal)[0].status is UNVERIFIED


@pytest.mark.parametrize("seconds", [10_400_000_000, -11_000_000_000], ids=["2299", "1621"])
def test_a_file_of_a_time_that_the_journal_can_t_hold_is_proven_as_others(
    cache: FolderCache, journal: Journal, seconds: int
) -> None:
    """As a file system gives it: not each one keeps such a time."""
    file = listed()
    place = cache.destination(file)
    put(place)

    class Far(Disk):
        def stat(self, path: Path) -> os.stat_result | None:
            found = super().stat(path)
            return found and os.stat_result(found[:10], {"st_mtime_ns": seconds * 10**9})

    check_files([(place, "sha256")], Far(), journal, Control(), lambda *_: None)
    assert survey(cache, [file], Far(), journal)[0].status is VERIFIED
    assert proven(place, sha(CONTENT), Far(), journal)
    assert survey(cache, [file], Disk(), journal)[0].status is UNVERIFIED


def test_a_cancelled_check_ends_and_keeps_what_it_found(cache: FolderCache, disk: Disk, journal: Journal) -> None:
    files = [listed(f"{number}.bin") for number in range(400)]
    for file in files:
        put(cache.destination(file))
    control = Control()
    first = cache.destination(files[0])
    check(journal, first)
    control.cancel()
    with pytest.raises(Cancelled):
        check(journal, *(cache.destination(file) for file in files), control=control)
    assert [state.status for state in survey(cache, files, disk, journal)] == [VERIFIED] + [UNVERIFIED] * 399


def test_a_paused_check_waits_and_goes_on(cache: FolderCache, disk: Disk, journal: Journal) -> None:
    file = listed()
    put(cache.destination(file))
    control = Control()
    control.pause()
    told = threading.Event()
    thread = threading.Thread(
        target=check_files,
        args=([(cache.destination(file), "sha256")], disk, journal, control, lambda *_: told.set()),
    )
    thread.start()
    assert told.wait(5), "progress is told while it is paused"
    assert survey(cache, [file], disk, journal)[0].status is UNVERIFIED
    control.resume()
    thread.join(5)
    assert survey(cache, [file], disk, journal)[0].status is VERIFIED


def test_a_file_that_can_not_be_read_is_named(cache: FolderCache, journal: Journal) -> None:
    good, bad = cache.destination(listed("good")), cache.destination(listed("bad"))
    put(good)
    put(bad)

    class Vanishing(Disk):
        def stat(self, path: Path) -> os.stat_result | None:
            found = super().stat(path)
            if path == bad:
                path.unlink()
            return found

    journal.files.save(Published(bad, 1, 1), sha(b""))
    found = check_files([(bad, "sha256"), (good, "sha256")], Vanishing(), journal, Control(), lambda *_: None)
    assert {path: problem.path for path, problem in found.items()} == {bad: bad}
    assert list(journal.files.load([good, bad])) == [good]


def test_a_file_that_can_not_be_read_is_damaged_and_no_candidate(
    tmp_path: Path, cache: FolderCache, disk: Disk, journal: Journal
) -> None:
    file = listed()
    bad = cache.destination(file)
    put(bad)
    assert survey(cache, [file], disk, journal, {bad})[0].status is DAMAGED
    check(journal, bad)
    assert survey(cache, [file], disk, journal, {bad})[0].status is VERIFIED
    shared = HuggingFaceCache(tmp_path / "hub", "owner/model", "main", "c" * 40, disk=disk, no_links=True)
    other = tmp_path / "hub" / "models--owner--model" / "snapshots" / ("d" * 40) / file.path
    put(other)
    assert survey(shared, [file], disk, journal)[0].candidate == other
    assert survey(shared, [file], disk, journal, {other})[0].candidate is None


# The verdict


def states(*statuses: FileStatus, digest: bool = True) -> list[FileState]:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        FileState(
            ListedFile(f"{number}.bin", 10, sha(b"") if digest else None),
            Path(f"{number}.bin"),
            status,
            now + timedelta(days=number) if status is VERIFIED else None,
        )
        for number, status in enumerate(statuses)
    ]


def expected(statuses: Sequence[FileStatus], found: bool) -> Verdict:
    """The table of design.md, written down another way round."""
    if DAMAGED in statuses:
        return Verdict.DAMAGED
    match set(statuses):
        case kinds if kinds == {ABSENT}:
            return Verdict.MISSING
        case kinds if ABSENT in kinds:
            return Verdict.PARTIAL
        case kinds if kinds == {VERIFIED} and found:
            return Verdict.READY
    return Verdict.UNVERIFIED


@pytest.mark.parametrize("foreign", [None, "f" * 40])
def test_verdict_of_every_mixture(foreign: str | None) -> None:
    for length in (1, 2, 3, 4):
        for mixture in itertools.combinations_with_replacement(FileStatus, length):
            judgement = judge(states(*mixture), foreign)
            assert judgement.verdict is expected(mixture, foreign is None), mixture
            assert (judgement.reasons == ()) == judgement.verdict.ready, mixture
            assert (judgement.files, judgement.files_ready) == (length, mixture.count(VERIFIED))
            assert judgement.bytes == 10 * length
            assert (judgement.checked_at is not None) == (set(mixture) == {VERIFIED})


@pytest.mark.parametrize(
    ("given", "foreign", "fragments"),
    [
        (states(VERIFIED), None, []),
        (states(ABSENT), None, ["1 file is missing: 0.bin"]),
        (states(ABSENT, VERIFIED, ABSENT), None, ["2 files are missing: 0.bin, 2.bin"]),
        (states(DAMAGED, ABSENT), None, ["1 file is damaged: 0.bin", "1 file is missing: 1.bin"]),
        (states(UNVERIFIED), None, ["1 file is not checked, or changed since: 0.bin"]),
        (states(UNVERIFIED, digest=False), None, ["1 file has no digest to check it by: 0.bin"]),
        (states(VERIFIED), "f" * 40, ["another program moved the cache to ffff"]),
        (states(*[ABSENT] * 7), None, ["7 files are missing: 0.bin, 1.bin, 2.bin, 3.bin, 4.bin, …"]),
    ],
)
def test_reasons_say_how_many_and_which(given: list[FileState], foreign: str | None, fragments: list[str]) -> None:
    reasons = [str(reason) for reason in judge(given, foreign).reasons]
    assert len(reasons) == len(fragments)
    assert all(reason.startswith(fragment) for reason, fragment in zip(reasons, fragments, strict=True))


def test_the_oldest_proof_dates_the_verdict() -> None:
    assert judge(states(VERIFIED, VERIFIED)).checked_at == datetime(2026, 1, 1, tzinfo=UTC)


def test_whole_files_that_the_engine_does_not_find_are_not_ready() -> None:
    judgement = judge(states(VERIFIED), announced=False)
    assert judgement.verdict is Verdict.UNVERIFIED
    assert "does not find" in str(judgement.reasons[0])
    assert judge(states(ABSENT), announced=False).verdict is Verdict.MISSING


def test_a_copied_folder_is_unverified_until_it_is_hashed(cache: FolderCache, disk: Disk, journal: Journal) -> None:
    """A copy has its own mtime or, made with care, the old one at another path: neither was hashed there."""
    file = listed()
    put(cache.destination(file))
    check(journal, cache.destination(file))
    copied = FolderCache(cache.location.with_name("copy"), disk)
    shutil.copytree(cache.location, copied.location)
    assert judge(survey(copied, [file], disk, journal)).verdict is Verdict.UNVERIFIED
    check(journal, copied.destination(file))
    assert judge(survey(copied, [file], disk, journal)).verdict is Verdict.READY
