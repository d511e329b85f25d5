"""The models as rows, with the parts that they need below them."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Slot

from model_preload.core.tasks.verify_engines import Evidence, Verified
from model_preload.core.texts import Text, text
from model_preload.downloads.board import Board, Row
from model_preload.downloads.values import Activity, Work
from model_preload.ui.formats import percent_text, time_text
from model_preload.ui.theme import verdict_icon

NAME, VERDICT, WORK, CHECKED, PROOF = range(5)
_HEADS = (text("Model"), text("Verdict"), text("Now"), text("Digests checked"), text("Proof"))
_ACTIVITIES = {
    Activity.WAITING: text("Waiting"),
    Activity.PREPARING: text("Preparing"),
    Activity.CHECKING: text("Checking"),
    Activity.FETCHING: text("Fetching"),
    Activity.PAUSED: text("Paused"),
    Activity.FAILED: text("Failed"),
}
Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class ModelTree(QAbstractItemModel):
    """One row a model, one below it a part; internal ids are 0 for models, the model's row and one for parts.

    Args:
        language: of the models' names, by its gettext name.
    """

    def __init__(self, board: Board, language: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._board = board
        self._language = language
        self._verified: Mapping[str, Verified] = {}
        self._take()
        board.reset.connect(self._reset)
        board.changed.connect(self._changed)

    def set_verified(self, verified: Mapping[str, Verified]) -> None:
        """What was found by asking the engines."""
        self._verified = verified
        self._changed(frozenset(self._board.statuses))

    def key(self, index: Index) -> str:
        """Of the model or part of a row."""
        if index.internalId():
            return self._parts[index.internalId() - 1][index.row()]
        return self._models[index.row()]

    def find(self, key: str) -> QModelIndex:
        """The first row of that model or part; an invalid one if there is none."""
        if key in self._models:
            return self.index(self._models.index(key), NAME)
        for row, parts in enumerate(self._parts):
            if key in parts:
                return self.index(parts.index(key), NAME, self.index(row, NAME))
        return QModelIndex()

    def index(self, row: int, column: int, parent: Index = _NOWHERE) -> QModelIndex:
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, parent.row() + 1 if parent.isValid() else 0)

    def parent(self, index: Index = _NOWHERE) -> QModelIndex:  # type: ignore[override]  # the other one is QObject's
        if not index.isValid() or not index.internalId():
            return QModelIndex()
        return self.createIndex(index.internalId() - 1, NAME, 0)

    def rowCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802
        if not parent.isValid():
            return len(self._models)
        return 0 if parent.internalId() or parent.column() else len(self._parts[parent.row()])

    def columnCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802
        return len(_HEADS)

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return str(_HEADS[section])
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self._board.row(self.key(index))
        if role == Qt.ItemDataRole.DisplayRole:
            return self._words(row, index.column())
        if role == Qt.ItemDataRole.DecorationRole and index.column() == VERDICT and row.verdict:
            return verdict_icon(row.verdict)
        return None

    def _words(self, row: Row, column: int) -> str:
        if column == NAME:
            return row.model.name.in_language(self._language)
        if column == VERDICT:
            return str(row.verdict.label) if row.verdict else "…"
        if column == WORK:
            return work_words(row.work)
        if column == CHECKED:
            return time_text(row.status.checked_at) if row.status and row.status.checked_at else ""
        return str(proof_words(row, self._verified.get(row.model.key)) or "")

    def _take(self) -> None:
        self._models = [row.model.key for row in self._board.rows()]
        self._parts = [[part.model.key for part in self._board.parts(key)] for key in self._models]

    @Slot()
    def _reset(self) -> None:
        self.beginResetModel()
        self._take()
        self.endResetModel()

    @Slot(object)
    def _changed(self, keys: frozenset[str]) -> None:
        last = len(_HEADS) - 1
        for row, (key, parts) in enumerate(zip(self._models, self._parts, strict=True)):
            if key in keys or not keys.isdisjoint(parts):
                self.dataChanged.emit(self.index(row, NAME), self.index(row, last))
            if not keys.isdisjoint(parts):
                above = self.index(row, NAME)
                self.dataChanged.emit(self.index(0, NAME, above), self.index(len(parts) - 1, last, above))


def work_words(work: Work) -> str:
    """What goes on with a model; "" if nothing does."""
    if work.activity is Activity.IDLE:
        return ""
    word = _ACTIVITIES[work.activity]
    if work.activity in (Activity.CHECKING, Activity.FETCHING) and work.bytes_total:
        percent = percent_text(work.bytes_done * 1000 // work.bytes_total)
        return str(text("{activity}, {percent}", activity=word, percent=percent))
    return str(word)


def proof_words(row: Row, verified: Verified | None) -> Text | None:
    """How it is known that the engine finds it; None if nobody asked."""
    proof = row.status.proof if row.status else None
    if proof is not None and proof.loaded:
        return text("{engine} {version}, loaded", engine=proof.engine, version=proof.version)
    if proof is not None:
        return text("{engine} {version}", engine=proof.engine, version=proof.version)
    if verified is None or verified.evidence is Evidence.PROOF:  # one that holds no longer
        return None
    return text("By rule") if verified.evidence is Evidence.RULE else text("Not proven")
