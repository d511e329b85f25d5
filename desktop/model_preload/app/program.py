"""What tray, windows, settings and system want, brought to the desk; and the one end of it all."""

import logging
from collections.abc import Iterable
from contextlib import ExitStack
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QMessageBox

from model_preload.app.collector import Collector
from model_preload.app.desk import Desk, Surroundings
from model_preload.app.start import NAME, Launch, circumstance, tell_alone
from model_preload.app.windows import Windows
from model_preload.core.catalog import Catalog
from model_preload.core.errors import CatalogProblem, Circumstance
from model_preload.core.events import Control, EventSink
from model_preload.core.files import Disk
from model_preload.core.tasks.preload import Mode
from model_preload.core.texts import text
from model_preload.downloads.log_buffer import LogBuffer
from model_preload.downloads.open_core import Opened
from model_preload.downloads.summary import Mood
from model_preload.system import logs
from model_preload.system.network import line
from model_preload.system.power import on_battery
from model_preload.system.sleep import KeepAwake
from model_preload.system.taskbar import Taskbar, TaskbarState
from model_preload.ui.consent import BATTERY, METERED, Consent, Question
from model_preload.ui.icons import app_icon
from model_preload.ui.notifications import Message, Notifications, Target

log = logging.getLogger("model_preload.app")

_OF_THE_CORE = frozenset(
    {"endpoint", "modelscope_endpoint", "platform", "connections", "limit", "reserve", "packages", "proxy", "hubs"}
)
"""Settings by which the core is opened."""
_TASKBAR = {
    Mood.WORKING: TaskbarState.NORMAL,
    Mood.PAUSED: TaskbarState.PAUSED,
    Mood.ATTENTION: TaskbarState.ERROR,
}


