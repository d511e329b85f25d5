"""From the command line to a tray icon, before anything heavy is loaded."""

import builtins
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from model_preload.app.faults import Faults
from model_preload.core import errors, paths, texts
from model_preload.system.app_id import set_app_id
from model_preload.system.single_instance import SingleInstance, tell
from model_preload.system.taskbar import taskbar_is_dark
from model_preload.system.termination import Termination
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
        shows: it is the demo, which says at its start what there is to see.
        tray: None where the desktop has no place for one.
        make_tray: makes another one, as after a change of language.
    """

    home: Path
    environ: Mapping[str, str]
    user_home: Path
    catalog: Path | None
    direct: bool
    hidden: bool
    shows: bool
    application: QApplication
    faults: Faults
    instance: SingleInstance
    preferences: Preferences
    language: Language
    theme: Theme
    tray: Tray | None
    make_tray: Callable[[], Tray]


def main(words: Sequence[str]) -> int:
    """The tray app; `--tray` opens no window, `--quit` ends the running one. Main thread; returns the exit code."""
    home = paths.state_home(os.environ)
    if "--quit" not in words:
        return run(home, os.environ, Path.home(), hidden="--tray" in words)
    texts.use()
    try:
        tell(home, "quit")
    except errors.Circumstance as problem:
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
            others = ("HF_", "MODEL_PRELOAD_", "MODELSCOPE_", "MINERU_", "PADDLE_", "TORCH_", "TIANSHU_")
            environ = {name: value for name, value in os.environ.items() if not name.startswith(others)}
            environ |= {"HF_HOME": str(home / "huggingface"), "HF_ENDPOINT": hub.endpoint}
            return run(state, environ, home, catalog, direct=True, shows=True)


def run(
    home: Path,
    environ: Mapping[str, str],
    user_home: Path,
    catalog: Path | None = None,
    *,
    direct: bool = False,
    hidden: bool = False,
    shows: bool = False,
) -> int:
    """Show the tray, load the rest behind it, and stay until the user quits."""
    use_plain_imports()
    set_app_id()
    application = _application()
    faults = Faults(application)
    faults.install()
    language = Language(application)
    language.use()
    with ExitStack() as ending:
        instance = SingleInstance(home)
        try:
            if not instance.begin("stay" if hidden else "show"):
                return 0
            ending.callback(instance.close)
            preferences = Preferences(home, environ)
        except errors.Circumstance as problem:
            tell_alone(problem)
            return problem.exit_code
        termination = Termination(application)
        ending.callback(termination.close)
        termination.wanted.connect(application.exit)
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
            shows,
            application,
            faults,
            instance,
            preferences,
            language,
            theme,
            _shown_tray() if Tray.is_available() else None,
            _shown_tray,
        )
        QTimer.singleShot(0, lambda: _load(launch, ending))
        return application.exec()


def use_plain_imports() -> None:
    """Have Python's own import back.

    PySide's looks into the source of every module for a feature that is not used here: a third of the time that the
    core takes to load. And it may fail in a thread: it asks pydantic, half loaded, for an attribute.
    """
    builtins.__import__ = getattr(builtins, "__orig_import__", builtins.__import__)


def _application() -> QApplication:
    application = QApplication(["model-preload"])
    application.setApplicationName(NAME)
    application.setApplicationDisplayName(NAME)
    application.setDesktopFileName("model-preload")
    application.setQuitOnLastWindowClosed(False)
    application.setWindowIcon(app_icon())
    return application


def _load(launch: Launch, ending: ExitStack) -> None:
    """Everything after the tray; what keeps it from running is told, and ends the process."""
    try:
        from model_preload.app.program import Program

        program = Program(launch)
        ending.callback(program.close)
        program.over.connect(launch.application.exit)
        program.begin()
    except Exception as error:
        if launch.tray is not None:
            launch.tray.hide()
        if not isinstance(error, errors.Circumstance):
            log.critical("a fault of the program", exc_info=True)
        tell_alone(circumstance(error))
        launch.application.exit(circumstance(error).exit_code)


def tell_alone(problem: errors.Circumstance, over: QWidget | None = None) -> None:
    """In a window of its own, until it is closed."""
    box = QMessageBox(QMessageBox.Icon.Warning, NAME, str(problem.title), parent=over)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setInformativeText(str(problem.next_step))
    box.exec()


def circumstance(error: BaseException) -> errors.Circumstance:
    """The same for people: a fault of the program is told as what it is."""
    if isinstance(error, errors.Circumstance):
        return error
    from model_preload.downloads.background import ProgramFault

    return ProgramFault(error)


def _shown_tray() -> Tray:
    dark = taskbar_is_dark()
    tray = Tray(dark=is_dark() if dark is None else dark)
    tray.show()
    return tray
