"""The folders that matter, and room and file systems of their drives."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from model_preload.core import errors
from model_preload.core.files import staging_folder
from model_preload.core.plan import Plan
from model_preload.core.tasks.doctor.finding import Finding, met, note, ok, problem, untested
from model_preload.core.tasks.doctor.machine import Machine
from model_preload.core.tasks.plan import plan_for
from model_preload.core.tasks.services import Pinned, Services, stored_pin
from model_preload.core.texts import Text, size, text

_FAT = {"fat", "fat12", "fat16", "fat32", "vfat", "msdos", "msdosfs", "dos"}
_FAT_LIMIT = (1 << 32) - 1
"""Bytes of the largest file. Microsoft: "Limitations of FAT32 File System"."""
_LEAST_ROOM = 50_000_000
"""Bytes without which the journal and the log can't be counted on either."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder that the program or an engine uses.

    Attributes:
        name: what it is, for people.
        folder: where it is, or would be.
        staging: where files are written first.
        models: whether models come to lie there.
    """

    name: Text
    folder: Path
    staging: Path
    models: bool

    @property
    def told(self) -> Text:
        return text("{name} ({folder})", name=self.name, folder=self.folder)


def places(services: Services, home: Path, temp: Path) -> tuple[Place, ...]:
    """State folder, Hugging Face cache, each folder of the catalog, temporary files.

    A folder below the platform's is left out while that is not known: the check `platform` tells. So is one that
    a file should name which can't be read: `status` tells.
    """
    found = [Place(text("the program's state"), home, home, models=False)]
    folders: dict[Path, Text] = {}
    for model in services.catalog.models:
        try:
            folder = services.folder_for(model)
        except (errors.PlaceUnknown, errors.DiskProblem):
            continue
        if folder == services.cache_root:
            folders.setdefault(folder, text("the Hugging Face cache"))
        else:
            folders.setdefault(folder, text("the place of {model}", model=model.key))
    found += [Place(name, folder, _staging(services, folder), models=True) for folder, name in folders.items()]
    return (*found, Place(text("temporary files"), temp, temp, models=False))


def _staging(services: Services, folder: Path) -> Path:
    try:
        return staging_folder(folder, services.disk)
    except errors.DiskProblem:
        return folder  # the trials there will say what is wrong with it


def stored_pins(services: Services) -> tuple[Pinned, ...]:
    """What is known of the models without the network."""
    pins = []
    for model in services.catalog.models:
        try:
            pinned = stored_pin(services, model)
        except (errors.PlaceUnknown, errors.UsageProblem, errors.SourceUnfit, errors.DiskProblem):
            continue
        if pinned is not None:
            pins.append(pinned)
    return tuple(pins)


def room(services: Services, all_places: Sequence[Place]) -> Iterable[Finding]:
    """Each drive: what it has, and what is still to be fetched there, as far as listings are stored."""
    pins = stored_pins(services)
    plan = plan_for(services, pins)
    unlisted = len(services.catalog.models) - len(pins)
    drives: dict[str, list[Place]] = {}
    for place in all_places:
        try:
            drives.setdefault(services.disk.volume(place.staging), []).append(place)
        except errors.DiskProblem as found:
            yield met("space", found)
    for volume, on_it in drives.items():
        yield _room(services, volume, on_it, plan, unlisted)


def _room(services: Services, volume: str, on_it: Sequence[Place], plan: Plan, unlisted: int) -> Finding:
    free = services.disk.free_bytes(on_it[0].staging)
    needed = sum(drive.needed for drive in plan.drives if drive.volume == volume)
    reserve = services.settings.reserve
    told = text(
        "Drive {drive} with {places}: {free} free",
        drive=volume,
        places=", ".join(str(place.told) for place in on_it),
        free=size(free),
    )
    if needed:
        told = text("{told}; {needed} are still to be fetched there", told=told, needed=size(needed))
    elif any(place.models for place in on_it) and unlisted:
        told = text("{told}; what is to be fetched is not known before the first “preload”", told=told)
    short = needed + reserve - free if needed else _LEAST_ROOM - free
    if short > 0:
        step = text("Make at least {short} free on this drive, or choose another place.", short=size(short))
        return problem("space", told, step)
    if free < reserve:
        return note("space", told, text("Make room: {reserve} are to stay free.", reserve=size(reserve)))
    return ok("space", told)


def file_system(services: Services, machine: Machine, place: Place) -> Finding:
    """Whether the largest listed file fits what the file system can hold."""
    kind = machine.filesystem(place.staging)
    if kind is None:
        return untested("filesystem", place.told, text("the system does not tell the file system's type"))
    told = text("{place}: {kind}", place=place.told, kind=kind)
    if kind.lower() not in _FAT:
        return ok("filesystem", told)
    here = services.disk.volume(place.staging)
    files = [file for pin in stored_pins(services) if services.disk.volume(pin.staging) == here for file in pin.files]
    largest = max(files, key=lambda file: file.size, default=None)
    step = text("Use a drive with NTFS or exFAT, or reformat this one (which deletes everything on it).")
    if largest is not None and largest.size > _FAT_LIMIT and place.models:
        return problem(
            "filesystem",
            text(
                "{told}; it holds no file over 4 GiB, and {file} has {size}",
                told=told,
                file=largest.path,
                size=size(largest.size),
            ),
            step,
        )
    return note("filesystem", text("{told}; it holds no file over 4 GiB", told=told), step)
