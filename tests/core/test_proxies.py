"""Proxies: which one, what it is told and what not, what its refusals mean; listing and bytes go the same way."""

import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from helpers import faults, proxies
from helpers.clock import SOON
from helpers.faults import BODY, PROMPT, FaultyHub, cancelling, random_bytes, until
from helpers.hub import Requests, make_repository
from helpers.proxies import LOGIN, Authority, Server, TlsHub, Way, answering, secured
from helpers.workbench import Tokens, model, repository, workbench
from model_preload.core import errors
from model_preload.core.events import Cancelled, Control
from model_preload.core.http import Budget, Client
from model_preload.core.http.proxies import Proxy, excepted, proxy_for, system_proxies, windows_proxies
from model_preload.core.values import Verdict

SECRET = "hf_a-token-that-no-proxy-may-see"
Start = Callable[[Path, Authority], AbstractContextManager[Way]]

WAYS: dict[str, Start] = {
    "proxy.py": lambda folder, _: proxies.proxy_py(folder),
    "proxy.py, password": lambda folder, _: proxies.proxy_py(folder, login=("ann", "p@ss:w/rd#1 %41ü")),
    "proxy.py, TLS to it": lambda folder, authority: proxies.proxy_py(folder, authority=authority, login=LOGIN),
    "tinyproxy": lambda folder, _: proxies.tinyproxy(folder),
    "tinyproxy, password": lambda folder, _: proxies.tinyproxy(folder, login=LOGIN),
    "microsocks": lambda folder, _: proxies.microsocks(folder, scheme="socks5"),
    "microsocks, password": lambda folder, _: proxies.microsocks(folder, login=("ann", "p@ss:w/rd#1 %41ü")),
}
ways = pytest.mark.parametrize("start", [pytest.param(start, id=name) for name, start in WAYS.items()])


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """A private authority that this machine believes."""
    made = Authority.made(tmp_path / "authority")
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


@pytest.fixture
def hub() -> Iterator[FaultyHub]:
    with FaultyHub(files={"data.bin": b"plain", "big.bin": bytes(8 << 20)}) as running:
        yield running


def ask(proxy: str, url: str, token: None = None) -> bytes:
    """One answer through a proxy for everything."""
    client = Client(proxies={"all": proxy}, patience=PROMPT)
    try:
        return client.fetch(url, Budget(), control=Control(), token=token).body
    finally:
        client.close()


# The whole way


