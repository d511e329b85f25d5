"""Each check of the doctor where all is well, and where it is not for a real reason."""

import os
import re
import socketserver
import sqlite3
import ssl
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from helpers import faults
from helpers.clock import SOON
from helpers.faults import FaultyHub
from helpers.hub import make_repository
from helpers.workbench import Tokens, Workbench, model, repository, workbench
from model_preload.core import errors
from model_preload.core.events import Cancelled, Control
from model_preload.core.files import Disk, ProcessLock
from model_preload.core.http import Client
from model_preload.core.http.identity import name_of_issuer
from model_preload.core.journal import FORMAT
from model_preload.core.tasks.doctor.examine import examine, examine_journal
from model_preload.core.tasks.doctor.finding import CHECKS, Examination, Finding, Level, ok, side_by_side
from model_preload.core.tasks.doctor.machine import Gpu, Machine, System, Untold
from model_preload.core.tasks.doctor.service import service
from model_preload.core.tasks.plan import plan
from model_preload.core.tasks.services import Due, Services, fresh_pin, keep
from model_preload.core.texts import text
from model_preload.core.values import ListedFile, Listing, Published
from model_preload.demo.messages import Reply, Request
from model_preload.system import machine as facts

SECRET = "hf_SecretOfThisTest"


@pytest.fixture
def hub() -> Iterator[FaultyHub]:
    with FaultyHub(make_repository({"weights.bin": b"w" * 5000}), files={"plain.bin": b"p" * 5000}) as running:
        yield running


@pytest.fixture
def bench(hub: FaultyHub, tmp_path: Path) -> Workbench:
    """A catalog of one repository, and of one file at a plain address that belongs into a folder."""
    folder = f"folder = '{(tmp_path / 'plain').as_posix()}'"
    address = f'hub = "url"\nurl = "{hub.file_url("plain.bin")}"\npath = "plain.bin"'
    entries = model("reader", repository("owner/model"), more="required = true") + model("plain", address, folder)
    return workbench(tmp_path, hub.endpoint, entries)


def machine(temp: Path, **changes: Any) -> Machine:
    """A machine on which all is well."""
    usual = Machine(
        temp=temp,
        proxies={},
        filesystem=lambda _path: "ntfs",
        long_paths=lambda: None,
        system=lambda: System("A system 1.0", 16_000_000_000, 8_000_000_000),
        gpus=lambda: (Gpu("A card", "555.1", 24_000_000_000),),
        token_origin=lambda _hub: text("a test"),
    )
    return replace(usual, **changes)


class Found(tuple[Finding, ...]):
    """Findings, by check and level, as what was said."""

    __slots__ = ()

    def of(self, check: str, level: Level | None = None) -> list[str]:
        return [f"{f.told} {f.next_step or ''}" for f in self if f.check == check and level in (None, f.level)]

    def problems(self) -> set[str]:
        return {finding.check for finding in self if finding.level is Level.PROBLEM}


def examined(
    bench: Workbench,
    *,
    change: Callable[[Services], Services] = lambda services: services,
    control: Control | None = None,
    seconds: float = 10.0,
    **facts_: Any,
) -> Found:
    """All findings on a bench whose machine has these facts, and whose services are changed like that."""
    temp = bench.home / "temp"
    temp.mkdir(exist_ok=True)
    with bench.opened() as services:
        found = examine(
            change(services),
            bench.state,
            machine(temp, **facts_),
            control or Control(),
            journal=examine_journal(bench.state, services.disk),
            seconds=seconds,
            holding=0.02,
        )
    return Found(found)


def on(disk: Disk) -> Callable[[Services], Services]:
    return lambda services: replace(services, disk=disk)


def test_all_checks_are_made_and_all_is_well(bench: Workbench) -> None:
    before = {path for path in bench.home.rglob("*") if "state" not in path.parts}
    found = examined(bench)
    assert {finding.check for finding in found} == set(CHECKS)
    assert [finding.check for finding in found] == sorted((f.check for f in found), key=CHECKS.index)
    assert found.problems() == set()
    notes = {"certificate", "platform", "platform-env", "platform-service", "token", "environment"}
    assert {f.check for f in found if f.level is Level.NOTE} == notes
    left = {path for path in bench.home.rglob("*") if "state" not in path.parts} - before
    assert {path.name for path in left} <= {"catalog.toml", "temp"}


