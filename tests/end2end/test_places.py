"""Folders as people have them: Chinese names, very long paths, and places where nothing can be written."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from helpers.hub import hf, make_repository
from helpers.program import Program, program
from helpers.workbench import model, repository
from model_preload.core.files.disk import extended
from model_preload.demo.hub import Hub

FILES = {"weights.safetensors": bytes(range(256)) * 5_000, "深/层/配置.json": b"{}\n", "config.json": b"{}\n"}


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub(make_repository(FILES)) as running:
        yield running


def two_models(folder: Path) -> str:
    cached = model("cached", repository("owner/model"))
    return cached + model("plain", repository("owner/model"), f"folder = '{folder.as_posix()}'")


def brings_everything(ours: Program) -> None:
    done = ours.run("preload", "--json")
    assert (done.code, done.document["success"]) == (0, True), done.err
    for found in done.document["models"].values():
        for name, content in FILES.items():
            assert Path(extended(Path(found["location"], *name.split("/")))).read_bytes() == content
    assert ours.run("status", "--deep").code == 0


@pytest.mark.parametrize("links", ["with symlinks", "without symlinks"])
def test_chinese_names_everywhere(tmp_path: Path, hub: Hub, links: str) -> None:
    environ = {"MODEL_PRELOAD_HOME": str(tmp_path / "状态 文件夹"), "HF_HOME": str(tmp_path / "缓存")}
    if links == "without symlinks":
        environ["HF_HUB_DISABLE_SYMLINKS"] = "1"
    ours = program(tmp_path / "用户", hub, two_models(tmp_path / "平台" / "模型"), **environ)
    brings_everything(ours)
    assert (tmp_path / "平台" / "模型" / "config.json").is_file()
    checked = hf(hub, ours.hf_home, "cache", "verify", "owner/model", "--fail-on-missing-files")
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("links", ["with symlinks", "without symlinks"])
def test_paths_of_more_than_260_characters(tmp_path: Path, hub: Hub, links: str) -> None:
    deep = tmp_path.joinpath(*[f"folder-{number:02}-{'x' * 40}" for number in range(5)])
    assert len(str(deep)) > 260
    environ = {"HF_HOME": str(deep / "hf")}
    if links == "without symlinks":
        environ["HF_HUB_DISABLE_SYMLINKS"] = "1"
    brings_everything(program(tmp_path, hub, two_models(deep / "plain"), **environ))


def test_relative_folders_are_those_of_the_working_folder(tmp_path: Path, hub: Hub) -> None:
    ours = program(tmp_path, hub, model("cached", repository("owner/model")), HF_HOME="here/hf")
    done = ours.run("preload", "--json")
    assert done.code == 0, done.err
    location = Path(done.document["models"]["cached"]["location"])
    assert location.is_absolute()
    assert location.is_relative_to(tmp_path / "here" / "hf")


def blocked(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Places where no folder can be made, whoever asks."""
    (tmp_path / "file").write_text("x")
    yield "a file in its place", tmp_path / "file"
    yield "below a file", tmp_path / "file" / "state"
    if sys.platform == "linux":
        yield "a file system of the kernel's", Path("/sys/model-preload")


@pytest.mark.parametrize("name", ["catalog", "plan", "preload", "status"])
def test_state_that_cannot_be_written_is_refused_in_a_sentence(tmp_path: Path, hub: Hub, name: str) -> None:
    catalog = tmp_path / "catalog.toml"
    catalog.write_text("schema = 1\n" + model("cached", repository("owner/model")))
    for why, place in blocked(tmp_path):
        ours = program(tmp_path, hub, "")
        done = subprocess.run(
            [sys.executable, "-P", "-m", "model_preload", name, "--catalog", str(catalog), "--json"],
            env={**ours.environment, "MODEL_PRELOAD_HOME": str(place)},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 3, (why, done.stderr)
        assert str(place) in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps folders writable whatever their read-only flag")
@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="root writes everywhere")
def test_read_only_state_is_refused_in_a_sentence(tmp_path: Path, hub: Hub) -> None:
    ours = program(tmp_path, hub, model("cached", repository("owner/model")))
    assert ours.run("status").code == 1
    for path in (ours.state / "logs", ours.state):
        path.chmod(0o500)
    try:
        done = ours.run("preload")
    finally:
        for path in (ours.state, ours.state / "logs"):
            path.chmod(0o700)
    assert done.code == 3
    assert str(ours.state) in done.err
    assert "Traceback" not in done.err


def test_log_file_that_cannot_be_written_is_refused_in_a_sentence(tmp_path: Path, hub: Hub) -> None:
    ours = program(tmp_path, hub, model("cached", repository("owner/model")))
    (ours.state / "logs" / "model-preload.log").mkdir(parents=True)
    done = ours.run("status")
    assert done.code == 3
    assert "model-preload.log" in done.err
    assert "Traceback" not in done.err


def test_place_that_cannot_be_written_fails_its_model_alone(tmp_path: Path, hub: Hub) -> None:
    (tmp_path / "file").write_text("x")
    ours = program(tmp_path, hub, two_models(tmp_path / "file" / "models"))
    done = ours.run("preload", "--json")
    assert "Traceback" not in done.err
    assert done.code == 1
    assert [found["ready"] for found in done.document["models"].values()] == [True, False]
    assert {error["key"] for error in done.document["run"]["errors"]} == {"plain"}


def test_login_of_hf_is_found_where_hf_keeps_it_also_with_a_cache_elsewhere(tmp_path: Path) -> None:
    with Hub(make_repository(FILES, private=True, readers=["hf_login"])) as private:
        ours = program(tmp_path, private, model("cached", repository("owner/model")))
        ours.hf_home.mkdir(parents=True)
        (ours.hf_home / "token").write_text("hf_login\n")
        assert ours.run("plan").code == 0
        elsewhere = replace(ours, home=tmp_path / "second").with_environ(
            HF_HOME=str(ours.hf_home), HF_HUB_CACHE=str(tmp_path / "elsewhere" / "hub")
        )
        assert elsewhere.run("preload").code == 0
        assert (tmp_path / "elsewhere" / "hub" / "models--owner--model").is_dir()
