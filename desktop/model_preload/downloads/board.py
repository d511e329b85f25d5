"""Verdict, work and failure of every model in one table: what tray, windows and notifications show.

Percents have one rule, of a row as of all that was asked for: the bytes that are here, of the bytes of the whole. So
neither a pause nor a restart takes one back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from model_preload.core import errors
from model_preload.core.catalog import Catalog, Model
from model_preload.core.events import Phase, Progress
from model_preload.core.tasks.status import ModelStatus
from model_preload.core.values import Verdict
from model_preload.downloads.checks import Checks
from model_preload.downloads.downloads import Downloads
from model_preload.downloads.forecast import Forecasts, Share
from model_preload.downloads.summary import Mood, Summary
from model_preload.downloads.values import Activity, Batch, TurnResult, Work

_GATHER_MS = 50
"""To sum up hundreds of models takes some milliseconds, and the end of a turn alone changes them three times."""


@dataclass(frozen=True, slots=True)
class Row:
    """One model that is no part of another one.

    Attributes:
        status: None until it was looked at.
    """

    model: Model
    status: ModelStatus | None
    work: Work

    @property
    def ready(self) -> bool:
        return self.status is not None and self.status.ready

    @property
    def verdict(self) -> Verdict | None:
        """Its own; of a model that only lacks a part: Partial."""
        if self.status is None:
            return None
        return Verdict.PARTIAL if self.status.verdict.ready and not self.status.ready else self.status.verdict


class Board(QObject):
    """See the module. All methods are for the thread it was made in.

    Signals:
        reset(): other models, or another order of them.
        changed(frozenset[str]): what a row says changed.
        summary_changed(): after each of both, a moment later, and once for all that comes in that moment.
        failed(Circumstance): verdicts could not be had; `problem` is it until they can.
    """

    reset = Signal()
    changed = Signal(object)
    summary_changed = Signal()
    failed = Signal(object)

    def __init__(
        self, downloads: Downloads, checks: Checks, forecasts: Forecasts, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._downloads = downloads
        self._forecasts = forecasts
        self._catalog = Catalog(())
        self._is_loaded = False
        self._statuses: dict[str, ModelStatus] = {}
        self._asked: dict[str, bool] = {}
        self._fetching: dict[str, Progress] = {}
        self.problem: errors.Circumstance | None = None
        self._summary: Summary | None = None
        self._gathering = False
        downloads.changed.connect(self._work_changed)
        downloads.seen.connect(self._take)
        downloads.finished.connect(self._finished)
        downloads.batch_finished.connect(self._batch_finished)
        downloads.working_changed.connect(self._summary_changes)
        forecasts.changed.connect(self._summary_changes)
        checks.found.connect(self._found)
        checks.failed.connect(self.fail)

    @property
    def is_loaded(self) -> bool:
        """Whether there is a catalog, be it an empty one."""
        return self._is_loaded

    @property
    def catalog(self) -> Catalog:
        """With the parts."""
        return self._catalog

    @property
    def statuses(self) -> Mapping[str, ModelStatus]:
        """By key, those of parts too; without what was not looked at yet."""
        return self._statuses

    def use(self, catalog: Catalog) -> None:
        """Other models from now on; verdicts of those that stay are kept."""
        self._catalog = catalog
        self._is_loaded = True
        self._statuses = {m.key: self._statuses[m.key] for m in catalog.models if m.key in self._statuses}
        self._summary_changes()
        self.reset.emit()

    def rows(self) -> tuple[Row, ...]:
        """In the catalog's order."""
        return tuple(map(self._row, self._catalog.whole))

    def row(self, key: str) -> Row:
        """Raises UnknownModel."""
        return self._row(self._catalog.model(key))

    def parts(self, key: str) -> tuple[Row, ...]:
        """What a model needs, in the order of being brought."""
        return tuple(self._row(model) for model in self._catalog.with_parts([key]) if model.key != key)

    def summary(self) -> Summary:
        """Of all rows."""
        if self._summary is None:
            self._summary = self._summed_up()
        return self._summary

    @Slot()
    def _summary_changes(self) -> None:
        self._summary = None
        if not self._gathering:
            self._gathering = True
            QTimer.singleShot(_GATHER_MS, self._tell_summary)

    @Slot()
    def _tell_summary(self) -> None:
        self._gathering = False
        self.summary_changed.emit()

    def _summed_up(self) -> Summary:
        rows = self.rows()
        required = [row for row in rows if row.model.required]
        failed = tuple(row.model.key for row in rows if row.work.activity is Activity.FAILED)
        done, total = self._bytes()
        running = self._downloads.work(self._downloads.running) if self._downloads.running else Work()
        left = (total - done) / running.speed if total and running.speed > 1 else None
        return Summary(
            self._mood(rows, failed),
            len(rows),
            sum(row.ready for row in rows),
            len(required),
            sum(row.ready for row in required),
            len(self._asked),
            sum(self._asked.values()),
            min(1000, done * 1000 // total) if total else None,
            running.speed,
            left,
            failed,
            sum(row.work.activity is Activity.PAUSED for row in rows),
        )

    def _mood(self, rows: tuple[Row, ...], failed: tuple[str, ...]) -> Mood:
        if self._downloads.is_working:
            return Mood.WORKING
        if self.problem is not None or failed or any(row.verdict is Verdict.DAMAGED for row in rows):
            return Mood.ATTENTION
        if not rows or any(row.status is None for row in rows):
            return Mood.UNKNOWN
        if any(row.work.activity is Activity.PAUSED for row in rows):
            return Mood.PAUSED
        needed = [row for row in rows if row.model.required] or list(rows)
        return Mood.DONE if all(row.ready for row in needed) else Mood.IDLE

    def _bytes(self) -> tuple[int, int]:
        """Here and the whole of everything asked for; 0 of 0 unless all of it is known."""
        here = whole = 0
        for key, over in self._asked.items():
            shares = self._forecasts.shares(key)
            if shares is None:
                if over:
                    continue
                return 0, 0
            total = sum(share.whole for share in shares.values())
            here, whole = here + max(0, total - (0 if over else self._left(shares))), whole + total
        return here, whole

    def _left(self, shares: Mapping[str, Share]) -> int:
        """What the network still has to bring of those."""
        return sum(_left(share, self._fetching.get(key)) for key, share in shares.items())

    def _row(self, model: Model) -> Row:
        return Row(model, self._statuses.get(model.key), self._work(model.key))

    def _work(self, key: str) -> Work:
        work, shares = self._downloads.work(key), self._forecasts.shares(key)
        if work.activity is not Activity.FETCHING:
            return work
        if shares is None:  # better none at all than a percent that goes back in a moment
            return replace(work, bytes_done=0, bytes_total=0) if self._forecasts.is_awaited(key) else work
        whole, left = sum(share.whole for share in shares.values()), self._left(shares)
        seconds = None if work.seconds_left is None or work.speed <= 1 else left / work.speed
        return replace(work, bytes_done=max(0, whole - left), bytes_total=whole, seconds_left=seconds)

    @Slot(object)
    def _work_changed(self, keys: frozenset[str]) -> None:
        for key in keys:
            work = self._downloads.work(key)
            if work.activity.queued:
                if self._asked.get(key) is not False:
                    self._forget((key,))  # asked for anew, it wants what is left
                self._asked[key] = False
                self._fetching |= {one.model: one for one in work.progress if one.phase is Phase.FETCHING}
            elif self._asked.get(key) is False:
                del self._asked[key]
                running = self._downloads.running
                self._forget((key, *(one for one, over in self._asked.items() if not over and one != running)))
        self._forecasts.want(key for key, over in self._asked.items() if not over)
        self._summary_changes()
        self.changed.emit(keys)

    @Slot(object)
    def _finished(self, result: TurnResult) -> None:
        self._asked[result.key] = True
        self._summary_changes()

    def _forget(self, keys: Iterable[str]) -> None:
        """How much those want is to be found out anew, by what is here and who else is asked for."""
        wanted = tuple(keys)
        for key in wanted:
            for one in self._forecasts.shares(key) or ():
                self._fetching.pop(one, None)
        self._forecasts.forget(wanted)

    @Slot(object)
    def _batch_finished(self, _batch: Batch) -> None:
        self._asked.clear()
        self._fetching.clear()
        self._forecasts.forget()
        self._summary_changes()

    @Slot(object)
    def _found(self, statuses: tuple[ModelStatus, ...]) -> None:
        self.problem = None
        self._take(statuses)

    @Slot(object)
    def fail(self, problem: errors.Circumstance) -> None:
        """Verdicts can't be had, until some are found again; that the same stands in the way is told once."""
        if self.problem is not None and str(self.problem) == str(problem):
            return
        self.problem = problem
        self._summary_changes()
        self.failed.emit(problem)

    @Slot(object)
    def _take(self, statuses: tuple[ModelStatus, ...]) -> None:
        news = {one.model.key: one for one in statuses}
        changed = frozenset(key for key, one in news.items() if self._statuses.get(key) != one)
        self._statuses |= news
        self._summary_changes()
        if changed:
            self.changed.emit(changed)


def _left(share: Share, progress: Progress | None) -> int:
    """What the network still has to bring of a model, by the forecast and by the last that a turn told of it.

    A turn counts files that have not begun as if nothing of them were here, so at its start it may know less than the
    forecast. It knows better when it found more to fetch: a newer commit, or other bytes than were trusted.
    """
    if progress is None:
        return share.left
    left = progress.bytes_total - progress.bytes_done
    return left if progress.bytes_total > share.fetch else min(left, share.left)
