"""The test bed of the windows finds what it promises to find."""

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QPropertyAnimation, QThread, QThreadPool, QTimer
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from helpers import screens
from helpers.qt import Started
from helpers.screens import screenshot


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    return Started(monkeypatch)


def test_a_timer_that_goes_on_is_named_with_its_place(qapp: QApplication, started: Started) -> None:
    timer, forgotten = QTimer(), QTimer()
    timer.setObjectName("polling")
    timer.start(60_000)
    forgotten.start(60_000)
    del forgotten
    (place,) = started.left()
    assert place.startswith(f"QTimer 'polling' of {__file__}:")
    timer.stop()
    assert started.left() == []


def test_an_animation_that_goes_on_is_found(qtbot: QtBot, started: Started) -> None:
    label = QLabel()
    qtbot.addWidget(label)
    animation = QPropertyAnimation(label, b"minimumWidth", label)
    animation.setEndValue(5)
    animation.setDuration(60_000)
    animation.start()
    assert [place.split()[0] for place in started.left()] == ["QPropertyAnimation"]
    animation.stop()
    assert started.left() == []


def test_threads_and_pools_are_found(qapp: QApplication, started: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("helpers.qt._WAIT_MS", 10)
    thread, pool, free = QThread(), QThreadPool(), threading.Event()
    thread.start()
    pool.start(free.wait)
    assert [place.split()[0] for place in started.left()] == ["QThread", "QThreadPool"]
    thread.quit()
    free.set()
    assert thread.wait(2000)
    assert pool.waitForDone(2000)
    assert started.left() == []


def test_a_picture_is_as_large_as_its_window(qtbot: QtBot, tmp_path: Path) -> None:
    label = QLabel("Ready")
    qtbot.addWidget(label)
    label.resize(120, 40)
    picture = screenshot(label, tmp_path / "new folder" / "label.png")
    assert picture.stat().st_size > 100
    assert (picture.read_bytes()[16:24]) == (120).to_bytes(4, "big") + (40).to_bytes(4, "big")


def test_the_gallery_is_drawn_in_each_combination(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(screens, "_LANGUAGES", ("zh_CN",))
    monkeypatch.setattr(screens, "_SCALES", (2,))
    assert screens.main([str(tmp_path), "log-empty"]) == 0
    light, dark = (QImage(str(tmp_path / f"log-empty-zh_CN-{theme}-200.png")) for theme in ("light", "dark"))
    assert light.size() == dark.size()
    assert light.width() > 1000
    assert QColor(dark.pixel(2, 2)).lightness() < 128 < QColor(light.pixel(2, 2)).lightness()


def test_a_window_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert screens.main([str(tmp_path), "no-such"]) == 2
    assert "There is no no-such; there are log," in capsys.readouterr().err
