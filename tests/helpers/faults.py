"""A hub with faults. A fault is a change of a reply, and says to which requests it happens and how often.

    hub = FaultyHub(repository)
    hub.fail(BODY, cut(after=1000), times=3)        # the first three bodies break off with a reset
    hub.fail(LISTING, status(503))                  # every listing is refused

New faults are functions that give a `Change`; bodies that lie, stall or break off are classes with `length` and `send`.
"""

import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from model_preload.core.events import Control
from model_preload.core.http import Patience
from model_preload.demo.hub import Hub
from model_preload.demo.messages import Body, Headers, Reply, Request, Slice, Wire
from model_preload.demo.repository import Content

Where = Callable[[Request, Reply], bool]
Change = Callable[[Request, Reply], Reply]


def LISTING(request: Request, reply: Reply) -> bool:  # noqa: N802
    """What the API tells of repositories."""
    return request.origin == "api" and request.target.startswith("/api/")


def REDIRECT(request: Request, reply: Reply) -> bool:  # noqa: N802
    """The hub's way to the CDN."""
    return reply.status == 302


def BODY(request: Request, reply: Reply) -> bool:  # noqa: N802
    """Bytes of a file, from whichever origin."""
    return bool(reply.subject)


def ANYTHING(request: Request, reply: Reply) -> bool:  # noqa: N802
    """Every request."""
    return True


def TREE(request: Request, reply: Reply) -> bool:  # noqa: N802
    """A page of the tree, which is asked for where the listing lacks sizes."""
    return LISTING(request, reply) and "/tree/" in request.target


def about(fragment: str, where: Where = BODY) -> Where:
    """Only requests with that in their path."""
    return lambda request, reply: where(request, reply) and fragment in request.path


@dataclass
class Fault:
    """Attributes: where and what, how often it still happens (None: always), and how often it did."""

    where: Where
    change: Change
    left: int | None
    happened: int = 0


class FaultyHub(Hub):
    """A hub whose replies are changed by the first fault that fits; any thread may call."""

    def __init__(self, *repositories: Any, **options: Any) -> None:
        super().__init__(*repositories, **options)
        self._faults: list[Fault] = []
        self._choosing = threading.Lock()

    def fail(self, where: Where, change: Change, times: int | None = None) -> Fault:
        """From now on, `times` times."""
        fault = Fault(where, change, times)
        with self._choosing:
            self._faults.append(fault)
        return fault

    def heal(self) -> None:
        """No more faults."""
        with self._choosing:
            self._faults.clear()

    def respond(self, request: Request) -> Reply:
        reply = super().respond(request)
        fault = self._fault(request, reply)
        return fault.change(request, reply) if fault else reply

    def _fault(self, request: Request, reply: Reply) -> Fault | None:
        with self._choosing:
            for fault in self._faults:
                if fault.left != 0 and fault.where(request, reply):
                    fault.happened += 1
                    fault.left = None if fault.left is None else fault.left - 1
                    return fault
        return None


# Changes


def status(code: int, **headers: str) -> Change:
    """A refusal; `_` in the headers' names stands for `-`."""
    return lambda _request, _reply: Reply(code, tuple((k.replace("_", "-"), v) for k, v in headers.items()))


def redirect(location: str | Callable[[Request], str], code: int = 302) -> Change:
    """To somewhere else."""
    return lambda request, _reply: Reply(
        code, (("Location", location if isinstance(location, str) else location(request)),)
    )


def content(data: bytes, kind: str = "text/html", code: int = 200) -> Change:
    """Something else than what was asked for, such as a login page."""
    return lambda _request, reply: Reply(
        code, (("Content-Type", kind),), Slice(Content(data), 0, len(data)), reply.subject
    )


def header(name: str, value: str | None) -> Change:
    """One header with another value, or without it."""

    def changed(_request: Request, reply: Reply) -> Reply:
        kept: Headers = tuple(pair for pair in reply.headers if pair[0].lower() != name.lower())
        return replace(reply, headers=kept if value is None else (*kept, (name, value)))

    return changed


