"""Settings that stand in the engines' way, and the change of the platform's `.env`: shown, written, undone."""

import errno
import json
import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from helpers.hub import make_repository
from helpers.workbench import Workbench, model, repository, workbench
from model_preload.core import errors
from model_preload.core.engines.dotenv import DotEnv
from model_preload.core.engines.obstacle import Obstacle
from model_preload.core.engines.obstacles import _RULES, obstacles
from model_preload.core.engines.situation import Situation
from model_preload.core.events import Control
from model_preload.core.files import Disk
from model_preload.core.tasks.apply_env import EnvChange, apply, propose, undo
from model_preload.core.texts import text
from model_preload.demo.hub import Hub

pytestmark = pytest.mark.windows
MARK = "# Model Preload: settings that let the engines find their models"


def found(content: str, *there: str, environ: Mapping[str, str] | None = None, **facts: Any) -> tuple[Obstacle, ...]:
    """What stands in the way on a Windows machine where these paths exist."""
    usual: dict[str, Any] = {
        "platform": "D:\\tianshu",
        "user_home": "C:\\Users\\王",
        "windows": True,
        "there": set(there).__contains__,
    }
    return obstacles(Situation(DotEnv(content, environ or {}), environ or {}, **{**usual, **facts}))


# Rules: content of the file, then code, whether it blocks, and the change

SOURCE: dict[str, str | None] = {"MODEL_DOWNLOAD_SOURCE": "huggingface"}
MINERU: dict[str, str | None] = {"MINERU_MODEL_SOURCE": "huggingface"}
WATERMARK: dict[str, str | None] = {"TIANSHU_WATERMARK_CACHE_DIR": "E:\\m\\watermark_models"}
OFFLINE = "HF_OFFLINE=1\nPADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK=1"
CHANGES: dict[str, tuple[str, str, bool, dict[str, str | None]]] = {
    "ModelScope": ("MODEL_DOWNLOAD_SOURCE=ModelScope", "download-source", True, SOURCE),
    "MinerU from ModelScope": ("MINERU_MODEL_SOURCE=modelscope", "mineru-source", True, MINERU),
    "MinerU from nowhere": ("MINERU_MODEL_SOURCE=auto", "mineru-source", True, MINERU),
    "MinerU from an empty word": ("MINERU_MODEL_SOURCE=", "mineru-source", True, MINERU),
    "local without configuration": ("MINERU_MODEL_SOURCE=local", "mineru-config", True, MINERU),
    "relative and nowhere": ("MINERU_TOOLS_CONFIG_JSON=a.json", "mineru-config", False, {}),
    "offline by a word that nothing reads": (OFFLINE, "offline-unread", False, {}),
    "Paddle's home": ("PADDLEOCR_HOME=E:\\p", "paddle-home", False, {"PADDLE_PDX_CACHE_HOME": "E:\\p"}),
    "Paddle's home, relative": ("PADDLEOCR_HOME=./p", "paddle-home", False, {}),
    "Paddle's check": ("HF_HUB_OFFLINE=1", "paddle-check", False, {"PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK": "True"}),
    "escapes in a path": ('TORCH_HOME="E:\\new\\模型"', "escaped-path", True, {"TORCH_HOME": "E:\\new\\模型"}),
    "escapes in a share": ('TORCH_HOME="\\\\server\\x"', "escaped-path", True, {"TORCH_HOME": "\\\\server\\x"}),
    "container": ("MODELSCOPE_CACHE=/app/.cache", "container-path", True, {"MODELSCOPE_CACHE": None}),
    "watermark": ("TIANSHU_MODEL_CACHE_DIR=E:\\m", "watermark-place", False, WATERMARK),
    "token": ("HF_HOME=E:\\hf", "token-place", False, {}),
    "a line that is none": ("K='open", "unreadable-lines", False, {}),
    "two bytes a character": ("K\0=\0001\0", "encoding", True, {}),
    "another encoding": ("# \udcb9\udcfa", "encoding", True, {}),
}


