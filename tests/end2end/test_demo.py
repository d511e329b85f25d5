"""The demo: everything ready, once interrupted, nothing left behind."""

import time
from pathlib import Path

import pytest

from helpers.clock import SOON
from helpers.program import Program, finish, interrupt

SECONDS = 20


@pytest.fixture
def demo(tmp_path: Path) -> Program:
    (tmp_path / "temporary").mkdir()
    folder = str(tmp_path / "temporary")
    return Program(tmp_path, "http://127.0.0.1:9", "", {"TMPDIR": folder, "TEMP": folder, "TMP": folder})


def test_demo_ends_with_every_model_ready_and_leaves_nothing(demo: Program, tmp_path: Path) -> None:
    began = time.monotonic()
    done = demo.run("demo", "--json", "--lang", "zh")
    assert time.monotonic() - began < SECONDS
    assert (done.code, done.err) == (0, "")
    document = done.document
    assert document["success"]
    assert [found["verdict"] for found in document["models"].values()] == ["ready"] * 3
    assert document["models"]["demo-large"]["name"] == "演示：单个大文件"
    assert document["interrupted_run"]["outcome"] == "interrupted"
    assert document["run"]["outcome"] == "done"
    fetched = document["interrupted_run"]["bytes_fetched"] + document["run"]["bytes_fetched"]
    size = sum(found["bytes"] for found in document["models"].values())
    assert size <= fetched < size * 1.2
    assert document["run"]["bytes_fetched"] < size * 0.9
    assert list((tmp_path / "temporary").iterdir()) == []
    assert {path.name for path in demo.state.iterdir()} == {"settings.toml"}


def test_demo_that_is_interrupted_leaves_nothing(demo: Program, tmp_path: Path) -> None:
    process = demo.start("demo", "--lang", "zh")
    assert process.stderr is not None
    assert "内置的模型站点" in process.stderr.readline()
    assert "第一次运行" in process.stderr.readline()
    interrupt(process)
    began = time.monotonic()
    stopped = finish(process)
    assert time.monotonic() - began < SOON
    assert stopped.code == 130
    assert "Traceback" not in stopped.err
    assert "继续运行：model-preload demo" in stopped.err
    assert list((tmp_path / "temporary").iterdir()) == []
