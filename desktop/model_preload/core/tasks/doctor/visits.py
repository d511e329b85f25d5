"""Hubs and hosts really asked: reachable, themselves, with the right time and certificate, through which proxy.

One request a host, whose outcome is a value (`Visit`); each check is a function of it.
"""

import json
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urlsplit

from model_preload.core import errors
from model_preload.core.addresses import shown
from model_preload.core.catalog import HuggingFaceSource, ModelScopeSource, UrlSource
from model_preload.core.events import Control
from model_preload.core.http import Budget, Client
from model_preload.core.http.identity import addresses, issuer
from model_preload.core.http.policy import host_of
from model_preload.core.http.proxies import names_proxy, proxy_for
from model_preload.core.tasks.doctor.finding import Finding, met, note, ok, problem, untested
from model_preload.core.tasks.services import Services
from model_preload.core.texts import Text, text

_MOST_OFF = timedelta(minutes=5)
_ISSUER_SECONDS = 5.0
_SAID = {"sha", "id", "modelId", "Data"}
"""What hubs say of a repository: Hugging Face its commit and name, ModelScope its data."""
_NETWORK = text("Check the network and the proxy; a browser on this machine should open the same address.")


@dataclass(frozen=True, slots=True)
class Host:
    """One host that models come from, and what to ask it.

    Attributes:
        url: the address asked for.
        api: it is a hub, whose answer is JSON; else a file's address, of which one byte is asked.
    """

    url: str
    api: bool

    @property
    def name(self) -> str:
        """Host and port, as errors name them."""
        return host_of(self.url)


@dataclass(frozen=True, slots=True)
class Visit:
    """What came of asking a host.

    Attributes:
        problem: why there is no answer; None if there is one.
        url: where the answer came from after redirects.
        headers: names in lower case.
        body: of a hub's answer; the first bytes of any other.
        seconds: until it was there.
        at: this machine's time at that moment, aware.
    """

    host: Host
    seconds: float
    at: datetime
    problem: errors.Circumstance | None = None
    url: str = ""
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def is_page(self) -> bool:
        """Whether it is a web page, by what it says or by how it begins."""
        kind = self.headers.get("content-type", "").lower()
        return "text/html" in kind or self.body[:200].lstrip().lower().startswith((b"<!doctype", b"<html"))

    @property
    def speaks_api(self) -> bool:
        """Whether it is what a hub says of a repository: its commit, or why it does not tell."""
        try:
            told = json.loads(self.body)
        except (ValueError, RecursionError):
            return False
        return isinstance(told, dict) and bool(_SAID & set(told) or (self.status >= 400 and told))


def hosts(services: Services) -> tuple[Host, ...]:
    """Those of the catalog, hubs first; of each host one address."""
    found: dict[str, Host] = {}
    endpoint = services.settings.endpoint.rstrip("/")
    modelscope = services.settings.modelscope_endpoint.rstrip("/")
    sources = [source for model in services.catalog.models for source in model.sources]
    for source in sources:
        if isinstance(source, HuggingFaceSource):
            found.setdefault(endpoint, Host(f"{endpoint}/api/models/{quote(source.repo)}", api=True))
        if isinstance(source, ModelScopeSource):
            found.setdefault(modelscope, Host(f"{modelscope}/api/v1/models/{quote(source.repo)}", api=True))
    for source in sources:
        if isinstance(source, UrlSource):
            found.setdefault(f"file {host_of(source.url)}", Host(source.url, api=False))
    return tuple(found.values())


def visit(client: Client, host: Host, control: Control) -> Visit:
    """Ask once, without a token. Raises Cancelled."""
    began = time.monotonic()
    try:
        if host.api:
            answer = client.fetch(host.url, Budget(client.patience.listing), control=control)
            found = (answer.url, answer.status, answer.headers, answer.body)
        else:
            with client.stream(host.url, control=control, headers={"Range": "bytes=0-0"}) as reply:
                buffer = bytearray(64)
                count = reply.readinto(memoryview(buffer))
                found = (reply.url, reply.status, reply.headers, bytes(buffer[:count]))
    except (errors.HubProblem, errors.TransferProblem) as failed:
        return Visit(host, time.monotonic() - began, datetime.now(UTC), failed)
    return Visit(host, time.monotonic() - began, datetime.now(UTC), None, *found)


