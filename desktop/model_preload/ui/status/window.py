"""The window that says whether everything is ready, what is missing and why."""

from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QMainWindow, QTabWidget, QToolBar, QToolButton, QVBoxLayout, QWidget

from model_preload.core import errors
from model_preload.core.events import Progress
from model_preload.core.tasks.preload import Mode
from model_preload.core.tasks.verify_engines import Evidence, Verified
from model_preload.core.texts import Text, plural, text
from model_preload.core.values import Verdict
from model_preload.downloads.background import Background
from model_preload.downloads.board import Board
from model_preload.downloads.checks import Checks
from model_preload.downloads.downloads import Downloads
from model_preload.downloads.examiner import Examiner
from model_preload.downloads.prover import Prover
from model_preload.ui.formats import size_text
from model_preload.ui.icons import icon
from model_preload.ui.status.env_dialog import EnvDialog
from model_preload.ui.status.header import Header
from model_preload.ui.status.headline import Headline, Step, headline
from model_preload.ui.status.machine_page import MachinePage
from model_preload.ui.status.models_page import ModelsPage
from model_preload.ui.status.reports import Reports
from model_preload.ui.status.strip import Strip


class StatusWindow(QMainWindow):
    """Looks quickly whenever it becomes the active window, and after a run; by itself it does nothing else.

    Args:
        board, downloads, checks, examiner, prover: shown and asked; they outlive the window.
        quick: for the platform's `.env` and the diagnostics.
        home: the state folder.
        language: of the models' names, by its gettext name.

    Signals:
        preload_wanted(tuple[str, ...], Mode): bring or repair those models.
        log_wanted(str): the log of that model.
        settings_wanted(str): that page of the settings.
        env_written(): the platform's `.env` is another one now.
    """

    preload_wanted = Signal(object, object)
    log_wanted = Signal(str)
    settings_wanted = Signal(str)
    env_written = Signal()

    def __init__(
        self,
        board: Board,
        downloads: Downloads,
        checks: Checks,
        examiner: Examiner,
        prover: Prover,
        quick: Background,
        home: Path,
        language: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._board = board
        self._downloads = downloads
        self._checks = checks
        self._examiner = examiner
        self._prover = prover
        self._quick = quick
        self._language = language
        self._looking = False
        self._headline: Headline | None = None
        self._damaged: tuple[str, ...] = ()
        self._header = Header()
        self._strip = Strip()
        self._models = ModelsPage(board, language)
        self._machine = MachinePage(examiner)
        self._reports = Reports(board, examiner, quick, home, language, self)
        self.setWindowTitle(str(text("Status")))
        self._make_actions()
        self._arrange()
        self._connect()
        self._models.set_verified(prover.verified)
        self._models.setFocus()
        self._enable()

    def state(self) -> bytes:
        return self._models.state()

    def restore(self, state: bytes) -> None:
        self._models.restore(state)

    def choose(self, key: str) -> None:
        """Show that model."""
        self._tabs.setCurrentWidget(self._models)
        self._models.choose(key)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  Qt's name
        super().changeEvent(event)
        if event.type() is QEvent.Type.ActivationChange and self.isActiveWindow():
            self.look()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  Qt's name
        super().showEvent(event)
        self._show()

    @Slot()
    def look(self) -> None:
        """A quick check of everything."""
        self._looking = True
        self._checks.look()
        self._show()

    def _make_actions(self) -> None:
        bar = QToolBar(str(text("Actions")), self, movable=False)
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        side = self.fontMetrics().height() * 5 // 4
        bar.setIconSize(QSize(side, side))
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self._bar = bar
        self._check = self._action("check", text("Check &again"), text("Compares sizes and times of all files."))
        self._check.setShortcuts([QKeySequence("Ctrl+R"), QKeySequence("F5")])
        self._deep = self._action("search", text("Check &deep"), text("Reads every byte of all models again."))
        self._prove = self._action(
            "prove", text("Prove with the en&gines"), text("Asks the engines' own code whether it finds the models.")
        )
        self._repair = self._action("repair", text("&Repair"), text("Fetches again what is damaged, and only that."))
        bar.addSeparator()
        self._copy = self._action("copy", text("&Copy report"), text("Puts a report in Markdown into the clipboard."))
        self._save = self._action(
            "down", text("&Save diagnostics…"), text("Makes an archive for those who help; without tokens and names.")
        )
        self.addToolBar(bar)

    def _action(self, name: str, label: Text, what: Text) -> QAction:
        action = QAction(icon(name), str(label), self)
        action.setIconText(str(label))  # with its mnemonic, which the button then has too
        action.setToolTip(str(what))
        self._bar.addAction(action)
        button = self._bar.widgetForAction(action)
        assert isinstance(button, QToolButton)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setAccessibleDescription(str(what))
        return action

    def _arrange(self) -> None:
        self._tabs = QTabWidget(documentMode=True)
        self._tabs.addTab(self._models, str(text("&Models")))
        self._tabs.addTab(self._machine, str(text("T&his machine")))
        inside = QWidget()
        whole = QVBoxLayout(inside)
        margin = self.fontMetrics().height()
        whole.setContentsMargins(margin, margin, margin, margin)
        whole.setSpacing(margin)
        whole.addWidget(self._header)
        whole.addWidget(self._strip)
        whole.addWidget(self._tabs, 1)
        self.setCentralWidget(inside)
        letter = self.fontMetrics()
        self.resize(letter.averageCharWidth() * 140, letter.height() * 46)

    def _connect(self) -> None:
        QShortcut(QKeySequence(QKeySequence.StandardKey.Close), self).activated.connect(self.close)
        self._check.triggered.connect(self.look)
        self._deep.triggered.connect(self._look_deep)
        self._prove.triggered.connect(self._want_proof)
        self._repair.triggered.connect(self._want_repair)
        self._copy.triggered.connect(self._reports.copy)
        self._save.triggered.connect(self._reports.ask)
        self._header.wanted.connect(self._take_step)
        self._strip.cancelled.connect(self._cancel)
        self._models.log_wanted.connect(self.log_wanted)
        self._models.told.connect(self._strip.say)
        self._machine.fix_wanted.connect(self.show_env)
        self._machine.settings_wanted.connect(self.settings_wanted)
        self._reports.told.connect(self._strip.say)
        self._reports.failed.connect(self._fail)
        self._board.summary_changed.connect(self._show)
        self._downloads.working_changed.connect(self._show)
        self._downloads.batch_finished.connect(self._run_over)
        self._checks.found.connect(self._found)
        self._checks.failed.connect(self._look_failed)
        self._checks.progressed.connect(self._progressed)
        self._checks.deep_changed.connect(self._deep_changed)
        self._prover.changed.connect(self._prover_changed)
        self._prover.told.connect(self._strip.work)
        self._prover.proved.connect(self._proved)
        self._prover.failed.connect(self._fail)

    @Slot()
    def _show(self) -> None:
        """Five times a second while bytes move, so nothing is drawn that nobody sees, or that says the same."""
        if not self.isVisible():
            return
        self._damaged = self._find_damaged()
        self._repair.setEnabled(bool(self._damaged) and not self._downloads.is_working)
        found = headline(
            self._board.summary(),
            self._board.rows(),
            damaged=self._damaged,
            problem=self._board.problem,
            looking=self._looking,
            language=self._language,
        )
        if found != self._headline:
            self._headline = found
            self._header.show_headline(found)

    def _find_damaged(self) -> tuple[str, ...]:
        """Models that are damaged themselves, or a part of which is."""
        damaged = {key for key, one in self._board.statuses.items() if one.verdict is Verdict.DAMAGED}
        if not damaged:
            return ()
        keys = (row.model.key for row in self._board.rows())
        return tuple(key for key in keys if damaged & {key, *(part.model.key for part in self._board.parts(key))})

    @Slot()
    def _take_step(self) -> None:
        assert self._headline is not None  # what is pressed was shown
        keys = self._headline.keys
        match self._headline.step:
            case Step.PRELOAD | Step.RETRY:
                self.preload_wanted.emit(keys, Mode.BRING)
            case Step.REPAIR:
                self.preload_wanted.emit(keys, Mode.REPAIR)
            case Step.RESUME:
                self._downloads.resume(keys)
            case Step.CHECK:
                self.look()
            case Step.CHECK_DEEP:
                self._checks.look_deep(keys)
            case Step.NONE:
                pass

    @Slot()
    def _want_repair(self) -> None:
        self.preload_wanted.emit(self._damaged, Mode.REPAIR)

    @Slot()
    def _look_deep(self) -> None:
        self._checks.look_deep()

    @Slot()
    def _want_proof(self) -> None:
        self._prover.prove()

    @Slot()
    def _cancel(self) -> None:
        self._checks.cancel_deep()
        self._prover.cancel()

    @Slot()
    def _run_over(self) -> None:
        if self.isVisible():
            self.look()

    @Slot()
    def _found(self) -> None:
        self._looking = False
        self._models.set_looked_at(datetime.now(UTC))
        self._show()

    @Slot(object)
    def _look_failed(self, _problem: errors.Circumstance) -> None:
        self._looking = False
        self._show()

    @Slot(object)
    def _progressed(self, progress: Progress) -> None:
        name = self._board.row(progress.model).model.name.in_language(self._language)
        done, total = size_text(progress.bytes_done), size_text(progress.bytes_total)
        words = text("Checking every byte of {model}: {done} of {total}", model=name, done=done, total=total)
        self._strip.work(words, progress.bytes_done * 1000 // max(1, progress.bytes_total))

    @Slot(bool)
    def _deep_changed(self, at_work: bool) -> None:
        self._enable()
        if at_work:
            self._strip.work(text("Checking every byte…"))
        else:
            self._strip.clear()

    @Slot(bool)
    def _prover_changed(self, at_work: bool) -> None:
        self._enable()
        if at_work:
            self._strip.work(text("Asking the engines…"))
        else:
            self._strip.clear()

    @Slot(object)
    def _proved(self, verified: tuple[Verified, ...]) -> None:
        self._models.set_verified(self._prover.verified)
        found = [one.evidence for one in verified]
        proven, by_rule = found.count(Evidence.PROOF), found.count(Evidence.RULE)
        self._strip.say(
            plural(
                "Proven: {proven} of {n} model; by rule: {rule}; not proven: {none}. Each one's reasons are below.",
                "Proven: {proven} of {n} models; by rule: {rule}; not proven: {none}. Each one's reasons are below.",
                len(found),
                proven=proven,
                rule=by_rule,
                none=len(found) - proven - by_rule,
            )
        )
        self.look()

    @Slot(object)
    def _fail(self, problem: errors.Circumstance) -> None:
        self._strip.say(f"{problem.title}\n{problem.next_step}")

    @Slot()
    def show_env(self) -> None:
        """What in the platform's `.env` stands in the way."""
        dialog = EnvDialog(self._quick, parent=self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.written.connect(self.env_written)
        dialog.written.connect(self._examine_later)
        dialog.open()

    @Slot()
    def _examine_later(self) -> None:
        """What was found of the platform is not true any more."""
        if self._examiner.findings and not self._examiner.is_working:
            self._examiner.examine()

    def _enable(self) -> None:
        """Both take the same thread, and say how far they are in the same place."""
        free = not (self._checks.is_deep or self._prover.is_working)
        self._deep.setEnabled(free)
        self._prove.setEnabled(free)
