"""Ranges of a file: whatever the connections do, no byte is fetched twice, lost or counted twice."""

from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from model_preload.core.journal.parts import Spans
from model_preload.core.transfer.ranges import BLOCK, Claim, Ranges

MIB = 1 << 20


class Connections(RuleBasedStateMachine):
    """Connections claim, receive and give back in any order; a second set of spans is kept by naive means."""

    @initialize(size=st.integers(0, 20 * BLOCK), cuts=st.sets(st.integers(0, 20 * BLOCK), max_size=8))
    def begin(self, size: int, cuts: set[int]) -> None:
        edges = sorted(cut for cut in cuts if cut <= size)
        spans = tuple(zip(edges[::2], edges[1::2], strict=False))
        self.size = size
        self.ranges = Ranges(size, spans)
        self.received = list(spans)
        self.open: list[Claim] = []

    @rule(connections=st.integers(1, 32))
    def claim(self, connections: int) -> None:
        claim = self.ranges.claim(connections)
        if claim is None:
            assert sum(c.left for c in self.open) == self.size - self.ranges.done, "bytes are left that nobody fetches"
            return
        assert 0 <= claim.start < claim.end <= self.size
        assert claim.end - claim.start <= 4 * BLOCK
        assert claim.end % BLOCK == 0 or claim.end == self.size or any(claim.end == s for s, _ in self._taken())
        assert all(claim.end <= start or end <= claim.start for start, end in self._taken())
        assert claim in self.ranges
        self.open.append(claim)

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def receive(self, data: st.DataObject) -> None:
        claim = data.draw(st.sampled_from(self.open))
        count = data.draw(st.one_of(st.just(claim.left), st.integers(0, claim.left)))
        self.received.append((claim.position, claim.position + count))
        claim.position += count

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        claim = data.draw(st.sampled_from(self.open))
        self.ranges.release(claim)
        self.open.remove(claim)
        assert claim not in self.ranges

    @precondition(lambda self: not self.open)
    @rule()
    def start_over(self) -> None:
        claim = self.ranges.claim_whole()
        assert (claim.start, claim.end) == (0, self.size)
        self.received = []
        self.open.append(claim)

    @invariant()
    def spans_are_what_was_received(self) -> None:
        assert self.ranges.spans() == merged(self.received)

    @invariant()
    def counts_agree_with_the_spans(self) -> None:
        spans = merged(self.received)
        assert self.ranges.done == sum(end - start for start, end in spans)
        assert self.ranges.complete == (spans == ((0, self.size),) or self.size == 0)
        assert self.ranges.front == (spans[0][1] if spans and spans[0][0] == 0 else 0)
        assert self.ranges.claims == len(self.open)

    @invariant()
    def a_later_run_can_go_on_from_the_spans(self) -> None:
        again = Ranges(self.size, self.ranges.spans())
        assert (again.spans(), again.done, again.front) == (self.ranges.spans(), self.ranges.done, self.ranges.front)

    def teardown(self) -> None:
        """Whatever happened, one connection can bring the rest."""
        if not hasattr(self, "ranges"):
            return
        for claim in self.open:
            self.ranges.release(claim)
        while (rest := self.ranges.claim(1)) is not None:
            rest.position = rest.end
            self.ranges.release(rest)
        assert self.ranges.complete

    def _taken(self) -> list[tuple[int, int]]:
        return [*self.received, *((c.start, c.end) for c in self.open)]


def merged(spans: list[tuple[int, int]]) -> Spans:
    """By brute force: the edges where being covered changes."""
    spans = [(start, end) for start, end in spans if start < end]
    edges = sorted({edge for span in spans for edge in span})
    cells = [(a, b) for a, b in pairwise(edges) if any(s <= a and b <= e for s, e in spans)]
    found: list[tuple[int, int]] = []
    for start, end in cells:
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return tuple(found)


TestConnections = Connections.TestCase
TestConnections.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)


@pytest.mark.parametrize(
    ("size", "connections", "length"),
    [
        (1, 8, 1),
        (BLOCK, 1, BLOCK),
        (100 * MIB, 8, BLOCK),
        (1000 * MIB, 8, 4 * BLOCK),
        (256 * MIB, 8, 2 * BLOCK),
        (256 * MIB, 1, 4 * BLOCK),
        (50_000 * MIB, 8, 4 * BLOCK),
    ],
)
def test_a_range_is_8_to_32_mib_so_that_connections_end_together(size: int, connections: int, length: int) -> None:
    claim = Ranges(size).claim(connections)
    assert claim is not None
    assert (claim.start, claim.left) == (0, length)


def test_ranges_are_handed_out_in_file_order_around_what_is_there() -> None:
    ranges = Ranges(4 * BLOCK, ((10, 20), (BLOCK + 5, 2 * BLOCK)))
    claims = [ranges.claim(8) for _ in range(6)]
    assert [(c.start, c.end) for c in claims if c] == [
        (0, 10),
        (20, BLOCK),
        (BLOCK, BLOCK + 5),
        (2 * BLOCK, 3 * BLOCK),
        (3 * BLOCK, 4 * BLOCK),
    ]
    assert claims[-1] is None


def test_what_is_given_back_is_handed_out_first() -> None:
    ranges = Ranges(3 * BLOCK)
    first = ranges.claim(8)
    ranges.claim(8)
    assert first
    first.position = 100
    ranges.release(first)
    again = ranges.claim(8)
    assert again
    assert (again.start, again.end) == (100, BLOCK)


def test_the_whole_is_not_claimed_while_a_range_is_on_its_way() -> None:
    ranges = Ranges(BLOCK)
    ranges.claim(1)
    with pytest.raises(ValueError, match="on their way"):
        ranges.claim_whole()


@pytest.mark.parametrize(
    "spans",
    [((0, 11),), ((-1, 5),), ((3, 3),), ((5, 3),), ((4, 6), (0, 2)), ((0, 4), (3, 6)), ((0, 4), (4, 6))],
    ids=["past the end", "negative", "empty", "reversed", "disordered", "overlapping", "touching"],
)
def test_spans_that_are_none_are_refused(spans: Spans) -> None:
    with pytest.raises(ValueError, match="no spans of a file of 10 bytes"):
        Ranges(10, spans)
