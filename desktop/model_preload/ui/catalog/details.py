"""Everything about the model that is current in the table."""

import time
from functools import partial

from PySide6.QtCore import Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from model_preload.core import errors
from model_preload.core.events import Control, EventSink
from model_preload.core.settings import Settings
from model_preload.core.tasks.files import ModelFiles, files
from model_preload.core.texts import Text, text
from model_preload.downloads.background import Background, Job
from model_preload.downloads.board import Board, Row
from model_preload.downloads.open_core import Opened
from model_preload.ui import theme
from model_preload.ui.catalog.facts import Fact, Kind, facts
from model_preload.ui.catalog.files_view import AtWork, AtWorkView, FilesView
from model_preload.ui.formats import number_text
from model_preload.ui.icons import icon
from model_preload.ui.models.files_table import FileColumn, FilesTable

_LOOK_AGAIN_SECONDS = 3.0
"""While files are brought and seen, how old what the table says of them may become."""


class DetailPane(QWidget):
    """Shows one model of the board; its files are found out in the background.

    Args:
        language: gettext name, for what models are called.
        settings: for the addresses of the hubs' pages.
    """

    def __init__(
        self, board: Board, background: Background, language: str, settings: Settings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._board = board
        self._background = background
        self._language = language
        self._settings = settings
        self._key = ""
        self._row: Row | None = None
        self._found: ModelFiles | None = None
        self._told: tuple[Fact, ...] = ()
        self._job: Job[ModelFiles] | None = None
        self._looked = 0.0
        self._name = _heading()
        self._description = _label()
        self._facts = QWidget()
        self._column = QVBoxLayout()
        self._work = AtWork(self)
        self._work_view = AtWorkView(self._work)
        self._files = FilesTable(self)
        self._files_view = FilesView(self._files)
        self._files_view.hideColumn(FileColumn.PART)
        self._files_note = _label()
        self._files_pages = QStackedWidget()
        self._tabs = QTabWidget()
        self._lay_out()
        board.changed.connect(self._changed)
        board.reset.connect(self._reset)
        self.show_model("")

    @property
    def tabs(self) -> QTabWidget:
        """Overview, then files."""
        return self._tabs

    def use(self, settings: Settings) -> None:
        """Other addresses of the hubs from now on."""
        self._settings = settings
        self._fill()

    def show_model(self, key: str) -> None:
        """That one from now on; "" for none."""
        if key and key == self._key:
            return
        self._key = key
        self._row = self._board.row(key) if key else None
        self._found = None
        self._forget_job()
        self._fill()
        self._fill_files()
        if key:
            self._look()

    def _lay_out(self) -> None:
        box = QWidget()
        box.setLayout(self._column)
        self._column.addWidget(self._work_view)
        self._column.addWidget(self._facts)
        self._column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(box)
        scroll.setAccessibleName(str(text("About the model")))
        self._files_note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._files_pages.addWidget(self._files_note)
        self._files_pages.addWidget(self._files_view)
        self._tabs.addTab(scroll, str(text("&Overview")))
        self._tabs.addTab(self._files_pages, str(text("F&iles")))
        self._tabs.setDocumentMode(True)
        self._tabs.currentChanged.connect(self._tab_changed)
        outer = QVBoxLayout(self)
        outer.addWidget(self._name)
        outer.addWidget(self._description)
        outer.addWidget(self._tabs, 1)

    def _fill(self) -> None:
        row = self._row
        self._tabs.setVisible(row is not None)
        self._description.setVisible(row is not None)
        if row is None:
            self._name.setText(str(text("Select a model to see what is known about it.")))
            return
        self._name.setText(row.model.name.in_language(self._language))
        self._description.setText(row.model.description.in_language(self._language))
        self._fill_work(row)
        told = facts(row, self._board.parts(self._key), self._found, self._language, self._settings)
        if told != self._told:
            self._told = told
            self._facts.deleteLater()
            self._facts = _sheet(told)
            self._column.insertWidget(1, self._facts)

    def _fill_work(self, row: Row) -> None:
        working = row.work.activity.working
        self._work_view.setVisible(working and bool(row.work.files))
        self._work.show(row.work.files)
        self._files.at_work(row.work.part or self._key, row.work.files)

    def _fill_files(self) -> None:
        found = self._found
        self._files.show(found.files if found else ())
        count = self._files.rowCount()
        label = text("F&iles ({count})", count=number_text(count)) if count else text("F&iles")
        self._tabs.setTabText(1, str(label))
        self._files_pages.setCurrentIndex(1 if count else 0)
        parts = found is not None and any(file.model != self._key for file in found.files)
        self._files_view.setColumnHidden(FileColumn.PART, not parts)
        if found is None:
            self._note(text("The files are being looked at…"))
        elif not count:
            self._note(text("The hub was not asked for its files yet; that happens when it is preloaded."))

    def _note(self, said: Text) -> None:
        self._files_note.setText(str(said))

    def _look(self) -> None:
        self._forget_job()
        self._looked = time.monotonic()
        self._job = self._background.start(partial(_files, self._key), self._looked_at, self._look_failed)

    def _forget_job(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def _looked_at(self, found: ModelFiles) -> None:
        self._job = None
        self._looked = time.monotonic()
        self._found = found
        self._fill()
        self._fill_files()

    def _look_failed(self, problem: errors.Circumstance) -> None:
        self._job = None
        self._note(text("{title} {next}", title=problem.title, next=problem.next_step))

    @Slot(object)
    def _changed(self, keys: frozenset[str]) -> None:
        if self._row is None or not keys & {self._key, *(part.model.key for part in self._board.parts(self._key))}:
            return
        before, self._row = self._row, self._board.row(self._key)
        self._fill()
        if before.status != self._row.status or self._key not in keys:
            self._look()
        else:
            self._look_now_and_then()

    def _look_now_and_then(self) -> None:
        """Progress is the clock: where nothing moves, nothing is looked at."""
        seen = self._files_view.isVisible() and self._row is not None and self._row.work.activity.working
        if seen and self._job is None and time.monotonic() - self._looked > _LOOK_AGAIN_SECONDS:
            self._look()

    @Slot(int)
    def _tab_changed(self, _tab: int) -> None:
        self._look_now_and_then()

    @Slot()
    def _reset(self) -> None:
        key, self._key = self._key, ""
        known = {model.key for model in self._board.catalog.models}
        self.show_model(key if key in known else "")


def _files(key: str, opened: Opened, control: Control, _sink: EventSink) -> ModelFiles:
    return files(opened.services, key, control)


def _sheet(told: tuple[Fact, ...]) -> QWidget:
    """A line for each; a grid gives folded words the height that they need, which a form layout does not."""
    sheet = QWidget()
    grid = QGridLayout(sheet)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setColumnStretch(1, 1)
    for line, fact in enumerate(told):
        label, shown = QLabel(str(text("{label}:", label=fact.label))), _shown(fact)
        label.setBuddy(shown)
        # Beside words that may be folded the first line counts, beside a field its middle.
        words = fact.kind is Kind.WORDS
        grid.addWidget(label, line, 0, Qt.AlignmentFlag.AlignTop if words else Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(shown, line, 1)
    return sheet


def _shown(fact: Fact) -> QWidget:
    if fact.kind is Kind.PATH:
        return _path(fact)
    if fact.kind is Kind.LINK:
        return _link(fact)
    label = _label()
    label.setText(fact.value)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    label.setAccessibleName(str(text("{label}: {value}", label=fact.label, value=fact.value)))
    return _with_sign(label, fact) if fact.verdict is not None else label


def _with_sign(label: QLabel, fact: Fact) -> QWidget:
    assert fact.verdict is not None
    side = label.fontMetrics().height()
    sign = QLabel()
    sign.setPixmap(theme.verdict_icon(fact.verdict).pixmap(side, side))
    box = QWidget()
    row = QHBoxLayout(box)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(sign)
    row.addWidget(label, 1)
    return box


def _path(fact: Fact) -> QLineEdit:
    """Read in full by moving in it; a label would cut it or stretch the window."""
    line = QLineEdit(fact.value)
    line.setReadOnly(True)
    line.setAccessibleName(str(fact.label))
    line.setCursorPosition(0)
    return line


def _link(fact: Fact) -> QToolButton:
    button = QToolButton()
    button.setText(fact.value.replace("&", "&&"))
    button.setIcon(icon("link"))
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setAutoRaise(True)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    button.setAccessibleName(fact.value)
    button.setAccessibleDescription(str(text("Opens the page in the browser")))
    button.clicked.connect(lambda: QDesktopServices.openUrl(QUrl(fact.link)))
    return button


def _label() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label


def _heading() -> QLabel:
    label = _label()
    font = label.font()
    font.setBold(True)
    font.setPointSizeF(font.pointSizeF() * 1.2)
    label.setFont(font)
    return label