def test_document_names_every_check() -> None:
    page = Path(__file__).parents[2] / "docs" / "doctor.md"
    assert tuple(re.findall(r"^\| `([a-z-]+)` \|", page.read_text(encoding="utf-8"), re.MULTILINE)) == CHECKS


# Side by side


def test_late_examination_is_told_and_ended() -> None:
    ended = threading.Event()

    def slow(control: Control) -> Sequence[Finding]:
        try:
            control.sleep(30)
        except Cancelled:
            ended.set()
            raise
        return ()

    began = time.monotonic()
    found = Found(
        side_by_side(
            [
                Examination("hub", "slow.example", slow, 0.2),
                Examination("clock", "", lambda _: (ok("clock", text("Ready")),), 0.2),
            ],
            Control(),
        )
    )
    assert time.monotonic() - began < SOON
    assert found.of("hub", Level.NOTE) == ["slow.example: not tested, no result within 0.2 seconds "]
    assert found.of("clock", Level.OK) == ["Ready "]
    assert ended.wait(2)


def test_findings_are_told_as_they_come() -> None:
    told: list[Finding] = []
    first = threading.Event()

    def second(_control: Control) -> Sequence[Finding]:
        assert first.wait(5)
        return (ok("space", text("second")),)

    def hear(finding: Finding) -> None:
        told.append(finding)
        first.set()

    examinations = [
        Examination("space", "", second, 10),
        Examination("clock", "", lambda _: (ok("clock", text("first")),), 10),
    ]
    found = side_by_side(examinations, Control(), hear)
    assert [str(finding.told) for finding in told] == ["first", "second"]
    assert [finding.check for finding in found] == ["space", "clock"]


def test_fault_of_the_program_is_loud() -> None:
    def wrong(_control: Control) -> Sequence[Finding]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        side_by_side([Examination("hub", "", wrong, 5)], Control())


def test_cancel_is_followed_at_once(bench: Workbench, hub: FaultyHub) -> None:
    silent = hub.fail(faults.LISTING, faults.silent)
    control = Control()
    moment = []

    def silence() -> bool:
        moment.append(time.monotonic())
        return silent.happened > 0

    cancelling = faults.cancelling(control, silence)
    with pytest.raises(Cancelled):
        examined(bench, control=control)
    assert time.monotonic() - moment[-1] < SOON
    cancelling.join()


# Places


class Small(Disk):
    def free_bytes(self, path: Path) -> int:
        return 60_000_000


def listed(services: Services, key: str, size: int, path: str = "weights.bin") -> Services:
    """The same, with a listing of one file of that size."""
    (source,) = services.catalog.model(key).sources
    moment = datetime.now(UTC).replace(microsecond=0)
    file = ListedFile(path, size, None)
    services.journal.listings.save(Listing(source.identity, "main", "c" * 40, (file,), moment))
    return services


@pytest.mark.parametrize(
    ("size", "reserve", "level"),
    [(50_000_000, 0, Level.OK), (70_000_000, 0, Level.PROBLEM), (50_000_000, 20_000_000, Level.PROBLEM)],
)
def test_room_is_measured_against_what_is_still_to_be_fetched(
    bench: Workbench, size: int, reserve: int, level: Level
) -> None:
    bench = bench.with_settings(reserve=reserve)
    found = examined(bench, change=lambda services: replace(listed(services, "reader", size), disk=Small()))
    (told,) = found.of("space", level)
    assert f"{size // 1_000_000} MB are still to be fetched" in told or f"{size / 1e6:.1f} MB are still" in told
    assert "60.0 MB free" in told


def test_without_listings_the_need_is_said_to_be_unknown(bench: Workbench) -> None:
    (told,) = examined(bench).of("space", Level.OK)
    assert "not known before the first" in told
    with bench.opened() as services:
        for one in services.catalog.models:
            keep(services, fresh_pin(services, one, one.sources[0], Control()), Due.NOW)
    (told,) = examined(bench).of("space", Level.OK)
    assert "10.0 kB are still to be fetched" in told


def test_full_drive_is_a_problem_even_if_nothing_is_to_be_fetched(bench: Workbench) -> None:
    class Full(Disk):
        def free_bytes(self, path: Path) -> int:
            return 1000

    assert examined(bench, change=on(Full())).problems() == {"space"}


