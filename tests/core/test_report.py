"""What is sent to others: the report in Markdown, and an archive in which nobody's name, token or login is."""

import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
import tomlkit
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from helpers.hub import make_repository
from helpers.workbench import Tokens, Workbench, model, repository, workbench
from model_preload.core import errors, texts
from model_preload.core.catalog import Wording
from model_preload.core.events import Cancelled, Control
from model_preload.core.tasks.diagnostics import save
from model_preload.core.tasks.doctor.finding import note, ok, problem
from model_preload.core.tasks.redaction import SECRET, USER, Redaction, secrets_in
from model_preload.core.tasks.report import markdown, summary
from model_preload.core.tasks.status import ModelStatus
from model_preload.core.texts import text
from model_preload.core.values import Verdict
from model_preload.demo.hub import Hub

MOMENT = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
TOKEN = "hf_q8v2XbN4kLw0ZrTtPp"


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub(make_repository({"config.json": b"{}", "weights.bin": b"w" * 1234})) as running:
        yield running


@pytest.fixture
def bench(tmp_path: Path, hub: Hub) -> Workbench:
    home = tmp_path / "home" / "Bobby Tables"
    entries = model("reader", repository("owner/model")) + model("lost", repository("owner/lost"))
    return workbench(home, hub.endpoint, entries)


def status_of(bench: Workbench, *verdicts: Verdict) -> list[ModelStatus]:
    with bench.opened() as services:
        (reader, _) = services.catalog.models
    return [
        ModelStatus(
            reader, verdict.ready, verdict, () if verdict.ready else (text("a | b"),), 2, 1, 1236, Path("/x_y"), MOMENT
        )
        for verdict in verdicts
    ]


@pytest.mark.parametrize(
    ("verdicts", "sentence"),
    [
        ((), "There are no models in the catalog."),
        ((Verdict.READY,), "Ready: 1 of 1 model."),
        ((Verdict.READY, Verdict.OUTDATED), "Ready: 2 of 2 models."),
        ((Verdict.READY, Verdict.MISSING), "Not ready yet: 1 of 2 models is missing something."),
        ((Verdict.DAMAGED, Verdict.MISSING), "Not ready yet: 2 of 2 models are missing something."),
    ],
)
def test_one_sentence_says_it(bench: Workbench, verdicts: tuple[Verdict, ...], sentence: str) -> None:
    assert str(summary(status_of(bench, *verdicts))) == sentence


def test_the_report_is_markdown_that_nothing_breaks(bench: Workbench) -> None:
    found = [
        ok("space", text("Room enough.")),
        note("hub", text("<b>slow</b>\n# no"), text("Wait.")),
        problem("token", text("Refused."), text("Make a new one.")),
    ]
    told = markdown(status_of(bench, Verdict.READY, Verdict.PARTIAL), found, "en", str, moment=MOMENT)
    lines = told.splitlines()
    assert lines[0] == "**Not ready yet: 1 of 2 models is missing something.**"
    (first, second) = [line for line in lines if line.startswith("| reader")]
    assert first.startswith("| reader | Ready | 1/2 | 1.2 kB | 2026-11-24")
    assert first.endswith("| /x\\_y |")
    assert "Partial" in second
    assert "- reader: a \\| b" in lines
    assert lines[-3:] == [
        "- OK: Room enough.",
        "- Note: \\<b\\>slow\\</b\\> \\# no → Wait.",
        "- Problem: Refused. → Make a new one.",
    ]


def test_the_report_speaks_chinese(bench: Workbench) -> None:
    texts.use("zh_CN")
    try:
        told = markdown(status_of(bench, Verdict.MISSING), (), "zh_CN", str)
    finally:
        texts.use("en")
    assert str(Wording("", "")) not in told
    assert "| reader |" in told


# Redaction


@pytest.mark.parametrize(
    "written",
    [
        *("C:\\Users\\Bob\\x", "c:\\users\\BOB", "C:\\\\Users\\\\bob\\\\x", "/home/bob/.cache", "/Users/bob"),
        *("file:///C:/Users/Bob/x", "C%3A%5CUsers%5Cbob%5Cx", "%2Fhome%2Fbob%2F", "%252Fhome%252Fbob%252F"),
        *("D:\\profiles\\bob\\x", "CORP\\bob", "owner: bob", "bob", "'bob'", "\\nbob", "bob@host"),
        "C:\\Documents and Settings\\bob\\x",
    ],
)
def test_the_user_is_taken_out_of_every_spelling(written: str) -> None:
    told = Redaction(["bob"], [])(written)
    assert "bob" not in told.lower()
    assert USER in told


