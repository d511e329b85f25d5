"""The composition root: which windows open, who is asked, what a change of settings brings, how it ends."""

import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox
from pytestqt.qtbot import QtBot

from helpers.app import App, Installation, boxes, press, titles
from helpers.desk import MODELS, demo_hub
from helpers.workbench import model, repository
from model_preload.app import program as program_module
from model_preload.core.errors import DiskProblem
from model_preload.core.files import Disk
from model_preload.core.tasks.own_catalog import remove
from model_preload.core.tasks.preload import Mode
from model_preload.demo.hub import Hub
from model_preload.downloads.board import Board
from model_preload.downloads.summary import Mood
from model_preload.system.network import Line
from model_preload.system.single_instance import tell
from model_preload.ui.first_run import FirstRun

SLOW = 1_500_000


@pytest.fixture
def hub() -> Iterator[Hub]:
    with demo_hub() as made:
        yield made


@pytest.fixture
def installed(tmp_path: Path, hub: Hub, qapp: QApplication) -> Installation:
    return Installation(tmp_path, hub, qapp)


def settled(app: App, qtbot: QtBot) -> Board:
    """Once every model was looked at."""
    board = app.desk.board
    qtbot.waitUntil(lambda: bool(board.rows()) and all(row.status is not None for row in board.rows()))
    return board


def working(app: App, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: app.desk.downloads.running != "")


def finished(app: App, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: all(row.ready for row in settled(app, qtbot).rows()), timeout=30_000)


@pytest.mark.windows
def test_a_hidden_start_opens_nothing_and_the_window_that_matters_follows_the_mood(
    installed: Installation, hub: Hub, qtbot: QtBot
) -> None:
    with installed.started() as app:
        settled(app, qtbot)
        assert titles() == []
        app.program.show_matter()
        assert len(titles()) == 1
        assert app.windows.is_seen("status") or app.windows.front() is app.windows._open["status"]
        hub.rate = SLOW
        app.program.preload_all()
        working(app, qtbot)
        app.program.show_matter()
        qtbot.waitUntil(lambda: app.windows.front() is app.windows._open["catalog"])


@pytest.mark.windows
def test_the_first_run_is_shown_once_and_then_the_window(installed: Installation, qtbot: QtBot) -> None:
    installed.settings(first_run_done=False, platform=str(installed.folder))
    with installed.started() as app:
        (first,) = [one for one in QApplication.topLevelWidgets() if isinstance(one, FirstRun) and one.isVisible()]
        app.program._collector.collect()
        app.program.show_matter()
        assert not app.windows.visible()  # it is brought up itself
        first.reject()
        assert len(app.windows.visible()) == 1
    with installed.started(hidden=False) as app:
        assert not app.windows.is_first_run
        assert len(app.windows.visible()) == 1


def test_ended_within_the_first_run_it_comes_again(installed: Installation, qtbot: QtBot) -> None:
    installed.settings(first_run_done=False, platform=str(installed.folder))
    with installed.started() as app:
        assert app.windows.is_first_run
    assert titles() == []
    assert not app.preferences.value.first_run_done


@pytest.mark.windows
def test_closing_to_the_tray_is_explained_once_and_quitting_explains_nothing(
    installed: Installation, qtbot: QtBot
) -> None:
    with installed.started(hidden=False) as app:
        app.program.quit()
        assert app.ended == [True]
    assert app.told == []
    with installed.started(hidden=False) as app:
        for _ in range(2):
            app.windows.show("status").close()
        assert ["stays here" in message for _, message in app.told] == [True]
        assert not app.ended


@pytest.mark.windows
def test_without_a_tray_a_window_opens_by_itself_and_closing_the_last_one_ends_it(
    installed: Installation, hub: Hub, qtbot: QtBot
) -> None:
    with installed.started(tray=False) as app:
        settled(app, qtbot)
        (window,) = app.windows.visible()
        window.close()
        assert app.ended == [True]
        app.ended.clear()
        hub.rate = SLOW
        app.program.preload_all()
        working(app, qtbot)
        window.close()
        assert window.isVisible()
        assert not app.ended
        press("Stay")
        window.close()
        press("Quit")
        assert app.ended == [True]


@pytest.mark.windows
def test_quit_while_it_loads_asks_once_and_another_process_ends_it_without(
    installed: Installation, hub: Hub, qtbot: QtBot
) -> None:
    hub.rate = SLOW
    with installed.started() as app:
        app.program.preload_all()
        working(app, qtbot)
        app.program.quit()
        app.program.quit()
        (box,) = boxes()
        assert "goes on where it stopped" in box.informativeText()
        press("Stay")
        assert not app.ended
        assert app.desk.downloads.is_working
        app.program._asked("quit")
        assert app.ended == [True]


