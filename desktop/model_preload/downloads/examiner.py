"""The doctor behind the windows: findings one by one as they come."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot

from model_preload.core import errors
from model_preload.core.events import Control, EventSink
from model_preload.core.settings import Settings
from model_preload.core.tasks.doctor.examine import examine, examine_journal
from model_preload.core.tasks.doctor.finding import Finding
from model_preload.core.tasks.doctor.machine import Machine
from model_preload.downloads.background import Background, Job
from model_preload.downloads.open_core import Opened


class Examiner(QObject):
    """Examines the machine on demand. All methods are for the thread it was made in.

    Args:
        background: of its own, since one examination takes up to twenty seconds.
        home: the state folder.
        machine: gives it by the settings in use; called in the background's thread.

    Signals:
        began(): what was found before is forgotten.
        found(Finding): one more; they come in any order.
        ended(): that was all of them, or it was cancelled.
        failed(Circumstance): nothing could be examined; `ended` follows.
    """

    began = Signal()
    found = Signal(object)
    ended = Signal()
    failed = Signal(object)
    _told = Signal(object, object)

    def __init__(
        self, background: Background, home: Path, machine: Callable[[Settings], Machine], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._background = background
        self._home = home
        self._machine = machine
        self._job: Job[tuple[Finding, ...]] | None = None
        self._examination = object()
        self._findings: tuple[Finding, ...] = ()
        self._told.connect(self._hear, Qt.ConnectionType.QueuedConnection)

    @property
    def is_working(self) -> bool:
        return self._job is not None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Of the last examination: in the order of the checks when it is over, before that as they came."""
        return self._findings

    def examine(self) -> None:
        """Examine everything; nothing happens while that is under way."""
        if self._job is not None:
            return
        self._examination = object()
        self._findings = ()
        sink = partial(self._told.emit, self._examination)
        self._job = self._background.start(partial(self._work, sink), self._done, self._failed)
        self.began.emit()

    def cancel(self) -> None:
        """What was found so far stays."""
        if self._job is not None:
            self._job.cancel()
            self._over()

    def _work(
        self, sink: Callable[[Finding], None], opened: Opened, control: Control, _sink: EventSink
    ) -> tuple[Finding, ...]:
        journal = examine_journal(self._home, opened.services.disk)
        return examine(
            opened.services, self._home, self._machine(opened.services.settings), control, journal=journal, sink=sink
        )

    @Slot(object, object)
    def _hear(self, examination: object, finding: Finding) -> None:
        if self._job is not None and examination is self._examination:
            self._findings = (*self._findings, finding)
            self.found.emit(finding)

    def _done(self, findings: tuple[Finding, ...]) -> None:
        self._findings = findings
        self._over()

    def _failed(self, problem: errors.Circumstance) -> None:
        self.failed.emit(problem)
        self._over()

    def _over(self) -> None:
        self._job = None
        self.ended.emit()
