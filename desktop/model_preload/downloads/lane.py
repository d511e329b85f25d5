"""The thread that brings one model at a time.

Pausing or cancelling a model ends its turn: nothing that was fetched is lost by that, the next turn goes on from
the journal, and meanwhile the lane is free for other models.
"""

import logging
import time
from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal, Slot

from model_preload.core import errors
from model_preload.core.events import Cancelled, Control, Event, Notice, Progress
from model_preload.core.journal import RunError
from model_preload.core.tasks.preload import RunReport, preload
from model_preload.core.tasks.status import ModelStatus, status
from model_preload.core.texts import text
from model_preload.downloads.agenda import Agenda, Standing, Turn
from model_preload.downloads.background import ProgramFault
from model_preload.downloads.open_core import OpenCore, Opened
from model_preload.downloads.record import Record
from model_preload.downloads.values import Failure, TurnResult

log = logging.getLogger("model_preload.downloads")

PURPOSE = "Model Preload"
"""How our run is named to another one that is refused or waits."""
_PROGRESS_SECONDS = 0.2


class Lane(QObject):
    """Works off the agenda. Made in the owner's thread, then moved to its own.

    Signals, all of them from other threads than the owner's:
        began(str): a model's turn.
        told(Notice): what the core tells meanwhile.
        progressed(tuple[Progress, ...]): of the model and its parts, the newest last; at most five times a second.
        seen(tuple[ModelStatus, ...]): how the model and its parts stand when its turn is over.
        ended(TurnResult): it is over.
        idle(): nothing waits.
    """

    began = Signal(str)
    told = Signal(object)
    progressed = Signal(object)
    seen = Signal(object)
    ended = Signal(object)
    idle = Signal()

    def __init__(self, core: OpenCore, agenda: Agenda, record: Record) -> None:
        super().__init__()
        self._core = core
        self._agenda = agenda
        self._record = record
        self._progress: dict[str, Progress] = {}
        self._progressed_at = 0.0

    @Slot()
    def work(self) -> None:
        """Take turns until none waits; asked for again meanwhile, it finds nothing more to do."""
        while (turn := self._agenda.take()) is not None:
            self.began.emit(turn.key)
            self.ended.emit(self._bring(turn))
        self.idle.emit()

    def _bring(self, turn: Turn) -> TurnResult:
        began = time.monotonic()
        self._progress.clear()
        outcome, fetched, found = "failed", 0, None
        failures: tuple[Failure, ...] = ()
        try:
            with self._core.lease() as opened:
                try:
                    report = self._preload(opened, turn)
                    outcome, fetched, failures = report.outcome, report.bytes_fetched, failures_of(report.errors)
                except Cancelled:
                    outcome = "interrupted"
                except errors.UnknownModel:  # it was taken out of the catalog, which the owner will be told as well
                    self._agenda.cancel((turn.key,))
                    outcome = "interrupted"
                except errors.Circumstance as problem:
                    failures = (_failure(turn, problem),)
                standing = self._agenda.finish(turn, outcome)
                if outcome == "failed" and standing is not Standing.FAILED:
                    outcome, failures = "interrupted", ()  # the user decided otherwise before it could be told
                self._record.write(opened, [turn.key])
                if not self._agenda.is_closed:
                    found = self._look(opened, turn)
        except errors.Circumstance as problem:
            failures = (*failures, _failure(turn, problem))
            self._agenda.finish(turn, outcome)
        except Exception as error:
            log.critical("a fault of the program", exc_info=True)
            outcome, failures = "failed", (_failure(turn, ProgramFault(error)),)
            self._agenda.finish(turn, outcome)
        return TurnResult(turn.key, outcome, found, fetched, time.monotonic() - began, failures)

    def _preload(self, opened: Opened, turn: Turn) -> RunReport:
        return preload(
            opened.services,
            opened.queue,
            [turn.key],
            turn.control,
            self._tell,
            purpose=PURPOSE,
            wait=True,
            mode=turn.mode,
        )

    def _tell(self, event: Event) -> None:
        """A burst of small files and parts is told at once."""
        match event:
            case Notice():
                self.told.emit(event)
            case Progress():
                self._progress.pop(event.model, None)
                self._progress[event.model] = event
                now = time.monotonic()
                if now - self._progressed_at >= _PROGRESS_SECONDS:
                    self._progressed_at = now
                    self.progressed.emit(tuple(self._progress.values()))
                    self._progress.clear()
            case _:
                pass

    def _look(self, opened: Opened, turn: Turn) -> ModelStatus | None:
        """What the turn left behind, however it ended: an interrupted one may have brought files too."""
        try:
            keys = [model.key for model in opened.services.catalog.with_parts([turn.key])]
            found = status(opened.services, keys, Control())
        except errors.UnknownModel:
            return None
        except errors.Circumstance as problem:
            log.warning("%s: %s", turn.key, problem)
            return None
        self.seen.emit(found)
        return next(one for one in found if one.model.key == turn.key)


def _failure(turn: Turn, problem: errors.Circumstance) -> Failure:
    log.error("%s: %s", turn.key, problem)
    told = text("{title} {step}", title=problem.title, step=problem.next_step)
    return Failure(problem.code, turn.key, "", told)


def failures_of(errors_: Iterable[RunError]) -> tuple[Failure, ...]:
    """Those that a run put down."""
    return tuple(Failure(error.code, error.key, error.file, error.message) for error in errors_)
