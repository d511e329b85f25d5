"""The status window on the real desk: what it says, what it asks for, what it does."""

import os
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, QStandardPaths, Qt, QUrl, Slot
from PySide6.QtGui import QAction, QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QLabel, QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from helpers.desk import demo_bench, demo_hub
from helpers.status import Scene, make_scene
from helpers.workbench import Workbench
from model_preload.core.files import Disk
from model_preload.core.journal import Proof
from model_preload.core.tasks.doctor.finding import CHECKS, Finding
from model_preload.core.tasks.preload import Mode
from model_preload.core.tasks.services import stored_pin
from model_preload.core.values import Verdict
from model_preload.demo.hub import Hub
from model_preload.downloads.values import Failure
from model_preload.ui.status.env_dialog import EnvDialog
from model_preload.ui.status.findings import SECTIONS
from model_preload.ui.status.headline import Step
from model_preload.ui.status.model_tree import PROOF

ENV = "# 天枢\r\nSECRET=s3cret\r\nMODEL_DOWNLOAD_SOURCE=modelscope\r\n".encode()


@pytest.fixture
def hub() -> Iterator[Hub]:
    with demo_hub() as running:
        yield running


@pytest.fixture
def bench(hub: Hub, tmp_path: Path) -> Workbench:
    """Whose platform has a `.env` with something in the way."""
    backend = tmp_path / "平台" / "backend"
    backend.mkdir(parents=True)
    (backend / ".env").write_bytes(ENV)
    return demo_bench(tmp_path, hub).with_settings(platform=backend.parent)


@pytest.fixture
def scene(qtbot: QtBot, bench: Workbench, hub: Hub) -> Iterator[Scene]:
    with ExitStack() as ending:
        made = make_scene(bench, hub)
        ending.callback(made.close)
        ending.callback(made.window.deleteLater)  # by Qt: Python's collector works in whichever thread it likes
        ending.callback(made.window.close)
        made.window.preload_wanted.connect(made.desk.downloads.preload)
        yield made


def shown(scene: Scene, qtbot: QtBot) -> None:
    """The window as the user sees it first, its verdicts there."""
    scene.window.show()
    scene.window.look()
    qtbot.waitUntil(lambda: not scene.window._looking)


def action(scene: Scene, label: str) -> QAction:
    (found,) = [one for one in scene.window.findChildren(QAction) if one.text().replace("&", "") == label]
    return found


def button(within: QWidget, label: str) -> QPushButton:
    (found,) = [one for one in within.findChildren(QPushButton) if one.text().replace("&", "") == label]
    return found


def said(within: QWidget, name: str) -> str:
    """What the visible label of that accessible name says."""
    found = [one for one in within.findChildren(QLabel) if one.accessibleName() == name and one.isVisible()]
    return found[0].text() if found else ""


def brought(scene: Scene, qtbot: QtBot) -> None:
    with qtbot.waitSignal(scene.desk.downloads.batch_finished, timeout=20_000):
        scene.desk.downloads.preload(["a", "b", "c"])


def damage(scene: Scene, repository: str) -> None:
    """One byte of a file, its size and time left as they were; at once, since a quick look may be under way."""
    disk = Disk()
    path = next(path.resolve() for path in scene.desk.bench.cache.rglob("model.bin") if repository in str(path))
    before = disk.stat(path)
    assert before is not None
    content = bytearray(path.read_bytes())
    content[1_000_000] ^= 1
    other = path.with_name("other")
    other.write_bytes(content)
    os.utime(other, ns=(before.st_mtime_ns, before.st_mtime_ns))
    other.replace(path)


def test_missing_models_are_asked_for_and_then_ready(scene: Scene, qtbot: QtBot) -> None:
    assert said(scene.window, "How it stands") == ""
    shown(scene, qtbot)
    assert said(scene.window, "How it stands") == "None of the 3 models is ready yet"
    with (
        qtbot.waitSignal(scene.desk.downloads.batch_finished, timeout=20_000),
        qtbot.waitSignal(scene.window.preload_wanted) as wanted,
    ):
        qtbot.mouseClick(button(scene.window, "Preload all"), Qt.MouseButton.LeftButton)
        assert said(scene.window, "How it stands") == "Preloading: 0 of 3 models are done"
    assert wanted.args == [("a", "b", "c"), Mode.BRING]
    qtbot.waitUntil(lambda: said(scene.window, "How it stands") == "Ready: 3 of 3 models")
    assert scene.window._headline is not None
    assert scene.window._headline.step is Step.NONE


