"""A part: the file that a transfer writes before it has the right to its final name."""

import os
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

_POSITIONAL = hasattr(os, "pwrite")


class PartFile:
    """An open part. Several threads may read and write at once, each at its own offset.

    Windows has no positional calls, so there a lock keeps seek and read or write together.
    Every method raises DiskProblem.
    """

    def __init__(self, path: Path, name: str, translate: Callable[[Path], AbstractContextManager[None]]) -> None:
        self.path = path
        self._translate = translate
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOINHERIT", 0)
        self._handle = os.open(name, flags, 0o666)
        self._lock = threading.Lock()
        self._closed = False

    def write_at(self, offset: int, data: memoryview) -> None:
        """Write all of `data` at `offset` (bytes)."""
        with self._translate(self.path):
            while data:
                if _POSITIONAL:
                    written = os.pwrite(self._handle, data, offset)
                else:
                    with self._lock:
                        os.lseek(self._handle, offset, os.SEEK_SET)
                        written = os.write(self._handle, data)
                offset += written
                data = data[written:]

    def read_at(self, offset: int, buffer: memoryview) -> int:
        """Fill `buffer` from `offset`; returns the bytes read, 0 at the end of the file."""
        with self._translate(self.path):
            if hasattr(os, "preadv"):
                return os.preadv(self._handle, [buffer], offset)
            with self._lock:
                os.lseek(self._handle, offset, os.SEEK_SET)
                data = os.read(self._handle, len(buffer))
            buffer[: len(data)] = data
            return len(data)

    def size(self) -> int:
        """Bytes up to the last one written."""
        with self._translate(self.path):
            return os.fstat(self._handle).st_size

    def truncate(self, size: int) -> None:
        with self._translate(self.path):
            os.ftruncate(self._handle, size)

    def sync(self) -> None:
        """Return when what was written will be there after a power cut."""
        with self._translate(self.path):
            os.fsync(self._handle)

    def close(self) -> None:
        """Close it; a second call does nothing. No other thread may be reading or writing."""
        if not self._closed:
            self._closed = True
            os.close(self._handle)
