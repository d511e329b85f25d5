"""The files of one model as a table; thousands of them, so a cell's text is made when it is asked for."""

from collections.abc import Iterable
from enum import IntEnum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from model_preload.core.events import FileProgress, Phase
from model_preload.core.tasks.files import ModelFile
from model_preload.core.texts import Text, text
from model_preload.core.values import FileStatus, Verdict
from model_preload.ui import theme
from model_preload.ui.formats import percent_text, size_text, time_text
from model_preload.ui.models.catalog_table import PERMILLE_ROLE
from model_preload.ui.models.cells import NOTHING, permille_of
from model_preload.ui.plain import plain_tip

Index = QModelIndex | QPersistentModelIndex


class FileColumn(IntEnum):
    PATH = 0
    SIZE = 1
    STATE = 2
    CHECKED = 3
    DIGEST = 4
    PART = 5

    @property
    def title(self) -> Text:
        return _TITLES[self]


_TITLES = {
    FileColumn.PATH: text("File"),
    FileColumn.SIZE: text("Size"),
    FileColumn.STATE: text("State"),
    FileColumn.CHECKED: text("Checked"),
    FileColumn.DIGEST: text("Digest"),
    FileColumn.PART: text("Part"),
}
_STATES = {
    FileStatus.VERIFIED: (text("Verified"), Verdict.READY),
    FileStatus.UNVERIFIED: (text("Not checked"), Verdict.UNVERIFIED),
    FileStatus.DAMAGED: (text("Damaged"), Verdict.DAMAGED),
    FileStatus.ABSENT: (text("Missing"), Verdict.MISSING),
}
_URGENT = (FileStatus.DAMAGED, FileStatus.ABSENT, FileStatus.UNVERIFIED, FileStatus.VERIFIED)
_PHASES = {Phase.CHECKING: text("Checking"), Phase.FETCHING: text("Fetching")}


class FilesTable(QAbstractTableModel):
    """See the module. What is shown again, with the same files, only tells what changed."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._files: tuple[ModelFile, ...] = ()
        self._order: list[int] = []
        self._lines: dict[tuple[str, str], int] = {}
        self._work: dict[tuple[str, str], FileProgress] = {}
        self._sorted = (-1, Qt.SortOrder.AscendingOrder)

    def show(self, files: tuple[ModelFile, ...]) -> None:
        """Those files from now on."""
        if [_name(one) for one in files] != [_name(one) for one in self._files]:
            self.beginResetModel()
            self._files = files
            self._work = {}
            self._arrange()
            self.endResetModel()
            return
        before, self._files = self._files, files
        self._tell(line for line, number in enumerate(self._order) if before[number] != files[number])

    def at_work(self, model: str, files: tuple[FileProgress, ...]) -> None:
        """Which files of the model, or of the part, are at work now; no other one is."""
        before, self._work = self._work, {(model, one.path): one for one in files}
        changed = {name for name in before.keys() | self._work.keys() if before.get(name) != self._work.get(name)}
        self._tell(sorted(self._lines[name] for name in changed if name in self._lines))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802  as Qt's
        return 0 if parent.isValid() else len(self._order)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802
        return 0 if parent.isValid() else len(FileColumn)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        file, column = self._files[self._order[index.row()]], FileColumn(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return self._shown(file, column)
            case Qt.ItemDataRole.ToolTipRole if column in (FileColumn.PATH, FileColumn.DIGEST):
                return plain_tip(str(file.state.destination) if column is FileColumn.PATH else _digest(file))
            case Qt.ItemDataRole.TextAlignmentRole if column is FileColumn.SIZE:
                return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            case Qt.ItemDataRole.DecorationRole if column is FileColumn.STATE and _name(file) not in self._work:
                return theme.verdict_icon(_STATES[file.state.status][1])
            case _ if role == PERMILLE_ROLE and column is FileColumn.STATE:
                work = self._work.get(_name(file))
                return permille_of(work.done, work.size) if work else None
        return None

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(FileColumn):
            return None
        return str(FileColumn(section).title) if role == Qt.ItemDataRole.DisplayRole else None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """By raw values; a column of -1 is the listing's order."""
        self.layoutAboutToBeChanged.emit()
        persistent = self.persistentIndexList()
        numbers = [self._order[index.row()] for index in persistent]
        self._sorted = (column, order)
        self._arrange()
        line_of = {number: line for line, number in enumerate(self._order)}
        moved = [self.index(line_of[number], index.column()) for number, index in zip(numbers, persistent, strict=True)]
        self.changePersistentIndexList(persistent, moved)
        self.layoutChanged.emit()

    def _arrange(self) -> None:
        column, order = self._sorted
        self._order = list(range(len(self._files)))
        if column >= 0:
            self._order.sort(
                key=lambda number: self._raw(self._files[number], FileColumn(column)),
                reverse=order == Qt.SortOrder.DescendingOrder,
            )
        self._lines = {_name(self._files[number]): line for line, number in enumerate(self._order)}

    def _raw(self, file: ModelFile, column: FileColumn) -> tuple[float, str]:
        path = file.state.file.path.casefold()
        match column:
            case FileColumn.SIZE:
                return file.state.file.size, path
            case FileColumn.STATE:
                return (-1 if _name(file) in self._work else _URGENT.index(file.state.status)), path
            case FileColumn.CHECKED:
                return file.state.checked_at.timestamp() if file.state.checked_at else 0, path
            case FileColumn.DIGEST:
                return 0, _digest(file)
            case FileColumn.PART:
                return 0, f"{file.model}\0{path}"
            case FileColumn.PATH:
                return 0, path

    def _shown(self, file: ModelFile, column: FileColumn) -> str:
        listed = file.state.file
        match column:
            case FileColumn.PATH:
                return listed.path
            case FileColumn.SIZE:
                return size_text(listed.size)
            case FileColumn.STATE:
                work = self._work.get(_name(file))
                return _work_text(work) if work else str(_STATES[file.state.status][0])
            case FileColumn.CHECKED:
                return time_text(file.state.checked_at) if file.state.checked_at else NOTHING
            case FileColumn.DIGEST:
                return _digest(file) or NOTHING
            case FileColumn.PART:
                return file.model

    def _tell(self, lines: Iterable[int]) -> None:
        for line in lines:
            self.dataChanged.emit(
                self.index(line, FileColumn.STATE), self.index(line, FileColumn.CHECKED), [Qt.ItemDataRole.DisplayRole]
            )


def _name(file: ModelFile) -> tuple[str, str]:
    return file.model, file.state.file.path


def _digest(file: ModelFile) -> str:
    return str(file.state.file.digest or "")


def _work_text(work: FileProgress) -> str:
    percent = percent_text(permille_of(work.done, work.size) or 0)
    return str(text("{phase} {percent}", phase=_PHASES[work.phase], percent=percent))
