"""The command line in this process: documents as the outside relies on them, exit codes, sentences."""

import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from helpers.hub import make_repository
from helpers.workbench import model, repository
from model_preload.cli import arguments, main
from model_preload.core import errors
from model_preload.core.files import Disk
from model_preload.core.journal import Journal
from model_preload.core.queue import Queue
from model_preload.demo.hub import Hub

FILES = {"weights.bin": b"w" * 100_000, "config.json": b"{}\n"}
MODEL_KEYS = {
    *("ready", "name", "cache_hint", "message", "verdict", "reasons"),
    *("files", "bytes", "location", "checked_at", "proof"),
}
STATUS_KEYS = {"success", "models", "catalog", "any_ready", "any_missing", "first_use_tip", "timestamp"}
ENTRY_KEYS = {"key", "name", "required", "auto_download", "description"}
RUN_KEYS = {"id", "started_at", "finished_at", "outcome", "bytes_fetched", "bytes_total", "errors"}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    with Hub(make_repository(FILES)) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.endpoint)
        yield running


@pytest.fixture
def call(hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command line on a catalog of three models; gives exit code, standard output and standard error."""
    catalog = tmp_path / "catalog.toml"
    folder = f"folder = '{(tmp_path / 'plain').as_posix()}'"
    entries = (
        model("first", repository("owner/model")),
        model("second", repository("owner/model"), folder, "required = false\nauto_download = true"),
        model("absent", repository("owner/nothing"), more="required = false"),
    )
    catalog.write_text("schema = 1\n" + "".join(entries), encoding="utf-8")
    state = tmp_path / "state"
    state.mkdir()
    (state / "settings.toml").write_text("reserve = 0\n")

    def run(*words: str) -> tuple[int, str, str]:
        code = main([*words, "--catalog", str(catalog)])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


def document(shown: tuple[int, str, str]) -> Any:
    """The one document: anything before or after it is an error of `json`."""
    return json.loads(shown[1])


def check_status(found: dict[str, Any]) -> None:
    assert set(found) - {"run"} == STATUS_KEYS
    assert all(set(one) == MODEL_KEYS for one in found["models"].values())
    assert all(set(one) == ENTRY_KEYS for one in found["catalog"])
    assert MOMENT.fullmatch(found["timestamp"])
    written = datetime.fromisoformat(found["timestamp"])
    assert abs((datetime.now(UTC) - written).total_seconds()) < 60


# Documents


def test_document_of_a_status(call: Call) -> None:
    shown = call("status", "--json")
    found = document(shown)
    check_status(found)
    assert (shown[0], found["success"], found["any_ready"], found["any_missing"]) == (1, False, False, True)
    assert "model-preload preload" in found["first_use_tip"]
    assert [one["key"] for one in found["catalog"]] == ["first", "second", "absent"]
    assert [one["required"] for one in found["catalog"]] == [True, False, False]
    assert [one["auto_download"] for one in found["catalog"]] == [False, True, False]
    first = found["models"]["first"]
    assert (first["ready"], first["verdict"], first["checked_at"], first["files"]) == (False, "missing", None, 0)
    assert first["message"] == "; ".join(first["reasons"]) == "it was not preloaded yet"


def test_document_of_a_preload(call: Call, tmp_path: Path) -> None:
    shown = call("preload", "first", "second", "--json")
    found = document(shown)
    check_status(found)
    run = found["run"]
    assert set(run) == RUN_KEYS
    assert all(MOMENT.fullmatch(run[name]) for name in ("started_at", "finished_at"))
    size = sum(map(len, FILES.values()))
    assert (shown[0], found["success"], run["outcome"], run["errors"]) == (0, True, "done", [])
    assert (run["bytes_fetched"], run["bytes_total"]) == (2 * size, 2 * size)
    assert set(found["models"]) == {"first", "second"}
    second = found["models"]["second"]
    assert (second["verdict"], second["files"], second["bytes"], second["reasons"]) == ("ready", 2, size, [])
    assert second["location"] == second["cache_hint"] == str(tmp_path / "plain")
    assert MOMENT.fullmatch(second["checked_at"])
    assert (found["any_ready"], found["any_missing"], found["first_use_tip"]) == (True, False, "")


def test_document_of_a_preload_that_failed(call: Call, expected_log: Callable[..., None]) -> None:
    expected_log("owner/nothing")
    shown = call("preload", "--json")
    found = document(shown)
    assert (shown[0], found["success"], found["run"]["outcome"]) == (1, False, "failed")
    (error,) = found["run"]["errors"]
    assert set(error) == {"key", "file", "code", "message"}
    assert (error["key"], error["file"]) == ("absent", "")
    assert error["code"] == "repository-private"
    assert "HF_TOKEN" in error["message"]
    assert [one["ready"] for one in found["models"].values()] == [True, True, False]


def test_document_of_a_plan(call: Call, hub: Hub) -> None:
    shown = call("plan", "first", "--json")
    found = document(shown)
    size = sum(map(len, FILES.values()))
    assert (shown[0], found["success"], found["bytes_to_fetch"], found["refusals"]) == (0, True, size, [])
    fetch = sorted(found["files"]["fetch"], key=lambda one: str(one["file"]))
    assert fetch == [{"model": "first", "file": name, "bytes": len(FILES[name])} for name in sorted(FILES)]
    assert (found["files"]["check"], found["files"]["ready"]) == ([], 0)
    (drive,) = found["drives"]
    assert set(drive) == {"drive", "bytes_needed", "bytes_free"}
    assert hub.bytes_served == 0
    assert call("preload", "first", "--quiet")[0] == 0
    assert document(call("plan", "first", "--json"))["files"] == {"fetch": [], "check": [], "ready": 2}


def test_document_of_the_catalog(call: Call, tmp_path: Path) -> None:
    assert call("preload", "first", "--quiet")[0] == 0
    found = document(call("catalog", "--json"))
    assert found["success"]
    first, second, _ = found["models"]
    size = sum(map(len, FILES.values()))
    assert (first["key"], first["files"], first["bytes"], first["needs"]) == ("first", 2, size, [])
    assert (second["required"], second["files"], first["place"]) == (False, 2, "huggingface")
    assert second["location"] == str(tmp_path / "plain")
    assert all(one["sources"] for one in found["models"])


@pytest.mark.parametrize(
    ("words", "exit_code", "code"),
    [
        (["status", "nothing"], 2, "unknown-model"),
        (["preload", "first", "--models", "nothing"], 2, "unknown-model"),
        (["plan", "nothing"], 2, "unknown-model"),
        (["catalog", "--nothing"], 2, "usage"),
        (["nothing"], 2, "usage"),
        (["status", "--log-level", "loud"], 2, "usage"),
        (["preload", "--limit", "fast"], 2, "usage"),
        (["preload", "--limit", "0"], 2, "usage"),
        (["preload", "--limit", ""], 2, "usage"),
        (["preload", "--limit", "9" * 400], 2, "usage"),
        (["preload", "--models", ""], 2, "usage"),
        (["preload", "--models", ","], 2, "usage"),
        *((["verify-engines", "--timeout", time], 2, "usage") for time in ("nan", "inf", "1e400", "0", "-1", "x", "")),
        *((["status", "--lang", language], 2, "usage") for language in ("xx", "", "fr_FR.UTF-8")),
        (["preload", "second", "--required"], 2, "usage"),
        (["plan", "absent"], 1, "repository-private"),
    ],
)
def test_document_of_a_failure(
    call: Call, words: list[str], exit_code: int, code: str, expected_log: Callable[..., None]
) -> None:
    expected_log("")
    shown = call(*words, "--json")
    found = document(shown)
    assert (shown[0], found["success"], found["error"]["code"]) == (exit_code, False, code)
    assert set(found) == {"success", "error"}
    assert set(found["error"]) == {"code", "message", "next_step"}
    assert all(found["error"].values())
    assert found["error"]["message"] in shown[2]
    assert found["error"]["next_step"] in shown[2]


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a platform whose `.env` has one setting in the way, and a secret beside it."""
    folder = tmp_path / "platform"
    (folder / "backend").mkdir(parents=True)
    (folder / "backend" / ".env").write_bytes(b"SECRET=s3cret\nMODEL_DOWNLOAD_SOURCE=modelscope\n")
    monkeypatch.setenv("MODEL_PRELOAD_PLATFORM", str(folder))
    monkeypatch.delenv("MODEL_DOWNLOAD_SOURCE", raising=False)
    return folder


def test_document_of_a_change_to_the_platforms_env(call: Call, platform: Path) -> None:
    file = platform / "backend" / ".env"
    shown = call("apply-env", "--json")
    found = document(shown)
    assert set(found) == {
        *("success", "file", "findings", "diff", "applied", "undone", "backup", "timestamp"),
    }
    assert (shown[0], found["success"], found["applied"], found["backup"]) == (1, False, False, None)
    assert (found["file"], MOMENT.fullmatch(found["timestamp"]) is None) == (str(file), False)
    (finding,) = found["findings"]
    assert set(finding) == {"code", "setting", "level", "message", "next_step", "changes"}
    assert (finding["code"], finding["level"]) == ("download-source", "problem")
    assert finding["changes"] == {"MODEL_DOWNLOAD_SOURCE": "huggingface"}
    assert found["diff"].endswith("\n-MODEL_DOWNLOAD_SOURCE=modelscope\n+MODEL_DOWNLOAD_SOURCE=huggingface")
    assert "s3cret" not in shown[1]

    shown = call("apply-env", "--yes", "--json")
    found = document(shown)
    assert (shown[0], found["success"], found["applied"]) == (0, True, True)
    assert Path(found["backup"]).parent == file.parent
    assert file.read_bytes() == b"SECRET=s3cret\nMODEL_DOWNLOAD_SOURCE=huggingface\n"
    shown = call("apply-env", "--yes", "--json")
    found = document(shown)
    assert (shown[0], found["applied"], found["findings"], found["diff"]) == (0, False, [], "")

    shown = call("apply-env", "--undo", "--json")
    found = document(shown)
    assert (shown[0], found["success"], found["undone"], found["file"]) == (0, True, True, str(file))
    assert file.read_bytes() == b"SECRET=s3cret\nMODEL_DOWNLOAD_SOURCE=modelscope\n"


def test_people_see_what_would_change_and_how(call: Call, platform: Path) -> None:
    code, out, _ = call("apply-env")
    assert code == 1
    assert "Problem MODEL_DOWNLOAD_SOURCE=modelscope makes MinerU read" in out
    assert "\n-MODEL_DOWNLOAD_SOURCE=modelscope\n+MODEL_DOWNLOAD_SOURCE=huggingface\n" in out
    assert "To change it: model-preload apply-env" in out
    assert "s3cret" not in out
    code, out, _ = call("apply-env", "--yes")
    (backup,) = (platform / "backend").glob(".env.*.bak")
    assert (code, str(backup) in out, "--undo" in out) == (0, True, True)
    code, out, _ = call("apply-env")
    assert (code, "there is nothing to change" in out) == (0, True)
    code, out, _ = call("apply-env", "--undo")
    assert (code, "is as it was before" in out) == (0, True)


def test_what_no_change_of_the_file_helps_stays_exit_1(
    call: Call, platform: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_DOWNLOAD_SOURCE", "modelscope")
    shown = call("apply-env", "--yes", "--json")
    found = document(shown)
    assert (shown[0], found["success"], found["applied"], found["diff"]) == (1, False, False, "")
    assert "The environment itself sets MODEL_DOWNLOAD_SOURCE" in found["findings"][0]["next_step"]


@pytest.mark.parametrize(
    ("words", "exit_code", "code"),
    [
        (["--undo"], 3, "nothing-to-undo"),
        (["--undo", "--yes"], 2, "usage"),
        (["first"], 2, "usage"),
    ],
)
def test_platforms_env_that_is_left_as_it_is(
    call: Call, platform: Path, words: list[str], exit_code: int, code: str, expected_log: Callable[..., None]
) -> None:
    expected_log("")
    shown = call("apply-env", *words, "--json")
    assert (shown[0], document(shown)["error"]["code"]) == (exit_code, code)


def test_platform_that_is_not_known_or_has_no_env(
    call: Call, platform: Path, monkeypatch: pytest.MonkeyPatch, expected_log: Callable[..., None]
) -> None:
    expected_log("")
    (platform / "backend" / ".env").unlink()
    shown = call("apply-env", "--json")
    assert (shown[0], document(shown)["error"]["code"]) == (3, "env-file-missing")
    monkeypatch.delenv("MODEL_PRELOAD_PLATFORM")
    shown = call("apply-env", "--json")
    assert (shown[0], document(shown)["error"]["code"]) == (2, "platform-unknown")


def test_words_cannot_be_shortened_so_that_a_document_is_promised_or_not(
    call: Call, expected_log: Callable[..., None]
) -> None:
    assert (call("status", "--js")[0], call("status", "--lan", "zh")[0]) == (2, 2)


# Into the platform's offline folder


def test_document_of_a_preload_into_a_folder(call: Call, hub: Hub, tmp_path: Path) -> None:
    target = tmp_path / "离线 模型"
    shown = call("preload", "--output", str(target), "--models", "first,second", "--json")
    found = document(shown)
    check_status({name: value for name, value in found.items() if name != "output"})
    assert (shown[0], found["success"], set(found["run"])) == (0, True, RUN_KEYS)
    assert [one["key"] for one in found["catalog"]] == ["first", "second", "absent"]
    assert found["output"] == json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    assert {key: one["status"] for key, one in found["output"]["models"].items()} == {
        "first": "downloaded",
        "second": "downloaded",
    }
    assert found["models"]["second"]["location"] == str(target / "second")
    assert (target / "second" / "weights.bin").read_bytes() == FILES["weights.bin"]
    assert not (tmp_path / "plain").exists()
    assert hub.bytes_served == sum(map(len, FILES.values()))  # the other one is a link
    assert call("preload", "--output", str(target), "--models", "first,second", "--force", "--quiet")[0] == 0
    assert hub.bytes_served == sum(map(len, FILES.values()))


@pytest.mark.parametrize("more", [["--output", "{out}"], []], ids=["output", "engines"])
def test_a_hub_that_can_t_be_asked_for_newer_ones_is_exit_1(
    call: Call, hub: Hub, tmp_path: Path, expected_log: Callable[..., None], more: list[str]
) -> None:
    expected_log("unreachable", "can't be reached", "first", "no answer")
    words = ["preload", "--models", "first", *(word.format(out=tmp_path / "out") for word in more), "--json"]
    assert call(*words)[0] == 0
    hub.close()
    shown = call(*words, "--force")
    found = document(shown)
    assert (shown[0], found["success"], found["run"]["outcome"]) == (1, False, "failed")
    assert found["models"]["first"]["ready"] is True


def test_a_folder_that_lacks_a_model_is_exit_1(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected_log: Callable[..., None]
) -> None:
    expected_log("owner/nothing")
    monkeypatch.chdir(tmp_path)
    code, out, told = call("preload", "--output", "models offline")
    assert code == 1
    assert f"second: {tmp_path / 'models offline' / 'second'}\n" in out
    assert "first: Ready, 100 kB fetched\n" in told
    found = json.loads((tmp_path / "models offline" / "manifest.json").read_text(encoding="utf-8"))["models"]
    assert [one["status"] for one in found.values()] == ["downloaded", "downloaded", "download_failed"]
    assert "HF_TOKEN" in found["absent"]["error"]


@pytest.mark.parametrize(
    ("words", "exit_code", "code"),
    [
        (["--models", "first,nothing", "--output", "out"], 2, "unknown-model"),
        (["--output", ""], 2, "usage"),
        (["--output", "catalog.toml"], 3, "not-a-folder"),
        (["--output", "catalog.toml/below"], 3, "not-a-folder"),
    ],
)
def test_folders_and_keys_that_can_t_be_are_refused(
    call: Call,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    exit_code: int,
    code: str,
    expected_log: Callable[..., None],
) -> None:
    expected_log("")
    monkeypatch.chdir(tmp_path)
    shown = call("preload", *words, "--json")
    assert (shown[0], document(shown)["error"]["code"]) == (exit_code, code)
    assert not (tmp_path / "out").exists()


# Exit codes and choices


def test_status_counts_what_is_required_or_was_ever_chosen(call: Call, expected_log: Callable[..., None]) -> None:
    expected_log("owner/nothing")
    assert call("status")[0] == 1
    assert call("preload", "--required")[0] == 0
    assert call("status")[0] == 0
    assert (call("status", "second")[0], call("status", "--required")[0]) == (1, 0)
    assert call("preload", "absent")[0] == 1
    assert call("status")[0] == 1


def test_models_are_named_in_either_way_and_brought_once(call: Call, hub: Hub) -> None:
    assert call("preload", "first", "--models", " second , first,", "--json")[0] == 0
    assert hub.bytes_served == 2 * sum(map(len, FILES.values()))


def test_wrong_catalog_and_wrong_settings_are_exit_2(
    call: Call, tmp_path: Path, expected_log: Callable[..., None]
) -> None:
    expected_log("can't be used")
    (tmp_path / "state" / "settings.toml").write_text("connections = 0\n")
    code, _, told = call("status")
    assert code == 2
    assert "“connections” is 0; expected is a whole number from 1 to 64" in told
    (tmp_path / "state" / "settings.toml").unlink()
    (tmp_path / "catalog.toml").write_text("schema = 2\n")
    assert call("status")[0] == 2


def test_refused_plan_is_exit_3_with_numbers_and_names(
    call: Call, tmp_path: Path, hub: Hub, expected_log: Callable[..., None]
) -> None:
    expected_log("Nothing was begun")
    (tmp_path / "state" / "settings.toml").write_text(f"reserve = {10**18}\n")
    for name in ("plan", "preload"):
        code, _, told = call(name, "first")
        assert code == 3
        assert "first" in told
        assert "1000000.0 TB" in told
    shown = call("plan", "first", "--json")
    assert (shown[0], document(shown)["success"], len(document(shown)["refusals"])) == (3, False, 1)
    shown = call("preload", "first", "--json")
    assert (shown[0], document(shown)["error"]["code"]) == (3, "plan-refused")
    assert hub.bytes_served == 0


def test_unknown_platform_folder_is_exit_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], hub: Hub, expected_log: Callable[..., None]
) -> None:
    expected_log("the platform's folder is not known")
    catalog = tmp_path / "platform.toml"
    entry = model("placed", repository("owner/model"), 'folder = "{platform}/models"')
    catalog.write_text("schema = 1\n" + entry, encoding="utf-8")
    assert main(["preload", "--catalog", str(catalog)]) == 3
    assert "MODEL_PRELOAD_PLATFORM" in capsys.readouterr().err
    assert main(["status", "--catalog", str(catalog)]) == 1
    assert main(["catalog", "--catalog", str(catalog)]) == 0