def body(make: Callable[[Slice], Body]) -> Change:
    """Another body with the same headers."""

    def changed(_request: Request, reply: Reply) -> Reply:
        return replace(reply, body=make(reply.body)) if isinstance(reply.body, Slice) else reply

    return changed


def whole(_request: Request, reply: Reply) -> Reply:
    """The whole file with 200, whichever range was asked for."""
    if not isinstance(reply.body, Slice):
        return reply
    full = Slice(reply.body.content, 0, reply.body.content.size)
    kept = tuple(pair for pair in reply.headers if pair[0] != "Content-Range")
    return Reply(200, kept, full, reply.subject)


def cut(after: int) -> Change:
    """A reset after so many bytes of the body."""
    return body(lambda slice_: Broken(slice_, after, reset=True))


def ended(after: int) -> Change:
    """The connection is closed in good order after so many bytes of the body, too early."""
    return body(lambda slice_: Broken(slice_, after, reset=False))


def stalled(after: int) -> Change:
    """Nothing comes any more after so many bytes."""
    return body(lambda slice_: Dripping(slice_, after, bytes_=0))


def dripping(after: int = 0, bytes_: int = 1, pause: float = 0.02) -> Change:
    """A few bytes now and then."""
    return body(lambda slice_: Dripping(slice_, after, bytes_, pause))


def flipped(at: int = 0) -> Change:
    """One byte of each body is wrong."""
    return body(lambda slice_: Wrong(slice_, at))


def unbounded(extra: bytes = b"") -> Change:
    """Without Content-Length, and with more at the end."""
    return body(lambda slice_: Bytes(_bytes(slice_) + extra, None))


def sized(delta: int) -> Change:
    """More bytes than the file has, or fewer, and a Content-Length that says so."""

    def make(slice_: Slice) -> Body:
        data = (_bytes(slice_) + bytes(max(0, delta)))[: slice_.length + delta]
        return Bytes(data, len(data))

    return body(make)


def dripping_head(_request: Request, reply: Reply) -> Reply:
    """Headers that never end."""
    return _Head(200, (), _Repeated(b"X-Pad: x\r\n"), reply.subject, written=b"HTTP/1.1 200 OK\r\n")


def slow_head(_request: Request, reply: Reply) -> Reply:
    """A header a second."""
    return _Head(200, (), _Repeated(b"X-Pad: x\r\n", pause=1.0), reply.subject, written=b"HTTP/1.1 200 OK\r\n")


def dropped(_request: Request, reply: Reply) -> Reply:
    """A reset before the first byte of an answer."""
    return _Head(200, (), _Reset(), reply.subject)


def torn(seed: int) -> Change:
    """A reset somewhere in the body."""
    chance = random.Random(seed)
    return body(lambda slice_: Broken(slice_, chance.randrange(max(1, slice_.length)), reset=True))


def told(edit: Callable[[Any], Any]) -> Change:
    """A listing with something else in its JSON; what UTF-8 can't hold is escaped."""

    def changed(_request: Request, reply: Reply) -> Reply:
        assert isinstance(reply.body, Slice)
        data = json.dumps(edit(json.loads(_bytes(reply.body)))).encode()
        return replace(reply, body=Bytes(data, len(data)))

    return changed


