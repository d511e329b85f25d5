"""Preferences are saved and told; windows come back as they were."""

from pathlib import Path

import pytest
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from model_preload.core.errors import SettingsProblem
from model_preload.ui.preferences import Preferences
from model_preload.ui.window_memory import WindowMemory

pytestmark = pytest.mark.windows


def test_what_is_different_is_saved_and_told_once(qtbot: QtBot, tmp_path: Path) -> None:
    one = Preferences(tmp_path, {})
    with qtbot.waitSignal(one.changed) as told:
        one.save(connections=3, theme=one.value.theme)
    assert told.args == [frozenset({"connections"})]
    assert (one.value.connections, Preferences(tmp_path, {}).value.connections) == (3, 3)
    with qtbot.assertNotEmitted(one.changed):
        one.save(connections=3)
    with pytest.raises(SettingsProblem):
        one.save(connections="many")
    assert one.value.connections == 3


class Remembering(QWidget):
    def __init__(self, told: bytes = b"") -> None:
        super().__init__()
        self.told = told

    def state(self) -> bytes:
        return self.told

    def restore(self, state: bytes) -> None:
        self.told = state


def test_a_window_comes_back_as_it_was(qtbot: QtBot, tmp_path: Path) -> None:
    before, after = Remembering(b"\0columns"), Remembering()
    qtbot.addWidget(before)
    qtbot.addWidget(after)
    before.setGeometry(QRect(40, 50, 300, 200))
    WindowMemory(tmp_path).save("log", before)
    WindowMemory(tmp_path).restore("log", after)
    assert (after.size(), after.told) == (before.size(), b"\0columns")


@pytest.mark.parametrize("written", ["", "nonsense", "[log]\ngeometry=@ByteArray(x)\nstate=7\n"])
def test_what_can_not_be_read_is_forgotten(qtbot: QtBot, tmp_path: Path, written: str) -> None:
    (tmp_path / "windows.ini").write_text(written, encoding="utf-8")
    window = Remembering(b"own")
    qtbot.addWidget(window)
    WindowMemory(tmp_path).restore("log", window)
    assert window.told == b"own"


def test_the_first_time_is_once(tmp_path: Path) -> None:
    assert [WindowMemory(tmp_path).first_time(what) for what in ("a", "a", "b")] == [True, False, True]
