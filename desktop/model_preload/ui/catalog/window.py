"""The catalog window."""

from enum import IntEnum

from PySide6.QtCore import QByteArray, QDataStream, QIODevice, QPoint, Qt, QUrl, Signal, Slot
from PySide6.QtGui import QAction, QDesktopServices, QGuiApplication, QKeySequence, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from model_preload.core.settings import Settings
from model_preload.core.tasks.preload import Mode
from model_preload.core.texts import text
from model_preload.downloads.background import Background
from model_preload.downloads.board import Board
from model_preload.downloads.checks import Checks
from model_preload.downloads.downloads import Downloads
from model_preload.ui.catalog.actions import CatalogActions
from model_preload.ui.catalog.bars import add_menus, add_toolbar, context_menu
from model_preload.ui.catalog.details import DetailPane
from model_preload.ui.catalog.facts import page_of
from model_preload.ui.catalog.offers import Deed, offers
from model_preload.ui.catalog.pages import Banner, MessagePage, button_of
from model_preload.ui.catalog.sentences import Trouble, trouble, whole_text
from model_preload.ui.catalog.view import CatalogView
from model_preload.ui.icons import icon
from model_preload.ui.models.catalog_filter import CatalogFilter, Show
from model_preload.ui.models.catalog_table import CatalogTable


class Page(IntEnum):
    """What fills the window's middle."""

    MODELS = 0
    LOADING = 1
    EMPTY = 2
    ERROR = 3
    NO_MATCH = 4


def page_for(*, loaded: bool, problem: bool, models: int, shown: int) -> Page:
    """Which one.

    Args:
        loaded: the catalog is known.
        problem: verdicts could not be had.
        models, shown: how many there are, and how many of them the filter lets through.
    """
    if models:
        return Page.MODELS if shown else Page.NO_MATCH
    if problem:
        return Page.ERROR
    return Page.EMPTY if loaded else Page.LOADING


