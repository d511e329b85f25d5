"""The board as a table: a row for each model that is no part of another one."""

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Slot

from model_preload.core.catalog import RepositorySource
from model_preload.downloads.board import Board, Row
from model_preload.downloads.downloads import Downloads
from model_preload.downloads.values import Activity
from model_preload.ui import theme
from model_preload.ui.models.cells import Cell, Column, cells, progress_cell
from model_preload.ui.plain import plain_tip

Index = QModelIndex | QPersistentModelIndex

ORDER_ROLE = Qt.ItemDataRole.UserRole
"""Raw value to sort by."""
PERMILLE_ROLE = Qt.ItemDataRole.UserRole + 1
"""Length of the bar, None for none."""

_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_CENTRE = int(Qt.AlignmentFlag.AlignCenter)


class CatalogTable(QAbstractTableModel):
    """Follows the board. A change tells the touched columns of the touched rows, nothing else.

    Args:
        language: gettext name, for what models are called.
    """

    def __init__(self, board: Board, downloads: Downloads, language: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._board = board
        self._downloads = downloads
        self._language = language
        self._rows: list[Row] = []
        self._cells: list[tuple[Cell, ...]] = []
        self._positions: dict[str, int] = {}
        self._numbers: dict[str, int] = {}
        self._affected: dict[str, set[int]] = {}
        self._load()
        board.reset.connect(self._reset)
        board.changed.connect(self._changed)
        downloads.order_changed.connect(self._order_changed)

    def rows(self) -> tuple[Row, ...]:
        """As they are shown at the moment, in the catalog's order."""
        return tuple(self._rows)

    def row_at(self, number: int) -> Row:
        return self._rows[number]

    def number_of(self, key: str) -> int | None:
        """The row of a model; None if it has none."""
        return self._numbers.get(key)

    def words_of(self, number: int) -> str:
        """What a search looks through, in lower case."""
        model = self._rows[number].model
        repositories = [source.repo for source in model.sources if isinstance(source, RepositorySource)]
        words = (model.name.en, model.name.zh, model.key, *repositories, model.licence)
        return "\n".join(words).casefold()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802  as Qt's
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802
        return 0 if parent.isValid() else len(Column)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        column = Column(index.column())
        cell = self._cells[index.row()][column]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return cell.shown
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tip(cell.tip)
            case Qt.ItemDataRole.AccessibleDescriptionRole:
                return cell.tip
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case Qt.ItemDataRole.DecorationRole if column is Column.VERDICT:
                verdict = self._rows[index.row()].verdict
                return theme.verdict_icon(verdict) if verdict else None
            case _ if role == ORDER_ROLE:
                return cell.order
            case _ if role == PERMILLE_ROLE:
                return cell.permille
        return None

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(Column):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return str(Column(section).title)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(Column(section))
        return None

    def _load(self) -> None:
        self._rows = list(self._board.rows())
        self._positions = self._waiting()
        self._numbers = {row.model.key: number for number, row in enumerate(self._rows)}
        affected = defaultdict(set)
        for number, row in enumerate(self._rows):
            for key in (row.model.key, *(part.model.key for part in self._board.parts(row.model.key))):
                affected[key].add(number)
        self._affected = dict(affected)
        self._cells = [self._cells_of(row) for row in self._rows]

    def _cells_of(self, row: Row) -> tuple[Cell, ...]:
        key = row.model.key
        return cells(row, self._board.parts(key), self._language, self._positions.get(key, 0))

    def _waiting(self) -> dict[str, int]:
        return {key: number for number, key in enumerate(self._downloads.waiting(), 1)}

    def _activity(self, key: str) -> Activity:
        return self._downloads.work(key).activity

    @Slot()
    def _reset(self) -> None:
        self.beginResetModel()
        self._load()
        self.endResetModel()

    @Slot(object)
    def _changed(self, keys: frozenset[str]) -> None:
        if any((key in self._positions) is not (self._activity(key) is Activity.WAITING) for key in keys):
            self._order_changed()
        for number in sorted(set().union(*(self._affected.get(key, ()) for key in keys))):
            self._refresh(number)

    @Slot()
    def _order_changed(self) -> None:
        before, self._positions = self._positions, self._waiting()
        moved: list[int] = []
        for key in before.keys() | self._positions.keys():
            number = self._numbers.get(key)
            if number is None or before.get(key) == self._positions.get(key):
                continue
            if key in before and key in self._positions:
                moved.append(number)
            else:
                self._refresh(number)
        self._renumber(sorted(moved))

    def _renumber(self, numbers: list[int]) -> None:
        """Those wait in other places than before: hundreds at once, of which nothing else changed."""
        for number in numbers:
            row, known = self._rows[number], list(self._cells[number])
            known[Column.PROGRESS] = progress_cell(row.work, self._positions[row.model.key])
            self._cells[number] = tuple(known)
        for first, last in _runs(numbers):
            self.dataChanged.emit(self.index(first, Column.PROGRESS), self.index(last, Column.PROGRESS))

    def _refresh(self, number: int) -> None:
        row = self._rows[number] = self._board.row(self._rows[number].model.key)
        before, now = self._cells[number], self._cells_of(row)
        self._cells[number] = now
        touched = [column for column in Column if before[column] != now[column]]
        for first, last in _runs(touched):
            self.dataChanged.emit(self.index(number, first), self.index(number, last))


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last of those that follow one another; the numbers rise."""
    left = deque(numbers)
    while left:
        first = last = left.popleft()
        while left and left[0] == last + 1:
            last = left.popleft()
        yield first, last


def _alignment(column: Column) -> int:
    """Numbers to the right; what stands between them and words keeps its distance from both."""
    if column is Column.REQUIRED:
        return _CENTRE
    return _RIGHT if column.is_number else _LEFT