def test_drive_that_is_gone_is_told_and_the_others_are_measured(bench: Workbench, tmp_path: Path) -> None:
    class Unplugged(Disk):
        def volume(self, path: Path) -> str:
            if path.is_relative_to(tmp_path / "plain"):
                raise errors.PathGone(path)
            return super().volume(path)

    def change(services: Services) -> Services:
        return replace(listed(listed(services, "reader", 5000), "plain", 7000, "plain.bin"), disk=Unplugged())

    found = examined(bench, change=change)
    assert any("is gone" in told for told in found.of("space", Level.PROBLEM))
    assert any("5.0 kB are still to be fetched" in told for told in found.of("space", Level.OK))


@pytest.mark.parametrize(
    ("kind", "size", "level"),
    [
        ("vfat", (4 << 30) - 1, Level.NOTE),
        ("vfat", 4 << 30, Level.PROBLEM),
        ("FAT32", 4 << 30, Level.PROBLEM),
        ("exfat", 4 << 30, Level.OK),
        (None, 4 << 30, Level.NOTE),
    ],
)
def test_fat_holds_no_large_file(bench: Workbench, kind: str | None, size: int, level: Level) -> None:
    found = examined(bench, change=lambda s: listed(s, "reader", size), filesystem=lambda _path: kind)
    (told,) = [told for told in found.of("filesystem", level) if "Hugging Face" in told]
    assert ("weights.bin has 4.3 GB" in told) == (level is Level.PROBLEM)
    assert ("not tested" in told) == (kind is None)


def test_file_in_the_way_is_a_problem_of_rights(bench: Workbench, tmp_path: Path) -> None:
    (tmp_path / "hf").write_bytes(b"not a folder")
    found = examined(bench)
    assert found.problems() == {"rights"}
    (told,) = found.of("rights", Level.PROBLEM)
    assert str(tmp_path / "hf") in told


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps rights in lists that chmod does not change")
def test_folder_without_the_right_to_write_is_a_problem(bench: Workbench, tmp_path: Path) -> None:
    folder = tmp_path / "hf"
    folder.mkdir(mode=0o500)
    if os.access(folder, os.W_OK):
        pytest.skip("this user may write everywhere")
    found = examined(bench)
    assert found.problems() == {"rights"}
    assert str(folder) in found.of("rights", Level.PROBLEM)[0]


def test_drive_that_takes_nothing_more_is_a_problem(bench: Workbench) -> None:
    class Full(Disk):
        def write_text(self, path: Path, content: str) -> None:
            raise errors.DiskFull(path, 0)

    found = examined(bench, change=on(Full()))
    assert found.problems() == {"rights"}
    assert len(found.of("rights", Level.PROBLEM)) == 4


def test_links_that_can_not_be_made_are_a_note(bench: Workbench) -> None:
    class NoLinks(Disk):
        def has_symlinks(self, folder: Path) -> bool:
            return False

    found = examined(bench, change=on(NoLinks()))
    assert found.problems() == set()
    assert all("no symbolic links" in told for told in found.of("links", Level.NOTE))
    assert len(found.of("links", Level.NOTE)) == 4


def test_paths_over_260_characters_are_really_made(bench: Workbench) -> None:
    written: list[int] = []

    class Old(Disk):
        def write_text(self, path: Path, content: str) -> None:
            written.append(len(str(path)))
            if len(str(path)) > 259:
                raise errors.DiskFailed(path, "File name too long")
            super().write_text(path, content)

    found = examined(bench, change=on(Old()))
    assert found.problems() == {"long-paths"}
    assert max(written) > 300
    assert "no path of over 260 characters" in found.of("long-paths", Level.PROBLEM)[0]


@pytest.mark.parametrize(
    ("setting", "length", "level"), [(False, 240, "problem"), (False, 5, "note"), (True, 240, "ok")]
)
def test_setting_of_windows_matters_to_engines(bench: Workbench, setting: bool, length: int, level: str) -> None:
    found = examined(bench, change=lambda s: listed(s, "reader", 10, "p" * length), long_paths=lambda: setting)
    (told,) = [told for told in found.of("long-paths", Level(level)) if "Windows" in told]
    assert ("p" * length in told) == (level == "problem")


def test_program_that_holds_files_is_named_with_the_time(bench: Workbench) -> None:
    class Held(Disk):
        def replace(self, source: Path, target: Path) -> Published:
            if source.name == "new.bin":
                time.sleep(0.3)
                raise errors.AccessDenied(target, "used by another process")
            return super().replace(source, target)

    found = examined(bench, change=on(Held()))
    assert found.problems() == {"holding"}
    assert all("for 0.3 s" in told or "for 0.4 s" in told for told in found.of("holding", Level.PROBLEM))


