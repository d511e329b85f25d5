"""Blocks: what lets a damaged file keep its good bytes.

While a big file is hashed, each 8 MiB of it get a digest of their own (XXH3, 128 bits: made to find damage by
chance, not by intent). A damaged file's blocks that still have it are copied into a part, and the transfer
brings the rest; whether the whole is right its listed digest decides, as always.
"""

import logging
from io import RawIOBase
from pathlib import Path

import xxhash

from model_preload.core.errors import DiskProblem
from model_preload.core.events import Control
from model_preload.core.files import Disk, PartFile, boot_id
from model_preload.core.journal import BlockRecord, Journal, PartRecord
from model_preload.core.journal.parts import Spans
from model_preload.core.transfer.ranges import BLOCK, merged
from model_preload.core.values import ListedFile

log = logging.getLogger("model_preload.transfer")


class BlockDigests:
    """Digests of consecutive blocks, made from the bytes in their order; not thread-safe."""

    def __init__(self) -> None:
        self._done: list[bytes] = []
        self._state = xxhash.xxh3_128()
        self._left = BLOCK

    def update(self, data: memoryview) -> None:
        while data:
            some = data[: self._left]
            self._state.update(some)
            self._left -= len(some)
            data = data[len(some) :]
            if self._left == 0:
                self._end_block()

    def digests(self) -> tuple[bytes, ...]:
        """Of all blocks, the last of which may be short; to be asked once, at the end."""
        if self._left < BLOCK:
            self._end_block()
        return tuple(self._done)

    def _end_block(self) -> None:
        self._done.append(self._state.digest())
        self._state.reset()
        self._left = BLOCK


def salvage(damaged: Path, file: ListedFile, part: Path, disk: Disk, journal: Journal, control: Control) -> int:
    """Copy the good blocks of a damaged file into its part, so that only the bad ones are fetched again.

    Without digests of the listed file's blocks (those of a former version say nothing), or with a part that is under
    way already, nothing is done. What comes after a place that can't be read is not kept.

    Returns:
        Bytes kept.

    Raises:
        DiskProblem: the part can't be written.
        Cancelled: through the control.
    """
    record = journal.blocks.load(damaged)
    if record is None or (record.size, record.digest) != (file.size, file.digest):
        return 0
    if journal.parts.load(part) is not None:
        return 0
    target = disk.open_part(part)
    try:
        kept = _copy_good(damaged, record, target, disk, control)
        target.sync()
    finally:
        target.close()
    spans: Spans = tuple(merged(kept))
    journal.parts.save([PartRecord(part, file.size, "", spans, spans, boot_id())])
    return sum(end - start for start, end in spans)


def _copy_good(
    damaged: Path, record: BlockRecord, target: PartFile, disk: Disk, control: Control
) -> list[tuple[int, int]]:
    """Which ranges were copied, up to a place that can't be read."""
    buffer = memoryview(bytearray(BLOCK))
    kept: list[tuple[int, int]] = []
    try:
        with disk.reading(damaged) as source:
            for start, digest in zip(range(0, record.size, BLOCK), record.digests, strict=True):
                control.check()
                data = _filled(source, buffer[: min(BLOCK, record.size - start)])
                if xxhash.xxh3_128_digest(data) == digest:
                    target.write_at(start, data)
                    kept.append((start, start + len(data)))
    except DiskProblem as problem:
        if problem.path != damaged:
            raise
        log.warning("%s", problem)
    return kept


def _filled(source: RawIOBase, buffer: memoryview) -> memoryview:
    """The next bytes, fewer than the buffer takes only at the end of a file that was cut."""
    filled = 0
    while filled < len(buffer):
        count = source.readinto(buffer[filled:])
        if not count:
            break
        filled += count
    return buffer[:filled]
