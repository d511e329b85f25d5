"""Adds a model of the user's own to the catalog, or edits one: looked up first, then filled in, then written."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from model_preload.core import errors
from model_preload.core.catalog import HuggingFaceSource, Model, ModelScopeSource, Source, UrlSource
from model_preload.core.events import Control, EventSink
from model_preload.core.settings import Settings
from model_preload.core.tasks import own_catalog
from model_preload.core.tasks.look_up import Found, look_up
from model_preload.core.tasks.preload import Mode
from model_preload.core.texts import text
from model_preload.downloads.background import Background, Job
from model_preload.downloads.open_core import Opened
from model_preload.ui.icons import icon
from model_preload.ui.own_models import draft
from model_preload.ui.own_models.answer_pages import BusyPage, StartPage, TroublePage
from model_preload.ui.own_models.facts_form import FactsForm
from model_preload.ui.own_models.labels import Note
from model_preload.ui.own_models.pattern_picker import PatternPicker
from model_preload.ui.own_models.trouble import trouble_of

_HUBS = (("huggingface", "Hugging Face"), ("modelscope", "ModelScope"))


@dataclass(frozen=True, slots=True)
class _Answer:
    """A look-up's result, and what the form has to know besides."""

    found: Found
    taken: frozenset[str]
    cache: Path


