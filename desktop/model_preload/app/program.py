"""The windows, and what they want from the desk and from one another."""

import logging
from collections.abc import Iterable
from functools import partial

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QApplication, QMessageBox

from model_preload.app.desk import Desk, Surroundings
from model_preload.app.start import NAME, Launch
from model_preload.app.windows import Windows
from model_preload.core.catalog import Catalog
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
    """Everything after the tray; GUI thread."""

    def __init__(self, launch: Launch) -> None:
        super().__init__()
        self._launch = launch
        self._closed = False
        self._log = LogBuffer(self)
        self._handlers = logs.set_up(launch.home, Disk(), also=[self._log.handler])
        self._around = around = Surroundings(
            launch.home, launch.environ, launch.user_home, launch.catalog, launch.direct
        )
        self._desk = Desk(around.opened, launch.home, around.machine, self)
        self._awake = KeepAwake()
        self._taskbar = Taskbar()
        self._consent = Consent(self._to_ask, lambda name, answer: launch.preferences.save(**{name: answer}), self)
        self._tray = launch.tray
        self._loaded = False
        self._later: list[tuple[tuple[str, ...], Mode]] = []
        self._notifications: Notifications | None = None
        self._windows = Windows(launch, self._desk, self._log, self)
        self._connect()
        self._speak()

    def begin(self) -> None:
        """Look what is there, go on with what was queued, and open the window that the user needs first."""
        self._reload()
        if not self._launch.preferences.value.first_run_done:
            self._windows.show_first_run()
        elif not self._launch.hidden or self._tray is None:
            self.show_matter()

    def close(self) -> None:
        """End it all; may be called twice."""
        if self._closed:
            return
        self._closed = True
        self._windows.close()
        self._desk.close()
        self._awake.close()
        self._taskbar.close()
        if self._tray is not None:
            self._tray.hide()
        logs.tear_down(self._handlers)

    def _connect(self) -> None:
        board, downloads, launch = self._desk.board, self._desk.downloads, self._launch
        board.summary_changed.connect(self._show_summary)
        downloads.working_changed.connect(self._working_changed)
        downloads.batch_finished.connect(self._desk.checks.look)
        downloads.loaded.connect(self._go_on)
        downloads.failed.connect(board.fail)
        launch.preferences.changed.connect(self._preferences_changed)
        launch.instance.asked.connect(self._asked)
        launch.application.commitDataRequest.connect(self.close, Qt.ConnectionType.DirectConnection)
        windows = self._windows
        windows.preload_wanted.connect(self.preload)
        windows.catalog_changed.connect(self._renew)
        windows.core_changed.connect(self._renew)
        windows.first_run_over.connect(self.show_matter)
        windows.left.connect(self._explain_tray)
        windows.quit_wanted.connect(self.quit)

    def _speak(self) -> None:
        """What was made in a language: the tray and the notifications."""
        tray = self._tray
        if tray is not None:
            tray.preload_wanted.connect(self.preload_all)
            tray.pause_wanted.connect(self._pause)
            tray.resume_wanted.connect(self._resume)
            tray.matter_wanted.connect(self.show_matter)
            tray.quit_wanted.connect(self.quit)
            for name in ("catalog", "status", "log", "settings"):
                getattr(tray, f"{name}_wanted").connect(partial(self._windows.show, name))
        if self._notifications is not None:
            self._notifications.deleteLater()
        self._notifications = Notifications(
            self._desk.board,
            self._desk.downloads,
            self._windows.language,
            show=self._notify,
            is_seen=lambda target: self._windows.is_seen(target.value),
            wanted=lambda: self._launch.preferences.value.notifications,
            parent=self,
        )
        self._notifications.opened.connect(self._open)
        if tray is not None:
            tray.message_clicked.connect(self._notifications.clicked)
            tray.show_summary(self._desk.board.summary())

    def preload_all(self) -> None:
        """Everything that is not ready."""
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
        working = self._desk.board.summary().mood in (Mood.WORKING, Mood.PAUSED)
        self._windows.show("catalog" if working else "status")

    @Slot()
    def quit(self) -> None:
        """End the program; while it loads, only if the user says so again."""
        if not self._desk.downloads.is_working:
            QApplication.quit()
            return
        box = QMessageBox(
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
        box.finished.connect(lambda: QApplication.quit() if box.clickedButton() is leave else None)
        box.open()

    @Slot(str)
    def _asked(self, message: str) -> None:
        """Another start wants something."""
        if message == "quit":
            QApplication.quit()
        elif message == "preload":
            self.preload_all()
        else:
            self.show_matter()

    def _reload(self) -> None:
        """Which models there are, by the settings of now."""
        self._desk.quick.start(partial(_catalog, self._around), self._use, self._desk.board.fail)

    def _use(self, known: tuple[Catalog, frozenset[str]]) -> None:
        catalog, own = known
        self._desk.use(catalog)
        later, self._later = self._later, []
        for keys, mode in later:
            self.preload([key for key in keys if key in {model.key for model in catalog.models}], mode)
        self._windows.catalog_is_known(own)
        self._desk.checks.look()
        if not self._loaded:
            self._loaded = True
            self._desk.downloads.load()

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
            if self._tray is not None:
                self._tray.hide()
                self._tray.deleteLater()
                self._tray = self._launch.make_tray()
            self._windows.speak()
            self._speak()

    @Slot()
    def _show_summary(self) -> None:
        summary = self._desk.board.summary()
        if self._tray is not None:
            self._tray.show_summary(summary)
        window = self._windows.front()
        if window is not None:
            state = _TASKBAR.get(summary.mood)
            permille = summary.permille if summary.mood is Mood.WORKING else 1000
            self._taskbar.set_progress(
                window.winId(), None if state is None else permille, state or TaskbarState.NORMAL
            )

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
) -> tuple[Catalog, frozenset[str]]:
    return opened.services.catalog, around.own_keys()
