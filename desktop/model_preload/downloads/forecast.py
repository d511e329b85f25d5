"""How many bytes the queued models want from the network, found out while the first of them is already brought."""

from collections.abc import Iterable, Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal

from model_preload.core import errors
from model_preload.core.events import Control, EventSink
from model_preload.core.tasks.plan import plan
from model_preload.downloads.background import Background, Job
from model_preload.downloads.open_core import Opened


class Forecasts(QObject):
    """Asks the plan for one model after the other. All methods are for the thread it was made in.

    Signals:
        changed(): more is known.
    """

    changed = Signal()

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._known: dict[str, int | None] = {}
        self._jobs: dict[str, Job[int]] = {}

    def bytes_of(self, key: str) -> int | None:
        """What a model and its parts wanted when it was asked for, without parts that others asked for before want.

        None if that is not known.
        """
        return self._known.get(key)

    def want(self, keys: Iterable[str]) -> None:
        """Find it out for those of which nobody asked yet."""
        for key in keys:
            if key not in self._known and key not in self._jobs:
                before = (*self._known, *self._jobs)
                self._jobs[key] = self._background.start(
                    partial(_bytes, key, before), partial(self._found, key), partial(self._unknown, key)
                )

    def forget(self, keys: Iterable[str] | None = None) -> None:
        """When those are asked for next, they are new ones; by default all."""
        for key in (*self._known, *self._jobs) if keys is None else tuple(keys):
            self._known.pop(key, None)
            job = self._jobs.pop(key, None)
            if job is not None:
                job.cancel()

    def _found(self, key: str, bytes_: int) -> None:
        del self._jobs[key]
        self._known[key] = bytes_
        self.changed.emit()

    def _unknown(self, key: str, _problem: errors.Circumstance) -> None:
        """The lane will meet the same problem, and tell it."""
        del self._jobs[key]
        self._known[key] = None


def _bytes(key: str, before: Sequence[str], opened: Opened, control: Control, _sink: EventSink) -> int:
    catalog = opened.services.catalog
    known = {model.key for model in catalog.models}.intersection(before)
    counted = {model.key for model in catalog.with_parts(known)} if known else set()
    fetch = plan(opened.services, [key], control).fetch
    return sum(wanted.left for wanted in fetch if wanted.model not in counted)
