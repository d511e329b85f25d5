"""A run that is killed again and again loses little and ends with the right bytes."""

import hashlib
import random
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from helpers.clock import SOON
from helpers.hub import make_repository
from helpers.program import Program, finish, interrupt, program
from helpers.workbench import model, repository
from model_preload.demo.hub import Hub

MIB = 1 << 20
KILLS = 10
CONNECTIONS = 4
RATE = 6_000_000
SIZES = {"big.safetensors": 96 * MIB, "middle-1.bin": 20 * MIB, "middle-2.bin": 20 * MIB, "small.bin": 6 * MIB}
LOST_A_KILL = 4 * MIB + CONNECTIONS * MIB + CONNECTIONS * MIB // 2
"""What one kill may cost: the journal is at most 4 MiB behind the disk, and each connection has at most a read buffer
of 1 MiB and what the hub has handed to the operating system: at this rate the buffers between the processes are almost
empty, half a MiB is plenty."""


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    noise = random.Random(20)
    big = {name: noise.randbytes(size) for name, size in SIZES.items()}
    return {**big, **{f"config/{number}.json": noise.randbytes(5_000 + number) for number in range(20)}}


@pytest.fixture
def slow(files: dict[str, bytes]) -> Iterator[Hub]:
    with Hub(make_repository(files), rate=RATE) as hub:
        yield hub


def ours(home: Path, hub: Hub) -> Program:
    made = program(home, hub, model("killed", repository("owner/model")))
    return Program(made.home, made.endpoint, made.catalog, settings=f"connections = {CONNECTIONS}\n")


def wait_until(process: subprocess.Popen[str], condition: Callable[[], bool]) -> None:
    """Until it holds, or the process is over."""
    end = time.monotonic() + 30
    while not condition() and process.poll() is None:
        assert time.monotonic() < end
        time.sleep(0.005)


