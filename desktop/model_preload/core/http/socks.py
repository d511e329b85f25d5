"""SOCKS5 (RFC 1928, passwords by RFC 1929) on a socket that the caller holds, so that it can be ended from outside."""

import socket

from model_preload.core import errors
from model_preload.core.http.proxies import Proxy
from model_preload.core.texts import text

_OPEN, _PASSWORD, _NONE_OF_THESE = 0, 2, 0xFF
_NOT_ALLOWED = 2
_UNREACHABLE = {
    1: text("something failed there"),
    3: text("the network is unreachable"),
    4: text("the host is unreachable"),
    5: text("the connection was refused"),
    6: text("it took too long"),
}


def negotiate(sock: socket.socket, proxy: Proxy, host: str, port: int) -> None:
    """Have the proxy connect to host and port; afterwards the socket leads there.

    Raises:
        ProxyRefused, ProxyCannotReach, ProxyLoginNeeded, ProxyLoginRefused: what it answered.
        OSError: it did not answer, or the name can't be looked up here (socks5).
    """
    methods = [_OPEN] if proxy.user is None else [_OPEN, _PASSWORD]
    sock.sendall(bytes([5, len(methods), *methods]))
    version, method = _exactly(sock, 2)
    if version != 5 or (method != _NONE_OF_THESE and method not in methods):
        raise errors.ProxyUnsupported(proxy.name, text("it does not speak SOCKS5"))
    if method == _NONE_OF_THESE:
        raise errors.ProxyLoginNeeded(proxy.name) if proxy.user is None else errors.ProxyLoginRefused(proxy.name)
    if method == _PASSWORD:
        sock.sendall(b"\1" + _sized(proxy.user or "") + _sized(proxy.password))
        if _exactly(sock, 2)[1] != 0:
            raise errors.ProxyLoginRefused(proxy.name)
    sock.sendall(b"\5\1\0" + _address(proxy, host) + port.to_bytes(2))
    _, code, _, kind = _exactly(sock, 4)
    if code in _UNREACHABLE:
        raise errors.ProxyCannotReach(proxy.name, host, _UNREACHABLE[code])
    if code:
        reason = text("it is not allowed") if code == _NOT_ALLOWED else f"SOCKS {code}"
        raise errors.ProxyRefused(proxy.name, host, reason)
    _exactly(sock, {1: 4, 4: 16}.get(kind) or _exactly(sock, 1)[0])
    _exactly(sock, 2)


def _sized(value: str) -> bytes:
    """One byte of length, then the bytes: what is longer can't be said, so no proxy accepts it."""
    data = value.encode()[:255]
    return bytes([len(data)]) + data


def _address(proxy: Proxy, host: str) -> bytes:
    for family, kind in ((socket.AF_INET, b"\1"), (socket.AF_INET6, b"\4")):
        try:
            return kind + socket.inet_pton(family, host)
        except OSError:
            continue
    if proxy.scheme == "socks5h":
        return b"\3" + _sized(host)
    family, *_, place = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0]
    return (b"\1" if family == socket.AF_INET else b"\4") + socket.inet_pton(family, str(place[0]))


def _exactly(sock: socket.socket, count: int) -> bytes:
    """So many bytes and not one more: the next ones belong to whom is asked through the proxy."""
    data = b""
    while len(data) < count:
        piece = sock.recv(count - len(data))
        if not piece:
            raise ConnectionError("it closed the connection")
        data += piece
    return data
