"""The log window: what is seen, what is copied, when it follows."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractItemModel, QEvent, Qt, QUrl
from PySide6.QtGui import QColor, QDesktopServices, QGuiApplication, QPalette
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from model_preload.core import texts
from model_preload.downloads.log_buffer import CAPACITY, LogBuffer
from model_preload.ui.log_model import ENTRY, LEVEL, MESSAGE, MODEL, LogFilter, LogModel
from model_preload.ui.log_window import LogWindow

NAMES = {"bert": "BERT", "vad": "Silero VAD"}
Write = Callable[..., None]


@pytest.fixture
def buffer(qtbot: QtBot) -> Iterator[LogBuffer]:
    made = LogBuffer()
    yield made
    made.deleteLater()


@pytest.fixture
def write(qtbot: QtBot, buffer: LogBuffer) -> Write:
    """Log so many records and wait until the buffer has delivered them."""

    def write(*messages: str, level: int = logging.INFO, logger: str = "model_preload.transfer") -> None:
        for message in messages:
            buffer.handler.handle(logging.LogRecord(logger, level, __file__, 1, message, None, None))
        wanted = buffer._inbox._number
        qtbot.waitUntil(lambda: bool(buffer.entries) and buffer.entries[-1].number == wanted, timeout=20_000)

    return write


@pytest.fixture
def window(qtbot: QtBot, buffer: LogBuffer, tmp_path: Path) -> LogWindow:
    made = LogWindow(buffer, tmp_path, NAMES)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def column(model: QAbstractItemModel, number: int) -> list[str]:
    return [model.index(row, number).data() for row in range(model.rowCount())]


def messages(window: LogWindow) -> list[str]:
    return column(window._model, MESSAGE)


def test_rows_say_level_in_words_and_model_by_name(buffer: LogBuffer, write: Write) -> None:
    model = LogModel(buffer, NAMES)
    write("bert: published a.bin")
    write("bart: unknown here", level=logging.WARNING)
    write("no model", level=logging.CRITICAL)
    write("fine", level=logging.DEBUG)
    assert column(model, LEVEL) == ["● Info", "▲ Warning", "■ Error", "○ Detail"]
    assert column(model, MODEL) == ["BERT", "", "", ""]
    assert model.index(1, LEVEL).data(Qt.ItemDataRole.AccessibleTextRole) == "Warning"
    assert model.index(2, 0).data(ENTRY).line == "no model"
    texts.use("zh_CN")
    assert column(model, LEVEL)[0].startswith("● ")


def contrast(one: float, other: float) -> float:
    low, high = sorted((one, other))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: QColor) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (colour.redF(), colour.greenF(), colour.blueF())
    )
    return float(0.2126 * red + 0.7152 * green + 0.0722 * blue)


@pytest.mark.parametrize("ground", ["#ffffff", "#f3f3f3", "#2d2d2d", "#191919"])
def test_level_colours_can_be_read_on_any_ground(
    qapp: QApplication, buffer: LogBuffer, write: Write, ground: str
) -> None:
    palette = QPalette(ground)
    palette.setColor(QPalette.ColorRole.Base, ground)
    before = qapp.palette()
    qapp.setPalette(palette)
    try:
        model = LogModel(buffer, NAMES)
        for level in (logging.DEBUG, logging.WARNING, logging.ERROR):
            write("x", level=level)
        colours = [model.index(row, LEVEL).data(Qt.ItemDataRole.ForegroundRole) for row in range(3)]
    finally:
        qapp.setPalette(before)
    back = luminance(palette.color(QPalette.ColorRole.Base))
    assert [colour.name() for colour in colours if contrast(luminance(colour), back) < 4.5] == []


@pytest.mark.parametrize(
    ("wanted", "seen"),
    [
        (LogFilter(), [1, 2, 3, 4]),
        (LogFilter(words="A.BIN"), [1, 3]),
        (LogFilter(words="HTTP"), [4]),
        (LogFilter(words="mainthread"), [1, 2, 3, 4]),
        (LogFilter(level=logging.WARNING), [3, 4]),
        (LogFilter(model="vad"), [2, 3]),
        (LogFilter(words="a.bin", level=logging.WARNING, model="vad"), [3]),
        (LogFilter(after=3), [4]),
        (LogFilter(words="nowhere"), []),
    ],
)
def test_filters(buffer: LogBuffer, write: Write, wanted: LogFilter, seen: list[int]) -> None:
    early, late = LogModel(buffer, NAMES), LogModel(buffer, NAMES)
    early.set_filter(wanted)
    write("bert: published a.bin", "vad: published b.onnx")
    write("vad: a.bin is damaged", level=logging.WARNING)
    write("the hub is silent", level=logging.ERROR, logger="model_preload.http")
    late.set_filter(wanted)
    for model in (early, late):
        assert [model.entry(row).number for row in range(model.rowCount())] == seen


def test_the_model_keeps_the_promises_of_models(buffer: LogBuffer, write: Write, qtmodeltester: ModelTester) -> None:
    model = LogModel(buffer, NAMES)
    qtmodeltester.check(model)
    write("a", "b")
    model.set_filter(LogFilter(words="b"))
    write("bb")
    assert column(model, MESSAGE) == ["b", "bb"]


def test_the_oldest_rows_go_and_who_reads_keeps_his_place(window: LogWindow, write: Write) -> None:
    write(*(f"n{number}" for number in range(CAPACITY)))
    bar = window._table.verticalScrollBar()
    bar.setValue(1000)
    assert not window._follow.isChecked()
    top = window._table.rowAt(1)
    before = window._model.entry(top).line
    write(*(f"m{number}" for number in range(700)))
    assert window._model.rowCount() == CAPACITY
    assert window._model.entry(0).line == "n700"
    assert window._model.entry(window._table.rowAt(1)).line == before


def test_follow_ends_by_scrolling_up_and_begins_at_the_end(window: LogWindow, write: Write) -> None:
    write(*(f"n{number}" for number in range(200)))
    bar = window._table.verticalScrollBar()
    assert window._follow.isChecked()
    assert bar.value() == bar.maximum() > 0
    bar.setValue(bar.maximum() - 5)
    assert not window._follow.isChecked()
    place = bar.value()
    write("new")
    assert bar.value() == place
    bar.setValue(bar.maximum())
    assert window._follow.isChecked()
    write("newer", "newest")
    assert bar.value() == bar.maximum()


def test_who_chooses_a_record_is_not_led_away_from_it(window: LogWindow, write: Write) -> None:
    write("first", "second\nwith more", "third")
    window._table.selectRow(1)
    assert not window._follow.isChecked()
    assert window._details.toPlainText().endswith("MainThread model_preload.transfer: second\nwith more")
    window._follow.setChecked(True)
    window._table.selectRow(2)
    assert window._follow.isChecked()


def test_a_hit_stays_chosen_among_its_neighbours(window: LogWindow, write: Write) -> None:
    write(*(f"n{number}" for number in range(300)))
    window._search.setText("n150")
    assert messages(window) == ["n150"]
    window._table.selectRow(0)
    window._search.clear()
    current = window._table.currentIndex()
    assert current.row() == 150
    assert window._table.visualRect(current).intersects(window._table.viewport().rect())
    window._search.setText("n7")
    assert not window._table.currentIndex().isValid()
    assert window._details.toPlainText() == ""


def test_the_fields_filter_together_and_show_all_undoes_it(qtbot: QtBot, window: LogWindow, write: Write) -> None:
    write("bert: a", "vad: a", "vad: b")
    write("vad: c", level=logging.ERROR)
    window._models.setCurrentIndex(window._models.findText("Silero VAD"))
    assert messages(window) == ["vad: a", "vad: b", "vad: c"]
    window._levels.setCurrentIndex(window._levels.findText("Errors only"))
    assert messages(window) == ["vad: c"]
    assert window._count.text() == "1 record"
    window._search.setText("nowhere")
    assert window._stack.currentIndex() == 1
    assert window._empty.text() == "No record is like this."
    qtbot.mouseClick(window._show_all, Qt.MouseButton.LeftButton)
    assert len(messages(window)) == 4
    assert window._stack.currentIndex() == 0


def test_an_empty_log_says_so_and_offers_nothing(window: LogWindow, write: Write) -> None:
    assert window._empty.text().startswith("There is nothing here yet.")
    assert window._stack.currentIndex() == 1
    enabled = [button.isEnabled() for button in (window._copy, window._clear, window._open)]
    assert enabled == [False, False, True]
    assert not window._show_all.isVisible()
    write("something")
    assert window._stack.currentIndex() == 0
    assert window._copy.isEnabled()
    assert window._clear.isEnabled()


def test_copy_takes_the_chosen_records_or_all_that_are_shown(qtbot: QtBot, window: LogWindow, write: Write) -> None:
    write("bert: a", "vad: b", "vad: c\nand more")
    window._search.setText("vad")
    qtbot.mouseClick(window._copy, Qt.MouseButton.LeftButton)
    copied = QGuiApplication.clipboard().text()
    assert [line[24:] for line in copied.splitlines()[:2]] == [
        "INFO    MainThread model_preload.transfer: vad: b",
        "INFO    MainThread model_preload.transfer: vad: c",
    ]
    assert copied.endswith("\nand more")
    window._table.selectRow(0)
    window._table.setFocus()
    qtbot.keyClick(window._table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().endswith(" vad: b")


def test_clear_hides_what_is_here_and_lets_new_ones_in(qtbot: QtBot, window: LogWindow, write: Write) -> None:
    write("old", "older")
    qtbot.mouseClick(window._clear, Qt.MouseButton.LeftButton)
    assert messages(window) == []
    assert window._empty.text().startswith("There is nothing here yet.")
    write("new")
    assert messages(window) == ["new"]


@pytest.mark.parametrize("works", [True, False])
def test_the_folder_is_opened_or_named(
    qtbot: QtBot, window: LogWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, works: bool
) -> None:
    asked: list[QUrl] = []

    def open_url(url: QUrl) -> bool:
        asked.append(url)
        return works

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    qtbot.mouseClick(window._open, Qt.MouseButton.LeftButton)
    assert asked == [QUrl.fromLocalFile(str(tmp_path))]
    assert window._notice.isVisible() is not works
    assert works or str(tmp_path) in window._notice.text()


def test_what_came_too_fast_is_told(window: LogWindow, write: Write) -> None:
    write(*("x" for _ in range(CAPACITY + 1234)))
    assert window._notice.text() == "1,234 records came too fast to be shown. They are in the file."
    assert window._count.text() == "20,000 records"


def test_keys(qtbot: QtBot, window: LogWindow, write: Write) -> None:
    window.activateWindow()
    window._details.setFocus()
    qtbot.keyClick(window._details, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert window._search.hasFocus()
    qtbot.keyClicks(window._search, "abc")
    assert window._filter.words == "abc"
    qtbot.keyClick(window._search, Qt.Key.Key_Escape)
    assert window._search.text() == ""
    assert window.isVisible()


def test_tab_goes_from_top_to_bottom(qtbot: QtBot, window: LogWindow, write: Write) -> None:
    write("a", "b")
    window.activateWindow()
    window._search.setFocus()
    order = [window._levels, window._models, window._table, window._details]
    order += [window._follow, window._copy, window._clear, window._open, window._search]
    for following in order:
        focused = QApplication.focusWidget()
        assert focused is not None
        qtbot.keyClick(focused, Qt.Key.Key_Tab)
        assert following.hasFocus(), following.accessibleName()


def test_another_catalog_keeps_the_chosen_model(window: LogWindow, write: Write) -> None:
    write("vad: a", "new: b")
    window._models.setCurrentIndex(window._models.findText("Silero VAD"))
    window.set_names({**NAMES, "new": "A new one"})
    assert [window._models.itemText(row) for row in range(4)] == ["All models", "A new one", "BERT", "Silero VAD"]
    assert messages(window) == ["vad: a"]
    window.set_names({"new": "A new one"})
    assert messages(window) == ["vad: a", "new: b"]
    assert column(window._model, MODEL) == ["", "A new one"]


def test_every_control_has_a_name_and_its_own_letter(window: LogWindow) -> None:
    controls = [
        widget
        for kind in (QAbstractButton, QComboBox, QLineEdit)
        for widget in window.findChildren(kind)
        if widget.parent() in {window, window._stack.widget(1)}
    ]
    assert len(controls) == 8
    words = [label.text() for label in window._labels]
    words += [control.text() for control in controls if isinstance(control, QAbstractButton)]
    letters = [word[word.index("&") + 1].lower() for word in words]
    assert len(set(letters)) == len(letters) == 8
    for field in (window._search, window._levels, window._models, window._table, window._details):
        assert field.accessibleName()


def test_the_language_changes_while_it_is_open(qtbot: QtBot, window: LogWindow) -> None:
    texts.use("zh_CN")
    QApplication.sendEvent(window, QEvent(QEvent.Type.LanguageChange))
    assert window._models.itemText(0) == str(texts.text("All models"))
    assert window.windowTitle() == str(texts.text("Log"))