def test_a_place_that_is_not_known_keeps_no_other_model_from_coming(
    call: Call, tmp_path: Path, expected_log: Callable[..., None]
) -> None:
    expected_log("the platform's folder is not known")
    catalog = tmp_path / "catalog.toml"
    entry = model("placed", repository("owner/model"), 'folder = "{platform}/models"')
    catalog.write_text(catalog.read_text(encoding="utf-8") + entry, encoding="utf-8")
    found = document(call("preload", "first", "placed", "--json"))
    assert [error["code"] for error in found["run"]["errors"]] == ["place-unknown"]
    assert {key: one["ready"] for key, one in found["models"].items()} == {"first": True, "placed": False}
    code, _, told = call("plan", "first", "placed")
    assert (code, "the platform's folder is not known" in told) == (3, True)


def test_a_platform_that_is_not_there_is_not_made_up(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected_log: Callable[..., None]
) -> None:
    expected_log("is not there")
    monkeypatch.setenv("MODEL_PRELOAD_PLATFORM", str(tmp_path / "tpyo"))
    catalog = tmp_path / "catalog.toml"
    entry = model("placed", repository("owner/model"), 'folder = "{platform}/models"')
    catalog.write_text(catalog.read_text(encoding="utf-8") + entry, encoding="utf-8")
    for words in (["preload", "placed"], ["apply-env"]):
        code, _, told = call(*words)
        assert (code, f"{tmp_path / 'tpyo'} is not there" in told) == (3, True)
    assert not (tmp_path / "tpyo").exists()