class AddModelDialog(QDialog):
    """One that is opened anew for each model; GUI thread.

    Args:
        background: where the hub is asked and the catalog written.
        home: the state folder, where the own catalog is.
        settings: those of now.
        language: gettext name of the language in use.
        model: the one of the user's own that is edited; None adds one.

    Signals:
        added(str): the own catalog has a model of this key, new or changed.
        preload_wanted(tuple[str, ...], Mode): after `added`: bring it. The core knows it only once it was opened anew.
        settings_wanted(str): a page, "hubs" or "network".
    """

    added = Signal(str)
    preload_wanted = Signal(object, object)
    settings_wanted = Signal(str)

    def __init__(
        self,
        background: Background,
        home: Path,
        settings: Settings,
        language: str,
        model: Model | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._background = background
        self._home = home
        self._settings = settings
        self._language = language
        self._before = model
        self._job: Job[_Answer] | None = None
        self._writing = False
        self._asked: tuple[str, str] | None = None
        self._answer: _Answer | None = None
        self._make_address()
        self._make_pages()
        self._make_buttons()
        self._arrange()
        self._connect()
        self._tell()
        if model is not None:
            self._fill(model)

    def _make_address(self) -> None:
        self._address = QLineEdit(clearButtonEnabled=True)
        self._address.setPlaceholderText(str(text("owner/name, or an address")))
        self._address.setAccessibleName(str(text("Repository or address")))
        self._hub = QComboBox()
        self._hub.setAccessibleName(str(text("Hub")))
        self._hub.setAccessibleDescription(str(text("Whose repository is meant, where only its name is typed.")))
        for name, shown in sorted(_HUBS, key=lambda hub: self._rank(hub[0])):
            self._hub.addItem(shown, name)
        self._look_up = QPushButton(icon("search"), str(text("&Look up")))

    def _rank(self, hub: str) -> int:
        hubs = self._settings.hubs
        return hubs.index(hub) if hub in hubs else len(hubs)

    def _make_pages(self) -> None:
        self._start = StartPage()
        self._busy = BusyPage()
        self._trouble = TroublePage(can_be_blind=self._before is not None)
        self._form = FactsForm(self._before, self._language)
        self._picker = PatternPicker()
        inside = QWidget()
        row = QHBoxLayout(inside)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(self.fontMetrics().height() * 3 // 2)
        left = QVBoxLayout()
        left.addWidget(self._form)
        left.addStretch(1)
        row.addLayout(left, 1)
        row.addWidget(self._picker, 1)
        self._result = QScrollArea(widgetResizable=True)
        self._result.setFrameShape(QFrame.Shape.NoFrame)
        self._result.setWidget(inside)
        self._result.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._stack = QStackedWidget()
        for page in (self._start, self._busy, self._trouble, self._result):
            self._stack.addWidget(page)

    def _make_buttons(self) -> None:
        self._note = Note()
        self._buttons = QDialogButtonBox()
        is_new = self._before is None
        words = text("&Add") if is_new else text("&Save")
        also = text("Add and &preload") if is_new else text("Save and &preload")
        self._add = QPushButton(icon("add" if is_new else "check"), str(words))
        self._add_and_preload = QPushButton(str(also))
        self._add_and_preload.setAccessibleDescription(str(text("Fetches the model at once.")))
        self._buttons.addButton(self._add, QDialogButtonBox.ButtonRole.AcceptRole)
        self._buttons.addButton(self._add_and_preload, QDialogButtonBox.ButtonRole.ActionRole)
        self._cancel = self._buttons.addButton(QDialogButtonBox.StandardButton.Cancel)

    def _arrange(self) -> None:
        self.setWindowTitle(str(text("Add a model") if self._before is None else text("Edit a model")))
        label = QLabel(str(text("&Repository or address")))
        label.setBuddy(self._address)
        self._hub_label = QLabel(str(text("H&ub")))
        self._hub_label.setBuddy(self._hub)
        row = QHBoxLayout()
        row.addWidget(self._address, 1)
        row.addWidget(self._hub_label)
        row.addWidget(self._hub)
        row.addWidget(self._look_up)
        line = QFrame(frameShape=QFrame.Shape.HLine, frameShadow=QFrame.Shadow.Sunken)
        letter = self.fontMetrics()
        column = QVBoxLayout(self)
        column.setContentsMargins(*[letter.height()] * 4)
        column.setSpacing(letter.height() * 2 // 3)
        column.addWidget(label)
        column.addLayout(row)
        column.addWidget(line)
        column.addWidget(self._stack, 1)
        column.addWidget(self._note)
        column.addWidget(self._buttons)
        wanted = QSize(letter.averageCharWidth() * 150, letter.height() * 38)
        self.resize(wanted.boundedTo(self.screen().availableSize() * 0.9))

    def _connect(self) -> None:
        self._address.textChanged.connect(self._tell)
        self._hub.currentIndexChanged.connect(self._tell)
        self._look_up.clicked.connect(self._begin)
        self._busy.cancelled.connect(self._stop)
        self._trouble.retry_wanted.connect(self._begin)
        self._trouble.settings_wanted.connect(self.settings_wanted)
        self._trouble.blind_wanted.connect(self._go_blind)
        self._form.changed.connect(self._tell)
        self._picker.changed.connect(self._tell)
        self._add.clicked.connect(partial(self._write, preload=False))
        self._add_and_preload.clicked.connect(partial(self._write, preload=True))
        self._buttons.rejected.connect(self.reject)

    def _fill(self, model: Model) -> None:
        source = model.sources[0]
        self._address.setText(draft.typed_for(source))
        if not isinstance(source, UrlSource):
            self._hub.setCurrentIndex(self._hub.findData(source.hub))
        self._begin()

    @property
    def _typed(self) -> tuple[str, str]:
        return self._address.text().strip(), self._hub.currentData()

    @Slot()
    def _begin(self) -> None:
        """Ask the hub for what is typed."""
        if self._job is not None or not self._typed[0]:
            return
        self._asked, self._answer = self._typed, None
        try:
            source = draft.source_for(*self._asked, self._settings, self._before)
        except errors.Circumstance as problem:
            self._show_trouble(None, problem)
            return
        self._busy.begin(_host(source, self._settings))
        self._stack.setCurrentWidget(self._busy)
        edited = self._before.key if self._before else ""
        self._job = self._background.start(
            partial(_look_up, source, self._home, edited), self._found, partial(self._show_trouble, source)
        )
        self._tell()
        self._busy.focus()

    @Slot()
    def _stop(self) -> None:
        """Give the look-up up."""
        self._end_job()
        self._asked = None
        self._stack.setCurrentWidget(self._start)
        self._tell()
        self._address.setFocus()

    def _end_job(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None
        self._busy.end()

    def _found(self, answer: _Answer) -> None:
        self._end_job()
        self._answer = answer
        self._form.show_found(answer.found, answer.taken, answer.cache)
        self._picker.setVisible(not answer.found.needs_folder)
        self._picker.show_files(answer.found)
        self._stack.setCurrentWidget(self._result)
        self._address.setAccessibleDescription("")
        self._tell()
        self._form.focus()

    def _show_trouble(self, source: Source | None, problem: errors.Circumstance) -> None:
        self._end_job()
        self._trouble.show_trouble(trouble_of(problem, source, self._settings))
        self._stack.setCurrentWidget(self._trouble)
        self._tell()
        self._address.setAccessibleDescription(self._trouble.said())
        self._address.setFocus()

    @Slot()
    def _go_blind(self) -> None:
        """Edit what can be edited without the hub."""
        assert self._before is not None
        found = draft.unlisted(self._before, self._language)
        self._address.setText(draft.typed_for(found.source))
        self._asked = self._typed
        self._job = self._background.start(
            partial(_around, found), self._found, partial(self._show_trouble, found.source)
        )

    @Slot()
    def _tell(self) -> None:
        """What can be done now, and by the Enter key."""
        is_name = draft.is_ambiguous(self._address.text())
        self._hub_label.setVisible(is_name)
        self._hub.setVisible(is_name)
        is_busy = self._job is not None or self._writing
        is_current = self._answer is not None and self._asked == self._typed
        self._result.setEnabled(is_current and not self._writing)
        for field in (self._address, self._hub):
            field.setEnabled(not is_busy)
        self._look_up.setEnabled(not is_busy and bool(self._typed[0]))
        is_fit = is_current and not is_busy and self._picker.is_fit and not self._form.findings
        for button in (self._add, self._add_and_preload):
            button.setEnabled(is_fit)
        (self._add if is_current else self._look_up).setDefault(True)
        self._note.say(None)
        if self._answer is not None and not is_current:
            self._note.say(text("This is of what was typed before. Look it up again."))

    def _write(self, *, preload: bool) -> None:
        """Put the model into the own catalog."""
        answer = self._answer
        if answer is None:
            return
        try:
            model = draft.model_of(self._form.draft(), answer.found, self._picker.choice, self._before, self._language)
        except errors.Circumstance as problem:
            self._refused(problem)
            return
        self._writing = True
        self._tell()
        self._background.start(
            partial(_write, self._home, model, self._before), partial(self._written, preload), self._refused
        )

    def _written(self, preload: bool, key: str) -> None:
        self._writing = False
        self.accept()
        self.added.emit(key)
        if preload:
            self.preload_wanted.emit((key,), Mode.BRING)

    def _refused(self, problem: errors.Circumstance) -> None:
        self._writing = False
        self._tell()
        self._note.say(f"{problem.title}\n{problem.next_step}")

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Escape ends a look-up first."""
        if event.key() == Qt.Key.Key_Escape and self._job is not None:
            self._stop()
        else:
            super().keyPressEvent(event)

    def done(self, result: int) -> None:
        """Close, and give up what goes on; not in the middle of writing, which takes a moment."""
        if not self._writing:
            self._end_job()
            super().done(result)


def _host(source: Source, settings: Settings) -> str:
    match source:
        case HuggingFaceSource():
            address = settings.endpoint
        case ModelScopeSource():
            address = settings.modelscope_endpoint
        case _:
            address = source.url
    return urlsplit(address).hostname or ""


def _look_up(source: Source, home: Path, edited: str, opened: Opened, control: Control, _sink: EventSink) -> _Answer:
    found = look_up(opened.services, source, control)
    known, _ = own_catalog.whole_catalog(home)
    keys = {model.key for model in (*known.models, *opened.services.catalog.models)}
    return _Answer(found, frozenset(keys - {edited}), opened.services.cache_root)


def _around(found: Found, opened: Opened, _control: Control, _sink: EventSink) -> _Answer:
    return _Answer(found, frozenset(), opened.services.cache_root)


def _write(home: Path, model: Model, before: Model | None, opened: Opened, _control: Control, _sink: EventSink) -> str:
    if before is None:
        own_catalog.add(home, opened.services.disk, model)
    else:
        own_catalog.edit(home, opened.services.disk, before.key, model)
    return model.key
