"""A lock between processes that also says who holds it."""

import json
import os
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import filelock

from model_preload.core.errors import DiskProblem
from model_preload.core.events import Control
from model_preload.core.files.disk import Disk, extended, translated

_POLL_SECONDS = 0.2


class ProcessLock:
    """One holder at a time among all processes, and in this one; the system lets go of it when the holder dies.

    The lock file can't be read while it is held on Windows, so the holder is named in a second
    file beside it. That one is only believed while the lock is held.
    """

    def __init__(self, path: Path, disk: Disk) -> None:
        self._path = path
        self._disk = disk
        self._held: filelock.BaseFileLock | None = None

    def acquire(self, purpose: str, control: Control | None = None) -> bool:
        """Take the lock and leave `purpose` as the holder's name.

        Args:
            purpose: what a refused one reads, such as the command.
            control: given, wait until it is free or the control is cancelled; None does not wait.

        Returns:
            False if another holds it.

        Raises:
            DiskProblem: the folder can't be written.
            Cancelled: through `control`.
        """
        self._disk.make_folder(self._path.parent)
        while not self._taken():
            if control is None:
                return False
            control.sleep(_POLL_SECONDS)
        started = datetime.now(UTC).isoformat(timespec="seconds")
        try:
            self._disk.write_text(self._holder, json.dumps({"pid": os.getpid(), "purpose": purpose, "since": started}))
        except BaseException:
            self.release()
            raise
        return True

    def release(self) -> None:
        """Let go; without effect if it is not held."""
        lock, self._held = self._held, None
        if lock is not None:
            with suppress(DiskProblem):
                self._disk.remove(self._holder)
            lock.release()

    def holder(self) -> str:
        """Who holds it, for people: command, process, since when; "" if that can't be told."""
        for _ in range(5):
            content = self._disk.read_text(self._holder)
            if content:
                with suppress(ValueError, KeyError, TypeError):
                    found = json.loads(content)
                    return f"{found['purpose']} (process {found['pid']}, since {found['since']})"
            time.sleep(0.05)  # it was taken a moment ago and the name is being written
        return ""

    def _taken(self) -> bool:
        # A new one each time: it would let its own holder in once more, and that is another run of this process.
        lock = filelock.FileLock(extended(self._path), thread_local=False)
        with translated(self._path):
            try:
                lock.acquire(timeout=0)
            except filelock.Timeout:
                return False
        self._held = lock
        return True

    @property
    def _holder(self) -> Path:
        return self._path.with_suffix(".json")
