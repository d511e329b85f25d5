"""Who answers: addresses of a name, and who vouched for the certificate of a host."""

import base64
import http.client
import socket
import ssl
from collections.abc import Iterator, Mapping
from urllib.parse import unquote, urlsplit

from model_preload.core.http.policy import dialed
from model_preload.core.http.proxies import proxy_for

_COMMON_NAME, _ORGANISATION = bytes.fromhex("550403"), bytes.fromhex("55040a")  # 2.5.4.3 and 2.5.4.10 (X.520)
_INTEGER, _SEQUENCE = 0x02, 0x30


def addresses(host: str) -> tuple[str, ...]:
    """The addresses of a name; blocks as long as the system does. Raises OSError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


def issuer(url: str, proxies: Mapping[str, str], seconds: float) -> str:
    """Who issued the certificate that is shown for an https address, be it accepted or not.

    It is asked for and read, nothing is sent to whoever shows it.

    Args:
        proxies: the way there, as the client takes it; through SOCKS or TLS to the proxy it can't be read here.
        seconds: for each step of the connection.

    Raises:
        OSError: it can't be had.
        ValueError: it can't be read.
    """
    _, host, port = dialed(url)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = _connection(host, port, proxy_for(url, proxies), context, seconds)
    try:
        connection.connect()
        assert isinstance(connection.sock, ssl.SSLSocket)
        return name_of_issuer(connection.sock.getpeercert(binary_form=True) or b"")
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()


def _connection(
    host: str, port: int, proxy: str | None, context: ssl.SSLContext, seconds: float
) -> http.client.HTTPSConnection:
    if proxy is None:
        return http.client.HTTPSConnection(host, port, timeout=seconds, context=context)
    through = urlsplit(proxy)
    if through.scheme != "http":
        raise OSError(f"not through a proxy of the kind {through.scheme}")
    connection = http.client.HTTPSConnection(
        str(through.hostname), through.port or 80, timeout=seconds, context=context
    )
    headers = {}
    if through.username is not None:
        login = f"{unquote(through.username)}:{unquote(through.password or '')}"
        headers["Proxy-Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
    connection.set_tunnel(host, port, headers)
    return connection


def name_of_issuer(certificate: bytes) -> str:
    """Common name, else organisation, of the issuer in a certificate in DER. Raises ValueError.

    Source: RFC 5280, section 4.1: Certificate, TBSCertificate, Name.
    """
    try:
        (_, whole), *_ = _elements(certificate)
        (_, body), *_ = _elements(whole)
        fields = [found for found in _elements(body) if found[0] in (_INTEGER, _SEQUENCE)]
        _serial, _algorithm, (_, name), *_ = fields
        named: dict[bytes, str] = {}
        for _, entries in _elements(name):
            for _, entry in _elements(entries):
                (_, kind), (_, value) = _elements(entry)
                named.setdefault(kind, value.decode("utf-8", "replace"))
    except (IndexError, ValueError) as error:
        raise ValueError("no certificate that can be read") from error
    found = named.get(_COMMON_NAME) or named.get(_ORGANISATION) or ", ".join(named.values())
    return "".join(sign if sign.isprintable() else "?" for sign in found[:120])


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each element, one after the other (X.690, definite lengths). Raises IndexError, ValueError."""
    position = 0
    while position < len(data):
        tag, length = data[position], data[position + 1]
        position += 2
        if length & 0x80:
            count = length & 0x7F
            length = int.from_bytes(data[position : position + count])
            position += count
        if position + length > len(data):
            raise ValueError("cut off")
        yield tag, data[position : position + length]
        position += length
