"""Jobs that windows ask for: one after the other in a thread of their own, their results in the owner's thread."""

import logging
from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtCore import QObject, Qt, QThread, Signal, Slot

from model_preload.core import errors
from model_preload.core.events import Cancelled, Control, Event, EventSink
from model_preload.core.texts import text
from model_preload.downloads.open_core import OpenCore, Opened
from model_preload.downloads.threads import WorkerThread

log = logging.getLogger("model_preload.downloads")

Result = TypeVar("Result")


class ProgramFault(errors.Circumstance):
    """Something that should not have happened; the log has it in full."""

    code = "program-fault"

    def __init__(self, error: BaseException) -> None:
        super().__init__(
            text("A fault of the program: {kind}.", kind=type(error).__name__),
            text("Look into the log, and save the diagnostics for a report."),
        )


class Job(Generic[Result]):
    """The handle on one job, for the owner's thread.

    Once cancelled, none of its callbacks is called any more.
    """

    def __init__(
        self,
        work: Callable[[Opened, Control, EventSink], Result],
        done: Callable[[Result], None],
        failed: Callable[[errors.Circumstance], None],
        told: Callable[[Event], None] | None,
    ) -> None:
        self.control = Control()
        self.work = work
        self._done = done
        self._failed = failed
        self._told = told

    def cancel(self) -> None:
        self.control.cancel()

    def deliver(self, kind: str, value: object) -> None:
        """Call back; see `Background`."""
        if self.control.cancelled:
            return
        if kind == "event":
            if self._told is not None:
                self._told(value)  # type: ignore[arg-type]
        elif kind == "failed":
            self._failed(value)  # type: ignore[arg-type]
        elif kind == "done":
            self._done(value)  # type: ignore[arg-type]


class _Worker(QObject):
    """Signals: told(job, kind, value), from whichever thread the job tells in."""

    told = Signal(object, str, object)

    def __init__(self, core: OpenCore) -> None:
        super().__init__()
        self._core = core

    @Slot()
    def end(self) -> None:
        """What was asked for before is done: end the thread that this runs in."""
        QThread.currentThread().quit()

    @Slot(object)
    def run(self, job: Job[object]) -> None:
        if job.control.cancelled:
            self.told.emit(job, "cancelled", None)
            return
        try:
            with self._core.lease() as opened:
                result = job.work(opened, job.control, lambda event: self.told.emit(job, "event", event))
            self.told.emit(job, "done", result)
        except Cancelled:
            self.told.emit(job, "cancelled", None)
        except errors.Circumstance as problem:
            self.told.emit(job, "failed", problem)
        except Exception as error:
            log.critical("a fault of the program", exc_info=True)
            self.told.emit(job, "failed", ProgramFault(error))


class Background(QObject):
    """See the module. All methods are for the thread it was made in.

    Args:
        name: of the thread.
    """

    _asked = Signal(object)
    _leaving = Signal()

    def __init__(self, name: str, core: OpenCore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = _Worker(core)
        self._jobs: set[Job[object]] = set()
        self._stopped = False
        self._asked.connect(self._worker.run, Qt.ConnectionType.QueuedConnection)
        self._leaving.connect(self._worker.end, Qt.ConnectionType.QueuedConnection)
        self._worker.told.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._thread = WorkerThread(self._worker, name)

    def start(
        self,
        work: Callable[[Opened, Control, EventSink], Result],
        done: Callable[[Result], None],
        failed: Callable[[errors.Circumstance], None],
        told: Callable[[Event], None] | None = None,
    ) -> Job[Result]:
        """Do `work` when those before it are done, then call `done` or `failed`.

        Args:
            work: runs in the thread of the background; it may raise circumstances and Cancelled.
            told: is called with the events of the job.

        After a stop nothing is done, and nothing called.
        """
        job = Job(work, done, failed, told)
        if self._stopped:
            return job
        self._jobs.add(job)  # type: ignore[arg-type]
        self._asked.emit(job)
        return job

    def stop(self) -> None:
        """Cancel what runs and what waits, and end the thread; nothing is called back. May be called twice."""
        self._stopped = True
        for job in self._jobs:
            job.cancel()
        self._jobs.clear()
        self._thread.stop()

    def finish(self) -> None:
        """As `stop`, but when what runs and what waits is done."""
        if not self._stopped:
            self._stopped = True
            self._leaving.emit()
            self._thread.wait()
        self.stop()

    @Slot(object, str, object)
    def _deliver(self, job: Job[object], kind: str, value: object) -> None:
        if kind != "event":
            self._jobs.discard(job)
        if not self._stopped:
            job.deliver(kind, value)
