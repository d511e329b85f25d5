"""Certificates: who is believed, and what is said of those who are not."""

import datetime as dt
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from conftest import ExpectedLog
from helpers import proxies
from helpers.clock import SOON
from helpers.families import LAMA, family_bench
from helpers.faults import PROMPT, random_bytes, until
from helpers.hub import make_repository
from helpers.proxies import Authority, Relay, Server, TlsHub, Way, answering, secured
from helpers.workbench import model, repository, workbench
from model_preload.core import errors
from model_preload.core.events import Cancelled, Control
from model_preload.core.http import Budget, Client
from model_preload.core.http.certificates import refusal
from model_preload.core.values import Verdict
from model_preload.demo.hub import Hub


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """A private authority that this machine does not know."""
    return Authority.made(tmp_path / "authority")


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub(files={"data.bin": b"data"}) as running:
        yield running


def ask(url: str, proxy: str | None = None) -> bytes:
    """One answer."""
    client = Client(proxies={"all": proxy} if proxy else {}, patience=PROMPT)
    try:
        return client.fetch(url, Budget(), control=Control()).body
    finally:
        client.close()


def port_of(hub: Hub) -> int:
    return int(hub.endpoint.rpartition(":")[2])


def der(authority: Authority) -> bytes:
    return ssl.PEM_cert_to_DER_cert(authority.file.read_text())