@pytest.mark.windows
def test_the_end_of_the_session_ends_it_all_and_the_queue_goes_on(
    installed: Installation, hub: Hub, qtbot: QtBot
) -> None:
    hub.rate = SLOW
    with installed.started(hidden=False) as app:
        app.program.preload_all()
        working(app, qtbot)
        app.program._session_ends()
        assert app.ended == [True]
        assert titles() == []
    hub.rate = None
    with installed.started() as app:
        finished(app, qtbot)
        qtbot.waitUntil(lambda: any("All 3" in title for title, _ in app.told))


@pytest.mark.parametrize(("answer", "brings"), [("Preload", True), ("Later", False)])
def test_a_metered_line_asks_once_for_all_and_may_be_remembered(
    installed: Installation, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, answer: str, brings: bool
) -> None:
    monkeypatch.setattr(program_module, "line", lambda: Line(metered=True))
    with installed.started() as app:
        settled(app, qtbot)
        for name, key in (("catalog", "a"), ("status", "b")):
            window: Any = app.windows.show(name)
            window.preload_wanted.emit((key,), Mode.BRING)
        (box,) = boxes()
        check = box.checkBox()
        assert check is not None
        check.setChecked(True)
        press(answer)
        assert app.desk.downloads.order() == (("a", "b") if brings else ())
        assert app.preferences.value.when_metered == ("go-on" if brings else "wait")
        app.program.preload(["c"], Mode.BRING)
        assert boxes() == []
        assert ("c" in app.desk.downloads.order()) is brings


def test_an_answer_that_can_not_be_kept_is_told_and_still_holds(
    installed: Installation, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, expected_log: Callable[..., None]
) -> None:
    expected_log("settings.toml")
    monkeypatch.setattr(program_module, "line", lambda: Line(metered=True))
    with installed.started() as app:
        settled(app, qtbot)
        app.program.preload(["a"], Mode.BRING)
        (box,) = boxes()
        check = box.checkBox()
        assert check is not None
        check.setChecked(True)
        (installed.state / "settings.toml").unlink()
        (installed.state / "settings.toml").mkdir()
        press("Preload")
        assert app.desk.downloads.order() == ("a",)
        assert len(app.told) == 1


def test_the_language_is_switched_in_the_middle_with_nothing_doubled_or_lost(
    installed: Installation, hub: Hub, qtbot: QtBot
) -> None:
    hub.rate = SLOW
    with installed.started() as app:
        settled(app, qtbot)
        for name in ("catalog", "status", "log", "settings"):
            app.windows.show(name)
        app.program.preload_all()
        working(app, qtbot)
        app.program.quit()
        for language in ("zh_CN", "en", "zh_CN"):
            app.preferences.save(language=language)
        assert boxes() == []  # it went with its window
        assert len(app.windows.visible()) == 4
        qtbot.waitUntil(lambda: app.windows.front() is app.windows._open["settings"])
        assert "状态" in "".join(action.text() for action in app.tray.actions())
        hub.rate = None
        finished(app, qtbot)
        app.windows._end_all()
        app.told.clear()
        app.program.preload(["a"], Mode.BRING)
        qtbot.waitUntil(lambda: bool(app.told), timeout=20_000)
        assert [title for title, _ in app.told] == ["全部 3 个模型均已就绪"]
        app.tray.status_wanted.emit()
        assert len(app.windows.visible()) == 1


def test_what_is_not_applied_yet_outlives_a_switch_of_the_language(installed: Installation, qtbot: QtBot) -> None:
    edited = {"connections": 3, "endpoint": "no address", "proxy": "http://127.0.0.1:3128"}
    with installed.started() as app:
        settled(app, qtbot)
        before: Any = app.windows.show("settings")
        before.propose(edited)
        before.show_page("hubs")
        app.preferences.save(language="zh_CN")
        after: Any = app.windows._open["settings"]
        assert (after is not before, after.state(), after.changes()) == (True, b"hubs", edited)
        assert app.preferences.value.connections != 3


def test_another_endpoint_while_a_turn_runs_renews_the_core_and_goes_on(
    installed: Installation, hub: Hub, qtbot: QtBot
) -> None:
    hub.rate = SLOW
    with installed.started() as app:
        settled(app, qtbot)
        app.program.preload_all()
        working(app, qtbot)
        with app.desk.core.lease() as before:
            app.preferences.save(endpoint=hub.endpoint.replace("127.0.0.1", "localhost"), connections=2)
            with app.desk.core.lease() as after:
                assert after.services.settings.connections == 2 != before.services.settings.connections
        hub.rate = None
        finished(app, qtbot)


