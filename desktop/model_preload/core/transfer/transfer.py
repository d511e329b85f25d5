"""Many files over many connections: who fetches what next, and when it is over."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from model_preload.core import errors
from model_preload.core.events import Cancelled, Control, Paused, Phase, Progress
from model_preload.core.files import Disk
from model_preload.core.http import Client
from model_preload.core.journal import Journal
from model_preload.core.transfer import retry
from model_preload.core.transfer.fetch import BUFFER, Fetcher
from model_preload.core.transfer.file import SMALL, FileTransfer, Job
from model_preload.core.transfer.meter import Meter
from model_preload.core.transfer.ranges import BLOCK, Claim
from model_preload.core.transfer.watermarks import Watermarks

log = logging.getLogger("model_preload.transfer")

CONNECTIONS_A_FILE = 8
_LEAST_FILES = 4
_FILE_SECONDS = 0.002
"""What this program is busy with a file of 1 MiB."""
_REPORT_SECONDS = 0.2
_RELEASE_SECONDS = 0.4
_SHOWN_FILES = 8


class Transfer:
    """Brings the files of one model; make one for each run.

    Args:
        model: key, for the progress.
        report: called about five times a second from `run`'s thread.
    """

    def __init__(
        self,
        model: str,
        *,
        client: Client,
        disk: Disk,
        journal: Journal,
        control: Control,
        report: Callable[[Progress], None],
    ) -> None:
        self._model = model
        self._client = client
        self._disk = disk
        self._journal = journal
        self._control = control
        self._report = report
        self._watermarks = Watermarks(journal)
        self._meter = Meter()
        # One lock, two conditions: the one who waits for the end is not in the workers' queue for something to do.
        lock = threading.RLock()
        self._state = threading.Condition(lock)
        self._idle = threading.Condition(lock)
        self._waiting: deque[Job] = deque()
        self._open: dict[FileTransfer, None] = {}
        self._shared: list[FileTransfer] = []  # those of the open ones of which anyone may take a range
        self._finished_files = 0
        self._finished_bytes = 0
        self._workers = 0
        self._buffer = BUFFER
        self._active = 0
        self._width = retry.Width(client.connections)
        self._stopped = False
        self._threads: list[threading.Thread] = []
        self._bug: BaseException | None = None
        self._failures: dict[str, errors.Circumstance] = {}
        self._total_files = 0
        self._total_bytes = 0

    @property
    def bytes_fetched(self) -> int:
        """From the network, what was thrown away included."""
        return self._meter.total

    def run(self, jobs: Sequence[Job]) -> dict[str, errors.Circumstance]:
        """Bring all of them, in order; returns when each is published or given up.

        Returns:
            What ended a file, by path. A circumstance that concerns the whole source ends the transfer, so
            files may be left that are not named here.

        Raises:
            Cancelled: through the control, within half a second; nothing is written afterwards.
        """
        self._waiting.extend(jobs)
        self._total_files = len(jobs)
        self._total_bytes = sum(job.file.size for job in jobs)
        self._workers = _useful(jobs, self._client)
        self._buffer = min(BUFFER, max((job.file.size for job in jobs), default=0) or 1)
        fetcher = Fetcher(self._client, self._control, self._meter.add)
        for number in range(self._workers):
            self._start(f"transfer-{number}", self._work, fetcher)
        try:
            with self._control.interrupting(self._wake):
                self._wait()
        finally:
            self._shut_down()
        if self._bug is not None:
            raise self._bug
        if self._control.cancelled and self._unfinished:
            raise Cancelled
        self._report(self._progress())
        return self._failures

    @property
    def _unfinished(self) -> bool:
        return bool(self._waiting or self._open)

    def _wait(self) -> None:
        while True:
            with self._state:
                self._state.wait_for(lambda: self._over, timeout=_REPORT_SECONDS)
                if self._over:
                    return
            self._report(self._progress())

    @property
    def _over(self) -> bool:
        return self._stopped or self._control.cancelled or not self._unfinished

    def _wake(self) -> None:
        with self._state:
            self._state.notify_all()
            self._idle.notify_all()

    def _shut_down(self) -> None:
        with self._state:
            self._stopped = True
            self._wake()
            left, threads = list(self._open), list(self._threads)
        deadline = time.monotonic() + _RELEASE_SECONDS
        for file in left:
            file.close(deadline)
        try:
            self._watermarks.flush()
        finally:
            for thread in threads:
                # One that is stuck in a name look-up is left behind: it finds its file closed and ends.
                thread.join(max(0.0, deadline - time.monotonic()))

    def _start(self, name: str, work: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=self._guarded, args=(work, *args), name=name, daemon=True)
        with self._state:
            self._threads.append(thread)
        thread.start()

    def _guarded(self, work: Callable[..., None], *args: object) -> None:
        """Run a thread's work; a bug ends the whole transfer and is raised again by `run`."""
        try:
            work(*args)
        except (Cancelled, Paused):
            pass
        except BaseException as error:  # noqa: BLE001  it is raised again where it is seen
            with self._state:
                self._bug = self._bug or error
                self._stopped = True
                self._wake()

    def _work(self, fetcher: Fetcher) -> None:
        buffer = memoryview(bytearray(self._buffer))
        while (task := self._next()) is not None:
            file, claim = task
            try:
                if claim is None:
                    claim = self._begin(file)
                if claim is not None:
                    fetcher.fetch(file, claim, buffer)
            except (Paused, Cancelled):
                pass  # or its file was given up meanwhile: the next look at the state tells what follows
            except errors.Circumstance as problem:
                self._failed(file, problem)
            finally:
                if claim is not None:
                    file.release(claim)
                self._rest(file)
            self._settle(file)

    def _next(self) -> tuple[FileTransfer, Claim | None] | None:
        """What to do next, as soon as there is something; None when there never will be.

        A file without a claim is new and wants to be opened.
        """
        with self._state:
            while True:
                if self._over:
                    return None
                wake = None
                if self._active < self._width.now:
                    now = time.monotonic()
                    for file in self._shared:
                        if file.not_before > now:
                            wake = min(wake or file.not_before, file.not_before)
                        elif (claim := file.claim(min(CONNECTIONS_A_FILE, self._width.now))) is not None:
                            self._active += 1
                            self._idle.notify()  # there may be more: one is woken, who wakes the next
                            return file, claim
                    if self._waiting and len(self._open) < self._workers:
                        file = FileTransfer(self._waiting.popleft(), self._disk, self._journal, self._watermarks)
                        self._open[file] = None
                        self._active += 1
                        self._idle.notify()
                        return file, None
                self._idle.wait(None if wake is None else max(0.0, wake - time.monotonic()))

    def _begin(self, file: FileTransfer) -> Claim | None:
        """Open a file and take its first range: all of a small one, which nobody else needs to look at then."""
        file.open()
        claim = file.claim(CONNECTIONS_A_FILE)
        if not file.small:
            self._start("transfer-digest", self._follow, file)
            with self._state:
                self._share(file)
        return claim

    def _rest(self, file: FileTransfer) -> None:
        """A connection is done with a file; what is left of it anyone may take."""
        with self._state:
            self._active -= 1
            self._width.succeeded()
            self._share(file)

    def _share(self, file: FileTransfer) -> None:
        """Let anyone take what is left of a file; the lock is held."""
        if file in self._open and file not in self._shared and file.wants_more:
            self._shared.append(file)
            self._idle.notify()

    def _follow(self, file: FileTransfer) -> None:
        """The thread beside a big file."""
        try:
            file.follow()
            while not file.conclude():
                with self._state:
                    self._share(file)
                    self._wake()
                file.follow()
            self._finish(file)
        except errors.Circumstance as problem:
            self._failed(file, problem)

    def _settle(self, file: FileTransfer) -> None:
        """Conclude a small file whose last bytes came."""
        try:
            if file.take_conclusion():
                if file.conclude():
                    self._finish(file)
                else:
                    with self._state:
                        self._share(file)
        except Cancelled:
            pass
        except errors.Circumstance as problem:
            self._failed(file, problem)

    def _finish(self, file: FileTransfer) -> None:
        log.info("%s: published %s", self._model, file.job.file.path)
        with self._state:
            self._close(file)
            self._finished_files += 1
            self._finished_bytes += file.job.file.size
            self._idle.notify()
            if self._over:
                self._wake()

    def _close(self, file: FileTransfer) -> None:
        """It is published or given up; the lock is held."""
        del self._open[file]
        if file in self._shared:
            self._shared.remove(file)

    def _failed(self, file: FileTransfer, problem: errors.Circumstance) -> None:
        path = file.job.file.path
        patience = self._client.patience
        with self._state:
            if file not in self._open:
                return  # another of its connections failed first
            if retry.may_retry(problem):
                if file.not_before > time.monotonic():
                    return  # another of its connections failed a moment ago: that is one failure, not two
                clock = self._control.clock()
                failures = file.failed(self._meter.total, clock)
                wait = patience.wait(failures, problem)
                if not patience.ends(failures, clock - file.failing_since, wait, problem):
                    told = (path, problem, wait, failures, patience.tries)
                    log.warning("%s: %s; again in %.1f s (%d of %d)", *told, extra={"model": self._model})
                    file.not_before = time.monotonic() + wait
                    if isinstance(problem, errors.HubBusy) and problem.status == 429:
                        self._width.refused(wait)
                    return
            self._close(file)
            self._failures[path] = problem
            if retry.concerns_all(problem, nothing_came=self._meter.total == file.idle_since):
                self._stopped = True
            self._wake()
        log.error("%s: given up: %s", path, problem, extra={"model": self._model})
        file.close()
        self._watermarks.flush()

    def _progress(self) -> Progress:
        with self._state:
            files = list(self._open)
            finished_files, finished_bytes = self._finished_files, self._finished_bytes
        done = finished_bytes + sum(file.bytes_done() for file in files)
        speed = 0.0 if self._control.paused else self._meter.speed()
        left = self._total_bytes - done
        return Progress(
            self._model,
            Phase.FETCHING,
            done,
            self._total_bytes,
            finished_files,
            self._total_files,
            speed,
            left / speed if speed > 1 and self._meter.settled else None,
            tuple(file.progress() for file in files[:_SHOWN_FILES]),
        )


def _useful(jobs: Sequence[Job], client: Client) -> int:
    """How many connections have something to do.

    Several for a big file. For small ones as many as are on their way while this program is busy with one: a hub
    nearby is kept busy by few, and more would only wait for one another in the interpreter.
    """
    small = sum(job.file.size <= SMALL for job in jobs)
    big = sum(min(CONNECTIONS_A_FILE, 1 + job.file.size // BLOCK) for job in jobs if job.file.size > SMALL)
    if client.round_trip is not None:
        small = min(small, _LEAST_FILES + int(client.round_trip / _FILE_SECONDS))
    return min(client.connections, big + small)
