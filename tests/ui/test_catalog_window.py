"""The catalog window by keyboard, on a real desk."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QPoint, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QLineEdit,
    QMenu,
    QPushButton,
    QTableView,
    QTabWidget,
    QToolButton,
)
from pytestqt.qtbot import QtBot

from helpers.desk import Desk, desks
from model_preload.core import errors
from model_preload.core.catalog import Catalog
from model_preload.core.settings import Settings
from model_preload.core.tasks.preload import Mode
from model_preload.core.values import Verdict
from model_preload.demo.repository import Repository
from model_preload.downloads.values import Activity
from model_preload.ui.catalog.offers import Deed
from model_preload.ui.catalog.window import CatalogWindow, Page
from model_preload.ui.models.cells import Column

SLOW = 1_500_000
Key = Qt.Key


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    with desks(tmp_path) as make:
        yield make()


@pytest.fixture
def window(desk: Desk, qtbot: QtBot) -> CatalogWindow:
    window = CatalogWindow(
        desk.board, desk.downloads, desk.checks, desk.quick, "en", Settings(endpoint=desk.hub.endpoint)
    )
    qtbot.addWidget(window)
    window.preload_wanted.connect(desk.downloads.preload)
    window.show()
    qtbot.waitExposed(window)
    return window


def table(window: CatalogWindow) -> QTableView:
    return window._view


def activities(desk: Desk) -> list[Activity]:
    return [desk.downloads.work(key).activity for key in "abc"]


def words(window: CatalogWindow) -> str:
    return window._whole.text()


def test_preload_pause_resume_cancel_ready_by_keyboard(desk: Desk, window: CatalogWindow, qtbot: QtBot) -> None:
    desk.hub.rate = SLOW
    desk.checks.look()
    qtbot.waitUntil(lambda: words(window) == "3 required models are missing; 0 of 3 models are ready")
    qtbot.keyClick(window, Key.Key_P, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: activities(desk)[0] is Activity.FETCHING)
    assert not window._actions[Deed.PRELOAD_ALL].isEnabled()
    view = table(window)
    view.setFocus()
    qtbot.keyClick(view, Key.Key_Space)
    assert activities(desk)[0] is Activity.PAUSED
    assert view.model().index(0, Column.PROGRESS).data() == "Paused"
    qtbot.keyClick(view, Key.Key_Down)
    qtbot.keyClick(view, Key.Key_Delete)
    assert activities(desk)[1] is Activity.IDLE
    qtbot.keyClick(view, Key.Key_Up)
    desk.hub.rate = None
    with qtbot.waitSignal(desk.downloads.batch_finished, timeout=20_000):
        qtbot.keyClick(view, Key.Key_Space)
    with qtbot.waitSignal(desk.downloads.batch_finished, timeout=20_000):
        qtbot.keyClick(view, Key.Key_Down)
        qtbot.keyClick(view, Key.Key_Return)
    assert desk.verdicts == [Verdict.READY] * 3
    qtbot.waitUntil(lambda: words(window) == "Ready: 3 of 3 models are ready")
    assert not window._actions[Deed.PRELOAD_ALL].isEnabled()


def test_the_queue_s_order_by_keyboard(desk: Desk, window: CatalogWindow, qtbot: QtBot) -> None:
    desk.hub.rate = SLOW
    desk.downloads.preload(["a", "b", "c"])
    window.select("c")
    qtbot.keyClick(window, Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert desk.downloads.order() == ("a", "c", "b")
    qtbot.keyClick(window, Key.Key_End, Qt.KeyboardModifier.AltModifier)
    assert desk.downloads.order() == ("a", "b", "c")


def test_keys_do_nothing_to_what_is_not_selected(desk: Desk, window: CatalogWindow, qtbot: QtBot) -> None:
    desk.hub.rate = SLOW
    desk.downloads.preload(["a", "b"])
    window.select("c")
    assert window._actions[Deed.CANCEL].text() == "&Cancel all"
    qtbot.keyClick(table(window), Key.Key_Delete)
    qtbot.keyClick(table(window), Key.Key_Space)
    assert set(desk.downloads.order()) == {"a", "b"}
    assert Activity.PAUSED not in activities(desk)
    window._actions[Deed.CANCEL].trigger()
    assert desk.downloads.order() == ()


def test_it_only_asks_for_bytes(desk: Desk, window: CatalogWindow, qtbot: QtBot) -> None:
    window.preload_wanted.disconnect(desk.downloads.preload)
    window.select("b")
    for deed, keys, mode in (
        (Deed.PRELOAD_ALL, ("a", "b", "c"), Mode.BRING),
        (Deed.PRELOAD_SELECTED, ("b",), Mode.BRING),
        (Deed.UPDATE, ("b",), Mode.RENEW),
    ):
        with qtbot.waitSignal(window.preload_wanted) as asked:
            window._actions[deed].trigger()
        assert asked.args == [keys, mode]
    assert desk.downloads.order() == ()


def test_models_of_ones_own_are_others_work(window: CatalogWindow, qtbot: QtBot) -> None:
    window.use_own(frozenset(["b"]))
    window.select("a")
    assert not window._actions[Deed.EDIT].isEnabled()
    window.select("b")
    for deed, signal, given in (
        (Deed.ADD, window.add_wanted, []),
        (Deed.IMPORT, window.import_wanted, []),
        (Deed.EDIT, window.edit_wanted, ["b"]),
        (Deed.REMOVE, window.remove_wanted, ["b"]),
        (Deed.SHOW_LOG, window.log_wanted, ["b"]),
        (Deed.SHOW_STATUS, window.status_wanted, ["b"]),
    ):
        with qtbot.waitSignal(signal) as asked:
            window._actions[deed].trigger()
        assert asked.args == given


def test_search_from_the_keyboard(window: CatalogWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(window, Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    field = window.focusWidget()
    assert isinstance(field, QLineEdit)
    qtbot.keyClicks(field, "demo/b")
    assert table(window).model().rowCount() == 1
    qtbot.keyClicks(field, "xx")
    assert window._pages.currentIndex() == Page.NO_MATCH
    qtbot.keyClick(field, Key.Key_Escape)
    assert table(window).model().rowCount() == 3
    assert window._pages.currentIndex() == Page.MODELS
    assert window.focusWidget() is table(window)


def test_a_filter_gives_way_to_what_is_to_be_selected(window: CatalogWindow, qtbot: QtBot) -> None:
    (combo,) = window.findChildren(QComboBox)
    combo.setCurrentIndex(2)
    combo.activated.emit(2)
    assert window._pages.currentIndex() == Page.NO_MATCH
    window.select("c")
    current = window._view.current()
    assert current is not None
    assert current.model.key == "c"


def test_the_selection_outlives_another_catalog(desk: Desk, window: CatalogWindow) -> None:
    window.select("c")
    desk.board.use(Catalog(desk.board.catalog.models[1:]))
    assert [one.model.key for one in window._view.selected()] == ["c"]
    assert window._details._key == "c"
    desk.board.use(Catalog(()))
    assert window._pages.currentIndex() == Page.EMPTY
    assert window._details._key == ""


def test_a_hub_that_is_away_is_told_and_tried_again(desk: Desk, window: CatalogWindow, qtbot: QtBot) -> None:
    problem = errors.HubUnreachable("hub", "no route")
    desk.checks.failed.emit(problem)
    qtbot.waitUntil(window._banner.isVisible)
    assert window._pages.currentIndex() == Page.MODELS
    again = next(b for b in window._banner.findChildren(QPushButton) if b.text() == "&Try again")
    with qtbot.waitSignal(desk.checks.found):
        qtbot.mouseClick(again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(window._banner.isHidden)


def test_a_failure_is_told_with_the_settings_that_help(
    desk: Desk, window: CatalogWindow, qtbot: QtBot, expected_log: Callable[..., None]
) -> None:
    expected_log("a: ")
    desk.hub.put(Repository.of("demo/a", {"model.bin": b"a"}, private=True))
    with qtbot.waitSignal(desk.downloads.batch_finished, timeout=20_000):
        desk.downloads.preload(["a"])
    qtbot.waitUntil(window._banner.isVisible)
    settings = next(b for b in window._banner.findChildren(QPushButton) if b.text() == "Setti&ngs…")
    with qtbot.waitSignal(window.settings_wanted) as asked:
        settings.click()
    assert asked.args == ["hubs"]


def test_an_error_without_models_has_a_page(desk: Desk, window: CatalogWindow, qtbot: QtBot) -> None:
    desk.board.use(Catalog(()))
    desk.checks.failed.emit(errors.HubUnreachable("hub", "no route"))
    qtbot.waitUntil(lambda: window._pages.currentIndex() == Page.ERROR)
    page = window._pages.currentWidget()
    assert page is not None
    assert [b.text() for b in page.findChildren(QPushButton)] == ["&Look again", "Show the lo&g"]


def test_details_tell_the_files(desk: Desk, window: CatalogWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(desk.downloads.batch_finished, timeout=20_000):
        desk.downloads.preload(["a"])
    window.select("a")
    (tabs,) = window.findChildren(QTabWidget)
    qtbot.waitUntil(lambda: tabs.tabText(1) == "F&iles (1)")
    files = window._details._files_view.model()
    assert [files.index(0, column).data() for column in range(3)] == ["model.bin", "3.0 MB", "Verified"]
    window.select("b")
    qtbot.waitUntil(lambda: "was not asked" in window._details._files_note.text())


class Opened(QObject):
    """What the desktop was asked to open."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[QUrl] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.urls.append(url)


