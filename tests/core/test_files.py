"""The disk: atomic, translated once, at home in deep and Chinese folders, and locked between processes."""

import errno
import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.disks import Copying
from model_preload.core import errors
from model_preload.core.events import Cancelled, Control
from model_preload.core.files import Disk, Hasher, PartFile, ProcessLock, adopt, boot_id, hash_file, staging_folder
from model_preload.core.files import disk as disk_module
from model_preload.core.files.disk import existing_ancestor, extended, translated
from model_preload.core.values import Digest, DigestAlgorithm, Published

pytestmark = pytest.mark.windows
WINDOWS = sys.platform == "win32"
windows_only = pytest.mark.skipif(not WINDOWS, reason="the rules of Windows's path functions")
PLACES = {
    "plain": "folder",
    "Chinese": "模型 预载/语音",
    "over 260 characters": "/".join(["deep" * 10] * 8),
    "both": "/".join(["深" * 60] * 6),
}


@pytest.fixture(params=list(PLACES.values()), ids=list(PLACES))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Not made yet."""
    return tmp_path / str(request.param)


@pytest.fixture
def disk() -> Disk:
    return Disk()


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in Path(extended(folder)).iterdir())


def links_work(folder: Path) -> bool:
    return Disk().has_symlinks(folder)


# Paths


@windows_only
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("C:\\a\\b", "\\\\?\\C:\\a\\b"),
        ("C:\\a\\..\\b\\.\\c", "\\\\?\\C:\\b\\c"),
        ("\\\\server\\share\\x", "\\\\?\\UNC\\server\\share\\x"),
        ("\\\\?\\C:\\a", "\\\\?\\C:\\a"),
    ],
)
def test_windows_takes_the_extended_form_at_any_length(path: str, expected: str) -> None:
    assert extended(Path(path)) == expected


@pytest.mark.skipif(WINDOWS, reason="there the form is another one")
def test_elsewhere_a_path_is_its_own_extended_form(tmp_path: Path) -> None:
    assert extended(tmp_path / "x") == str(tmp_path / "x")


def test_the_nearest_folder_that_exists_is_found(tmp_path: Path) -> None:
    assert existing_ancestor(tmp_path / "a" / "b") == tmp_path
    assert existing_ancestor(tmp_path) == tmp_path
    assert existing_ancestor(Path(tmp_path.anchor) / "no such" / "folder") == Path(tmp_path.anchor)


def test_everything_works_in_every_folder(disk: Disk, place: Path) -> None:
    target = place / "权重 weights.bin"
    assert disk.stat(target) is None
    assert disk.read_text(target) is None
    assert not disk.has_entries(place)
    with closing(disk.open_part(place / "staged" / "a.part")) as part:
        part.write_at(0, memoryview(b"bytes"))
    published = disk.replace(place / "staged" / "a.part", target)
    found = disk.stat(target)
    assert found
    assert (published.path, published.size, published.mtime_ns) == (target, found.st_size, found.st_mtime_ns)
    taken_over(disk, target, place / "again" / "b.bin")
    disk.write_text(place / "ref", "commit\r\n")
    assert disk.read_text(place / "ref") == "commit\n"
    assert hash_file(target, "sha256", Control()).hex == hashlib.sha256(b"bytes").hexdigest()
    assert names(place) == sorted(["again", "ref", "staged", "权重 weights.bin"])
    assert disk.subfolders(place) == ("again", "staged")
    assert disk.has_entries(place)
    assert disk.free_bytes(place / "not" / "yet") > 0
    assert disk.volume(place / "not" / "yet") == disk.volume(place)
    disk.remove(target)
    disk.remove(target)
    assert disk.stat(target) is None


# Names and links


def taken_over(disk: Disk, source: Path, target: Path) -> Published:
    """Adopted with parts beside the target."""
    made = adopt(source, target, disk, staging=target.parent, digest=None, control=Control())
    assert made is not None
    return made


def test_a_replaced_file_is_the_new_one_and_the_part_is_gone(disk: Disk, tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(b"new")
    (tmp_path / "target").write_bytes(b"older")
    published = disk.replace(tmp_path / "part", tmp_path / "target")
    assert (published.path, published.size) == (tmp_path / "target", 3)
    assert (tmp_path / "target").read_bytes() == b"new"
    assert names(tmp_path) == ["target", "user"]


def test_an_adopted_file_stays_where_it_is_as_well(disk: Disk, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"bytes")
    for _ in range(2):  # the second time it is the same file already, and the system renames nothing
        published = taken_over(disk, tmp_path / "source", tmp_path / "to" / "target")
        found = (tmp_path / "to" / "target").stat()
        assert (published.size, published.mtime_ns) == (found.st_size, found.st_mtime_ns)
        assert names(tmp_path / "to") == ["target"]
    assert (tmp_path / "source").read_bytes() == (tmp_path / "to" / "target").read_bytes() == b"bytes"


def test_adopting_through_a_link_takes_the_bytes(disk: Disk, tmp_path: Path) -> None:
    if not links_work(tmp_path):
        pytest.skip("this user may not make symbolic links")
    (tmp_path / "blob").write_bytes(b"bytes")
    disk.symlink(tmp_path / "a" / "link", "../blob")
    taken_over(disk, tmp_path / "a" / "link", tmp_path / "target")
    assert not (tmp_path / "target").is_symlink()
    (tmp_path / "a" / "link").unlink()
    assert (tmp_path / "target").read_bytes() == b"bytes"


@pytest.mark.parametrize("algorithm", ["sha256", "git-sha1", None])
def test_a_copy_gets_its_name_when_it_is_proven(tmp_path: Path, algorithm: DigestAlgorithm | None) -> None:
    source, target, staging = tmp_path / "source", tmp_path / "to" / "target", tmp_path / "staging"
    source.write_bytes(b"bytes" * 500_000)
    os.utime(source, ns=(1, 10**18))
    digest = hash_file(source, algorithm, Control()) if algorithm else None

    def taken(disk: Disk, control: Control) -> Published | None:
        return adopt(source, target, disk, staging=staging, digest=digest, control=control)

    with pytest.raises(errors.DiskFailed, match="a copy holds other bytes"):
        taken(Copying(lambda part: part.write_bytes(b"other" * 500_000)), Control())
    control = Control()
    with pytest.raises(Cancelled):
        taken(Copying(lambda _: control.cancel()), control)
    with pytest.raises(Cancelled):
        taken(Copying(), control)
    assert not target.exists()
    published = taken(Copying(), Control())
    assert published == Published(target, 2_500_000, 10**18, hashed=algorithm is not None)
    assert target.read_bytes() == source.read_bytes()
    assert not source.samefile(target)
    assert names(staging) == []


@pytest.mark.parametrize("at_once", [True, False])
def test_a_cancel_ends_a_copy_at_its_first_bytes_and_before_its_last_step(tmp_path: Path, at_once: bool) -> None:
    (tmp_path / "source").write_bytes(b"bytes" if at_once else b"")
    control = Control()
    disk = Copying(lambda _: pytest.fail("it was copied to its end") if at_once else control.cancel())
    if at_once:
        control.cancel()
    with pytest.raises(Cancelled):
        adopt(tmp_path / "source", tmp_path / "target", disk, staging=tmp_path, digest=None, control=control)
    assert names(tmp_path) == ["source", "user"]


def test_what_changed_since_it_was_proven_is_not_copied(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"bytes")
    digest = hash_file(tmp_path / "source", "sha256", Control())
    (tmp_path / "source").write_bytes(b"other")
    for disk in (Copying(), Copying(lambda part: part.write_bytes(b"bytes"))):
        found = adopt(
            tmp_path / "source", tmp_path / "target", disk, staging=tmp_path, digest=digest, control=Control()
        )
        assert found is None
    with pytest.raises(errors.PathGone, match="missing"):
        taken_over(Copying(), tmp_path / "missing", tmp_path / "target")
    assert names(tmp_path) == ["source", "user"]


@pytest.mark.skipif(WINDOWS or not os.access("/dev/shm", os.W_OK), reason="needs a second volume")
def test_between_volumes_a_file_is_adopted_as_a_copy(disk: Disk, tmp_path: Path) -> None:
    import tempfile

    with tempfile.TemporaryDirectory(dir="/dev/shm") as other:
        if Path(other).stat().st_dev == tmp_path.stat().st_dev:
            pytest.skip("no second volume")
        (tmp_path / "source").write_bytes(b"bytes" * 1000)
        published = taken_over(disk, tmp_path / "source", Path(other) / "target")
        assert (published.size, (Path(other) / "target").read_bytes()) == (5000, b"bytes" * 1000)
        assert names(Path(other)) == ["target"]
        assert disk.volume(Path(other) / "x") != disk.volume(tmp_path)
        with pytest.raises(errors.DiskFailed):
            disk.replace(tmp_path / "source", Path(other) / "target")


def test_a_link_is_relative_and_replaces_what_is_there(disk: Disk, tmp_path: Path) -> None:
    if not links_work(tmp_path):
        pytest.skip("this user may not make symbolic links")
    (tmp_path / "blobs").mkdir()
    for content in ("one", "two"):
        (tmp_path / "blobs" / content).write_text(content)
        disk.symlink(tmp_path / "snap" / "deep" / "file", f"../../blobs/{content}")
        assert (tmp_path / "snap" / "deep" / "file").read_text() == content
        assert disk.stat(tmp_path / "snap" / "deep" / "file")
    assert names(tmp_path / "snap" / "deep") == ["file"]
    assert (tmp_path / "snap" / "deep" / "file").readlink() == Path("..", "..", "blobs", "two")


def test_whether_links_can_be_made_is_found_without_a_trace(disk: Disk, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    assert disk.has_symlinks(folder) in (True, False)
    assert names(folder) == []
    if not WINDOWS:
        assert disk.has_symlinks(folder)


@pytest.mark.parametrize(
    "action",
    [
        lambda disk, target: disk.write_text(target, "text"),
        lambda disk, target: taken_over(disk, target.parent / "source", target),
        lambda disk, target: disk.symlink(target, "source"),
        lambda disk, target: disk.replace(target.parent / "source", target),
        lambda disk, target: disk.open_part(target),
        lambda disk, target: disk.make_folder(target / "a file is above" / "x"),
    ],
    ids=["write_text", "adopt", "symlink", "replace", "open_part", "make_folder"],
)
@pytest.mark.skipif(WINDOWS, reason="Windows denies it like a held file, which is tried for ten seconds")
def test_what_fails_is_named_and_leaves_nothing(
    disk: Disk, tmp_path: Path, action: Callable[[Disk, Path], object], request: pytest.FixtureRequest
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "source").write_text("source")
    target = folder / "target"
    if "make_folder" in request.node.name:
        target.write_text("a file")
    else:
        target.mkdir()
        (target / "inside").touch()
    with pytest.raises(errors.DiskProblem) as caught:
        action(disk, target)
    assert str(target) in str(caught.value)
    assert names(folder) == ["source", "target"]


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, errors.DiskFull),
        (errno.EDQUOT, errors.DiskFull),
        (errno.EACCES, errors.AccessDenied),
        (errno.EPERM, errors.AccessDenied),
        (errno.EROFS, errors.AccessDenied),
        (errno.EIO, errors.DiskFailed),
        (errno.EFBIG, errors.DiskFailed),
    ],
)
def test_each_error_of_the_system_becomes_one_circumstance(
    tmp_path: Path, number: int, kind: type[errors.DiskProblem]
) -> None:
    with pytest.raises(errors.DiskProblem) as caught, translated(tmp_path / "x"):
        raise OSError(number, os.strerror(number))
    assert type(caught.value) is kind
    assert caught.value.path == tmp_path / "x"
    assert str(tmp_path / "x") in str(caught.value)


@pytest.mark.parametrize("name", ["a\0b", "half\ud800", "x" * 300, "file/below", "folder"])
def test_where_no_file_can_be_there_is_none(disk: Disk, tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    assert disk.stat(tmp_path / name) is None


def test_a_link_that_leads_nowhere_is_no_file(disk: Disk, tmp_path: Path) -> None:
    if not links_work(tmp_path):
        pytest.skip("this user may not make symbolic links")
    (tmp_path / "broken").symlink_to("missing")
    (tmp_path / "loop").symlink_to("loop")
    assert disk.stat(tmp_path / "broken") is None
    assert disk.stat(tmp_path / "loop") is None


@pytest.mark.parametrize("read", [Disk.read_text, Disk.read_bytes])
def test_a_folder_is_no_small_file(disk: Disk, tmp_path: Path, read: Callable[[Disk, Path], object]) -> None:
    with pytest.raises(errors.NotAFile, match="it is a folder"):
        read(disk, tmp_path)


@pytest.mark.parametrize(("length", "whole"), [(65536, True), (65537, False)])
def test_a_text_is_read_whole_or_not_at_all(disk: Disk, tmp_path: Path, length: int, whole: bool) -> None:
    (tmp_path / "long").write_text("文" * length, encoding="utf-8")
    if whole:
        assert disk.read_text(tmp_path / "long") == "文" * length
    else:
        with pytest.raises(errors.FileTooLong, match="65536"):
            disk.read_text(tmp_path / "long")


def test_what_is_no_utf_8_is_shown_or_refused(disk: Disk, tmp_path: Path) -> None:
    (tmp_path / "gbk").write_bytes("型".encode("gbk"))
    assert "\ufffd" in (disk.read_text(tmp_path / "gbk") or "")
    with pytest.raises(errors.NotUtf8, match="gbk"):
        disk.read_text(tmp_path / "gbk", exact=True)


def test_a_text_is_written_whole_or_not_at_all(disk: Disk, tmp_path: Path) -> None:
    """Readers beside a writer see one of the two contents, never a mixture or nothing.

    They pause between two looks: Windows exchanges no file that someone has open, and one who always has it open
    would keep every writer out.
    """
    path = tmp_path / "ref"
    contents = {"a" * 4000, "b" * 4000}
    disk.write_text(path, "a" * 4000)
    seen: set[str | None] = set()
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            seen.add(disk.read_text(path))
            time.sleep(0.0005)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(30):
            for content in sorted(contents):
                disk.write_text(path, content)
    finally:
        over.set()
        reader.join()
    assert seen <= contents


@pytest.mark.parametrize(("number", "times", "comes"), [(5, 3, True), (32, 3, True), (33, 1000, False), (3, 1, False)])
def test_a_file_that_is_held_for_a_moment_is_read_again(
    disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, times: int, comes: bool
) -> None:
    """As Windows refuses who opens a file while another one takes its place."""
    (tmp_path / "ref").write_text("a")
    left, real = iter(range(times)), open

    def held(*args: Any, **kwargs: Any) -> Any:
        if next(left, None) is None:
            return real(*args, **kwargs)
        error = PermissionError(errno.EACCES, "Access is denied")
        error.winerror = number  # type: ignore[attr-defined,unused-ignore]
        raise error

    monkeypatch.setattr(disk_module, "open", held, raising=False)
    monkeypatch.setattr(disk_module, "_EXCHANGED_SECONDS", 0.3)
    for read, content in ((disk.read_text, "a"), (disk.read_bytes, b"a")):
        left = iter(range(times))
        if comes:
            assert read(tmp_path / "ref") == content
        else:
            with pytest.raises(errors.AccessDenied):
                read(tmp_path / "ref")


# Parts


def test_a_part_takes_bytes_anywhere_and_keeps_them(disk: Disk, tmp_path: Path) -> None:
    path = tmp_path / "new" / "x.part"
    with closing(disk.open_part(path)) as part:
        part.write_at(5, memoryview(b"world"))
        part.write_at(0, memoryview(b"hello"))
        part.sync()
        assert part.size() == 10
    part.close()
    with closing(disk.open_part(path)) as part:
        buffer = bytearray(20)
        assert part.read_at(3, memoryview(buffer)) == 7
        assert buffer[:7] == b"loworld"
        assert part.read_at(10, memoryview(buffer)) == 0
        part.truncate(2)
        assert part.size() == 2
    assert path.read_bytes() == b"he"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 500), st.binary(min_size=1, max_size=100)), max_size=12))
def test_a_part_reads_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, writes: list[tuple[int, bytes]]
) -> None:
    expected = bytearray()
    with closing(Disk().open_part(tmp_path_factory.mktemp("part") / "p")) as part:
        for offset, data in writes:
            part.write_at(offset, memoryview(data))
            expected.extend(bytes(max(0, offset + len(data) - len(expected))))
            expected[offset : offset + len(data)] = data
        buffer = memoryview(bytearray(1000))
        assert bytes(buffer[: part.read_at(0, buffer)]) == expected


def test_threads_write_and_read_one_part_at_once(disk: Disk, tmp_path: Path) -> None:
    size, count = 4096, 8
    with closing(disk.open_part(tmp_path / "p")) as part:

        def work(number: int) -> None:
            data = bytes([number + 1]) * size
            buffer = memoryview(bytearray(size))
            for block in range(20):
                offset = (block * count + number) * size
                part.write_at(offset, memoryview(data))
                assert part.read_at(offset, buffer) == size
                assert buffer == data

        failures: list[threading.ExceptHookArgs] = []
        before, threading.excepthook = threading.excepthook, failures.append
        try:
            threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            threading.excepthook = before
        assert failures == []
        assert part.size() == 20 * count * size


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_drive_is_named_by_the_part() -> None:
    with closing(PartFile(Path("/dev/full"), "/dev/full", translated)) as part, pytest.raises(errors.DiskFull):
        part.write_at(0, memoryview(b"x"))


# Digests


@pytest.mark.parametrize("size", [0, 1, 5000, (1 << 20) - 1, 1 << 20, (1 << 20) * 2 + 7])
def test_a_file_is_hashed_as_git_and_sha256sum_do(tmp_path: Path, size: int) -> None:
    content = (bytes(range(251)) * (size // 251 + 1))[:size]
    path = tmp_path / "文件"
    path.write_bytes(content)
    told: list[int] = []
    assert hash_file(path, "sha256", Control(), told.append).hex == hashlib.sha256(content).hexdigest()
    assert sum(told) == size
    blob = hashlib.sha1(b"blob %d\0" % size + content).hexdigest()
    assert hash_file(path, "git-sha1", Control()) == Digest("git-sha1", blob)


def test_gits_own_empty_blob() -> None:
    assert Hasher("git-sha1", 0).digest().hex == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"


def test_hashing_ends_when_it_is_cancelled(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(bytes(5 << 20))
    control = Control()
    told: list[int] = []

    def first_chunk(count: int) -> None:
        told.append(count)
        control.cancel()

    with pytest.raises(Cancelled):
        hash_file(tmp_path / "f", "sha256", control, first_chunk)
    assert told == [1 << 20]


def test_what_can_not_be_hashed_is_named(tmp_path: Path) -> None:
    with pytest.raises(errors.DiskProblem) as caught:
        hash_file(tmp_path / "gone", "sha256", Control())
    assert caught.value.path == tmp_path / "gone"


# Staging


def test_parts_lie_beside_the_cache(disk: Disk, tmp_path: Path) -> None:
    assert staging_folder(tmp_path / "hf" / "hub", disk) == tmp_path / "hf" / ".model-preload"


class Drives(Disk):
    """A disk with a second drive at one folder, or without the right to write to another one."""

    def __init__(self, mounted: Path | None = None, denied: Path | None = None) -> None:
        self._mounted = mounted
        self._denied = denied

    def volume(self, path: Path) -> str:
        return "D:" if self._mounted and path.is_relative_to(self._mounted) else "C:"

    def is_writable(self, path: Path) -> bool:
        return path.parent != self._denied


def test_parts_lie_inside_where_beside_is_another_drive_or_not_ours(tmp_path: Path) -> None:
    root = tmp_path / "models"
    assert staging_folder(root, Drives(mounted=root)) == root / ".model-preload"
    assert staging_folder(root, Drives(denied=tmp_path)) == root / ".model-preload"
    assert staging_folder(root, Drives()) == tmp_path / ".model-preload"


@pytest.mark.skipif(WINDOWS or os.geteuid() == 0, reason="only an ordinary user of a POSIX system is denied by mode")
def test_a_folder_that_is_not_ours_is_told(disk: Disk, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir(mode=0o500)
    assert not disk.is_writable(tmp_path / "theirs" / "new")
    assert disk.is_writable(tmp_path / "ours" / "new")


def test_a_start_of_the_machine_has_one_name() -> None:
    script = "from model_preload.core.files import boot_id; print(boot_id())"
    other = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=True, timeout=30
    )
    assert other.stdout.strip() == boot_id() != ""


# Locks

HOLDER = """if True:
    import sys
    from pathlib import Path
    from model_preload.core.files import Disk, ProcessLock
    lock = ProcessLock(Path(sys.argv[1]), Disk())
    print(lock.acquire("the other run"), flush=True)
    sys.stdin.read()
    lock.release()"""


class Other:
    """Another process that holds the lock until it is told to let go, or killed."""

    def __init__(self, path: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )
        assert self._process.stdout
        assert self._process.stdout.readline() == "True\n"
        self.pid = self._process.pid

    def ends(self, *, killed: bool = False) -> None:
        if killed:
            self._process.kill()
        self._process.communicate(timeout=10)


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[ProcessLock]:
    made = ProcessLock(tmp_path / "状态" / "run.lock", Disk())
    yield made
    made.release()


def test_a_lock_is_taken_and_given_back(lock: ProcessLock, tmp_path: Path) -> None:
    for _ in range(3):
        assert lock.acquire("preload a")
        assert lock.holder().startswith(f"preload a (process {os.getpid()}, since 20")
        lock.release()
    lock.release()
    assert not (tmp_path / "状态" / "run.json").exists()


@pytest.mark.parametrize("killed", [False, True])
def test_another_process_is_refused_and_told_who_holds_it(lock: ProcessLock, tmp_path: Path, killed: bool) -> None:
    other = Other(tmp_path / "状态" / "run.lock")
    try:
        assert not lock.acquire("me")
        assert lock.holder().startswith(f"the other run (process {other.pid}, since ")
    finally:
        other.ends(killed=killed)
    assert lock.acquire("me"), "the system lets go when the holder dies"
    assert lock.holder().startswith("me ")


def test_a_second_run_of_the_same_process_is_refused_too(lock: ProcessLock, tmp_path: Path) -> None:
    assert lock.acquire("first")
    again = ProcessLock(tmp_path / "状态" / "run.lock", Disk())
    assert not lock.acquire("second")
    assert not again.acquire("third")
    again.release()
    assert not again.acquire("third")
    assert lock.holder().startswith("first ")
    lock.release()
    assert again.acquire("third")
    again.release()


def test_only_one_of_many_threads_has_it(lock: ProcessLock) -> None:
    start = threading.Barrier(8)
    taken: list[bool] = []

    def work() -> None:
        start.wait()
        taken.append(lock.acquire("thread"))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 7 + [True]


def test_waiting_ends_when_the_lock_is_free(lock: ProcessLock, tmp_path: Path) -> None:
    other = Other(tmp_path / "状态" / "run.lock")
    taken = threading.Event()

    def wait() -> None:
        if lock.acquire("me", Control()):
            taken.set()

    thread = threading.Thread(target=wait)
    thread.start()
    assert not taken.wait(0.3)
    other.ends()
    assert taken.wait(5)
    thread.join()


def test_waiting_ends_when_it_is_cancelled(lock: ProcessLock, tmp_path: Path) -> None:
    holder = ProcessLock(tmp_path / "状态" / "run.lock", Disk())
    assert holder.acquire("holder")
    control = Control()
    caught: list[BaseException] = []

    def wait() -> None:
        try:
            lock.acquire("me", control)
        except Cancelled as error:
            caught.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    control.cancel()
    thread.join(5)
    assert len(caught) == 1
    holder.release()
    assert lock.acquire("me")


def test_a_lock_whose_holder_can_not_be_named_is_let_go(tmp_path: Path) -> None:
    class Full(Disk):
        def write_text(self, path: Path, content: str) -> None:
            raise errors.DiskFull(path, 0)

    path = tmp_path / "run.lock"
    with pytest.raises(errors.DiskFull):
        ProcessLock(path, Full()).acquire("me")
    after = ProcessLock(path, Disk())
    assert after.acquire("after")
    after.release()


@pytest.mark.skipif(WINDOWS, reason="filelock on Windows takes a folder in its place for a held lock")
def test_a_lock_that_can_not_be_made_is_a_problem_of_the_disk(tmp_path: Path) -> None:
    (tmp_path / "run.lock").mkdir()
    with pytest.raises(errors.DiskProblem):
        ProcessLock(tmp_path / "run.lock", Disk()).acquire("me")


@pytest.mark.parametrize("content", ["", "{}", "[]", "no json", '{"purpose": "x"}'])
def test_a_holder_that_can_not_be_told_has_no_name(lock: ProcessLock, tmp_path: Path, content: str) -> None:
    Disk().write_text(tmp_path / "状态" / "run.json", content)
    assert lock.holder() == ""
