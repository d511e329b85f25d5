"""The plan: a pure function of what is listed, what is here and what there is room for."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from model_preload.core.errors import PlanRefused
from model_preload.core.plan import names
from model_preload.core.plan.names import PathLimits
from model_preload.core.texts import Text, size, text
from model_preload.core.values import FileState, FileStatus


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file of one model.

    Attributes:
        model: key.
        state: the file and what is at its place.
        volume: the drive its place is on.
        resumed: bytes that its part has already.
        shared: an earlier file has the same bytes, which come only once.
        copied: its candidate lies on another drive, so that a link can't do.
    """

    model: str
    state: FileState
    volume: str
    resumed: int = 0
    shared: bool = False
    copied: bool = False

    @property
    def here(self) -> bool:
        """Nothing to do."""
        return self.state.status is FileStatus.VERIFIED

    @property
    def to_check(self) -> bool:
        """Its bytes may be here already: hashed, not fetched."""
        return self.state.status is FileStatus.UNVERIFIED or (not self.here and self.state.candidate is not None)

    @property
    def to_fetch(self) -> bool:
        return not self.here and not self.to_check

    @property
    def left(self) -> int:
        """Bytes that the network has to bring."""
        return self.state.file.size - self.resumed if self.to_fetch and not self.shared else 0

    @property
    def written(self) -> int:
        """Bytes that its drive has to take."""
        return self.state.file.size if self.copied and self.to_check else self.left


@dataclass(frozen=True, slots=True)
class DriveNeed:
    """Bytes that will be written to a drive, and what it has free."""

    volume: str
    needed: int
    free: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done; with refusals, nothing is.

    Attributes:
        fetch: in the order of fetching: model by model, big files first, so that the last one to end is a small one.
        check: files whose bytes may be here already.
        here: files that are here, proven.
        drives: what is written where.
        refusals: why it can't be done.
        lacks_room: there are refusals, and room would end them all.
    """

    fetch: tuple[Wanted, ...]
    check: tuple[Wanted, ...]
    here: tuple[Wanted, ...]
    drives: tuple[DriveNeed, ...]
    refusals: tuple[Text, ...]
    lacks_room: bool

    @property
    def bytes_to_fetch(self) -> int:
        """Over the network, without what parts have already."""
        return sum(wanted.left for wanted in self.fetch)

    def require(self) -> None:
        """Raises PlanRefused if there are refusals."""
        if self.refusals:
            raise PlanRefused(self.refusals)


def make_plan(
    wanted: Sequence[Wanted],
    free: Mapping[str, int],
    reserve: int,
    limits: PathLimits,
    refused: Sequence[Text] = (),
) -> Plan:
    """Decide what is fetched, checked and left alone.

    Args:
        wanted: all files of all models asked for, model by model.
        free: bytes free by volume.
        reserve: bytes that stay free on each volume.
        limits: of this system's paths.
        refused: why other models that were asked for can't be planned.
    """
    order = {model: number for number, model in enumerate(dict.fromkeys(w.model for w in wanted))}
    fetch = sorted(
        (w for w in wanted if w.to_fetch), key=lambda w: (order[w.model], -w.state.file.size, w.state.file.path)
    )
    to_write = [*fetch, *(w for w in wanted if w.to_check and w.copied)]
    drives = _drives(to_write, free)
    lasting = [*refused, *_name_refusals(wanted, limits), *_place_refusals(wanted)]
    room = list(_room_refusals(drives, to_write, reserve))
    return Plan(
        tuple(fetch),
        tuple(w for w in wanted if w.to_check),
        tuple(w for w in wanted if w.here),
        drives,
        (*lasting, *room),
        bool(room) and not lasting,
    )


def _drives(to_write: Iterable[Wanted], free: Mapping[str, int]) -> tuple[DriveNeed, ...]:
    needed: dict[str, int] = defaultdict(int)
    for wanted in to_write:
        needed[wanted.volume] += wanted.written
    return tuple(DriveNeed(volume, bytes_, free[volume]) for volume, bytes_ in needed.items())


def _room_refusals(drives: Iterable[DriveNeed], to_write: Sequence[Wanted], reserve: int) -> Iterable[Text]:
    for drive in drives:
        if drive.needed and drive.needed + reserve > drive.free:
            models = dict.fromkeys(w.model for w in to_write if w.volume == drive.volume)
            example = next(w.state.destination for w in to_write if w.volume == drive.volume)
            yield text(
                "the drive of {folder} has {free} free; {models} need {needed}, and {reserve} stay in reserve",
                folder=example.parent,
                free=size(drive.free),
                models=", ".join(models),
                needed=size(drive.needed),
                reserve=size(reserve),
            )


def _name_refusals(wanted: Iterable[Wanted], limits: PathLimits) -> Iterable[Text]:
    by_model: dict[str, list[Wanted]] = defaultdict(list)
    for one in wanted:
        by_model[one.model].append(one)
    for model, files in by_model.items():
        for one in files:
            found = names.problem(one.state.file.path, limits)
            if found is None and limits.length(str(one.state.destination)) > limits.path:
                found = text("“{path}…” makes a path that is too long here", path=names.shown(one.state.file.path, 60))
            if found is not None:
                yield text("{model}: {problem}", model=model, problem=found)
        for first, second in names.clashes(one.state.file.path for one in files):
            yield text(
                "{model}: “{first}” and “{second}” are one name on some systems",
                model=model,
                first=names.shown(first),
                second=names.shown(second),
            )


def _place_refusals(wanted: Iterable[Wanted]) -> Iterable[Text]:
    """Two models that would overwrite each other's file for ever."""
    first: dict[PurePath, Wanted] = {}
    for one in wanted:
        other = first.setdefault(one.state.destination, one)
        if other.model != one.model and other.state.file.digest != one.state.file.digest:
            yield text(
                "{first} and {second} both put “{path}” into one folder, with other bytes",
                first=other.model,
                second=one.model,
                path=names.shown(one.state.file.path),
            )
