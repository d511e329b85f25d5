"""What the user is told without having asked: one message for each outcome, none for what they are looking at."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QObject, Signal, Slot

from model_preload.core import errors
from model_preload.core.events import Notice
from model_preload.core.texts import Text, plural, text
from model_preload.downloads.board import Board, Row
from model_preload.downloads.downloads import Downloads
from model_preload.downloads.values import Activity, Batch, Failure, TurnResult
from model_preload.ui.formats import duration_text, list_text, size_text

_NAMED = 3


class Target(Enum):
    """The window that tells more."""

    CATALOG = "catalog"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class Message:
    """One notification, in the language of its moment."""

    title: str
    message: str
    target: Target
    warning: bool = False


def of_batch(batch: Batch, rows: Sequence[Row], language: str) -> Message:
    """How it went, with numbers."""
    names = {row.model.key: row.model.name.in_language(language) for row in rows}
    ready, count = sum(row.ready for row in rows), len(rows)
    if batch.failed:
        failed = list_text([names.get(one.key, one.key) for one in batch.failed[:_NAMED]], _NAMED)
        more = len(batch.failed) - _NAMED
        told = failed if more <= 0 else str(plural("{names} and {n} more", "{names} and {n} more", more, names=failed))
        title = plural("{n} model could not be preloaded", "{n} models could not be preloaded", len(batch.failed))
        message = text("{names}. Ready: {ready} of {models}.", names=told, ready=ready, models=count)
        return Message(str(title), str(message), Target.STATUS, warning=True)
    title = (
        text("All {models} models are ready", models=count)
        if ready == count
        else text("Ready: {ready} of {models} models", ready=ready, models=count)
    )
    return Message(str(title), " ".join(map(str, _brought(batch, rows, names))), Target.STATUS)


def _brought(batch: Batch, rows: Sequence[Row], names: Mapping[str, str]) -> list[Text]:
    """What was fetched, and what of it is not ready; of what is paused nothing more can be said."""
    asked = {one.key for one in batch.results}
    unready = [row for row in rows if row.model.key in asked and not row.ready]
    paused = sum(row.work.activity is Activity.PAUSED for row in rows)
    size, time = size_text(batch.bytes_fetched), duration_text(batch.seconds)
    if unready or paused:
        told = [text("{size} fetched in {time}.", size=size, time=time)] if batch.bytes_fetched else []
        told += _unready(unready, names)
        return [*told, plural("{n} model is paused.", "{n} models are paused.", paused)] if paused else told
    if batch.bytes_fetched:
        return [text("{size} fetched in {time}, and every file is checked.", size=size, time=time)]
    return [text("Everything was here already, and every file is checked.")]


def _unready(rows: Sequence[Row], names: Mapping[str, str]) -> list[Text]:
    """What each is; of a single one also why."""
    if len(rows) == 1 and (status := rows[0].status) is not None and status.reasons:
        (row,) = rows
        why = list_text([str(reason) for reason in status.reasons], _NAMED)
        return [text("{name}: {verdict} ({reasons}).", name=names[row.model.key], verdict=_verdict(row), reasons=why)]
    verdicts = dict.fromkeys(map(_verdict, rows))
    return [
        text(
            "{names}: {verdict}.",
            names=list_text([names[row.model.key] for row in rows if _verdict(row) == verdict], _NAMED),
            verdict=verdict,
        )
        for verdict in verdicts
    ]


def _verdict(row: Row) -> Text:
    return row.verdict.label if row.verdict is not None else text("Not looked at yet")


def of_failure(failure: Failure, name: str) -> Message:
    """A person is needed, or the model is not brought."""
    return Message(str(text("{name} needs you", name=name)), failure.message, Target.STATUS, warning=True)


def of_notice(notice: Notice, name: str) -> Message:
    """The same while the run waits for the person."""
    title = text("{name} needs you", name=name) if name else text("Model Preload needs you")
    return Message(str(title), str(notice.message), Target.CATALOG, warning=True)


class Notifications(QObject):
    """Decides what is told; GUI thread.

    A failure that a person has to do something about is told when it happens, and is not told again at the end.

    Args:
        language: the gettext name of the one in use.
        show: shows one.
        is_seen: whether the user is looking at that window.
        wanted: whether the user wants any.

    Signals:
        opened(Target): the user clicked on the message that was shown last.
    """

    opened = Signal(object)

    def __init__(
        self,
        board: Board,
        downloads: Downloads,
        *,
        language: Callable[[], str],
        show: Callable[[Message], None],
        is_seen: Callable[[Target], bool],
        wanted: Callable[[], bool],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._board = board
        self._language = language
        self._show = show
        self._is_seen = is_seen
        self._wanted = wanted
        self._last = Target.STATUS
        self._told: set[tuple[str, str]] = set()
        self._told_of: set[str] = set()
        downloads.finished.connect(self._finished)
        downloads.batch_finished.connect(self._batch_finished)
        downloads.noticed.connect(self._noticed)

    @Slot()
    def clicked(self) -> None:
        """To be called when the message that was shown last is clicked."""
        self.opened.emit(self._last)

    @Slot(object)
    def _finished(self, result: TurnResult) -> None:
        for failure in result.failures:
            if not errors.needs_person(failure.code):
                continue
            self._told_of.add(result.key)
            if (failure.model, failure.code) not in self._told:
                self._told.add((failure.model, failure.code))
                self._tell(of_failure(failure, self._name(failure.model)))

    @Slot(object)
    def _noticed(self, notice: Notice) -> None:
        if errors.needs_person(notice.code) and (notice.model, notice.code) not in self._told:
            self._told.add((notice.model, notice.code))
            self._tell(of_notice(notice, self._name(notice.model)))

    @Slot(object)
    def _batch_finished(self, batch: Batch) -> None:
        told, self._told, self._told_of = self._told_of, set(), set()
        if batch.failed and all(one.key in told for one in batch.failed):
            return
        self._tell(of_batch(batch, self._board.rows(), self._language()))

    def _tell(self, message: Message) -> None:
        if self._wanted() and not self._is_seen(message.target):
            self._last = message.target
            self._show(message)

    def _name(self, key: str) -> str:
        models = {model.key: model for model in self._board.catalog.models}
        return models[key].name.in_language(self._language()) if key in models else key
