"""Requests and replies of HTTP/1.1, and what carries a body: files go by `sendfile`.

Imitated is what a hub and its CDN do on the wire (RFC 9110 and 9112): byte ranges with If-Range, exact lengths, HEAD.
A body is anything with `length` and `send`, so that replies that lie, stall or break off are made of other bodies.
"""

import os
import re
import select
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from io import BufferedReader, FileIO
from typing import Literal, NoReturn, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from model_preload.demo.repository import Content

Origin = Literal["api", "cdn"]
Headers = tuple[tuple[str, str], ...]

_STEP = 1 << 20
_PACE_SECONDS = 0.02
_LATE_SECONDS = 0.1  # how much of a delay of ours or of the client may be caught up with
_LOOK_SECONDS = 0.1  # how often it is looked whether the server stops
_FOR_EVER = 86_400.0
_LINE = 64 << 10
_PHRASES = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True)
class Request:
    """What a client asked for.

    Attributes:
        origin: which of the hub's two addresses was asked.
        method: in upper case.
        target: the path as it was written, still quoted, without the query.
        query: first value of each name.
        headers: by lower-case name.
        body: of a POST.
        connection: number of the connection within its origin; the same for requests that shared one.
        at: `time.monotonic()` when it was read.
    """

    origin: Origin
    method: str
    target: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    connection: int = 0
    at: float = 0.0

    @property
    def path(self) -> str:
        """The target with its quoting undone."""
        return unquote(self.target)

    @property
    def authorization(self) -> str:
        """The header as sent, or ""."""
        return self.headers.get("authorization", "")

    @property
    def range(self) -> str:
        """The header as sent, or ""."""
        return self.headers.get("range", "")


class Wire:
    """What carries one body; used by the connection's thread alone.

    Every method raises ConnectionError when the client or the server is gone.

    Args:
        connection: blocking.
        stopping: the server's.
        rate: asked before each piece; bytes a second, None without limit.
        count: is told how many bytes the operating system has taken.
    """

    def __init__(
        self,
        connection: socket.socket,
        stopping: threading.Event,
        rate: Callable[[], float | None],
        count: Callable[[int], None],
    ) -> None:
        self._connection = connection
        self._stopping = stopping
        self._rate = rate
        self._count = count
        self._due = time.monotonic()
        if sys.platform == "win32":
            connection.settimeout(_FOR_EVER)  # so that `send` takes what there is room for, and `_send` can wait itself

    def write(self, data: bytes | memoryview) -> None:
        """Send all of it."""
        view = memoryview(data)
        self._pump(len(view), lambda at, count: self._send(view[at : at + count]))

    def write_file(self, file: FileIO, offset: int, length: int) -> None:
        """Send a part of an unbuffered file, where possible without its bytes passing through this process."""
        if sys.platform == "win32":
            file.seek(offset)
            self._pump(length, lambda _, count: self._forward(memoryview(file.read(min(count, _STEP)))))
        else:
            target, source = self._connection.fileno(), file.fileno()
            self._pump(length, lambda at, count: os.sendfile(target, source, offset + at, count))

    def wait(self, seconds: float) -> None:
        """Do nothing, but end at once when the server stops."""
        if self._stopping.wait(seconds):
            raise ConnectionAbortedError("the server stops")

    def reset(self) -> NoReturn:
        """Break the connection off so that the client gets a reset; never returns."""
        linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        raise ConnectionAbortedError("reset on purpose")

    def _pump(self, length: int, transmit: Callable[[int, int], int]) -> None:
        done = 0
        while done < length:
            count = transmit(done, self._pace(min(length - done, _STEP)))
            if not count:
                raise EOFError("a file that is served became shorter")
            done += count
            self._count(count)

    def _pace(self, count: int) -> int:
        """How much of `count` may be sent now, after having waited for its turn."""
        rate = self._rate()
        if rate is None:
            return count
        count = min(count, max(1, int(rate * _PACE_SECONDS)))
        now = time.monotonic()
        self._due = max(self._due, now - _LATE_SECONDS) + count / rate
        self.wait(max(0.0, self._due - now))
        return count

    def _forward(self, data: memoryview) -> int:
        done = 0
        while done < len(data):
            done += self._send(data[done:])
        return len(data)

    def _send(self, data: memoryview) -> int:
        """Send some of it. On Windows a `shutdown` from another thread does not wake who waits in `send`."""
        while sys.platform == "win32" and not select.select([], [self._connection], [], _LOOK_SECONDS)[1]:
            self.wait(0)
        return self._connection.send(data)


