"""Ctrl-C and a polite request to end, told to a program that sits in Qt's event loop."""

import signal
import socket

from PySide6.QtCore import QObject, QSocketNotifier, Signal, Slot


class Termination(QObject):
    """Main thread. Python hears of a signal only when it runs; a socket wakes it up, so that nothing has to poll.

    Signals:
        wanted(): SIGINT or SIGTERM came. The same one a second time ends the process at once.
    """

    wanted = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._heard, self._woken = socket.socketpair()
        for end in (self._heard, self._woken):
            end.settimeout(0)
        self._notifier = QSocketNotifier(self._heard.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._wake)
        self._before = signal.set_wakeup_fd(self._woken.fileno(), warn_on_full_buffer=False)
        self._handlers = {number: signal.signal(number, _once) for number in (signal.SIGINT, signal.SIGTERM)}

    def close(self) -> None:
        """As it was before."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._before)
        self._notifier.setEnabled(False)
        self._heard.close()
        self._woken.close()

    @Slot()
    def _wake(self) -> None:
        if {signal.SIGINT, signal.SIGTERM}.intersection(self._heard.recv(64)):
            self.wanted.emit()


def _once(number: int, _frame: object) -> None:
    signal.signal(number, signal.SIG_DFL)
