"""Through which proxy an address is asked: what the system says, what is excepted, and what a proxy's refusal means.

The settings are one mapping: `http`, `https` and `all` give a proxy's address by the scheme of what is asked, `no` the
exceptions. `pac` is the address of a script that chooses proxies, `wpad` is there if the system is to find one by
itself: nothing here can run such a script.
"""

import base64
import fnmatch
import ipaddress
import re
import sys
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from model_preload import __version__
from model_preload.core import errors
from model_preload.core.addresses import shown
from model_preload.core.http.policy import dialed
from model_preload.core.texts import text

_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_KINDS = ("http", "https", "all")
_AUTO_DETECT = 8
"""`PROXY_TYPE_AUTO_DETECT` of wininet.h, a flag of Microsoft's `INTERNET_PER_CONN_OPTION`."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """One proxy; its user and password go into no text.

    Attributes:
        scheme: `http`, `https` (TLS to the proxy), `socks5` (names are looked up here) or `socks5h` (by the proxy).
        user: None if the address names none.
    """

    scheme: str
    host: str
    port: int
    user: str | None = field(default=None, repr=False)
    password: str = field(default="", repr=False)

    @classmethod
    def of(cls, address: str) -> "Proxy":
        """Read an address as it stands in the environment. Raises ProxyUnsupported."""
        scheme = address.partition("://")[0].lower()
        if scheme not in _PORTS:
            raise errors.ProxyUnsupported(shown(address), text("proxies of this kind are not supported"))
        unreadable = errors.ProxyUnsupported(shown(address), text("its address can't be read"))
        try:
            parts = urlsplit(address)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise unreadable from None
        if not host or "@" in f"{parts.path}{parts.query}{parts.fragment}":  # an unquoted / ? # in the password
            raise unreadable
        user = None if parts.username is None else unquote(parts.username)
        return cls(scheme, host, port or _PORTS[scheme], user, unquote(parts.password or ""))

    @property
    def name(self) -> str:
        """What texts call it."""
        return f"{self.scheme}://{self.place}"

    @property
    def place(self) -> str:
        """Host and port."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def socks(self) -> bool:
        return self.scheme.startswith("socks")

    @property
    def headers(self) -> Mapping[str, str]:
        """What an HTTP proxy is told beside the request."""
        ours = {"User-Agent": f"model-preload/{__version__}"}
        if self.user is None:
            return ours
        packed = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return {**ours, "Proxy-Authorization": f"Basic {packed}"}

    def refusal(self, host: str, status: int, challenges: Iterable[str]) -> errors.HubProblem | None:
        """What an HTTP proxy's answer to CONNECT means; `challenges` are its `Proxy-Authenticate` headers."""
        if 200 <= status < 300:
            return None
        if status == 401 and self.user is not None:  # what tinyproxy says to a wrong password
            return errors.ProxyLoginRefused(self.name)
        if status != 407:
            refused = errors.ProxyCannotReach if status >= 500 else errors.ProxyRefused
            return refused(self.name, host, f"HTTP {status}")
        kinds = _kinds_of_login(challenges)
        if kinds and "basic" not in {kind.lower() for kind in kinds}:
            return errors.ProxyLoginUnsupported(self.name, kinds)
        return errors.ProxyLoginNeeded(self.name) if self.user is None else errors.ProxyLoginRefused(self.name)


def _kinds_of_login(challenges: Iterable[str]) -> list[str]:
    """The schemes in `Proxy-Authenticate` headers (RFC 9110, 11.7.1), each of which may name several."""
    pieces = [piece for line in challenges for piece in re.sub(r'"[^"]*"', "", line).split(",")]
    words = [piece.split()[0] for piece in pieces if piece.strip()]
    return list(dict.fromkeys(word for word in words if re.fullmatch(r"[A-Za-z][\w-]{0,30}", word)))


def system_proxies() -> Mapping[str, str]:
    """What the environment says or, if it names no proxy, what the system's settings say."""
    found = urllib.request.getproxies_environment()
    if not names_proxy(found):
        exceptions = found.get("no", "")
        if sys.platform == "win32":
            found = windows_proxies(_internet_setting)
        else:
            found = urllib.request.getproxies()
        found["no"] = f"{found.get('no', '')} {exceptions}".strip()
    return {name: value for name, value in found.items() if value and name in (*_KINDS, "no", "pac", "wpad")}