@pytest.mark.parametrize("form", ["PEM", "DER", "bundle"])
def test_an_authority_of_ones_own_is_believed(
    form: str, hub: Hub, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "公司.cer"
    other = trustme.CA().cert_pem.bytes()
    pem = authority.file.read_bytes()
    file.write_bytes({"PEM": pem, "DER": der(authority), "bundle": "# 注\n".encode() + other + pem}[form])
    with Relay(port_of(hub), authority.context()) as relay:
        with pytest.raises(errors.CertificateUnknown):
            ask(f"https://127.0.0.1:{relay.port}/files/data.bin")
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        assert ask(f"https://127.0.0.1:{relay.port}/files/data.bin") == b"data"
        assert ask(f"https://localhost:{relay.port}/files/data.bin") == b"data"


def outdated(authority: Authority) -> ssl.SSLContext:
    past = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    return authority.context(certificate=authority.ca.issue_cert("127.0.0.1", not_before=past, not_after=past))


def early(authority: Authority) -> ssl.SSLContext:
    future = dt.datetime(2200, 1, 1, tzinfo=dt.UTC)
    return authority.context(certificate=authority.ca.issue_cert("127.0.0.1", not_before=future, not_after=future))


def self_signed(authority: Authority) -> ssl.SSLContext:
    """The authority's own certificate, of which nothing is known, as a server's."""
    alone = trustme.CA(organization_name="Only Me")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with alone.cert_pem.tempfile() as certificate, alone.private_key_pem.tempfile() as key:
        context.load_cert_chain(certificate, key)
    return context


@pytest.mark.parametrize(
    ("make", "expected", "said"),
    [
        pytest.param(outdated, errors.CertificateOutOfDate, "expired", id="expired"),
        pytest.param(early, errors.CertificateOutOfDate, "not valid yet", id="not yet valid"),
        pytest.param(lambda a: a.context("10.0.0.1"), errors.CertificateOfAnother, "another", id="other address"),
        pytest.param(lambda a: a.context("hub.example"), errors.CertificateOfAnother, "another", id="other name"),
        pytest.param(self_signed, errors.CertificateSelfSigned, "only for itself", id="self-signed"),
        pytest.param(
            lambda a: Authority(trustme.CA(), a.file).context(), errors.CertificateUnknown, "who issued", id="unknown"
        ),
    ],
)
def test_a_certificate_that_is_not_accepted_is_named(
    make: Callable[[Authority], ssl.SSLContext],
    expected: type[errors.Circumstance],
    said: str,
    hub: Hub,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    with Relay(port_of(hub), make(authority)) as relay:
        with pytest.raises(errors.CertificateRefused) as told:
            ask(f"https://127.0.0.1:{relay.port}/files/data.bin")
        assert type(told.value) is expected
        assert said in str(told.value)
        assert relay.place in str(told.value)
        assert not told.value.retryable
        assert not relay.told, "nothing was sent"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (0x800B0101, errors.CertificateOutOfDate),
        (0x800B010F, errors.CertificateOfAnother),
        (0x800B0109, errors.CertificateUnknown),
        (-0x7FF4FEF7, errors.CertificateUnknown),  # the same as a signed number
        (0x800B010C, errors.CertificateRefused),
    ],
)
def test_windows_reasons_are_named_as_well(code: int, expected: type[errors.Circumstance]) -> None:
    error = ssl.SSLCertVerificationError("A certificate was revoked")
    error.verify_code, error.verify_message = code, "A certificate was revoked"
    found = refusal(error, "hub.example")
    assert type(found) is expected
    assert expected is not errors.CertificateRefused or "revoked" in str(found)


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "No such file"), (b"", "no certificate"), (b"<html>", "no certificate"), (b"-----BEGIN X", "no cert")],
)
def test_a_file_of_authorities_that_is_none_is_named(
    content: bytes | None, said: str, tmp_path: Path, hub: Hub, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "company.pem"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with Relay(port_of(hub), authority.context()) as relay:
        with pytest.raises(errors.CertificateFileUnusable, match=said) as told:
            ask(f"https://127.0.0.1:{relay.port}/files/data.bin")
        assert str(file) in str(told.value)
    assert ask(hub.file_url("data.bin")) == b"data", "where no certificate is asked for, none is missed"


def test_a_server_without_tls_is_not_blamed_on_its_certificate() -> None:
    with (
        Server(answering(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server,
        pytest.raises(errors.HubUnreachable, match="its encryption"),
    ):
        ask(f"https://{server.place}/")


def test_a_silent_host_does_not_hold_up_the_others(
    hub: Hub, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Handshakes go side by side, also where the system's store is asked."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    client, control = Client(), Control()
    with Server(proxies.silent) as silent, Relay(port_of(hub), authority.context()) as relay:

        def wait() -> None:
            with pytest.raises(Cancelled):
                client.fetch(f"https://{silent.place}/", Budget(), control=control)

        thread = threading.Thread(target=wait)
        thread.start()
        while not silent.told and not silent.connections:
            time.sleep(0.01)
        began = time.monotonic()
        answer = client.fetch(f"https://127.0.0.1:{relay.port}/files/data.bin", Budget(), control=Control())
        assert answer.body == b"data"
        assert time.monotonic() - began < SOON
        began = time.monotonic()
        control.cancel()
        thread.join()
        assert time.monotonic() - began < SOON, "a handshake can be cancelled"
        client.close()


@pytest.mark.parametrize("start", [proxies.proxy_py, proxies.tinyproxy, proxies.microsocks])
def test_a_plain_address_of_the_built_in_catalog_needs_the_authority_and_the_proxy(
    start: Callable[[Path], AbstractContextManager[Way]],
    tmp_path: Path,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    expected_log: ExpectedLog,
) -> None:
    expected_log("does not know who issued it")
    hub = TlsHub(files={"big-lama.pt": LAMA})
    with secured(hub, authority) as (server, _), start(tmp_path / "proxy") as way:
        bench = replace(family_bench(tmp_path / "bench", hub.endpoint), proxies={"https": way.address})
        checkpoints = bench.home / ".cache" / "torch" / "hub" / "checkpoints"
        [problem] = bench.preload("lama").errors
        assert problem.code == errors.CertificateUnknown.code
        assert f"The certificate of {server.place} is not accepted" in problem.message
        assert "set SSL_CERT_FILE to it" in problem.message
        assert not list(checkpoints.rglob("*.pt"))
        assert not server.told, "nothing was asked"
        refused = way.tap.connections
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        assert not bench.preload("lama").errors
        assert [found.verdict for found in bench.status("lama")] == [Verdict.READY]
        assert (checkpoints / "big-lama.pt").read_bytes() == LAMA
        assert way.tap.connections - refused == server.connections, "everything went through it"
        until(lambda: way.asked_for(str(server.port)) > 0)


# A proxy that opens encrypted connections


def test_a_proxy_that_reads_along_works_by_its_authority_only(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch, expected_log: ExpectedLog
) -> None:
    expected_log("does not know who issued it")
    company = Authority.made(tmp_path / "company")
    company.ca.private_key_pem.write_to_path(tmp_path / "company.key")
    key = trustme.CA().private_key_pem
    key.write_to_path(tmp_path / "leaf.key")
    options = ["--ca-cert-file", str(company.file), "--ca-key-file", str(tmp_path / "company.key")]
    options += ["--ca-signing-key-file", str(tmp_path / "leaf.key"), "--ca-cert-dir", str(tmp_path / "made")]
    options += ["--ca-file", str(authority.file)]
    (tmp_path / "made").mkdir()
    hub = TlsHub(make_repository({"model.bin": random_bytes(1 << 20)}))
    hub.host = "localhost"  # proxy.py's certificates are for names, not for addresses
    with secured(hub, authority), proxies.proxy_py(tmp_path / "proxy", options=options) as way:
        bench = workbench(tmp_path / "bench", hub.endpoint, model("m", repository("owner/model")))
        bench = replace(bench, proxies={"https": way.address})
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        [problem] = bench.preload().errors
        assert problem.code == errors.CertificateUnknown.code
        monkeypatch.setenv("SSL_CERT_FILE", str(company.file))
        assert not bench.preload().errors
        assert [found.verdict for found in bench.status()] == [Verdict.READY]
