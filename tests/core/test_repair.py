"""Repair: a damaged file keeps its good blocks, and what was never damaged is not fetched."""

import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import RawIOBase
from pathlib import Path
from typing import Any

import pytest

from helpers.hub import hub, make_repository
from helpers.workbench import Workbench, model, repository, workbench
from model_preload.core import errors
from model_preload.core.events import Notice
from model_preload.core.files import Disk, hash_file
from model_preload.core.tasks.preload import Mode
from model_preload.core.texts import size
from model_preload.core.transfer.blocks import BlockDigests
from model_preload.core.values import Digest, Published, Verdict
from model_preload.demo.hub import Hub

__all__ = ["hub"]  # a fixture

BLOCK = 8 << 20
SIZE = 3 * BLOCK + 12345
CONTENT = os.urandom(SIZE)
SMALL = os.urandom(1000)


@pytest.fixture
def bench(tmp_path: Path, hub: Hub) -> Workbench:
    hub.put(make_repository({"model.safetensors": CONTENT, "other.bin": SMALL}))
    made = workbench(tmp_path / "bench", hub.endpoint, model("big", repository("owner/model")))
    made.preload()
    hub.forget()
    return made


def place(bench: Workbench) -> Path:
    (found,) = bench.cache.glob("*/snapshots/*/model.safetensors")
    return found


def damage(path: Path, *offsets: int) -> None:
    with path.open("r+b") as file:
        for offset in offsets:
            file.seek(offset)
            byte = file.read(1)[0]
            file.seek(offset)
            file.write(bytes([byte ^ 1]))


@pytest.mark.parametrize(
    ("offsets", "fetched"),
    [
        ((0,), BLOCK),
        ((BLOCK - 1,), BLOCK),
        ((SIZE - 1,), SIZE - 3 * BLOCK),
        ((BLOCK, 2 * BLOCK + 7), 2 * BLOCK),
        ((0, BLOCK, 2 * BLOCK, SIZE - 1), SIZE),
    ],
)
def test_only_bad_blocks_are_fetched(bench: Workbench, hub: Hub, offsets: tuple[int, ...], fetched: int) -> None:
    damage(place(bench), *offsets)
    report = bench.preload(mode=Mode.REPAIR)
    assert (report.outcome, hub.bytes_served) == ("done", fetched)
    assert place(bench).read_bytes() == CONTENT
    assert [found.verdict for found in bench.status()] == [Verdict.READY]


def test_a_file_that_was_cut_keeps_what_is_left(bench: Workbench, hub: Hub) -> None:
    os.truncate(place(bench), 2 * BLOCK + 99)
    bench.preload(mode=Mode.REPAIR)
    assert hub.bytes_served == SIZE - 2 * BLOCK
    assert place(bench).read_bytes() == CONTENT


