"""Asks before a model of the user's own is taken out of the catalog, and says what becomes of its files."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from model_preload.core import errors
from model_preload.core.catalog import Model
from model_preload.core.events import Control, EventSink
from model_preload.core.tasks import own_catalog
from model_preload.core.tasks.files import kept_in
from model_preload.core.texts import text
from model_preload.downloads.background import Background
from model_preload.downloads.open_core import Opened
from model_preload.ui.icons import icon
from model_preload.ui.own_models.labels import Note, plain_label, title_label


class RemoveModelDialog(QDialog):
    """GUI thread.

    Args:
        background: where the catalog is written.
        home: the state folder.
        model: one of the user's own.
        language: gettext name of the language in use.
        location: where its files lie, None if nothing of it is here.

    Signals:
        removed(str): the own catalog has that key no more.
    """

    removed = Signal(str)

    def __init__(
        self,
        background: Background,
        home: Path,
        model: Model,
        language: str,
        location: Path | None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._background = background
        self._home = home
        self._key = model.key
        self._writing = False
        self.setWindowTitle(str(text("Remove a model")))
        name = model.name.in_language(language)
        if location is None:
            fate = text("Nothing of it was fetched.")
        else:
            fate = text("The files that were fetched stay where they are. Delete them there if you need the room:")
        self._place = plain_label("" if location is None else str(kept_in(location)), selectable=True)
        self._place.setAccessibleName(str(text("Place of the files")))
        if location is None:
            self._place.hide()
        self._note = Note()
        self._buttons = QDialogButtonBox()
        self._remove = QPushButton(icon("remove"), str(text("&Remove")))
        self._buttons.addButton(self._remove, QDialogButtonBox.ButtonRole.DestructiveRole)
        cancel = self._buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self._words = [title_label(str(text("Remove “{name}” from the catalog?", name=name))), plain_label(str(fate))]
        self._arrange()
        cancel.setDefault(True)
        cancel.setFocus()
        self._remove.clicked.connect(self._begin)
        self._buttons.rejected.connect(self.reject)

    def _arrange(self) -> None:
        side = self.fontMetrics().height()
        picture = QLabel()
        picture.setPixmap(icon("remove").pixmap(side * 2, side * 2))
        words = QVBoxLayout()
        for label in (*self._words, self._place, self._note):
            words.addWidget(label)
        words.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(side)
        picture_column = QVBoxLayout()
        picture_column.addWidget(picture)
        picture_column.addStretch(1)
        row.addLayout(picture_column)
        row.addLayout(words, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(side, side, side, side)
        column.setSpacing(side)
        column.addLayout(row, 1)
        column.addWidget(self._buttons)
        self.resize(self.fontMetrics().averageCharWidth() * 70, self.sizeHint().height())

    @Slot()
    def _begin(self) -> None:
        self._set_writing(True)
        self._background.start(partial(_remove, self._home, self._key), self._done, self._refused)

    def _done(self, _nothing: None) -> None:
        self._set_writing(False)
        self.accept()
        self.removed.emit(self._key)

    def _refused(self, problem: errors.Circumstance) -> None:
        self._set_writing(False)
        self._note.say(f"{problem.title}\n{problem.next_step}", self._remove)

    def _set_writing(self, writing: bool) -> None:
        self._writing = writing
        self._buttons.setEnabled(not writing)

    def done(self, result: int) -> None:
        """Close; not in the middle of writing, which takes a moment."""
        if not self._writing:
            super().done(result)


def _remove(home: Path, key: str, opened: Opened, _control: Control, _sink: EventSink) -> None:
    own_catalog.remove(home, opened.services.disk, key)