def journal_is_sound(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as journal:
        return journal.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def wrong_files(location: Path, files: dict[str, bytes]) -> list[str]:
    def digest(content: bytes) -> str:
        return hashlib.sha256(content).hexdigest()

    return [name for name, content in files.items() if digest((location / name).read_bytes()) != digest(content)]


@pytest.mark.timeout(200)
def test_ten_kills_cost_little_and_leave_the_right_bytes(
    tmp_path: Path, slow: Hub, files: dict[str, bytes], record_property: Callable[[str, object], None]
) -> None:
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    run = ours(tmp_path, slow)
    journal = run.state / "journal.sqlite3"
    killed_at = []
    for number in range(KILLS):
        before = slow.bytes_served
        process = run.start("preload", "--quiet")
        if number % 5 == 0:  # somewhere in its start, its listing or its check of what is here
            time.sleep(chance.uniform(0.2, 1.0))
        else:
            wanted = chance.randrange(4 * MIB, 20 * MIB)
            wait_until(process, lambda: slow.bytes_served - before >= wanted)  # noqa: B023  called at once
        assert process.poll() is None, finish(process)
        process.kill()
        finish(process)
        killed_at.append(slow.bytes_served - before)
        assert not journal.exists() or journal_is_sound(journal)
    done = run.run("preload", "--json")
    assert done.code == 0, done.err
    assert journal_is_sound(journal)
    size = sum(map(len, files.values()))
    waste = slow.bytes_served - size
    moments = ", ".join(f"{at / MIB:.1f}" for at in killed_at)
    told = f"{KILLS} kills after {moments} MiB wasted {waste / MIB:.1f} MiB (seed {seed})"
    print(told)
    record_property("waste after kills", told)
    assert waste <= KILLS * LOST_A_KILL, told
    assert waste < sum(killed_at) / 2, f"nothing was gone on with: {told}"
    location = Path(done.document["models"]["killed"]["location"])
    assert wrong_files(location, files) == []
    status = run.run("status", "--json")
    assert (status.code, status.document["models"]["killed"]["verdict"]) == (0, "ready")
    assert [path.name for path in (run.hf_home / ".model-preload").glob("*.part")] == []


def test_an_update_that_is_killed_leaves_what_was_ready_and_goes_on_when_asked_again(tmp_path: Path) -> None:
    noise = random.Random(21)
    old = {"config.json": b"{}", "weights.bin": noise.randbytes(6 * MIB)}
    new = {"config.json": b"[]", "weights.bin": noise.randbytes(24 * MIB)}
    before = make_repository(old)
    with Hub(before, rate=RATE) as hub:
        run = ours(tmp_path, hub)
        assert run.run("preload").code == 0
        hub.put(before.committed(new))
        hub.forget()
        process = run.start("preload", "--force", "--quiet")
        wait_until(process, lambda: hub.bytes_served > 12 * MIB)
        process.kill()
        finish(process)
        killed_at = hub.bytes_served
        hub.forget()
        assert run.run("status").code == run.run("preload").code == 0
        assert hub.requests == ()
        done = run.run("preload", "--force", "--json")
        assert done.code == 0, done.err
        assert hub.bytes_served + killed_at - sum(map(len, new.values())) <= LOST_A_KILL
    assert wrong_files(Path(done.document["models"]["killed"]["location"]), new) == []


def test_interrupt_stops_at_once_says_how_to_go_on_and_loses_nothing(
    tmp_path: Path, slow: Hub, files: dict[str, bytes]
) -> None:
    run = ours(tmp_path, slow)
    process = run.start("preload", "killed")
    wait_until(process, lambda: slow.bytes_served > 30 * MIB)
    interrupt(process)
    began = time.monotonic()
    stopped = finish(process)
    assert time.monotonic() - began < SOON
    assert stopped.code == 130, stopped.err
    typed = ["model-preload", *run.command("preload", "killed")[4:]]
    assert f"Go on with: {' '.join(typed)}\n" in stopped.err
    assert "Traceback" not in stopped.err
    with closing(sqlite3.connect(run.state / "journal.sqlite3")) as journal:
        assert journal.execute("SELECT model FROM queue").fetchall() == [("killed",)]
        assert journal.execute("SELECT outcome FROM runs").fetchall() == [("interrupted",)]
    fetched = slow.bytes_served
    slow.forget()
    slow.rate = None
    assert run.run("preload").code == 0
    size = sum(map(len, files.values()))
    assert slow.bytes_served <= size - fetched + LOST_A_KILL
    with closing(sqlite3.connect(run.state / "journal.sqlite3")) as journal:
        assert journal.execute("SELECT model FROM queue").fetchall() == []


def test_interrupted_run_with_json_is_still_one_document(tmp_path: Path, slow: Hub) -> None:
    run = ours(tmp_path, slow)
    process = run.start("preload", "--json", "--quiet")
    wait_until(process, lambda: slow.bytes_served > MIB)
    interrupt(process)
    stopped = finish(process)
    assert (stopped.code, stopped.err) == (130, "")
    assert stopped.document["run"]["outcome"] == "interrupted"
    assert not stopped.document["success"]
    assert stopped.document["models"]["killed"]["verdict"] in {"missing", "partial"}


class TestHolder:
    """A second run while a first one is at work."""

    @pytest.fixture
    def run(self, tmp_path: Path, slow: Hub) -> Program:
        return ours(tmp_path, slow)

    @pytest.fixture
    def first(self, run: Program, slow: Hub) -> Iterator[subprocess.Popen[str]]:
        process = run.start("preload", "killed", "--quiet")
        wait_until(process, lambda: slow.bytes_served > MIB)
        yield process
        if process.poll() is None:
            process.kill()
        finish(process)

    def test_it_is_refused_and_told_who_holds_it(self, run: Program, first: subprocess.Popen[str]) -> None:
        refused = run.run("preload", "--json")
        assert refused.code == 3
        assert refused.document["error"]["code"] == "held"
        assert "model-preload preload killed" in refused.document["error"]["message"]
        assert f"process {first.pid}" in refused.document["error"]["message"]
        assert "--wait" in refused.document["error"]["next_step"]
        assert first.poll() is None

    def test_reading_commands_are_not_refused(self, run: Program, first: subprocess.Popen[str]) -> None:
        assert [run.run(name).code for name in ("status", "plan", "catalog")] == [1, 0, 0]
        assert first.poll() is None

    @staticmethod
    def _waiting(run: Program) -> subprocess.Popen[str]:
        """A second run that has said that it waits."""
        second = run.start("preload", "--wait", "--json")
        assert second.stderr is not None
        assert "Waiting for another run" in second.stderr.readline()
        return second

    def test_it_waits_if_told_so(self, run: Program, first: subprocess.Popen[str], slow: Hub) -> None:
        second = self._waiting(run)
        assert first.poll() is None
        slow.rate = None
        done = finish(second)
        assert done.code == 0, done.err
        assert done.document["run"]["bytes_fetched"] == 0
        assert first.wait(10) == 0

    def test_waiting_can_be_interrupted(self, run: Program, first: subprocess.Popen[str]) -> None:
        second = self._waiting(run)
        interrupt(second)
        stopped = finish(second, SOON)
        assert stopped.code == 130
        assert stopped.document["error"]["code"] == "interrupted"
        assert not stopped.document["success"]
        assert first.poll() is None

    def test_lock_of_a_killed_run_is_free(self, run: Program, first: subprocess.Popen[str], slow: Hub) -> None:
        first.kill()
        first.wait()
        slow.rate = None
        assert run.run("preload").code == 0
