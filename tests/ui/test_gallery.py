"""Windows of the gallery as a person has them: each opens on the system's own screen, is drawn, and closes."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from helpers.screens import screenshot
from model_preload.core import texts
from ui.gallery import WINDOWS

pytestmark = pytest.mark.windows
SHOWN = (
    *("catalog", "catalog-working", "status-ready", "status-machine", "log", "settings-general", "settings-hubs"),
    *("first-run", "first-run-start"),
)


@pytest.mark.parametrize("name", SHOWN)
def test_a_window_opens_is_drawn_and_closes(
    name: str, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    folder = tmp_path / "scene"
    folder.mkdir()
    shown(WINDOWS[name], folder, qtbot)


def test_chinese_is_drawn_with_signs_of_its_own(tmp_path: Path, qtbot: QtBot) -> None:
    """A font that has no Chinese draws one box for every sign."""
    texts.use("zh_CN")
    shown(WINDOWS["log-empty"], tmp_path, qtbot)


def shown(make: Callable[[Path], QWidget], folder: Path, qtbot: QtBot) -> None:
    window = make(folder)
    with qtbot.waitExposed(window):
        window.show()
    screenshot(window, folder / "picture.png")
    image = window.grab().toImage()
    colours = {image.pixel(x, y) for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}
    assert len(colours) > 8, "nothing is drawn"
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
