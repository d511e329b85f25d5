"""Takes the models of a catalog file over into the user's own, and says what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QDir, Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from model_preload.core import errors
from model_preload.core.events import Control, EventSink
from model_preload.core.tasks import own_catalog
from model_preload.core.texts import Text, plural, text
from model_preload.downloads.background import Background
from model_preload.downloads.open_core import Opened
from model_preload.ui.formats import number_text
from model_preload.ui.icons import icon
from model_preload.ui.own_models.labels import plain_label, title_label


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is told.

    Attributes:
        sign: the name of an icon.
        lines: keys, or what is wrong; one to a line of the list.
    """

    sign: str
    title: Text
    next_step: Text | None
    lines: tuple[str, ...] = ()


def taken_over(keys: Sequence[str]) -> Outcome:
    """After an import that went well."""
    if not keys:
        title = text("The catalog has all models of this file already.")
        return Outcome("info", title, text("Nothing was changed."))
    title = plural(
        "{count} model is new in the catalog.",
        "{count} models are new in the catalog.",
        len(keys),
        count=number_text(len(keys)),
    )
    return Outcome("check", title, text("Select them in the catalog window to preload them."), tuple(keys))


def not_taken_over(problem: errors.Circumstance, path: Path) -> Outcome:
    """After one that did not; of several findings each is a line."""
    match problem:
        case errors.CatalogProblem():
            title = text("This file can't be used: {path}", path=problem.path)
            step = text("Correct what is named and import it again. Nothing was changed.")
            return Outcome("warning", title, step, tuple(map(str, problem.findings)))
        case errors.ModelUnfit():
            title = text("The models of this file don't fit into the catalog: {path}", path=path)
            step = text("Correct what is named and import it again. Nothing was changed.")
            return Outcome("warning", title, step, tuple(map(str, problem.findings)))
        case _:
            return Outcome("warning", problem.title, problem.next_step)


class ImportDialog(QDialog):
    """GUI thread. `choose` asks for a file first; `take_over` begins with a file that is known.

    Args:
        background: where files are read and written.
        home: the state folder.

    Signals:
        imported(tuple[str, ...]): the keys that the own catalog has now and had not; never empty.
    """

    imported = Signal(object)

    def __init__(self, background: Background, home: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._home = home
        self._writing = False
        self.setWindowTitle(str(text("Import a catalog")))
        self._picture = QLabel()
        self._title, self._step = title_label(), plain_label()
        self._list = QPlainTextEdit(readOnly=True, tabChangesFocus=True)
        self._list.setAccessibleName(str(text("Models, or what is wrong")))
        self._again = QPushButton(icon("folder"), str(text("&Another file…")))
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self._buttons.addButton(self._again, QDialogButtonBox.ButtonRole.ActionRole)
        self._arrange()
        self._again.clicked.connect(self.choose)
        self._buttons.rejected.connect(self.reject)

    def _arrange(self) -> None:
        side = self.fontMetrics().height()
        head = QHBoxLayout()
        head.setSpacing(side)
        head.addWidget(self._picture)
        head.addWidget(self._title, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(side, side, side, side)
        column.setSpacing(side * 2 // 3)
        column.addLayout(head)
        column.addWidget(self._list, 1)
        column.addWidget(self._step)
        column.addWidget(self._buttons)
        self.resize(self.fontMetrics().averageCharWidth() * 90, side * 20)

    @Slot()
    def choose(self) -> None:
        """Ask for a file, over this dialog or its parent; then `take_over`."""
        over = self if self.isVisible() else self.parentWidget()
        dialog = QFileDialog(over, str(text("Import a catalog")))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters(
            [str(text("Catalogs ({pattern})", pattern="*.toml")), str(text("All files ({pattern})", pattern="*"))]
        )
        dialog.fileSelected.connect(self._chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @Slot(str)
    def _chosen(self, path: str) -> None:
        self.take_over(Path(QDir.toNativeSeparators(path)))

    def take_over(self, path: Path) -> None:
        """Open the dialog and import that file."""
        self._say(Outcome("catalog", text("Reading {path}…", path=path), None))
        self._set_writing(True)
        self.open()
        self._background.start(partial(_import, self._home, path), self._done, partial(self._refused, path))

    def _done(self, keys: tuple[str, ...]) -> None:
        self._set_writing(False)
        self._say(taken_over(keys))
        if keys:
            self.imported.emit(keys)

    def _refused(self, path: Path, problem: errors.Circumstance) -> None:
        self._set_writing(False)
        self._say(not_taken_over(problem, path))

    def _say(self, outcome: Outcome) -> None:
        side = self.fontMetrics().height() * 2
        self._picture.setPixmap(icon(outcome.sign).pixmap(side, side))
        self._title.setText(str(outcome.title))
        self._step.setText(str(outcome.next_step or ""))
        self._list.setPlainText("\n".join(outcome.lines))
        self._list.setVisible(bool(outcome.lines))

    def _set_writing(self, writing: bool) -> None:
        self._writing = writing
        self._buttons.setEnabled(not writing)

    def done(self, result: int) -> None:
        """Close; not in the middle of writing, which takes a moment."""
        if not self._writing:
            super().done(result)


def _import(home: Path, path: Path, opened: Opened, _control: Control, _sink: EventSink) -> tuple[str, ...]:
    return own_catalog.import_file(home, opened.services.disk, path)
