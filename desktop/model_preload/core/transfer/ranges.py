"""Which bytes of one file are there, which are on their way, and which are free: arithmetic, no I/O."""

from bisect import insort

from model_preload.core.journal.parts import Spans

BLOCK = 8 << 20
"""Ranges end on multiples of this (but for the file's end)."""
_MAX_BLOCKS = 4


class Claim:
    """A range `[position, end)` that one connection fetches; `position` moves as bytes come."""

    __slots__ = ("end", "position", "start")

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.position = start
        self.end = end

    @property
    def left(self) -> int:
        """Bytes still to come."""
        return self.end - self.position


class Ranges:
    """The bytes of a file of `size`; not thread-safe.

    Args:
        size: bytes of the whole file.
        done: spans that are there already, as the journal keeps them.

    Raises:
        ValueError: spans outside the file, empty, touching or out of order.
    """

    def __init__(self, size: int, done: Spans = ()) -> None:
        before = -1
        for start, end in done:
            if not before < start < end <= size:
                raise ValueError(f"no spans of a file of {size} bytes: {done}")
            before = end
        self.size = size
        self._settled: list[tuple[int, int]] = list(done)
        self._claims: list[Claim] = []

    def __contains__(self, claim: Claim) -> bool:
        return claim in self._claims

    @property
    def claims(self) -> int:
        """How many ranges are on their way."""
        return len(self._claims)

    @property
    def done(self) -> int:
        """Bytes that are there."""
        return sum(end - start for start, end in self._settled) + sum(c.position - c.start for c in self._claims)

    @property
    def complete(self) -> bool:
        return self.done == self.size

    @property
    def wanting(self) -> bool:
        """Whether any byte is neither there nor on its way."""
        return bool(self._gaps())

    @property
    def front(self) -> int:
        """Up to where the bytes are there without a gap from the start."""
        reached = 0
        for start, end in self._with_claims():
            if start > reached:
                break
            reached = end
        return reached

    def spans(self) -> Spans:
        """What is there, as the journal keeps it."""
        return tuple(merged(self._with_claims()))

    def claim(self, connections: int) -> Claim | None:
        """Take the next range in file order; None if nothing is free.

        Its length is such that `connections` finish at about the same time: 8 to 32 MiB.
        """
        gaps = self._gaps()
        if not gaps:
            return None
        free = sum(end - start for start, end in gaps)
        blocks = min(_MAX_BLOCKS, max(1, free // (BLOCK * 2 * connections)))
        start, gap_end = gaps[0]
        end = min(gap_end, (start // BLOCK + blocks) * BLOCK)
        return self._add(Claim(start, end))

    def claim_whole(self) -> Claim:
        """Forget what is there and take the whole file; nothing else may be on its way."""
        if self._claims:
            raise ValueError("ranges are on their way")
        self._settled.clear()
        return self._add(Claim(0, self.size))

    def release(self, claim: Claim) -> None:
        """Give a range back: what came of it is kept, the rest is free again."""
        self._claims.remove(claim)
        if claim.position > claim.start:
            insort(self._settled, (claim.start, claim.position))
            self._settled = merged(self._settled)

    def _add(self, claim: Claim) -> Claim:
        insort(self._claims, claim, key=lambda c: c.start)
        return claim

    def _with_claims(self) -> list[tuple[int, int]]:
        return sorted([*self._settled, *((c.start, c.position) for c in self._claims if c.position > c.start)])

    def _gaps(self) -> list[tuple[int, int]]:
        gaps = []
        reached = 0
        for start, end in sorted([*self._settled, *((c.start, c.end) for c in self._claims)]):
            if start > reached:
                gaps.append((reached, start))
            reached = max(reached, end)
        if reached < self.size:
            gaps.append((reached, self.size))
        return gaps


def merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ascending spans with those that touch made one."""
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and merged[-1][1] >= start:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
