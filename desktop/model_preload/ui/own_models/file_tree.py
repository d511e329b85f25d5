"""The files of a listing as a tree with boxes to tick; thousands of them, so a cell is made when it is asked for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QGuiApplication

from model_preload.core.texts import text
from model_preload.core.values import ListedFile
from model_preload.ui.formats import size_text

Index = QModelIndex | QPersistentModelIndex

NAME, SIZE = range(2)
HEADINGS = (text("File"), text("Size"))


@dataclass(slots=True)
class _Node:
    """A folder (its path ends in `/`) or a file.

    Attributes:
        row: among its parent's children.
        files: how many there are in it.
        chosen: how many of them count.
    """

    path: str
    parent: int
    row: int = 0
    size: int = 0
    files: int = 0
    chosen: int = 0
    children: list[int] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.path.rstrip("/").rpartition("/")[2]


class FileTree(QAbstractItemModel):
    """Folders first, by name. Nodes go by numbers, the root is 0.

    Signals:
        ticked(str, bool): the user wants that file, or folder (with `/` at its end), to count, or not to; nothing is
            changed before `choose` says so.
    """

    ticked = Signal(str, bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._nodes = [_Node("", 0)]
        self._files: dict[str, int] = {}
        self._row = QSize(0, round(QFontMetrics(QGuiApplication.font()).height() * 1.5))

    def show(self, files: Sequence[ListedFile]) -> None:
        """Those files from now on; none of them counts yet."""
        self.beginResetModel()
        self._nodes = [_Node("", 0)]
        folders = {"": 0}
        self._files = {}
        for file in files:
            self._files[file.path] = self._add(file.path, self._folder(file.path, folders), file.size)
        for folder in folders.values():
            own = [self._nodes[child] for child in self._nodes[folder].children if not self._nodes[child].children]
            size = sum(node.size for node in own)
            for number in self._upwards(folder):
                self._nodes[number].size += size
                self._nodes[number].files += len(own)
        for node in self._nodes:
            node.children.sort(key=lambda child: _order(self._nodes[child]))
            for row, child in enumerate(node.children):
                self._nodes[child].row = row
        self.endResetModel()

    def choose(self, paths: frozenset[str]) -> None:
        """Those count from now on."""
        nodes = self._nodes
        steps: dict[int, int] = {}
        for path, number in self._files.items():
            node = nodes[number]
            step = (path in paths) - node.chosen
            if step:
                node.chosen += step
                steps[node.parent] = steps.get(node.parent, 0) + step
        changed = set(steps)
        for folder, step in steps.items():
            for number in self._upwards(folder):
                nodes[number].chosen += step
                changed.add(nodes[number].parent)
        for number in changed:
            parent = self._index(number)
            last = len(nodes[number].children) - 1
            self.dataChanged.emit(
                self.index(0, NAME, parent), self.index(last, NAME, parent), [Qt.ItemDataRole.CheckStateRole]
            )

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802  as Qt's
        return 0 if parent.column() > 0 else len(self._nodes[self._number(parent)].children)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802
        return len(HEADINGS)

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        children = self._nodes[self._number(parent)].children
        if 0 <= row < len(children) and 0 <= column < len(HEADINGS):
            return self.createIndex(row, column, children[row])
        return QModelIndex()

    def parent(self, child: Index = QModelIndex()) -> QModelIndex:  # type: ignore[override]  # noqa: B008
        return self._index(self._nodes[self._number(child)].parent)

    def flags(self, index: Index) -> Qt.ItemFlag:
        usual = super().flags(index)
        return usual | Qt.ItemFlag.ItemIsUserCheckable if index.isValid() and index.column() == NAME else usual

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        node = self._nodes[self._number(index)]
        match role, index.column():
            case Qt.ItemDataRole.DisplayRole, 0:
                return node.name
            case Qt.ItemDataRole.DisplayRole, _:
                return size_text(node.size)
            case Qt.ItemDataRole.CheckStateRole, 0:
                return _state(node)
            case Qt.ItemDataRole.TextAlignmentRole, 1:
                return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            case Qt.ItemDataRole.SizeHintRole, _:
                return self._row
        return None

    def setData(  # noqa: N802
        self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole
    ) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or not index.isValid():
            return False
        node = self._nodes[self._number(index)]
        self.ticked.emit(node.path, node.chosen < _count(node))
        return True

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole and section == SIZE:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return str(HEADINGS[section]) if role == Qt.ItemDataRole.DisplayRole else None

    def _number(self, index: Index) -> int:
        return index.internalId() if index.isValid() else 0

    def _index(self, number: int) -> QModelIndex:
        return self.createIndex(self._nodes[number].row, NAME, number) if number else QModelIndex()

    def _upwards(self, folder: int) -> Iterator[int]:
        """That folder and all that it is in, the root last."""
        while folder:
            yield folder
            folder = self._nodes[folder].parent
        yield 0

    def _folder(self, path: str, folders: dict[str, int]) -> int:
        """The number of the folder that a file is in, which is made with those above it."""
        above = 0
        for end in (place for place, letter in enumerate(path, 1) if letter == "/"):
            known = folders.get(path[:end])
            above = folders[path[:end]] = self._add(path[:end], above) if known is None else known
        return above

    def _add(self, path: str, parent: int, size: int = 0) -> int:
        self._nodes.append(_Node(path, parent, size=size))
        self._nodes[parent].children.append(len(self._nodes) - 1)
        return len(self._nodes) - 1


def _order(node: _Node) -> tuple[bool, str, str]:
    return not node.children, node.path.casefold(), node.path


def _count(node: _Node) -> int:
    return node.files if node.children else 1


def _state(node: _Node) -> Qt.CheckState:
    if not node.chosen:
        return Qt.CheckState.Unchecked
    return Qt.CheckState.Checked if node.chosen == _count(node) else Qt.CheckState.PartiallyChecked
