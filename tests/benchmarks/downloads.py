"""Downloads against hf, curl and aria2c: the same bytes from the same hub, ours verified and journaled.

    python3 dev.py bench downloads [--runs N] [CASE...]

Needs curl, openssl and aria2c on the PATH; files lie on a RAM disk where there is one.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from _measure import CATALOG, FAST, MiB, Side, compare, fill, hub

HERE = Path(sys.executable).parent


@dataclass(frozen=True)
class Case:
    """One row of the table: what is fetched, how far away, and the ratios that are aimed at."""

    title: str
    files: int
    size: int
    latency: float
    rate: int
    peers: tuple[str, ...]
    targets: Mapping[str, float]


CASES = {
    "big": Case("2 GiB, no latency", 1, 2048 * MiB, 0, 0, ("hf", "curl+sha256"), {"hf": 0.4, "curl+sha256": 0.85}),
    "small": Case("500 x 1 MiB, no latency", 500, MiB, 0, 0, ("hf",), {"hf": 0.3}),
    "far-big": Case(
        "1 GiB at 60 ms, 25 MiB/s a connection", 1, 1024 * MiB, 0.06, 25 * MiB, ("hf", "aria2c"),
        {"hf": 0.16, "aria2c": 1.05},
    ),
    "far-small": Case("500 x 1 MiB at 60 ms", 500, MiB, 0.06, 0, ("hf",), {"hf": 0.35}),
}  # fmt: skip


def main() -> None:
    """Run the named cases, or all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("cases", nargs="*", metavar="CASE")
    parser.add_argument("--runs", type=int, default=5)
    asked = parser.parse_args()
    for name in asked.cases or CASES:
        case = CASES[name]
        source = Path(tempfile.mkdtemp(prefix="bench-source-", dir=FAST))
        try:
            fill(source, case.files, case.size)
            with hub(source, case.latency, case.rate) as endpoint:
                peers = [_PEERS[peer](endpoint) for peer in case.peers if _available(peer)]
                compare(case.title, [ours(endpoint), *peers], asked.runs, case.targets)
        finally:
            shutil.rmtree(source)


def _available(peer: str) -> bool:
    program = {"hf": str(HERE / "hf"), "curl+sha256": "curl", "aria2c": "aria2c"}[peer]
    if shutil.which(program) is None:
        print(f"  {peer} is not on this machine and left out")
        return False
    return True


def ours(endpoint: str) -> Side:
    """The program as it is shipped."""

    def commands(folder: Path) -> Sequence[Sequence[str]]:
        catalog = folder / "catalog.toml"
        catalog.write_text(CATALOG)
        return [[sys.executable, "-m", "model_preload", "preload", "--quiet", "--catalog", str(catalog)]]

    def environment(folder: Path) -> Mapping[str, str]:
        return {"HF_ENDPOINT": endpoint, "HF_HOME": str(folder / "hf"), "MODEL_PRELOAD_HOME": str(folder / "state")}

    return Side("model-preload, verified", commands, environment)


def hf(endpoint: str) -> Side:
    """`hf download` without what it does beside the transfer."""
    return Side(
        "hf",
        lambda _folder: [[str(HERE / "hf"), "download", "bench/model"]],
        lambda folder: {
            "HF_ENDPOINT": endpoint,
            "HF_HOME": str(folder / "hf"),
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        },
    )


def first_file(endpoint: str) -> str:
    """Where the first file that `fill` made is asked for."""
    return f"{endpoint}/bench/model/resolve/main/model-00000.safetensors"


def _curl(endpoint: str) -> Side:
    return Side(
        "curl+sha256",
        lambda folder: [
            ["curl", "-sSfL", "-o", str(folder / "file"), first_file(endpoint)],
            ["openssl", "dgst", "-sha256", str(folder / "file")],
        ],
    )


def _aria2c(endpoint: str) -> Side:
    options = ["-x8", "-s8", "-k1M", "--quiet", "--file-allocation=none", "--no-conf"]
    return Side("aria2c", lambda folder: [["aria2c", *options, "-d", str(folder), "-o", "file", first_file(endpoint)]])


_PEERS = {"hf": hf, "curl+sha256": _curl, "aria2c": _aria2c}

if __name__ == "__main__":
    main()