def test_damage_is_found_by_the_deep_check_and_repaired(scene: Scene, qtbot: QtBot, hub: Hub) -> None:
    brought(scene, qtbot)
    shown(scene, qtbot)
    damage(scene, "demo--b")
    with qtbot.waitSignal(scene.desk.checks.found):
        action(scene, "Check again").trigger()
    assert scene.desk.verdicts == [Verdict.READY] * 3  # size and time are the same
    assert not action(scene, "Repair").isEnabled()
    with qtbot.waitSignal(scene.desk.checks.progressed):
        action(scene, "Check deep").trigger()
        assert not action(scene, "Check deep").isEnabled()
        assert not action(scene, "Prove with the engines").isEnabled()
        assert said(scene.window, "What goes on") == "Checking every byte…"
    qtbot.waitUntil(lambda: said(scene.window, "How it stands") == "1 model is damaged: b")
    assert action(scene, "Check deep").isEnabled()
    scene.window.choose("b")
    assert said(scene.window, "Verdict") == "Damaged"
    assert said(scene.window, "Why") == "1 file is damaged: model.bin"
    served = hub.bytes_served
    with (
        qtbot.waitSignal(scene.desk.downloads.batch_finished, timeout=20_000),
        qtbot.waitSignal(scene.window.preload_wanted) as wanted,
    ):
        action(scene, "Repair").trigger()
    assert wanted.args == [("b",), Mode.REPAIR]
    qtbot.waitUntil(lambda: said(scene.window, "How it stands") == "Ready: 3 of 3 models")
    assert hub.bytes_served > served


def test_deep_check_is_cancelled(scene: Scene, qtbot: QtBot) -> None:
    brought(scene, qtbot)
    shown(scene, qtbot)
    with qtbot.waitSignal(scene.desk.checks.found):
        action(scene, "Check deep").trigger()
        qtbot.mouseClick(button(scene.window, "Cancel"), Qt.MouseButton.LeftButton)
    assert not scene.desk.checks.is_deep
    assert said(scene.window, "What goes on") == ""


def test_paused_models_are_resumed(scene: Scene, qtbot: QtBot, hub: Hub) -> None:
    shown(scene, qtbot)
    hub.rate = 1_000_000
    scene.desk.downloads.preload(["a", "b"])
    scene.desk.downloads.pause(["a", "b"])
    qtbot.waitUntil(lambda: said(scene.window, "How it stands") == "Paused: 2 models wait: a, b")
    hub.rate = None
    with qtbot.waitSignal(scene.desk.downloads.batch_finished, timeout=20_000):
        qtbot.mouseClick(button(scene.window, "Resume"), Qt.MouseButton.LeftButton)


