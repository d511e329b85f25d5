"""What a row of the catalog says in each column, as a function of values."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from urllib.parse import urlsplit

from model_preload.core.catalog import Model, Place, RepositorySource, Source
from model_preload.core.texts import Text, text
from model_preload.core.values import Verdict
from model_preload.downloads.board import Row
from model_preload.downloads.values import Activity, Work
from model_preload.ui.formats import duration_text, number_text, percent_text, rate_text, size_text

NOTHING = "–"
"""For what is not known."""


class Column(IntEnum):
    """The columns, in the order in which they stand at first."""

    NAME = 0
    VERDICT = 1
    PROGRESS = 2
    SPEED = 3
    LEFT = 4
    SIZE = 5
    REQUIRED = 6
    SOURCE = 7
    LICENCE = 8
    PLACE = 9

    @property
    def title(self) -> Text:
        return _TITLES[self]

    @property
    def is_number(self) -> bool:
        return self in (Column.SIZE, Column.SPEED, Column.LEFT)


_TITLES = {
    Column.NAME: text("Model"),
    Column.VERDICT: text("Verdict"),
    Column.PROGRESS: text("Progress"),
    Column.SPEED: text("Speed"),
    Column.LEFT: text("Time left"),
    Column.SIZE: text("Size"),
    Column.REQUIRED: text("Required"),
    Column.SOURCE: text("Source"),
    Column.LICENCE: text("Licence"),
    Column.PLACE: text("Place"),
}

_VERDICT_ORDER = (
    Verdict.DAMAGED,
    Verdict.PARTIAL,
    Verdict.MISSING,
    Verdict.UNVERIFIED,
    Verdict.OUTDATED,
    Verdict.READY,
    None,
)
_PLACES: dict[str, str | Text] = {
    "huggingface": text("Hugging Face cache"),
    "mineru": "MinerU",
    "paddlex": "PaddleX",
    "funasr": "FunASR",
    "watermark": text("Watermark removal"),
    "simple-lama": "simple-lama",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    Attributes:
        shown: the text.
        order: raw value to sort by; of one type in a column.
        tip: what else there is to say, plain text.
        permille: how long a bar is; None for none.
    """

    shown: str
    order: str | float
    tip: str = ""
    permille: int | None = None


def cells(row: Row, parts: Sequence[Row], language: str, position: int = 0) -> tuple[Cell, ...]:
    """A row's, in the order of `Column`.

    Args:
        parts: of the model.
        position: its place among those that wait, from 1.
    """
    model, work = row.model, row.work
    bytes_ = size_of(row, parts)
    working = work.activity.working
    left = work.seconds_left if working else None
    return (
        Cell(
            name := model.name.in_language(language), name, _lines(model.key, model.description.in_language(language))
        ),
        Cell(verdict_text(row), float(_VERDICT_ORDER.index(row.verdict)), reasons_text(row)),
        progress_cell(work, position),
        Cell(rate_text(work.speed), work.speed) if working and work.speed >= 1 else Cell("", 0.0),
        Cell("", -1.0) if left is None else Cell(duration_text(left), left),
        Cell(NOTHING, -1.0) if bytes_ is None else Cell(size_text(bytes_), float(bytes_)),
        Cell(required := str(required_text(model)), required),
        Cell(source := source_text(model.sources[0]), source, _lines(*map(source_text, model.sources))),
        Cell(model.licence or NOTHING, model.licence, "" if model.licence else str(text("The catalog names none."))),
        Cell(place := place_text(model.place), place, location_text(row)),
    )


def required_text(model: Model) -> Text:
    """Whether the platform needs it."""
    return text("Required") if model.required else text("Optional")


def place_text(place: Place) -> str:
    """Who reads there; of a folder its name."""
    return place.name if place.kind == "folder" else str(_PLACES[place.name])


def location_text(row: Row) -> str:
    """The path where the engine reads it; "" if that is not known yet."""
    return str(row.status.location) if row.status and row.status.location else ""


def source_text(source: Source) -> str:
    """Hub and repository; of an address its host and file."""
    if isinstance(source, RepositorySource):
        hub = {"huggingface": "Hugging Face", "modelscope": "ModelScope"}[source.hub]
        return str(text("{hub}: {repository}", hub=hub, repository=source.repo))
    parts = urlsplit(source.url)
    return str(text("{hub}: {repository}", hub=parts.hostname or "", repository=parts.path.rpartition("/")[2]))


def size_of(row: Row, parts: Sequence[Row]) -> int | None:
    """Bytes of the listings of a model and its parts; None unless all of them are known."""
    statuses = [one.status for one in (row, *parts)]
    if any(status is None or not status.files for status in statuses):
        return None
    return sum(status.bytes for status in statuses if status is not None)


def verdict_text(row: Row) -> str:
    """The verdict as a word, of a model that is here in part with its numbers."""
    if row.status is None or row.verdict is None:
        return str(text("Not looked at yet"))
    if row.status.verdict is Verdict.PARTIAL:
        return str(
            text(
                "{verdict} ({ready} of {files})",
                verdict=row.verdict.label,
                ready=number_text(row.status.files_ready),
                files=number_text(row.status.files),
            )
        )
    return str(row.verdict.label)


def reasons_text(row: Row) -> str:
    """What is waited for, why it is not ready, and what went wrong, a line each."""
    reasons = row.status.reasons if row.status else ()
    return _lines(str(row.work.notice), *map(str, reasons), *(failure.message for failure in row.work.failures))


def permille_of(done: int, total: int) -> int | None:
    """None while nothing is known."""
    return max(0, min(1000, done * 1000 // total)) if total > 0 else None


def progress_cell(work: Work, position: int = 0) -> Cell:
    """The phase as a word, with its share; what needs a person sorts first."""
    permille = permille_of(work.bytes_done, work.bytes_total) if work.activity.working else None
    tip = _lines(str(work.notice), *(failure.message for failure in work.failures))
    match work.activity:
        case Activity.IDLE:
            return Cell("", 0.0)
        case Activity.WAITING:
            return Cell(str(text("Waiting: {position}", position=number_text(position))), 2e6 - position, tip)
        case Activity.PREPARING:
            return Cell(str(text("Preparing")), 3e6, tip)
        case Activity.CHECKING:
            return Cell(_shared(text("Checking"), permille), 3e6 + (permille or 0), tip, permille)
        case Activity.FETCHING:
            return Cell(_shared(text("Fetching"), permille), 3e6 + (permille or 0), tip, permille)
        case Activity.PAUSED:
            return Cell(str(text("Paused")), 1e6, tip)
        case Activity.FAILED:
            return Cell(str(text("Failed")), 4e6, tip)


def _shared(phase: Text, permille: int | None) -> str:
    if permille is None:
        return str(phase)
    return str(text("{phase} {percent}", phase=phase, percent=percent_text(permille)))


def _lines(*lines: str) -> str:
    return "\n".join(dict.fromkeys(line for line in lines if line))
