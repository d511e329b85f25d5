"""The windows: made when they are first wanted, remembered where they were, and connected with one another."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from model_preload.app.desk import Desk
from model_preload.app.start import Launch
from model_preload.core.catalog import Model
from model_preload.core.tasks.apply_env import EnvChange
from model_preload.downloads.log_buffer import LogBuffer
from model_preload.system import logs
from model_preload.system.autostart import autostart
from model_preload.system.credentials import SystemCredentials, hf_home
from model_preload.ui.catalog.window import CatalogWindow
from model_preload.ui.first_run import FirstRun, is_here_china
from model_preload.ui.log_window import LogWindow
from model_preload.ui.own_models.add_dialog import AddModelDialog
from model_preload.ui.own_models.import_dialog import ImportDialog
from model_preload.ui.own_models.remove_dialog import RemoveModelDialog
from model_preload.ui.settings import SettingsWindow
from model_preload.ui.status.env_dialog import EnvDialog
from model_preload.ui.status.window import StatusWindow
from model_preload.ui.window_memory import WindowMemory


class Windows(QObject):
    """GUI thread.

    A closed window is only hidden. With a tray the program stays when all are; without one it ends with the last.

    Signals:
        preload_wanted(tuple[str, ...], Mode)
        catalog_changed(): the user's own models are others.
        core_changed(): a token or the platform's `.env` is another one.
        left(): the last one was closed for the first time, and the program stays in the tray.
        first_run_over(): its questions were answered or skipped.
        quit_wanted()
    """

    preload_wanted = Signal(object, object)
    catalog_changed = Signal()
    core_changed = Signal()
    left = Signal()
    first_run_over = Signal()
    quit_wanted = Signal()

    def __init__(self, launch: Launch, desk: Desk, log: LogBuffer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._launch = launch
        self._desk = desk
        self._log = log
        self._memory = WindowMemory(launch.home)
        self._open: dict[str, QWidget] = {}
        self._first_run: FirstRun | None = None
        self._own: frozenset[str] = frozenset()
        self._makers: dict[str, Callable[[], QWidget]] = {
            "catalog": self._make_catalog,
            "status": self._make_status,
            "log": self._make_log,
            "settings": self._make_settings,
        }
        self.language = launch.language.name

    def show(self, name: str) -> QWidget:
        """Bring a window up: `catalog`, `status`, `log` or `settings`."""
        window = self._open.pop(name, None)
        if window is None:
            window = self._makers[name]()
            self._memory.restore(name, window)
            window.installEventFilter(self)
        self._open[name] = window
        _raise(window)
        return window

    def visible(self) -> list[QWidget]:
        """Those that are open, the one that was brought up last at the end."""
        return [window for window in self._open.values() if window.isVisible()]

    def front(self) -> QWidget | None:
        """The one that the user works with, itself or by a dialog of it, or that was brought up last; None if none."""
        windows, active = self.visible(), QApplication.activeWindow()
        while active is not None:
            if active in windows:
                return active
            active = active.parentWidget()
        return windows[-1] if windows else None

    def is_seen(self, name: str) -> bool:
        """Whether the user is looking at it."""
        window = self._open.get(name)
        return window is not None and window.isActiveWindow() and window.isVisible()

    def speak(self) -> None:
        """The language is another one: what is open is made anew, in its place, and keeps what is not applied yet."""
        self.language = self._launch.language.name
        shown = [name for name, window in self._open.items() if window.isVisible()]
        settings = self._open.get("settings")
        edited = settings.changes() if isinstance(settings, SettingsWindow) else {}
        self._end_all()
        for name in shown:
            window = self.show(name)
            if isinstance(window, SettingsWindow):
                window.propose(edited)

    def close(self) -> None:
        """Remember where they are, and end them; questions of the first start that are still open come again."""
        self._end_all()
        if self._first_run is not None:
            self._first_run.hide()
            self._first_run.deleteLater()
            self._first_run = None

    def _end_all(self) -> None:
        for name, window in self._open.items():
            self._memory.save(name, window)
            window.removeEventFilter(self)
            for dialog in window.findChildren(QDialog):
                dialog.reject()  # ends what it has under way; to be deleted with its window would not
            window.close()
            window.deleteLater()
        self._open.clear()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        if event.type() is QEvent.Type.Close and self.visible() in ([], [watched]):
            return self._last_one_closes(event)
        return super().eventFilter(watched, event)

    def _last_one_closes(self, event: QEvent) -> bool:
        """True if the window stays open for now."""
        if self._launch.tray is None:
            event.ignore()
            self.quit_wanted.emit()
            return True
        if self._memory.first_time("closed-to-tray"):
            self.left.emit()
        return False

    @property
    def is_first_run(self) -> bool:
        """Whether its questions are open."""
        return self._first_run is not None

    def show_first_run(self) -> None:
        """Bring up the questions of the first start; `first_run_over` when they are answered or skipped."""
        if self._first_run is None:
            launch = self._launch
            self._first_run = FirstRun(
                launch.preferences, autostart(launch.environ), self._desk.forms, mirror=is_here_china()
            )
            self._first_run.finished.connect(self._first_run_ends)
        _raise(self._first_run)

    @Slot()
    def _first_run_ends(self) -> None:
        if self._first_run is not None:
            self._first_run.deleteLater()
            self._first_run = None
            self.first_run_over.emit()

    def catalog_is_known(self, own: frozenset[str]) -> None:
        """Those windows that need more than the board tell have it now.

        Args:
            own: keys of the models that the user may edit.
        """
        self._own = own
        log, catalog = self._open.get("log"), self._open.get("catalog")
        if isinstance(log, LogWindow):
            log.set_names(self._names())
        if isinstance(catalog, CatalogWindow):
            catalog.use_own(own)
            catalog.use(self._launch.preferences.value)

    def _make_catalog(self) -> QWidget:
        desk = self._desk
        window = CatalogWindow(
            desk.board, desk.downloads, desk.checks, desk.quick, self.language, self._launch.preferences.value
        )
        window.use_own(self._own)
        window.preload_wanted.connect(self.preload_wanted)
        window.log_wanted.connect(self._show_log)
        window.status_wanted.connect(self._show_status)
        window.settings_wanted.connect(self._show_settings)
        window.add_wanted.connect(self._add_model)
        window.edit_wanted.connect(self._edit_model)
        window.remove_wanted.connect(self._remove_model)
        window.import_wanted.connect(self._import_catalog)
        return window

    def _make_status(self) -> QWidget:
        desk = self._desk
        window = StatusWindow(
            desk.board,
            desk.downloads,
            desk.checks,
            desk.examiner,
            desk.prover,
            desk.quick,
            self._launch.home,
            self.language,
        )
        window.preload_wanted.connect(self.preload_wanted)
        window.log_wanted.connect(self._show_log)
        window.settings_wanted.connect(self._show_settings)
        window.env_written.connect(self._env_written)
        return window

    def _make_settings(self) -> QWidget:
        launch = self._launch
        credentials = SystemCredentials(launch.environ, hf_home(launch.environ))
        window = SettingsWindow(launch.preferences, credentials, autostart(launch.environ), self._desk.forms)
        window.token_changed.connect(self.core_changed)
        window.env_change_wanted.connect(self._show_env_change)
        return window

    @Slot(object)
    def _show_env_change(self, change: EnvChange) -> None:
        dialog = EnvDialog(self._desk.quick, change, self._open.get("settings"))
        dialog.written.connect(self._env_written)
        _open(dialog)

    @Slot()
    def _env_written(self) -> None:
        settings = self._open.get("settings")
        if isinstance(settings, SettingsWindow) and settings.isVisible():
            settings.refresh()
        self.core_changed.emit()

    @Slot()
    def _add_model(self) -> None:
        self._open_editor(None)

    @Slot(str)
    def _edit_model(self, key: str) -> None:
        self._open_editor(self._desk.board.row(key).model)

    def _open_editor(self, model: Model | None) -> None:
        launch = self._launch
        dialog = AddModelDialog(
            self._desk.forms, launch.home, launch.preferences.value, self.language, model, self._open.get("catalog")
        )
        dialog.added.connect(self.catalog_changed)
        dialog.preload_wanted.connect(self.preload_wanted)
        dialog.settings_wanted.connect(self._show_settings)
        _open(dialog)

    @Slot(str)
    def _remove_model(self, key: str) -> None:
        row = self._desk.board.row(key)
        location = row.status.location if row.status is not None and row.status.files_ready else None
        dialog = RemoveModelDialog(
            self._desk.forms, self._launch.home, row.model, self.language, location, self._open.get("catalog")
        )
        dialog.removed.connect(self.catalog_changed)
        _open(dialog)

    @Slot()
    def _import_catalog(self) -> None:
        dialog = ImportDialog(self._desk.forms, self._launch.home, self._open.get("catalog"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.imported.connect(self.catalog_changed)
        dialog.choose()

    @Slot(str)
    def _show_settings(self, page: str) -> None:
        window = self.show("settings")
        if page and isinstance(window, SettingsWindow):
            window.show_page(page)

    @Slot(str)
    def _show_log(self, key: str) -> None:
        window = self.show("log")
        if key and isinstance(window, LogWindow):
            window.choose(key)

    @Slot(str)
    def _show_status(self, key: str) -> None:
        window = self.show("status")
        if key and isinstance(window, StatusWindow):
            window.choose(key)

    def _make_log(self) -> QWidget:
        return LogWindow(self._log, logs.folder(self._launch.home), self._names())

    def _names(self) -> dict[str, str]:
        return {model.key: model.name.in_language(self.language) for model in self._desk.board.catalog.models}


def _raise(window: QWidget) -> None:
    if window.isMinimized():
        window.showNormal()
    window.show()
    window.raise_()
    window.activateWindow()


def _open(dialog: QDialog) -> None:
    """Until it is closed, and no longer."""
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
