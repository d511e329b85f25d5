"""Digests of files and of bytes as they arrive."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from model_preload.core.events import Control
from model_preload.core.files.disk import extended, translated
from model_preload.core.values import Digest, DigestAlgorithm

CHUNK = 1 << 20
"""Bytes read at a time: hashlib lets other threads run while it works on that much."""


class Hasher:
    """A digest in the making. `size` (bytes of the whole) must be known, since git's starts with it."""

    def __init__(self, algorithm: DigestAlgorithm, size: int) -> None:
        self._algorithm = algorithm
        if algorithm == "git-sha1":
            self._state = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
        else:
            self._state = hashlib.sha256()

    def update(self, data: memoryview) -> None:
        self._state.update(data)

    def digest(self) -> Digest:
        return Digest(self._algorithm, self._state.hexdigest())


def hash_file(
    path: Path, algorithm: DigestAlgorithm, control: Control, on_bytes: Callable[[int], None] = lambda _: None
) -> Digest:
    """Read a whole file and return its digest; `on_bytes` is told the size of each chunk read.

    Raises:
        DiskProblem: it can't be read (also: it went away).
        Cancelled: through `control`.
    """
    buffer = memoryview(bytearray(CHUNK))
    with translated(path), open(extended(path), "rb", buffering=0) as file:
        file.seek(0, 2)
        hasher = Hasher(algorithm, file.tell())
        file.seek(0)
        while read := file.readinto(buffer):
            control.check()
            hasher.update(buffer[:read])
            on_bytes(read)
    return hasher.digest()
