"""The log's file and whoever listens to it."""

import logging
from pathlib import Path

import pytest

from model_preload.core.errors import DiskProblem
from model_preload.core.files import Disk
from model_preload.system import logs

pytestmark = pytest.mark.windows


class Listener(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record.getMessage())


def test_our_records_go_to_the_file_and_to_who_asks(tmp_path: Path) -> None:
    listener = Listener()
    handlers = logs.set_up(tmp_path, Disk(), also=[listener])
    try:
        logging.getLogger("model_preload.transfer").info("%s: published %s", "bert", "a.bin")
        logging.getLogger("model_preload.transfer").debug("too fine")
        logging.getLogger("elsewhere").info("not ours")
    finally:
        logs.tear_down(handlers)
    logging.getLogger("model_preload.transfer").info("too late")
    assert listener.heard == ["bert: published a.bin"]
    (line,) = (logs.folder(tmp_path) / "model-preload.log").read_text(encoding="utf-8").splitlines()
    assert line.endswith("INFO    MainThread model_preload.transfer: bert: published a.bin")


def test_the_finest_level_asked_for_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    handlers = logs.set_up(tmp_path, Disk(), "debug")
    try:
        logging.getLogger("model_preload.http").debug("fine")
    finally:
        logs.tear_down(handlers)
    assert "DEBUG   MainThread model_preload.http: fine" in capsys.readouterr().err


def test_a_folder_that_can_not_be_made_is_a_circumstance(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("in the way")
    with pytest.raises(DiskProblem):
        logs.set_up(tmp_path, Disk())
