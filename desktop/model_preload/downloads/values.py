"""What windows see of the work on models."""

from dataclasses import dataclass, field
from enum import Enum

from model_preload.core.events import FileProgress, Progress
from model_preload.core.tasks.status import ModelStatus
from model_preload.core.texts import Text


class Activity(Enum):
    """What goes on with a model right now."""

    IDLE = "idle"
    WAITING = "waiting"
    PREPARING = "preparing"
    """Its turn has come: the hub is asked and what is here is counted."""
    CHECKING = "checking"
    FETCHING = "fetching"
    PAUSED = "paused"
    FAILED = "failed"

    @property
    def working(self) -> bool:
        """True while the lane is at it."""
        return self in (Activity.PREPARING, Activity.CHECKING, Activity.FETCHING)

    @property
    def queued(self) -> bool:
        """True if it is brought without being asked for again."""
        return self.working or self is Activity.WAITING


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a model could not be brought.

    Attributes:
        code: of the circumstance, see `core.errors`.
        model: whose it is: the model's own key, or that of one of its parts.
        file: its path in the listing; "" if it is about no single file.
        told: what happened and what to do; what the journal kept is in the language of its moment.
    """

    code: str
    model: str
    file: str
    told: Text | str

    @property
    def message(self) -> str:
        """What happened and what to do, in the language in use."""
        return str(self.told)


@dataclass(frozen=True, slots=True)
class Work:
    """What goes on with one model.

    Attributes:
        bytes_done, bytes_total: of the model and its parts, as far as they are known; of the phase. In a row of the
            board, while they are fetched: what is here, and the whole.
        speed: bytes a second.
        seconds_left: None while nothing can be said.
        part: key of the part that is at work, "" if it is the model itself.
        files: those at work, at most as many as fit a screen.
        failures: of its last turn.
        progress: of the model and its parts in this turn, the newest of each.
        notice: what the core told since anything moved, such as for whom it waits.
    """

    activity: Activity = Activity.IDLE
    bytes_done: int = 0
    bytes_total: int = 0
    speed: float = 0.0
    seconds_left: float | None = None
    part: str = ""
    files: tuple[FileProgress, ...] = ()
    failures: tuple[Failure, ...] = ()
    progress: tuple[Progress, ...] = ()
    notice: Text | str = ""


@dataclass(frozen=True, slots=True)
class TurnResult:
    """How one model's turn ended.

    Attributes:
        outcome: done, failed or interrupted.
        status: as the model stands now; None if that could not be said.
        bytes_fetched: from the network.
        seconds: that the turn took.
    """

    key: str
    outcome: str
    status: ModelStatus | None
    bytes_fetched: int
    seconds: float
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """What was done from the moment when the lane woke until it found nothing more to do.

    Attributes:
        results: the last one of each model, in the order of their ends.
    """

    results: tuple[TurnResult, ...] = field(default=())

    @property
    def ready(self) -> tuple[TurnResult, ...]:
        return tuple(one for one in self.results if one.status is not None and one.status.ready)

    @property
    def failed(self) -> tuple[TurnResult, ...]:
        return tuple(one for one in self.results if one.outcome == "failed")

    @property
    def bytes_fetched(self) -> int:
        return sum(one.bytes_fetched for one in self.results)

    @property
    def seconds(self) -> float:
        return sum(one.seconds for one in self.results)
