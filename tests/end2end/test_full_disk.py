"""The program on drives that are really full, and with a journal that is really damaged."""

import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from helpers.faults import until
from helpers.hub import make_repository
from helpers.program import Program, finish, interrupt, program
from helpers.workbench import model, repository
from model_preload.demo.hub import Hub

MIB = 1 << 20
CONNECTIONS = 4
IN_FLIGHT = CONNECTIONS * 2 * MIB
FILES = {"big.safetensors": random.Random(1).randbytes(20 * MIB), "config.json": b"{}"}
SIZE = sum(map(len, FILES.values()))
JOURNAL = "journal.sqlite3"


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub(make_repository(FILES), rate=20_000_000) as running:
        yield running


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A drive of 40 MiB of its own."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root on Linux may mount a small drive")
    place = tmp_path / "small"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", place], check=False).returncode:
        pytest.skip("this system lets nobody mount a drive, as most containers do")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def ours(home: Path, hub: Hub, **environ: str) -> Program:
    made = program(home, hub, model("reader", repository("owner/model")), **environ)
    return Program(made.home, made.endpoint, made.catalog, environ, f"connections = {CONNECTIONS}\n")


@contextmanager
def listening(made: Program, *words: str) -> Iterator[tuple["subprocess.Popen[str]", list[str]]]:
    """A process, and what it says on standard error as it says it; it does not outlive the body."""
    reading, writing = os.pipe()
    process = made.start(*words, stderr=writing)
    os.close(writing)
    said: list[str] = []

    def read() -> None:
        with os.fdopen(reading, encoding="utf-8") as stream:
            said.extend(iter(stream.readline, ""))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield process, said
    finally:
        if process.poll() is None:
            process.kill()
            finish(process)
        reader.join(10)


def wait_for(said: list[str], words: str) -> str:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        found = [line for line in said if words in line]
        if found:
            return found[0]
        time.sleep(0.02)
    raise AssertionError(f"{words!r} was not said: {said}")


