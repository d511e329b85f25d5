"""Verdicts on demand: quick ones whenever they may have changed, deep ones with progress."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from model_preload.core import errors
from model_preload.core.events import Control, Event, EventSink, Progress
from model_preload.core.tasks.status import ModelStatus, status
from model_preload.downloads.background import Background, Job
from model_preload.downloads.open_core import Opened


class Checks(QObject):
    """Looks after the models. All methods are for the thread it was made in.

    Signals:
        found(tuple[ModelStatus, ...]): verdicts of the models that were looked at.
        progressed(Progress): of a deep check.
        failed(Circumstance): no verdict could be had.
        deep_changed(bool): a deep check began, or is over.
    """

    found = Signal(object)
    progressed = Signal(object)
    failed = Signal(object)
    deep_changed = Signal(bool)

    def __init__(self, quick: Background, long: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._quick = quick
        self._long = long
        self._quick_job: Job[tuple[ModelStatus, ...]] | None = None
        self._again = False
        self._deep_job: Job[tuple[ModelStatus, ...]] | None = None

    @property
    def is_deep(self) -> bool:
        """Whether a deep check is at work."""
        return self._deep_job is not None

    @Slot()
    def look(self) -> None:
        """A quick check of every model; of those asked for while one is at work, one more follows."""
        if self._quick_job is not None:
            self._again = True
            return
        self._quick_job = self._quick.start(_look, self._looked, self._look_failed)

    def look_deep(self, keys: Sequence[str] = ()) -> None:
        """Hash every file of those models, of all where none is named; nothing happens while one is at work."""
        if self._deep_job is None:
            self._deep_job = self._long.start(
                partial(_look_deep, keys), self._looked_deep, self._deep_failed, self._told
            )
            self.deep_changed.emit(True)  # noqa: FBT003  a signal has no keywords

    def cancel_deep(self) -> None:
        """What was hashed so far stays known; a quick look tells it."""
        if self._deep_job is not None:
            self._deep_job.cancel()
            self._deep_over()
            self.look()

    def _looked(self, statuses: tuple[ModelStatus, ...]) -> None:
        self._quick_job = None
        if self._again:
            self._again = False
            self.look()
        self.found.emit(statuses)

    def _look_failed(self, problem: errors.Circumstance) -> None:
        self._quick_job = None
        if self._again:  # it may fare better, by other settings; if not, that one tells
            self._again = False
            self.look()
        else:
            self.failed.emit(problem)

    def _looked_deep(self, statuses: tuple[ModelStatus, ...]) -> None:
        self._deep_over()
        self.found.emit(statuses)

    def _deep_failed(self, problem: errors.Circumstance) -> None:
        self._deep_over()
        self.failed.emit(problem)

    def _deep_over(self) -> None:
        self._deep_job = None
        self.deep_changed.emit(False)  # noqa: FBT003  a signal has no keywords

    def _told(self, event: Event) -> None:
        if isinstance(event, Progress):
            self.progressed.emit(event)


def _look(opened: Opened, control: Control, _sink: EventSink) -> tuple[ModelStatus, ...]:
    return status(opened.services, [], control)


def _look_deep(keys: Sequence[str], opened: Opened, control: Control, sink: EventSink) -> tuple[ModelStatus, ...]:
    return status(opened.services, keys, control, deep=True, sink=sink)