@pytest.mark.parametrize(("content", "code", "blocks", "changes"), CHANGES.values(), ids=CHANGES)
def test_setting_in_the_way(content: str, code: str, blocks: bool, changes: dict[str, str | None]) -> None:
    (obstacle,) = found(content)
    assert (obstacle.code, obstacle.blocks, obstacle.changes) == (code, blocks, changes)
    assert str(obstacle.told)
    assert str(obstacle.next_step)
    if changes:  # which helps
        assert found(DotEnv(content).with_values(changes).text) == ()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "MODEL_DOWNLOAD_SOURCE=auto\nMINERU_MODEL_SOURCE=huggingface\nHF_ENDPOINT=https://hf-mirror.com",
        "MODEL_DOWNLOAD_SOURCE=local\nHF_OFFLINE=0\nPADDLEOCR_HOME=",
        "MINERU_MODEL_SOURCE=modelscope\nMINERU_MODEL_SOURCE=huggingface",
        "HF_HUB_OFFLINE=1\nPADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK=True",
        "HF_HOME=E:\\new\nHF_TOKEN=x",
        "TORCH_HOME='E:\\new'",
        'TORCH_HOME="E:\\\\new"',
        'TORCH_HOME="E:/new"',
        'TORCH_HOME="\\\\\\\\server\\\\new"',
        'GREETING="C:\\new"',
        "TIANSHU_MODEL_CACHE_DIR=E:\\m\nTIANSHU_WATERMARK_CACHE_DIR=E:\\w",
        "PADDLEOCR_HOME=E:\\p\nPADDLE_PDX_CACHE_HOME=E:\\x",
        "MINERU_TOOLS_CONFIG_JSON=E:\\mineru.json",
        "\ufeffK=1",
    ],
)
def test_setting_not_in_the_way(content: str) -> None:
    assert found(content) == ()


# MinerU 3 and its settings

MODEL_CACHE = "D:\\tianshu\\backend\\utils\\model_cache.py"
CONFIG = "C:\\Users\\王\\mineru.json"
FROM_MODELSCOPE = "MODEL_DOWNLOAD_SOURCE=modelscope"
SNAPSHOT = "E:\\hub\\models--a--b\\snapshots\\1111"


def named(root: str, source: str = "") -> str:
    return json.dumps({"models-dir": {"pipeline": root}, "model-source": source})


@pytest.mark.parametrize(
    ("version", "content", "written", "there", "expected"),
    [
        ("3.4.5", "", "", [], ("mineru-source", True)),
        ("2.6.2", "", "", [], None),
        ("", "", "", [], None),
        ("3.4.5", "MINERU_MODEL_SOURCE=HuggingFace", "", [], None),
        ("3.4.5", "MINERU_MODEL_SOURCE=auto", "", [], ("mineru-source", True)),
        ("3.4.5", "", named("", "huggingface"), [], None),
        ("3.4.5", "", named("", "ModelScope"), [], ("mineru-source", True)),
        ("3.4.5", "", named("E:\\kit"), ["E:\\kit"], ("mineru-source", False)),
        (
            "3.4.5",
            "MODEL_DOWNLOAD_SOURCE=modelscope\nMINERU_MODEL_SOURCE=huggingface",
            named("E:\\kit"),
            ["E:\\kit"],
            None,
        ),
        ("3.4.5", "MINERU_MODEL_SOURCE=auto", named("E:\\kit"), ["E:\\kit"], ("mineru-source", True)),
        ("2.6.2", FROM_MODELSCOPE, named("E:\\kit"), ["E:\\kit"], ("download-source", True)),
        ("3.4.5", "MINERU_MODEL_SOURCE=huggingface", named(SNAPSHOT), [SNAPSHOT], ("mineru-folder", True)),
        ("3.4.5", "MINERU_MODEL_SOURCE=huggingface", named(SNAPSHOT[:-4] + "2222"), [SNAPSHOT], None),
        ("3.4.5", "MINERU_MODEL_SOURCE=huggingface", named(SNAPSHOT), [], None),
        ("2.6.2", "", named(SNAPSHOT), [SNAPSHOT], None),
    ],
)
def test_mineru_3_reads_its_settings_in_every_mode(
    version: str, content: str, written: str, there: list[str], expected: tuple[str, bool] | None
) -> None:
    files = {CONFIG: written or None, "E:\\hub\\models--a--b\\refs\\main": "2222"}
    packages = {"mineru": version} if version else {}
    obstacle = found(content, *there, packages=packages, read=files.get)
    assert [(one.code, one.blocks) for one in obstacle] == ([expected] if expected else [])
    for one in obstacle:
        if one.changes:
            assert found(DotEnv(content).with_values(one.changes).text, *there, packages=packages, read=files.get) == ()


