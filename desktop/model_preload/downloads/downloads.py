"""The queue as the user sees and changes it: shown at once, journaled in the background, done by the lane."""

import logging
from collections.abc import Container, Iterable, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal, Slot

from model_preload.core.catalog import Catalog
from model_preload.core.events import Control, EventSink, Notice, Phase, Progress
from model_preload.core.journal import RunSummary
from model_preload.core.tasks.preload import Mode
from model_preload.core.tasks.status import ModelStatus
from model_preload.core.texts import Text
from model_preload.downloads.agenda import Agenda, Standing
from model_preload.downloads.background import Background
from model_preload.downloads.lane import Lane, failures_of
from model_preload.downloads.open_core import OpenCore, Opened
from model_preload.downloads.record import Record
from model_preload.downloads.threads import WorkerThread
from model_preload.downloads.values import Activity, Batch, Failure, TurnResult, Work

log = logging.getLogger("model_preload.downloads")

_WORKS = {
    None: Work(),
    Standing.WAITING: Work(Activity.WAITING),
    Standing.RUNNING: Work(Activity.PREPARING),
    Standing.PAUSED: Work(Activity.PAUSED),
    Standing.FAILED: Work(Activity.FAILED),
}
"""Of models of which there is no more to say."""
_RUNS = 1000
"""That far back it is looked why models failed; each turn is one."""