class Program(QObject):
    """Everything after the tray; GUI thread. Whoever made it closes it.

    Raises:
        DiskProblem: the log can't be written.

    Signals:
        over(): it is to be ended.
    """

    over = Signal()

    def __init__(self, launch: Launch) -> None:
        super().__init__()
        self._launch = launch
        self._tray = launch.tray
        self._loaded = False
        self._all_later = False
        self._later: list[tuple[tuple[str, ...], Mode]] = []
        self._quitting: QMessageBox | None = None
        self._collector = Collector(self)
        self._log = LogBuffer(self)
        self._around = around = Surroundings(
            launch.home, launch.environ, launch.user_home, launch.catalog, launch.direct
        )
        self._consent = Consent(self._to_ask, self._remember, self)
        with ExitStack() as ending:
            handlers = logs.set_up(launch.home, Disk(), also=[self._log.handler])
            ending.callback(logs.tear_down, handlers)
            ending.callback(self._hide_tray)
            self._taskbar = Taskbar()
            ending.callback(self._taskbar.close)
            self._awake = KeepAwake()
            ending.callback(self._awake.close)
            self._desk = Desk(around.opened, launch.home, around.machine, self)
            ending.callback(self._desk.close)
            self._windows = Windows(launch, self._desk, self._log, self)
            ending.callback(self._windows.close)
            self._notifications = Notifications(
                self._desk.board,
                self._desk.downloads,
                language=lambda: launch.language.name,
                show=self._notify,
                is_seen=lambda target: self._windows.is_seen(target.value),
                wanted=lambda: launch.preferences.value.notifications,
                parent=self,
            )
            self._connect()
            self._connect_tray()
            self._ending = ending.pop_all()

    def begin(self) -> None:
        """Look what is there, go on with what was queued, and open the window that the user needs first."""
        self._reload()
        if self._launch.faults.first is not None:
            self._tell_fault()
        if not self._launch.preferences.value.first_run_done:
            self._windows.show_first_run()
        elif not self._launch.hidden or self._tray is None:
            self.show_matter()
        if self._launch.shows:
            self._tell_story()

    def close(self) -> None:
        """End it all; may be called twice."""
        self._ending.close()

    def _connect(self) -> None:
        board, downloads, launch = self._desk.board, self._desk.downloads, self._launch
        board.summary_changed.connect(self._show_summary)
        board.summary_changed.connect(self._collector.collect)
        board.changed.connect(self._collector.collect)
        self._log.arrived.connect(self._collector.collect)
        downloads.working_changed.connect(self._working_changed)
        downloads.batch_finished.connect(self._desk.checks.look)
        downloads.loaded.connect(self._go_on)
        downloads.failed.connect(board.fail)
        self._desk.checks.found.connect(self._found)
        launch.preferences.changed.connect(self._preferences_changed)
        launch.instance.asked.connect(self._asked)
        launch.theme.changed.connect(self._renew_tray)
        launch.faults.happened.connect(self._tell_fault)
        launch.application.commitDataRequest.connect(self._session_ends, Qt.ConnectionType.DirectConnection)
        self._notifications.opened.connect(self._open)
        windows = self._windows
        windows.preload_wanted.connect(self.preload)
        windows.catalog_changed.connect(self._renew)
        windows.core_changed.connect(self._renew)
        windows.first_run_over.connect(self.show_matter)
        windows.left.connect(self._explain_tray)
        windows.quit_wanted.connect(self.quit)

    def _connect_tray(self) -> None:
        tray = self._tray
        if tray is None:
            return
        tray.preload_wanted.connect(self.preload_all)
        tray.pause_wanted.connect(self._pause)
        tray.resume_wanted.connect(self._resume)
        tray.matter_wanted.connect(self.show_matter)
        tray.quit_wanted.connect(self.quit)
        for name in ("catalog", "status", "log", "settings"):
            getattr(tray, f"{name}_wanted").connect(partial(self._windows.show, name))
        tray.message_clicked.connect(self._notifications.clicked)
        tray.show_summary(self._desk.board.summary())

    @Slot()
    def _renew_tray(self) -> None:
        """Another language or ground."""
        if self._tray is not None:
            self._tray.hide()
            self._tray.deleteLater()
            self._tray = self._launch.make_tray()
            self._connect_tray()

    def _hide_tray(self) -> None:
        if self._tray is not None:
            self._tray.hide()

    def preload_all(self) -> None:
        """Everything that is not ready; asked before the models are known, when they are."""
        if not self._loaded:
            self._all_later = True
            return
        self.preload([row.model.key for row in self._desk.board.rows() if not row.ready], Mode.BRING)

    @Slot(object, object)
    def preload(self, keys: Iterable[str], mode: Mode) -> None:
        """Bring those, if the user agrees to the line and the battery."""
        wanted = tuple(keys)
        known = {model.key for model in self._desk.board.catalog.models}
        if not known.issuperset(wanted):
            self._later.append((wanted, mode))  # the core that knows them is being opened
        elif wanted:
            self._consent.ask(self._windows.front(), partial(self._desk.downloads.preload, wanted, mode))

    @Slot()
    def show_matter(self) -> None:
        """The window that matters now."""
        if self._windows.is_first_run:
            self._windows.show_first_run()
            return
        working = self._desk.board.summary().mood in (Mood.WORKING, Mood.PAUSED)
        self._windows.show("catalog" if working else "status")

    @Slot()
    def quit(self) -> None:
        """End the program; while it loads, only if the user says so again."""
        if not self._desk.downloads.is_working:
            self.over.emit()
            return
        if self._quitting is not None:
            self._quitting.raise_()
            self._quitting.activateWindow()
            return
        box = self._quitting = QMessageBox(
            QMessageBox.Icon.Question,
            NAME,
            str(text("Models are being preloaded. Quit all the same?")),
            parent=self._windows.front(),
        )
        box.setInformativeText(
            str(text("Nothing is lost: it goes on where it stopped when Model Preload starts again."))
        )
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        leave = box.addButton(str(text("&Quit")), QMessageBox.ButtonRole.AcceptRole)
        stay = box.addButton(str(text("&Stay")), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(stay)

        def answered() -> None:
            self._quitting = None
            if box.clickedButton() is leave:
                self.over.emit()

        box.finished.connect(answered)
        box.open()

    def _tell_story(self) -> None:
        """What the demo is, and the one thing to do."""
        box = QMessageBox(
            QMessageBox.Icon.NoIcon,
            NAME,
            str(text("This is a demo: a hub inside the program has three small models.")),
            parent=self._windows.front(),
        )
        box.setIconPixmap(app_icon().pixmap(48))
        box.setInformativeText(
            str(
                text(
                    "Preload all, as in the menu of the tray icon, and watch the ring around that icon and the catalog "
                    "window. A notification tells when all is done, and the status window says that every model is "
                    "ready. Pause in the middle, or damage a file and repair it. Quit takes everything away again."
                )
            )
        )
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        go = box.addButton(str(text("Preload &all")), QMessageBox.ButtonRole.AcceptRole)
        box.addButton(str(text("&Look around first")), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(go)

        def answered() -> None:
            if box.clickedButton() is go:
                self._windows.show("catalog")
                self.preload_all()

        box.finished.connect(answered)
        box.open()

    @Slot()
    def _session_ends(self) -> None:
        """The system does not wait for long; should the session stay after all, nothing half of us stays with it."""
        self.close()
        self.over.emit()

    @Slot(str)
    def _asked(self, message: str) -> None:
        """Another start wants something."""
        if message == "quit":
            self.over.emit()
        elif message == "preload":
            self.preload_all()
        elif message == "show":
            self.show_matter()

    def _reload(self) -> None:
        """Which models there are, by the settings of now."""
        self._desk.quick.start(partial(_catalog, self._around), self._use, self._desk.board.fail)

    def _use(self, known: tuple[Catalog, frozenset[str], CatalogProblem | None]) -> None:
        catalog, own, problem = known
        self._desk.use(catalog)
        later, self._later = self._later, []
        for keys, mode in later:
            self.preload([key for key in keys if key in {model.key for model in catalog.models}], mode)
        self._windows.catalog_is_known(own)
        self._desk.checks.look()
        if not self._loaded:
            self._loaded = True
            self._desk.downloads.load()
            if self._all_later:
                self.preload_all()
        if problem is not None:
            self._tell(problem)

    @Slot()
    def _found(self) -> None:
        """There are verdicts again: so there are models to be had, which there were not at the start."""
        if not self._loaded:
            self._reload()

    @Slot(object)
    def _go_on(self, waiting: tuple[str, ...]) -> None:
        if waiting and self._launch.preferences.value.resume:
            self._consent.ask(self._windows.front(), partial(self._desk.downloads.resume, waiting))

    @Slot()
    def _renew(self) -> None:
        self._desk.downloads.renew()
        self._reload()

    @Slot(object)
    def _preferences_changed(self, names: frozenset[str]) -> None:
        value = self._launch.preferences.value
        if names & _OF_THE_CORE:
            self._renew()
        if "theme" in names:
            self._launch.theme.apply(value.theme)
        if "language" in names:
            self._launch.language.use(value.language)
            self._renew_tray()
            self._windows.speak()

    @Slot()
    def _show_summary(self) -> None:
        summary = self._desk.board.summary()
        if self._tray is not None:
            self._tray.show_summary(summary)
        state, permille = _TASKBAR.get(summary.mood), summary.permille if summary.mood is Mood.WORKING else 1000
        if state is None:
            state, permille = TaskbarState.NORMAL, None
        elif permille is None:
            state = TaskbarState.INDETERMINATE
        for window in self._windows.visible():
            self._taskbar.set_progress(window.winId(), permille, state)

    @Slot(bool)
    def _working_changed(self, working: bool) -> None:
        if working:
            self._awake.begin()
        else:
            self._awake.end()
        self._show_summary()

    @Slot()
    def _pause(self) -> None:
        self._desk.downloads.pause(self._desk.downloads.order())

    @Slot()
    def _resume(self) -> None:
        paused = self._desk.downloads.order()
        self._consent.ask(self._windows.front(), partial(self._desk.downloads.resume, paused))

    @Slot()
    def _explain_tray(self) -> None:
        told = text("Model Preload stays here, in the notification area. To end it, choose Quit in its menu.")
        if self._tray is not None:
            self._tray.show_message(NAME, str(told))

    def _notify(self, message: Message) -> None:
        if self._tray is not None:
            self._tray.show_message(message.title, message.message, warning=message.warning)
        log.info("told: %s %s", message.title, message.message)

    def _tell(self, problem: Circumstance) -> None:
        """What went wrong without a window that would say so."""
        log.error("%s", problem)
        if self._tray is not None:
            self._tray.show_message(str(problem.title), str(problem.next_step), warning=True)
        else:
            tell_alone(problem, self._windows.front())

    @Slot()
    def _tell_fault(self) -> None:
        if self._launch.faults.first is not None:
            self._tell(circumstance(self._launch.faults.first))

    def _remember(self, setting: str, answer: str) -> None:
        try:
            self._launch.preferences.save(**{setting: answer})
        except Circumstance as problem:
            self._tell(problem)

    @Slot(object)
    def _open(self, target: Target) -> None:
        self._windows.show(target.value)

    def _to_ask(self) -> list[tuple[Question, str]]:
        value = self._launch.preferences.value
        asked = []
        if line().metered:
            asked.append((METERED, value.when_metered))
        if on_battery():
            asked.append((BATTERY, value.when_on_battery))
        return asked


def _catalog(
    around: Surroundings, opened: Opened, _control: Control, _sink: EventSink
) -> tuple[Catalog, frozenset[str], CatalogProblem | None]:
    return opened.services.catalog, *around.own_keys()