@pytest.mark.parametrize("words", [["preload", "absent"], ["preload", "absent", "first"]])
def test_quiet_says_why_something_failed(call: Call, words: list[str], expected_log: Callable[..., None]) -> None:
    expected_log("owner/nothing")
    code, out, told = call(*words, "--quiet")
    assert (code, out, "absent" in told) == (1, "", True)


@pytest.mark.parametrize(
    ("words", "out", "code"),
    [(["preload", "first"], False, 0), (["status", "first"], True, 1), (["status", "--json"], True, 1)],
    ids=["progress", "table", "document"],
)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_output_that_can_not_be_written_stops_no_work(
    call: Call,
    monkeypatch: pytest.MonkeyPatch,
    expected_log: Callable[..., None],
    words: list[str],
    out: bool,
    code: int,
) -> None:
    expected_log("No space left")
    with Path("/dev/full").open("w", encoding="utf-8") as full, monkeypatch.context() as streams:
        streams.setattr(sys, "stdout" if out else "stderr", full)
        assert main([*words, "--catalog", str(Path(os.environ["HF_HOME"]).parent / "catalog.toml")]) == code
    assert call("status", "first")[0] == (1 if out else 0)


@pytest.mark.parametrize("words", [["--help"], ["preload", "--help"], ["--version"]])
def test_help_and_version_are_no_failure(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(words)
    shown = capsys.readouterr()
    assert (left.value.code, shown.err) == (0, "")
    assert ("model-preload 0" if words == ["--version"] else "usage: model-preload") in shown.out


def test_every_command_and_option_is_explained_in_the_manual() -> None:
    manual = (Path(__file__).resolve().parents[2] / "docs" / "command-line.md").read_text(encoding="utf-8")
    parser = arguments._parser()
    (commands,) = (action for action in parser._actions if isinstance(action.choices, dict))
    assert isinstance(commands.choices, dict)
    assert set(commands.choices) == set(arguments.COMMANDS)
    options = {name for one in commands.choices.values() for name in one._option_string_actions if name != "-h"}
    assert [name for name in (*commands.choices, *options, "--version") if f"`{name}" not in manual] == []


# Sentences


def test_people_are_told_verdicts_places_and_the_sum(call: Call, tmp_path: Path) -> None:
    code, out, told = call("preload", "first", "second")
    assert code == 0
    assert re.search(r"^first +Ready +2/2 +100 kB +\d{4}-\d\d-\d\d \d\d:\d\d *$", out, re.MULTILINE)
    assert f"second: {tmp_path / 'plain'}\n" in out
    assert out.endswith("2 of 2 models are ready.\n")
    assert "first (1 of 2)\n" in told
    assert "second: Ready, 100 kB fetched\n" in told
    (tmp_path / "plain" / "weights.bin").write_bytes(b"x" * 100_000)
    code, out, _ = call("status", "second", "--deep")
    assert code == 1
    assert "second: 1 file is damaged: weights.bin\n" in out
    assert out.endswith("0 of 1 model is ready.\n")


def test_errors_of_a_run_are_told_with_their_next_step_and_without_folding(
    call: Call, expected_log: Callable[..., None]
) -> None:
    expected_log("owner/nothing")
    code, out, told = call("preload", "absent")
    assert code == 1
    assert re.search(r"^absent: 127\.0\.0\.1:\d+ shows owner/nothing to no one .* Set HF_TOKEN .*$", told, re.MULTILINE)
    assert "absent: it was not preloaded yet" in out


def test_text_that_looks_like_markup_or_emoji_is_shown_as_it_is(call: Call, expected_log: Callable[..., None]) -> None:
    expected_log("smile")
    _, _, told = call("status", "[red]:smile:[/]\\")
    assert "“[red]:smile:[/]\\”" in told


def test_catalog_and_plan_are_told(call: Call, tmp_path: Path) -> None:
    code, out, _ = call("catalog")
    assert code == 0
    assert re.search(r"^second +second +no +– +– *$", out, re.MULTILINE)
    assert "first from huggingface:owner/model@main" in out
    code, out, _ = call("plan", "first")
    assert code == 0
    assert re.search(r"^first +2 +100 kB +0 +0 *$", out, re.MULTILINE)
    assert re.search(r"100 kB to write, .+ free$", out, re.MULTILINE)


# Streams


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "gbk", "cp437"])
@pytest.mark.parametrize("words", [("status",), ("catalog",), ("plan", "first"), ("preload", "first"), ("plan", "无")])
def test_no_code_page_ends_a_command(
    call: Call,
    monkeypatch: pytest.MonkeyPatch,
    encoding: str,
    words: tuple[str, ...],
    expected_log: Callable[..., None],
) -> None:
    expected_log("“无”")
    streams = {name: io.TextIOWrapper(io.BytesIO(), encoding=encoding) for name in ("stdout", "stderr")}
    with monkeypatch.context() as limited:
        for name, stream in streams.items():
            limited.setattr(sys, name, stream)
        code = call(*words, "--lang", "zh")[0]
    assert code == {"status": 1, "plan": 2 if "无" in words else 0}.get(words[0], 0)
    written = b""
    for stream in streams.values():
        stream.flush()
        assert isinstance(stream.buffer, io.BytesIO)
        written += stream.buffer.getvalue()
    assert written.decode(encoding)


