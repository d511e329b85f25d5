"""The tray icon: what goes on at a glance, and the way to everything."""

from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QApplication, QMenu, QSystemTrayIcon

from model_preload.core.texts import Text, plural, text
from model_preload.downloads.summary import Mood, Summary
from model_preload.ui.formats import duration_text, percent_text, rate_text
from model_preload.ui.icons import TrayState, app_icon, icon, tray_icon

TOOLTIP = 127
"""Characters that Windows shows (NOTIFYICONDATAW.szTip has 128 with the closing zero)."""

_STATES = {
    Mood.UNKNOWN: TrayState.IDLE,
    Mood.IDLE: TrayState.IDLE,
    Mood.PAUSED: TrayState.IDLE,
    Mood.WORKING: TrayState.WORKING,
    Mood.DONE: TrayState.DONE,
    Mood.ATTENTION: TrayState.ATTENTION,
}


@dataclass(frozen=True, slots=True)
class TrayFace:
    """What the tray shows of a summary.

    Attributes:
        state: of the icon.
        tooltip: at most `TOOLTIP` characters, with the program's name.
        preload: the text of the menu's default; `can_preload` whether there is anything to bring.
        hold: the text of *Pause* or *Resume*; `can_hold` whether there is anything to hold or resume.
        resumes: it is *Resume*.
    """

    state: TrayState
    tooltip: str
    preload: Text
    can_preload: bool
    hold: Text
    can_hold: bool
    resumes: bool


def face(summary: Summary) -> TrayFace:
    """Texts and states for a summary, in the language in use."""
    working = summary.mood is Mood.WORKING
    paused = summary.mood is Mood.PAUSED or (summary.paused > 0 and not working)
    whole = summary.models > 0 and summary.ready == summary.models
    return TrayFace(
        _STATES[summary.mood],
        _clipped(f"Model Preload\n{sentence(summary)}"),
        text("&Preload all (everything is ready)") if whole else text("&Preload all"),
        not whole,
        text("&Resume") if paused else text("P&ause"),
        working or paused,
        paused,
    )


def sentence(summary: Summary) -> str:
    """The whole in one line."""
    match summary.mood:
        case Mood.WORKING:
            return _working(summary)
        case Mood.PAUSED:
            told = text("Paused: {ready} of {models} models are ready", ready=summary.ready, models=summary.models)
        case Mood.ATTENTION if summary.failed:
            told = plural("{n} model could not be preloaded", "{n} models could not be preloaded", len(summary.failed))
        case Mood.ATTENTION:
            told = text("Something is wrong; open the status window")
        case Mood.UNKNOWN:
            told = text("Looking at the models…")
        case _:
            told = text("{ready} of {models} models are ready", ready=summary.ready, models=summary.models)
    return str(told)


def _working(summary: Summary) -> str:
    brought = text("{brought} of {asked} models", brought=summary.brought, asked=summary.asked)
    if summary.permille is None:
        return str(brought)
    percent, rate = percent_text(summary.permille), rate_text(summary.speed)
    if summary.seconds_left is None:
        return str(text("{models}, {percent}, {rate}", models=brought, percent=percent, rate=rate))
    left = duration_text(summary.seconds_left)
    return str(text("{models}, {percent}, {rate}, {time} left", models=brought, percent=percent, rate=rate, time=left))


def _clipped(told: str) -> str:
    return told if len(told) <= TOOLTIP else f"{told[: TOOLTIP - 1]}…"


