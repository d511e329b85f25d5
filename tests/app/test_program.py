"""The tray app put together: real windows, a real desk, a real hub; only the person is the test's."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from helpers.desk import BYTES, MODELS, demo_bench, demo_hub
from model_preload.app import program as program_module
from model_preload.app.program import Program
from model_preload.app.start import Launch
from model_preload.demo.hub import Hub
from model_preload.system.network import Line
from model_preload.system.single_instance import SingleInstance
from model_preload.ui.first_run import FirstRun
from model_preload.ui.language import Language
from model_preload.ui.preferences import Preferences
from model_preload.ui.theme import Theme
from model_preload.ui.tray import Tray

SLOW = 1_000_000


class Notified(Tray):
    """A tray whose messages the test reads."""

    def __init__(self) -> None:
        super().__init__(dark=True)
        self.messages: list[tuple[str, str]] = []

    def show_message(self, title: str, message: str, *, warning: bool = False) -> None:
        self.messages.append((title, message))


@pytest.fixture
def hub() -> Iterator[Hub]:
    with demo_hub() as made:
        yield made


class Person:
    """Starts the program as often as it likes, and looks at it."""

    def __init__(self, folder: Path, hub: Hub, qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bench = demo_bench(folder, hub)
        self.state = self.bench.state
        self.state.mkdir(parents=True)
        self.catalog = folder / "catalog.toml"
        self.catalog.write_text(f"schema = 1\n{self.bench.catalog}", encoding="utf-8")
        self.environ = {"HF_HOME": str(folder / "hf"), "HF_ENDPOINT": hub.endpoint}
        self.qapp = qapp
        self.quits: list[bool] = []
        self.line = Line()
        self.battery = False
        monkeypatch.setattr(program_module, "line", lambda: self.line)
        monkeypatch.setattr(program_module, "on_battery", lambda: self.battery)
        monkeypatch.setattr(QApplication, "quit", lambda: self.quits.append(True))
        self.settings("first_run_done = true\n")
        self._running: list[tuple[Program, SingleInstance, Launch]] = []

    def settings(self, lines: str) -> None:
        (self.state / "settings.toml").write_text(f"reserve = 0\n{lines}", encoding="utf-8")

    def start(self, *, hidden: bool = True, tray: bool = True) -> Program:
        instance = SingleInstance(self.state)
        assert instance.begin()

        def make_tray() -> Tray | None:
            return Notified() if tray else None

        launch = Launch(
            self.state,
            self.environ,
            self.bench.home,
            self.catalog,
            True,
            hidden,
            self.qapp,
            instance,
            Preferences(self.state, self.environ),
            Language(self.qapp),
            Theme(),
            make_tray(),
            make_tray,
        )
        launch.language.use(launch.preferences.value.language)
        program = Program(launch)
        self._running.append((program, instance, launch))
        program.begin()
        return program

    def end(self) -> None:
        """Of every program; twice is once."""
        for program, instance, launch in self._running:
            program.close()
            program.deleteLater()
            instance.close()
            instance.deleteLater()
            launch.language.use("en")
        self._running.clear()
        QCoreApplication.sendPostedEvents(None, 0)

    @staticmethod
    def windows() -> set[str]:
        """Kinds of those that are open."""
        return {type(window).__name__ for window in QApplication.topLevelWidgets() if window.isVisible()}

    @staticmethod
    def answer(text: str) -> None:
        """Press that button of the box that is open."""
        (box,) = [one for one in QApplication.topLevelWidgets() if isinstance(one, QMessageBox) and one.isVisible()]
        (button,) = [one for one in box.buttons() if one.text() == text]
        button.click()


@pytest.fixture
def person(tmp_path: Path, hub: Hub, qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[Person]:
    made = Person(tmp_path, hub, qapp, monkeypatch)
    yield made
    made.end()


def told(program: Program) -> list[str]:
    tray = program._tray
    assert isinstance(tray, Notified)
    return [title for title, _ in tray.messages]


def test_hidden_it_opens_nothing(person: Person, qtbot: QtBot) -> None:
    program = person.start()
    with qtbot.waitSignal(program._desk.checks.found):
        pass
    assert person.windows() == set()


@pytest.mark.parametrize(("hidden", "tray"), [(False, True), (True, False)])
def test_started_by_hand_or_without_a_tray_it_opens_the_window_that_matters(
    person: Person, hidden: bool, tray: bool
) -> None:
    person.start(hidden=hidden, tray=tray)
    assert person.windows() == {"StatusWindow"}


def test_the_first_start_asks_once(person: Person, qtbot: QtBot) -> None:
    person.settings("")
    person.start()
    assert person.windows() == {"FirstRun"}
    (dialog,) = [one for one in QApplication.topLevelWidgets() if isinstance(one, FirstRun) and one.isVisible()]
    dialog.reject()
    assert person.windows() == {"StatusWindow"}
    person.end()
    person.start()
    assert person.windows() == set()


def test_preload_all_and_the_notification_that_opens_the_status(person: Person, qtbot: QtBot) -> None:
    program = person.start()
    with qtbot.waitSignal(program._desk.downloads.batch_finished, timeout=20_000):
        program._tray.preload_wanted.emit()  # type: ignore[union-attr]  # before the models are known
    assert told(program) == ["All 3 models are ready"]
    program._tray.message_clicked.emit()  # type: ignore[union-attr]
    assert person.windows() == {"StatusWindow"}


@pytest.mark.parametrize(
    ("metered", "battery", "setting", "asked", "begins"),
    [
        (False, False, "", False, True),
        (True, False, "", True, True),
        (False, True, "", True, True),
        (True, False, 'when_metered = "go-on"', False, True),
        (True, False, 'when_metered = "wait"', False, False),
        (False, True, 'when_on_battery = "wait"', False, False),
        (True, True, 'when_metered = "go-on"\nwhen_on_battery = "go-on"', False, True),
    ],
)
def test_it_asks_before_the_first_byte(
    person: Person, qtbot: QtBot, metered: bool, battery: bool, setting: str, asked: bool, begins: bool
) -> None:
    person.settings(f"first_run_done = true\n{setting}\n")
    person.line, person.battery = Line(metered=metered), battery
    program = person.start()
    with qtbot.waitSignal(program._desk.checks.found):
        pass
    program.preload_all()
    assert person.windows() == ({"QMessageBox"} if asked else set())
    if asked:
        assert not program._desk.downloads.is_working
        person.answer("&Preload")
    assert program._desk.downloads.is_working is begins
    if begins:
        with qtbot.waitSignal(program._desk.downloads.batch_finished, timeout=20_000):
            pass


def test_quit_asks_while_it_works_and_says_that_nothing_is_lost(person: Person, hub: Hub, qtbot: QtBot) -> None:
    program = person.start()
    program.quit()
    assert person.quits == [True]
    hub.rate = SLOW
    program.preload_all()
    qtbot.waitUntil(lambda: program._desk.downloads.is_working)
    program.quit()
    assert (person.windows(), person.quits) == ({"QMessageBox"}, [True])
    person.answer("&Stay")
    assert person.quits == [True]
    program.quit()
    person.answer("&Quit")
    assert person.quits == [True, True]


def test_what_was_queued_goes_on_at_the_next_start(person: Person, hub: Hub, qtbot: QtBot) -> None:
    hub.rate = SLOW
    program = person.start()
    program.preload_all()
    qtbot.waitUntil(lambda: hub.bytes_served > BYTES // 2, timeout=20_000)
    person.end()
    hub.rate = None
    program = person.start()
    with qtbot.waitSignal(program._desk.downloads.batch_finished, timeout=20_000):
        pass
    assert told(program) == [f"All {len(MODELS)} models are ready"]


def test_unless_the_user_wants_to_say_so(person: Person, hub: Hub, qtbot: QtBot) -> None:
    person.settings("first_run_done = true\nresume = false\n")
    hub.rate = SLOW
    program = person.start()
    program.preload_all()
    qtbot.waitUntil(lambda: hub.bytes_served > 0, timeout=20_000)
    person.end()
    program = person.start()
    with qtbot.waitSignal(program._desk.downloads.loaded):
        pass
    assert not program._desk.downloads.is_working
    hub.rate = None
    with qtbot.waitSignal(program._desk.downloads.batch_finished, timeout=20_000):
        program._tray.resume_wanted.emit()  # type: ignore[union-attr]


def test_closing_the_last_window_is_explained_once(person: Person) -> None:
    program = person.start()
    for _ in range(2):
        window = program._windows.show("status")
        window.close()
    assert len(told(program)) == 1
    assert person.quits == []


def test_without_a_tray_the_last_window_is_the_program(person: Person) -> None:
    program = person.start(tray=False)
    window = program._windows.show("status")
    window.close()
    assert person.quits == [True]


def test_another_language_at_once(person: Person, qtbot: QtBot) -> None:
    program = person.start(hidden=False)
    with qtbot.waitSignal(program._desk.checks.found):
        pass
    program._launch.preferences.save(language="zh_CN")
    (window,) = [one for one in QApplication.topLevelWidgets() if one.isVisible()]
    assert window.windowTitle() == "状态"
    with qtbot.waitSignal(program._desk.downloads.batch_finished, timeout=20_000):
        program._tray.preload_wanted.emit()  # type: ignore[union-attr]
    assert told(program) in ([], ["全部 3 个模型均已就绪"])  # nothing, if the offscreen window counts as looked at


def test_other_settings_while_it_works(person: Person, hub: Hub, qtbot: QtBot) -> None:
    hub.rate = SLOW
    program = person.start()
    program.preload_all()
    qtbot.waitUntil(lambda: hub.bytes_served > 0, timeout=20_000)
    program._launch.preferences.save(connections=2)
    hub.rate = None
    with qtbot.waitSignal(program._desk.downloads.batch_finished, timeout=20_000):
        pass
    with program._desk.core.lease() as opened:
        assert opened.services.settings.connections == 2


@pytest.mark.parametrize(("message", "quits"), [("show", 0), ("quit", 1)])
def test_another_start_is_heard(person: Person, qtbot: QtBot, message: str, quits: int) -> None:
    program = person.start()
    program._launch.instance.asked.emit(message)
    assert len(person.quits) == quits
    assert person.windows() == (set() if quits else {"StatusWindow"})


def test_a_broken_journal_is_told_in_the_window(person: Person, qtbot: QtBot) -> None:
    program = person.start()
    with qtbot.waitSignal(program._desk.checks.found):
        pass
    person.end()
    import sqlite3

    with sqlite3.connect(person.state / "journal.sqlite3") as database:
        database.execute("PRAGMA user_version = 999")
    database.close()
    program = person.start(hidden=False)
    with qtbot.waitSignal(program._desk.board.failed):
        pass
    assert program._desk.board.problem is not None
    assert program._desk.board.problem.code == "journal-newer"
