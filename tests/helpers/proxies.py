"""Ways to a hub: real proxies as processes, TLS by a private authority, and a tap that shows what passes.

with secured(hub, authority) as https: ...          the hub's two servers, each behind a relay that speaks TLS
with proxy_py(folder, login=LOGIN) as way: ...      a proxy of one kind; `way.address`, `way.tap`
"""

import asyncio
import contextlib
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import quote

import psutil
import pytest
import trustme

from helpers.faults import FaultyHub, until

LOGIN = ("ann", "s3cret-p4ss")
"""A user and a password which every proxy takes."""

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """An asyncio server on 127.0.0.1 in a thread of its own, up while it is a context.

    Attributes:
        port: once it is up.
        connections: how many came.
        told: what the clients sent, all together; the first MiB.
    """

    def __init__(self, handler: Handler, tls: ssl.SSLContext | None = None) -> None:
        self.port = 0
        self.connections = 0
        self.told = bytearray()
        self._handler = handler
        self._tls = tls
        self._stop = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._up: Future[int] = Future()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), name="server")

    def __enter__(self) -> Self:
        self._thread.start()
        self.port = self._up.result(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._loop.close()

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    def tell(self, data: bytes) -> None:
        self.told += data[: max(0, (1 << 20) - len(self.told))]

    async def _serve(self) -> None:
        tasks: set[asyncio.Task[None]] = set()

        async def come(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            # A client that is gone, or has had enough of this certificate, is what some tests are about.
            with contextlib.suppress(OSError, asyncio.CancelledError, asyncio.IncompleteReadError):
                await self._handler(reader, writer)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()
            tasks.discard(task)

        self._loop.set_exception_handler(lambda _loop, _context: None)
        server = await asyncio.start_server(come, "127.0.0.1", 0, ssl=self._tls)
        self._up.set_result(server.sockets[0].getsockname()[1])
        await self._stop.wait()
        server.close()
        for task in tasks.copy():
            task.cancel()
        if tasks:
            await asyncio.wait(tasks.copy(), timeout=5)
        await self._loop.shutdown_asyncgens()


class Relay(Server):
    """Passes on whatever comes to a port of 127.0.0.1, with TLS taken off if it has a context.

    Attributes:
        passed: bytes that went back to the clients.
    """

    def __init__(self, target: int, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(self._pass_on, tls)
        self.passed = 0
        self._target = target

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._target)

        async def up() -> None:
            while data := await reader.read(1 << 16):
                self.tell(data)
                back.write(data)
                await back.drain()
            back.write_eof()

        async def down() -> None:
            while data := await there.read(1 << 18):
                self.passed += len(data)
                writer.write(data)
                await writer.drain()

        sending = asyncio.ensure_future(up())
        try:
            await down()
        finally:
            sending.cancel()
            back.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await sending


async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """A handler that never answers."""
    while await reader.read(1 << 16):
        pass


def answering(*answers: bytes) -> Handler:
    """A handler that answers each request's head, or each piece of SOCKS, with the next of these, then hangs up."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await reader.read(1 << 16)
            writer.write(answer)
            await writer.drain()

    return handler


# TLS


@dataclass(frozen=True)
class Authority:
    """A private authority of certificates.

    Attributes:
        file: its certificate as PEM: what SSL_CERT_FILE is set to.
    """

    ca: trustme.CA
    file: Path

    @classmethod
    def made(cls, folder: Path) -> "Authority":
        folder.mkdir(parents=True, exist_ok=True)
        ca = trustme.CA(organization_name="Company Inspection")
        ca.cert_pem.write_to_path(folder / "authority.pem")
        return cls(ca, folder / "authority.pem")

    def context(self, *names: str, certificate: trustme.LeafCert | None = None) -> ssl.SSLContext:
        """A server's context by a certificate for these names: 127.0.0.1 and localhost if none are given."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        (certificate or self.ca.issue_cert(*(names or ("127.0.0.1", "localhost")))).configure_cert(context)
        return context


class TlsHub(FaultyHub):
    """A hub whose addresses are those of the relays before it.

    Attributes:
        host: by which clients shall know both.
    """

    host = "127.0.0.1"
    ports: dict[str, int] = {}  # noqa: RUF012  set for each hub by `secured`

    @property
    def endpoint(self) -> str:
        return f"https://{self.host}:{self.ports['api']}"

    @property
    def cdn(self) -> str:
        return f"https://{self.host}:{self.ports['cdn']}"


@contextmanager
def secured(hub: TlsHub, authority: Authority, *names: str) -> Iterator[tuple[Relay, Relay]]:
    """The hub is up behind TLS; gives the relays of its API and its CDN."""
    context = authority.context(*names)
    with hub:
        api, cdn = hub._api.address, hub._cdn.address
        with (
            Relay(int(api.rpartition(":")[2]), context) as front,
            Relay(int(cdn.rpartition(":")[2]), context) as store,
        ):
            hub.ports = {"api": front.port, "cdn": store.port}
            yield front, store


# Proxies


@dataclass
class Way:
    """A proxy that is up.

    Attributes:
        address: of the proxy as a user writes it, with the password if it wants one; it leads through the tap.
        tap: what the client and the proxy say to one another.
        log: the file or stream that the proxy writes.
    """

    address: str
    tap: Relay
    log: Path
    login: tuple[str, str] | None = field(default=None, repr=False)

    @property
    def anonymous(self) -> str:
        """The address without the login."""
        scheme, _, rest = self.address.partition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}"

    def asked_for(self, place: str) -> int:
        """How often the proxy's log names a host and port."""
        return self.log.read_text(encoding="utf-8", errors="replace").count(place)


@contextmanager
def _process(command: Sequence[str], log: Path, port: Callable[[], int]) -> Iterator[int]:
    """A proxy from its start until it listens, and to its end with all its children."""
    with log.open("ab") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=log.parent)
    try:
        until(lambda: _listens(port()) or process.poll() is not None, 20)
        assert process.poll() is None, log.read_text(encoding="utf-8", errors="replace")
        yield port()
    finally:
        children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(3)
        for left in (psutil.Process(process.pid) if process.poll() is None else None, *children):
            with contextlib.suppress(psutil.NoSuchProcess, AttributeError):
                left.kill()  # type: ignore[union-attr]
        process.wait(5)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        time.sleep(0.02)
        return False
    return port != 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _tapped(scheme: str, port: int, log: Path, login: tuple[str, str] | None) -> Iterator[Way]:
    user = f"{quote(login[0], safe='')}:{quote(login[1], safe='')}@" if login else ""
    with Relay(port) as tap:
        yield Way(f"{scheme}://{user}{tap.place}", tap, log, login)


