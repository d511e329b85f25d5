"""Which files of a repository count: by patterns, by a quick choice, or ticked in a tree; it is always patterns."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from model_preload.core import errors
from model_preload.core.catalog import RepositorySource
from model_preload.core.tasks.look_up import Found, chosen
from model_preload.core.texts import Text, plural, text
from model_preload.ui.formats import number_text, size_text
from model_preload.ui.own_models.choice import MOST_PATTERNS, Choice, Files, patterns_of, written
from model_preload.ui.own_models.file_tree import NAME, SIZE, FileTree
from model_preload.ui.own_models.labels import Note, plain_label

_OPENED_AT_ONCE = 40
"""A listing of so many files is shown whole."""


class PatternPicker(QWidget):
    """See the module.

    Attributes:
        is_fit: whether a model can be made of what is chosen.

    Signals:
        changed(): other patterns, or another listing.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.is_fit = False
        self._found: Found | None = None
        self._files = Files(())
        self._quick = QComboBox()
        self._quick.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._quick.setMinimumContentsLength(12)
        self._include, self._exclude = QLineEdit(clearButtonEnabled=True), QLineEdit(clearButtonEnabled=True)
        self._include.setPlaceholderText(str(text("all files, or such as *.json, onnx/")))
        self._exclude.setPlaceholderText(str(text("none, or such as *.bin, tests/")))
        self._note = Note()
        self._tree = FileTree(self)
        self._view = self._make_view()
        self._total = QLabel(textFormat=Qt.TextFormat.PlainText)
        self._unlisted = plain_label(str(text("The list of files is not at hand, so patterns can't be tried out.")))
        self._arrange()
        self._quick.activated.connect(self._quickly)
        self._include.textChanged.connect(self._typed)
        self._exclude.textChanged.connect(self._typed)
        self._tree.ticked.connect(self._ticked)

    @property
    def choice(self) -> Choice:
        """The patterns, as they are typed."""
        return Choice(patterns_of(self._include.text()), patterns_of(self._exclude.text()))

    def show_files(self, found: Found) -> None:
        """Choose of those, beginning with the patterns of their source; without any files only patterns are typed."""
        source = found.source
        self._found = found
        self._files = Files(found.files)
        self._tree.show(found.files)
        if len(found.files) <= _OPENED_AT_ONCE:
            self._view.expandAll()
        self._quick.clear()
        for quick in self._files.quick_choices():
            self._quick.addItem(str(quick.label), quick.choice)
        self._quick.addItem(str(text("By patterns")), None)
        is_listed = bool(found.files)
        for widget in (self._quick, self._quick_label, self._view, self._view_label, self._total):
            widget.setVisible(is_listed)
        self._unlisted.setVisible(not is_listed)
        if isinstance(source, RepositorySource):
            self._use(Choice(source.include, source.exclude))
        else:
            self._use(Choice())

    def _make_view(self) -> QTreeView:
        view = QTreeView(uniformRowHeights=True)
        view.setAlternatingRowColors(True)
        view.setAccessibleName(str(text("Files of the repository")))
        view.setAccessibleDescription(str(text("The space key puts a file or folder in, or leaves it out.")))
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        view.setModel(self._tree)
        view.setMinimumHeight(self.fontMetrics().height() * 9)
        header = view.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(SIZE, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(SIZE, self.fontMetrics().averageCharWidth() * 14)
        return view

    def _arrange(self) -> None:
        self._quick_label = QLabel(str(text("Qu&ick choice")))
        self._view_label = QLabel(str(text("Fil&es")))
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(self._quick_label, self._quick)
        form.addRow(str(text("&Only these")), self._include)
        form.addRow(str(text("No&t these")), self._exclude)
        self._quick_label.setBuddy(self._quick)
        self._view_label.setBuddy(self._view)
        self._quick.setAccessibleName(str(text("Quick choice")))
        self._include.setAccessibleName(str(text("Only these files")))
        self._exclude.setAccessibleName(str(text("Not these files")))
        head = QHBoxLayout()
        head.addWidget(self._view_label)
        head.addStretch(1)
        head.addWidget(self._total)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(form)
        column.addWidget(self._note)
        column.addLayout(head)
        column.addWidget(self._view, 1)
        column.addWidget(self._unlisted)
        column.addStretch()

    def _use(self, choice: Choice) -> None:
        """Put patterns into the fields, where they are not there yet."""
        for field, patterns in ((self._include, choice.include), (self._exclude, choice.exclude)):
            if patterns_of(field.text()) != patterns:
                field.blockSignals(True)
                field.setText(written(patterns))
                field.blockSignals(False)
        self._typed()

    @Slot(int)
    def _quickly(self, row: int) -> None:
        choice = self._quick.itemData(row)
        if isinstance(choice, Choice):
            self._use(choice)
        else:
            self._include.setFocus()

    @Slot(str, bool)
    def _ticked(self, target: str, on: bool) -> None:
        made = self._files.ticked(self.choice, target, on)
        if made is None:
            told = text("That would take more than {most} patterns. Write them yourself.", most=MOST_PATTERNS)
            self._note.say(told, self._view)
        else:
            self._use(made)

    @Slot()
    def _typed(self) -> None:
        """Say what comes of the patterns as they are now."""
        if self._found is None:
            return
        choice = self.choice
        wrong: Text | None = None
        try:
            count = len(chosen(self._found, choice.include, choice.exclude).files)
        except errors.Circumstance as problem:
            wrong, count = problem.title, 0
        if wrong:
            self._total.clear()
        elif self._found.files:
            self._show_chosen(choice)
            wrong = None if count else text("No file is left. Choose at least one.")
        self.is_fit = wrong is None
        rows = [row for row in range(self._quick.count()) if self._quick.itemData(row) == choice]
        self._quick.setCurrentIndex(rows[0] if rows else self._quick.count() - 1)
        self._note.say(wrong or self._idle(choice), self._include)
        self.changed.emit()

    def _show_chosen(self, choice: Choice) -> None:
        assert self._found is not None
        paths = self._files.chosen(choice)
        self._tree.choose(paths)
        size = sum(file.size for file in self._found.files if file.path in paths)
        told = plural(
            "{chosen} of {all} file, {size}",
            "{chosen} of {all} files, {size}",
            len(self._found.files),
            chosen=number_text(len(paths)),
            all=number_text(len(self._found.files)),
            size=size_text(size),
        )
        self._total.setText(str(told))

    def _idle(self, choice: Choice) -> Text | None:
        """That a pattern does nothing; it may for files to come, so it is no error."""
        idle = self._files.idle(choice) if self._found and self._found.files else ()
        if not idle:
            return None
        return text("No file is like {patterns}. Put a comma between two patterns.", patterns=", ".join(idle))
