"""The deep look: every byte is read, on all cores."""

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

from model_preload.core.errors import DiskProblem
from model_preload.core.events import Control
from model_preload.core.files import Disk, hash_file
from model_preload.core.journal import Journal
from model_preload.core.values import DigestAlgorithm, Published, stamp

_REPORT_SECONDS = 0.2


def check_files(
    wanted: Sequence[tuple[Path, DigestAlgorithm]],
    disk: Disk,
    journal: Journal,
    control: Control,
    report: Callable[[int, int], None],
) -> Mapping[Path, DiskProblem]:
    """Hash files side by side and remember what was found.

    Of those that are not there, or can't be read, nothing is remembered.

    Args:
        wanted: absolute paths, each with the algorithm of its listed digest.
        report: called five times a second, from the calling thread, with files and bytes done so far.

    Returns:
        Those that can't be read, and why.

    Raises:
        JournalUnusable. DiskProblem: the journal can't be written.
        Cancelled: through the control; what was hashed until then is remembered.
    """
    checker = _Checker(disk, journal, control)
    with ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="check") as pool:
        futures = [pool.submit(checker.check, path, algorithm) for path, algorithm in wanted]
        waiting = set(futures)
        while waiting:
            waiting = wait(waiting, timeout=_REPORT_SECONDS).not_done
            report(len(futures) - len(waiting), checker.bytes)
    for future in futures:
        future.result()
    return checker.unreadable


class _Checker:
    """Counts the bytes of all threads."""

    def __init__(self, disk: Disk, journal: Journal, control: Control) -> None:
        self._disk = disk
        self._journal = journal
        self._control = control
        self._lock = threading.Lock()
        self.bytes = 0
        self.unreadable: dict[Path, DiskProblem] = {}

    def check(self, path: Path, algorithm: DigestAlgorithm) -> None:
        self._control.check()
        try:
            before = self._disk.stat(path)
            digest = None if before is None else hash_file(path, algorithm, self._control, self._count)
            after = self._disk.stat(path)
        except DiskProblem as problem:
            with self._lock:
                self.unreadable[path] = problem
            before = digest = after = None
        if before is None or digest is None:
            self._journal.files.forget([path])
        elif after is not None and stamp(after) == stamp(before):
            # One that changed while it was read keeps no record, so it stays unverified.
            self._journal.files.save(Published.of(path, after), digest)

    def _count(self, count: int) -> None:
        with self._lock:
            self.bytes += count