@contextmanager
def proxy_py(
    folder: Path,
    *,
    login: tuple[str, str] | None = None,
    authority: Authority | None = None,
    options: Sequence[str] = (),
) -> Iterator[Way]:
    """proxy.py; with an authority clients speak TLS to it."""
    folder.mkdir(parents=True, exist_ok=True)
    log, port_file = folder / "proxy.log", folder / "port"
    command = [sys.executable, "-P", "-m", "proxy", "--hostname", "127.0.0.1", "--port", "0"]
    command += ["--port-file", str(port_file), "--num-workers", "1", "--num-acceptors", "1", *options]
    command += ["--threaded"] if sys.platform == "win32" else []
    if login:
        command += ["--basic-auth", ":".join(login)]
    if authority:
        leaf = authority.ca.issue_cert("127.0.0.1", "localhost")
        leaf.private_key_pem.write_to_path(folder / "proxy.key")
        for number, pem in enumerate(leaf.cert_chain_pems):
            pem.write_to_path(folder / "proxy.pem", append=number > 0)
        command += ["--key-file", str(folder / "proxy.key"), "--cert-file", str(folder / "proxy.pem")]

    def port() -> int:
        return int(port_file.read_text() or 0) if port_file.exists() else 0

    with _process(command, log, port) as found, _tapped("https" if authority else "http", found, log, login) as way:
        yield way


@contextmanager
def tinyproxy(folder: Path, *, login: tuple[str, str] | None = None, more: str = "") -> Iterator[Way]:
    """Debian's tinyproxy; skips where it is not installed."""
    program = _installed("tinyproxy")
    folder.mkdir(parents=True, exist_ok=True)
    port, log = _free_port(), folder / "tinyproxy.log"
    lines = [f"Port {port}", "Listen 127.0.0.1", "Timeout 60", "MaxClients 100", "LogLevel Connect", more]
    lines += [f"BasicAuth {login[0]} {login[1]}"] if login else []
    (folder / "tinyproxy.conf").write_text("\n".join(lines) + "\n")
    with (
        _process([program, "-d", "-c", str(folder / "tinyproxy.conf")], log, lambda: port),
        _tapped("http", port, log, login) as way,
    ):
        yield way


@contextmanager
def microsocks(folder: Path, *, login: tuple[str, str] | None = None, scheme: str = "socks5h") -> Iterator[Way]:
    """Debian's microsocks; skips where it is not installed."""
    program = _installed("microsocks")
    folder.mkdir(parents=True, exist_ok=True)
    port, log = _free_port(), folder / "microsocks.log"
    command = [program, "-i", "127.0.0.1", "-p", str(port)] + (["-u", login[0], "-P", login[1]] if login else [])
    with _process(command, log, lambda: port), _tapped(scheme, port, log, login) as way:
        yield way


def _installed(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed here")
    return found
