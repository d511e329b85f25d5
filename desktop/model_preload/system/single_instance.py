"""One tray program for each user and state folder; a later start tells the first one what it wants.

Who holds the lock file is the first: the system lets go of it when that process dies, so a socket file that a crash
left behind can be replaced without a race. A message is one line; the answer to it is sent before it is acted upon,
so that the one who said `quit` isn't cut off by the end of who heard it.
"""

import ctypes
import hashlib
import logging
import os
import sys
import time
from pathlib import Path

import filelock
from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from model_preload.core.errors import AccessDenied, Circumstance
from model_preload.core.texts import text

log = logging.getLogger("model_preload.single_instance")

MESSAGES = ("show", "stay", "quit", "preload")
"""Bring the window up · go on as it is · end · preload all."""
LOCK = "app.lock"
_TAKEN, _UNKNOWN = b"ok\n", b"unknown\n"
_LONGEST = 64
_SECONDS = 5.0
"""How long the first one may be busy before it is called hung."""
_TRY_SECONDS = 0.5


class NotAnswering(Circumstance):
    """There is a first one, and it is stuck."""

    code = "not-answering"
    exit_code = 3

    def __init__(self) -> None:
        super().__init__(
            text("Model Preload is already running, but it does not answer."),
            text("Wait a moment and try again. If it stays so, end it in Task Manager; what was fetched is kept."),
        )


class SingleInstance(QObject):
    """This process's claim to be the one.

    Args:
        home: the state folder.

    Signals:
        asked(str): another start wants something, one of `MESSAGES`; it has its answer and is gone.
    """

    asked = Signal(str)

    def __init__(self, home: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._home = home
        self._lock = filelock.FileLock(home / LOCK, thread_local=False)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._welcome)
        self._wanted: dict[QLocalSocket, str] = {}

    def begin(self, message: str = "show", seconds: float = _SECONDS) -> bool:
        """Become the first one, or tell it.

        Args:
            message: what to tell it, one of `MESSAGES`.
            seconds: how long to wait for its answer.

        Returns:
            True: this is the first, and listens from now on. False: the first one has answered.

        Raises:
            NotAnswering: there is one, and it did not answer.
            AccessDenied: the state folder can't be written.
        """
        deadline = time.monotonic() + seconds
        while True:
            if self._locked():
                self._listen()
                return True
            if _told(self._home, message, deadline):
                return False
            if time.monotonic() > deadline:
                raise NotAnswering
            time.sleep(0.02)  # the first one is just beginning, or just ending

    def close(self) -> None:
        """Listen no more, and let the next one be the first."""
        self._server.close()
        self._lock.release()

    def _locked(self) -> bool:
        try:
            self._home.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
        except filelock.Timeout:
            return False
        except OSError as error:
            raise AccessDenied(self._home, error.strerror or str(error)) from error
        return True

    def _listen(self) -> None:
        name = _name(self._home)
        QLocalServer.removeServer(name)  # a crash's; whoever lives holds the lock
        if not self._server.listen(name):
            log.warning("another start can't reach this one: %s", self._server.errorString())

    @Slot()
    def _welcome(self) -> None:
        while self._server.hasPendingConnections():
            caller = self._server.nextPendingConnection()
            caller.setReadBufferSize(_LONGEST)
            caller.readyRead.connect(self._read)
            caller.disconnected.connect(self._left)
            self._hear(caller)  # what came before the signals were connected

    @Slot()
    def _read(self) -> None:
        caller = self.sender()
        assert isinstance(caller, QLocalSocket)
        self._hear(caller)

    def _hear(self, caller: QLocalSocket) -> None:
        if not caller.canReadLine():
            if caller.bytesAvailable() >= _LONGEST:
                caller.abort()
            return
        message = bytes(caller.readLine().data()).decode("ascii", "replace").strip()
        if message in MESSAGES:
            self._wanted[caller] = message
        caller.write(_TAKEN if message in MESSAGES else _UNKNOWN)

    @Slot()
    def _left(self) -> None:
        """The caller has read the answer and closed: nothing of it is lost now, whatever the message brings."""
        caller = self.sender()
        assert isinstance(caller, QLocalSocket)
        message = self._wanted.pop(caller, None)
        caller.deleteLater()
        if message is not None:
            self.asked.emit(message)


def tell(home: Path, message: str, seconds: float = _SECONDS) -> bool:
    """Tell the running program something; no event loop is needed.

    Args:
        home: its state folder.
        message: one of `MESSAGES`.
        seconds: how long to wait for its answer.

    Returns:
        True once it has answered; what it does then takes its time: who needs its end waits for its process.
        False if none is running.

    Raises:
        NotAnswering: one is running and does not answer.
    """
    deadline = time.monotonic() + seconds
    while _is_held(home / LOCK):
        if _told(home, message, deadline):
            return True
        if time.monotonic() > deadline:
            raise NotAnswering
        time.sleep(0.02)
    return False


def _is_held(lock: Path) -> bool:
    if not lock.exists():
        return False
    try:
        with filelock.FileLock(lock, timeout=0):
            return False
    except filelock.Timeout:
        return True
    except OSError:
        return False  # a folder that we can't use has no program of ours


def _told(home: Path, message: str, deadline: float) -> bool:
    """One try: False if nobody listens yet. Raises NotAnswering if the answer stays out."""
    socket = QLocalSocket()
    socket.connectToServer(_name(home))
    if not socket.waitForConnected(int(_TRY_SECONDS * 1000)):
        return False
    if sys.platform == "win32":
        ctypes.windll.user32.AllowSetForegroundWindow(-1)  # the person started us; it is the first one's window
    socket.write(f"{message}\n".encode("ascii"))
    answer = b""
    while not answer.endswith(b"\n"):
        left = deadline - time.monotonic()
        if left <= 0:
            socket.abort()
            raise NotAnswering
        if not socket.bytesAvailable() and not socket.waitForReadyRead(int(left * 1000) + 1):
            if socket.state() is QLocalSocket.LocalSocketState.ConnectedState:
                continue
            return False  # it ended before it heard us
        answer += socket.readAll().data()
    socket.disconnectFromServer()
    if answer != _TAKEN:
        raise ValueError(f"the running program does not know {message!r}")
    return True


def _name(home: Path) -> str:
    """Of the socket or pipe: one for each user and folder, short enough for every system."""
    user = str(os.getuid()) if sys.platform != "win32" else os.environ.get("USERNAME", "")
    folder = os.path.normcase(home.resolve())
    return f"model-preload-{hashlib.sha256(f'{user}|{folder}'.encode()).hexdigest()[:24]}"
