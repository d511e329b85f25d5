"""Sleep, power, line, taskbar: what the machine answers, and that nothing waits for one that does not."""

import ctypes
import logging
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from pytestqt.qtbot import QtBot

from helpers.wine import lacks
from model_preload.system.app_id import APP_ID, set_app_id
from model_preload.system.network import Line, line
from model_preload.system.power import on_battery
from model_preload.system.sleep import KeepAwake
from model_preload.system.taskbar import Taskbar, TaskbarState, taskbar_is_dark

pytestmark = pytest.mark.windows


def holders() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "keep-awake"]


@pytest.fixture
def awake() -> Iterator[KeepAwake]:
    keep = KeepAwake()
    yield keep
    keep.close()
    assert holders() == []


def test_awake_between_begin_and_end(
    awake: KeepAwake, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, qtbot: QtBot
) -> None:
    monkeypatch.setenv("WAKEPY_FAKE_SUCCESS", "1")
    from wakepy import global_modes

    with caplog.at_level(logging.INFO, "model_preload.sleep"):
        awake.begin()
        awake.begin()
        qtbot.waitUntil(lambda: len(global_modes()) == 1)
        assert len(holders()) == 1
        awake.end()
        awake.end()
        qtbot.waitUntil(lambda: not global_modes())
        awake.begin()
        awake.end()
        awake.begin()
        awake.close()
    assert global_modes() == []
    assert caplog.messages == []


def test_failure_is_told_once(
    awake: KeepAwake, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("WAKEPY_FORCE_FAILURE", "1")
    with caplog.at_level(logging.INFO, "model_preload.sleep"):
        for _ in range(3):
            awake.begin()
            awake.close()
    ours = [record for record in caplog.records if record.name == "model_preload.sleep"]
    assert [record.levelname for record in ours] == ["INFO"]
    assert "may go to sleep" in ours[0].getMessage()


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="D-Bus")
def test_bus_that_never_answers_holds_nobody_up(
    awake: KeepAwake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = tmp_path / "bus"
    with socket.socket(socket.AF_UNIX) as bus:
        bus.bind(str(address))
        bus.listen()
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={address}")
        awake.begin()
        caller, _ = bus.accept()  # it asks in a thread of its own: we are here already
        awake.end()
        assert len(holders()) == 1
        caller.close()


@pytest.mark.parametrize(
    ("battery", "expected"),
    [
        (None, False),
        (SimpleNamespace(power_plugged=True), False),
        (SimpleNamespace(power_plugged=False), True),
        (SimpleNamespace(power_plugged=None), None),
    ],
)
def test_battery(monkeypatch: pytest.MonkeyPatch, battery: object, expected: bool | None) -> None:
    monkeypatch.setattr(psutil, "sensors_battery", lambda: battery)
    assert on_battery() is expected


def test_battery_of_a_system_without_such_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(psutil, "sensors_battery")
    assert on_battery() is None


def test_line_is_told_or_not_known(qtbot: QtBot) -> None:
    assert isinstance(line(), Line)
    assert line() == line()


def test_taskbar_never_raises(qtbot: QtBot) -> None:
    set_app_id()
    bar = Taskbar()
    for state in TaskbarState:
        for permille in (None, 0, 1000, 5000):
            bar.set_progress(0, permille, state)
    bar.close()
    bar.close()
    bar.set_progress(0, 5)
    assert taskbar_is_dark() in (None, True, False)


if sys.platform == "win32":

    def test_windows_takes_the_wish_to_stay_awake(
        awake: KeepAwake, caplog: pytest.LogCaptureFixture, qtbot: QtBot
    ) -> None:
        from wakepy import global_modes

        with caplog.at_level(logging.INFO, "model_preload.sleep"):
            awake.begin()
            qtbot.waitUntil(lambda: len(global_modes()) == 1)
            awake.close()
        assert caplog.messages == []

    @lacks("forgets the application's id")
    def test_windows_are_grouped_under_our_name() -> None:
        set_app_id()
        told = ctypes.c_wchar_p()
        assert ctypes.windll.shell32.GetCurrentProcessExplicitAppUserModelID(ctypes.byref(told)) == 0
        assert told.value == APP_ID
        ctypes.windll.ole32.CoTaskMemFree(told)