# Words


@pytest.mark.parametrize(
    ("written", "bytes_a_second"),
    [
        *(("2M", 2_000_000), ("500k", 500_000), ("1.5MB/s", 1_500_000), ("1G", 10**9), ("700", 700)),
        *(("2m", 2_000_000), (" 2 MiB/s ", 2_000_000), ("1b", 1)),
    ],
)
def test_rates(written: str, bytes_a_second: int) -> None:
    assert arguments.rate(written) == bytes_a_second


@pytest.mark.parametrize("written", ["", "0", "0.5", "-1", "fast", "2T", "2M5", "1e9", "½M", "inf", "nan", "2,5M"])
def test_rates_that_are_none(written: str) -> None:
    with pytest.raises(errors.UsageProblem):
        arguments.rate(written)


def test_limit_holds(call: Call) -> None:
    began = datetime.now(UTC)
    assert call("preload", "first", "--limit", "100k", "--json")[0] == 0
    assert 0.3 < (datetime.now(UTC) - began).total_seconds() < 5


# What windows and command line share


def own(tmp_path: Path, content: str) -> Path:
    file = tmp_path / "state" / "catalog.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(content, encoding="utf-8")
    return file


def test_the_users_own_models_stand_beside_the_built_in_ones(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own(tmp_path, "schema = 1\n" + model("my-own", repository("owner/model")))
    (tmp_path / "state" / "settings.toml").write_text("reserve = 0\n")
    assert main(["catalog", "--json"]) == 0
    keys = [one["key"] for one in json.loads(capsys.readouterr().out)["models"]]
    assert keys[-1] == "my-own"
    assert "mineru" in keys
    assert main(["preload", "my-own", "--json"]) == 0


def test_a_broken_catalog_of_ones_own_is_named(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str], expected_log: Callable[..., None]
) -> None:
    expected_log("catalog.toml can't be used")
    file = own(tmp_path, "schema = ")
    assert main(["catalog"]) == 2
    assert str(file) in capsys.readouterr().err.replace("\n", "")


def test_the_proxy_of_the_settings_is_used(call: Call, tmp_path: Path, expected_log: Callable[..., None]) -> None:
    expected_log("")
    settings = tmp_path / "state" / "settings.toml"
    settings.write_text('reserve = 0\nproxy = "http://127.0.0.1:9"\n')
    code, _, said = call("plan", "first")
    assert code == 1
    assert "proxy http://127.0.0.1:9" in said.replace("\n", " ")
    settings.write_text('reserve = 0\nproxy = "none"\n')
    assert call("plan", "first")[0] == 0


def test_what_is_paused_is_preloaded_only_by_its_name(call: Call, tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "state" / "journal.sqlite3", Disk())
    queue = Queue(tmp_path / "state", Disk(), journal)
    queue.add(["first"])
    queue.hold(["first"])
    journal.close()
    code, _, said = call("preload", "--required")
    assert code == 1
    assert "It is paused" in said.replace("\n", " ")
    assert call("preload", "first")[0] == 0
