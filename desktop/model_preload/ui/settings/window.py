"""The settings window: pages, and what makes them hold."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QStackedWidget,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from model_preload.core.errors import Circumstance
from model_preload.core.texts import text
from model_preload.downloads.background import Background
from model_preload.system.autostart import Autostart
from model_preload.system.credentials import SystemCredentials
from model_preload.ui.forms.note import Note
from model_preload.ui.icons import icon
from model_preload.ui.preferences import Preferences
from model_preload.ui.settings.folders import FoldersPage
from model_preload.ui.settings.general import GeneralPage
from model_preload.ui.settings.hubs import HubsPage
from model_preload.ui.settings.network import NetworkPage
from model_preload.ui.settings.page import Page

PAGES = ("general", "platform", "hubs", "network")


class SettingsWindow(QWidget):
    """Whatever is edited on a page holds when *Apply* is pressed there; until then it stays as it was typed.

    Tokens and places are no settings of this program: they have buttons of their own, which act at once.

    Args:
        background: looks at folders, asks hubs and the store of tokens; any of them may take its time, so that it
            is best one of the window's own.

    Signals:
        env_change_wanted(EnvChange): for the platform's `.env`, to be shown before it is written.
        token_changed(): the core has to be opened anew.
    """

    env_change_wanted = Signal(object)
    token_changed = Signal()

    def __init__(
        self,
        preferences: Preferences,
        credentials: SystemCredentials,
        autostart: Autostart,
        background: Background,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle(str(text("Settings")))
        self._preferences = preferences
        folders, hubs = FoldersPage(background), HubsPage(credentials, background)
        self._pages: tuple[Page, ...] = (GeneralPage(autostart), folders, hubs, NetworkPage())
        folders.env_change_wanted.connect(self.env_change_wanted)
        hubs.token_changed.connect(self.token_changed)
        self._make_list()
        self._make_buttons()
        self._arrange()
        self._connect()
        self._show_settings(keep=False)
        self._list.setCurrentRow(0)

    def show_page(self, name: str) -> None:
        """Turn to one of `PAGES`."""
        self._list.setCurrentRow(PAGES.index(name))

    def refresh(self) -> None:
        """Look again at what may have changed outside of the settings: tokens, places, the start with the system."""
        for page in self._pages:
            page.refresh()

    def changes(self) -> dict[str, Any]:
        """What was edited and not applied, by the names of the settings."""
        return {name: value for page in self._pages for name, value in page.changes().items()}

    def propose(self, changes: Mapping[str, Any]) -> None:
        """Show values as if the user had edited them."""
        for page in self._pages:
            page.propose(changes)

    def state(self) -> bytes:
        """What to remember besides the frame: the page."""
        return PAGES[self._list.currentRow()].encode()

    def restore(self, state: bytes) -> None:
        """Turn to that page."""
        name = state.decode(errors="replace")
        if name in PAGES:
            self.show_page(name)

    def _make_list(self) -> None:
        self._list = QListWidget()
        self._list.setAccessibleName(str(text("Pages")))
        self._stack = QStackedWidget()
        size = self.style().pixelMetric(QStyle.PixelMetric.PM_SmallIconSize)
        self._list.setIconSize(QSize(size, size))
        for page in self._pages:
            item = QListWidgetItem(icon(page.symbol), str(page.title))
            item.setSizeHint(QSize(0, self.fontMetrics().height() * 2))
            self._list.addItem(item)
            self._stack.addWidget(page)
        widest = max(self.fontMetrics().horizontalAdvance(str(page.title)) for page in self._pages)
        self._list.setFixedWidth(widest + size + self.fontMetrics().averageCharWidth() * 6)

    def _make_buttons(self) -> None:
        self._problem = Note()
        self._apply = QPushButton(icon("check"), str(text("&Apply")))
        self._revert = QPushButton(str(text("&Revert")))
        self._close = QPushButton(str(text("Close")))
        what = text("Makes what is on this page hold.")
        self._apply.setToolTip(str(what))
        self._apply.setAccessibleDescription(str(what))
        back = text("Shows again what holds on this page.")
        self._revert.setToolTip(str(back))
        self._revert.setAccessibleDescription(str(back))

    def _arrange(self) -> None:
        buttons = QHBoxLayout()
        buttons.addStretch()
        for button in (self._apply, self._revert, self._close):
            buttons.addWidget(button)
        right = QVBoxLayout()
        right.addWidget(self._stack, 1)
        right.addWidget(self._problem)
        right.addLayout(buttons)
        whole = QHBoxLayout(self)
        whole.addWidget(self._list)
        whole.addLayout(right, 1)
        whole.setSpacing(self.fontMetrics().averageCharWidth() * 2)
        self.resize(self.sizeHint().boundedTo(self.screen().availableSize()))

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """Where the screen has room for it."""
        letter = self.fontMetrics()
        return QSize(letter.averageCharWidth() * 140, letter.height() * 38)

    def _connect(self) -> None:
        self._list.currentRowChanged.connect(self._turn)
        for page in self._pages:
            page.state_changed.connect(self._fit)
            page.entered.connect(self._apply.click)
        self._apply.clicked.connect(self._apply_page)
        self._revert.clicked.connect(self._revert_page)
        self._close.clicked.connect(self.close)
        self._preferences.changed.connect(self._preferences_changed)
        for keys, do in (
            (QKeySequence(QKeySequence.StandardKey.Close), self.close),
            (QKeySequence(Qt.Key.Key_Escape), self.close),
            (QKeySequence(QKeySequence.StandardKey.Save), self._apply.click),
            (QKeySequence("Ctrl+PgDown"), lambda: self._leaf(1)),
            (QKeySequence("Ctrl+PgUp"), lambda: self._leaf(-1)),
        ):
            QShortcut(keys, self).activated.connect(do)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  Qt's name
        super().showEvent(event)
        if not event.spontaneous():
            self.refresh()

    @property
    def _page(self) -> Page:
        return self._pages[self._list.currentRow()]

    def _leaf(self, by: int) -> None:
        self._list.setCurrentRow((self._list.currentRow() + by) % len(self._pages))

    @Slot(int)
    def _turn(self, row: int) -> None:
        self._problem.clear()
        self._stack.setCurrentIndex(row)
        self._fit()

    @Slot()
    def _fit(self) -> None:
        """Which buttons there are to press, and which pages wait to be applied."""
        page = self._page
        self._apply.setEnabled(page.is_changed and page.is_fit)
        self._revert.setEnabled(page.is_changed)
        for row, one in enumerate(self._pages):
            item = self._list.item(row)
            name = "warning" if not one.is_fit else "edit" if one.is_changed else one.symbol
            item.setIcon(icon(name))
            state = text("Something here is wrong.") if not one.is_fit else text("Not applied yet.")
            said = str(state) if one.is_changed else ""
            item.setToolTip(said)
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, said)

    @Slot()
    def _apply_page(self) -> None:
        page = self._page
        if not (page.is_changed and page.is_fit):
            return
        self._problem.clear()
        try:
            page.apply(self._preferences)
        except Circumstance as problem:
            self._problem.tell(problem)
        else:  # what was written in another way than it is kept, such as a path, is shown as it is kept
            page.show_settings(self._preferences.value, self._preferences.from_environment, keep=False)
        self._fit()

    @Slot()
    def _revert_page(self) -> None:
        self._problem.clear()
        self._page.revert()

    @Slot(object)
    def _preferences_changed(self, names: frozenset[str]) -> None:
        self._show_settings(keep=True)
        if "platform" in names and self.isVisible():
            self.refresh()

    def _show_settings(self, *, keep: bool) -> None:
        with QSignalBlocker(self._list):
            for page in self._pages:
                page.show_settings(self._preferences.value, self._preferences.from_environment, keep=keep)
