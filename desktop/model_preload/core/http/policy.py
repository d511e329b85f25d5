"""Who may be asked through what: origins, tokens, redirects, proxies, certificates."""

import ipaddress
import re
import socket
from dataclasses import dataclass, field
from urllib.parse import urljoin

from urllib3.util import parse_url

from model_preload.core import errors
from model_preload.core.addresses import shown

_DEFAULT_PORTS = {"http": 80, "https": 443}
_AMBIGUOUS = re.compile(r"[\s\\\x00-\x1f\x7f-\x9f]")
"""What some readers of an address drop, and some take for the end of the host."""


def dialed(url: str) -> tuple[str, str, int]:
    """Scheme, host and port that a request for an address goes to.

    They are read by urllib3, which dials: another reader may see another host in the same address, and what is
    judged must be what is asked.

    Raises ValueError for anything but http and https, and for what readers differ about.
    """
    refused = ValueError(f"{shown(url)!r} is no http or https address")
    try:
        parts = parse_url(url)
    except ValueError:
        raise refused from None
    if parts.scheme not in _DEFAULT_PORTS or not parts.host or _AMBIGUOUS.search(url):
        raise refused
    port = _DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port
    return parts.scheme, parts.host.strip("[]"), port


def origin_of(url: str) -> str:
    """Scheme, host and port, as browsers compare them. Raises ValueError as `dialed`."""
    scheme, host, port = dialed(url)
    return f"{scheme}://{host}:{port}"


def host_of(url: str) -> str:
    """Host and, if it is written, port: what errors name; of what can't be asked, what may be shown of it."""
    try:
        dialed(url)
    except ValueError:
        return shown(url)
    return parse_url(url).netloc or ""


@dataclass(frozen=True, slots=True)
class Token:
    """A secret for one origin; it goes to no other, and its value into no text.

    Attributes:
        cookie: name of a cookie that carries it as well, "" for none.
    """

    value: str = field(repr=False)
    origin: str
    cookie: str = ""

    def headers_for(self, url: str) -> dict[str, str]:
        """The headers for a request to that address: empty for any other origin."""
        if origin_of(url) != self.origin:
            return {}
        cookies = {"Cookie": f"{self.cookie}={self.value}"} if self.cookie else {}
        return {"Authorization": f"Bearer {self.value}", **cookies}


def redirect_target(url: str, location: str) -> str:
    """The absolute address a redirect leads to. Raises RedirectRefused."""
    refused = errors.RedirectRefused(shown(url), f"{shown(location)[:200]!r} is no web address")
    if _AMBIGUOUS.search(location):  # before they are joined, which drops some of it
        raise refused
    try:
        target = urljoin(url, location)
        scheme, host, _ = dialed(target)
    except ValueError:
        raise refused from None
    old_scheme, old_host, _ = dialed(url)
    where = host_of(target)
    if old_scheme == "https" and scheme == "http":
        raise errors.RedirectRefused(shown(url), f"from https to plain http ({where})")
    address = _address(host)
    if address is not None:
        here = _address(old_host)
        if address.is_link_local or address.is_multicast or address.is_unspecified:
            raise errors.RedirectRefused(shown(url), f"{where} is no server's address")
        if address.is_loopback and not (here is not None and here.is_loopback):
            raise errors.RedirectRefused(shown(url), f"{where} is this machine itself")
    return target


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """What a host in figures stands for, in all forms that systems take (127.1, 0x7f000001); None for a name."""
    host = host.rstrip(".")
    if host.lower() == "localhost":
        host = "127.0.0.1"
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        try:
            address = ipaddress.IPv4Address(socket.inet_aton(host))
        except OSError:
            return None
    return getattr(address, "ipv4_mapped", None) or address