class CatalogWindow(QMainWindow):
    """All models, what goes on with them, and what can be done.

    It starts no bytes itself: it asks for them. Pause, cancel and the queue's order are told to `downloads`.

    Args:
        background: for jobs that take a moment, such as looking at a model's files.
        language: gettext name, for what models are called.
        settings: for the addresses of the hubs' pages.

    Signals:
        preload_wanted(tuple[str, ...], Mode): bring those models.
        add_wanted(), import_wanted(): a model, a catalog file of one's own.
        edit_wanted(str), remove_wanted(str): of a model of one's own.
        log_wanted(str), status_wanted(str): what those windows have on a model; "" for all.
        settings_wanted(str): a page, "network" or "hubs".
    """

    preload_wanted = Signal(object, object)
    add_wanted = Signal()
    edit_wanted = Signal(str)
    remove_wanted = Signal(str)
    import_wanted = Signal()
    log_wanted = Signal(str)
    status_wanted = Signal(str)
    settings_wanted = Signal(str)

    def __init__(
        self,
        board: Board,
        downloads: Downloads,
        checks: Checks,
        background: Background,
        language: str,
        settings: Settings,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._board = board
        self._downloads = downloads
        self._checks = checks
        self._language = language
        self._settings = settings
        self._own: frozenset[str] = frozenset()
        self._table = CatalogTable(board, downloads, language, self)
        self._filter = CatalogFilter(self._table, self)
        self._actions = CatalogActions(self)
        self._view = CatalogView(self._filter)
        self._details = DetailPane(board, background, language, settings)
        self._banner = Banner()
        self._search, self._show = QLineEdit(), QComboBox()
        self._splitter = QSplitter(Qt.Orientation.Vertical)
        self._pages = QStackedWidget()
        self._whole = QLabel()
        self._refresh()  # the actions have their words before buttons are made of them
        self._lay_out()
        self._connect()
        self._refresh()

    def use(self, settings: Settings) -> None:
        """Other settings from now on."""
        self._settings = settings
        self._details.use(settings)

    def use_own(self, keys: frozenset[str]) -> None:
        """Which models are the user's own, and can be edited and removed."""
        self._own = keys
        self._refresh()

    def select(self, key: str) -> None:
        """Show that model, whatever the filter hides."""
        if self._filter.line_of(key) is None:
            self._clear_filter()
        self._view.select(key)

    def state(self) -> bytes:
        """Columns and sizes, for `restore`."""
        written = QByteArray()
        stream = QDataStream(written, QIODevice.OpenModeFlag.WriteOnly)
        stream << self._view.horizontalHeader().saveState() << self._splitter.saveState()
        return bytes(written.data())

    def restore(self, state: bytes) -> None:
        """As `state` told it; what is not from there changes nothing."""
        stream = QDataStream(QByteArray(state))
        header, splitter = QByteArray(), QByteArray()
        stream >> header >> splitter
        self._view.horizontalHeader().restoreState(header)
        self._splitter.restoreState(splitter)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  as Qt's
        """What changed while nobody looked."""
        self._refresh()
        super().showEvent(event)

    def _lay_out(self) -> None:
        self.setWindowTitle(str(text("Catalog")))
        add_toolbar(self, self._actions)
        find = QAction(icon("search"), str(text("&Find")), self)
        find.setShortcut(QKeySequence.StandardKey.Find)
        find.triggered.connect(self._find)
        pane = QAction(str(text("&Details")), self)
        pane.setCheckable(True)
        pane.setChecked(True)
        pane.setShortcut("F4")
        pane.toggled.connect(self._details.setVisible)
        add_menus(self, self._actions, self._view.columns, (find, pane))
        self._menu = context_menu(self, self._actions)
        self._splitter.addWidget(self._view)
        self._splitter.addWidget(self._details)
        self._splitter.setSizes([550, 450])
        self._splitter.setCollapsible(0, False)
        for page in self._made_pages():
            self._pages.addWidget(page)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.addLayout(self._find_bar())
        column.addWidget(self._banner)
        column.addWidget(self._pages, 1)
        self.setCentralWidget(middle)
        self._whole.setTextFormat(Qt.TextFormat.PlainText)
        self._whole.setIndent(self.fontMetrics().averageCharWidth())
        self.statusBar().addWidget(self._whole, 1)
        self.statusBar().setSizeGripEnabled(False)
        self.resize(self.fontMetrics().averageCharWidth() * 190, self.fontMetrics().height() * 48)
        self._view.setFocus()

    def _find_bar(self) -> QHBoxLayout:
        self._search.setPlaceholderText(str(text("Name, key, repository or licence")))
        self._search.setClearButtonEnabled(True)
        self._search.setAccessibleName(str(text("Search the models")))
        for show in Show:
            self._show.addItem(str(show.label), show)
        self._show.setAccessibleName(str(text("Which models are shown")))
        row = QHBoxLayout()
        for label, field, stretch in (
            (text("&Search:"), self._search, 1),
            (text("S&how:"), self._show, 0),
        ):
            name = QLabel(str(label))
            name.setBuddy(field)
            row.addWidget(name)
            row.addWidget(field, stretch)
        row.addWidget(button_of(self._actions[Deed.ADD]))
        return row

    def _made_pages(self) -> tuple[QWidget, ...]:
        """In the order of `Page`."""
        self._look = QAction(str(text("&Look again")), self)
        self._look.triggered.connect(self._checks.look)
        show_log = QAction(icon("log"), str(text("Show the lo&g")), self)
        show_log.triggered.connect(lambda: self.log_wanted.emit(""))
        clear = QAction(str(text("Sho&w all models")), self)
        clear.triggered.connect(self._clear_filter)
        loading = MessagePage("catalog", ())
        loading.say(text("The catalog is being read…"), text("This takes a moment at the first start."))
        empty = MessagePage("catalog", (self._actions[Deed.ADD], self._actions[Deed.IMPORT]))
        empty.say(text("There is no model in the catalog."), text("Add one of your own, or import a catalog file."))
        self._error = MessagePage("warning", (self._look, show_log))
        no_match = MessagePage("search", (clear,))
        no_match.say(text("No model fits."), text("Search for something else, or show all models."))
        return self._splitter, loading, empty, self._error, no_match

    def _connect(self) -> None:
        self._actions.triggered.connect(self._do)
        self._search.textChanged.connect(self._filter.search)
        self._show.activated.connect(self._choose)
        self._view.selection_changed.connect(self._selected)
        self._view.bring_pressed.connect(lambda: self._press(Deed.PRELOAD_SELECTED))
        self._view.rest_pressed.connect(lambda: self._press(Deed.PAUSE, Deed.RESUME))
        self._view.drop_pressed.connect(lambda: self._press(Deed.CANCEL))
        self._view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._view.customContextMenuRequested.connect(self._open_menu)
        self._banner.retry_wanted.connect(self._retry)
        self._banner.settings_wanted.connect(self.settings_wanted)
        self._banner.log_wanted.connect(lambda: self.log_wanted.emit(""))
        for changed in (self._filter.rowsInserted, self._filter.rowsRemoved, self._filter.modelReset):
            changed.connect(self._turn_page)
        self._board.summary_changed.connect(self._refresh)
        self._downloads.order_changed.connect(self._refresh)
        leave = QAction(self._search)
        leave.setShortcut(Qt.Key.Key_Escape)
        leave.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        leave.triggered.connect(self._leave_search)
        self._search.addAction(leave)
        self._search.returnPressed.connect(self._to_table)

    @Slot()
    def _refresh(self) -> None:
        """After each change; unseen, only before the first look."""
        if not self.isVisible() and self._whole.text():
            return
        rows = self._table.rows()
        self._actions.show(
            offers(rows, self._view.selected(), self._downloads.order(), self._downloads.running, self._own)
        )
        found = trouble(rows, self._board.problem, self._language)
        self._banner.show_trouble(found if rows else None)
        self._whole.setText(whole_text(self._board.summary(), self._board.problem, loaded=self._board.is_loaded))
        self._turn_page()

    @Slot()
    def _turn_page(self) -> None:
        problem = self._board.problem
        if problem is not None:
            self._error.say(problem.title, problem.next_step)
        page = page_for(
            loaded=self._board.is_loaded,
            problem=problem is not None,
            models=self._table.rowCount(),
            shown=self._filter.rowCount(),
        )
        self._pages.setCurrentIndex(page)

    @Slot()
    def _selected(self) -> None:
        current = self._view.current()
        self._details.show_model(current.model.key if current else "")
        self._refresh()

    def _press(self, *deeds: Deed) -> None:
        """The first that is for the selected models; a key never does anything to all."""
        for deed in deeds:
            offer = self._actions.offer(deed)
            if offer.enabled and not offer.whole:
                self._do(deed)
                return

    @Slot(object)
    def _do(self, deed: Deed) -> None:
        offer = self._actions.offer(deed)
        match deed:
            case Deed.PRELOAD_ALL | Deed.PRELOAD_REQUIRED | Deed.PRELOAD_SELECTED:
                self.preload_wanted.emit(offer.keys, Mode.BRING)
            case Deed.UPDATE:
                self.preload_wanted.emit(offer.keys, Mode.RENEW)
            case Deed.REPAIR:
                self.preload_wanted.emit(offer.keys, Mode.REPAIR)
            case Deed.PAUSE:
                self._downloads.pause(offer.keys)
            case Deed.RESUME:
                self._downloads.resume(offer.keys)
            case Deed.CANCEL:
                self._downloads.cancel(offer.keys)
            case Deed.FIRST | Deed.UP | Deed.DOWN | Deed.LAST:
                self._downloads.move(offer.keys, offer.before)
            case Deed.ADD:
                self.add_wanted.emit()
            case Deed.IMPORT:
                self.import_wanted.emit()
            case _:
                self._do_for_one(deed, offer.keys)

    def _do_for_one(self, deed: Deed, keys: tuple[str, ...]) -> None:
        match deed:
            case Deed.OPEN_FOLDER:
                self._open_folder(keys[0])
            case Deed.COPY_LINK:
                sources = [self._board.row(key).model.sources[0] for key in keys]
                QGuiApplication.clipboard().setText("\n".join(page_of(one, self._settings) for one in sources))
            case Deed.SHOW_LOG:
                self.log_wanted.emit(keys[0])
            case Deed.SHOW_STATUS:
                self.status_wanted.emit(keys[0])
            case Deed.EDIT:
                self.edit_wanted.emit(keys[0])
            case Deed.REMOVE:
                self.remove_wanted.emit(keys[0])
            case _:
                raise AssertionError(deed)

    def _open_folder(self, key: str) -> None:
        """That of the model, or the nearest one above it that is there already."""
        status = self._board.row(key).status
        folder = status.location if status else None
        while folder is not None and not folder.is_dir() and folder != folder.parent:
            folder = folder.parent
        if folder is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    @Slot(object)
    def _retry(self, found: Trouble) -> None:
        if found.retry:
            self.preload_wanted.emit(found.retry, Mode.BRING)
        else:
            self._checks.look()

    @Slot(QPoint)
    def _open_menu(self, where: QPoint) -> None:
        """By mouse where it was clicked, by key at the current row."""
        if self._view.selected():
            self._menu.popup(self._view.viewport().mapToGlobal(where))

    @Slot(int)
    def _choose(self, number: int) -> None:
        self._filter.show(self._show.itemData(number))

    @Slot()
    def _clear_filter(self) -> None:
        self._search.clear()
        self._show.setCurrentIndex(0)
        self._filter.show(Show.ALL)
        self._view.setFocus()

    @Slot()
    def _find(self) -> None:
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    @Slot()
    def _leave_search(self) -> None:
        self._search.clear()
        self._view.setFocus()

    @Slot()
    def _to_table(self) -> None:
        if self._filter.rowCount():
            self._view.setFocus()
            if not self._view.selected():
                self._view.selectRow(0)