class Body(Protocol):
    """What follows a reply's headers."""

    @property
    def length(self) -> int | None:
        """What Content-Length says; None: it is left out, and the connection is closed at the end."""

    def send(self, wire: Wire) -> None:
        """Write it, on the connection's own thread."""


@dataclass(frozen=True)
class Slice:
    """`length` bytes of a content from `offset` on."""

    content: Content
    offset: int
    length: int

    def send(self, wire: Wire) -> None:
        """Write it. Raises ConnectionError; EOFError if the file has been cut meanwhile."""
        source = self.content.source
        if isinstance(source, bytes):
            wire.write(memoryview(source)[self.offset : self.offset + self.length])
        else:
            with source.open("rb", buffering=0) as file:
                wire.write_file(file, self.offset, self.length)


@dataclass(frozen=True)
class Reply:
    """What the client gets.

    Attributes:
        status: HTTP's code.
        headers: in order; Date and Content-Length are added where they are not given.
        body: None is an empty one. Not sent to HEAD, which is told its length all the same.
        subject: under which name the bytes of a file are counted; "" for what is no file.
    """

    status: int
    headers: Headers = ()
    body: Body | None = None
    subject: str = ""

    def head(self) -> bytes:
        """Status line and headers with the blank line."""
        named = {name.lower() for name, _ in self.headers}
        added = [] if "date" in named else [("Date", formatdate(usegmt=True))]
        length = self.body.length if self.body else 0
        if length is None:
            added.append(("Connection", "close"))
        elif "content-length" not in named:
            added.append(("Content-Length", str(length)))
        lines = [f"{name}: {value}" for name, value in (*self.headers, *added)]
        phrase = _PHRASES.get(self.status, "Unknown")
        return "\r\n".join([f"HTTP/1.1 {self.status} {phrase}", *lines, "\r\n"]).encode("latin-1")

    @property
    def last(self) -> bool:
        """Whether the connection ends with it."""
        unbounded = self.body is not None and self.body.length is None
        return unbounded or any(name.lower() == "connection" and "close" in value for name, value in self.headers)


def ranged(request: Request, content: Content, etag: str, headers: Headers = (), subject: str = "") -> Reply:
    """A content, or the one byte range of it that was asked for: 200, 206 or 416.

    As RFC 9110 wants it, a range that can't be understood, a list of ranges, and one whose If-Range names another ETag
    are answered with the whole. `etag` comes without its quotes.
    """
    headers = (*headers, ("ETag", f'"{etag}"'), ("Accept-Ranges", "bytes"))
    whole = Reply(200, headers, Slice(content, 0, content.size), subject)
    wanted = re.fullmatch(r"bytes=(?:(\d+)-(\d*)|-(\d+))", request.range, re.ASCII)
    if not wanted or request.headers.get("if-range", f'"{etag}"') != f'"{etag}"':
        return whole
    first, last, suffix = wanted.groups()
    start = int(first) if first else max(0, content.size - int(suffix))
    end = min(content.size, int(last) + 1) if last else content.size
    if last and int(last) < int(first):
        return whole
    if start >= end:
        return Reply(416, (*headers, ("Content-Range", f"bytes */{content.size}")))
    shown = ("Content-Range", f"bytes {start}-{end - 1}/{content.size}")
    return Reply(206, (*headers, shown), Slice(content, start, end - start), subject)


def read(stream: BufferedReader, origin: Origin, connection: int) -> Request | None:
    """The next request of a connection; None at its end, or if what came is no HTTP/1.1. Raises ConnectionError."""
    line = stream.readline(_LINE).decode("latin-1").split()
    if len(line) != 3 or line[2] != "HTTP/1.1":
        return None
    headers: dict[str, str] = {}
    while (header := stream.readline(_LINE).decode("latin-1")) not in ("\r\n", ""):
        name, _, value = header.partition(":")
        headers[name.strip().lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", "0")))
    address = urlsplit(line[1] if line[1].startswith("http://") else f"http://hub{line[1]}")
    query = {name: values[0] for name, values in parse_qs(address.query, keep_blank_values=True).items()}
    return Request(origin, line[0], address.path, query, headers, body, connection, time.monotonic())
