"""Who may be asked through what: origins, tokens, redirects, proxies, certificates."""

import ipaddress
import socket
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from model_preload.core import errors
from model_preload.core.addresses import shown

_DEFAULT_PORTS = {"http": 80, "https": 443}


def origin_of(url: str) -> str:
    """Scheme, host and port, as browsers compare them. Raises ValueError for anything but http and https."""
    parts = urlsplit(url)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise ValueError(f"{url!r} is no http or https address")
    return f"{parts.scheme}://{parts.hostname}:{parts.port or _DEFAULT_PORTS[parts.scheme]}"


def host_of(url: str) -> str:
    """Host and, if it is written, port: what errors name."""
    return urlsplit(url).netloc.rpartition("@")[2]


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
    try:
        target = urlsplit(urljoin(url, location))
        origin_of(target.geturl())
    except ValueError:
        raise errors.RedirectRefused(shown(url), f"{shown(location)[:200]!r} is no web address") from None
    where = host_of(target.geturl())
    if urlsplit(url).scheme == "https" and target.scheme == "http":
        raise errors.RedirectRefused(shown(url), f"from https to plain http ({where})")
    address = _address(target.hostname or "")
    if address is not None:
        here = _address(urlsplit(url).hostname or "")
        if address.is_link_local or address.is_multicast or address.is_unspecified:
            raise errors.RedirectRefused(shown(url), f"{where} is no server's address")
        if address.is_loopback and not (here is not None and here.is_loopback):
            raise errors.RedirectRefused(shown(url), f"{where} is this machine itself")
    return target.geturl()


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """What a host in figures stands for, in all forms that systems take (127.1, 0x7f000001); None for a name."""
    if host.rstrip(".").lower() == "localhost":
        host = "127.0.0.1"
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        try:
            address = ipaddress.IPv4Address(socket.inet_aton(host))
        except OSError:
            return None
    return getattr(address, "ipv4_mapped", None) or address
