"""A disk that is full, read-only, gone or held: the run waits or ends by name, and little comes twice."""

import errno
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from conftest import ExpectedLog
from helpers.clock import SOON
from helpers.faults import random_bytes, until
from helpers.hub import make_repository
from helpers.workbench import Workbench, model, repository, workbench
from model_preload.core import errors
from model_preload.core.events import Control, Notice
from model_preload.core.files import Disk, PartFile
from model_preload.core.files import disk as disk_module
from model_preload.core.files.disk import translated
from model_preload.core.queue import Queue
from model_preload.core.tasks import room
from model_preload.core.tasks.plan import plan
from model_preload.core.tasks.preload import Mode, RunReport, preload
from model_preload.core.tasks.status import status
from model_preload.core.values import Published, Verdict
from model_preload.demo.hub import Hub

pytestmark = pytest.mark.windows
MIB = 1 << 20
FILES = {"big.safetensors": random_bytes(24 * MIB), "small.bin": random_bytes(300_000, 1), "config.json": b"{}"}
SIZE = sum(map(len, FILES.values()))
CONNECTIONS = 4
IN_FLIGHT = CONNECTIONS * 2 * MIB
"""What connections may have read, or the system holds for them, when the disk takes no more."""


@dataclass
class Quota:
    """Bytes that a disk still takes, counted over all its files."""

    left: int
    lock: threading.Lock

    def take(self, count: int) -> int:
        with self.lock:
            taken = min(count, self.left)
            self.left -= taken
            return taken


class SmallPart(PartFile):
    """A part on a disk with a quota: what fits is written, then the system's own error comes."""

    quota: Quota

    def write_at(self, offset: int, data: memoryview) -> None:
        taken = self.quota.take(len(data))
        super().write_at(offset, data[:taken])
        if taken < len(data):
            with translated(self.path):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class SmallDisk(Disk):
    """A disk that takes so many bytes of parts, until someone makes room."""

    def __init__(self, bytes_: int) -> None:
        self.quota = Quota(bytes_, threading.Lock())

    def open_part(self, path: Path) -> PartFile:
        self.make_folder(path.parent)
        part = SmallPart(path, str(path), translated)
        part.quota = self.quota
        return part

    def write_text(self, path: Path, content: str) -> None:
        if path.name == ".room" and not self.quota.left:
            raise errors.DiskFull(path, 0)
        super().write_text(path, content)


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub(make_repository(FILES), rate=40_000_000) as running:
        yield running


@pytest.fixture
def bench(tmp_path: Path, hub: Hub) -> Workbench:
    made = workbench(tmp_path / "bench", hub.endpoint, model("reader", repository("owner/model")))
    return made.with_settings(connections=CONNECTIONS)


