"""How many bytes the queued models have and lack, found out while the first of them is already brought."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Signal

from model_preload.core import errors
from model_preload.core.events import Control, EventSink
from model_preload.core.plan import Wanted
from model_preload.core.tasks.plan import plan
from model_preload.downloads.background import Background, Job
from model_preload.downloads.open_core import Opened


@dataclass(frozen=True, slots=True)
class Share:
    """What one model was when it, or one that needs it, was asked for.

    Attributes:
        whole: bytes of its files; of those whose bytes come with another file only once they are here.
        fetch: of those of them that have to be fetched.
        left: of these, what parts do not have already.
    """

    whole: int
    fetch: int
    left: int


class Forecasts(QObject):
    """Asks the plan for one model after the other. All methods are for the thread it was made in.

    Signals:
        changed(): more is known.
    """

    changed = Signal()

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._known: dict[str, Mapping[str, Share] | None] = {}
        self._jobs: dict[str, Job[Mapping[str, Share]]] = {}

    def shares(self, key: str) -> Mapping[str, Share] | None:
        """Of a model and its parts, by key, without parts that others asked for before want. None if not known."""
        return self._known.get(key)

    def is_awaited(self, key: str) -> bool:
        """Whether they are being found out."""
        return key in self._jobs

    def want(self, keys: Iterable[str]) -> None:
        """Find it out for those of which nobody asked yet."""
        for key in keys:
            if key not in self._known and key not in self._jobs:
                before = (*self._known, *self._jobs)
                self._jobs[key] = self._background.start(
                    partial(_shares, key, before), partial(self._found, key), partial(self._unknown, key)
                )

    def forget(self, keys: Iterable[str] | None = None) -> None:
        """When those are asked for next, they are new ones; by default all."""
        for key in (*self._known, *self._jobs) if keys is None else tuple(keys):
            self._known.pop(key, None)
            job = self._jobs.pop(key, None)
            if job is not None:
                job.cancel()

    def _found(self, key: str, shares: Mapping[str, Share]) -> None:
        del self._jobs[key]
        self._known[key] = shares
        self.changed.emit()

    def _unknown(self, key: str, _problem: errors.Circumstance) -> None:
        """The lane will meet the same problem, and tell it."""
        del self._jobs[key]
        self._known[key] = None


def _shares(key: str, before: Sequence[str], opened: Opened, control: Control, _sink: EventSink) -> Mapping[str, Share]:
    catalog = opened.services.catalog
    known = {model.key for model in catalog.models}.intersection(before)
    counted = {model.key for model in catalog.with_parts(known)} if known else set()
    found = plan(opened.services, [key], control)
    files: dict[str, list[Wanted]] = defaultdict(list)
    for wanted in (*found.here, *found.check, *found.fetch):
        if wanted.model not in counted:
            files[wanted.model].append(wanted)
    return {model: _share(wanted) for model, wanted in files.items()}


def _share(files: Iterable[Wanted]) -> Share:
    here = fetch = left = 0
    for one in files:
        if not one.to_fetch:
            here += one.state.file.size
        elif not one.shared:
            fetch += one.state.file.size
            left += one.left
    return Share(here + fetch, fetch, left)
