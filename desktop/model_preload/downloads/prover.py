"""The engines' own code asked behind the windows, whether it finds the models."""

from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal

from model_preload.core import errors
from model_preload.core.events import Control, Event, EventSink, Notice
from model_preload.core.tasks.verify_engines import Verified, verify_engines
from model_preload.downloads.background import Background, Job
from model_preload.downloads.open_core import Opened


class Prover(QObject):
    """Asks for proofs on demand. All methods are for the thread it was made in.

    Signals:
        changed(bool): asking began, or is over.
        told(Text): which engine is asked.
        proved(tuple[Verified, ...]): how it is known of each model and part that its engine finds it.
        failed(Circumstance): that could not be said.
    """

    changed = Signal(bool)
    told = Signal(object)
    proved = Signal(object)
    failed = Signal(object)

    def __init__(self, long: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._long = long
        self._job: Job[tuple[Verified, ...]] | None = None
        self._verified: Mapping[str, Verified] = {}

    @property
    def is_working(self) -> bool:
        return self._job is not None

    @property
    def verified(self) -> Mapping[str, Verified]:
        """What was found last, by key; empty before the first time."""
        return self._verified

    def prove(self) -> None:
        """Ask for all models; nothing happens while that is under way."""
        if self._job is None:
            self._job = self._long.start(_prove, self._done, self._failed, self._told)
            self.changed.emit(True)  # noqa: FBT003  a signal has no keywords

    def cancel(self) -> None:
        """No engine is asked any more."""
        if self._job is not None:
            self._job.cancel()
            self._over()

    def _done(self, verified: tuple[Verified, ...]) -> None:
        self._verified = {one.model.key: one for one in verified}
        self._over()
        self.proved.emit(verified)

    def _failed(self, problem: errors.Circumstance) -> None:
        self._over()
        self.failed.emit(problem)

    def _told(self, event: Event) -> None:
        if isinstance(event, Notice):
            self.told.emit(event.message)

    def _over(self) -> None:
        self._job = None
        self.changed.emit(False)  # noqa: FBT003  a signal has no keywords


def _prove(opened: Opened, control: Control, sink: EventSink) -> tuple[Verified, ...]:
    return verify_engines(opened.services, [], control, sink)