@pytest.mark.parametrize(
    ("content", "newer", "changes"),
    [
        ("", True, SOURCE),
        ("MODEL_DOWNLOAD_SOURCE=Auto", True, SOURCE),
        ("MODEL_DOWNLOAD_SOURCE=auto", False, None),
        ("MODEL_DOWNLOAD_SOURCE=huggingface", True, None),
    ],
)
def test_a_newer_platform_takes_auto_for_modelscope(
    content: str, newer: bool, changes: dict[str, str | None] | None
) -> None:
    there = [MODEL_CACHE] if newer else []
    assert [one.changes for one in found(content, *there)] == ([changes] if changes else [])


def test_containers_paths_are_right_elsewhere() -> None:
    assert found("TORCH_HOME=/app/models", windows=False, user_home="/home/app", platform="/app") == ()


@pytest.mark.parametrize(
    ("there", "blocks", "path"),
    [
        ("C:\\Users\\王\\a.json", False, "C:\\Users\\王\\a.json"),
        ("D:\\tianshu\\backend\\a.json", True, "D:\\tianshu\\backend\\a.json"),
        ("D:\\tianshu\\a.json", True, "D:\\tianshu\\a.json"),
    ],
)
def test_relative_configuration_is_named_where_it_is(there: str, blocks: bool, path: str) -> None:
    (obstacle,) = found("MINERU_MODEL_SOURCE=local\nMINERU_TOOLS_CONFIG_JSON=a.json", there)
    assert (obstacle.blocks, obstacle.changes) == (blocks, {"MINERU_TOOLS_CONFIG_JSON": path})


def test_relative_configuration_that_is_nowhere_is_not_to_be_named() -> None:
    content = "MINERU_MODEL_SOURCE=local\nMINERU_TOOLS_CONFIG_JSON=a.json"
    (obstacle,) = found(content)
    assert (obstacle.code, obstacle.blocks, obstacle.changes) == ("mineru-config", True, MINERU)
    assert not any(one.blocks for one in found(DotEnv(content).with_values(MINERU).text))


def test_local_with_its_configuration_is_well() -> None:
    assert found("MINERU_MODEL_SOURCE=local", "C:\\Users\\王\\mineru.json") == ()
    assert found("MINERU_MODEL_SOURCE=local\nMINERU_TOOLS_CONFIG_JSON=E:\\m.json", "E:\\m.json") == ()


def test_what_is_in_its_place_stays_there() -> None:
    (paddle,) = found("PADDLEOCR_HOME=E:\\p", "C:\\Users\\王\\.paddlex\\official_models")
    assert paddle.changes == {}
    assert found("TIANSHU_MODEL_CACHE_DIR=E:\\m", "E:\\m\\yolo11x_watermark.pt") == ()


def test_offline_is_only_proposed_when_nothing_would_be_missing() -> None:
    refusal = text("The proxy refuses {host}.", host="hf-mirror.com")
    (refused,) = found("", refusal=refusal)
    assert (refused.code, refused.blocks, refused.changes) == ("hub-refused", True, {})
    assert "The proxy refuses hf-mirror.com." in str(refused.told)
    refused, check = found("", refusal=refusal, hub_models_ready=True)
    assert (refused.changes, check.code) == ({"HF_HUB_OFFLINE": "1"}, "paddle-check")
    assert [one.code for one in found("HF_HUB_OFFLINE=1", refusal=refusal)] == ["paddle-check"]
    unread, _ = found("HF_OFFLINE=1", hub_models_ready=True)
    assert (unread.code, unread.changes) == ("offline-unread", {"HF_HUB_OFFLINE": "1"})


@pytest.mark.parametrize(
    ("settings", "hub"),
    [
        ("", "https://huggingface.co"),
        ("MODEL_DOWNLOAD_SOURCE=huggingface", "https://hf-mirror.com"),
        ("MODEL_DOWNLOAD_SOURCE=huggingface\nHF_ENDPOINT=https://one.example", "https://one.example"),
    ],
)
def test_hub_is_that_of_the_platform(settings: str, hub: str) -> None:
    (refused,) = found(settings, refusal=text("no"))
    assert hub in str(refused.told)


@pytest.mark.parametrize(
    ("content", "version", "codes"),
    [
        ("\ufeffK=1", "1.2.2", ["byte-order-mark"]),
        ("\ufeffK=1", "1.2.3", []),
        ("\ufeffK=1", "", []),
        ("\ufeff# K=1\nL=1", "1.0.0", []),
        ("\ufeff\nK=1", "1.0.0", []),
        ("K=1", "1.0.0", []),
    ],
)
def test_byte_order_mark_by_the_platforms_version(content: str, version: str, codes: list[str]) -> None:
    packages = {"python-dotenv": version} if version else {}
    assert [one.code for one in found(content, packages=packages)] == codes