@pytest.fixture
def bad_sector(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The big file, as it lies on the drive now, can't be read to its end."""
    real, bad = hash_file, place(bench).stat().st_ino

    def hashed(path: Path, *others: Any) -> Digest:
        if path.stat().st_ino == bad:
            raise errors.DiskFailed(path, os.strerror(errno.EIO))
        return real(path, *others)

    monkeypatch.setattr("model_preload.core.readiness.check.hash_file", hashed)


@pytest.mark.usefixtures("bad_sector")
@pytest.mark.parametrize("mode", Mode)
def test_a_file_that_can_not_be_read_comes_anew_and_keeps_no_other_from_it(
    bench: Workbench, hub: Hub, expected_log: Callable[..., None], mode: Mode
) -> None:
    expected_log("the drive reports Input/output error")
    (other,) = bench.cache.glob("*/snapshots/*/other.bin")
    damage(other, 5)
    (found,) = bench.status(deep=True)
    assert found.verdict is Verdict.DAMAGED
    assert "model.safetensors" in str(found.reasons[0])
    assert "other.bin" in str(found.reasons[0])
    assert "the drive reports" in str(found.reasons[1])
    assert bench.preload(mode=mode).outcome == "done"
    assert hub.bytes_served == SIZE + len(SMALL)
    assert (place(bench).read_bytes(), other.read_bytes()) == (CONTENT, SMALL)
    assert [found.verdict for found in bench.status(deep=True)] == [Verdict.READY]


@pytest.mark.usefixtures("bad_sector")
def test_room_is_counted_for_a_file_that_can_not_be_read(
    bench: Workbench, hub: Hub, monkeypatch: pytest.MonkeyPatch, expected_log: Callable[..., None]
) -> None:
    expected_log("the drive reports Input/output error", "Waiting for room", "No room left")
    monkeypatch.setattr(Disk, "free_bytes", lambda self, path: 10 << 20)
    report = bench.preload(mode=Mode.REPAIR, patience=0.1)
    assert [error.code for error in report.errors] == ["disk-full"]
    [told] = [str(event.message) for event in bench.events if isinstance(event, Notice)]
    assert f"needs {size(SIZE + (4 << 20))}" in told
    assert hub.bytes_served == 0


def test_what_can_be_read_of_a_damaged_file_is_kept(
    bench: Workbench, hub: Hub, monkeypatch: pytest.MonkeyPatch, expected_log: Callable[..., None]
) -> None:
    expected_log("the drive reports Input/output error")
    os.truncate(place(bench), SIZE - 1)
    real = Disk.reading

    class Scratched:
        def __init__(self, file: RawIOBase) -> None:
            self.file = file

        def readinto(self, buffer: memoryview) -> int | None:
            if self.file.tell() >= BLOCK:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return self.file.readinto(buffer)

    @contextmanager
    def reading(self: Disk, path: Path) -> Iterator[Scratched]:
        with real(self, path) as file:
            yield Scratched(file)

    monkeypatch.setattr(Disk, "reading", reading)
    assert bench.preload(mode=Mode.REPAIR).outcome == "done"
    assert hub.bytes_served == SIZE - BLOCK
    assert place(bench).read_bytes() == CONTENT


def test_a_whole_model_costs_nothing(bench: Workbench, hub: Hub) -> None:
    assert bench.preload(mode=Mode.REPAIR).outcome == "done"
    assert hub.requests == ()


def test_damage_that_stat_does_not_show_is_found(bench: Workbench) -> None:
    before = place(bench).stat()
    damage(place(bench), BLOCK + 1)
    os.utime(place(bench), ns=(before.st_atime_ns, before.st_mtime_ns))
    assert [found.verdict for found in bench.status()] == [Verdict.READY]
    bench.preload(mode=Mode.REPAIR)
    assert place(bench).read_bytes() == CONTENT


def test_what_is_missing_is_not_fetched(bench: Workbench, hub: Hub) -> None:
    damage(place(bench), 5)
    (other,) = bench.cache.glob("*/snapshots/*/other.bin")
    blob = other.resolve()
    other.unlink()
    blob.unlink(missing_ok=True)
    bench.preload(mode=Mode.REPAIR)
    assert hub.bytes_served == BLOCK
    assert not other.exists()
    assert [found.verdict for found in bench.status()] == [Verdict.PARTIAL]


def test_what_was_never_here_is_not_asked_for(tmp_path: Path, hub: Hub) -> None:
    hub.put(make_repository({"a.bin": SMALL}))
    bench = workbench(tmp_path / "bench", hub.endpoint, model("never", repository("owner/model")))
    assert bench.preload(mode=Mode.REPAIR).outcome == "done"
    assert hub.requests == ()


def test_a_newer_version_of_the_same_size_takes_nothing_from_the_former_one(tmp_path: Path, hub: Hub) -> None:
    """In a folder it is where the former one lay, whose blocks are all good, but not its own."""
    before = make_repository({"model.safetensors": CONTENT})
    hub.put(before)
    folder = tmp_path / "models"
    place = f"folder = '{folder.as_posix()}'"
    bench = workbench(tmp_path / "bench", hub.endpoint, model("big", repository("owner/model"), place))
    bench.preload()
    newer = os.urandom(SIZE)
    hub.put(before.committed({"model.safetensors": newer}))
    hub.forget()
    assert bench.preload(mode=Mode.RENEW).outcome == "done"
    assert (folder / "model.safetensors").read_bytes() == newer
    assert hub.bytes_served == SIZE
    damage(folder / "model.safetensors", BLOCK)
    bench.preload(mode=Mode.REPAIR)
    assert hub.bytes_served == SIZE + BLOCK  # of what came last the blocks are known


def test_blocks_of_other_bytes_do_no_harm(bench: Workbench, hub: Hub, expected_log: Callable[..., None]) -> None:
    """The journal's block digests fit what lies there, but not the listing: the whole digest decides."""
    expected_log("thrown away")
    wrong = os.urandom(SIZE)
    place(bench).write_bytes(wrong)
    with bench.opened() as services:
        digests = BlockDigests()
        digests.update(memoryview(wrong))
        found = place(bench).stat()
        digest = Digest("sha256", hashlib.sha256(CONTENT).hexdigest())
        services.journal.blocks.save(Published(place(bench), SIZE, found.st_mtime_ns), digest, digests.digests())
    bench.preload(mode=Mode.REPAIR)
    assert place(bench).read_bytes() == CONTENT
    assert hub.bytes_served == SIZE
