"""urllib3's connections, made so that another thread can end them, with the raw response at hand.

urllib3 keeps the pools, talks to proxies and checks certificates. Three things it does not offer: a handle
on the socket from the first step on, a `readinto` without copies, and the reason why a proxy refuses. They come
through the points that it and http.client leave open: the pool's `ConnectionCls`, the connection's `response_class`,
`_new_conn` and `_tunnel`.
"""

import errno
import http.client
import io
import math
import os
import select
import selectors
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError

from model_preload.core import errors
from model_preload.core.http import socks
from model_preload.core.http.certificates import certificates
from model_preload.core.http.proxies import Proxy

_SLOW_SECONDS = 0.25
_STEP_SECONDS = 0.1
_LOOKS = sys.platform == "win32"
_WSAEWOULDBLOCK = 10035
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
        proxy: the one on the way of the next connection.
        script: the address of the script that would choose another way, if the system has one.
        detects: the system would look for a proxy by itself.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._line: socket.socket | None = None
        self.aborted = False
        self.interrupted = False
        self.raw: Response | None = None
        self.proxy: Proxy | None = None
        self.script: str | None = None
        self.detects = False

    def attach(self, sock: socket.socket) -> None:
        """The exchange goes over this socket, whatever is wrapped around it. Raises Interrupted if the end came first.

        A descriptor of its own is kept: TLS takes the socket out of the object that was dialed, and a connection that
        is to be closed gives up its own before the body was read.
        """
        with self._lock:
            self.detach()
            if self.aborted:
                raise Interrupted
            below = getattr(sock, "socket", sock)  # TLS within TLS is no socket itself
            self._line = socket.fromfd(below.fileno(), below.family, below.type)

    def detach(self) -> None:
        """The connection goes to another exchange, or is over: an end that comes late must not hit that one."""
        with self._lock:
            if self._line is not None:
                self._line.close()
                self._line = None

    def interrupt(self) -> None:
        """`abort`, because the user cancelled or paused."""
        self.interrupted = True
        self.abort()

    def abort(self) -> None:
        """End it; the thread that waits in it gets an error at once, on Windows soon. Any thread may call."""
        with self._lock:
            self.aborted = True
            if self._line is not None:
                with suppress(OSError):
                    self._line.shutdown(socket.SHUT_RDWR)


_here = threading.local()


def enter(exchange: Exchange | None) -> None:
    """Say which exchange the calling thread's next connection belongs to."""
    _here.exchange = exchange


def _current() -> Exchange:
    exchange: Exchange = _here.exchange
    return exchange


class _Prompt(io.BufferedReader):
    """Gives what one call to the socket brought, where the usual one waits until the whole buffer is full."""

    readinto = io.BufferedReader.readinto1


class _Attentive(io.RawIOBase):
    """Reads a socket, and looks now and then whether its exchange was ended.

    Windows does not wake who waits for bytes when another thread shuts the socket down (cpython#91913).
    """

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, exchange: Exchange) -> None:
        self._raw = raw
        self._sock = sock
        self._exchange = exchange

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if not (isinstance(self._sock, ssl.SSLSocket) and self._sock.pending()):
            self._wait()
        return self._raw.readinto(buffer)

    def _wait(self) -> None:
        seconds = self._sock.gettimeout()
        ends = time.monotonic() + (math.inf if seconds is None else seconds)
        while not select.select([self._sock], [], [], _STEP_SECONDS)[0]:
            if self._exchange.aborted:
                break
            if time.monotonic() > ends:
                raise TimeoutError("timed out")
        if self._exchange.aborted:
            raise Interrupted

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._raw.close()


