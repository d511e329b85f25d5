"""How addresses are read and shown: what may be a login, a password or a signature in it goes into no text."""

import re

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,19}://")
_PLACE = re.compile(r"(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(?:%25[A-Za-z0-9._~-]+)?\])(?::[0-9]*)?")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:\[\]]+)(:\d*)?")


def is_place(written: str) -> bool:
    """Whether it is a host, with or without a port and without a login, that all readers of addresses take alike."""
    return _PLACE.fullmatch(written) is not None


def shown(address: str) -> str:
    """An address, or a text that may have one in it, with `…` where a login stands and without a query.

    It is read as a person writes it, not as the standard does (RFC 3986, 3.2): signs that should be `%XX` may stand
    in a password as they are, and the scheme may be missing. So whatever is before the last `@` is the login. Where
    what comes before the first `/`, `?` or `#` could be the host as well, no one can tell: only the scheme is shown.
    """
    found = _SCHEME.match(address)
    scheme = found[0] if found else ""
    rest = address[len(scheme) :]
    login, at, place = rest.rpartition("@")
    front = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if at and (":" in login or "@" in front):
        if len(front) <= len(login) and _HOST.fullmatch(front.rpartition("@")[2]):
            return f"{scheme}…"
        rest = f"…@{place}"
    elif scheme and ":" in front and not _HOST.fullmatch(front):
        return f"{scheme}…"  # no port comes after the colon, so it may be a password whose host was forgotten
    return scheme + (re.split(r"[?#]", rest, maxsplit=1)[0] if scheme else rest)