def test_own_models_come_and_go_while_it_works(installed: Installation, hub: Hub, qtbot: QtBot) -> None:
    installed.catalog = None
    own = installed.state / "catalog.toml"
    hub.rate = SLOW
    with installed.started() as app:
        settled(app, qtbot)
        app.windows.show("catalog")
        own.write_text("schema = 1\n" + "".join(model(key, repository(f"demo/{key}")) for key in MODELS), "utf-8")
        app.windows.catalog_changed.emit()
        app.windows.preload_wanted.emit(MODELS, Mode.BRING)  # before the core knows them
        qtbot.waitUntil(lambda: app.desk.downloads.running == "a")
        for key in ("a", "b"):  # the one that runs, and one that waits
            remove(installed.state, Disk(), key)
        app.windows.catalog_changed.emit()
        qtbot.waitUntil(lambda: app.desk.downloads.order() == ("c",))
        hub.rate = None
        qtbot.waitUntil(lambda: app.desk.board.row("c").ready, timeout=20_000)
        assert app.windows._own == {"c"}


def test_a_broken_own_catalog_is_told_and_the_built_in_models_are_there(
    installed: Installation, qtbot: QtBot, expected_log: Callable[..., None]
) -> None:
    expected_log("catalog.toml")
    installed.catalog = None
    (installed.state / "catalog.toml").write_text("schema = [", "utf-8")
    with installed.started() as app:
        settled(app, qtbot)
        ((title, step),) = app.told
        assert "catalog.toml" in title + step


def test_models_come_once_a_journal_that_could_not_be_used_can_be(
    installed: Installation, qtbot: QtBot, expected_log: Callable[..., None]
) -> None:
    with installed.started() as app:
        settled(app, qtbot)
    journal = installed.state / "journal.sqlite3"
    with closing(sqlite3.connect(journal)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute("PRAGMA user_version = 999")
    with installed.started(hidden=False) as app:
        board = app.desk.board
        with qtbot.waitSignal(app.desk.checks.failed):
            pass  # the window's own look
        assert board.summary().mood is Mood.ATTENTION
        with closing(sqlite3.connect(journal)) as connection:
            connection.execute(f"PRAGMA user_version = {version}")
        app.desk.checks.look()
        settled(app, qtbot)


def test_a_log_that_can_not_be_written_keeps_the_program_from_being_made(installed: Installation, qtbot: QtBot) -> None:
    (installed.state / "logs").write_text("no folder", "utf-8")
    with pytest.raises(DiskProblem), installed.started():
        pass


class Sender(QObject):
    sent = Signal()

    @Slot()
    def fail(self) -> None:
        raise RuntimeError("a slot broke")


@pytest.mark.qt_no_exception_capture
def test_a_fault_in_a_slot_is_logged_and_told_once_and_it_goes_on(
    installed: Installation, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, expected_log: Callable[..., None]
) -> None:
    expected_log("fault of the program")
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # put back afterwards
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    with installed.started() as app:
        app.faults.install()
        sender = Sender()
        sender.sent.connect(sender.fail)
        for _ in range(2):
            sender.sent.emit()
        settled(app, qtbot)
        assert len(app.told) == 1
        assert "RuntimeError" in app.told[0][0]
        log = (installed.state / "logs" / "model-preload.log").read_text("utf-8")
        assert log.count("a slot broke") >= 2
        assert "Traceback" in log


def test_a_token_renews_the_core_and_a_written_env_refreshes_the_settings(
    installed: Installation, qtbot: QtBot
) -> None:
    with installed.started() as app:
        settled(app, qtbot)
        settings: Any = app.windows.show("settings")
        with app.desk.core.lease() as before:
            settings.token_changed.emit()
            with app.desk.core.lease() as after:
                assert after.services is not before.services
        app.windows._env_written()
        settled(app, qtbot)


@pytest.mark.windows
def test_another_start_brings_up_the_window(installed: Installation, qtbot: QtBot) -> None:
    with installed.started() as app:
        settled(app, qtbot)
        app.program._asked("show")
        assert len(app.windows.visible()) == 1
        assert not tell(installed.folder / "elsewhere", "show")


@pytest.mark.windows
def test_dialogs_end_with_their_window(installed: Installation, qtbot: QtBot) -> None:
    with installed.started() as app:
        settled(app, qtbot)
        catalog: Any = app.windows.show("catalog")
        catalog.add_wanted.emit()
        assert any(one.isVisible() for one in catalog.findChildren(QDialog))
        app.preferences.save(language="zh_CN")
        assert len(app.windows.visible()) == 1


def test_the_demo_says_what_there_is_to_see_and_does_it(installed: Installation, qtbot: QtBot) -> None:
    with installed.started(hidden=False, shows=True) as app:
        (box,) = [one for one in QApplication.topLevelWidgets() if isinstance(one, QMessageBox) and one.isVisible()]
        assert "three small models" in box.text()
        assert "Preload all" in box.informativeText()
        with qtbot.waitSignal(app.desk.downloads.batch_finished, timeout=20_000):
            box.defaultButton().click()
        assert [title for title, _ in app.told] == ["All 3 models are ready"]
