"""urllib3's connections, made so that another thread can end them, with the raw response at hand.

urllib3 keeps the pools, talks to proxies and checks certificates. Two things it does not offer: a handle on
the socket while a thread waits for the answer, and a `readinto` without copies. Both come through the points
that it and http.client leave open: the pool's `ConnectionCls` and the connection's `response_class`.
"""

import http.client
import io
import socket
import threading
import time
from contextlib import suppress
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

_SLOW_SECONDS = 0.25
_LEAST = 1024
"""Bytes that must come before the watchdog does: fewer are a server that only keeps the line open."""


class Interrupted(Exception):
    """The exchange was ended from outside."""


class Exchange:
    """One request and its answer: the handle by which another thread ends it.

    Attributes:
        aborted: it was ended from outside.
        interrupted: so by the user.
        raw: the answer, as soon as there is one.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._connection: HTTPConnection | None = None
        self.aborted = False
        self.interrupted = False
        self.raw: Response | None = None

    def attach(self, connection: HTTPConnection) -> None:
        """Called by the connection at work. Raises Interrupted if the end came first."""
        with self._lock:
            self._connection = connection
            if self.aborted:
                raise Interrupted

    def detach(self) -> None:
        """The connection goes to another exchange: an end that comes late must not hit that one."""
        with self._lock:
            self._connection = None

    def interrupt(self) -> None:
        """`abort`, because the user cancelled or paused."""
        self.interrupted = True
        self.abort()

    def abort(self) -> None:
        """End it; the thread that waits in it gets an error at once. Any thread may call."""
        with self._lock:
            self.aborted = True
            sock = self._connection.sock if self._connection else None
            if isinstance(sock, socket.socket):
                with suppress(OSError):
                    # Not SSLSocket's own shutdown: that pulls the TLS state from under the reading thread.
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)


_here = threading.local()


def enter(exchange: Exchange | None) -> None:
    """Say which exchange the calling thread's next connection belongs to."""
    _here.exchange = exchange


def _attach(connection: HTTPConnection) -> None:
    exchange: Exchange | None = getattr(_here, "exchange", None)
    if exchange is not None:
        exchange.attach(connection)


class _Prompt(io.BufferedReader):
    """Gives what one call to the socket brought, where the usual one waits until the whole buffer is full."""

    readinto = io.BufferedReader.readinto1


class Response(http.client.HTTPResponse):
    """An answer whose slow body is not waited for: what came before a reset or a time-out is not lost."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fp = _Prompt(self.fp.detach())
        self._failure: Exception | None = None
        exchange: Exchange | None = getattr(_here, "exchange", None)
        if exchange is not None:
            exchange.raw = self

    def fill(self, buffer: memoryview) -> int:
        """Read until the buffer is full, a slow body has brought something, or it ends; 0 only at the end."""
        if self._failure is not None:
            raise self._failure
        began = time.monotonic()
        filled = 0
        while filled < len(buffer):
            try:
                count = self.readinto1(buffer[filled:]) if self.chunked else self.readinto(buffer[filled:])
            except (OSError, http.client.HTTPException) as error:
                if not filled:
                    raise
                self._failure = error  # first, what came before it
                break
            filled += count
            if not count or (filled >= _LEAST and time.monotonic() - began > _SLOW_SECONDS):
                break
        return filled


class _Http(HTTPConnection):
    response_class = Response

    def connect(self) -> None:
        super().connect()
        _attach(self)

    def request(self, *args: Any, **kwargs: Any) -> None:
        _attach(self)
        super().request(*args, **kwargs)


class _Https(_Http, HTTPSConnection):
    """The same over TLS: `_Http`'s methods come first and call `HTTPSConnection`'s."""


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Https


def tracked(manager: urllib3.PoolManager) -> urllib3.PoolManager:
    """The same manager, making connections that an `Exchange` can end."""
    manager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
    return manager
