"""After k kills, bytes served minus size stay below k x (4 MiB + bytes in flight); the journal is always sound."""

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from helpers.faults import random_bytes
from helpers.hub import make_repository
from reliability.judge import findings
from reliability.scene import MIB, REPO, Scene

KILLS = 30
CONNECTIONS = 4
RATE = 12 * MIB
IN_FLIGHT = CONNECTIONS * (MIB + MIB // 2)
"""A read buffer of 1 MiB for each connection, and what lies between the processes: next to nothing at this rate."""


@pytest.mark.timeout(200)
def test_thirty_kills(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    files = {
        "big.safetensors": random_bytes(160 * MIB, 1),
        **{f"middle-{number}.bin": random_bytes(12 * MIB, 2 + number) for number in range(6)},
        **{f"config/{number}.json": random_bytes(5_000 + number, 10 + number) for number in range(20)},
    }
    size = sum(map(len, files.values()))
    with Scene(tmp_path / "scene", settings=f"connections = {CONNECTIONS}\n") as scene:
        scene.truth.clear()
        scene.put(make_repository(files, REPO))
        scene.hub.rate = RATE
        journal = scene.home / "state" / "journal.sqlite3"
        costs = []
        for number in range(KILLS):
            before = scene.hub.bytes_served
            run = scene.start()
            # Some at any moment of the start, the others at any moment of the transfer.
            wanted = chance.randrange(0, MIB) if number % 5 == 0 else chance.randrange(4 * MIB, 12 * MIB)
            run.wait_until(lambda: scene.hub.bytes_served - before > wanted)  # noqa: B023  called at once
            assert run.poll(), run.finish()
            run.kill()
            run.finish()
            costs.append((scene.hub.bytes_served - before) / MIB)
            assert integrity(journal) == [("ok",)], f"seed {seed}, kill {number}"
        scene.runs.clear()
        scene.hub.rate = None
        scene.preload()
        waste = scene.hub.bytes_served - size
        told = f"{KILLS} kills in {sum(costs):.0f} MiB wasted {waste / MIB:.1f} MiB of {size / MIB:.0f} (seed {seed})"
        print(told)
        record_property("waste", told)
        assert findings(scene, frozenset({"ready"}), KILLS * (4 * MIB + IN_FLIGHT) / MIB) == [], told
        assert waste <= KILLS * (4 * MIB + IN_FLIGHT), told
        assert waste < sum(costs) * MIB * 0.75, f"nothing was gone on with: {told}"
        assert integrity(journal) == [("ok",)]
        assert list(scene.staging.glob("*.part")) == []


def integrity(journal: Path) -> list[tuple[str]]:
    """What SQLite finds wrong; a journal that is not there yet is sound."""
    if not journal.exists():
        return [("ok",)]
    with closing(sqlite3.connect(journal)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchall()
