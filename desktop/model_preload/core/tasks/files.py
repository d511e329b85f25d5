"""A model's files one by one, for who wants to see each: as they are listed, and as they lie on the disk."""

import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from model_preload.core import errors
from model_preload.core.caches.huggingface import repository_folder
from model_preload.core.catalog import Model
from model_preload.core.events import Control
from model_preload.core.readiness import survey
from model_preload.core.tasks.services import Services, stored_pin
from model_preload.core.texts import Text
from model_preload.core.values import FileState

log = logging.getLogger("model_preload.tasks")


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One listed file; `model` is the key of the model, or of the part, whose it is."""

    model: str
    state: FileState


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """What is known of a model's place and files.

    Attributes:
        place: the folder where it belongs; None if that is not known.
        why: what decided that; None if it is not known.
        source: identity of the source that the listing is from; "" if there is no listing.
        commit: of that listing.
        listed_at: when the hub gave it; None if there is none.
        files: its own, then those of its parts; of the pinned listings.
    """

    place: Path | None = None
    why: Text | None = None
    source: str = ""
    commit: str = ""
    listed_at: datetime | None = None
    files: tuple[ModelFile, ...] = ()


def kept_in(location: Path) -> Path:
    """What to delete for the room that the files of a model at that location take."""
    return repository_folder(location) or location


def files(services: Services, key: str, control: Control) -> ModelFiles:
    """Those of one model and its parts, from the journal and the disk alone; no byte is read.

    Raises:
        UnknownModel, JournalUnusable, DiskProblem, Cancelled.
    """
    model = services.catalog.model(key)
    parts = [one for one in services.catalog.with_parts([key]) if one.key != key]
    found = _own(services, model)
    told = list(found.files)
    for part in parts:
        control.check()
        told += _own(services, part).files
    control.check()
    return ModelFiles(found.place, found.why, found.source, found.commit, found.listed_at, tuple(told))


def _own(services: Services, model: Model) -> ModelFiles:
    place, why = _place(services, model)
    try:
        pinned = stored_pin(services, model)
    except (errors.PlaceUnknown, errors.UsageProblem, errors.SourceUnfit, errors.PathGone) as problem:
        log.info("%s: its files can't be told: %s", model.key, problem)  # the verdict's reasons say so
        return ModelFiles(place, why)
    if pinned is None:
        return ModelFiles(place, why)
    listing = pinned.listing
    states = survey(pinned.cache, pinned.files, services.disk, services.journal)
    return ModelFiles(
        place,
        why,
        listing.source,
        listing.commit,
        listing.listed_at,
        tuple(ModelFile(model.key, state) for state in states),
    )


def _place(services: Services, model: Model) -> tuple[Path | None, Text | None]:
    try:
        return services.folder_for(model), services.why(model)
    except errors.PlaceUnknown:
        return None, None
