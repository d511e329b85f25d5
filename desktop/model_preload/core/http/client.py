"""The client: one request at a time a thread, any number of threads up to the budget of connections."""

import http.client
import json
import logging
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError, NewConnectionError, ProxyError, ReadTimeoutError

from model_preload import __version__
from model_preload.core import errors
from model_preload.core.addresses import shown
from model_preload.core.events import Control, Paused
from model_preload.core.http import certificates
from model_preload.core.http.budget import Budget
from model_preload.core.http.connections import Exchange, Interrupted, chain, enter, manager_for, reason
from model_preload.core.http.limiter import RateLimiter
from model_preload.core.http.patience import Patience
from model_preload.core.http.policy import Token, dialed, host_of, redirect_target
from model_preload.core.http.proxies import Proxy, excepted, proxy_for
from model_preload.core.http.watchdog import Watchdog
from model_preload.core.texts import text

log = logging.getLogger("model_preload.http")

_MAX_REDIRECTS = 8
_REDIRECTS = {301, 302, 303, 307, 308}
_SMALL_READ = 64 << 10
_SLOT_SECONDS = 0.2
_LONGEST = (1 << 63) - 1
"""Bytes of a body: a header may announce more than can be counted with, or even written."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer of a hub's API.

    Attributes:
        url: where it came from after redirects.
        headers: names in lower case.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises AnswerInvalid, also for one nested too deeply."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise errors.AnswerInvalid(host_of(self.url), f"it is no JSON ({type(error).__name__})") from error


class Reply:
    """An open answer whose body is read in pieces, by the thread that opened it.

    Attributes:
        url: where it came from after redirects.
        status: HTTP status.
        headers: names in lower case.
        length: bytes of the body as announced, at most `_LONGEST`; None if nothing was.
    """

    def __init__(self, url: str, response: urllib3.BaseHTTPResponse, exchange: Exchange, client: "Client") -> None:
        self.url = url
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.headers.items()}
        raw = exchange.raw
        assert raw is not None  # set by the connection that made the response
        self.length: int | None = raw.length if raw.length is None else min(raw.length, _LONGEST)
        self._raw = raw
        self._response = response
        self._exchange = exchange
        self._client = client

    @property
    def host(self) -> str:
        """Whom errors name."""
        return host_of(self.url)

    def readinto(self, buffer: memoryview) -> int:
        """Fill the buffer as far as the body goes, less if it is slow; returns the bytes read, 0 at its end.

        Raises HubTimeout, ConnectionLost.
        """
        with self._client.guarded(self.host, self._exchange, self._client.patience.silence):
            count = self._raw.fill(buffer)
            if count == 0 and self._exchange.aborted:
                raise Interrupted
            return count

    def close(self) -> None:
        """Keep the connection for the next request if the body was read to its end, else end it."""
        self._exchange.detach()
        if self._raw.isclosed() and not self._exchange.aborted:
            self._response.release_conn()
        else:
            self._response.close()


class Client:
    """See the module and the package.

    Args:
        proxies: by scheme, as `system_proxies` gives them.
        limiter: of all bodies read by `Reply.readinto` users; the caller asks it, the client only carries it.
        connections: at most open at once, listings and bytes together.
        patience: how long and how often; those who repeat requests ask it too.

    Attributes:
        round_trip: seconds from a request to the head of its answer, the shortest so far; None before the first.
    """

    def __init__(
        self,
        *,
        proxies: Mapping[str, str] | None = None,
        limiter: RateLimiter | None = None,
        connections: int = 32,
        patience: Patience | None = None,
    ) -> None:
        self.limiter = limiter or RateLimiter()
        self.patience = patience or Patience()
        self.connections = connections
        self.round_trip: float | None = None
        self._proxies = dict(proxies or {})
        self._managers: dict[str | None, urllib3.PoolManager] = {}
        self._managers_lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(connections)
        self._watchdog = Watchdog()

    def close(self) -> None:
        """End every connection; a request under way ends with an error."""
        for manager in self._managers.values():
            for key in manager.pools.keys():  # noqa: SIM118  it is no mapping
                if pool := manager.pools.get(key):
                    pool.close()  # `clear` alone leaves them to the collector
            manager.clear()
        self._managers.clear()
        self._watchdog.close()

    def proxy_of(self, url: str) -> str | None:
        """The proxy through which an address is asked; None if it is asked directly."""
        return proxy_for(url, self._proxies)

    @contextmanager
    def stream(
        self,
        url: str,
        *,
        control: Control,
        token: Token | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[Reply]:
        """Open an address, follow its redirects, and give the answer, whatever its status but a busy one.

        Raises:
            HubUnreachable, HubTimeout, HubBusy, RedirectRefused, ConnectionLost: see their texts.
            Cancelled, Paused: through `control`; while the job is paused it blocks first.
        """
        with self._open("GET", url, headers or {}, None, token, control, None) as reply:
            yield reply

    def fetch(
        self,
        url: str,
        budget: Budget,
        *,
        control: Control,
        token: Token | None = None,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """A whole answer within the budget, tried once; errors as `stream`, and those of `Budget`.

        The budget stands still while the job is paused.
        """
        while True:
            began = time.monotonic()
            control.check()
            budget.extend(time.monotonic() - began)
            try:
                return self._fetch(url, budget, control, token, method, headers, body)
            except Paused:
                budget.extend(time.monotonic() - began)

    def _fetch(
        self,
        url: str,
        budget: Budget,
        control: Control,
        token: Token | None,
        method: str,
        headers: Mapping[str, str] | None,
        body: bytes | None,
    ) -> Answer:
        with self._open(method, url, headers or {}, body, token, control, budget) as reply:
            parts: list[bytes] = []
            buffer = memoryview(bytearray(_SMALL_READ))
            while read := reply.readinto(buffer):
                budget.received(reply.host, read)
                parts.append(bytes(buffer[:read]))
            content = b"".join(parts)
            if reply.length is not None and len(content) != reply.length and method != "HEAD":
                raise errors.ConnectionLost(reply.host, "the answer ended early")
            encoding = reply.headers.get("content-encoding", "identity")
            if encoding != "identity":
                # Asked for plain bytes; unpacking what was not asked for is how small answers become huge ones.
                raise errors.AnswerInvalid(reply.host, f"it is packed as {encoding[:40]}")
            return Answer(reply.url, reply.status, reply.headers, content)

    @contextmanager
    def guarded(self, host: str, exchange: Exchange, seconds: float) -> Iterator[None]:
        """One step of an exchange: watched by the clock, its errors told as circumstances."""
        try:
            with self._watchdog.step(exchange, seconds):
                yield
        except (OSError, HTTPError, http.client.HTTPException, Interrupted, ValueError, AttributeError) as error:
            # ValueError and AttributeError are what http.client raises from a socket ended under it.
            own = not isinstance(error, HTTPError) and isinstance(error, (ValueError, AttributeError))
            if own and not exchange.aborted:
                raise
            raise _circumstance(error, host, exchange, seconds) from error

    @contextmanager
    def _open(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        token: Token | None,
        control: Control,
        budget: Budget | None,
    ) -> Iterator[Reply]:
        exchange = Exchange()
        control.check()
        while not self._slots.acquire(timeout=_SLOT_SECONDS):
            control.check()
        try:
            with control.interrupting(exchange.interrupt):
                yield from self._exchange(method, url, headers, body, token, exchange, budget)
        except (errors.HubProblem, errors.TransferProblem) as error:
            if exchange.interrupted:  # what ended it was the user, not the network
                control.check()
                raise Paused from error
            raise
        finally:
            exchange.detach()
            self._slots.release()

    def _exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        token: Token | None,
        exchange: Exchange,
        budget: Budget | None,
    ) -> Iterator[Reply]:
        for _ in range(_MAX_REDIRECTS + 1):
            host = host_of(url)
            try:
                dialed(url)
            except ValueError:
                raise errors.AnswerInvalid(host, f"{shown(url)[:80]!r} is no web address") from None
            seconds = self.patience.silence
            if budget is not None:
                seconds = min(seconds, budget.request(host))
            sent = {
                "User-Agent": f"model-preload/{__version__}",
                "Accept-Encoding": "identity",
                **headers,
                **(token.headers_for(url) if token else {}),
            }
            exchange.raw = None
            enter(exchange)
            began = time.monotonic()
            try:
                with self.guarded(host, exchange, seconds):
                    response = self._way(url, exchange).urlopen(
                        method,
                        url,
                        body=body,
                        headers=sent,
                        redirect=False,
                        retries=False,
                        preload_content=False,
                        decode_content=False,
                        assert_same_host=False,
                        timeout=urllib3.Timeout(connect=min(self.patience.connect, seconds), read=seconds),
                    )
                    if exchange.aborted:  # within its headers, which http.client then takes for all of them
                        response.close()
                        raise Interrupted
            finally:
                enter(None)
            took = time.monotonic() - began
            self.round_trip = min(took, self.round_trip or took)
            reply = Reply(url, response, exchange, self)
            try:
                if reply.status == 407 and exchange.proxy is not None:
                    refusal = exchange.proxy.refusal(host, reply.status, response.headers.getlist("proxy-authenticate"))
                    raise refusal or errors.HubBusy(host, reply.status)
                location = reply.headers.get("location")
                if reply.status not in _REDIRECTS or location is None:
                    if reply.status in (408, 429) or reply.status >= 500:
                        raise errors.HubBusy(host, reply.status, _seconds(reply.headers.get("retry-after")))
                    yield reply
                    return
                url = redirect_target(url, location)
                self._skip_body(reply)
            finally:
                reply.close()
        raise errors.RedirectRefused(shown(url), "it goes in a circle or over too many stations")

    @staticmethod
    def _skip_body(reply: Reply) -> None:
        """Read a redirect's short body, so that its connection can be used again."""
        if reply.length is not None and reply.length <= _SMALL_READ:
            while reply.readinto(memoryview(bytearray(_SMALL_READ))):
                pass

    def _way(self, url: str, exchange: Exchange) -> urllib3.PoolManager:
        """The connections by which an address is asked; the exchange is told the proxy."""
        address = self.proxy_of(url)
        exchange.proxy = Proxy.of(address) if address else None
        script = self._proxies.get("pac")
        direct = excepted(url, self._proxies.get("no", ""))
        exchange.script = shown(script) if script and not direct else None
        exchange.detects = bool(self._proxies.get("wpad")) and not direct
        with self._managers_lock:
            if address not in self._managers:
                self._managers[address] = manager_for(exchange.proxy, self.connections)
            return self._managers[address]