@pytest.fixture(autouse=True)
def prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room is looked for more often than in life."""
    monkeypatch.setattr(room, "POLL_SECONDS", 0.1)


def run(
    bench: Workbench,
    disk: Disk,
    control: Control | None = None,
    patience: float = 20.0,
    mode: Mode = Mode.BRING,
) -> RunReport:
    """A run whose parts are written to that disk."""
    with bench.opened() as real:
        services = replace(real, disk=disk)
        queue = Queue(bench.state, services.disk, services.journal)
        control = control or Control()
        return preload(services, queue, [], control, bench.events.append, purpose="test", patience=patience, mode=mode)


@contextmanager
def meanwhile(work: Callable[[], object]) -> Iterator[None]:
    """Do it in a thread beside the body."""
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join(30)


def notices(bench: Workbench) -> list[str]:
    return [str(event.message) for event in bench.events if isinstance(event, Notice)]


def told_at_least(bench: Workbench, times: int) -> bool:
    return len(notices(bench)) >= times


def ready(bench: Workbench) -> bool:
    (found,) = bench.status(deep=True)
    return found.verdict is Verdict.READY and found.files == len(FILES)


# Full


def rests(hub: Hub) -> bool:
    """Whether the hub gives nothing for half a second; what it gave is counted a little later."""
    served = hub.bytes_served
    time.sleep(0.5)
    return hub.bytes_served == served


def test_a_run_on_a_full_disk_goes_on_when_there_is_room(bench: Workbench, hub: Hub, expected_log: ExpectedLog) -> None:
    expected_log("No room left", "Waiting for room", "given up")
    disk = SmallDisk(9 * MIB)

    def make_room() -> None:
        until(lambda: bool(notices(bench)))
        until(partial(rests, hub))  # who asked again and again while there is no room would never let it
        disk.quota.left = 100 * MIB

    with meanwhile(make_room):
        report = run(bench, disk)
    assert (report.outcome, report.errors) == ("done", ())
    assert ready(bench)
    assert hub.bytes_served <= SIZE + IN_FLIGHT
    told = notices(bench)
    assert "Waiting for room" in told[0]
    assert told[1:] == ["There is room again; going on."]
    assert [event.code for event in bench.events if isinstance(event, Notice)] == ["disk-full", "room-again"]


def test_several_times_full_costs_what_was_in_flight_each_time(
    bench: Workbench, hub: Hub, expected_log: ExpectedLog
) -> None:
    expected_log("No room left", "Waiting for room", "given up")
    disk = SmallDisk(5 * MIB)
    times = 3

    def make_room() -> None:
        for number in range(1, times + 1):
            until(partial(told_at_least, bench, 2 * number - 1))
            disk.quota.left = 5 * MIB if number < times else 100 * MIB

    with meanwhile(make_room):
        report = run(bench, disk)
    assert report.outcome == "done"
    assert ready(bench)
    assert len(notices(bench)) == 2 * times
    assert hub.bytes_served <= SIZE + times * IN_FLIGHT


def test_patience_ends_by_name_and_a_later_run_goes_on(bench: Workbench, hub: Hub, expected_log: ExpectedLog) -> None:
    expected_log("No room left", "Waiting for room", "given up")
    began = time.monotonic()
    report = run(bench, SmallDisk(12 * MIB), patience=0.5)
    assert time.monotonic() - began < 10
    assert report.outcome == "failed"
    assert {error.code for error in report.errors} == {"disk-full"}
    assert "No room left" in report.errors[0].message
    assert bench.preload().outcome == "done"
    assert ready(bench)
    assert hub.bytes_served <= SIZE + IN_FLIGHT


def test_a_drive_that_shows_room_but_takes_nothing_is_not_asked_for_ever(
    bench: Workbench, hub: Hub, expected_log: ExpectedLog
) -> None:
    """A used-up quota: each attempt would cost what is in flight."""
    expected_log("No room left", "Waiting for room", "given up")

    class Sly(SmallDisk):
        write_text = Disk.write_text

    report = run(bench, Sly(4 * MIB), patience=2.0)
    assert {error.code for error in report.errors} == {"disk-full"}
    assert hub.bytes_served <= SIZE + 6 * IN_FLIGHT


@pytest.mark.parametrize("pause_first", [False, True])
def test_a_run_that_waits_for_room_can_be_cancelled(
    bench: Workbench, expected_log: ExpectedLog, pause_first: bool
) -> None:
    expected_log("No room left", "Waiting for room", "given up")
    control = Control()
    moments: list[float] = []

    def cancel() -> None:
        until(lambda: bool(notices(bench)))
        if pause_first:
            control.pause()
            time.sleep(0.3)
        moments.append(time.monotonic())
        control.cancel()

    with meanwhile(cancel):
        report = run(bench, SmallDisk(9 * MIB), control, patience=600)
        assert time.monotonic() - moments[0] < SOON
    assert (report.outcome, report.errors) == ("interrupted", ())


def test_a_pause_takes_nothing_from_the_patience(bench: Workbench, expected_log: ExpectedLog) -> None:
    expected_log("No room left", "Waiting for room", "given up")
    control = Control()
    disk = SmallDisk(9 * MIB)

    def pause() -> None:
        until(lambda: bool(notices(bench)))
        control.pause()
        time.sleep(1.5)
        disk.quota.left = 100 * MIB
        control.resume()

    with meanwhile(pause):
        report = run(bench, disk, control, patience=1.0)
    assert report.outcome == "done"


class Crowded(Disk):
    """A drive that others fill up as soon as a file lies in `first`."""

    def __init__(self, first: Path) -> None:
        self.first = first
        self.room = False

    def free_bytes(self, path: Path) -> int:
        return super().free_bytes(path) if self.room or not self.first.exists() else 10 * MIB


@pytest.mark.parametrize("room_comes", [True, False])
def test_a_drive_that_fills_up_between_two_models_is_waited_for(
    tmp_path: Path, bench: Workbench, expected_log: ExpectedLog, room_comes: bool
) -> None:
    expected_log("Waiting for room", "No room left")
    first = tmp_path / "models" / "config.json"
    place = f"folder = '{first.parent.as_posix()}'"
    bench.catalog = model("first", repository("owner/model", more='include = ["config.json"]'), place) + bench.catalog
    disk = Crowded(first)

    def make_room() -> None:
        until(lambda: bool(notices(bench)))
        disk.room = room_comes

    with meanwhile(make_room):
        report = run(bench, disk, patience=20.0 if room_comes else 0.5)
    assert "needs" in notices(bench)[0]
    assert "has 10.5 MB" in notices(bench)[0]
    assert [(error.key, error.code) for error in report.errors] == ([] if room_comes else [("reader", "disk-full")])
    assert all(found.ready is (room_comes or found.model.key == "first") for found in bench.status())


class Brimful(Disk):
    """A drive that takes every file, but not the last words to the cache's readers, until someone makes room."""

    room = False

    def write_text(self, path: Path, content: str) -> None:
        if path.parent.name == "refs" and not self.room:
            raise errors.DiskFull(path, 0)
        super().write_text(path, content)


