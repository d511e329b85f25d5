"""What one flipped bit costs: our repair of a file of 1 GiB, and what hf fetches to get rid of the same damage.

    python3 dev.py bench repair

hf only looks whether the file is there, so it has to be told to fetch it anew.
"""

import hashlib
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from _measure import FAST, MiB, Side, environment, fill, run

from downloads import hf, ours
from model_preload.demo.hub import Hub, Repository

SIZE = 1024 * MiB
RUNS = 5


def main() -> None:
    """Both sides, one after the other."""
    source = Path(tempfile.mkdtemp(prefix="bench-source-", dir=FAST))
    try:
        fill(source, 1, SIZE)
        (file,) = source.iterdir()
        with Hub(Repository.of("bench/model", {file.name: file})) as hub:
            print(f"\none flipped bit in {SIZE // MiB} MiB, {RUNS} times", flush=True)
            _repair(hub, ours(hub.endpoint), lambda command: ["repair" if w == "preload" else w for w in command], 16)
            _repair(hub, hf(hub.endpoint), lambda command: [*command, "--force-download"], None)
    finally:
        shutil.rmtree(source)


def _repair(hub: Hub, side: Side, again: Callable[[Sequence[str]], Sequence[str]], target: int | None) -> None:
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=FAST))
    try:
        (command,) = side.commands(folder)
        settings = {**environment(), **side.environment(folder)}
        run(command, settings, folder)
        right = _digest(folder)
        fetched, walls = [], []
        for number in range(RUNS):
            _flip(_file(folder), SIZE // 2 + number * 10 * MiB + 12345)
            before = hub.bytes_served
            walls.append(run(again(command), settings, folder).wall)
            fetched.append(hub.bytes_served - before)
            if _digest(folder) != right:
                sys.exit(f"{side.name} left wrong bytes")
        told = f"  {side.name:<28} {max(fetched) / MiB:7.1f} MiB fetched at most, {statistics.median(walls):.2f} s"
        print(told + (f", target {target} MiB" if target else ""), flush=True)
    finally:
        shutil.rmtree(folder)


def _file(folder: Path) -> Path:
    (found,) = {path.resolve() for path in (folder / "hf").rglob("*.safetensors")}
    return found


def _digest(folder: Path) -> str:
    with _file(folder).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flip(file: Path, place: int) -> None:
    """One bit, with the time of the file kept: what a drive does that fails."""
    found = file.stat()
    with file.open("r+b") as opened:
        opened.seek(place)
        (old,) = opened.read(1)
        opened.seek(place)
        opened.write(bytes([old ^ 1]))
    os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns))


if __name__ == "__main__":
    main()