def test_folder_and_link(desk: Desk, window: CatalogWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(desk.downloads.batch_finished, timeout=20_000):
        desk.downloads.preload(["a"])
    window.select("a")
    opened = Opened()
    QDesktopServices.setUrlHandler("file", opened, "open")  # type: ignore[arg-type]  # the stubs want bytes
    window._actions[Deed.OPEN_FOLDER].trigger()
    QDesktopServices.unsetUrlHandler("file")
    status = desk.board.row("a").status
    assert status is not None
    assert [url.toLocalFile() for url in opened.urls] == [str(status.location)]
    window._view.select("a", "b")
    window._actions[Deed.COPY_LINK].trigger()
    links = QGuiApplication.clipboard().text().split("\n")
    assert links == [f"{desk.hub.endpoint}/demo/{key}/tree/main" for key in "ab"]


def test_what_happened_unseen_is_seen(desk: Desk, window: CatalogWindow, qtbot: QtBot) -> None:
    window.close()
    with qtbot.waitSignal(desk.downloads.batch_finished, timeout=20_000):
        desk.downloads.preload(["a", "b", "c"])
    window.show()
    assert words(window) == "Ready: 3 of 3 models are ready"


def test_columns_and_sizes_are_remembered(desk: Desk, window: CatalogWindow, qtbot: QtBot) -> None:
    view = table(window)
    window._view.columns.aboutToShow.emit()
    for action in window._view.columns.actions():
        if action.text() == "Licence":
            action.trigger()
    view.setColumnWidth(Column.SIZE, 123)
    other = CatalogWindow(desk.board, desk.downloads, desk.checks, desk.quick, "en", Settings())
    qtbot.addWidget(other)
    other.restore(window.state())
    assert table(other).isColumnHidden(Column.LICENCE)
    assert table(other).columnWidth(Column.SIZE) == 123
    other.restore(b"not ours")
    assert table(other).columnWidth(Column.SIZE) == 123


def test_every_control_has_a_name_and_can_be_reached(window: CatalogWindow) -> None:
    for button in window.findChildren(QAbstractButton):
        if (
            button.isVisible()
            and isinstance(button, QPushButton | QToolButton)
            and not button.objectName().startswith("qt_")
        ):
            assert button.text() or button.accessibleName()
            assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert table(window).accessibleName()
    assert window.childAt(QPoint(5, 5)) is not None


def test_no_menu_has_a_mnemonic_twice(desk: Desk, window: CatalogWindow) -> None:
    window.use_own(frozenset("a"))
    desk.downloads.preload(["a", "b"])
    window.select("a")
    for menu in (window._menu, *window.menuBar().findChildren(QMenu)):
        keys = [found[1].lower() for action in menu.actions() if (found := re.search("&(.)", action.text()))]
        assert len(keys) == len(set(keys)), f"{menu.title()}: {sorted(keys)}"
