"""HTTP clients that could carry the bytes: the same file to a RAM disk, near and far, each in a process of its own.

    python3 dev.py bench clients [--runs N]

Each reads into memory as its API does it best and writes at the right place of one file: with 1 connection,
then with 8 that take ranges. `model-preload` is what we ship: our transfer over urllib3's connections, which also
checks the digest and keeps a journal. Nobody else here checks anything.
"""

import argparse
import http.client
import io
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from _measure import FAST, MiB, Side, compare, fill, hub

from downloads import first_file, ours

Fetch = Callable[[str, int, int, int], None]
"""Bring bytes [start, end) of an address to the same place of the file behind a descriptor: url, start, end, file."""

BUFFER = MiB


def _range(start: int, end: int) -> dict[str, str]:
    return {"Range": f"bytes={start}-{end - 1}", "Accept-Encoding": "identity"}


def _http_client(url: str, start: int, end: int, file: int) -> None:
    at = urlsplit(url)
    connection = http.client.HTTPConnection(at.netloc)
    connection.request("GET", f"{at.path}?{at.query}", headers=_range(start, end))
    answer = connection.getresponse()
    buffer = memoryview(bytearray(BUFFER))
    while count := answer.readinto(buffer):
        os.pwrite(file, buffer[:count], start)
        start += count
    connection.close()


def _urllib3(url: str, start: int, end: int, file: int) -> None:
    import urllib3

    answer = urllib3.request("GET", url, headers=_range(start, end), preload_content=False)
    for data in answer.stream(BUFFER):
        os.pwrite(file, data, start)
        start += len(data)


def _httpx2(url: str, start: int, end: int, file: int) -> None:
    import httpx2

    with httpx2.Client() as client, client.stream("GET", url, headers=_range(start, end)) as answer:
        for data in answer.iter_raw():
            os.pwrite(file, data, start)
            start += len(data)


def _pycurl(url: str, start: int, end: int, file: int) -> None:
    import pycurl

    place = start

    def write(data: bytes) -> None:
        nonlocal place
        os.pwrite(file, data, place)
        place += len(data)

    curl = pycurl.Curl()
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.RANGE, f"{start}-{end - 1}")
    curl.setopt(pycurl.BUFFERSIZE, 512 << 10)
    curl.setopt(pycurl.WRITEFUNCTION, write)
    curl.perform()
    curl.close()


CLIENTS: dict[str, Fetch] = {
    "http.client readinto": _http_client,
    "urllib3": _urllib3,
    "httpx2": _httpx2,
    "pycurl": _pycurl,
}


def main() -> None:
    """Run the comparison, or be one of its sides: `--as CLIENT CONNECTIONS SIZE URL FILE`."""
    if sys.argv[1:2] == ["--as"]:
        _fetch(CLIENTS[sys.argv[2]], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5], Path(sys.argv[6]))
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    _compare("2 GiB, no latency", 2048 * MiB, 0, 0, 1, runs)
    _compare("2 GiB, no latency", 2048 * MiB, 0, 0, 8, runs)
    _compare("512 MiB at 60 ms, 25 MiB/s a connection", 512 * MiB, 0.06, 25 * MiB, 8, runs)


def _compare(title: str, size: int, latency: float, rate: int, connections: int, runs: int) -> None:
    source = Path(tempfile.mkdtemp(prefix="bench-source-", dir=FAST))
    try:
        fill(source, 1, size)
        with hub(source, latency, rate) as endpoint:
            others = [_side(name, connections, size, first_file(endpoint)) for name in CLIENTS]
            told = f"{title}, {connections} connection{'s' * (connections > 1)} (ours: as many as it wants)"
            compare(told, [ours(endpoint), *others], runs, {})
    finally:
        shutil.rmtree(source)


def _side(name: str, connections: int, size: int, url: str) -> Side:
    words = [sys.executable, __file__, "--as", name, str(connections), str(size), url]
    return Side(name, lambda folder: [[*words, str(folder / "file")]])


def _fetch(client: Fetch, connections: int, size: int, url: str, path: Path) -> None:
    target = _resolved(url)
    piece = -(-size // connections)
    with path.open("wb", buffering=io.DEFAULT_BUFFER_SIZE) as file:
        threads = [
            threading.Thread(target=client, args=(target, start, min(start + piece, size), file.fileno()))
            for start in range(0, size, piece)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if path.stat().st_size != size:
        sys.exit(f"{path.stat().st_size} bytes of {size}")


def _resolved(url: str) -> str:
    """Where the hub's redirect leads."""
    at = urlsplit(url)
    connection = http.client.HTTPConnection(at.netloc)
    connection.request("HEAD", at.path)
    found = connection.getresponse().getheader("Location") or url
    connection.close()
    return found


if __name__ == "__main__":
    main()
