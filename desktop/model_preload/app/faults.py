"""What no other code caught: logged with its traceback, told to the user once, and the program goes on."""

import logging
import sys
import threading
from types import TracebackType

from PySide6.QtCore import QObject, Signal

log = logging.getLogger("model_preload.app")


class Faults(QObject):
    """Hears of exceptions in Qt's slots and in Python's threads from `install` on, for the life of the process.

    Attributes:
        first: the one that the user is to be told of; None as long as there is none.

    Signals:
        happened(): there is a first one; from whichever thread it came in.
    """

    happened = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.first: BaseException | None = None

    def install(self) -> None:
        sys.excepthook = self._in_main_thread
        threading.excepthook = self._in_thread

    def take(self, error: BaseException) -> None:
        """One more; any thread."""
        log.critical("a fault of the program", exc_info=error)
        if self.first is None:
            self.first = error
            self.happened.emit()

    def _in_main_thread(self, _kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        self.take(error)

    def _in_thread(self, thrown: threading.ExceptHookArgs) -> None:
        if thrown.exc_value is not None:
            self.take(thrown.exc_value)