@pytest.mark.parametrize("room_comes", [True, False])
def test_a_drive_that_is_full_at_the_last_step_is_waited_for(
    bench: Workbench, hub: Hub, expected_log: ExpectedLog, room_comes: bool
) -> None:
    expected_log("Waiting for room", "No room left")
    disk = Brimful()

    def make_room() -> None:
        until(lambda: bool(notices(bench)))
        disk.room = room_comes

    with meanwhile(make_room):
        report = run(bench, disk, patience=20.0 if room_comes else 0.5)
    assert [(error.key, error.code) for error in report.errors] == ([] if room_comes else [("reader", "disk-full")])
    assert ready(bench) is room_comes
    assert "Waiting for room" in notices(bench)[0]
    assert notices(bench)[1:] == (["There is room again; going on."] if room_comes else [])
    assert hub.bytes_served == SIZE


# Gone, read-only, held


def test_a_target_that_is_removed_in_the_middle_ends_by_name(
    bench: Workbench, hub: Hub, expected_log: ExpectedLog
) -> None:
    if sys.platform == "win32":
        pytest.skip("Windows lets nobody remove a folder with open files")
    expected_log("is gone", "given up", "can't be made")

    def remove() -> None:
        until(lambda: hub.bytes_served > 4 * MIB)
        shutil.rmtree(bench.home / "hf", ignore_errors=True)

    with meanwhile(remove):
        report = bench.preload()
    assert report.outcome == "failed"
    assert {error.code for error in report.errors} <= {"path-gone", "disk-failed"}
    assert bench.preload().outcome == "done"
    assert ready(bench)


class Unplugged(Disk):
    """A machine whose drive `E` is away: it has no volume, and nothing can be made on it."""

    def volume(self, path: Path) -> str:
        if "E" in path.parts:
            raise errors.PathGone(path)
        return super().volume(path)


def test_a_drive_that_is_gone_stops_only_its_own_models(
    tmp_path: Path, hub: Hub, bench: Workbench, expected_log: ExpectedLog
) -> None:
    expected_log("is gone")
    place = f"folder = '{(tmp_path / 'E' / 'models').as_posix()}'"
    bench.catalog = model("away", repository("owner/model"), place) + bench.catalog
    report = run(bench, Unplugged())
    assert [(error.key, error.code) for error in report.errors] == [("away", "path-gone")]
    orphan = bench.home / "hf" / ".model-preload" / "orphan.part"
    orphan.write_bytes(b"some")
    os.utime(orphan, (1, 1))
    assert [error.key for error in run(bench, Unplugged()).errors] == ["away"]  # now with a listing, and in the queue
    assert not orphan.exists()
    with bench.opened() as services:
        away, reader = status(replace(services, disk=Unplugged()), [], Control())
    assert (away.verdict, reader.verdict) == (Verdict.MISSING, Verdict.READY)
    assert "is gone" in str(away.reasons[0])