def reached(seen: Visit) -> Finding:
    """Whether it answers, and as it should."""
    name = seen.host.name
    if seen.problem is not None:
        return met("hub", seen.problem)
    milliseconds = f"{seen.seconds * 1000:.0f}"
    if seen.host.api and not seen.speaks_api:
        return problem(
            "hub",
            text("{host} answers, but not as a model hub (HTTP {status}).", host=name, status=seen.status),
            text("Check the hub's address (HF_ENDPOINT, MODELSCOPE_ENDPOINT), and whether a proxy answers for it."),
        )
    if not seen.host.api and seen.status not in (200, 206, 416):
        return problem(
            "hub",
            text("{url} was answered with HTTP {status}.", url=shown(seen.host.url), status=seen.status),
            text("Check the source in the catalog."),
        )
    if seen.host.api:
        return ok("hub", text("{host} answers as a model hub, in {ms} ms.", host=name, ms=milliseconds))
    return ok("hub", text("{host} sends files; the first byte came after {ms} ms.", host=name, ms=milliseconds))


def portal(seen: Visit) -> Finding:
    """Whether someone else answers in the host's place, such as the login page of a wireless network."""
    name = seen.host.name
    step = text("Open any page in a browser and log in to the network there, then try again.")
    if isinstance(seen.problem, errors.RedirectRefused):
        return problem("portal", seen.problem.title, step)
    if seen.problem is not None:
        return untested("portal", name, text("it did not answer"))
    end = host_of(seen.url)
    if seen.is_page:
        return problem(
            "portal",
            text("{end} answered in place of {host} with a web page.", end=end, host=name)
            if end != name
            else text("{host} answered with a web page, which no model is.", host=name),
            step,
        )
    if seen.host.api and end != name:
        return note("portal", text("{host} sends its requests on to {end}.", host=name, end=end))
    return ok("portal", text("{host}: no login page stands in the way.", host=name))


def clock(seen: Visit) -> Finding:
    """Whether this machine's time is that of the host: certificates and signed addresses go by it."""
    name = seen.host.name
    if seen.problem is not None:
        return untested("clock", text("The clock"), text("{host} did not answer", host=name))
    there = _time_there(seen.headers)
    if there is None:
        return untested("clock", text("The clock"), text("{host} did not tell the time", host=name))
    off = seen.at - there
    told = text("{host} has {there}, this machine {here}", host=name, there=_moment(there), here=_moment(seen.at))
    if abs(off) > _MOST_OFF:
        return problem(
            "clock",
            text("The clock is {minutes} minutes off: {shown}.", minutes=round(abs(off) / _MOST_OFF * 5), shown=told),
            text("Set date, time and time zone; Windows: Settings, Time & language, Sync now."),
        )
    return ok("clock", text("The clock is right: {shown}.", shown=told))


def _time_there(headers: Mapping[str, str]) -> datetime | None:
    """`Date`, and how long ago that was (`Age`, RFC 9111), where the answer comes out of a cache."""
    try:
        date = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError):
        return None
    age = headers.get("age", "0")
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return date + timedelta(seconds=int(age) if age.isascii() and age.isdecimal() and len(age) < 10 else 0)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def certificate(seen: Visit, proxies: Mapping[str, str]) -> Finding:
    """Whether the certificate is accepted, and who issued it: a proxy that breaks TLS open issues its own."""
    name = seen.host.name
    if urlsplit(seen.host.url).scheme != "https":
        return note("certificate", text("{host} is asked without encryption, so it has no certificate.", host=name))
    reason = _refusal(seen.problem)
    if seen.problem is not None and reason is None:
        return untested("certificate", name, text("no encrypted connection came about"))
    try:
        by: object = issuer(seen.host.url, proxies, _ISSUER_SECONDS)
    except (OSError, ValueError):
        by = text("an authority that could not be read")
    if reason is None:
        return ok("certificate", text("{host}: the certificate is accepted, issued by {issuer}.", host=name, issuer=by))
    return problem(
        "certificate",
        text(
            "{host}: the certificate is not accepted ({reason}); issued by {issuer}.",
            host=name,
            reason=reason,
            issuer=by,
        ),
        _certificate_step(reason),
    )


