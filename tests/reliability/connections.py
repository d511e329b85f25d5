"""Connections that break, stall or drip; hubs that are busy; answers with wrong bytes, lengths and ranges."""

from collections.abc import Mapping

from helpers import faults
from helpers.faults import ANYTHING, BODY, LISTING, REDIRECT, Change, about
from reliability.scene import BIG, MIB
from reliability.table import Table, each_once, fault

CASES = Table()
_case = CASES.add

_BUSY = (408, 429, 500, 502, 503, 504)
_REFUSED = 24.0
"""MiB that lie in buffers between hub and program when answers are refused by their headers, seven tries long."""

# Connections that break, stall or drip

_OFFSETS = (0, 1, 4095, 65_536, MIB - 1, MIB, 4 * MIB + 1, 8 * MIB - 1)

_case(
    "cut-at-offsets",
    "the big file's ranges are reset after 0, 1, 4095, … bytes, on block borders and beside them",
    each_once(about(BIG), map(faults.cut, _OFFSETS)),
    "ready",
)
_case(
    "cut-anywhere",
    "the first 20 bodies are reset at random bytes",
    each_once(BODY, map(faults.torn, range(20))),
    "ready",
    waste=8,
)
_case(
    "ended-early",
    "the first bodies are closed in good order before their end",
    each_once(BODY, map(faults.ended, (0, 1, 70_000, MIB, 5 * MIB))),
    "ready",
)
_case("cut-every-3-mib", "every body is reset after 3 MiB", fault(BODY, faults.cut(3 * MIB)), "ready", waste=8)
_case("reset-before-answer", "ten requests are reset before an answer", fault(BODY, faults.dropped, 10), "ready")
_case("reset-listing", "two listings are reset before an answer", fault(LISTING, faults.dropped, 2), "ready")
_case("reset-for-ever", "every body is reset at once", fault(BODY, faults.cut(0)), "connection-lost", slow=True)
_case("stall", "the first three bodies stall after 64 KiB", fault(BODY, faults.stalled(1 << 16), 3), "ready", slow=True)
_case("stall-for-ever", "every body stalls at its first byte", fault(BODY, faults.stalled(0)), "timeout", slow=True)
_case("silent-hub", "nothing is ever answered", fault(ANYTHING, faults.silent), "timeout", "deadline", slow=True)
_case("silent-cdn", "the CDN never answers", fault(about(BIG), faults.silent), "timeout", slow=True)
_case(
    "slow-headers",
    "one listing and one body have a header a second without end, then it is well",
    lambda scene: (
        scene.hub.fail(LISTING, faults.slow_head, 1),
        scene.hub.fail(BODY, faults.slow_head, 1),
        scene.preload(),
    ),
    "ready",
    slow=True,
)
_case(
    "slow-headers-for-ever",
    "every body has a header a second without end",
    fault(BODY, faults.slow_head),
    "timeout",
    slow=True,
)
_case(
    "endless-headers",
    "every body has thousands of headers",
    fault(BODY, faults.dripping_head),
    "connection-lost",
    slow=True,
)
_case("drip", "the first two bodies come byte by byte", fault(BODY, faults.dripping(), 2), "ready", slow=True)
_case("drip-for-ever", "every body comes byte by byte", fault(about(".bin"), faults.dripping()), "timeout", slow=True)

# Busy hubs

_case(
    "busy-listing",
    "the listing is answered with 408, 429 and 503",
    each_once(LISTING, map(faults.status, (408, 429, 503))),
    "ready",
)
for _name, _where in (("redirect", REDIRECT), ("body", BODY)):
    _case(
        f"busy-{_name}",
        f"the {_name} is answered with 408, 429, 500, 502, 503 and 504, twice each",
        each_once(_where, map(faults.status, _BUSY * 2)),
        "ready",
    )
_case("busy-listing-for-ever", "every listing is a 503", fault(LISTING, faults.status(503)), "busy")
_case("busy-body-for-ever", "every body is a 502", fault(BODY, faults.status(502)), "busy", slow=True)
_case(
    "retry-after",
    "a 429 asks for one second on listing and body each",
    lambda scene: (
        scene.hub.fail(LISTING, faults.status(429, Retry_After="1"), 1),
        scene.hub.fail(BODY, faults.status(429, Retry_After="1"), 3),
        scene.preload(),
    ),
    "ready",
)
_case(
    "retry-after-an-hour",
    "every body is a 429 that asks for an hour",
    fault(BODY, faults.status(429, Retry_After="3600")),
    "busy",
    slow=True,
)
_case(
    "retry-after-an-hour-listing",
    "every listing is a 429 that asks for an hour",
    fault(LISTING, faults.status(429, Retry_After="3600")),
    "busy",
    "deadline",
    slow=True,
)


# Wrong bytes, lengths and ranges

_case(
    "wrong-bytes-once",
    "one bit of the first body is wrong",
    fault(about(BIG), faults.flipped(7), 1),
    "ready",
    waste=21,
)
_case(
    "wrong-bytes",
    "one bit of every body is wrong",
    fault(about(BIG), faults.flipped(7)),
    "digest-mismatch",
    waste=42,
)
_case("wrong-bytes-small", "the small files are wrong", fault(about(".json"), faults.flipped()), "digest-mismatch")
_LENGTHS: Mapping[str, tuple[str, Change]] = {
    "length-garbage": ("with a Content-Length that is no number", faults.header("Content-Length", "many")),
    "no-length": ("without Content-Length", faults.unbounded()),
    "no-length-and-more": ("without Content-Length and with more at the end", faults.unbounded(b"more" * 1000)),
    "longer": ("1,000 bytes longer than listed", faults.sized(1000)),
    "shorter": ("1,000 bytes shorter than listed", faults.sized(-1000)),
    "length-huge": ("with a Content-Length of 10^30", faults.header("Content-Length", str(10**30))),
}
for _name, (_told, _change) in _LENGTHS.items():
    _fine = _name.startswith(("no-length", "length-garbage"))
    _case(f"{_name}-once", f"the first two bodies are {_told}", fault(BODY, _change, 2), "ready")
    _case(
        _name,
        f"every body is {_told}",
        fault(BODY, _change),
        *(("ready",) if _fine else ("length-wrong",)),
        slow=not _fine,
        waste=_REFUSED,
    )
_RANGES: Mapping[str, tuple[str, Change]] = {
    "shifted": ("one byte further on", faults.header("Content-Range", "bytes 1-8388608/20971531")),
    "garbage": ("garbage", faults.header("Content-Range", "bytes two-to-ten/all")),
    "missing": ("missing", faults.header("Content-Range", None)),
    "other-total": ("of a file of another size", faults.header("Content-Range", "bytes 0-8388607/99999999")),
}
for _name, (_told, _change) in _RANGES.items():
    _case(f"range-{_name}-once", f"the first Content-Range is {_told}", fault(about(BIG), _change, 2), "ready")
    _case(
        f"range-{_name}",
        f"every Content-Range is {_told}",
        fault(about(BIG), _change),
        "range-wrong",
        slow=True,
        waste=_REFUSED,
    )
_case("range-ignored", "every range is answered with the whole file", fault(BODY, faults.whole), "ready", waste=24)
_case(
    "range-ignored-and-cut",
    "the same, and the first three bodies break in the middle",
    lambda scene: (
        [scene.hub.fail(about(BIG), lambda q, r: faults.cut(6 * MIB)(q, faults.whole(q, r)), 1) for _ in range(3)],
        scene.hub.fail(BODY, faults.whole),
        scene.preload(),
    ),
    "ready",
    waste=48,
)