class Downloads(QObject):
    """Owner of the lane. All methods are for the thread it was made in; none of them waits, but for `stop`.

    Every method that takes keys ignores those to which it does not apply.

    Signals:
        changed(frozenset[str]): what goes on with those models changed; at most five times a second by progress.
        seen(tuple[ModelStatus, ...]): how a model and its parts stand when its turn ended, however it did.
        order_changed(): models came, went or changed places.
        finished(TurnResult): a model's turn ended, not by a pause or cancel.
        batch_finished(Batch): nothing waits any more. Bytes and seconds of a result are those of all turns which that
            model had since it was in a batch, those that a pause or new settings ended too.
        noticed(Notice): what the core tells in between.
        working_changed(bool): bytes may move from now on, or no longer.
        loaded(tuple[str, ...]): what an earlier process left waiting.
        failed(Circumstance): a change could not be journaled.
    """

    changed = Signal(object)
    order_changed = Signal()
    seen = Signal(object)
    finished = Signal(object)
    batch_finished = Signal(object)
    noticed = Signal(object)
    working_changed = Signal(bool)
    loaded = Signal(object)
    failed = Signal(object)
    _wanted = Signal()

    def __init__(self, core: OpenCore, clerk: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._core = core
        self._clerk = clerk
        self._agenda = Agenda()
        self._record = Record(self._agenda)
        self._progress: dict[str, Progress] = {}
        self._notice: Text | str = ""
        self._failures: dict[str, tuple[Failure, ...]] = {}
        self._results: dict[str, TurnResult] = {}
        self._spent: dict[str, tuple[int, float]] = {}
        self._running = ""
        self._working = False
        self._stopped = False
        self._lane = Lane(core, self._agenda, self._record)
        queued = Qt.ConnectionType.QueuedConnection
        self._wanted.connect(self._lane.work, queued)
        self._lane.began.connect(self._began, queued)
        self._lane.told.connect(self._told, queued)
        self._lane.progressed.connect(self._progressed, queued)
        self._lane.seen.connect(self._seen, queued)
        self._lane.ended.connect(self._ended, queued)
        self._lane.idle.connect(self._idle, queued)
        self._thread = WorkerThread(self._lane, "lane")

    @property
    def is_working(self) -> bool:
        """Whether bytes may move."""
        return self._working

    @property
    def running(self) -> str:
        """The key of the model whose turn it is; "" if it is nobody's."""
        return self._running

    def waiting(self) -> tuple[str, ...]:
        """What waits for its turn, in order."""
        return tuple(key for key, standing in self._agenda.lines() if standing is Standing.WAITING)

    def order(self) -> tuple[str, ...]:
        """What is queued, paused or failed, in order."""
        return tuple(key for key, _ in self._agenda.lines())

    def work(self, key: str) -> Work:
        """What goes on with a model."""
        standing = self._agenda.standing(key)
        work, failures = _WORKS[standing], self._failures.get(key, ())
        if failures:
            work = replace(work, failures=failures)
        if standing is not Standing.RUNNING or key != self._running:
            return work  # one that runs: its turn was taken, and that is not told yet
        return _at_work(replace(work, notice=self._notice), key, self._progress)

    def use(self, catalog: Catalog) -> None:
        """From now on models and their parts are those of this catalog; what it has not is forgotten."""
        known = {model.key for model in catalog.models}
        self.cancel(key for key in self.order() if key not in known)

    def load(self) -> None:
        """Take over what an earlier process left in the journal; to be called once.

        What waited is shown as paused, while the journal has it wait: whoever listens to `loaded` resumes it, or
        leaves it for the next start to ask again.
        """
        self._clerk.start(_load, self._loaded, self.failed.emit)

    def _loaded(self, lines: Sequence[tuple[str, Standing, tuple[Failure, ...]]]) -> None:
        waiting = tuple(key for key, standing, _ in lines if standing is Standing.WAITING)
        for key, standing, failures in lines:
            if failures and self._agenda.standing(key) is None:  # what was asked for meanwhile is forgiven
                self._failures[key] = failures
            self._agenda.place(key, Standing.PAUSED if key in waiting else standing)
        self._told_of_all(self.order())
        self.loaded.emit(waiting)

    def preload(self, keys: Iterable[str], mode: Mode = Mode.BRING) -> None:
        """Bring them: those that are not queued come last, failed and paused ones wait again."""
        wanted = tuple(keys)
        self._agenda.add(wanted, mode)
        self._forgive(wanted)
        self._journal(wanted)

    def pause(self, keys: Iterable[str]) -> None:
        self._journal(self._agenda.pause(tuple(keys)))

    def resume(self, keys: Iterable[str]) -> None:
        self._journal(self._agenda.resume(tuple(keys)))

    def cancel(self, keys: Iterable[str]) -> None:
        """Take them out of the queue; what was fetched of them stays."""
        gone = self._agenda.cancel(tuple(keys))
        self._forgive(gone)
        for key in gone:
            self._spent.pop(key, None)
        self._journal(gone)

    def move(self, keys: Sequence[str], before: str | None) -> None:
        """Have their turn before another one's, or last."""
        self._agenda.move(keys, before)
        self._journal(tuple(keys))

    def renew(self) -> None:
        """Settings changed: go on with a core that is opened by them."""
        self._core.renew()
        self._agenda.interrupt()

    def stop(self) -> None:
        """End the turn that runs, the thread and the clerk, within half a second as a rule; may be called twice.

        Everything that was asked for is journaled by then, and goes on next time. No signal comes afterwards.
        """
        self._stopped = True
        self._agenda.close()
        self._thread.stop()
        self._clerk.finish()

    def _forgive(self, keys: Sequence[str]) -> None:
        """What failed before is no part of what comes out in the end."""
        for key in keys:
            self._failures.pop(key, None)
            if key in self._results and self._results[key].outcome == "failed":
                del self._results[key]

    def _journal(self, keys: Sequence[str]) -> None:
        if not keys:
            return
        self._clerk.start(partial(_journaled, self._record, keys), _nothing, self.failed.emit)
        self._told_of_all(keys)

    def _told_of_all(self, keys: Sequence[str]) -> None:
        self.order_changed.emit()
        self.changed.emit(frozenset(keys))
        if any(standing is Standing.WAITING for _, standing in self._agenda.lines()):
            self._set_working(working=True)
            self._wanted.emit()

    def _set_working(self, *, working: bool) -> None:
        if working is not self._working:
            self._working = working
            self.working_changed.emit(working)

    @Slot(str)
    def _began(self, key: str) -> None:
        if self._stopped:
            return
        self._running = key
        self._forget_progress()
        self._set_working(working=True)
        self.changed.emit(frozenset([key]))

    @Slot(object)
    def _told(self, notice: Notice) -> None:
        if self._stopped:
            return
        self._notice = notice.message
        self.noticed.emit(notice)
        self.changed.emit(frozenset([self._running]))

    @Slot(object)
    def _progressed(self, progress: tuple[Progress, ...]) -> None:
        if self._stopped:
            return
        self._notice = ""
        for one in progress:
            self._progress.pop(one.model, None)
            self._progress[one.model] = one
        self.changed.emit(frozenset([self._running]))

    def _forget_progress(self) -> None:
        self._progress, self._notice = {}, ""

    @Slot(object)
    def _seen(self, statuses: tuple[ModelStatus, ...]) -> None:
        if not self._stopped:
            self.seen.emit(statuses)

    @Slot(object)
    def _ended(self, result: TurnResult) -> None:
        if self._stopped:
            return
        key, self._running = result.key, ""
        self._forget_progress()
        fetched, seconds = self._spent.get(key, (0, 0.0))
        self._spent[key] = fetched + result.bytes_fetched, seconds + result.seconds
        if result.outcome == "interrupted" and self._agenda.standing(key) is None:
            del self._spent[key]  # cancelled
        if result.outcome != "interrupted":
            self._failures[key] = result.failures
            self._results.pop(key, None)
            self._results[key] = result
            self.finished.emit(result)
        self.order_changed.emit()
        self.changed.emit(frozenset([key]))

    @Slot()
    def _idle(self) -> None:
        if self._stopped or not self._agenda.is_idle:
            return  # something came while this was on its way; the lane was asked again
        self._set_working(working=False)
        if self._results:
            batch, self._results = Batch(tuple(map(self._whole, self._results.values()))), {}
            self.batch_finished.emit(batch)

    def _whole(self, last: TurnResult) -> TurnResult:
        """With what all turns took, of which that is the last one."""
        fetched, seconds = self._spent.pop(last.key, (last.bytes_fetched, last.seconds))
        return replace(last, bytes_fetched=fetched, seconds=seconds)


def _at_work(work: Work, key: str, progress: dict[str, Progress]) -> Work:
    """The newest of the model and its parts tells the phase and the speed; bytes are those of all of them."""
    if not progress:
        return work
    newest = progress[next(reversed(progress))]
    same = [one for one in progress.values() if one.phase is newest.phase]
    return replace(
        work,
        activity=Activity.CHECKING if newest.phase is Phase.CHECKING else Activity.FETCHING,
        bytes_done=sum(one.bytes_done for one in same),
        bytes_total=sum(one.bytes_total for one in same),
        speed=newest.speed,
        seconds_left=newest.seconds_left,
        part="" if newest.model == key else newest.model,
        files=newest.active,
        progress=tuple(progress.values()),
    )


def _load(opened: Opened, _control: Control, _sink: EventSink) -> tuple[tuple[str, Standing, tuple[Failure, ...]], ...]:
    """What the journal has, without the parts of what is in it too; of what failed, why."""
    standings = {"waiting": Standing.WAITING, "running": Standing.WAITING, "paused": Standing.PAUSED}
    entries = {entry.model: entry.state.value for entry in opened.queue.entries()}
    catalog = opened.services.catalog
    known = [key for key in entries if key in {model.key for model in catalog.models}]
    parts = {part.key for key in known for part in catalog.with_parts([key]) if part.key != key}
    lines = [(key, standings.get(entries[key], Standing.FAILED)) for key in known if key not in parts]
    failed = [key for key, standing in lines if standing is Standing.FAILED]
    runs = opened.services.journal.runs.latest(_RUNS) if failed else ()
    failures = {key: _last_failures({model.key for model in catalog.with_parts([key])}, key, runs) for key in failed}
    return tuple((key, standing, failures.get(key, ())) for key, standing in lines)


def _last_failures(models: Container[str], key: str, runs: Iterable[RunSummary]) -> tuple[Failure, ...]:
    """Why the last run that failed could not bring that model.

    Args:
        models: it and its parts.
        runs: the newest first.
    """
    last = next((run.errors for run in runs if key in run.models and run.outcome == "failed"), ())
    return failures_of(error for error in last if error.key in models)


def _journaled(record: Record, keys: Sequence[str], opened: Opened, _control: Control, _sink: EventSink) -> None:
    record.write(opened, keys)


def _nothing(_result: None) -> None:
    pass