def _certificate_step(reason: str) -> Text:
    if "expired" in reason or "not yet valid" in reason:
        return text("Check this machine's date and time; if they are right, the host's certificate is out of date.")
    return text(
        "If that authority is your company's proxy or your antivirus program, have its certificate installed in the "
        "system's store, or set SSL_CERT_FILE to it. Otherwise someone reads along: use another network."
    )


def _refusal(error: BaseException | None) -> str | None:
    """Why a certificate was refused, in OpenSSL's or the system's words; None if that was not the reason."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return (error.verify_message or str(error))[:200]
        error = error.__cause__ or error.__context__
    return None


def resolved(host: Host, proxies: Mapping[str, str]) -> Finding:
    """Whether the name has an address; behind a proxy it is the proxy that looks it up."""
    name = urlsplit(host.url).hostname or ""
    try:
        found = addresses(name)
    except (OSError, UnicodeError) as error:
        told = text("{host}: no address is known for this name ({reason}).", host=name, reason=error)
        if proxy_for(host.url, proxies):
            return note("dns", text("{told} The proxy looks it up.", told=told))
        return problem("dns", told, _DNS)
    some = ", ".join(found[:4]) + (" …" if len(found) > 4 else "")
    return ok("dns", text("{host}: {addresses}", host=name, addresses=some))


_DNS = text("Check the network connection and its DNS server, or the name in HF_ENDPOINT and in the catalog.")


def unresolved(host: Host, seconds: float) -> Finding:
    """The look-up did not come to an end."""
    name = urlsplit(host.url).hostname or ""
    return problem("dns", text("{host}: no DNS server answered within {s} seconds.", host=name, s=f"{seconds:g}"), _DNS)


def silent(host: Host, seconds: float) -> Finding:
    """The host did not answer in time."""
    told = text("{host} did not answer within {seconds} seconds.", host=host.name, seconds=f"{seconds:g}")
    return problem("hub", told, _NETWORK)


def proxy(all_hosts: Iterable[Host], proxies: Mapping[str, str]) -> Iterable[Finding]:
    """Through what each host is asked, and what of the system's settings is not followed."""
    ways: dict[str | None, list[str]] = {}
    for host in all_hosts:
        ways.setdefault(proxy_for(host.url, proxies), []).append(host.name)
    for way, names in ways.items():
        if way is not None:
            yield note("proxy", text("{hosts}: through the proxy {proxy}", hosts=", ".join(names), proxy=shown(way)))
        elif names_proxy(proxies):
            yield ok("proxy", text("{hosts}: directly, excepted from the proxy", hosts=", ".join(names)))
        else:
            yield ok("proxy", text("{hosts}: directly, no proxy is set", hosts=", ".join(names)))
    if names_proxy(proxies):
        return
    step = text(
        "If the hosts can't be reached, set HTTPS_PROXY to http://HOST:PORT, or the proxy in Windows's settings."
    )
    if proxies.get("pac"):
        told = text(
            "Windows's proxy is set by the script {script}, which this program can't follow.",
            script=shown(proxies["pac"]),
        )
        yield note("proxy", told, step)
    if proxies.get("wpad"):
        told = text("Windows is told to detect the proxy by itself (WPAD), which this program can't.")
        yield note("proxy", told, step)