class NoHardLinks(Disk):
    """A drive as exFAT is one; `damaged` of its copies come out wrong."""

    def __init__(self, damaged: int = 0) -> None:
        self._damaged = damaged

    def link(self, source: Path, target: Path) -> Published | None:
        return None

    def copy(self, source: Path, part: Path, on_bytes: Callable[[memoryview], None]) -> None:
        super().copy(source, part, on_bytes)
        if self._damaged:
            self._damaged -= 1
            written = part.read_bytes()
            times = part.stat()
            part.write_bytes(written[:-1] + bytes([written[-1] ^ 1]))
            os.utime(part, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.mark.parametrize("place", ["engine = 'paddlex'", "folder = '{home}/models'"])
@pytest.mark.parametrize("damaged", [0, 1])
def test_a_copy_of_the_same_bytes_counts_only_when_it_was_hashed(
    tmp_path: Path, expected_log: ExpectedLog, damaged: int, place: str
) -> None:
    expected_log("a copy holds other bytes", "given up", "failed")
    with Hub(make_repository({"a.bin": b"same", "b.bin": b"same", "c.bin": b"other"})) as hub:
        bench = workbench(tmp_path / "own", hub.endpoint, model("twins", repository("owner/model"), place))
        report = run(bench, NoHardLinks(damaged))
        (found,) = bench.status()
        assert (report.outcome, found.ready) == (("failed", False) if damaged else ("done", True))
        if damaged:
            assert [error.code for error in report.errors] == ["disk-failed"]
            assert run(bench, NoHardLinks()).outcome == "done"
    assert [one.verdict for one in bench.status(deep=True)] == [Verdict.READY]


def test_a_copy_of_an_older_snapshot_has_no_final_name_before_it_was_hashed(
    tmp_path: Path, expected_log: ExpectedLog
) -> None:
    expected_log("a copy holds other bytes", "the cache pointed to")
    old = make_repository({"a.bin": b"same", "b.bin": b"older"})
    with Hub(old) as hub:
        bench = workbench(tmp_path / "own", hub.endpoint, model("copied", repository("owner/model")))
        bench.environ["HF_HUB_DISABLE_SYMLINKS"] = "1"
        run(bench, NoHardLinks())
        new = old.committed({"a.bin": b"same", "b.bin": b"newer"})
        hub.put(new)
        report = run(bench, NoHardLinks(1), mode=Mode.RENEW)
        copied = bench.cache / "models--owner--model" / "snapshots" / new.main.id / "a.bin"
        assert [error.code for error in report.errors] == ["disk-failed"]
        assert not copied.exists()
        assert run(bench, NoHardLinks(), mode=Mode.RENEW).outcome == "done"
        assert copied.read_bytes() == b"same"
    assert [one.verdict for one in bench.status(deep=True)] == [Verdict.READY]
    assert not list(bench.home.rglob("*.part"))


class Slow(NoHardLinks):
    """A drive whose first copy is cancelled, and goes on only when the run is over."""

    def __init__(self, control: Control) -> None:
        super().__init__()
        self.over = threading.Event()
        self.copied = threading.Event()
        self._control = control

    def copy(self, source: Path, part: Path, on_bytes: Callable[[memoryview], None]) -> None:
        self._control.cancel()
        self.over.wait(30)
        try:
            super().copy(source, part, on_bytes)
        finally:
            self.copied.set()


def test_after_a_cancel_no_copy_gets_its_final_name(tmp_path: Path) -> None:
    with Hub(make_repository({"a.bin": b"same", "b.bin": b"same"})) as hub:
        place = f"folder = '{(tmp_path / 'models').as_posix()}'"
        bench = workbench(tmp_path / "own", hub.endpoint, model("twins", repository("owner/model"), place))
        control = Control()
        disk = Slow(control)
        assert run(bench, disk, control).outcome == "interrupted"
        before = {path.name for path in (tmp_path / "models").iterdir()}
        assert before == {"a.bin"}
        disk.over.set()
        assert disk.copied.wait(SOON)
        until(lambda: not any(thread.name.startswith("transfer") for thread in threading.enumerate()))
        assert {path.name for path in (tmp_path / "models").iterdir()} == before
        assert run(bench, NoHardLinks()).outcome == "done"
    assert [one.verdict for one in bench.status(deep=True)] == [Verdict.READY]


def test_a_model_stays_ready_where_another_one_has_its_folder_copied(tmp_path: Path, expected_log: ExpectedLog) -> None:
    expected_log("a copy holds other bytes")
    one = make_repository({"a.bin": b"first"}, "one/same")
    with Hub(one, make_repository({"b.bin": b"second"}, "other/same")) as hub:
        first = model("one", repository("one/same"), "engine = 'paddlex'")
        bench = workbench(tmp_path / "own", hub.endpoint, first)
        run(bench, NoHardLinks())
        bench.catalog += model("two", repository("other/same"), "engine = 'paddlex'")
        assert {error.key for error in run(bench, NoHardLinks(1)).errors} == {"two"}
        for deep in (False, True):
            assert [found.ready for found in bench.status(deep=deep)] == [True, False]
        assert run(bench, NoHardLinks()).outcome == "done"
    for deep in (False, True):
        found = bench.status(deep=deep)
        assert [one.ready for one in found] == [True, True]
        assert len({one.location for one in found}) == 1


def test_a_folder_is_ready_at_once_where_all_of_it_was_copied(tmp_path: Path) -> None:
    with Hub(make_repository({"a.bin": b"good", "b.bin": b"other"})) as hub:
        bench = workbench(
            tmp_path / "own", hub.endpoint, model("whole", repository("owner/model"), "engine = 'paddlex'")
        )
        run(bench, NoHardLinks())
        (before,) = bench.status()
        assert before.location is not None
        (before.location / "b.bin").unlink()
        run(bench, NoHardLinks())
        assert [one.verdict for one in bench.status()] == [Verdict.READY]


def test_a_plan_says_so_and_holds_the_others(tmp_path: Path, bench: Workbench) -> None:
    place = f"folder = '{(tmp_path / 'E' / 'models').as_posix()}'"
    bench.catalog = model("away", repository("owner/model"), place) + bench.catalog
    for _ in range(2):  # without a listing, and with one
        with bench.opened() as services:
            found = plan(replace(services, disk=Unplugged()), [], Control())
        assert {one.model for one in found.fetch} == {"reader"}
        assert found.bytes_to_fetch == sum(map(len, FILES.values()))
        [refusal] = map(str, found.refusals)
        assert "away: " in refusal
        assert "is gone" in refusal
        assert not found.lacks_room


class Lost(Disk):
    """A drive on which a file goes away between two looks at it."""

    def stat(self, path: Path) -> os.stat_result | None:
        if "E" in path.parts and path.name == "small.bin":
            raise errors.PathGone(path)
        return super().stat(path)


def test_a_drive_that_goes_while_a_model_is_planned_leaves_nothing_of_it(tmp_path: Path, bench: Workbench) -> None:
    """Else its first files would count as fetched once for the models after it."""
    place = f"folder = '{(tmp_path / 'E' / 'models').as_posix()}'"
    bench.catalog = model("away", repository("owner/model"), place) + bench.catalog
    with bench.opened() as services:
        found = plan(replace(services, disk=Lost()), [], Control())
    assert {one.model for one in (*found.fetch, *found.check, *found.here)} == {"reader"}
    assert len(found.refusals) == 1


class ReadOnly(Disk):
    """A file system that is mounted read-only."""

    def make_folder(self, path: Path) -> None:
        if "hf" in path.parts:
            with translated(path):
                raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        super().make_folder(path)


def test_a_read_only_file_system_is_named(bench: Workbench, hub: Hub, expected_log: ExpectedLog) -> None:
    expected_log("Read-only", "given up")
    report = run(bench, ReadOnly())
    assert report.outcome == "failed"
    assert {error.code for error in report.errors} == {"access-denied"}
    assert "Read-only" in report.errors[0].message
    assert hub.bytes_served == 0


@pytest.fixture
def scanner(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], list[str]]:
    """Hold each file that gets its final name, as a scanner on Windows does, for so many seconds from now."""

    def hold(seconds: float) -> list[str]:
        ends = time.monotonic() + seconds
        real = os.replace
        refused: list[str] = []

        def replace_(source: str, target: str) -> None:
            if {"blobs", "snapshots"} & set(Path(target).parts) and time.monotonic() < ends:
                refused.append(target)
                error = PermissionError(errno.EACCES, "The process cannot access the file", target)
                error.winerror = 32  # type: ignore[attr-defined,unused-ignore]
                raise error
            real(source, target)

        monkeypatch.setattr(os, "replace", replace_)
        return refused

    return hold


def test_a_file_that_a_scanner_holds_for_a_while_is_tried_again(
    bench: Workbench, hub: Hub, scanner: Callable[[float], list[str]]
) -> None:
    refused = scanner(1.5)
    assert bench.preload().outcome == "done"
    assert refused
    assert ready(bench)
    assert hub.bytes_served == SIZE


def test_a_file_that_stays_held_is_named_and_kept(
    bench: Workbench,
    hub: Hub,
    scanner: Callable[[float], list[str]],
    monkeypatch: pytest.MonkeyPatch,
    expected_log: ExpectedLog,
) -> None:
    expected_log("can't be used", "given up")
    monkeypatch.setattr(disk_module, "_HELD_SECONDS", 0.3)
    with monkeypatch.context():
        scanner(2.0)
        report = bench.preload()
    assert {error.code for error in report.errors} == {"access-denied"}
    assert "antivirus" in report.errors[0].message
    time.sleep(2)
    assert bench.preload().outcome == "done"
    assert ready(bench)
    assert hub.bytes_served <= SIZE + IN_FLIGHT