@ways
def test_listing_and_bytes_go_through_the_proxy_and_the_token_stays_inside(
    start: Start, tmp_path: Path, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    files = {"config.json": b"{}", "model.bin": random_bytes(20 << 20)}
    hub = TlsHub(make_repository(files), tokens=[SECRET])
    with secured(hub, authority) as (api, cdn), start(tmp_path / "proxy", authority) as way:
        bench = workbench(tmp_path / "bench", hub.endpoint, model("m", repository("owner/model")))
        bench = replace(bench, tokens=Tokens(huggingface=SECRET), proxies={"https": way.address})
        assert not bench.preload().errors
        assert [model.verdict for model in bench.status()] == [Verdict.READY]
        assert way.tap.passed > 20 << 20
        assert way.tap.connections == api.connections + cdn.connections, "everything went through it"
        assert api.connections
        assert cdn.connections
        until(lambda: way.asked_for(str(api.port)) >= api.connections)
        until(lambda: way.asked_for(str(cdn.port)) >= cdn.connections)
    assert {request.authorization for request in Requests.of(hub).about("/api/")} == {f"Bearer {SECRET}"}
    assert SECRET.encode() not in way.tap.told
    assert b"Bearer" not in way.tap.told
    if way.login:
        assert way.login[1] not in caplog.text
        assert way.address not in caplog.text


@ways
def test_plain_http_goes_through_it_too(start: Start, tmp_path: Path, authority: Authority, hub: FaultyHub) -> None:
    with start(tmp_path / "proxy", authority) as way:
        assert ask(way.address, hub.file_url("data.bin")) == b"plain"
        assert way.tap.connections == 1


@ways
def test_a_cancel_ends_a_body_at_once(start: Start, tmp_path: Path, authority: Authority) -> None:
    hub = TlsHub(files={"big.bin": bytes(8 << 20)})
    with secured(hub, authority), start(tmp_path / "proxy", authority) as way:
        hub.fail(BODY, faults.stalled(1 << 20))
        client, control = Client(proxies={"all": way.address}), Control()
        buffer = memoryview(bytearray(1 << 20))
        got = 0
        thread = cancelling(control, lambda: got >= 1 << 20)
        with pytest.raises(Cancelled), client.stream(hub.file_url("big.bin"), control=control) as reply:  # noqa: PT012
            while True:
                got += reply.readinto(buffer)
                released = time.monotonic()
        assert time.monotonic() - released < SOON
        thread.join()
        client.close()


@ways
def test_silence_behind_it_is_a_time_out(start: Start, tmp_path: Path, authority: Authority) -> None:
    hub = TlsHub(files={"big.bin": bytes(8 << 20)})
    with secured(hub, authority), start(tmp_path / "proxy", authority) as way:
        hub.fail(BODY, faults.dripping(1000))
        with pytest.raises(errors.HubTimeout):
            ask(way.address, hub.file_url("big.bin"))


@pytest.mark.parametrize("scheme", ["http", "https", "socks5h"])
@pytest.mark.parametrize("target", ["http://hub.invalid/", "https://hub.invalid/"])
@pytest.mark.parametrize("end", ["cancel", "watchdog"])
def test_a_proxy_that_is_silent_holds_nobody(scheme: str, target: str, end: str) -> None:
    with Server(proxies.silent) as server:
        client = Client(proxies={"all": f"{scheme}://{server.place}"}, patience=None if end == "cancel" else PROMPT)
        control = Control()
        thread = cancelling(control, lambda: server.connections > 0) if end == "cancel" else None
        began = time.monotonic()
        with pytest.raises(Cancelled if thread else (errors.HubTimeout, errors.ProxyUnreachable)):
            client.fetch(target, Budget(), control=control)
        assert time.monotonic() - began < SOON
        if thread:
            thread.join()
        client.close()


def test_a_cancel_reaches_a_connection_that_is_not_made_yet() -> None:
    """A listener whose queue is full answers no one: the way to it is neither open nor closed."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = []
        try:
            for _ in range(8):  # more than the queue takes
                waiting.append(socket.socket())
                waiting[-1].settimeout(0)
                waiting[-1].connect_ex(full.getsockname())
            client, control = Client(), Control()
            timer = threading.Timer(0.2, control.cancel)
            timer.start()
            began = time.monotonic()
            with pytest.raises((Cancelled, errors.HubUnreachable)):  # Windows refuses at once
                client.fetch(f"http://127.0.0.1:{full.getsockname()[1]}/", Budget(), control=control)
            assert time.monotonic() - began < SOON
            timer.join()
            client.close()
        finally:
            for sock in waiting:
                sock.close()


# Refusals


def refused_by(answer: bytes, address: str = "http://ann:pa%2Fss@{}") -> errors.Circumstance:
    """What is said of a proxy that answers so to CONNECT."""
    with Server(answering(answer)) as server, pytest.raises(errors.Circumstance) as told:
        ask(address.format(server.place), "https://hub.invalid/")
    said = f"{told.value!r} {told.value} {told.value.next_step}"
    assert "pa/ss" not in said
    assert "pa%2Fss" not in said
    return told.value


def login_by(*challenges: str) -> bytes:
    lines = "".join(f"Proxy-Authenticate: {challenge}\r\n" for challenge in challenges)
    return f"HTTP/1.1 407 Authentication Required\r\n{lines}Content-Length: 0\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("answer", "expected", "said"),
    [
        (login_by("NTLM"), errors.ProxyLoginUnsupported, "by NTLM,"),
        (login_by("Negotiate", "NTLM"), errors.ProxyLoginUnsupported, "Negotiate, NTLM"),
        (login_by('Digest realm="basic, x", nonce="1"'), errors.ProxyLoginUnsupported, "by Digest,"),
        (login_by("Negotiate, NTLM"), errors.ProxyLoginUnsupported, "Negotiate, NTLM"),
        (login_by('NTLM, Basic realm="x"'), errors.ProxyLoginRefused, "does not accept"),
        (login_by('basic realm="x"'), errors.ProxyLoginRefused, "does not accept"),
        (login_by(), errors.ProxyLoginRefused, "does not accept"),
        (b"HTTP/1.1 403 Filtered\r\n\r\n", errors.ProxyRefused, "does not let hub.invalid:443 through: HTTP 403"),
        (b"HTTP/1.1 302 Login\r\nLocation: http://login/\r\n\r\n", errors.ProxyRefused, "HTTP 302"),
        (b"HTTP/1.1 502 Bad\r\n\r\n", errors.ProxyCannotReach, "can't reach hub.invalid:443: HTTP 502"),
        (b"SSH-2.0-x\r\n", errors.ProxyUnreachable, "can't be reached"),
        (b"", errors.ProxyUnreachable, "can't be reached"),
    ],
)
def test_what_a_proxy_answers_is_named(answer: bytes, expected: type[errors.Circumstance], said: str) -> None:
    found = refused_by(answer)
    assert type(found) is expected
    assert said in str(found)


def test_a_login_that_is_wanted_is_told_from_one_that_is_wrong() -> None:
    assert type(refused_by(login_by("Basic"), "http://{}")) is errors.ProxyLoginNeeded


@pytest.mark.parametrize(
    ("answers", "expected", "said"),
    [
        ([b"\5\xff"], errors.ProxyLoginRefused, "user and password"),
        ([b"\5\2", b"\1\1"], errors.ProxyLoginRefused, "user and password"),
        ([b"\5\0", b"\5\2\0\1" + bytes(6)], errors.ProxyRefused, "it is not allowed"),
        ([b"\5\0", b"\5\4\0\1" + bytes(6)], errors.ProxyCannotReach, "unreachable"),
        ([b"\5\0", b"\5\x63\0\1" + bytes(6)], errors.ProxyRefused, "SOCKS 99"),
        ([b"HTTP/1.1 400 Bad\r\n\r\n"], errors.ProxyUnsupported, "does not speak SOCKS5"),
        ([b"\5"], errors.ProxyUnreachable, "closed"),
        ([b"\5\0", b"\5\0\0"], errors.ProxyUnreachable, "closed"),
    ],
)
def test_what_a_socks_proxy_answers_is_named(
    answers: list[bytes], expected: type[errors.Circumstance], said: str
) -> None:
    with Server(answering(*answers)) as server, pytest.raises(errors.Circumstance) as told:
        ask(f"socks5h://ann:pass@{server.place}", "https://hub.invalid/")
    assert type(told.value) is expected
    assert said in str(told.value)


@pytest.mark.parametrize("name", ["proxy.py, password", "tinyproxy, password", "microsocks, password"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_real_proxies_refuse_a_wrong_password(
    name: str, scheme: str, tmp_path: Path, authority: Authority, hub: FaultyHub
) -> None:
    url = hub.file_url("data.bin").replace("http://", f"{scheme}://")
    with WAYS[name](tmp_path / "proxy", authority) as way:
        kind, _, place = way.anonymous.partition("://")
        if (name, scheme) != ("tinyproxy, password", "http"):  # it says 401, as a hub would
            with pytest.raises(errors.ProxyLoginRefused):
                ask(f"{kind}://ann:wrong@{place}", url)
        with pytest.raises(errors.ProxyLoginNeeded):
            ask(way.anonymous, url)
    assert not Requests.of(hub)


def test_a_real_proxy_refuses_a_port(tmp_path: Path, hub: FaultyHub) -> None:
    with (
        proxies.tinyproxy(tmp_path / "proxy", more="ConnectPort 443") as way,
        pytest.raises(errors.ProxyRefused, match="HTTP 403"),
    ):
        ask(way.address, hub.file_url("data.bin").replace("http://", "https://"))


@pytest.mark.parametrize("name", ["proxy.py", "tinyproxy", "microsocks"])
def test_real_proxies_do_not_reach_a_hub_that_is_gone(name: str, tmp_path: Path, authority: Authority) -> None:
    with socket.socket() as unused, WAYS[name](tmp_path / "proxy", authority) as way:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises((errors.ProxyCannotReach, errors.ProxyUnreachable)):
            ask(way.address, f"https://127.0.0.1:{unused.getsockname()[1]}/")


@pytest.mark.parametrize("scheme", ["http", "https", "socks5", "socks5h"])
def test_a_proxy_that_is_gone_is_named(scheme: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        place = "{}:{}".format(*unused.getsockname())
        with pytest.raises(errors.ProxyUnreachable, match=f"{scheme}://{place} .*refused"):
            ask(f"{scheme}://ann:pass@{place}", "https://hub.invalid/")


def test_a_proxy_by_https_that_speaks_no_tls_is_told() -> None:
    with Server(answering(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        for url in ("https://hub.invalid/", "http://hub.invalid/"):
            with pytest.raises(errors.ProxyUnsupported, match="speak TLS"):
                ask(f"https://{server.place}", url)


def test_a_proxy_whose_certificate_is_unknown_is_named_itself(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxies.proxy_py(tmp_path / "proxy", authority=authority) as way:
        monkeypatch.delenv("SSL_CERT_FILE")
        for url in ("https://hub.invalid/", "http://hub.invalid/"):
            with pytest.raises(errors.CertificateUnknown, match=way.tap.place):
                ask(way.address, url)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("socks4://127.0.0.1:1", "socks4://127.0.0.1:1"),
        ("ftp://u:secret@h", "ftp://…@h"),
        ("http://ann:se/cret@proxy:3128", "http://…@proxy:3128"),
        ("http://ann:12/secret@proxy:3128", "http://…"),
        ("http://ann:secret#@proxy:3128", "http://…@proxy:3128"),
        ("http://ann:secret@proxy:99999", "http://…@proxy:99999"),
        ("http://ann:secret", "http://…"),
        ("ann:a://secret@proxy:3128", "…@proxy:3128"),
        ("http://", "The proxy http:// can"),
    ],
)
def test_an_address_that_is_none_is_refused_without_its_password(address: str, said: str) -> None:
    with pytest.raises(errors.ProxyUnsupported) as told:
        ask(address, "http://hub.invalid/")
    assert said in str(told.value)
    assert not any(secret in f"{told.value!r}{told.value}" for secret in ("secret", "cret", ":12/"))


def test_a_proxy_is_shown_without_its_login() -> None:
    proxy = Proxy.of("http://ann:pa%40ss@[::1]:3128")
    assert (proxy.user, proxy.password, proxy.name) == ("ann", "pa@ss", "http://[::1]:3128")
    assert "pa@ss" not in f"{proxy!r}{proxy}"
    assert "ann" not in f"{proxy!r}{proxy}"


# Which one


@pytest.mark.parametrize(
    ("exceptions", "url", "expected"),
    [
        ("*", "https://hub.example/", True),
        ("hub.example", "https://hub.example/", True),
        ("HUB.example.", "https://hub.EXAMPLE./", True),
        ("example", "https://hub.example/", True),
        (".example", "https://hub.example/", True),
        ("*.example", "https://a.hub.example/", True),
        ("ample", "https://hub.example/", False),
        ("hub.example:443", "https://hub.example/", True),
        ("hub.example:8443", "https://hub.example/", False),
        ("hub.example:80", "http://hub.example/", True),
        ("other, hub.example", "https://hub.example/", True),
        ("other;hub.example", "https://hub.example/", True),
        ("https://hub.example", "https://hub.example/", True),
        ("10.0.0.0/8", "https://10.1.2.3/", True),
        ("10.0.0.0/8", "https://11.1.2.3/", False),
        ("10.*", "https://10.1.2.3/", True),
        ("10.1.2.3", "https://10.1.2.3:8080/", True),
        ("10.1.2.3:443", "https://10.1.2.3:8080/", False),
        ("::1", "https://[::1]/", True),
        ("[::1]:8080", "https://[::1]:8080/", True),
        ("[::1]:8080", "https://[::1]/", False),
        ("fd00::/8", "https://[fd12::1]/", True),
        ("<local>", "https://intranet/", True),
        ("<local>", "https://hub.example/", False),
        ("", "https://hub.example/", False),
        (", ;", "https://hub.example/", False),
    ],
)
def test_who_is_asked_directly(exceptions: str, url: str, expected: bool) -> None:
    assert excepted(url, exceptions) is expected
    assert (proxy_for(url, {"all": "proxy:1", "no": exceptions}) is None) is expected


def test_an_excepted_host_is_asked_directly(hub: FaultyHub) -> None:
    client = Client(proxies={"http": "http://127.0.0.1:1", "no": "127.0.0.0/8"}, patience=PROMPT)
    assert client.fetch(hub.file_url("data.bin"), Budget(), control=Control()).body == b"plain"
    client.close()


def test_the_environment_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://a:1")
    monkeypatch.setenv("all_proxy", "socks5h://b:2")
    monkeypatch.setenv("NO_PROXY", "local.example")
    found = system_proxies()
    assert found == {"https": "http://a:1", "all": "socks5h://b:2", "no": "local.example"}
    assert proxy_for("https://hub.example/", found) == "http://a:1"
    assert proxy_for("http://hub.example/", found) == "socks5h://b:2"
    assert proxy_for("http://x.local.example/", found) is None


CONNECTION = "Connections\\DefaultConnectionSettings"


def flags(byte: int) -> bytes:
    """The value as Windows writes it: version, counter, flags, then the settings themselves, here without any."""
    return struct.pack("<LLLLLL", 0x46, 7, byte, 0, 0, 0) + bytes(32)


@pytest.mark.parametrize(
    ("registry", "expected"),
    [
        ({}, {}),
        ({"ProxyEnable": 0, "ProxyServer": "a:1"}, {}),
        ({"ProxyEnable": 1, "ProxyServer": "a:1"}, {"all": "a:1"}),
        ({"ProxyEnable": 1, "ProxyServer": "http://a:1"}, {"all": "http://a:1"}),
        (
            {"ProxyEnable": 1, "ProxyServer": "http=a:1;https=b:2;ftp=c:3"},
            {"http": "a:1", "https": "b:2"},
        ),
        ({"ProxyEnable": 1, "ProxyServer": "socks=a:1"}, {"all": "socks5h://a:1"}),
        (
            {"ProxyEnable": 1, "ProxyServer": "a:1", "ProxyOverride": "10.*;<local>"},
            {"all": "a:1", "no": "10.*;<local>"},
        ),
        (
            {"ProxyEnable": 0, "AutoConfigURL": "http://wpad.example/proxy.pac"},
            {"pac": "http://wpad.example/proxy.pac"},
        ),
        ({CONNECTION: flags(0x01)}, {}),
        ({CONNECTION: flags(0x09)}, {"wpad": "on"}),
        ({CONNECTION: flags(0x0B), "ProxyEnable": 1, "ProxyServer": "a:1"}, {"all": "a:1", "wpad": "on"}),
        ({CONNECTION: flags(0x0D), "AutoConfigURL": "http://a/b"}, {"pac": "http://a/b", "wpad": "on"}),
        ({CONNECTION: flags(0xF7)}, {}),
        ({CONNECTION: flags(0x09)[:8]}, {}),
        ({CONNECTION: b""}, {}),
        ({CONNECTION: 9}, {}),
    ],
)
def test_windows_settings_say_which(registry: dict[str, object], expected: dict[str, str]) -> None:
    assert windows_proxies(registry.get) == expected


def test_a_script_is_named_where_the_direct_way_fails(hub: FaultyHub) -> None:
    script = "http://ann:secret@wpad.example/proxy.pac?key=secret"
    client = Client(proxies={"pac": script}, patience=PROMPT)
    assert client.fetch(hub.file_url("data.bin"), Budget(), control=Control()).body == b"plain"
    with pytest.raises(errors.ProxyScriptUnsupported, match=r"http://…@wpad\.example/proxy\.pac,") as told:
        client.fetch("https://hub.invalid/", Budget(), control=Control())
    assert "secret" not in str(told.value)
    client.close()


def test_a_proxy_that_windows_would_detect_is_named_where_the_direct_way_fails(hub: FaultyHub) -> None:
    client = Client(proxies={"wpad": "on", "no": "inside.invalid"}, patience=PROMPT)
    assert client.fetch(hub.file_url("data.bin"), Budget(), control=Control()).body == b"plain"
    with pytest.raises(errors.ProxyDetectionUnsupported, match=r"hub\.invalid can't .*\(WPAD\)") as told:
        client.fetch("https://hub.invalid/", Budget(), control=Control())
    assert "HTTPS_PROXY" in str(told.value.next_step)
    with pytest.raises(errors.HubUnreachable) as plain:
        client.fetch("https://inside.invalid/", Budget(), control=Control())
    assert type(plain.value) is errors.HubUnreachable
    client.close()


@pytest.mark.windows
@pytest.mark.skipif(sys.platform != "win32", reason="the registry")
def test_windows_own_settings_are_read() -> None:
    assert set(system_proxies()) <= {"http", "https", "all", "no", "pac", "wpad"}
