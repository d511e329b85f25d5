"""A worker in a thread of its own."""

import threading

from PySide6.QtCore import QObject, QThread


class _NamedThread(QThread):
    """One that Python's log calls by its name too."""

    def run(self) -> None:
        threading.current_thread().name = self.objectName()
        self.exec()


class WorkerThread:
    """Moves a worker without parent into a named thread, and ends both.

    Made and stopped in the owner's thread; whoever makes one stops it.
    """

    def __init__(self, worker: QObject, name: str) -> None:
        self._thread = _NamedThread()
        self._thread.setObjectName(name)
        worker.moveToThread(self._thread)
        self._thread.finished.connect(worker.deleteLater)
        self._thread.start()

    def wait(self) -> None:
        """Until the worker has ended its thread's loop by itself."""
        self._thread.wait()

    def stop(self) -> None:
        """Let the slot that runs come to its end, and wait for it; what is queued behind it is dropped."""
        self._thread.quit()
        self._thread.wait()
