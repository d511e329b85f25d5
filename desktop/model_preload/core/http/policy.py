"""Who may be asked through what: origins, tokens, redirects, proxies, certificates."""

import os
import ssl
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, urljoin, urlsplit

import truststore

from model_preload.core import errors

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
    """A secret for one origin; it goes to no other, and its value into no text."""

    value: str = field(repr=False)
    origin: str

    def headers_for(self, url: str) -> dict[str, str]:
        """The header for a request to that address: empty for any other origin."""
        return {"Authorization": f"Bearer {self.value}"} if origin_of(url) == self.origin else {}


def redirect_target(url: str, location: str) -> str:
    """The absolute address a redirect leads to. Raises RedirectRefused."""
    try:
        target = urlsplit(urljoin(url, location))
        origin_of(target.geturl())
    except ValueError:
        raise errors.RedirectRefused(shown(url), f"{location[:200]!r} is no web address") from None
    if urlsplit(url).scheme == "https" and target.scheme == "http":
        raise errors.RedirectRefused(shown(url), f"from https to plain http ({target.netloc})")
    return target.geturl()


def shown(url: str) -> str:
    """An address without its query, which may hold a signature."""
    parts: SplitResult = urlsplit(url)
    return f"{parts.scheme}://{host_of(url)}{parts.path}"


def system_proxies() -> Mapping[str, str]:
    """Proxies by scheme from the environment or, on Windows, the system's settings."""
    return urllib.request.getproxies()


def proxy_for(url: str, proxies: Mapping[str, str]) -> str | None:
    """The proxy for an address; None for a direct connection (no proxy set, or the host is excepted)."""
    parts = urlsplit(url)
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or not parts.hostname or urllib.request.proxy_bypass(parts.hostname):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def certificates() -> ssl.SSLContext:
    """The system's own store of authorities, and those of `SSL_CERT_FILE`."""
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    extra = os.environ.get("SSL_CERT_FILE")
    if extra and Path(extra).is_file():
        context.load_verify_locations(extra)
    return context
