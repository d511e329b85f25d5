"""From the command line to a tray icon, before anything heavy is loaded."""

import logging
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QSocketNotifier, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

from model_preload.core import errors, paths, texts
from model_preload.system.app_id import set_app_id
from model_preload.system.single_instance import SingleInstance, tell
from model_preload.system.taskbar import taskbar_is_dark
from model_preload.ui.icons import app_icon
from model_preload.ui.language import Language
from model_preload.ui.preferences import Preferences
from model_preload.ui.theme import Theme, is_dark
from model_preload.ui.tray import Tray

log = logging.getLogger("model_preload.app")

NAME = "Model Preload"


@dataclass(frozen=True)
class Launch:
    """What is there when the tray shows.

    Attributes:
        home: the state folder.
        environ: the environment.
        user_home: the user's own folder.
        catalog: a file instead of the built-in catalog and the user's own models.
        direct: the system's proxies are left out.
        hidden: no window is opened by itself.
        make_tray: makes another one, as after a change of language; None where the desktop has no place for one.
    """

    home: Path
    environ: Mapping[str, str]
    user_home: Path
    catalog: Path | None
    direct: bool
    hidden: bool
    application: QApplication
    instance: SingleInstance
    preferences: Preferences
    language: Language
    theme: Theme
    tray: Tray | None
    make_tray: Callable[[], Tray | None]


def main(words: Sequence[str]) -> int:
    """The tray app; `--tray` opens no window, `--quit` ends the running one. Main thread; returns the exit code."""
    home = paths.state_home(os.environ)
    if "--quit" not in words:
        return run(home, os.environ, Path.home(), hidden="--tray" in words)
    texts.use()
    try:
        tell(home, "quit")
    except errors.Circumstance as problem:
        if sys.stderr is not None:  # the windowed program has none
            print(f"{problem.title} {problem.next_step}", file=sys.stderr)  # noqa: T201  an installer's log
        return problem.exit_code
    return 0


def demo(language: str) -> int:
    """The whole story on an embedded hub, in folders that are gone afterwards; ends when the user quits."""
    from model_preload.demo import models
    from model_preload.demo.hub import Hub

    with tempfile.TemporaryDirectory(prefix="model-preload-demo-", ignore_cleanup_errors=True) as folder:
        home = Path(folder).resolve()
        made = models.make(home / "hub", f"{home.as_posix()}/platform/models")
        catalog = home / "catalog.toml"
        catalog.write_text(made.catalog, encoding="utf-8")
        state = home / "state"
        state.mkdir()
        settings = f'language = "{language}"\nreserve = 0\nfirst_run_done = true\n'
        (state / "settings.toml").write_text(settings, encoding="utf-8")
        with Hub(*made.repositories, rate=models.RATE) as hub:
            environ = {**os.environ, "HF_HOME": str(home / "huggingface"), "HF_ENDPOINT": hub.endpoint}
            environ.pop("HF_HUB_CACHE", None)
            return run(state, environ, home, catalog, direct=True)


def run(
    home: Path,
    environ: Mapping[str, str],
    user_home: Path,
    catalog: Path | None = None,
    *,
    direct: bool = False,
    hidden: bool = False,
) -> int:
    """Show the tray, load the rest behind it, and stay until the user quits."""
    set_app_id()
    application = QApplication(["model-preload"])
    application.setApplicationName(NAME)
    application.setApplicationDisplayName(NAME)
    application.setDesktopFileName("model-preload")
    application.setQuitOnLastWindowClosed(False)
    application.setWindowIcon(app_icon())
    language = Language(application)
    language.use()
    instance = SingleInstance(home)
    try:
        if not instance.begin():
            return 0
        preferences = Preferences(home, environ)
    except errors.Circumstance as problem:
        tell_alone(problem)
        return problem.exit_code
    language.use(preferences.value.language)
    theme = Theme()
    theme.apply(preferences.value.theme)
    launch = Launch(
        home,
        environ,
        user_home,
        catalog,
        direct,
        hidden,
        application,
        instance,
        preferences,
        language,
        theme,
        _shown_tray(),
        _shown_tray,
    )
    with _faults_are_told(), _ending_on_signals(application):
        running: list[Callable[[], None]] = []

        def load() -> None:
            from model_preload.app.program import Program
            from model_preload.downloads.background import ProgramFault

            try:
                program = Program(launch)
                running.append(program.close)
                program.begin()
            except errors.Circumstance as problem:
                tell_alone(problem)
                application.exit(problem.exit_code)
            except Exception as error:
                log.critical("a fault of the program", exc_info=True)
                tell_alone(ProgramFault(error))
                application.exit(1)

        QTimer.singleShot(0, load)
        try:
            return application.exec()
        finally:
            for close in running:
                close()


@contextmanager
def _faults_are_told() -> Iterator[None]:
    """A fault of the program goes into the log, whatever thread it is in, and the program goes on.

    A windowed program has no standard error, so that it would be seen nowhere.
    """

    def told(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        log.critical("a fault of the program", exc_info=(kind, error, trace))

    def told_of_thread(found: threading.ExceptHookArgs) -> None:
        if found.exc_value is not None:
            told(found.exc_type, found.exc_value, found.exc_traceback)

    before, before_in_threads = sys.excepthook, threading.excepthook
    sys.excepthook, threading.excepthook = told, told_of_thread
    try:
        yield
    finally:
        sys.excepthook, threading.excepthook = before, before_in_threads


@contextmanager
def _ending_on_signals(application: QApplication) -> Iterator[None]:
    """Ctrl-C and a system that asks the program to end: it does, and what was queued goes on next time.

    Python's handlers run between two steps of its own; a byte in a socket makes Qt take one.
    """
    ours, qts = socket.socketpair()
    ours.setblocking(False)
    notifier = QSocketNotifier(qts.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(application.quit)
    waking = signal.set_wakeup_fd(ours.fileno())
    numbers = [signal.SIGINT, signal.SIGTERM]
    before = {number: signal.signal(number, lambda _number, _frame: None) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(waking)
        notifier.setEnabled(False)
        ours.close()
        qts.close()


def tell_alone(problem: errors.Circumstance) -> None:
    """In a window of its own, when there is no other."""
    box = QMessageBox(QMessageBox.Icon.Warning, NAME, str(problem.title))
    box.setInformativeText(str(problem.next_step))
    box.exec()


def _shown_tray() -> Tray | None:
    if not Tray.is_available():
        return None
    dark = taskbar_is_dark()
    tray = Tray(dark=is_dark() if dark is None else dark)
    tray.show()
    return tray
