"""The whole tray app but for its process: real windows, desk and settings in a test's own folders, on its own hub."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton, QWidget

from helpers.desk import demo_bench
from model_preload.app.desk import Desk
from model_preload.app.faults import Faults
from model_preload.app.program import Program
from model_preload.app.start import Launch, use_plain_imports
from model_preload.app.windows import Windows
from model_preload.demo.hub import Hub
from model_preload.system.single_instance import SingleInstance
from model_preload.ui.language import Language
from model_preload.ui.preferences import Preferences
from model_preload.ui.theme import Theme
from model_preload.ui.tray import Tray


class HeardTray(Tray):
    """One whose messages can be read: the offscreen screen has no place that shows them."""

    def __init__(self, told: list[tuple[str, str]]) -> None:
        super().__init__(dark=False)
        self._told = told

    def show_message(self, title: str, message: str, *, warning: bool = False) -> None:
        self._told.append((title, message))
        super().show_message(title, message, warning=warning)


@dataclass
class App:
    """One start of it.

    Attributes:
        told: by the tray: title and message.
        ended: how often it wanted its end.
    """

    program: Program
    preferences: Preferences
    faults: Faults
    home: Path
    told: list[tuple[str, str]] = field(default_factory=list)
    ended: list[bool] = field(default_factory=list)

    @property
    def desk(self) -> Desk:
        return self.program._desk

    @property
    def windows(self) -> Windows:
        return self.program._windows

    @property
    def tray(self) -> Tray:
        assert self.program._tray is not None
        return self.program._tray


class Installation:
    """Folders and hub; `started` as often as the test wants a process."""

    def __init__(self, folder: Path, hub: Hub, application: QApplication) -> None:
        self.hub = hub
        self.application = application
        bench = demo_bench(folder, hub)
        self.folder = bench.home
        self.state = bench.state
        self.state.mkdir(parents=True)
        self.catalog: Path | None = folder / "catalog.toml"
        self.catalog.write_text(f"schema = 1\n{bench.catalog}", encoding="utf-8")
        self.settings()

    def settings(self, **values: object) -> None:
        """The file, anew."""
        usual = {"reserve": 0, "first_run_done": True, "when_on_battery": "go-on", "endpoint": self.hub.endpoint}
        said = {True: "true", False: "false"}
        lines = (
            f"{name} = {said[value] if isinstance(value, bool) else repr(value)}\n"
            for name, value in (usual | values).items()
        )
        (self.state / "settings.toml").write_text("".join(lines), encoding="utf-8")

    @contextmanager
    def started(
        self, *, hidden: bool = True, tray: bool = True, begin: bool = True, shows: bool = False
    ) -> Iterator[App]:
        use_plain_imports()
        with ExitStack() as ending:
            environ = {"HF_HOME": str(self.folder / "hf"), "XDG_CONFIG_HOME": str(self.folder / "config")}
            told: list[tuple[str, str]] = []
            make: Callable[[], Tray] = lambda: HeardTray(told)  # noqa: E731
            preferences = Preferences(self.state, environ)
            instance = SingleInstance(self.state)
            assert instance.begin()
            ending.callback(instance.close)
            language = Language(self.application)
            language.use(preferences.value.language or "en")
            ending.callback(language.use, "en")
            faults = Faults()
            launch = Launch(
                self.state,
                environ,
                self.folder,
                self.catalog,
                True,
                hidden,
                shows,
                self.application,
                faults,
                instance,
                preferences,
                language,
                Theme(),
                make() if tray else None,
                make,
            )
            program = Program(launch)
            ending.callback(program.deleteLater)
            ending.callback(program.close)
            app = App(program, preferences, faults, self.state, told)
            program.over.connect(lambda: app.ended.append(True))
            if begin:
                program.begin()
            yield app


def titles() -> list[str]:
    """Of the windows that are open."""
    return sorted(window.windowTitle() for window in shown())


def shown() -> list[QWidget]:
    return [window for window in QApplication.topLevelWidgets() if window.isVisible() and window.windowTitle()]


def boxes() -> list[QMessageBox]:
    """Questions that are open."""
    return [
        window for window in QApplication.topLevelWidgets() if isinstance(window, QMessageBox) and window.isVisible()
    ]


def press(name: str) -> None:
    """A button of the one question that is open."""
    (box,) = boxes()
    (button,) = [one for one in box.findChildren(QPushButton) if one.text().replace("&", "") == name]
    button.click()
