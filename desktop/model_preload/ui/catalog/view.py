"""The table's view: keys, columns that can be chosen, and a selection that outlives another catalog."""

from collections.abc import Iterator

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from model_preload.core.texts import text
from model_preload.downloads.board import Row
from model_preload.ui.catalog.progress_delegate import ProgressDelegate
from model_preload.ui.models.catalog_filter import CatalogFilter
from model_preload.ui.models.cells import Column

_WIDTHS = {
    Column.NAME: 36,
    Column.VERDICT: 24,
    Column.PROGRESS: 20,
    Column.SPEED: 11,
    Column.LEFT: 13,
    Column.SIZE: 11,
    Column.REQUIRED: 12,
    Column.SOURCE: 42,
    Column.LICENCE: 14,
    Column.PLACE: 22,
}
"""In characters."""


class CatalogView(QTableView):
    """The models, of which several can be selected.

    Signals, the first three for the selected models:
        bring_pressed(): Enter.
        rest_pressed(): Space.
        drop_pressed(): Delete.
        selection_changed(): other models are selected, or another one is current.
    """

    bring_pressed = Signal()
    rest_pressed = Signal()
    drop_pressed = Signal()
    selection_changed = Signal()

    def __init__(self, filter_: CatalogFilter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filter = filter_
        self._kept: tuple[str, tuple[str, ...]] = ("", ())
        self.setModel(filter_)
        self.setAccessibleName(str(text("Models")))
        self.setAccessibleDescription(
            str(text("Enter brings the selected models, Space pauses them, Delete takes them out of the queue."))
        )
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setItemDelegateForColumn(Column.PROGRESS, ProgressDelegate(self))
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(round(self.fontMetrics().height() * 1.9))
        self._columns = self._column_menu()
        self._set_up_header()
        self.selectionModel().selectionChanged.connect(self.selection_changed)
        self.selectionModel().currentRowChanged.connect(self.selection_changed)
        filter_.modelAboutToBeReset.connect(self._keep)
        filter_.modelReset.connect(self._take_up)

    @property
    def columns(self) -> QMenu:
        """Which columns are shown, to choose from."""
        return self._columns

    def selected(self) -> tuple[Row, ...]:
        """From top to bottom."""
        lines = sorted(index.row() for index in self.selectionModel().selectedRows())
        return tuple(self._filter.row_at(line) for line in lines)

    def current(self) -> Row | None:
        """The one whose details are shown: the selected one that was moved to last."""
        index = self.currentIndex()
        if index.isValid() and self.selectionModel().isRowSelected(index.row(), self.rootIndex()):
            return self._filter.row_at(index.row())
        selected = self.selected()
        return selected[0] if selected else None

    def select(self, *keys: str) -> None:
        """Those that are shown, and no other; the first one becomes the current one."""
        lines = [line for key in keys if (line := self._filter.line_of(key)) is not None]
        selection = QItemSelection()
        for line in lines:
            index = self._filter.index(line, 0)
            selection.select(index, index)
        flags = QItemSelectionModel.SelectionFlag
        if lines:
            self.selectionModel().setCurrentIndex(self._filter.index(lines[0], 0), flags.NoUpdate)
        self.selectionModel().select(selection, flags.ClearAndSelect | flags.Rows)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  as Qt's
        """The plain keys are the table's own; with modifiers they are Qt's."""
        pressed = {
            Qt.Key.Key_Return: self.bring_pressed,
            Qt.Key.Key_Enter: self.bring_pressed,
            Qt.Key.Key_Space: self.rest_pressed,
            Qt.Key.Key_Delete: self.drop_pressed,
        }.get(Qt.Key(event.key()))
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        if pressed is None or not plain:
            super().keyPressEvent(event)
            return
        if not self.selectionModel().hasSelection():
            self.selectRow(self.currentIndex().row())  # the one with the focus is meant
        if not event.isAutoRepeat():
            pressed.emit()
        event.accept()

    def _set_up_header(self) -> None:
        header = self.horizontalHeader()
        header.setSectionsMovable(True)
        header.setHighlightSections(False)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setToolTip(str(text("Click to sort; right-click to choose columns")))
        self.setSortingEnabled(True)
        width = self.fontMetrics().averageCharWidth()
        for column, characters in _WIDTHS.items():
            self.setColumnWidth(column, width * characters)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._choose_columns)

    def _column_menu(self) -> QMenu:
        menu = QMenu(str(text("&Columns")), self)
        for column in Column:
            action = menu.addAction(str(column.title))
            action.setCheckable(True)
            action.setEnabled(column is not Column.NAME)
            action.triggered.connect(lambda shown, column=column: self.setColumnHidden(column, not shown))
        menu.aboutToShow.connect(self._tick_columns)
        return menu

    @Slot()
    def _tick_columns(self) -> None:
        for column, action in zip(Column, self._columns.actions(), strict=True):
            action.setChecked(not self.isColumnHidden(column))

    @Slot(QPoint)
    def _choose_columns(self, where: QPoint) -> None:
        self._columns.popup(self.horizontalHeader().mapToGlobal(where))

    def _keys(self) -> Iterator[str]:
        for row in self.selected():
            yield row.model.key

    @Slot()
    def _keep(self) -> None:
        current = self.current()
        self._kept = (current.model.key if current else "", tuple(self._keys()))

    @Slot()
    def _take_up(self) -> None:
        current, keys = self._kept
        self.select(*sorted(keys, key=lambda key: key != current))
        self.selection_changed.emit()