def fill(place: Path, leave: int) -> Path:
    """A file that leaves so many bytes free, or fewer: others may be writing at the same time."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while (left := _free(place) - leave) > 0:
            file.write(bytes(min(left, MIB)))
    return ballast


def _free(place: Path) -> int:
    found = os.statvfs(place)
    return found.f_bavail * found.f_frsize


def fill_when_fetching(hub: Hub, place: Path) -> Path:
    until(lambda: hub.bytes_served > 4 * MIB)
    return fill(place, 2 * MIB)


def test_a_drive_that_fills_up_is_waited_for(tmp_path: Path, hub: Hub, small: Path) -> None:
    made = ours(tmp_path / "program", hub, HF_HOME=str(small / "hf"))
    with listening(made, "preload") as (process, said):
        ballast = fill_when_fetching(hub, small)
        told = wait_for(said, "Waiting for room")
        ballast.unlink()
        done = finish(process)
    assert done.code == 0, said
    assert all(words in told for words in (str(small), "needs", "has")), told
    assert any("There is room again" in line for line in said)
    assert made.run("status", "--deep").code == 0
    assert hub.bytes_served <= SIZE + IN_FLIGHT


def test_waiting_for_room_is_ended_by_ctrl_c_and_resumed(tmp_path: Path, hub: Hub, small: Path) -> None:
    made = ours(tmp_path / "program", hub, HF_HOME=str(small / "hf"))
    with listening(made, "preload") as (process, said):
        ballast = fill_when_fetching(hub, small)
        wait_for(said, "Waiting for room")
        interrupt(process)
        assert finish(process).code == 130
    refused = made.run("preload")
    assert (refused.code, "Traceback" in refused.err) == (3, False), refused.err
    assert "free" in refused.err
    ballast.unlink()
    assert made.run("preload").code == 0
    assert hub.bytes_served <= SIZE + IN_FLIGHT


def test_a_full_drive_of_the_journals_is_waited_for(tmp_path: Path, hub: Hub, small: Path) -> None:
    made = ours(tmp_path / "program", hub, MODEL_PRELOAD_HOME=str(small / "state"))
    with listening(made, "preload") as (process, said):
        until(lambda: hub.bytes_served > MIB)
        ballast = fill(small, 0)
        told = wait_for(said, "Waiting for room")
        ballast.unlink()
        done = finish(process)
    assert done.code == 0, said
    assert str(small) in told
    assert made.run("status", "--deep").code == 0
    assert hub.bytes_served <= SIZE + IN_FLIGHT + 4 * MIB


def test_a_full_drive_of_the_journals_at_the_start_is_named(tmp_path: Path, hub: Hub, small: Path) -> None:
    made = ours(tmp_path / "program", hub, MODEL_PRELOAD_HOME=str(small / "state"))
    made.command("status")
    fill(small, 0)
    for command in ("preload", "status"):
        done = made.run(command)
        assert (done.code, "Traceback" in done.err) == (3, False), done.err
        assert "No room left" in done.err
        assert str(small / "state") in done.err
    assert hub.bytes_served == 0


def test_a_read_only_drive_is_named(tmp_path: Path, hub: Hub, small: Path) -> None:
    made = ours(tmp_path / "program", hub, HF_HOME=str(small / "hf"))
    subprocess.run(["mount", "-o", "remount,ro", small], check=True)
    done = made.run("preload", "--json")
    assert "Traceback" not in done.err
    assert (done.code, done.document["run"]["errors"][0]["code"]) == (1, "access-denied")
    assert hub.bytes_served == 0


# The journal


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "half": lambda data: data[: len(data) // 2],
    "no database": lambda data: b"no database" * 1000,
    "flipped": lambda data: data[:4096] + random.Random(2).randbytes(len(data) - 4096),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_journal_is_made_anew_and_nothing_is_fetched_again(tmp_path: Path, hub: Hub, damage: str) -> None:
    made = ours(tmp_path / "program", hub)
    assert made.run("preload").code == 0
    served = hub.bytes_served
    journal = made.state / JOURNAL
    whole = journal.read_bytes()
    journal.write_bytes(DAMAGE[damage](whole))
    done = made.run("preload")
    assert done.code == 0, done.err
    assert "damaged" in done.err
    (kept,) = made.state.glob(f"{JOURNAL}.damaged-*")
    assert kept.read_bytes() == DAMAGE[damage](whole)
    assert hub.bytes_served == served
    log = (made.state / "logs" / "model-preload.log").read_text(encoding="utf-8")
    assert kept.name in log
    again = made.run("status", "--json")
    assert (again.code, again.document["models"]["reader"]["verdict"]) == (0, "ready")
    assert "damaged" not in again.err


def test_status_tells_of_a_damaged_journal(tmp_path: Path, hub: Hub) -> None:
    made = ours(tmp_path / "program", hub)
    assert made.run("preload").code == 0
    (made.state / JOURNAL).write_bytes(b"no database")
    done = made.run("status", "reader")
    assert (done.code, "Traceback" in done.err) == (1, False)
    assert "damaged" in done.err
    assert made.run("preload").code == 0
    assert hub.bytes_served == SIZE


def test_a_deleted_journal_is_made_anew_and_nothing_is_fetched_again(tmp_path: Path, hub: Hub) -> None:
    made = ours(tmp_path / "program", hub)
    assert made.run("preload").code == 0
    (made.state / JOURNAL).unlink()
    assert made.run("preload").code == 0
    assert made.run("status").code == 0
    assert hub.bytes_served == SIZE


@pytest.mark.skipif(sys.platform == "win32", reason="Windows lets nobody write into an open journal")
def test_a_journal_that_is_damaged_during_a_run_ends_it_by_name_and_the_next_one_heals(
    tmp_path: Path, hub: Hub
) -> None:
    made = ours(tmp_path / "program", hub)
    process = made.start("preload")
    until(lambda: hub.bytes_served > 2 * MIB)
    for name in (JOURNAL, f"{JOURNAL}-wal", f"{JOURNAL}-shm"):
        path = made.state / name
        if path.exists() and path.stat().st_size:
            with path.open("r+b") as file:
                file.write(random.Random(3).randbytes(path.stat().st_size))
    done = finish(process)
    assert "Traceback" not in done.err
    assert (done.code, JOURNAL in done.err) in ((0, False), (3, True)), done.err
    healed = made.run("preload")
    assert healed.code == 0, healed.err
    assert made.run("status", "--deep").code == 0


def test_a_newer_or_locked_journal_is_refused_with_a_sentence(tmp_path: Path, hub: Hub) -> None:
    made = ours(tmp_path / "program", hub)
    assert made.run("preload").code == 0
    path = made.state / JOURNAL
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        both = [made.start("status"), made.start("preload")]
        for done in map(finish, both):
            assert time.monotonic() - began < 30
            assert (done.code, "Traceback" in done.err) == (3, False)
            assert "locked" in done.err
        other.execute("ROLLBACK")
        other.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    for command in ("status", "preload"):
        done = made.run(command)
        assert (done.code, "newer" in done.err) == (3, True)
    assert path.read_bytes() == before