def test_what_the_environment_sets_cannot_be_changed_in_the_file() -> None:
    environ = {"MODEL_DOWNLOAD_SOURCE": "modelscope", "TORCH_HOME": "E:\\t"}
    (obstacle,) = found('MODEL_DOWNLOAD_SOURCE=auto\nTORCH_HOME="E:\\new"', environ=environ)
    assert (obstacle.setting, obstacle.changes) == ("MODEL_DOWNLOAD_SOURCE", {})
    assert "MODEL_DOWNLOAD_SOURCE=huggingface" in str(obstacle.next_step)
    assert found("MODEL_DOWNLOAD_SOURCE=modelscope", environ={"MODEL_DOWNLOAD_SOURCE": "auto"}) == ()


def test_manual_explains_every_rule() -> None:
    manual = (Path(__file__).resolve().parents[2] / "docs" / "command-line.md").read_text(encoding="utf-8")
    codes = {code for _, code, _, _ in CHANGES.values()} | {"hub-refused", "byte-order-mark", "mineru-folder"}
    assert len(codes) == len(_RULES)
    assert [code for code in codes if f"`{code}`" not in manual] == []


# The task, on real files


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub(make_repository({"weights.bin": b"w" * 1000})) as running:
        yield running


@pytest.fixture
def bench(hub: Hub, tmp_path: Path) -> Workbench:
    """A bench whose platform has a `.env`."""
    platform = tmp_path / "平台"
    (platform / "backend").mkdir(parents=True)
    (platform / "backend" / ".env").write_bytes(CONTENT)
    (platform / ".env").write_bytes(b"MODEL_DOWNLOAD_SOURCE=modelscope\n")
    bench = workbench(tmp_path, hub.endpoint, model("reader", repository("owner/model"), more="required = true"))
    return bench.with_settings(platform=platform)


CONTENT = "\ufeff# 天枢\r\nSECRET=s3cret\r\nMODEL_DOWNLOAD_SOURCE='modelscope'  # 国内\r\nHF_OFFLINE=1".encode()
CHANGED = (
    "\ufeff# 天枢\r\nSECRET=s3cret\r\nMODEL_DOWNLOAD_SOURCE=huggingface  # 国内\r\nHF_OFFLINE=1\r\n"
    f"{MARK}\r\nPADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK=True\r\n"
).encode()


def proposed(bench: Workbench) -> EnvChange:
    with bench.opened() as services:
        return propose(services, Control())


def undone(bench: Workbench) -> Path:
    with bench.opened() as services:
        return undo(services)


def backups(folder: Path) -> list[Path]:
    return sorted(folder.glob(".env.*"))


def test_change_is_proposed_written_and_undone(bench: Workbench) -> None:
    change = proposed(bench)
    file = change.file
    assert (file.read_bytes(), change.after.encoded, change.remaining) == (CONTENT, CHANGED, ())
    assert change.diff.splitlines() == [
        f"--- {file}",
        f"+++ {file}",
        "@@ -3 +3 @@",
        "-MODEL_DOWNLOAD_SOURCE='modelscope'  # 国内",
        "+MODEL_DOWNLOAD_SOURCE=huggingface  # 国内",
        "@@ -4,0 +5,2 @@",
        f"+{MARK}",
        "+PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK=True",
    ]
    backup = apply(change, Disk())
    assert (file.read_bytes(), backup.read_bytes(), backups(file.parent)) == (CHANGED, CONTENT, [backup])
    assert not proposed(bench).is_needed
    assert undone(bench) == file
    assert (file.read_bytes(), backups(file.parent)) == (CONTENT, [])
    with pytest.raises(errors.NothingToUndo):
        undone(bench)


def test_changes_are_undone_one_by_one(bench: Workbench) -> None:
    first = proposed(bench)
    apply(first, Disk())
    second = replace(first, before=first.after, after=first.after.with_values({"K": "1"}))
    apply(second, Disk())
    assert undone(bench).read_bytes() == CHANGED
    assert undone(bench).read_bytes() == CONTENT


def test_file_that_was_changed_meanwhile_is_left_alone(bench: Workbench) -> None:
    change = proposed(bench)
    change.file.write_bytes(CONTENT + b"\r\n# mine")
    with pytest.raises(errors.EnvFileChanged):
        apply(change, Disk())
    assert backups(change.file.parent) == []
    apply(proposed(bench), Disk())
    (backup,) = backups(change.file.parent)
    change.file.write_bytes(CHANGED + b"# mine again")
    with pytest.raises(errors.EnvFileChanged):
        undone(bench)
    assert change.file.read_bytes() == CHANGED + b"# mine again"
    assert backups(change.file.parent) == [backup]