def test_slow_renames_are_a_note(bench: Workbench) -> None:
    class Slow(Disk):
        def replace(self, source: Path, target: Path) -> Published:
            time.sleep(0.6 if source.name == "new.bin" else 0)
            return super().replace(source, target)

    found = examined(bench, change=on(Slow()))
    assert found.problems() == set()
    assert all(re.search(r"the slowest in \d+ ms", told) for told in found.of("holding", Level.NOTE))
    assert len(found.of("holding", Level.NOTE)) == 4


def test_file_system_of_this_machine_is_told(tmp_path: Path) -> None:
    assert facts.filesystem(tmp_path / "not" / "there")
    if sys.platform == "linux":
        assert facts.filesystem(Path("/proc/self")) == "proc"
        assert facts.long_paths() is None


# Hubs


def test_name_without_address_is_a_problem(bench: Workbench) -> None:
    found = examined(bench.with_settings(endpoint="http://no-such-hub.invalid"))
    assert {"dns", "hub"} <= found.problems()
    assert "no-such-hub.invalid: no address is known" in found.of("dns", Level.PROBLEM)[0]
    assert "no-such-hub.invalid did not answer" in found.of("clock", Level.NOTE)[0]
    assert all("not tested" in told for told in found.of("access"))


def test_hub_that_is_gone_is_a_problem(bench: Workbench, hub: FaultyHub) -> None:
    hub.close()
    assert examined(bench).problems() == {"hub"}
    hub.start()
    assert examined(bench).problems() == set()


def test_silent_hub_is_a_problem_within_the_deadline(bench: Workbench, hub: FaultyHub) -> None:
    hub.fail(faults.LISTING, faults.silent)
    began = time.monotonic()
    found = examined(bench, seconds=1.5)
    assert time.monotonic() - began < 1.5 + SOON
    assert "did not answer within 1.5 seconds" in found.of("hub", Level.PROBLEM)[0]


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        (faults.content(b"<!DOCTYPE html><title>Log in</title>"), {"hub", "portal"}),
        (faults.content(b"<html>Log in", "application/json"), {"hub", "portal"}),
        (faults.content(b'{"hello": "world"}', "application/json"), {"hub"}),
        (faults.content(b"[" * 100_000, "application/json"), {"hub"}),
        (faults.content(b'{"error": "no"}', "application/json", 404), set()),
        (faults.redirect("ftp://login.example/"), {"hub", "portal"}),
        (faults.status(503), {"hub"}),
    ],
)
def test_whoever_answers_in_the_hub_s_place_is_told(
    bench: Workbench, hub: FaultyHub, change: faults.Change, problems: set[str]
) -> None:
    hub.fail(lambda request, reply: request.target == "/api/models/owner/model", change)
    assert examined(bench).problems() == problems


def test_login_page_behind_a_redirect_is_a_problem(bench: Workbench, hub: FaultyHub) -> None:
    hub.put_file("login", b"<html>Log in to this network")
    hub.fail(faults.LISTING, faults.redirect(hub.file_url("login").replace("127.0.0.1", "localhost")))
    found = examined(bench)
    assert {"hub", "portal"} <= found.problems()
    assert "localhost:" in found.of("portal", Level.PROBLEM)[0]


def test_page_in_place_of_a_file_is_a_problem(bench: Workbench, hub: FaultyHub) -> None:
    hub.fail(faults.about("plain.bin"), faults.content(b"<html>Log in"))
    assert examined(bench).problems() == {"portal"}


def test_file_that_is_not_there_is_a_problem_of_its_host(bench: Workbench, hub: FaultyHub) -> None:
    hub.fail(faults.about("plain.bin"), faults.status(404))
    found = examined(bench)
    assert found.problems() == {"hub"}
    assert "HTTP 404" in found.of("hub", Level.PROBLEM)[0]


@pytest.mark.parametrize(
    ("minutes", "age", "level"),
    [(0, 0, "ok"), (4, 0, "ok"), (6, 0, "problem"), (-6, 0, "problem"), (-60, 3600, "ok"), (5_000_000, 0, "problem")],
)
def test_clock_is_compared_with_the_hub_s(bench: Workbench, hub: FaultyHub, minutes: int, age: int, level: str) -> None:
    there = format_datetime(datetime.now(UTC) + timedelta(minutes=minutes), usegmt=True)

    def shifted(request: Request, reply: Reply) -> Reply:
        return faults.header("Age", str(age))(request, faults.header("Date", there)(request, reply))

    hub.fail(faults.LISTING, shifted)
    found = examined(bench)
    assert found.problems() == ({"clock"} if level == "problem" else set())
    (told,) = found.of("clock", Level(level))
    assert level == "ok" or f"{abs(minutes)} minutes off" in told


