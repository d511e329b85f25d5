"""`doctor` as people and programs call it."""

import json
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from helpers import faults
from helpers.clock import SOON
from helpers.faults import FaultyHub
from helpers.hub import make_repository
from helpers.program import Program, finish, interrupt, program
from helpers.workbench import model, repository
from model_preload.core.files import Disk, ProcessLock
from model_preload.core.tasks.doctor.finding import CHECKS

TOKEN = "hf_SecretOfATestThatMustNotShow"
FILES = {"weights.bin": b"w" * 100_000}


@pytest.fixture
def hub() -> Iterator[FaultyHub]:
    with FaultyHub(make_repository(FILES, readers=[TOKEN])) as running:
        yield running


@pytest.fixture
def ours(tmp_path: Path, hub: FaultyHub) -> Program:
    return program(tmp_path, hub, model("reader", repository("owner/model"), more="required = true"))


def test_one_document_with_every_check(ours: Program) -> None:
    done = ours.with_environ(HF_TOKEN=TOKEN).run("doctor", "--json")
    assert (done.code, done.err) == (0, ""), done.out
    document = done.document
    assert set(document) == {"success", "findings", "timestamp"}
    assert document["success"]
    assert all(set(finding) == {"check", "level", "message", "next_step"} for finding in document["findings"])
    assert {finding["check"] for finding in document["findings"]} == set(CHECKS)
    assert any("HF_TOKEN" in f["message"] and f["level"] == "ok" for f in document["findings"] if f["check"] == "token")
    written = [path.read_bytes() for path in ours.home.rglob("*") if path.is_file()]
    assert not [1 for content in (done.out.encode(), *written) if TOKEN.encode() in content]


def test_problem_is_told_with_its_next_step(ours: Program, hub: FaultyHub) -> None:
    hub.fail(faults.LISTING, faults.content(b"<html>Log in"))
    done = ours.run("doctor")
    assert (done.code, done.err) == (1, "")
    assert "Problem portal: " in done.out
    assert "\n    Open any page in a browser and log in to the network there, then try again.\n" in done.out
    assert done.out.endswith("problems were found.\n")
    quiet = ours.run("doctor", "--quiet")
    assert (quiet.code, quiet.out) == (1, "")
    assert "Problem portal: " in quiet.err
    assert "OK " not in quiet.err
    hub.heal()
    assert ours.run("doctor").out.endswith("All is well.\n")
    silent = ours.run("doctor", "--quiet")
    assert (silent.code, silent.out, silent.err) == (0, "", "")


def test_chinese(ours: Program) -> None:
    done = ours.run("doctor", "--lang", "zh")
    assert done.code == 0
    assert "正常 rights: " in done.out
    assert "可以创建、重命名和删除文件" in done.out


def test_damaged_journal_is_told_and_left_alone(ours: Program) -> None:
    assert ours.run("preload").code == 0
    path = ours.state / "journal.sqlite3"
    damaged = path.read_bytes()[:4096] + b"\xff" * 50_000
    path.write_bytes(damaged)
    done = ours.run("doctor", "--json")
    (found,) = [finding for finding in done.document["findings"] if finding["level"] == "problem"]
    assert (done.code, found["check"], "damaged" in found["message"]) == (1, "journal", True)
    assert path.read_bytes() == damaged
    assert [one.name for one in ours.state.glob("*damaged*")] == []


def test_state_folder_that_can_not_be_made_is_told_with_all_the_rest(ours: Program) -> None:
    assert ours.run("catalog").code == 0
    blocked = ours.home / "blocked"
    blocked.write_bytes(b"not a folder")
    environment = {**ours.environment, "MODEL_PRELOAD_HOME": str(blocked / "state")}
    done = called(ours.command("doctor", "--json"), environment)
    found = {(finding["check"], finding["level"]) for finding in json.loads(done.stdout)["findings"]}
    assert (done.returncode, done.stderr) == (1, "")
    assert {check for check, level in found if level == "problem"} == {"rights", "journal", "settings"}
    assert ("hub", "ok") in found


def test_wrong_settings_do_not_keep_the_doctor_from_coming(ours: Program) -> None:
    assert ours.run("catalog").code == 0
    (ours.state / "settings.toml").write_text("connections = 1000\n")
    assert ours.run("status").code == 2
    done = ours.run("doctor", "--json")
    assert [f["check"] for f in done.document["findings"] if f["level"] == "problem"] == ["settings"]
    assert done.code == 1


def test_run_at_work_is_named_and_not_disturbed(ours: Program) -> None:
    assert ours.run("catalog").code == 0
    lock = ProcessLock(ours.state / "run.lock", Disk())
    assert lock.acquire("model-preload preload reader")
    try:
        done = ours.run("doctor", "--json")
        assert "model-preload preload reader" in lock.holder()
    finally:
        lock.release()
    (found,) = [finding for finding in done.document["findings"] if finding["check"] == "run"]
    assert (done.code, found["level"]) == (0, "note")
    assert "model-preload preload reader" in found["message"]


def test_interrupt_ends_it_at_once(ours: Program, hub: FaultyHub) -> None:
    silent = hub.fail(faults.LISTING, faults.silent)
    process = ours.start("doctor", "--json")
    faults.until(lambda: silent.happened > 0)
    began = time.monotonic()
    interrupt(process)
    done = finish(process)
    assert time.monotonic() - began < SOON
    assert (done.code, done.document["error"]["code"]) == (130, "interrupted")
    assert "Traceback" not in done.err


def test_wrong_catalog_is_wrong_usage(ours: Program) -> None:
    done = called([*ours.command("doctor", "--json")[:-1], str(ours.home / "gone.toml")], ours.environment)
    assert (done.returncode, '"code": "catalog"' in done.stdout) == (2, True)


def called(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """A call that `Program` has no words for."""
    return subprocess.run(
        command,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
