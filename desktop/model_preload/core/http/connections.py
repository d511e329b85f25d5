"""urllib3's connections, made so that another thread can end them, with the raw response at hand.

urllib3 keeps the pools, talks to proxies and checks certificates. Two things it does not offer: a handle on
the socket while a thread waits for the answer, and a `readinto` without copies. Both come through the points
that it and http.client leave open: the pool's `ConnectionCls` and the connection's `response_class`.
"""

import http.client
import socket
import threading
from contextlib import suppress
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection


class Interrupted(Exception):
    """The exchange was ended from outside."""


class Exchange:
    """One request and its answer: the handle by which another thread ends it."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._connection: HTTPConnection | None = None
        self.aborted = False
        self.raw: http.client.HTTPResponse | None = None

    def attach(self, connection: HTTPConnection) -> None:
        """Called by the connection at work. Raises Interrupted if the end came first."""
        with self._lock:
            self._connection = connection
            if self.aborted:
                raise Interrupted

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


class _Response(http.client.HTTPResponse):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        exchange: Exchange | None = getattr(_here, "exchange", None)
        if exchange is not None:
            exchange.raw = self


class _Http(HTTPConnection):
    response_class = _Response

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
