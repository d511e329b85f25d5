"""The log as it is written: searched, narrowed down, followed, copied."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QEvent, QLocale, QModelIndex, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QFontDatabase, QFontMetrics, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from model_preload.core.texts import Text, plural, text
from model_preload.downloads.log_buffer import LogBuffer
from model_preload.ui.log_model import LEVEL, MODEL, TIME, LogFilter, LogModel, as_text, widest_level

_LEVELS = (
    (0, text("Everything")),
    (20, text("Info and above")),
    (30, text("Warnings and errors")),
    (40, text("Errors only")),
)


class LogWindow(QWidget):
    """A window of its own; it needs nobody, and nobody needs to listen to it.

    Args:
        buffer: whose records are shown; it outlives the window.
        folder: where the log's files lie.
        names: key and name of each model of the catalog, in the language in use.
    """

    def __init__(
        self, buffer: LogBuffer, folder: Path, names: Mapping[str, str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self._buffer = buffer
        self._folder = folder
        self._model = LogModel(buffer, names, self)
        self._filter = LogFilter()
        self._make_filter()
        self._make_view()
        self._make_buttons()
        self._arrange()
        self._say()
        self.set_names(names)
        self._connect()
        self._tell()

    def set_names(self, names: Mapping[str, str]) -> None:
        """Another catalog, or its names in another language; the model that was chosen stays so if it is there."""
        self._model.set_names(names)
        chosen = self._filter.model
        self._models.blockSignals(True)
        self._models.clear()
        self._models.addItem(str(text("All models")), "")
        for key, name in sorted(names.items(), key=lambda item: item[1].casefold()):
            self._models.addItem(name, key)
        self._models.setCurrentIndex(max(0, self._models.findData(chosen)))
        self._models.blockSignals(False)
        self._narrow()

    def choose(self, key: str) -> None:
        """Show what is about that model."""
        self._models.setCurrentIndex(max(0, self._models.findData(key)))

    def _make_filter(self) -> None:
        self._search = QLineEdit(clearButtonEnabled=True)
        self._levels = QComboBox()
        for level, _ in _LEVELS:
            self._levels.addItem("", level)
        self._models = QComboBox(sizeAdjustPolicy=QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._models.setMinimumContentsLength(16)
        self._labels = [QLabel() for _ in range(3)]
        for label, field in zip(self._labels, (self._search, self._levels, self._models), strict=True):
            label.setBuddy(field)

    def _make_view(self) -> None:
        self._table = QTableView(showGrid=False, wordWrap=False)
        self._table.setAlternatingRowColors(True)
        self._table.setTabKeyNavigation(False)
        self._table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self._table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self._table.setModel(self._model)
        self._table.verticalHeader().hide()
        self._table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self._table.horizontalHeader()
        header.setStretchLastSection(True)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._empty = QLabel(textFormat=Qt.TextFormat.PlainText, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self._show_all = QPushButton()
        page = QWidget()
        column = QVBoxLayout(page)
        column.addStretch()
        column.addWidget(self._empty)
        column.addWidget(self._show_all, alignment=Qt.AlignmentFlag.AlignCenter)
        column.addStretch()
        self._stack = QStackedWidget()
        self._stack.addWidget(self._table)
        self._stack.addWidget(page)
        self._details = QPlainTextEdit(readOnly=True, tabChangesFocus=True)
        self._details.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))

    def _make_buttons(self) -> None:
        self._follow = QCheckBox()
        self._follow.setChecked(True)
        self._copy, self._open, self._clear = QPushButton(), QPushButton(), QPushButton()
        self._count = QLabel(textFormat=Qt.TextFormat.PlainText)
        self._notice = QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True)
        self._notice.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._notice.hide()

    def _arrange(self) -> None:
        letter = self.fontMetrics()
        filters = QGridLayout()
        for column, (label, field) in enumerate(
            zip(self._labels, (self._search, self._levels, self._models), strict=True)
        ):
            filters.addWidget(label, 0, column)
            filters.addWidget(field, 1, column)
        filters.setColumnStretch(0, 1)
        splitter = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        splitter.addWidget(self._stack)
        splitter.addWidget(self._details)
        splitter.setSizes([letter.height() * 24, letter.height() * 5])
        splitter.setStretchFactor(0, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(self._follow)
        buttons.addWidget(self._count, 1, Qt.AlignmentFlag.AlignCenter)
        for button in (self._copy, self._clear, self._open):
            buttons.addWidget(button)
        whole = QVBoxLayout(self)
        whole.addLayout(filters)
        whole.addWidget(splitter, 1)
        whole.addWidget(self._notice)
        whole.addLayout(buttons)
        self.resize(letter.averageCharWidth() * 130, letter.height() * 34)

    def _connect(self) -> None:
        self._search.textChanged.connect(self._narrow)
        self._levels.currentIndexChanged.connect(self._narrow)
        self._models.currentIndexChanged.connect(self._narrow)
        self._show_all.clicked.connect(self._widen)
        self._copy.clicked.connect(self._copy_records)
        self._open.clicked.connect(self._open_folder)
        self._clear.clicked.connect(self._clear_view)
        self._follow.toggled.connect(self._to_the_end)
        bar = self._table.verticalScrollBar()
        bar.valueChanged.connect(self._scrolled)
        bar.rangeChanged.connect(self._to_the_end)
        self._model.rowsRemoved.connect(self._keep_place)
        self._buffer.arrived.connect(self._tell)
        self._table.selectionModel().currentRowChanged.connect(self._chosen)
        for keys, target, do in (
            (QKeySequence.StandardKey.Find, self, self._look_for),
            (QKeySequence.StandardKey.Close, self, self.close),
            (QKeySequence.StandardKey.Copy, self._table, self._copy_records),
            (QKeySequence.StandardKey.Cancel, self._search, self._search.clear),
        ):
            context = Qt.ShortcutContext.WindowShortcut if target is self else Qt.ShortcutContext.WidgetShortcut
            QShortcut(QKeySequence(keys), target, context=context).activated.connect(do)

    def _say(self) -> None:
        """Every text that stays, in the language in use, and the room that texts need in the font in use."""
        self.setWindowTitle(str(text("Log")))
        for label, name in zip(self._labels, (text("&Search"), text("&Level"), text("&Model")), strict=True):
            label.setText(str(name))
        self._search.setPlaceholderText(str(text("In messages, names of threads and parts of the program")))
        for row, (_, word) in enumerate(_LEVELS):
            self._levels.setItemText(row, str(word))
        self._models.setItemText(0, str(text("All models")))
        self._follow.setText(str(text("&Follow the newest")))
        self._copy.setText(str(text("&Copy")))
        self._clear.setText(str(text("Clear &view")))
        self._open.setText(str(text("&Open folder")))
        self._show_all.setText(str(text("Show &all")))
        self._details.setPlaceholderText(str(text("Choose a record to see all of it here.")))
        self._name(self._search, text("Search"))
        self._name(self._levels, text("Level"))
        self._name(self._models, text("Model"))
        self._name(self._table, text("Records of the log"))
        self._name(self._details, text("The chosen record"))
        for button, what in (
            (self._copy, text("Copies the chosen records, or all that are shown.")),
            (self._clear, text("Hides what is here now. The files keep it.")),
            (self._open, text("Opens the folder of the log's files.")),
            (self._follow, text("Scrolling up ends it; scrolling to the end begins it again.")),
        ):
            button.setToolTip(str(what))
            button.setAccessibleDescription(str(what))
        self._measure()

    @staticmethod
    def _name(widget: QWidget, name: Text) -> None:
        widget.setAccessibleName(str(name))

    def _measure(self) -> None:
        letters, fixed = self._table.fontMetrics(), QFontMetrics(self._details.font())
        room = letters.averageCharWidth() * 2
        height = max(letters.height(), fixed.height())
        rows = self._table.verticalHeader()
        rows.setMinimumSectionSize(height)
        rows.setDefaultSectionSize(height * 5 // 4)
        widths = {
            TIME: fixed.horizontalAdvance("00:00:00.000"),
            LEVEL: letters.horizontalAdvance(widest_level()),
            MODEL: letters.averageCharWidth() * 18,
        }
        for column, width in widths.items():
            self._table.setColumnWidth(column, width + room)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """The language or the font was changed while the window is there."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()
            self._tell()
            for painted in (self._table, self._table.horizontalHeader()):
                painted.viewport().update()
        elif event.type() == QEvent.Type.FontChange:
            self._measure()

    @Slot()
    def _narrow(self) -> None:
        self._set_filter(
            LogFilter(self._search.text(), self._levels.currentData(), self._models.currentData(), self._filter.after)
        )

    def _set_filter(self, wanted: LogFilter) -> None:
        """The chosen record stays chosen and in view, so that a hit can be seen among its neighbours."""
        chosen = self._table.currentIndex()
        number = self._model.entry(chosen.row()).number if chosen.isValid() else 0
        self._filter = wanted
        self._model.set_filter(wanted)
        rows = range(self._model.rowCount())
        row = bisect_left(rows, number, key=lambda row: self._model.entry(row).number)
        if number and row < len(rows) and self._model.entry(row).number == number:
            self._table.selectRow(row)
            self._table.scrollTo(self._model.index(row, TIME), QAbstractItemView.ScrollHint.PositionAtCenter)
        else:
            self._chosen(QModelIndex())  # new rows do away with the current one, and nobody is told
        self._to_the_end()
        self._tell()

    @Slot()
    def _widen(self) -> None:
        for field in (self._levels, self._models):
            field.setCurrentIndex(0)
        self._search.clear()
        self._search.setFocus()

    @Slot()
    def _tell(self) -> None:
        """How many records there are, and what to do if there is none."""
        shown = self._model.rowCount()
        local = QLocale()
        self._count.setText(str(plural("{shown} record", "{shown} records", shown, shown=local.toString(shown))))
        is_filtered = bool(self._filter.words or self._filter.level or self._filter.model)
        self._empty.setText(
            str(text("No record is like this."))
            if is_filtered
            else str(text("There is nothing here yet. Whatever the program does from now on shows up by itself."))
        )
        self._show_all.setVisible(is_filtered)
        self._stack.setCurrentIndex(0 if shown else 1)
        self._copy.setEnabled(shown > 0)
        self._clear.setEnabled(shown > 0)
        if self._buffer.lost:
            lost = self._buffer.lost
            self._warn(
                plural(
                    "{lost} record came too fast to be shown. It is in the file.",
                    "{lost} records came too fast to be shown. They are in the file.",
                    lost,
                    lost=local.toString(lost),
                )
            )

    def _warn(self, what: Text) -> None:
        self._notice.setText(str(what))
        self._notice.show()

    @Slot()
    def _to_the_end(self) -> None:
        if self._follow.isChecked():
            self._table.scrollToBottom()

    @Slot(int)
    def _scrolled(self, value: int) -> None:
        self._follow.setChecked(value == self._table.verticalScrollBar().maximum())

    @Slot(QModelIndex, int, int)
    def _keep_place(self, _parent: QModelIndex, first: int, last: int) -> None:
        """Who reads goes on reading the same lines while the oldest go."""
        if not self._follow.isChecked():
            bar = self._table.verticalScrollBar()
            bar.setValue(bar.value() - (last - first + 1))

    @Slot(QModelIndex)
    def _chosen(self, current: QModelIndex) -> None:
        if current.isValid():
            self._details.setPlainText(as_text(self._model.entry(current.row())))
            if current.row() < self._model.rowCount() - 1:
                self._follow.setChecked(False)
        else:
            self._details.clear()

    @Slot()
    def _look_for(self) -> None:
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    @Slot()
    def _copy_records(self) -> None:
        rows = sorted(index.row() for index in self._table.selectionModel().selectedRows())
        lines = [as_text(self._model.entry(row)) for row in rows or range(self._model.rowCount())]
        QGuiApplication.clipboard().setText("\n".join(lines))

    @Slot()
    def _clear_view(self) -> None:
        entries = self._buffer.entries
        newest = entries[-1].number if entries else 0
        self._set_filter(replace(self._filter, after=newest))

    @Slot()
    def _open_folder(self) -> None:
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder))):
            self._warn(text("The folder can't be opened here. It is {folder}", folder=self._folder))
