"""What a look costs: the quick status of 10,000 files as a whole process, and the deep check against bare hashlib.

python3 dev.py bench readiness
"""

import hashlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from _measure import CATALOG, FAST, MiB, environment, fill, hub, run

RUNS = 5


def main() -> None:
    """Both parts."""
    _quick(10_000)
    _deep(4, 256 * MiB)


def _preloaded(folder: Path, files: int, size: int) -> tuple[Mapping[str, str], list[str]]:
    """Bring a model of so many files; returns environment and the beginning of a command line."""
    source = Path(tempfile.mkdtemp(prefix="bench-source-", dir=FAST))
    try:
        fill(source, files, size)
        with hub(source) as endpoint:
            catalog = folder / "catalog.toml"
            catalog.write_text(CATALOG)
            settings = {
                **environment(),
                "HF_ENDPOINT": endpoint,
                "HF_HOME": str(folder / "hf"),
                "MODEL_PRELOAD_HOME": str(folder / "state"),
            }
            program = [sys.executable, "-m", "model_preload"]
            cost = run([*program, "preload", "--quiet", "--catalog", str(catalog)], settings, folder)
            print(f"\n{files} files of {size >> 10} KiB preloaded in {cost.wall:.1f} s, memory {cost.memory:.0f} MB")
    finally:
        shutil.rmtree(source)
    return settings, [*program, "status", "--quiet", "--catalog", str(catalog)]


def _quick(files: int) -> None:
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=FAST))
    try:
        settings, command = _preloaded(folder, files, 4096)
        walls = [run(command, settings, folder) for _ in range(RUNS)]
        median = statistics.median(cost.wall for cost in walls)
        memory = max(cost.memory for cost in walls)
        print(f"  quick status of {files} files: {median:.2f} s as a whole process, target 0.5; memory {memory:.0f} MB")
        bare = [sys.executable, "-c", "pass"]
        print(f"  a Python that does nothing: {statistics.median(_wall(bare) for _ in range(RUNS)):.2f} s")
    finally:
        shutil.rmtree(folder)


def _wall(command: list[str]) -> float:
    began = time.monotonic()
    subprocess.run(command, check=True)
    return time.monotonic() - began


def _deep(files: int, size: int) -> None:
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=FAST))
    try:
        settings, command = _preloaded(folder, files, size)
        ours, theirs = [], []
        for _ in range(RUNS):
            whole = run([*command, "--deep"], settings, folder).wall
            ours.append(whole - run(command, settings, folder).wall)
            theirs.append(_two_threads(files * size))
        mine = files * size / statistics.median(ours) / MiB
        other = files * size / statistics.median(theirs) / MiB
        print(f"  deep check {mine:.0f} MiB/s, two hashlib threads in memory {other:.0f} MiB/s")
        print(f"  ours is {mine / other:.2f} of it, target 0.9")
    finally:
        shutil.rmtree(folder)


def _two_threads(total: int) -> float:
    block = bytes(MiB)

    def work() -> None:
        digest = hashlib.sha256()
        for _ in range(total // 2 // MiB):
            digest.update(block)

    threads = [threading.Thread(target=work) for _ in range(2)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - began


if __name__ == "__main__":
    main()
