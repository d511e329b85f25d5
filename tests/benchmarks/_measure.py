"""Runs commands of two or more sides in turn and prints medians, ratios and what each cost the machine."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FAST = Path("/dev/shm") if Path("/dev/shm").is_dir() else Path(tempfile.gettempdir())


MiB = 1 << 20
CATALOG = """schema = 1
[[model]]
key = "bench"
name = "bench"
place = { cache = "huggingface" }
[[model.source]]
hub = "huggingface"
repo = "bench/model"
"""


@dataclass(frozen=True)
class Cost:
    """Of one run: seconds on the clock, seconds of processors (user and system), the largest process in MB."""

    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True)
class Side:
    """One of those compared.

    Attributes:
        name: as printed.
        commands: makes the command lines of one run, given an empty folder; they run one after the other.
        environment: on top of the benchmark's own.
    """

    name: str
    commands: Callable[[Path], Sequence[Sequence[str]]]
    environment: Callable[[Path], Mapping[str, str]] = lambda _folder: {}


def compare(title: str, sides: Sequence[Side], runs: int, targets: Mapping[str, float]) -> None:
    """Run the sides in turn, `runs` times, and print; the first side is ours, `targets` are ratios to the others.

    One more run of each comes before and does not count: the system's memory and caches are cold for whoever is first.
    """
    print(f"\n{title} ({runs} runs each, in turn, after one that does not count)", flush=True)
    costs: dict[str, list[Cost]] = {side.name: [] for side in sides}
    for number in range(runs + 1):
        for side in sides:
            cost = _run(side)
            if number:
                costs[side.name].append(cost)
    ours = statistics.median(cost.wall for cost in costs[sides[0].name])
    for side in sides:
        walls = [cost.wall for cost in costs[side.name]]
        median = statistics.median(walls)
        told = f"  {side.name:<28} {median:7.2f} s  ({min(walls):.2f} to {max(walls):.2f})"
        told += f"  cpu {statistics.median(c.cpu for c in costs[side.name]):6.2f} s"
        told += f"  memory {max(c.memory for c in costs[side.name]):5.0f} MB"
        if side is not sides[0]:
            target = f", target {targets[side.name]}" if side.name in targets else ""
            told += f"  ours is {ours / median:.2f} of it{target}"
        print(told, flush=True)


def environment() -> Mapping[str, str]:
    """The machine's, but for a setting under which every start compiles all modules anew, on either side."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _run(side: Side) -> Cost:
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=FAST))
    try:
        wall = cpu = memory = 0.0
        for command in side.commands(folder):
            cost = run(command, {**environment(), **side.environment(folder)}, folder)
            wall, cpu, memory = wall + cost.wall, cpu + cost.cpu, max(memory, cost.memory)
        return Cost(wall, cpu, memory)
    finally:
        shutil.rmtree(folder)


def run(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> Cost:
    """One command to its end. Raises CalledProcessError with its output."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(list(command), env=dict(environment), cwd=folder, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - began
        if process.returncode:
            output.seek(0)
            sys.stderr.write(output.read().decode(errors="replace")[-2000:])
            raise subprocess.CalledProcessError(process.returncode, list(command))
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


@contextmanager
def hub(folder: Path, latency: float = 0.0, rate: int = 0) -> Iterator[str]:
    """A hub in a process of its own that serves the files of a folder as `bench/model`; gives its endpoint."""
    server = Path(__file__).with_name("_server.py")
    command = [sys.executable, str(server), str(folder), str(latency), str(rate)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait(20)
        process.stdout.close()


def fill(folder: Path, files: int, size: int) -> None:
    """Make so many different files of that size (bytes)."""
    block = os.urandom(min(size, 8 * MiB))
    for number in range(files):
        with (folder / f"model-{number:05}.safetensors").open("wb") as file:
            file.write(number.to_bytes(8, "little"))
            left = size - 8
            while left:
                left -= file.write(block[: min(left, len(block))])
