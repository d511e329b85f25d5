"""One program for each state folder, with real processes: told, crashed, hung, racing."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtNetwork import QLocalServer, QLocalSocket
from pytestqt.qtbot import QtBot

from model_preload.core.errors import AccessDenied
from model_preload.system.single_instance import LOCK, NotAnswering, SingleInstance, _name, tell

pytestmark = pytest.mark.windows
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and socket files")

FIRST = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from model_preload.system.single_instance import SingleInstance
app = QCoreApplication([])
one = SingleInstance(Path(sys.argv[1]))
first = one.begin()
print("first" if first else "second", flush=True)
if first:
    one.asked.connect(lambda message: (print(message, flush=True), app.quit() if message == "quit" else None))
    app.exec()
"""
TELL = """
import sys
from pathlib import Path
from model_preload.system.single_instance import tell
print(tell(Path(sys.argv[1]), sys.argv[2]), flush=True)
"""


class Processes:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.started: list[subprocess.Popen[str]] = []

    def start(self, code: str, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", code, str(self.home), *arguments]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.started.append(process)
        return process

    def end(self) -> None:
        for process in self.started:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()
        QLocalServer.removeServer(_name(self.home))  # of those that were killed


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def processes(home: Path) -> Iterator[Processes]:
    made = Processes(home)
    yield made
    made.end()


@pytest.fixture
def first(home: Path, qtbot: QtBot) -> Iterator[SingleInstance]:
    one = SingleInstance(home)
    assert one.begin()
    yield one
    one.close()


@pytest.mark.parametrize("message", ["show", "stay", "quit", "preload"])
def test_first_one_is_asked_after_it_has_answered(
    first: SingleInstance, processes: Processes, qtbot: QtBot, message: str
) -> None:
    with qtbot.waitSignal(first.asked) as asked:
        second = processes.start(TELL, message)
    assert asked.args == [message]
    assert line(second) == "True"
    assert second.wait() == 0


def test_second_start_tells_and_ends(first: SingleInstance, processes: Processes, qtbot: QtBot) -> None:
    with qtbot.waitSignal(first.asked) as asked:
        second = processes.start(FIRST)
    assert asked.args == ["show"]
    assert line(second) == "second"
    assert second.wait() == 0


def test_nobody_is_there(home: Path) -> None:
    assert not tell(home, "quit")
    assert not (home / LOCK).exists()


def test_one_that_is_told_to_quit_makes_room_for_the_next(home: Path, processes: Processes, qtbot: QtBot) -> None:
    running = processes.start(FIRST)
    assert line(running) == "first"
    assert tell(home, "quit")
    assert line(running) == "quit"
    assert running.wait() == 0
    assert not tell(home, "quit")
    one = SingleInstance(home)
    assert one.begin()
    one.close()


@posix
def test_crash_leaves_nothing_in_the_way(home: Path, processes: Processes, qtbot: QtBot) -> None:
    crashed = processes.start(FIRST)
    assert line(crashed) == "first"
    crashed.kill()
    crashed.wait()
    assert (Path(tempfile.gettempdir()) / _name(home)).exists()
    assert not tell(home, "show")
    one = SingleInstance(home)
    assert one.begin()
    with qtbot.waitSignal(one.asked):
        processes.start(TELL, "show")
    one.close()


def test_starts_at_once_have_one_winner(processes: Processes) -> None:
    told = [line(process) for process in [processes.start(FIRST) for _ in range(6)]]
    assert sorted(told) == ["first", *["second"] * 5]


@posix
def test_hung_one_is_told_in_a_sentence(home: Path, processes: Processes, qtbot: QtBot) -> None:
    running = processes.start(FIRST)
    assert line(running) == "first"
    os.kill(running.pid, signal.SIGSTOP)
    with pytest.raises(NotAnswering, match="does not answer"):
        tell(home, "quit", seconds=0.3)
    with pytest.raises(NotAnswering):
        SingleInstance(home).begin(seconds=0.3)


@posix
def test_socket_is_the_users_only(home: Path, first: SingleInstance) -> None:
    mode = (Path(tempfile.gettempdir()) / _name(home)).stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) & 0o077 == 0


@pytest.mark.parametrize(
    ("sent", "answer"), [(b"format c:\n", b"unknown\n"), (b"\xff\xfe\n", b"unknown\n"), (b"x" * 5000, b"")]
)
def test_nonsense_does_nothing(home: Path, first: SingleInstance, qtbot: QtBot, sent: bytes, answer: bytes) -> None:
    caller = QLocalSocket()
    with qtbot.assertNotEmitted(first.asked):
        caller.connectToServer(_name(home))
        qtbot.waitUntil(lambda: caller.state() is QLocalSocket.LocalSocketState.ConnectedState)
        caller.write(sent)
        if answer:
            qtbot.waitUntil(caller.canReadLine)
        else:
            qtbot.waitUntil(lambda: caller.state() is QLocalSocket.LocalSocketState.UnconnectedState)
        assert caller.readAll().data() == answer
        caller.abort()
    assert first._wanted == {}


def test_folders_have_ones_of_their_own(tmp_path: Path, first: SingleInstance, qtbot: QtBot) -> None:
    other = SingleInstance(tmp_path / "other")
    assert other.begin()
    other.close()


def test_state_folder_that_is_a_file_is_told(tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(AccessDenied):
        SingleInstance(tmp_path / "state").begin()
