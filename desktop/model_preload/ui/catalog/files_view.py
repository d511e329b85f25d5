"""The files of the model that is shown, and those of them at work."""

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QListView, QTableView, QWidget

from model_preload.core.events import FileProgress
from model_preload.core.texts import text
from model_preload.ui.catalog.progress_delegate import ProgressDelegate
from model_preload.ui.formats import percent_text, size_text
from model_preload.ui.models.catalog_table import PERMILLE_ROLE
from model_preload.ui.models.cells import permille_of
from model_preload.ui.models.files_table import FileColumn, FilesTable

_WIDTHS = {
    FileColumn.PATH: 60,
    FileColumn.SIZE: 11,
    FileColumn.STATE: 18,
    FileColumn.CHECKED: 18,
    FileColumn.DIGEST: 30,
    FileColumn.PART: 24,
}
"""In characters."""
_AT_WORK_LINES = 3


class FilesView(QTableView):
    """Over a `FilesTable`."""

    def __init__(self, table: FilesTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(table)
        self.setAccessibleName(str(text("Files of the model")))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setItemDelegateForColumn(FileColumn.STATE, ProgressDelegate(self))
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(round(self.fontMetrics().height() * 1.7))
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        width = self.fontMetrics().averageCharWidth()
        for column, characters in _WIDTHS.items():
            self.setColumnWidth(column, width * characters)


class AtWork(QAbstractListModel):
    """A line for each file at work."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._files: tuple[FileProgress, ...] = ()

    def show(self, files: tuple[FileProgress, ...]) -> None:
        """Those from now on."""
        if [one.path for one in files] != [one.path for one in self._files]:
            self.beginResetModel()
            self._files = files
            self.endResetModel()
        elif files != self._files:
            self._files = files
            self.dataChanged.emit(self.index(0), self.index(len(files) - 1))

    def rowCount(  # noqa: N802  as Qt's
        self,
        parent: QModelIndex | QPersistentModelIndex = QModelIndex(),  # noqa: B008
    ) -> int:
        return 0 if parent.isValid() else len(self._files)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        file = self._files[index.row()]
        permille = permille_of(file.done, file.size)
        if role == PERMILLE_ROLE:
            return permille
        if role == Qt.ItemDataRole.DisplayRole:
            told = text(
                "{percent} of {size}: {file}",
                percent=percent_text(permille or 0),
                size=size_text(file.size),
                file=file.path,
            )
            return str(told)
        return None


class AtWorkView(QListView):
    """Always as high as a few lines, so that nothing jumps when files come and go."""

    def __init__(self, model: AtWork, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setAccessibleName(str(text("Files at work")))
        self.setItemDelegate(ProgressDelegate(self))
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedHeight(round(self.fontMetrics().height() * 2) * _AT_WORK_LINES)