@pytest.mark.parametrize("written", ["bobbin", "kebob", "a model", "huggingface:owner/name@main"])
def test_other_words_stay(written: str) -> None:
    assert Redaction(["bob"], [])(written) == written


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Bobby Tables", "C:\\Users\\BOBBYT~1\\x"),
        ("Bobby Tables", "D:\\p\\bobbyt~2"),
        ("Bobby Tables", "x/Bobby%20Tables/y"),
        ("Bobby Tables", "q=Bobby+Tables"),
        ("王小明", "C:\\Users\\王小明\\x"),
        ("王小明", "用户王小明的"),
        ("王小明", quote("王小明").lower()),
        ("王小明", json.dumps("王小明")),
        ("José", "jos%c3%a9"),
        ("王小明", f"q=abc{quote('王小明')}"),
    ],
)
def test_names_of_other_forms_are_taken_out_too(name: str, written: str) -> None:
    told = Redaction([name], [])(written)
    assert USER in told
    for form in (name, quote(name), quote_plus(name), "bobbyt~", "\\u738b"):
        assert form.lower() not in told.lower().replace(USER, "")


@pytest.mark.parametrize(
    "written",
    [
        *("http://me:sesame@proxy:8080/x", "https://sesame@hub", "me:sesame@proxy:8080", "http://me:se@sesame@p"),
        *("Authorization: Bearer sesame", "Proxy-Authorization: Basic sesame==", "Cookie: m_session_id=sesame; a=b"),
        *("https://cdn/x?Signature=sesame&Expires=1", "https://cdn/x?a=1&X-Amz-Credential=sesame"),
        *("hf_sesamesesame", "x?token=sesame"),
        *("https://h/?api_key=sesame", "https://h/?key=sesame", "https://h/?a=1&auth=sesame", "https://h/?x=sesame"),
        *("/h/?authorization=sesame", "GET /x?key=sesame HTTP/1.1", "https://h/?sesame", "https://h/#t=sesame"),
        *("https://h/?a=1;b=sesame", "https://h/?a=<sesame", "https://h/?a='sesame", "https://h/?a=1&sesame&b"),
        *(r"https://h/x?a=1\u0026Signature=sesame", "https://h/x?a=1&amp;Signature=sesame", r"x?a=\sesame"),
        *('proxy = "bob:p@sesame@proxy:8080"', "bob:p/sesame@proxy:8080", "bob:sesame@[::1]:8080"),
    ],
)
def test_logins_and_signatures_are_taken_out_without_being_known(written: str) -> None:
    assert "sesame" not in Redaction([], [])(written)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("url = 'https://h/x?a=1&b=2' or", f"url = 'https://h/x?a={SECRET}&b={SECRET}' or"),
        (r'{"m": "\"https://h/?a=b\" is", "n": 1}', rf'{{"m": "\"https://h/?a={SECRET}\" is", "n": 1}}'),
        ("(see https://h/?a=b).", f"(see https://h/?a={SECRET})."),
        ("<https://h/?a=b>", f"<https://h/?a={SECRET}>"),
        ("huggingface:owner/name@main, http=a:1;https=b:2", "huggingface:owner/name@main, http=a:1;https=b:2"),
        ("is this a=b? R&D = c, http://h/a=b", "is this a=b? R&D = c, http://h/a=b"),
    ],
)
def test_around_the_values_of_an_address_all_stays(written: str, expected: str) -> None:
    assert Redaction([], [])(written) == expected


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters='"'), max_size=12))
def test_no_query_of_an_address_is_left(value: str) -> None:
    told = Redaction([], [])(f"a https://hub.example/x?key=sesame{value}sesame b")
    assert "sesame" not in told
    assert told.startswith("a https://")
    assert told.endswith(" b")


def test_tokens_are_known_by_their_form() -> None:
    assert Redaction([], [])("a ms-5e5a3e00-5e5a-4e00-8e5a-3e005e5a3e00 b") == f"a {SECRET} b"


def test_a_user_who_is_called_as_a_mark_is_taken_out_once() -> None:
    assert Redaction(["user"], [])("home of user: C:\\Users\\user") == f"home of {USER}: C:\\Users\\{USER}"


def test_a_password_goes_with_its_user() -> None:
    assert Redaction(["me"], ["pw-pw-pw"])("https://me:pw-pw-pw@proxy:1 me:other@proxy:1").count("<login>@proxy:1") == 2


def test_secrets_are_known_by_their_variables() -> None:
    environ = {
        "HF_TOKEN": "one-token",
        "RABBIT_PASSWORD": "two-token",
        "https_proxy": "http://me:th%40ree@p:1",
        "PATH": "/bin",
        "JWT_SECRET_KEY": "four",
        "MONKEY": "banana",
        "MYSQL_PWD": "five-token",
        "PWD": "C:\\folder",
        "OLDPWD": "C:\\other",
    }
    assert secrets_in(environ) == {"one-token", "two-token", "th%40ree", "th@ree", "four", "five-token"}


NAMES = st.text(st.characters(categories=("L", "N"), include_characters=" .-_"), min_size=3, max_size=20).filter(
    lambda name: name.strip(" .") == name and any(map(str.isalpha, name)) and name.casefold() == name.lower()
)
SECRETS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=40)


