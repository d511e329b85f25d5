"""The hub of a benchmark: serves a folder until its standard input ends. Arguments: folder, latency, rate.

The folder's files are `bench/model`, and those of each folder in it `bench/` and the folder's name.
"""

import sys
from pathlib import Path

from model_preload.demo.hub import Hub, Repository

folder, latency, rate = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
held = {"model": folder, **{path.name: path for path in sorted(folder.iterdir()) if path.is_dir()}}
repositories = [
    Repository.of(f"bench/{name}", {path.name: path for path in place.iterdir() if path.is_file()})
    for name, place in held.items()
]
with Hub(*repositories, latency=latency, rate=rate or None) as hub:
    print(hub.endpoint, flush=True)
    sys.stdin.read()