class Tray(QObject):
    """Icon and menu; GUI thread.

    Signals:
        preload_wanted(): all models; pause_wanted(), resume_wanted(): what is queued.
        matter_wanted(): the window that matters now.
        catalog_wanted(), status_wanted(), log_wanted(), settings_wanted(), quit_wanted().
        message_clicked(): on the message that was shown last.
    """

    preload_wanted = Signal()
    pause_wanted = Signal()
    resume_wanted = Signal()
    matter_wanted = Signal()
    catalog_wanted = Signal()
    status_wanted = Signal()
    log_wanted = Signal()
    settings_wanted = Signal()
    quit_wanted = Signal()
    message_clicked = Signal()

    def __init__(self, *, dark: bool, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._dark = dark
        self._shown: tuple[TrayState, int | None] | None = None
        self._resumes = False
        self._icon = QSystemTrayIcon(self)
        self._icon.activated.connect(self._activated)
        self._icon.messageClicked.connect(self.message_clicked)
        self._click = QTimer(self, singleShot=True, interval=QApplication.doubleClickInterval())
        self._click.timeout.connect(self.matter_wanted)
        self._menu = QMenu()
        self._menu.aboutToShow.connect(self._arrange)
        self._preload = self._action(text("&Preload all"), "play", self.preload_wanted)
        self._hold = self._action(text("P&ause"), "pause", self._held)
        windows = (
            (text("&Catalog…"), "catalog", self.catalog_wanted),
            (text("&Status…"), "status", self.status_wanted),
            (text("&Log…"), "log", self.log_wanted),
            (text("S&ettings…"), "settings", self.settings_wanted),
        )
        self._windows = [self._action(*window) for window in windows]
        self._quit = self._action(text("&Quit"), "stop", self.quit_wanted)
        self._arrange()
        self._icon.setContextMenu(self._menu)
        self.show_summary(Summary(Mood.UNKNOWN))

    @staticmethod
    def is_available() -> bool:
        """Whether this desktop has a place for it."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    def show(self) -> None:
        self._icon.show()

    def hide(self) -> None:
        self._icon.hide()

    def show_summary(self, summary: Summary) -> None:
        """Show another state of things; cheap when nothing visible changed."""
        shown = face(summary)
        permille = None if summary.permille is None else summary.permille // 20 * 20
        if self._shown != (shown.state, permille):
            self._shown = (shown.state, permille)
            self._icon.setIcon(tray_icon(shown.state, permille, dark=self._dark))
        if self._icon.toolTip() != shown.tooltip:
            self._icon.setToolTip(shown.tooltip)
        self._preload.setText(str(shown.preload))
        self._preload.setEnabled(shown.can_preload)
        self._hold.setText(str(shown.hold))
        self._hold.setEnabled(shown.can_hold)
        if shown.resumes is not self._resumes:
            self._hold.setIcon(icon("resume" if shown.resumes else "pause"))
        self._resumes = shown.resumes

    def show_message(self, title: str, message: str, *, warning: bool = False) -> None:
        """A notification of the system, with our own icon where it takes one."""
        if warning:
            self._icon.showMessage(title, message, QSystemTrayIcon.MessageIcon.Warning)
        else:
            self._icon.showMessage(title, message, app_icon())

    def actions(self) -> tuple[QAction, ...]:
        """Those of the menu, without separators, as they are arranged."""
        return tuple(action for action in self._menu.actions() if not action.isSeparator())

    def _action(self, told: Text, symbol: str, wanted: object) -> QAction:
        action = QAction(icon(symbol), str(told), self)
        action.triggered.connect(wanted)
        return action

    @Slot()
    def _arrange(self) -> None:
        """The default next to the pointer and *Quit* at the far end: the menu opens away from the taskbar."""
        area = self._icon.geometry()
        screens = [screen.geometry() for screen in QGuiApplication.screens()]
        screen = next((one for one in screens if one.contains(area.center())), None)
        opens_up = area.isEmpty() or screen is None or area.center().y() > screen.center().y()
        groups = [[self._preload, self._hold], self._windows, [self._quit]]
        self._menu.clear()
        for number, group in enumerate(reversed(groups) if opens_up else groups):
            if number:
                self._menu.addSeparator()
            self._menu.addActions(list(reversed(group)) if opens_up else group)
        self._menu.setDefaultAction(self._preload)

    @Slot(QSystemTrayIcon.ActivationReason)
    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        """A single click is only one if no second one follows."""
        match reason:
            case QSystemTrayIcon.ActivationReason.Trigger:
                self._click.start()
            case QSystemTrayIcon.ActivationReason.DoubleClick:
                self._click.stop()
                if self._preload.isEnabled():
                    self.preload_wanted.emit()
                else:
                    self.matter_wanted.emit()
            case _:
                pass

    @Slot()
    def _held(self) -> None:
        (self.resume_wanted if self._resumes else self.pause_wanted).emit()