class Response(http.client.HTTPResponse):
    """An answer whose slow body is not waited for: what came before a reset or a time-out is not lost."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        raw = self.fp.detach()
        if _LOOKS and isinstance(sock, socket.socket):  # TLS within TLS keeps bytes where `select` sees none
            raw = _Attentive(raw, sock, _current())
        self.fp = _Prompt(raw)
        self._failure: Exception | None = None
        _current().raw = self

    def fill(self, buffer: memoryview) -> int:
        """Read until the buffer is full, a slow body has brought something, or it ends; 0 only at the end."""
        if self._failure is not None:
            raise self._failure
        began = time.monotonic()
        filled = 0
        while filled < len(buffer):
            try:
                count = self.readinto1(buffer[filled:]) if self.chunked else self.readinto(buffer[filled:])
            except (OSError, http.client.HTTPException, Interrupted) as error:
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

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:
            _current().attach(self.sock)
        super().request(*args, **kwargs)

    def _new_conn(self) -> socket.socket:
        """Dial the host or the proxy; SOCKS is spoken here, an HTTP proxy gets `_tunnel` or plain requests."""
        exchange = _current()
        proxy = exchange.proxy
        if proxy is None:
            try:
                return dial(self._dns_host, self.port, self.timeout, exchange)
            except OSError as error:
                raise NewConnectionError(self, "no connection") from error
        try:
            sock = dial(proxy.host, proxy.port, self.timeout, exchange)
            try:
                if proxy.socks:
                    socks.negotiate(sock, proxy, self._dns_host, self.port)
            except BaseException:
                sock.close()
                raise
        except OSError as error:
            raise errors.ProxyUnreachable(proxy.name, reason(error)) from error
        return sock

    def _tunnel(self) -> None:
        """Ask an HTTP proxy for a way to the host. urllib3's own drops the headers that tell why it refuses."""
        proxy = _current().proxy
        assert proxy is not None
        assert self._tunnel_host is not None
        host = f"[{self._tunnel_host}]" if ":" in self._tunnel_host else self._tunnel_host
        place = f"{host}:{self._tunnel_port}"
        headers = {"Host": place, **proxy.headers}
        lines = [f"CONNECT {place} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        try:
            self.sock.sendall("\r\n".join(lines).encode("latin-1"))
            answer = http.client.HTTPResponse(self.sock, method="CONNECT")
            try:
                answer.begin()
            finally:
                answer.close()
        except (OSError, http.client.HTTPException) as error:
            raise errors.ProxyUnreachable(proxy.name, reason(error)) from error
        problem = proxy.refusal(place, answer.status, answer.headers.get_all("Proxy-Authenticate", []))
        if problem is not None:
            raise problem


class _Https(_Http, HTTPSConnection):
    """The same over TLS: `_Http`'s methods come first and call `HTTPSConnection`'s."""

    def connect(self) -> None:
        self.ssl_context = certificates()
        if self.proxy_config is not None:
            self.proxy_config = self.proxy_config._replace(ssl_context=certificates())
        super().connect()


def dial(host: str, port: int, seconds: float | None, exchange: Exchange) -> socket.socket:
    """A connection to the first of the name's addresses that answers. Raises OSError, Interrupted.

    Args:
        seconds: for each address; None without end.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(errno.EINVAL, "this can't be a host's name") from error
    failure: OSError | None = None
    for family, kind, protocol, _, address in found:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _connect(sock, address, seconds, exchange)
            sock.settimeout(seconds)
            exchange.attach(sock)
        except OSError as error:
            sock.close()
            failure = error
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise failure or OSError(errno.ENOENT, "the name has no address")


def _connect(sock: socket.socket, address: Any, seconds: float | None, exchange: Exchange) -> None:
    """In steps, since not every system ends a `connect` when its socket is shut down."""
    sock.settimeout(0)
    code = sock.connect_ex(address)
    if code in (errno.EINPROGRESS, errno.EWOULDBLOCK, _WSAEWOULDBLOCK):
        ends = time.monotonic() + (seconds or math.inf)
        with selectors.DefaultSelector() as selector:
            selector.register(sock, selectors.EVENT_WRITE)
            while not selector.select(_STEP_SECONDS):
                if exchange.aborted:
                    raise Interrupted
                if time.monotonic() > ends:
                    raise OSError(errno.ETIMEDOUT, "it does not answer")
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        windows: dict[int, str] = getattr(socket, "errorTab", {})
        raise OSError(code, windows.get(code, os.strerror(code)).rstrip("."))


def chain(error: BaseException) -> Iterator[BaseException]:
    """An error and those it was raised from, the innermost last; urllib3 hands some on as arguments."""
    found: BaseException | None = error
    while found is not None:
        yield found
        handed = (arg for arg in found.args if isinstance(arg, BaseException))
        found = found.__cause__ or found.__context__ or next(handed, None)


def reason(error: BaseException) -> str:
    """The innermost error's own words: the outer ones quote objects and addresses."""
    *_, innermost = chain(error)
    if isinstance(innermost, OSError) and innermost.strerror:
        return innermost.strerror
    return str(innermost)[:200] or type(innermost).__name__


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Https


def manager_for(proxy: Proxy | None, connections: int) -> urllib3.PoolManager:
    """A manager of connections that an `Exchange` can end, all by the same way.

    It knows of HTTP proxies; SOCKS is a matter of each connection alone.
    """
    options: dict[str, Any] = {"maxsize": connections, "num_pools": 20}
    if proxy is None or proxy.socks:
        manager = urllib3.PoolManager(**options)
    else:
        options["proxy_ssl_context"] = certificates() if proxy.scheme == "https" else None
        manager = urllib3.ProxyManager(proxy.name, proxy_headers=proxy.headers, **options)
    manager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
    return manager
