"""One file's way: ranges into a part, digest, published.

The digest follows the contiguous front. Of a small file it is made from the buffers as they come; of a
big one a thread of its own reads the front back, so that hashing and receiving go on at once.
"""

import logging
import threading
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
from model_preload.core.transfer.ranges import Claim, Ranges
from model_preload.core.transfer.watermarks import Watermarks
from model_preload.core.values import Digest, DigestAlgorithm, ListedFile, Published

log = logging.getLogger("model_preload.transfer")

SMALL = 8 << 20
"""Files up to this size (bytes) come over one connection and are hashed as they come."""
_SYNC_INTERVAL = 64 << 20
_BUFFER = 1 << 20
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


class FileTransfer:
    """The state of a job at work; every method may be called from any worker thread.

    Attributes:
        job: what to bring.
        location: where the hub's redirect led last, "" before; ranges go there directly until it expires.
        single: the server ignores ranges, so one connection takes the whole.
        published: what is in place; () until then.
    """

    def __init__(self, job: Job, disk: Disk, journal: Journal, watermarks: Watermarks) -> None:
        self.job = job
        self.location = ""
        self.single = False
        self.published: tuple[Published, ...] = ()
        self.failures = 0
        self.not_before = 0.0
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
        self._hasher = Hasher(self._algorithm, job.file.size)
        self._hashed = 0
        self._mismatches = 0
        self._writers = 0
        self._closed = False
        self._concluding = False

    @property
    def small(self) -> bool:
        return self.job.file.size <= SMALL

    def open(self) -> None:
        """Open the part and take over what the journal knows of it. Raises DiskProblem."""
        part = self._disk.open_part(self.job.part)
        size = self.job.file.size
        record = self._journal.parts.load(self.job.part)
        if record is not None and (record.size, record.version) == (size, self.job.version):
            there = part.size()
            spans = tuple((start, min(end, there)) for start, end in record.trusted(boot_id()) if start < there)
        else:
            spans = ()
        with self._lock:
            self._part = part
            self._ranges = Ranges(size, spans)
            self._synced = spans
            self._resumed = self._ranges.front
        if not spans:
            part.truncate(0)

    def close(self) -> None:
        """No byte is written after this returns; what is there stays for a later run."""
        with self._lock:
            self._closed = True
            self._lock.notify_all()
            self._lock.wait_for(lambda: self._writers == 0)
            if self._part is not None:
                self._part.close()

    def claim(self, connections: int) -> Claim | None:
        """A range for one connection of at most `connections` on this file; None if there is none now."""
        with self._lock:
            if self._ranges.complete or self._ranges.claims >= connections:
                return None
            if self.single:
                if self._ranges.claims:
                    return None
                self._restart()
                return self._ranges.claim_whole()
            return self._ranges.claim(connections)

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
            if self.small and claim.position == self._hashed:
                self._hasher.update(data)
                self._hashed += count
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

    def failed(self) -> int:
        """Count a failure; returns how many there were in a row without real progress between them."""
        with self._lock:
            self.failures = 1 if self._since_failure >= 64 << 10 else self.failures + 1
            self._since_failure = 0
            return self.failures

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
                    lambda: self._closed or self._ranges.complete or self._ranges.front - self._hashed >= _BUFFER
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
        found = self._hasher.digest()
        expected = self.job.file.digest
        if expected is not None and found != expected:
            self._throw_away(found, expected)
            return False
        with self._using_part() as part:
            part.sync()
            part.close()  # Windows renames no open file
            self._watermarks.forget(self)
            published = self.job.publish(self.job.part)
            for one in published:
                self._journal.files.save(one, found)
            self._journal.parts.forget(self.job.part)
            self.published = published
        return True

    def record(self) -> PartRecord:
        """Where it stands, for the journal."""
        with self._lock:
            return PartRecord(
                self.job.part, self.job.file.size, self.job.version, self._ranges.spans(), self._synced, boot_id()
            )

    def bytes_done(self) -> int:
        with self._lock:
            return self._ranges.done

    def progress(self) -> FileProgress:
        with self._lock:
            done = self._ranges.done
            checking = done == self.job.file.size or self._hashed < self._resumed
            return FileProgress(
                self.job.file.path,
                Phase.CHECKING if checking else Phase.FETCHING,
                self._hashed if checking else done,
                self.job.file.size,
            )

    @contextmanager
    def _using_part(self) -> Iterator[PartFile]:
        """`close` waits for the body to end. Raises Cancelled if it came first."""
        with self._lock:
            if self._closed or self._part is None:
                raise Cancelled
            part = self._part
            self._writers += 1
        try:
            yield part
        finally:
            with self._lock:
                self._writers -= 1
                self._lock.notify_all()

    def _catch_up(self, front: int, buffer: memoryview) -> None:
        while self._hashed < front:
            with self._using_part() as part:
                read = part.read_at(self._hashed, buffer[: front - self._hashed])
            if read == 0:
                raise errors.DiskFailed(self.job.part, "that bytes are gone which were written")
            self._hasher.update(buffer[:read])
            self._hashed += read

    def _sync(self) -> None:
        with self._lock:
            spans = self._ranges.spans()
        with self._using_part() as part:
            part.sync()
        with self._lock:
            self._synced = spans

    def _throw_away(self, found: Digest, expected: Digest) -> None:
        log.warning("%s has %s, listed is %s: thrown away", self.job.file.path, found, expected)
        self._watermarks.forget(self)
        self._journal.parts.forget(self.job.part)
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
        self._hasher = Hasher(self._algorithm, self.job.file.size)
        self._hashed = 0
        self._resumed = 0
        self._synced = ()