def _circumstance(
    error: BaseException, host: str, exchange: Exchange, seconds: float
) -> errors.HubProblem | errors.TransferProblem:
    proxy = exchange.proxy
    to_proxy = proxy if isinstance(error, ProxyError) else None
    refused = next((found for found in chain(error) if isinstance(found, ssl.SSLError)), None)
    if exchange.aborted or isinstance(error, (TimeoutError, ReadTimeoutError)):
        return errors.HubTimeout(host, round(seconds, 1))
    if isinstance(refused, ssl.SSLCertVerificationError):
        return certificates.refusal(refused, to_proxy.place if to_proxy else host)
    if to_proxy and refused and refused.reason in _NO_TLS:
        return errors.ProxyUnsupported(to_proxy.name, text("it does not speak TLS"))
    if to_proxy:
        return errors.ProxyUnreachable(to_proxy.name, reason(error))
    if refused and exchange.raw is None:
        return errors.HubUnreachable(host, f"its encryption is not accepted ({reason(error)})")
    if isinstance(error, NewConnectionError) and proxy is None:
        if exchange.script:
            return errors.ProxyScriptUnsupported(exchange.script, host, reason(error))
        if exchange.detects:
            return errors.ProxyDetectionUnsupported(host, reason(error))
    if isinstance(error, NewConnectionError) or exchange.raw is None:
        return errors.HubUnreachable(host, reason(error))
    return errors.ConnectionLost(host, reason(error))


_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST")


def _seconds(retry_after: str | None) -> float | None:
    """`Retry-After` in seconds; its other form, a date, is not worth the clock it depends on."""
    return float(retry_after) if retry_after and retry_after.isdecimal() else None
