"""One file's way: ranges into a part, digest, published.

The digest follows the contiguous front. Of a small file it is made from the buffers as they come; of a
big one a thread of its own reads the front back, so that hashing and receiving go on at once.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from model_preload.core import errors
from model_preload.core.events import Cancelled, FileProgress, Phase
from model_preload.core.files import Disk, Hasher, PartFile, boot_id
from model_preload.core.http import Token
from model_preload.core.journal import Journal, PartRecord
from model_preload.core.journal.parts import Spans
from model_preload.core.transfer.blocks import BlockDigests
from model_preload.core.transfer.ranges import Claim, Ranges
from model_preload.core.transfer.watermarks import Watermarks
from model_preload.core.values import Digest, DigestAlgorithm, ListedFile, Published

log = logging.getLogger("model_preload.transfer")

SMALL = 8 << 20
"""Files up to this size (bytes) come over one connection and are hashed as they come."""
_SYNC_INTERVAL = 64 << 20
_BUFFER = 1 << 20
_PROGRESS = 64 << 10
_MISMATCHES = 2


@dataclass(frozen=True)
class Job:
    """What to bring.

    Attributes:
        file: as listed.
        url: the hub's own address of it.
        token: for that hub's origin, if there is one.
        version: a strong ETag where the listing has no digest: ranges of another version are not mixed in.
        part: where it is written before it is published.
        publish: called once with the part when its digest matched; returns everything that is in place now.
    """

    file: ListedFile
    url: str
    token: Token | None
    version: str
    part: Path
    publish: Callable[[Path], tuple[Published, ...]]


class _Front:
    """The digest in the making and how far it has come; a file that begins anew gets a new one."""

    __slots__ = ("blocks", "hashed", "hasher")

    def __init__(self, algorithm: DigestAlgorithm, size: int) -> None:
        self.hasher = Hasher(algorithm, size)
        self.hashed = 0
        self.blocks = BlockDigests() if size > SMALL else None

    def update(self, data: memoryview) -> None:
        self.hasher.update(data)
        if self.blocks is not None:
            self.blocks.update(data)
        self.hashed += len(data)


class FileTransfer:
    """The state of a job at work; every method may be called from any worker thread.

    Attributes:
        job: what to bring.
        location: where the hub's redirect led last, "" before; ranges go there directly until it expires.
        single: the server ignores ranges, or nothing tells its versions apart: one connection takes the whole.
        not_before: moment (monotonic) until which it rests after a failure.
        idle_since: what the caller said when the failures in a row began.
        failing_since: the same, by the clock that measures their time.
    """

    def __init__(self, job: Job, disk: Disk, journal: Journal, watermarks: Watermarks) -> None:
        self.job = job
        self.location = ""
        self.single = job.file.digest is None and not job.version
        self.not_before = 0.0
        self.idle_since = 0
        self.failing_since = 0.0
        self._failures = 0
        self._disk = disk
        self._journal = journal
        self._watermarks = watermarks
        self._lock = threading.Condition()
        self._part: PartFile | None = None
        self._ranges = Ranges(job.file.size)
        self._resumed = 0
        self._synced: Spans = ()
        self._since_sync = 0
        self._since_failure = 0
        self._algorithm: DigestAlgorithm = job.file.digest.algorithm if job.file.digest else "sha256"
        self._front = _Front(self._algorithm, job.file.size)
        self._mismatches = 0
        self._users = 0
        self._finished = False
        self._closed = False
        self._concluding = False

    @property
    def small(self) -> bool:
        return self.job.file.size <= SMALL

    @property
    def _busy(self) -> bool:
        """Whether its one connection is at work: asked often, so without the lock."""
        return (self.small or self.single) and self._ranges.claims > 0

    def open(self) -> None:
        """Open the part and take over what the journal knows of it. Raises DiskProblem, Cancelled if closed."""
        size = self.job.file.size
        with self._lock:
            if self._closed:
                raise Cancelled
            self._part = part = self._disk.open_part(self.job.part)
            spans = self._spans_there(part.size())
            self._ranges = Ranges(size, spans)
            self._synced = spans
            self._resumed = self._ranges.front
            if not spans or part.size() > size:
                part.truncate(size if spans else 0)

    def close(self, deadline: float | None = None) -> None:
        """Begin no more writes, and wait for those under way; what is there stays for a later run.

        Args:
            deadline: moment (monotonic) when a drive that hangs is waited for no more.
        """
        with self._lock:
            self._closed = True
            self._lock.notify_all()
            seconds = None if deadline is None else max(0.0, deadline - time.monotonic())
            self._lock.wait_for(lambda: self._users == 0, seconds)
            self._close_unused()

    def claim(self, connections: int) -> Claim | None:
        """A range for one connection of at most `connections` on this file; None if there is none now."""
        if self._busy:
            return None
        with self._lock:
            if self._ranges.complete or self._ranges.claims >= connections:
                return None
            if self.single:
                if self._ranges.claims:
                    return None
                self._restart()
                return self._ranges.claim_whole()
            return self._ranges.claim(connections)

    @property
    def wants_more(self) -> bool:
        """Whether bytes are missing that nobody is fetching."""
        with self._lock:
            return self._ranges.wanting

    def release(self, claim: Claim) -> None:
        """The connection is done with the range, wholly or not."""
        with self._lock:
            if claim in self._ranges:
                self._ranges.release(claim)

    def received(self, claim: Claim, data: memoryview) -> None:
        """Write the next bytes of a range. Raises DiskProblem, Cancelled if the file was closed."""
        count = len(data)
        with self._using_part() as part:
            part.write_at(claim.position, data)
        with self._lock:
            if claim not in self._ranges:
                raise Cancelled
            if self.small and claim.position == self._front.hashed:
                self._front.update(data)
            claim.position += count
            self._since_failure += count
            self._since_sync += count
            sync_due = self._since_sync >= _SYNC_INTERVAL
            if sync_due:
                self._since_sync = 0
            self._lock.notify_all()
        if sync_due:
            self._sync()
        self._watermarks.wrote(self, count)

    def failed(self, moment: int, clock: float) -> int:
        """Count a failure; returns how many there were in a row without real progress between them.

        Args:
            moment, clock: kept in `idle_since` and `failing_since` if this is the first one.
        """
        with self._lock:
            self._failures = 1 if self._since_failure >= _PROGRESS else self._failures + 1
            self._since_failure = 0
            if self._failures == 1:
                self.idle_since = moment
                self.failing_since = clock
            return self._failures

    def take_conclusion(self) -> bool:
        """True once, for the thread that shall call `conclude`, when every byte of a small file is there."""
        with self._lock:
            if not self.small or self._concluding or not self._ranges.complete:
                return False
            self._concluding = True
            return True

    def follow(self) -> None:
        """Hash the front of a big file as it grows, to its end. Raises DiskProblem, Cancelled if closed."""
        buffer = memoryview(bytearray(_BUFFER))
        while True:
            with self._lock:
                self._lock.wait_for(
                    lambda: self._closed or self._ranges.complete or self._ranges.front - self._front.hashed >= _BUFFER
                )
                if self._closed:
                    raise Cancelled
                front = self._ranges.front
                done = self._ranges.complete
            self._catch_up(front, buffer)
            if done:
                return

    def conclude(self) -> bool:
        """Compare the digest and publish, or throw the bytes away.

        Returns:
            False if the bytes were wrong and the file begins anew.

        Raises:
            DigestMismatch: they were wrong a second time.
            DiskProblem, Cancelled.
        """
        self._catch_up(self.job.file.size, memoryview(bytearray(min(_BUFFER, max(1, self.job.file.size)))))
        found = self._front.hasher.digest()
        expected = self.job.file.digest
        if expected is not None and found != expected:
            self._throw_away(found, expected)
            return False
        with self._using_part() as part:
            part.sync()
            part.close()  # Windows renames no open file
            published = self._publish()
            blocks = self._front.blocks.digests() if self._front.blocks is not None else ()
            self._watermarks.published(self.job.part, published, found, blocks)
        return True

    def record(self) -> PartRecord | None:
        """Where it stands, for the journal; None if the part is no more."""
        with self._lock:
            if self._finished:
                return None
            return PartRecord(
                self.job.part, self.job.file.size, self.job.version, self._ranges.spans(), self._synced, boot_id()
            )

    def bytes_done(self) -> int:
        with self._lock:
            return self._ranges.done

    def progress(self) -> FileProgress:
        with self._lock:
            done = self._ranges.done
            hashed = self._front.hashed
            checking = done == self.job.file.size or hashed < self._resumed
            return FileProgress(
                self.job.file.path,
                Phase.CHECKING if checking else Phase.FETCHING,
                hashed if checking else done,
                self.job.file.size,
            )

    def _spans_there(self, there: int) -> Spans:
        record = self._journal.parts.load(self.job.part) if there else None
        if record is None or self.single or (record.size, record.version) != (self.job.file.size, self.job.version):
            return ()
        return tuple((start, min(end, there)) for start, end in record.trusted(boot_id()) if start < there)

    def _publish(self) -> tuple[Published, ...]:
        """From here on nothing is journaled of the part any more, unless this fails."""
        self._finished = True
        try:
            return self.job.publish(self.job.part)
        except BaseException:
            self._finished = False
            self._watermarks.wrote(self, 0)
            raise

    @contextmanager
    def _using_part(self) -> Iterator[PartFile]:
        """`close` waits for the body to end. Raises Cancelled if it came first."""
        with self._lock:
            if self._closed or self._part is None:
                raise Cancelled
            part = self._part
            self._users += 1
        try:
            yield part
        finally:
            with self._lock:
                self._users -= 1
                self._lock.notify_all()
                self._close_unused()

    def _close_unused(self) -> None:
        """Whoever is the last; the lock is held."""
        if self._closed and self._users == 0 and self._part is not None:
            self._part.close()

    def _catch_up(self, reached: int, buffer: memoryview) -> None:
        """Hash up to there, or until the file begins anew."""
        front = self._front
        while front.hashed < reached:
            with self._using_part() as part:
                read = part.read_at(front.hashed, buffer[: reached - front.hashed])
            if front is not self._front:
                return
            if read == 0:
                raise errors.DiskFailed(self.job.part, "that bytes are gone which were written")
            front.update(buffer[:read])

    def _sync(self) -> None:
        with self._lock:
            ranges = self._ranges
            spans = ranges.spans()
        with self._using_part() as part:
            part.sync()
        with self._lock:
            if ranges is self._ranges:  # else it began anew meanwhile
                self._synced = spans

    def _throw_away(self, found: Digest, expected: Digest) -> None:
        log.warning("%s has %s, listed is %s: thrown away", self.job.file.path, found, expected)
        self._watermarks.thrown_away(self.job.part)
        with self._lock:
            self._mismatches += 1
            self._restart()
            self._concluding = False
            self.location = ""
        if self._mismatches >= _MISMATCHES:
            raise errors.DigestMismatch(self.job.file.path, str(found), str(expected))

    def _restart(self) -> None:
        """Begin anew; the lock is held."""
        if self._part is not None and not self._closed:
            self._part.truncate(0)
        self._ranges = Ranges(self.job.file.size)
        self._front = _Front(self._algorithm, self.job.file.size)
        self._resumed = 0
        self._synced = ()
