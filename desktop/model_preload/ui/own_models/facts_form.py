"""What a model of the user's own is called and where its files go."""

from collections.abc import Collection
from pathlib import Path

from PySide6.QtCore import QDir, Signal, Slot
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from model_preload.core.catalog import Model, UrlSource
from model_preload.core.tasks.look_up import Found
from model_preload.core.texts import Text, plural, text
from model_preload.ui.formats import number_text, size_text
from model_preload.ui.icons import icon
from model_preload.ui.own_models.draft import Draft, Field, Where, findings, where_of
from model_preload.ui.own_models.labels import Note, plain_label


class FactsForm(QWidget):
    """See the module.

    Args:
        before: the model that is edited; its key stays.
        language: of its name.

    Attributes:
        findings: what is wrong, as typed.

    Signals:
        changed(): something else is filled in.
    """

    changed = Signal()

    def __init__(self, before: Model | None, language: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.findings: dict[Field, Text] = {}
        self._before = before
        self._taken: Collection[str] = ()
        self._is_file = False
        self._name, self._key, self._folder, self._sha256 = QLineEdit(), QLineEdit(), QLineEdit(), QLineEdit()
        self._sha256.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._notes = {field: Note() for field in Field}
        self._licence, self._commit = plain_label(selectable=True), plain_label(selectable=True)
        self._files, self._cache_path = plain_label(), plain_label(selectable=True)
        self._unproven = plain_label()
        self._places = {Where.CACHE: QRadioButton(str(text("Hugging Face &cache")))}
        self._places[Where.FOLDER] = QRadioButton(str(text("A &folder")))
        if before is not None and where_of(before) is Where.ENGINE:
            told = text("Where {engine} rea&ds it", engine=before.place.name)
            self._places[Where.ENGINE] = QRadioButton(str(told))
        self._browse = QPushButton(icon("folder"), str(text("&Browse…")))
        self._required = QCheckBox(str(text("Re&quired by the platform")))
        self._arrange()
        if before is not None:
            self._fill(before, language)
        self._connect()

    def show_found(self, found: Found, taken: Collection[str], cache: Path) -> None:
        """That model from now on; what the user filled in stays.

        Args:
            taken: keys of other models.
            cache: the Hugging Face cache.
        """
        self._taken = taken
        self._is_file = found.needs_folder
        if self._before is None:
            self._name.setText(found.name)
            self._key.setText(found.key)
        self._licence.setText(found.licence or str(text("The hub does not tell")))
        self._commit.setText(found.commit[:12] or "–")
        self._files.setText(_count(found))
        self._cache_path.setText(str(text("A plain file needs a folder.") if self._is_file else cache))
        self._places[Where.CACHE].setEnabled(not self._is_file)
        if self._is_file and self._places[Where.CACHE].isChecked():
            self._places[Where.FOLDER].setChecked(True)
        for row in (self._sha256, self._notes[Field.SHA256], self._unproven):
            self._form.setRowVisible(row, self._is_file)
        self._form.setRowVisible(self._commit, not self._is_file)
        source = found.source
        if isinstance(source, UrlSource) and not self._sha256.text():
            self._sha256.setText(source.sha256 or "")
        self._check()

    def draft(self) -> Draft:
        """As it is filled in."""
        return Draft(
            self._name.text().strip(),
            self._key.text().strip(),
            next(where for where, button in self._places.items() if button.isChecked()),
            self._folder.text().strip(),
            self._sha256.text().strip() if self._is_file else "",
            self._required.isChecked(),
        )

    def focus(self) -> None:
        """Where the keyboard goes."""
        self._name.setFocus()
        self._name.selectAll()

    def _arrange(self) -> None:
        self._form = form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(str(text("&Name")), self._name)
        form.addRow("", self._notes[Field.NAME])
        form.addRow(str(text("&Key")), self._key)
        form.addRow("", self._notes[Field.KEY])
        form.addRow(str(text("Licence")), self._licence)
        form.addRow(str(text("Commit")), self._commit)
        form.addRow(str(text("Files")), self._files)
        folder = QHBoxLayout()
        folder.addWidget(self._folder, 1)
        folder.addWidget(self._browse)
        place = QVBoxLayout()
        place.addWidget(self._places[Where.CACHE])
        place.addLayout(self._indented(self._cache_path))
        place.addWidget(self._places[Where.FOLDER])
        place.addLayout(self._indented(folder))
        place.addLayout(self._indented(self._notes[Field.FOLDER]))
        if Where.ENGINE in self._places:
            place.addWidget(self._places[Where.ENGINE])
        self._group = QButtonGroup(self)
        for button in self._places.values():
            self._group.addButton(button)
        self._places[Where.CACHE].setChecked(True)
        form.addRow(QLabel(str(text("Place"))), place)
        form.addRow(str(text("S&HA-256")), self._sha256)
        form.addRow("", self._notes[Field.SHA256])
        form.addRow("", self._unproven)
        form.addRow("", self._required)
        self._sha256.setPlaceholderText(str(text("not known")))
        self._unproven.setText(str(text("Without it nothing proves the file, and the model stays Unverified.")))
        self._folder.setPlaceholderText(str(text("full path")))
        for field, name in (
            (self._name, text("Name")),
            (self._key, text("Key")),
            (self._folder, text("Folder")),
            (self._sha256, text("SHA-256")),
        ):
            field.setAccessibleName(str(name))
        self._key.setToolTip(str(text("By this the model goes on the command line and in the log.")))

    def _indented(self, what: QWidget | QHBoxLayout) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addSpacing(round(self.fontMetrics().height() * 1.4))
        if isinstance(what, QWidget):
            row.addWidget(what, 1)
        else:
            row.addLayout(what, 1)
        return row

    def _fill(self, before: Model, language: str) -> None:
        self._name.setText(before.name.in_language(language))
        self._key.setText(before.key)
        self._key.setReadOnly(True)
        self._key.setToolTip(str(text("The key of a model stays: by it the program knows what was fetched.")))
        self._places[where_of(before)].setChecked(True)
        if where_of(before) is Where.FOLDER:
            self._folder.setText(QDir.toNativeSeparators(before.place.name))
        self._required.setChecked(before.required)

    def _connect(self) -> None:
        for field in (self._name, self._key, self._folder, self._sha256):
            field.textChanged.connect(self._check)
        self._folder.textEdited.connect(self._wants_folder)
        self._group.buttonToggled.connect(self._check)
        self._required.toggled.connect(self.changed)
        self._browse.clicked.connect(self._choose_folder)

    @Slot()
    def _wants_folder(self) -> None:
        self._places[Where.FOLDER].setChecked(True)

    @Slot()
    def _check(self) -> None:
        draft = self.draft()
        fields = {
            Field.NAME: self._name,
            Field.KEY: self._key,
            Field.FOLDER: self._folder,
            Field.SHA256: self._sha256,
        }
        self.findings = findings(draft, self._taken)
        for field, note in self._notes.items():
            note.say(self.findings.get(field), fields[field])
            if field is not Field.FOLDER:
                self._form.setRowVisible(note, bool(note.text()))
        self.changed.emit()

    @Slot()
    def _choose_folder(self) -> None:
        dialog = QFileDialog(self, str(text("Folder for the model")), self._folder.text())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self._folder_chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @Slot(str)
    def _folder_chosen(self, folder: str) -> None:
        self._places[Where.FOLDER].setChecked(True)
        self._folder.setText(QDir.toNativeSeparators(folder))


def _count(found: Found) -> str:
    if not found.files:
        return str(text("not known just now"))
    told = plural(
        "{count} file, {size}",
        "{count} files, {size}",
        len(found.files),
        count=number_text(len(found.files)),
        size=size_text(sum(file.size for file in found.files)),
    )
    return str(told)
