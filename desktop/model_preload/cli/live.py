"""Progress on standard error: a live table on a terminal, plain lines elsewhere, nothing when told to be quiet."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text as RichText

from model_preload.core.events import (
    Event,
    EventSink,
    FileProgress,
    ModelFinished,
    ModelStarted,
    Notice,
    Phase,
    Progress,
)
from model_preload.core.texts import size, text

_LINE_SECONDS = 5.0
_BAR_WIDTH = 12


@contextmanager
def progress(console: Console, names: Mapping[str, str], quiet: bool) -> Iterator[EventSink]:
    """The sink for a task's events, for as long as the task runs.

    Args:
        console: of standard error.
        names: of models, by key.
    """
    if quiet:
        yield lambda _event: None
    elif console.is_terminal and not console.is_dumb_terminal:
        with Live(console=console, auto_refresh=False, transient=True) as live:
            yield _Table(live, console, names).show
    else:
        yield _Lines(console, names).show


class _Lines:
    """For files and pipes: what begins and ends, and every few seconds how far it is."""

    def __init__(self, console: Console, names: Mapping[str, str]) -> None:
        self._console = console
        self._names = names
        self._next = 0.0

    def show(self, event: Event) -> None:
        told = _told(event, self._names)
        if isinstance(event, Progress):
            now = time.monotonic()
            if now < self._next:
                return
            self._next = now + _LINE_SECONDS
            told = f"{self._names[event.model]}: {_summary(event)}"
        else:
            self._next = time.monotonic() + _LINE_SECONDS
        if told:
            self._console.print(escape(told), soft_wrap=True)


class _Table:
    """For a terminal: the model at work, its files, the whole."""

    def __init__(self, live: Live, console: Console, names: Mapping[str, str]) -> None:
        self._live = live
        self._console = console
        self._names = names
        self._heading = ""

    def show(self, event: Event) -> None:
        if isinstance(event, Progress):
            self._live.update(self._picture(event), refresh=True)
            return
        if isinstance(event, ModelStarted):
            self._heading = f"{event.position}/{event.count}"
        told = _told(event, self._names)
        if told and not isinstance(event, ModelStarted):
            self._console.print(escape(told))

    def _picture(self, event: Progress) -> Group:
        table = Table.grid(padding=(0, 1))
        table.add_column(overflow="ellipsis", no_wrap=True, max_width=26)
        table.add_column(width=_BAR_WIDTH)
        table.add_column(justify="right", no_wrap=True)
        for file in event.active:
            table.add_row(RichText(file.path), _bar(file.done, file.size), RichText(_file_summary(file)))
        name = f"{self._heading} {self._names[event.model]}".strip()
        table.add_row(
            RichText(name, style="bold"), _bar(event.bytes_done, event.bytes_total), RichText(_summary(event))
        )
        return Group(table)


def _told(event: Event, names: Mapping[str, str]) -> str:
    match event:
        case ModelStarted(model, position, count):
            return str(text("{name} ({position} of {count})", name=names[model], position=position, count=count))
        case ModelFinished(model, verdict, fetched):
            return str(
                text(
                    "{name}: {verdict}, {bytes} fetched", name=names[model], verdict=verdict.label, bytes=size(fetched)
                )
            )
        case Notice(model, message):
            return f"{names[model]}: {message}" if model else str(message)
        case _:
            return ""


def _bar(done: int, total: int) -> ProgressBar:
    return ProgressBar(total=max(1, total), completed=done if total else 1, width=_BAR_WIDTH)


def _file_summary(file: FileProgress) -> str:
    if file.phase is Phase.CHECKING:
        return str(text("checking {done} of {size}", done=size(file.done), size=size(file.size)))
    return str(text("{done} of {size}", done=size(file.done), size=size(file.size)))


def _summary(event: Progress) -> str:
    percent = 100 if not event.bytes_total else event.bytes_done * 100 // event.bytes_total
    phase = text("checking") if event.phase is Phase.CHECKING else text("fetching")
    summary = text(
        "{phase} {percent} %, {done} of {total}, {speed}/s",
        phase=phase,
        percent=percent,
        done=size(event.bytes_done),
        total=size(event.bytes_total),
        speed=size(event.speed),
    )
    if event.seconds_left is None:
        return str(summary)
    return str(text("{summary}, {time} left", summary=summary, time=_duration(event.seconds_left)))


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(min(seconds, 359_999)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