def names_proxy(proxies: Mapping[str, str]) -> bool:
    """Whether there is an address of a proxy, for anything that may be asked."""
    return any(proxies.get(kind) for kind in _KINDS)


def windows_proxies(read: Callable[[str], object]) -> dict[str, str]:
    """The proxies of Windows's Internet settings.

    `ProxyServer` is `HOST:PORT`, or `http=…;https=…;socks=…`; what `socks=` names is asked as SOCKS5.

    Args:
        read: gives a value of the key `Internet Settings` by its name, or by that of a key in it, a backslash and its
            name there; None if it is not there.
    """
    found: dict[str, str] = {}
    script = read("AutoConfigURL")
    if isinstance(script, str) and script:
        found["pac"] = script
    if detects_proxy(read("Connections\\DefaultConnectionSettings")):
        found["wpad"] = "on"
    server, exceptions = read("ProxyServer"), read("ProxyOverride")
    if not read("ProxyEnable") or not isinstance(server, str):
        return found
    if isinstance(exceptions, str):
        found["no"] = exceptions
    for entry in re.split(r"[;\s]+", server):
        kind, equals, address = entry.rpartition("=")
        if equals and kind in ("http", "https") and address:
            found[kind] = address
        elif equals and kind == "socks" and address:
            found["all"] = address if "://" in address else f"socks5h://{address}"
        elif not equals and address:
            found["all"] = address
    return found


def detects_proxy(connection: object) -> bool:
    """Whether “Automatically detect settings” (WPAD) is on.

    Args:
        connection: the value `DefaultConnectionSettings`. Its ninth byte holds the flags; Microsoft's support team for
            Internet Explorer tells so ("What is DefaultConnectionSettings key?", 2017), a specification does not.
    """
    return isinstance(connection, bytes) and len(connection) > 8 and bool(connection[8] & _AUTO_DETECT)


if sys.platform == "win32":
    import winreg

    def _internet_setting(name: str) -> object:
        below, _, name = name.rpartition("\\")
        path = rf"Software\Microsoft\Windows\CurrentVersion\Internet Settings\{below}".rstrip("\\")
        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, path) as key:
                return winreg.QueryValueEx(key, name)[0]
        except OSError:
            return None


def proxy_for(url: str, proxies: Mapping[str, str]) -> str | None:
    """The proxy's address for a web address; None for the direct way (no proxy set, or the host is excepted).

    Raises ValueError as `policy.dialed`.
    """
    proxy = proxies.get(dialed(url)[0]) or proxies.get("all")
    if not proxy or excepted(url, proxies.get("no", "")):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def excepted(url: str, exceptions: str) -> bool:
    """Whether an address is on a list of those to ask directly.

    An entry is `*`, a host, a domain (with what lies below it, whether written `corp.example`, `.corp.example` or
    `*.corp.example`), an IP address or network (`10.0.0.0/8`), a pattern (`192.168.*`), each with `:PORT` if only
    that one is meant; `<local>` is every name without a dot. Entries are parted by commas, semicolons or spaces.
    """
    _, host, port = dialed(url)
    host = host.rstrip(".").lower()
    entries = re.split(r"[,;\s]+", exceptions.lower())
    return any(_matches(entry.rpartition("://")[2], host, port) for entry in entries if entry)


def _matches(entry: str, host: str, port: int) -> bool:
    if entry == "<local>":
        return "." not in host and ":" not in host
    found = re.fullmatch(r"(\[.+\]|[^:]+):(\d+)", entry)
    if found:
        if int(found[2]) != port:
            return False
        entry = found[1]
    entry = entry.strip("[]").rstrip(".")
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        pass
    domain = entry.removeprefix("*").lstrip(".")
    if not domain:
        return entry == "*"
    return host == domain or host.endswith(f".{domain}") or fnmatch.fnmatchcase(host, entry)
