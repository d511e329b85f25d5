"""The files of one model, one by one."""

from pathlib import Path

import pytest

from helpers.workbench import Workbench, model, repository, workbench
from model_preload.core import errors
from model_preload.core.events import Control
from model_preload.core.tasks.files import ModelFiles, files
from model_preload.core.values import FileStatus
from model_preload.demo.hub import Hub
from model_preload.demo.repository import Repository


def found(bench: Workbench, key: str) -> ModelFiles:
    with bench.opened() as services:
        return files(services, key, Control())


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    catalog = model("whole", repository("demo/whole"), more='needs = ["part"]') + model(
        "part", repository("demo/part"), 'folder = "{home}/parts"'
    )
    with Hub(
        Repository.of("demo/whole", {"model.bin": b"w" * 5000, "sub/config.json": b"{}"}),
        Repository.of("demo/part", {"part.bin": b"p" * 300}),
    ) as hub:
        bench = workbench(tmp_path / "bench", hub.endpoint, catalog)
        bench.preload("whole")
        return bench


def test_its_own_and_those_of_its_parts(bench: Workbench) -> None:
    told = found(bench, "whole")
    listed = [(one.model, one.state.file.path, one.state.file.size, one.state.status) for one in told.files]
    assert listed == [
        ("whole", "model.bin", 5000, FileStatus.VERIFIED),
        ("whole", "sub/config.json", 2, FileStatus.VERIFIED),
        ("part", "part.bin", 300, FileStatus.VERIFIED),
    ]
    assert told.source == "huggingface:demo/whole@main"
    assert len(told.commit) == 40
    assert told.listed_at is not None
    assert told.place == bench.cache
    assert str(told.why) == "HF_HOME in the environment says so"


def test_what_lies_there_is_looked_at_anew(bench: Workbench) -> None:
    (bench.home / "parts" / "part.bin").unlink()
    assert [one.state.status for one in found(bench, "part").files] == [FileStatus.ABSENT]
    assert found(bench, "part").place == bench.home / "parts"


def test_one_that_no_hub_was_asked_for_has_a_place_only(tmp_path: Path) -> None:
    bench = workbench(tmp_path / "bench", "http://127.0.0.1:9", model("a", repository("demo/a")))
    told = found(bench, "a")
    assert (told.files, told.commit, told.listed_at) == ((), "", None)
    assert told.place == bench.cache


def test_a_place_that_is_not_known_is_none(tmp_path: Path) -> None:
    bench = workbench(tmp_path / "b", "http://127.0.0.1:9", model("a", repository("d/a"), 'folder = "{platform}/m"'))
    assert found(bench, "a") == ModelFiles()
    with pytest.raises(errors.UnknownModel):
        found(bench, "other")
