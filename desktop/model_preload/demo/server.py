"""A small HTTP/1.1 server on the loopback: one thread a connection, keep-alive.

It knows nothing of repositories: a callable turns each `Request` into a `Reply`.
"""

import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping

from model_preload.demo.messages import Origin, Reply, Request, Wire, read

_HOST = "127.0.0.1"
_CLOSE_SECONDS = 5.0
_SEND_BUFFER = 256 << 10  # no more than this is counted as served without being on its way


class Ledger:
    """Every request, and every byte of a body that was handed to the operating system. Any thread may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: list[Request] = []
        self._served: Counter[str] = Counter()

    def note(self, request: Request) -> None:
        """Add a request."""
        with self._lock:
            self._requests.append(request)

    def count(self, subject: str, size: int) -> None:
        """Add bytes to what was sent of a subject."""
        with self._lock:
            self._served[subject] += size

    @property
    def requests(self) -> tuple[Request, ...]:
        """All so far, in the order in which they were read."""
        with self._lock:
            return tuple(self._requests)

    @property
    def served(self) -> Mapping[str, int]:
        """Bytes by subject, so far; "" stands for all that is no file."""
        with self._lock:
            return dict(self._served)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._requests.clear()
            self._served.clear()


class Server:
    """One origin on 127.0.0.1. It can be started again after `close` and is then found at the same port.

    Args:
        origin: goes into every request.
        respond: called on the connection's thread; may block. What it raises ends the thread, loudly.
        ledger: is told of requests and bytes.
        latency: asked before each reply; seconds until its headers are sent.
        rate: asked while sending; bytes a second for one connection, None without limit.
    """

    def __init__(
        self,
        origin: Origin,
        respond: Callable[[Request], Reply],
        ledger: Ledger,
        latency: Callable[[], float],
        rate: Callable[[], float | None],
    ) -> None:
        self._origin = origin
        self._respond = respond
        self._ledger = ledger
        self._latency = latency
        self._rate = rate
        self._port = 0
        self._threads: dict[threading.Thread, socket.socket] = {}
        self._stopping = threading.Event()

    @property
    def address(self) -> str:
        """`http://127.0.0.1:port`; the port is known from the first start on."""
        return f"http://{_HOST}:{self._port}"

    def start(self) -> None:
        """Listen. Raises OSError if the port was taken by another meanwhile."""
        listener = socket.socket()
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_HOST, self._port))
            listener.listen(128)
        except OSError:
            listener.close()
            raise
        self._port = listener.getsockname()[1]
        self._stopping.clear()
        self._acceptor = threading.Thread(
            target=self._accept, args=(listener,), name=f"demo-{self._origin}", daemon=True
        )
        self._acceptor.start()

    def close(self) -> None:
        """Stop listening, break off what is under way, and wait for the threads, 5 s at most."""
        self._stopping.set()
        deadline = time.monotonic() + _CLOSE_SECONDS
        with socket.socket() as knock:  # wakes the acceptor on every system
            knock.settimeout(1.0)
            knock.connect_ex((_HOST, self._port))
        self._acceptor.join(_CLOSE_SECONDS)
        for connection in self._threads.values():
            _shut(connection)
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def wait(self, seconds: float) -> None:
        """Do nothing on a connection's thread; raises ConnectionError as soon as the server stops."""
        if self._stopping.wait(seconds):
            raise ConnectionAbortedError("the server stops")

    def _accept(self, listener: socket.socket) -> None:
        number = 0
        with listener:
            while True:
                try:
                    connection, _ = listener.accept()
                except ConnectionAbortedError:
                    continue
                if self._stopping.is_set():
                    connection.close()
                    return
                number += 1
                thread = threading.Thread(
                    target=self._serve, args=(connection, number), name=f"demo-{self._origin}-{number}", daemon=True
                )
                thread.start()
                alive = {old: its for old, its in self._threads.items() if old.is_alive()}
                self._threads = {**alive, thread: connection}

    def _serve(self, connection: socket.socket, number: int) -> None:
        try:
            with connection, connection.makefile("rb") as stream:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
                while (request := read(stream, self._origin, number)) and self._answer(request, connection):
                    pass
        except (ConnectionError, TimeoutError):
            return  # the client went away, which it may

    def _answer(self, request: Request, connection: socket.socket) -> bool:
        """Send the reply; False if the connection ends with it."""
        self._ledger.note(request)
        reply = self._respond(request)
        self.wait(self._latency())
        connection.sendall(reply.head())
        if reply.body and request.method != "HEAD":
            wire = Wire(connection, self._stopping, self._rate, lambda size: self._ledger.count(reply.subject, size))
            reply.body.send(wire)
        return not reply.last and request.headers.get("connection", "").lower() != "close"


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # closed by the other side, or by its own thread a moment ago