@settings(max_examples=60, deadline=None)
@given(name=NAMES, secret=SECRETS, wrapped=st.sampled_from(["C:\\Users\\{}\\x", "/home/{}/y", "at {} z", "a%5C{}%5C"]))
def test_no_name_and_no_secret_is_left(name: str, secret: str, wrapped: str) -> None:
    assume(not any(part in f"{USER}{SECRET}<login>" for part in (name.lower(), secret)))
    redact = Redaction([name], [secret])
    for form in (name, name.upper() if name.isascii() else name, quote(name), quote_plus(name)):
        left = redact(wrapped.format(form)).replace(USER, "")
        assert form not in left or form in wrapped
    for form in (secret, quote(secret, safe=""), f"https://h/?q={quote_plus(secret)}"):
        assert secret not in redact(f"x {form} y")


@given(secret=SECRETS)
def test_no_sign_that_json_and_toml_escape_hides_a_secret(secret: str) -> None:
    for write in (json.dumps, lambda told: tomlkit.item(told).as_string()):
        assert Redaction([], [secret])(write(secret)) == write(SECRET)


@settings(max_examples=60, deadline=None)
@given(name=NAMES | st.just("anna_muster"), secret=SECRETS)
def test_no_sign_that_markdown_escapes_hides_a_name_or_a_secret(name: str, secret: str) -> None:
    def told(of: str, step: str, redact: Callable[[str], str]) -> str:
        found = problem("token", text("{of}", of=of), text("{step}", step=step))
        return markdown((), [found], "en", redact, moment=MOMENT)

    itself = told("", "", str) + USER + SECRET
    assume(not any(part.casefold() in itself.casefold() for part in (name, secret)))
    report = told(f"/home/{name}/x {secret}", name, Redaction([name], [secret]))
    for form in (name, secret):
        for hidden in (form, re.sub(r"([^\w\s]|_)", r"\\\1", form)):
            assert hidden not in report.replace(r"\<user\>", "").replace(r"\<secret\>", "")


# The archive


def members(path: Path) -> Mapping[str, str]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_the_archive_tells_what_was_done_and_nobodys_secrets(
    bench: Workbench, tmp_path: Path, expected_log: Callable[..., None]
) -> None:
    expected_log("owner/lost")
    bench.tokens = Tokens()
    bench.preload()
    bench.tokens = Tokens(huggingface=TOKEN)
    bench.environ = {
        "USERNAME": "bobby",
        "HTTPS_PROXY": "http://me:pa%40ss%2Fword@proxy:1",
        "APP_SECRET": "s3cr3t-s3cr3t",
    }
    (bench.state / "settings.toml").write_text("# of Bobby Tables\nlimit = 1\n", encoding="utf-8")
    (bench.state / "catalog.toml").write_text("schema = 1\n# http://me:pw9@host/x\n", encoding="utf-8")
    log = bench.state / "logs" / "model-preload.log"
    log.parent.mkdir()
    for path in (log, log.with_name("model-preload.log.1")):
        path.write_bytes(f"{TOKEN} {bench.home} s3cr3t-s3cr3t pa@ss/word {quote(TOKEN)}\nend\n\xff".encode("latin-1"))
    target = tmp_path / "out" / "diagnostics.zip"
    with bench.opened() as services:
        report = partial(markdown, (), [note("space", text("{path}", path=bench.home))], "en")
        save(services, bench.state, target, report, Control())
    found = members(target)
    assert set(found) == {
        *("report.md", "settings.toml", "catalog.toml", "journal.json", "versions.json"),
        *("logs/model-preload.log", "logs/model-preload.log.1"),
    }
    everything = "\n".join(found.values())
    for secret in (TOKEN, "s3cr3t", "pa@ss", "pa%40ss", "pw9", "Bobby", "bobby", "Tables"):
        assert secret not in everything, secret
    assert found["settings.toml"] == f"# of {USER}\nlimit = 1\n"
    assert "end\n" in found["logs/model-preload.log"]
    (run,) = json.loads(found["journal.json"])["runs"]
    assert (run["outcome"], run["models"]) == ("failed", ["reader", "lost"])
    assert json.loads(found["journal.json"])["queue"] == [{"model": "lost", "state": "failed"}]
    assert json.loads(found["versions.json"])["program"]


def test_an_archive_that_was_not_finished_is_not_there(bench: Workbench, tmp_path: Path) -> None:
    control = Control()
    control.cancel()
    with bench.opened() as services:
        with pytest.raises(Cancelled):
            save(services, bench.state, tmp_path / "d.zip", lambda _redact: "x", control)
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(errors.DiskProblem):
            save(services, bench.state, tmp_path / "file" / "d.zip", lambda _redact: "x", Control())
    assert not (tmp_path / "d.zip").exists()