def streamed(begin: bytes, piece: bytes, times: int, end: bytes = b"", **headers: str) -> Change:
    """A body as long as one likes, which is never in memory as a whole; `_` in the headers' names stands for `-`."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return lambda _request, reply: Reply(200, named, Streamed(begin, piece, times, end), reply.subject)


def meanwhile(action: Callable[[], object], change: Change = lambda _request, reply: reply) -> Change:
    """Something else happens before the reply goes out."""

    def changed(request: Request, reply: Reply) -> Reply:
        action()
        return change(request, reply)

    return changed


def silent(_request: Request, reply: Reply) -> Reply:
    """No answer at all."""
    return _Head(200, (), _Repeated(b""), reply.subject)


# Bodies


def _bytes(slice_: Slice) -> bytes:
    source = slice_.content.source
    data = source if isinstance(source, bytes) else source.read_bytes()
    return data[slice_.offset : slice_.offset + slice_.length]


@dataclass(frozen=True)
class Bytes:
    """What is sent, and what Content-Length says."""

    data: bytes
    length: int | None

    def send(self, wire: Wire) -> None:
        wire.write(self.data)


@dataclass(frozen=True)
class Broken:
    """The first bytes of a body."""

    original: Slice
    after: int
    reset: bool

    @property
    def length(self) -> int:
        return self.original.length

    def send(self, wire: Wire) -> None:
        if self.original.length <= self.after:
            return self.original.send(wire)
        Slice(self.original.content, self.original.offset, self.after).send(wire)
        wire.wait(0.01)  # else the reset overtakes the bytes
        if self.reset:
            wire.reset()
        raise ConnectionAbortedError("closed on purpose")


@dataclass(frozen=True)
class Dripping:
    """A body that slows down to next to nothing."""

    original: Slice
    after: int
    bytes_: int
    pause: float = 0.05

    @property
    def length(self) -> int:
        return self.original.length

    def send(self, wire: Wire) -> None:
        data = _bytes(self.original)
        wire.write(data[: self.after])
        position = self.after
        while position < len(data):
            wire.wait(self.pause)
            wire.write(data[position : position + self.bytes_])
            position += self.bytes_


@dataclass(frozen=True)
class Wrong:
    """A body with one bit flipped."""

    original: Slice
    at: int

    @property
    def length(self) -> int:
        return self.original.length

    def send(self, wire: Wire) -> None:
        data = bytearray(_bytes(self.original))
        if data:
            data[self.at % len(data)] ^= 1
        wire.write(bytes(data))


@dataclass(frozen=True)
class _Repeated:
    """The same for ever."""

    data: bytes
    length: None = None
    pause: float = 0.05

    def send(self, wire: Wire) -> None:
        while True:
            wire.write(self.data)
            wire.wait(self.pause)


@dataclass(frozen=True)
class Streamed:
    """A beginning, the same piece many times, and an end."""

    begin: bytes
    piece: bytes
    times: int
    end: bytes = b""

    @property
    def length(self) -> int:
        return len(self.begin) + len(self.piece) * self.times + len(self.end)

    def send(self, wire: Wire) -> None:
        wire.write(self.begin)
        for _ in range(self.times):
            wire.write(self.piece)
        wire.write(self.end)


@dataclass(frozen=True)
class _Reset:
    """A reset in place of an answer."""

    length: int = 0

    def send(self, wire: Wire) -> None:
        wire.reset()


@dataclass(frozen=True)
class _Head(Reply):
    """A head as it is written here."""

    written: bytes = b""

    def head(self) -> bytes:
        return self.written


def random_bytes(size: int, seed: int = 0) -> bytes:
    """Bytes in which every block differs, always the same for the same seed."""
    return random.Random(seed).randbytes(size)


PROMPT = Patience(
    silence=2.0,
    connect=1.0,
    listing=10.0,
    tries=4,
    listing_tries=3,
    first_wait=0.02,
    longest_wait=0.1,
    longest_asked=0.3,
)
"""The patience of a test: what takes a user's minutes takes seconds, and no machine stands still for so long."""


def cancelling(control: Control, condition: Callable[[], bool]) -> threading.Thread:
    """Cancel as soon as the condition holds, from another thread, which is to be joined."""

    def work() -> None:
        until(condition)
        control.cancel()

    thread = threading.Thread(target=work, name="cancelling")
    thread.start()
    return thread


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for it. Raises AssertionError."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.002)
