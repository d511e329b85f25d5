"""The hub of a benchmark: serves a folder until its standard input ends. Arguments: folder, latency, rate."""

import sys
from pathlib import Path

from model_preload.demo.hub import Hub, Repository

folder, latency, rate = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
with Hub(Repository.of("bench/model", files), latency=latency, rate=rate or None) as hub:
    print(hub.endpoint, flush=True)
    sys.stdin.read()
