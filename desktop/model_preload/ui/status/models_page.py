"""All models at a glance, and everything that is known of the chosen one."""

from collections.abc import Mapping
from datetime import datetime

from PySide6.QtCore import QModelIndex, Qt, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSplitter,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from model_preload.core.tasks.verify_engines import Evidence, Verified
from model_preload.core.texts import Text, plural, text
from model_preload.core.values import Verdict
from model_preload.downloads.board import Board, Row
from model_preload.ui.formats import number_text, size_text, time_text
from model_preload.ui.icons import icon
from model_preload.ui.status.model_tree import NAME, ModelTree, work_words

_SELECTABLE = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
_FIELDS = {
    "verdict": text("Verdict:"),
    "reasons": text("Why:"),
    "now": text("Now:"),
    "place": text("Place:"),
    "files": text("Files:"),
    "checked": text("Checked:"),
    "proof": text("Proof:"),
}


class ModelsPage(QWidget):
    """A tree above, the chosen one's details below.

    Signals:
        log_wanted(str): the log of that model.
        told(Text): something that could not be done.
    """

    log_wanted = Signal(str)
    told = Signal(object)

    def __init__(self, board: Board, language: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._board = board
        self._language = language
        self._verified: Mapping[str, Verified] = {}
        self._looked_at: datetime | None = None
        self._key = ""
        self._model = ModelTree(board, language, self)
        self._make_tree()
        self._make_details()
        splitter = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        splitter.addWidget(self._tree)
        splitter.addWidget(self._details())
        splitter.setStretchFactor(0, 1)
        splitter.setStretchFactor(1, 1)
        whole = QVBoxLayout(self)
        whole.addWidget(splitter)
        self.setFocusProxy(self._tree)
        self._model.modelReset.connect(self._restored)
        self._tree.selectionModel().currentRowChanged.connect(self._chosen)
        board.changed.connect(self._changed)
        self._restored()

    @property
    def key(self) -> str:
        """Of the chosen model or part; "" if none is."""
        return self._key

    def choose(self, key: str) -> None:
        """Show that model or part; nothing happens if there is none."""
        index = self._model.find(key)
        if index.isValid():
            self._tree.setCurrentIndex(index)

    def set_verified(self, verified: Mapping[str, Verified]) -> None:
        """What was found by asking the engines."""
        self._verified = verified
        self._model.set_verified(verified)
        self._show()

    def set_looked_at(self, moment: datetime) -> None:
        """When sizes and times were last compared; aware."""
        self._looked_at = moment
        self._show()

    def state(self) -> bytes:
        return bytes(self._tree.header().saveState().data())

    def restore(self, state: bytes) -> None:
        self._tree.header().restoreState(state)

    def _make_tree(self) -> None:
        self._tree = QTreeView(uniformRowHeights=True, allColumnsShowFocus=True)
        self._tree.setModel(self._model)
        self._tree.setAccessibleName(str(text("Models and their parts")))
        letters = self.fontMetrics().averageCharWidth()
        for column, width in enumerate((38, 18, 20, 22)):
            self._tree.setColumnWidth(column, letters * width)
        self._tree.header().setStretchLastSection(True)

    def _make_details(self) -> None:
        self._title = _value()
        bold = self._title.font()
        bold.setBold(True)
        self._title.setFont(bold)
        self._title.setAccessibleName(str(text("The chosen model")))
        self._values = {name: _value() for name in _FIELDS}
        self._labels = {name: QLabel(str(label)) for name, label in _FIELDS.items()}
        for name, label in self._labels.items():
            self._values[name].setAccessibleName(label.text().rstrip(":："))
        self._open = QPushButton(icon("folder"), str(text("Open &folder")))
        self._open.setAccessibleDescription(str(text("Opens the place where the engine reads the model.")))
        self._log = QPushButton(icon("log"), str(text("Show &log")))
        self._log.setAccessibleDescription(str(text("Opens the log of this model.")))
        self._open.clicked.connect(self._open_folder)
        self._log.clicked.connect(self._want_log)

    def _details(self) -> QWidget:
        inside = QWidget()
        grid = QGridLayout(inside)
        grid.addWidget(self._title, 0, 0, 1, 2)
        for number, (name, label) in enumerate(self._labels.items(), 1):
            grid.addWidget(label, number, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(self._values[name], number, 1)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(len(self._labels) + 1, 1)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(inside)
        scroll.setAccessibleName(str(text("Everything about the chosen model")))
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(self._log)
        buttons.addWidget(self._open)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(scroll, 1)
        column.addLayout(buttons)
        return page

    @Slot()
    def _restored(self) -> None:
        """Other models: the same one is chosen if it is still there, else the first."""
        self._tree.expandAll()
        index = self._model.find(self._key)
        self._tree.setCurrentIndex(index if index.isValid() else self._model.index(0, NAME))
        self._chosen(self._tree.currentIndex())

    @Slot(QModelIndex)
    def _chosen(self, current: QModelIndex) -> None:
        self._key = self._model.key(current) if current.isValid() else ""
        self._show()

    @Slot(object)
    def _changed(self, keys: frozenset[str]) -> None:
        if self._key in keys:
            self._show()

    def _show(self) -> None:
        if not self._key:
            self._title.setText(str(text("No model is chosen.")))
            for name in _FIELDS:
                self._say(name, "")
            self._open.setEnabled(False)
            self._log.setEnabled(False)
            return
        row = self._board.row(self._key)
        status = row.status
        self._title.setText(str(text("{name} ({key})", name=row.model.name.in_language(self._language), key=self._key)))
        self._say("verdict", str(row.verdict.label) if row.verdict else str(text("Not looked at yet")))
        reasons = [str(reason) for reason in status.reasons] if status else []
        self._say("reasons", "\n".join(dict.fromkeys([*reasons, *(failure.message for failure in row.work.failures)])))
        self._say("now", work_words(row.work))
        self._say("place", str(status.location) if status and status.location else "")
        self._say("files", str(_files(row)) if status and status.files else "")
        self._say("checked", str(_checked(row, self._looked_at) or ""))
        self._say("proof", _proof(row, self._verified.get(self._key)))
        self._open.setEnabled(status is not None and status.location is not None)
        self._log.setEnabled(True)

    def _say(self, name: str, words: str) -> None:
        """A field with nothing to say is not shown."""
        self._values[name].setText(words)
        self._values[name].setVisible(bool(words))
        self._labels[name].setVisible(bool(words))

    @Slot()
    def _open_folder(self) -> None:
        status = self._board.row(self._key).status
        place = status.location if status else None
        if place is None:
            return
        folder = place if place.is_dir() else place.parent
        if not folder.is_dir() or not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self.told.emit(text("The folder can't be opened: {folder}", folder=folder))

    @Slot()
    def _want_log(self) -> None:
        self.log_wanted.emit(self._key)


def _value() -> QLabel:
    label = QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True, textInteractionFlags=_SELECTABLE)
    label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
    return label


def _files(row: Row) -> Text:
    assert row.status is not None
    return plural(
        "{ready} of {count} file, {size}",
        "{ready} of {count} files, {size}",
        row.status.files,
        ready=number_text(row.status.files_ready),
        count=number_text(row.status.files),
        size=size_text(row.status.bytes),
    )


def _checked(row: Row, looked_at: datetime | None) -> Text | None:
    """None where there is nothing to be checked."""
    checked_at = row.status.checked_at if row.status else None
    if checked_at is None:
        return text("Not every file's digest was checked yet.") if row.verdict is Verdict.UNVERIFIED else None
    if looked_at is None:
        return text("Digests checked {time}.", time=time_text(checked_at))
    return text(
        "Digests checked {time}; sizes and times of the files are unchanged since, seen {quick}.",
        time=time_text(checked_at),
        quick=time_text(looked_at),
    )


def _proof(row: Row, verified: Verified | None) -> str:
    """How it is known that the engine finds it; "" where there is nothing to be asked."""
    proof = row.status.proof if row.status else None
    if proof is not None:
        told = {"engine": proof.engine, "version": proof.version, "time": time_text(proof.proved_at)}
        if proof.loaded:
            return str(text("Proven and loaded by {engine} {version}, {time}.", **told))
        return str(text("Proven by {engine} {version}, {time}.", **told))
    if verified is None or verified.evidence is Evidence.PROOF:
        return str(text("Its engine was not asked yet.")) if row.ready else ""
    head = (
        text("By rule; the engine could not be asked:") if verified.evidence is Evidence.RULE else text("Not proven:")
    )
    return "\n".join([str(head), *map(str, verified.reasons)])