def test_write_that_was_interrupted_between_backup_and_file_does_no_harm(bench: Workbench) -> None:
    class Full(Disk):
        def write_bytes(self, path: Path, content: bytes, *, like: Path | None = None) -> None:
            if path.name == ".env":
                raise errors.DiskFull(path, 0)
            super().write_bytes(path, content, like=like)

    change = proposed(bench)
    with pytest.raises(errors.DiskFull):
        apply(change, Full())
    assert change.file.read_bytes() == CONTENT
    with pytest.raises(errors.EnvFileChanged):
        undone(bench)
    apply(proposed(bench), Disk())
    assert undone(bench).read_bytes() == CONTENT


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_permissions_and_links_stay(bench: Workbench, tmp_path: Path) -> None:
    link = proposed(bench).file
    real = tmp_path / "real.env"
    link.rename(real)
    link.symlink_to(real)
    real.chmod(0o600)
    backup = apply(proposed(bench), Disk())
    assert (link.is_symlink(), real.read_bytes(), backup.parent) == (True, CHANGED, tmp_path)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (real, backup)] == [0o600, 0o600]
    assert undone(bench) == real


def test_root_counts_where_the_backend_has_none(bench: Workbench) -> None:
    change = proposed(bench)
    change.file.unlink()
    root = proposed(bench)
    assert (root.file, root.is_needed) == (change.file.parents[1] / ".env", True)
    root.file.unlink()
    (root.file.parent / ".env.example").write_bytes(b"MODEL_DOWNLOAD_SOURCE=modelscope\n")
    for action in (proposed, undone):
        with pytest.raises(errors.EnvFileMissing):
            action(bench)
    assert sorted(path.name for path in root.file.parent.iterdir()) == [".env.example", "backend"]


@pytest.mark.parametrize("name", ["TIANSHU_MODEL_CACHE_DIR", "MINERU_TOOLS_CONFIG_JSON"])
@pytest.mark.parametrize("reason", [errno.EACCES, errno.ENAMETOOLONG])
def test_what_can_not_be_looked_at_is_not_there(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, reason: int
) -> None:
    """As a path in another user's folder, or one that this system can't have; `os.stat` tells both by an error."""
    looked = os.stat

    def looking(path: Any, **how: Any) -> os.stat_result:
        if "elsewhere" in str(path):
            raise OSError(reason, os.strerror(reason))
        return looked(path, **how)

    assert bench.settings.platform
    file = bench.settings.platform / "backend" / ".env"
    file.write_text(f"{name}={tmp_path / 'elsewhere' / 'a.json'}\nMINERU_MODEL_SOURCE=local\n", encoding="utf-8")
    monkeypatch.setattr(os, "stat", looking)
    assert MINERU in [one.changes for one in proposed(bench).found]


def test_folder_has_to_be_known(bench: Workbench) -> None:
    with pytest.raises(errors.PlatformUnknown) as refused:
        proposed(bench.with_settings(platform=None))
    assert refused.value.exit_code == 2
    assert "MODEL_PRELOAD_PLATFORM" in str(refused.value.next_step)


def test_offline_is_proposed_when_all_from_the_hub_is_ready(bench: Workbench) -> None:
    assert bench.preload().outcome == "done"
    assert b"\r\nHF_HUB_OFFLINE=1\r\n" in proposed(bench).after.encoded
    with bench.opened() as services:
        weights = next(path for path in bench.cache.rglob("weights.bin"))
        services.disk.remove(weights)
    assert b"HF_HUB_OFFLINE" not in proposed(bench).after.encoded


def test_proxy_that_refuses_the_platforms_hub_is_found(bench: Workbench, expected_log: Callable[..., None]) -> None:
    expected_log("")
    bench = replace(bench, proxies={"https": "http://127.0.0.1:9"})
    file = proposed(replace(bench, proxies={})).file
    file.write_bytes(b"HF_ENDPOINT=https://one.invalid\n")
    (refused,) = proposed(bench).found
    assert (refused.code, refused.setting) == ("hub-refused", "HF_ENDPOINT")
    assert "https://one.invalid" in str(refused.told)
    file.write_bytes(b"HF_ENDPOINT=no address\n")
    assert proposed(bench).found == ()