def test_it_looks_once_when_it_becomes_active(scene: Scene, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    scene.desk.checks.found.connect(lambda _statuses: looks.append(1))
    with qtbot.waitSignal(scene.desk.checks.found):
        scene.window.show()
        scene.window.activateWindow()
    assert scene.window.isActiveWindow()
    assert scene.desk.checks._quick_job is None  # nor is another one under way
    monkeypatch.setattr(scene.window, "isActiveWindow", lambda: False)
    QApplication.sendEvent(scene.window, QEvent(QEvent.Type.ActivationChange))
    assert scene.desk.checks._quick_job is None
    assert looks == [1]


def test_problem_of_the_journal_is_told_with_its_next_step(scene: Scene, qtbot: QtBot) -> None:
    state = scene.desk.bench.state
    scene.desk.core.renew()
    with closing(sqlite3.connect(state / "journal.sqlite3")) as connection:
        connection.execute("PRAGMA user_version = 99")
    with qtbot.waitSignal(scene.desk.checks.failed):
        scene.window.show()
        scene.window.look()
    assert "journal.sqlite3" in said(scene.window, "How it stands")
    assert said(scene.window, "More about it")
    assert button(scene.window, "Check now").isVisible()


def test_machine_that_can_not_be_examined_says_why(scene: Scene, qtbot: QtBot) -> None:
    scene.desk.core.renew()
    with closing(sqlite3.connect(scene.desk.bench.state / "journal.sqlite3")) as connection:
        connection.execute("PRAGMA user_version = 99")
    scene.window.show()
    with qtbot.waitSignal(scene.examiner.ended):
        scene.window._tabs.setCurrentIndex(1)
    assert "journal.sqlite3" in said(scene.window, "What was found")
    assert button(scene.window, "Examine").isEnabled()


def test_engines_are_asked_and_each_model_says_what_came_of_it(scene: Scene, qtbot: QtBot) -> None:
    brought(scene, qtbot)
    shown(scene, qtbot)
    with qtbot.waitSignal(scene.prover.proved, timeout=20_000):
        action(scene, "Prove with the engines").trigger()
        assert said(scene.window, "What goes on") == "Asking the engines…"
    assert said(scene.window, "What goes on").startswith("Proven: 0 of 3 models; by rule: 3; not proven: 0.")
    assert said(scene.window, "Proof").splitlines() == [
        "By rule; the engine could not be asked:",
        "the catalog names no engine that reads it",
    ]
    qtbot.mouseClick(button(scene.window, "OK"), Qt.MouseButton.LeftButton)
    assert said(scene.window, "What goes on") == ""


def test_proof_is_told_with_engine_version_and_time(scene: Scene, qtbot: QtBot) -> None:
    brought(scene, qtbot)
    shown(scene, qtbot)
    assert said(scene.window, "Proof") == "Its engine was not asked yet."
    with scene.desk.core.lease() as opened:
        for key, loaded in (("a", False), ("b", True)):
            pinned = stored_pin(opened.services, opened.services.catalog.model(key))
            assert pinned is not None
            place = opened.services.place_of(pinned.model)
            proof = Proof("mineru", "2.6.2", pinned.listing.commit, place, loaded, datetime.now(UTC))
            opened.services.journal.proofs.save(key, proof)
    scene.window.look()
    qtbot.waitUntil(lambda: said(scene.window, "Proof").startswith("Proven by mineru 2.6.2, today "))
    tree = scene.window._models._model
    assert [tree.index(row, PROOF).data() for row in range(3)] == ["mineru 2.6.2", "mineru 2.6.2, loaded", ""]
    assert "sizes and times of the files are unchanged since, seen today" in said(scene.window, "Checked")
    scene.window.choose("b")
    assert said(scene.window, "Proof").startswith("Proven and loaded by mineru 2.6.2, today ")


def test_findings_are_shown_as_they_come(scene: Scene, qtbot: QtBot) -> None:
    shown(scene, qtbot)
    found: list[Finding] = []
    scene.examiner.found.connect(found.append)
    with qtbot.waitSignal(scene.examiner.found):
        scene.window._tabs.setCurrentIndex(1)
        assert said(scene.window, "What was found") == "Examining the machine… 0 findings so far"
    assert scene.examiner.is_working
    assert scene.examiner.findings
    with qtbot.waitSignal(scene.examiner.ended, timeout=20_000):
        assert button(scene.window, "Stop examining").isVisible()
    assert {one.check for one in found} == set(CHECKS)
    assert said(scene.window, "What was found") == "1 problem was found."
    tree = scene.window._machine._view
    model = tree.model()
    heads = [model.index(row, 0).data() for row in range(model.rowCount())]
    assert heads == [str(section.name) for section in SECTIONS]
    told = sum(model.rowCount(model.index(row, 0)) for row in range(model.rowCount()))
    assert told == len(found) == len(scene.examiner.findings)
    scene.window._tabs.setCurrentIndex(0)
    scene.window._tabs.setCurrentIndex(1)  # it is not examined again
    with qtbot.waitSignal(scene.examiner.began):
        qtbot.mouseClick(button(scene.window, "Examine"), Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(scene.examiner.ended):
        qtbot.mouseClick(button(scene.window, "Stop examining"), Qt.MouseButton.LeftButton)
    assert button(scene.window, "Examine").isVisible()


def test_every_check_has_its_section() -> None:
    checks = [check for section in SECTIONS for check in section.checks]
    assert sorted(checks) == sorted(CHECKS)


def test_platform_s_settings_are_shown_changed_and_undone(scene: Scene, qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "平台" / "backend" / ".env"
    shown(scene, qtbot)
    scene.window.show_env()
    (dialog,) = scene.window.findChildren(EnvDialog)
    apply, undo = button(dialog, "Apply"), button(dialog, "Undo last change")
    assert not apply.isEnabled()
    qtbot.waitUntil(apply.isEnabled)
    assert "-MODEL_DOWNLOAD_SOURCE=modelscope" in dialog._diff.toPlainText().splitlines()
    assert "+MODEL_DOWNLOAD_SOURCE=huggingface" in dialog._diff.toPlainText().splitlines()
    assert "SECRET" not in dialog._diff.toPlainText()
    assert file.read_bytes() == ENV
    with qtbot.waitSignal(scene.window.env_written):
        qtbot.mouseClick(apply, Qt.MouseButton.LeftButton)
    (backup,) = file.parent.glob(".env.model-preload-*.bak")
    qtbot.waitUntil(undo.isEnabled)
    assert backup.name in said(dialog, "Backup")
    assert "nothing stands in the engines' way" in said(dialog, "How it stands")
    assert b"MODEL_DOWNLOAD_SOURCE=huggingface" in file.read_bytes()
    with qtbot.waitSignal(scene.window.env_written):
        qtbot.mouseClick(undo, Qt.MouseButton.LeftButton)
    assert file.read_bytes() == ENV
    qtbot.waitUntil(apply.isEnabled)
    qtbot.mouseClick(undo, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "undo" in said(dialog, "How it stands").lower())
    dialog.reject()


def test_file_that_was_changed_meanwhile_is_told_in_place(scene: Scene, qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "平台" / "backend" / ".env"
    shown(scene, qtbot)
    scene.window.show_env()
    (dialog,) = scene.window.findChildren(EnvDialog)
    apply = button(dialog, "Apply")
    qtbot.waitUntil(apply.isEnabled)
    file.write_bytes(ENV + b"# mine\r\n")
    qtbot.mouseClick(apply, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "changed" in said(dialog, "How it stands"))
    assert file.read_bytes() == ENV + b"# mine\r\n"
    dialog.reject()


def test_platform_without_file_is_told_in_place(scene: Scene, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "平台" / "backend" / ".env").unlink()
    dialog = EnvDialog(scene.desk.quick)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: "has no .env" in said(dialog, "How it stands"))
    assert not button(dialog, "Apply").isEnabled()
    assert not button(dialog, "Undo last change").isEnabled()


class Opened(QObject):
    """What the desktop was asked to open."""

    def __init__(self) -> None:
        super().__init__()
        self.paths: list[str] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.paths.append(url.toLocalFile())


@pytest.fixture
def opened(qapp: QApplication) -> Iterator[Opened]:
    handler = Opened()
    QDesktopServices.setUrlHandler("file", handler, "open")  # type: ignore[arg-type]  # its stub says bytes
    yield handler
    QDesktopServices.unsetUrlHandler("file")


def test_folder_and_log_of_the_chosen_model_are_opened(scene: Scene, qtbot: QtBot, opened: Opened) -> None:
    brought(scene, qtbot)
    shown(scene, qtbot)
    scene.window.choose("c")
    qtbot.mouseClick(button(scene.window, "Open folder"), Qt.MouseButton.LeftButton)
    assert opened.paths == [str(scene.desk.board.row("c").status.location)]  # type: ignore[union-attr]
    with qtbot.waitSignal(scene.window.log_wanted) as wanted:
        qtbot.mouseClick(button(scene.window, "Show log"), Qt.MouseButton.LeftButton)
    assert wanted.args == ["c"]


def test_the_same_reason_of_several_parts_is_told_once(scene: Scene, qtbot: QtBot) -> None:
    shown(scene, qtbot)
    told = {"a": "Away.", "part": "Away.", "other part": "Refused."}
    scene.desk.downloads._failures["a"] = tuple(Failure("any", key, "", message) for key, message in told.items())
    scene.desk.downloads.changed.emit(frozenset(["a"]))
    assert said(scene.window, "Why").splitlines() == ["it was not preloaded yet", "Away.", "Refused."]


def test_report_is_in_the_clipboard_without_the_user_s_name(scene: Scene, qtbot: QtBot) -> None:
    brought(scene, qtbot)
    shown(scene, qtbot)
    user = scene.desk.bench.home.name  # of the home folder, in which the cache is
    action(scene, "Copy report").trigger()
    qtbot.waitUntil(lambda: "clipboard" in said(scene.window, "What goes on"))
    written = QGuiApplication.clipboard().text()
    assert written.startswith("**Ready: 3 of 3 models.**")
    assert "models--demo--a" in written
    assert user not in written
    assert user in str(scene.desk.board.row("a").status)


def test_a_report_of_which_nobody_knows_what_to_take_out_is_not_copied(scene: Scene, qtbot: QtBot) -> None:
    shown(scene, qtbot)
    QGuiApplication.clipboard().setText("what was there")
    scene.desk.core.renew()
    with closing(sqlite3.connect(scene.desk.bench.state / "journal.sqlite3")) as connection:
        connection.execute("PRAGMA user_version = 99")
    with qtbot.waitSignal(scene.window._reports.failed):
        action(scene, "Copy report").trigger()
    assert "journal.sqlite3" in said(scene.window, "What goes on")
    assert QGuiApplication.clipboard().text() == "what was there"


@pytest.mark.parametrize("documents", ["Documents", "gone", ""])
def test_diagnostics_go_where_people_look_for_them(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, documents: str
) -> None:
    home = tmp_path / "user"
    (home / "Documents").mkdir()
    place = str(home / documents) if documents else ""
    monkeypatch.setattr(QStandardPaths, "writableLocation", lambda _location: place)
    scene.window._reports._choose()
    (choosing,) = scene.window.findChildren(QFileDialog)
    assert Path(choosing.directory().path()) == (home / documents if documents == "Documents" else home)
    assert choosing.selectedFiles()[0].endswith(".zip")
    choosing.reject()


def test_diagnostics_say_what_is_inside_and_are_saved(
    scene: Scene, qtbot: QtBot, opened: Opened, tmp_path: Path
) -> None:
    shown(scene, qtbot)
    action(scene, "Save diagnostics…").trigger()
    (asking,) = scene.window.findChildren(QMessageBox)
    assert "user names are taken out" in asking.informativeText()
    button(asking, "Save as…").click()
    (choosing,) = scene.window.findChildren(QFileDialog)
    choosing.reject()
    target = tmp_path / "to send" / "diagnostics.zip"
    target.parent.mkdir()
    scene.window._reports.save(str(target))
    qtbot.waitUntil(lambda: "Saved" in said(scene.window, "What goes on"))
    with zipfile.ZipFile(target) as archive:
        assert "report.md" in archive.namelist()
    assert opened.paths == [str(target.parent)]


def test_every_control_is_named_and_can_be_reached_by_keys(scene: Scene, qtbot: QtBot) -> None:
    brought(scene, qtbot)
    shown(scene, qtbot)
    for page in range(2):
        scene.window._tabs.setCurrentIndex(page)
        letters: list[str] = []
        for widget in scene.window.findChildren(QWidget):
            if not widget.isVisible() or widget.focusPolicy() is Qt.FocusPolicy.NoFocus:
                continue
            label = getattr(widget, "text", lambda: "")()
            named = widget.accessibleName() or label or widget.metaObject().className() in _NAMED_BY_QT
            assert named, widget
            letters += [label[label.index("&") + 1].lower()] if "&" in label else []
        letters += ["m", "h"]  # the tabs
        assert len(letters) == len(set(letters)), sorted(letters)
    scene.examiner.cancel()


_NAMED_BY_QT = {"QTabBar", "QTabWidget", "QScrollArea", "QSplitterHandle", "QHeaderView", "QWidget"}


def test_state_is_remembered(scene: Scene, bench: Workbench, hub: Hub, qtbot: QtBot) -> None:
    header = scene.window._models._tree.header()
    header.resizeSection(0, 321)
    state = scene.window.state()
    header.resizeSection(0, 100)
    scene.window.restore(state)
    assert header.sectionSize(0) == 321
    scene.window.restore(b"nonsense")


def test_other_models_keep_the_chosen_one(scene: Scene, qtbot: QtBot) -> None:
    shown(scene, qtbot)
    scene.window.choose("b")
    scene.desk.board.use(scene.desk.board.catalog)
    assert scene.window._models.key == "b"
    scene.desk.board.use(type(scene.desk.board.catalog)(()))
    assert scene.window._models.key == ""
    qtbot.waitUntil(lambda: said(scene.window, "How it stands") == "There are no models in the catalog")
    assert not button(scene.window, "Open folder").isEnabled()
    assert not isinstance(scene.window, QDialog)