@pytest.mark.parametrize("date", ["yesterday", "", "Sat, 99 Jan 2026 00:00:00 GMT"])
def test_clock_is_not_judged_by_a_date_that_is_none(bench: Workbench, hub: FaultyHub, date: str) -> None:
    hub.fail(faults.LISTING, faults.header("Date", date))
    (told,) = examined(bench).of("clock", Level.NOTE)
    assert "did not tell the time" in told


# Certificates and proxies


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate and its key in one file, by an authority that no system knows."""
    program = which("openssl")
    if program is None:
        pytest.skip("the certificate of this test is made by openssl, which is not on PATH")
    folder = tmp_path_factory.mktemp("authority")
    (folder / "openssl.cnf").write_text("[req]\ndistinguished_name = dn\n[dn]\n")
    made = folder / "made.pem"
    subprocess.run(
        [
            *(program, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-config", str(folder / "openssl.cnf"), "-days", "2", "-subj", "/O=A Company/CN=A Company Inspection CA"),
            *("-addext", "subjectAltName=IP:127.0.0.1,DNS:hub.invalid", "-addext", "basicConstraints=critical,CA:TRUE"),
            *("-keyout", str(folder / "key.pem"), "-out", str(made)),
        ],
        check=True,
        capture_output=True,
        timeout=30,
    )
    made.write_bytes(made.read_bytes() + (folder / "key.pem").read_bytes())
    return made


class _Encrypted(socketserver.StreamRequestHandler):
    """Breaks TLS open, behind CONNECT if it is a proxy, and answers as a hub would."""

    timeout = 5

    def handle(self) -> None:
        server: Any = self.server
        if server.is_proxy:
            self._head()
            self.wfile.write(b"HTTP/1.1 200 Go on\r\n\r\n")
        try:
            with server.context.wrap_socket(self.connection, server_side=True) as encrypted:
                with encrypted.makefile("rb") as stream:
                    while stream.readline() not in (b"\r\n", b""):
                        pass
                answer = b'{"sha": "' + b"c" * 40 + b'"}'
                encrypted.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer))
        except OSError:
            return  # the certificate was refused

    def _head(self) -> None:
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            server: Any = self.server
            server.heard.append(line.decode().strip())


@contextmanager
def encrypted_server(authority: Path, *, is_proxy: bool = False) -> Iterator[Any]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Encrypted) as server:
        running: Any = server
        running.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        running.context.load_cert_chain(authority)
        running.is_proxy, running.heard = is_proxy, []
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield running
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("known", [False, True])
def test_certificate_is_accepted_or_refused_and_its_issuer_named(
    bench: Workbench, authority: Path, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    if known:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    with encrypted_server(authority) as server:
        found = examined(bench.with_settings(endpoint=f"https://127.0.0.1:{server.server_address[1]}"))
    assert found.problems() & {"hub", "certificate"} == (set() if known else {"hub", "certificate"})
    (told,) = [told for told in found.of("certificate") if "A Company Inspection CA" in told]
    assert ("is accepted" in told, "SSL_CERT_FILE" in told) == (known, not known)


def test_proxy_that_breaks_encryption_is_named_without_its_password(bench: Workbench, authority: Path) -> None:
    bench = bench.with_settings(endpoint="https://hub.invalid")
    with encrypted_server(authority, is_proxy=True) as server:
        proxies = {"https": f"http://ann:{SECRET}@127.0.0.1:{server.server_address[1]}"}
        client = Client(proxies=proxies)
        found = examined(bench, change=lambda services: replace(services, client=client), proxies=proxies)
        client.close()
    assert {"hub", "certificate"} <= found.problems()
    assert "dns" not in found.problems()
    assert any("The proxy looks it up" in told for told in found.of("dns", Level.NOTE))
    assert any("issued by A Company Inspection CA" in told for told in found.of("certificate", Level.PROBLEM))
    (told,) = found.of("proxy", Level.NOTE)
    assert told.startswith("hub.invalid: through the proxy http://…@127.0.0.1:")
    assert SECRET not in str([str(finding.told) for finding in found])
    assert any(line.startswith("CONNECT hub.invalid:443") for line in server.heard)


@pytest.mark.parametrize(
    ("proxies", "said"),
    [
        ({}, []),
        ({"pac": "http://ann:pw@a.example/p.pac"}, ["the script http://…@a.example/p.pac, which"]),
        ({"wpad": "on"}, ["detect the proxy by itself (WPAD)"]),
        ({"pac": "http://a.example/p.pac", "wpad": "on"}, ["the script http://a.example", "(WPAD)"]),
        ({"wpad": "on", "all": "http://127.0.0.1:9", "no": "127.0.0.1"}, []),
    ],
)
def test_what_windows_would_do_for_a_proxy_is_told(bench: Workbench, proxies: dict[str, str], said: list[str]) -> None:
    found = examined(bench, proxies=proxies)
    (way,) = found.of("proxy", Level.OK)
    assert ("excepted from the proxy" if "all" in proxies else "no proxy is set") in way
    notes = found.of("proxy", Level.NOTE)
    assert len(notes) == len(said)
    assert all(part in note and "HTTPS_PROXY" in note for part, note in zip(said, notes, strict=True))


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "no_proxy", "HF_ENDPOINT"])
@pytest.mark.parametrize("login", ["bob:pw", "http://bob:pa/pw", "http://bob:a@pw", "bob:a://pw", ".example,bob:a,pw"])
def test_no_form_of_a_password_is_shown(variable: str, login: str, bench: Workbench) -> None:
    (told,) = examined(replace(bench, environ={variable: f"{login}@proxy:8080"})).of("environment")
    assert "pw" not in told
    assert "…@proxy:8080" in told


@pytest.mark.parametrize("data", [b"", b"\x30", b"\x30\x82\xff\xff", b"\x30\x03\x30\x01\x02", os.urandom(300)])
def test_what_is_no_certificate_has_no_issuer(data: bytes) -> None:
    with pytest.raises(ValueError, match="no certificate"):
        name_of_issuer(data)


# Token and repositories


def with_token(bench: Workbench, token: str) -> Workbench:
    return replace(bench, tokens=Tokens(huggingface=token))


def test_token_is_tried_at_the_hub(bench: Workbench, hub: FaultyHub) -> None:
    hub.put(make_repository({"a": b"a"}, "owner/other", private=True, readers=[SECRET]))
    good = examined(with_token(bench, SECRET))
    assert "comes from a test; the hub accepts it." in good.of("token", Level.OK)[0]
    bad = examined(with_token(bench, f"{SECRET}2"))
    assert bad.problems() == {"token", "access"}
    assert "does not accept it" in bad.of("token", Level.PROBLEM)[0]
    assert SECRET not in str([(str(f.told), str(f.next_step)) for f in (*good, *bad)])


def test_token_that_can_be_none_is_a_problem(bench: Workbench) -> None:
    class Garbled(Tokens):
        def token(self, hub: str) -> str | None:
            raise errors.SettingsProblem(Path("HF_TOKEN"), text("Ready"))

    found = examined(replace(bench, tokens=Garbled()))
    assert found.problems() == {"token"}
    assert "HF_TOKEN" in found.of("token")[0]


def test_token_that_the_mirror_can_not_judge_is_not_judged(bench: Workbench, hub: FaultyHub) -> None:
    hub.put(make_repository({"a": b"a"}, "owner/other", readers=[SECRET]))
    hub.fail(lambda request, reply: "whoami" in request.target, faults.status(404))
    (told,) = examined(with_token(bench, SECRET)).of("token", Level.NOTE)
    assert "not tested, the hub answered with HTTP 404" in told


@pytest.mark.parametrize(
    ("options", "token", "required", "level", "told"),
    [
        ({"gated": True}, None, True, "problem", "licence accepted first"),
        ({"gated": True}, None, False, "note", "licence accepted first"),
        ({"gated": True, "readers": [SECRET]}, SECRET, True, "ok", "1 of 1 repositories"),
        ({"private": True}, None, True, "problem", "no one without a token"),
        ({"private": True, "readers": ["hf_another"]}, "hf_another", True, "ok", "1 of 1 repositories"),
        ({}, None, True, "ok", "1 of 1 repositories"),
    ],
)
def test_repositories_that_may_not_be_read_are_named(
    bench: Workbench,
    hub: FaultyHub,
    options: Mapping[str, Any],
    token: str | None,
    required: bool,
    level: str,
    told: str,
) -> None:
    hub.put(make_repository({"weights.bin": b"w"}, **options))
    bench = with_token(bench, token) if token else bench
    if not required:
        bench = replace(bench, catalog=bench.catalog.replace("required = true", "required = false"))
    found = examined(bench)
    (said,) = found.of("access")
    assert told in said
    assert found.of("access", Level(level)) == [said]


def test_catalog_without_a_hub_needs_no_token(bench: Workbench) -> None:
    bench = replace(bench, catalog=bench.catalog[bench.catalog.index("[[model]]", 9) :])
    assert {f.check for f in examined(bench)} == set(CHECKS) - {"token", "access"}


def test_modelscope_is_a_hub_like_the_other(bench: Workbench) -> None:
    with FaultyHub(make_repository({"a.txt": b"a"}, "Owner/Model")) as scope:
        source = 'hub = "modelscope"\nrepo = "Owner/Model"\n'
        bench = replace(bench, catalog=bench.catalog + model("scoped", source))
        bench = bench.with_settings(modelscope_endpoint=scope.endpoint)
        name = scope.endpoint.removeprefix("http://")
        assert any(f"{name} answers as a model hub" in told for told in examined(bench).of("hub", Level.OK))
        scope.fail(faults.ANYTHING, faults.content(b"[]", "application/json"))
        assert any(f"{name} answers, but not as" in told for told in examined(bench).of("hub", Level.PROBLEM))


# The program's own


def test_environment_is_told_and_secrets_are_not(bench: Workbench) -> None:
    environ = {
        "HF_HUB_OFFLINE": "1",
        "MODELSCOPE_ENDPOINT": f"https://ann:{SECRET}@mirror.example/hf",
        "HTTPS_PROXY": f"http://ann:{SECRET}@proxy.example:3128",
        "HF_TOKEN": SECRET,
        "SSL_CERT_FILE": str(bench.home / "gone.pem"),
        "EDITOR": "vi",
    }
    found = examined(replace(bench, environ=environ))
    assert found.problems() == {"environment", "settings"}  # an address with a password is no setting
    assert SECRET not in str(found.of("settings"))
    assert "gone.pem, which is no file" in found.of("environment", Level.PROBLEM)[0]
    assert any("engines ask no hub" in told for told in found.of("environment", Level.NOTE))
    told = str(found.of("environment"))
    assert all(f"{name}=" in told for name in set(environ) - {"EDITOR"})
    assert SECRET not in told
    assert "EDITOR" not in told


def test_settings_that_can_not_be_used_are_a_problem(bench: Workbench) -> None:
    bench.state.mkdir(parents=True)
    (bench.state / "settings.toml").write_text("connections = 1000\n")
    assert examined(bench).problems() == {"settings"}


def test_a_catalog_of_ones_own_that_can_not_be_used_is_a_problem(bench: Workbench) -> None:
    bench.state.mkdir(parents=True)
    (bench.state / "catalog.toml").write_text("schema = 9\n")
    assert examined(bench).problems() == {"settings"}


def test_journal_is_read_and_left_as_it_is(bench: Workbench) -> None:
    path, disk = bench.state / "journal.sqlite3", Disk()
    assert examine_journal(bench.state, disk).level is Level.NOTE
    with bench.opened() as services:
        plan(services, [], Control())
        assert examine_journal(bench.state, disk).level is Level.OK  # while it is open too
    sound = path.read_bytes()
    middle = len(sound) // 2
    for content in (b"", b"SQLite format 3\0" + b"\xff" * 5000, sound[: middle - 1], sound[:4096] + b"\xff" * 60_000):
        path.write_bytes(content)
        found = examine_journal(bench.state, disk)
        assert (found.level, "damaged" in str(found.told)) == (Level.PROBLEM, True), str(found.told)
        assert path.read_bytes() == content
    path.write_bytes(sound)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {FORMAT + 1}")
    found = examine_journal(bench.state, disk)
    assert (found.level, "newer version" in str(found.told)) == (Level.PROBLEM, True)


def test_another_run_is_named(bench: Workbench) -> None:
    lock = ProcessLock(bench.state / "run.lock", Disk())
    assert lock.acquire("model-preload preload reader")
    try:
        (told,) = examined(bench).of("run", Level.NOTE)
    finally:
        lock.release()
    assert "model-preload preload reader (process" in told
    assert examined(bench).of("run", Level.OK)


# The machine


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for the driver's program is a shell script")
@pytest.mark.parametrize(
    ("script", "level", "told"),
    [
        ("echo 'NVIDIA RTX 4090, 555.42, 24564'", "ok", "NVIDIA RTX 4090, 25.8 GB, driver 555.42"),
        ("echo 'NVIDIA GB10, 580.1, [N/A]'", "ok", "NVIDIA GB10, 0 B, driver 580.1"),
        ("echo 'Driver/library version mismatch'; exit 18", "note", "does not work: Driver/library version mismatch"),
        ("exit 9", "note", "nvidia-smi ended with 9"),
        ("", "note", "No NVIDIA driver"),
    ],
)
def test_driver_is_asked_by_its_own_program(
    bench: Workbench, tmp_path: Path, script: str, level: str, told: str
) -> None:
    folder = tmp_path / "driver"
    folder.mkdir()
    if script:
        program = folder / "nvidia-smi"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(stat.S_IRWXU)
    found = examined(bench, gpus=lambda: facts.gpus(str(folder)))
    (said,) = found.of("graphics", Level(level))
    assert told in said


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for the driver's program is a shell script")
def test_driver_that_hangs_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "_GPU_SECONDS", 0.2)
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\nexec sleep 30\n")
    program.chmod(stat.S_IRWXU)
    with pytest.raises(Untold, match=r"did not answer within 0\.2 s"):
        facts.gpus(str(tmp_path))


def test_system_is_told(bench: Workbench) -> None:
    (told,) = examined(bench, system=facts.system).of("system", Level.OK)
    assert re.match(r"\S.*, [\d.]+ (GB|MB|TB) memory, [\d.]+ (GB|MB|TB) of it free", told)


def test_platform_s_folder(bench: Workbench, tmp_path: Path) -> None:
    folder = tmp_path / "platform"
    assert "not known; no model" in examined(bench).of("platform", Level.NOTE)[0]
    placed = replace(
        bench, catalog=bench.catalog + model("inner", repository("owner/model"), 'folder = "{platform}/m"')
    )
    (told,) = examined(placed).of("platform", Level.PROBLEM)
    assert "the place of inner is in it" in told
    known = bench.with_settings(platform=folder)
    assert examined(known).problems() == {"platform"}
    folder.mkdir()
    assert "no Python environment" in examined(known).of("platform", Level.NOTE)[0]
    packages = folder / "backend" / ".venv" / "Lib" / "site-packages" / "mineru-2.0.dist-info"
    packages.mkdir(parents=True)
    (packages / "METADATA").write_text("Metadata-Version: 2.1\nName: mineru\nVersion: 2.0\n")
    assert "1 packages" in examined(known).of("platform", Level.OK)[0]


def test_platform_s_env(bench: Workbench, tmp_path: Path) -> None:
    folder = tmp_path / "platform"
    known = bench.with_settings(platform=folder)
    assert "not tested" in examined(known).of("platform-env", Level.NOTE)[0]
    folder.mkdir()
    assert "has no .env" in examined(known).of("platform-env", Level.PROBLEM)[0]
    (folder / ".env").write_bytes(b"MODEL_DOWNLOAD_SOURCE=modelscope\nPADDLEOCR_HOME=relative\n")
    found = examined(known)
    (told,) = found.of("platform-env", Level.PROBLEM)
    assert "MODEL_DOWNLOAD_SOURCE=modelscope" in told
    assert "“model-preload apply-env” shows the change." in told
    (told,) = found.of("platform-env", Level.NOTE)
    assert "PADDLEOCR_HOME" in told
    assert "apply-env" not in told
    (folder / ".env").write_bytes(b"MODEL_DOWNLOAD_SOURCE=auto\n")
    assert "nothing stands in the engines' way" in examined(known).of("platform-env", Level.OK)[0]


@pytest.mark.parametrize(
    ("status", "level", "said"),
    [(200, Level.OK, "is well"), (404, Level.NOTE, "HTTP 404"), (503, Level.NOTE, "HTTP 503")],
)
def test_platform_s_service_is_asked(hub: FaultyHub, status: int, level: Level, said: str) -> None:
    hub.fail(faults.ANYTHING, faults.status(status))
    path = hub.file_url("plain.bin")
    (found,) = service(Control(), path)
    assert (found.check, found.level) == ("platform-service", level)
    assert said in str(found.told)


def test_platform_s_service_that_does_not_run_is_a_note() -> None:
    (found,) = service(Control(), "http://127.0.0.1:9/api/v1/health")
    assert (found.level, "does not run" in str(found.told)) == (Level.NOTE, True)
