"""Threads that work behind the windows."""

import os
import sys
import threading

import pytest
from PySide6.QtCore import QObject, Qt, Signal, Slot
from pytestqt.qtbot import QtBot

from model_preload.downloads.threads import WorkerThread

pytestmark = pytest.mark.windows


class Worker(QObject):
    """Notes how nice its thread is, and then how nice one is that it starts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[int] = []

    @Slot()
    def note(self) -> None:
        self.found.append(_niceness())
        other = threading.Thread(target=lambda: self.found.append(_niceness()))
        other.start()
        other.join()


class Asker(QObject):
    """Asks a worker."""

    wanted = Signal()


def _niceness() -> int:
    assert sys.platform == "linux"
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads inherit nothing")
def test_windows_go_first(qtbot: QtBot) -> None:
    before, asker, worker = _niceness(), Asker(), Worker()
    asker.wanted.connect(worker.note, Qt.ConnectionType.QueuedConnection)
    thread = WorkerThread(worker, "nice")
    asker.wanted.emit()
    qtbot.waitUntil(lambda: len(worker.found) == 2)
    thread.stop()
    assert worker.found == [before + 10] * 2
    assert _niceness() == before
