"""What would be fetched: listings, what is here, and room; no byte of a model moves."""

import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from model_preload.core import errors
from model_preload.core.events import Control
from model_preload.core.files import boot_id
from model_preload.core.plan import PathLimits, Plan, Wanted, make_plan
from model_preload.core.readiness import survey
from model_preload.core.tasks.services import Pinned, Services, pin
from model_preload.core.texts import Text, text
from model_preload.core.values import FileStatus, ListedFile


def plan(services: Services, keys: Sequence[str], control: Control) -> Plan:
    """The plan for those models and their parts; it may hold refusals, as of a model whose place or drive is gone.

    Raises UnknownModel, HubProblem, TransferProblem, JournalUnusable, Cancelled.
    """
    draft = _Draft(services)
    gone: list[Text] = []
    for model in services.catalog.with_parts(keys):
        try:
            draft.add(pin(services, model, control))
        except (errors.PlaceUnknown, errors.DiskProblem) as problem:
            gone.append(text("{model}: {problem}", model=model.key, problem=problem.title))
    return draft.made(gone)


def plan_for(services: Services, pins: Sequence[Pinned], unreadable: Collection[Path] = ()) -> Plan:
    """The same for models whose listings are known; see `survey`. Raises DiskProblem, JournalUnusable."""
    draft = _Draft(services, unreadable)
    for pinned in pins:
        draft.add(pinned)
    return draft.made()


class _Draft:
    """A plan as it comes together, model by model."""

    def __init__(self, services: Services, unreadable: Collection[Path] = ()) -> None:
        self._services = services
        self._unreadable = unreadable
        self._wanted: list[Wanted] = []
        self._free: dict[str, int] = {}
        self._parts: set[Path] = set()

    def add(self, pinned: Pinned) -> None:
        """All files of a model, or none of them: raises DiskProblem, JournalUnusable."""
        services = self._services
        volume = services.disk.volume(pinned.staging)
        free = services.disk.free_bytes(pinned.staging)
        wanted: list[Wanted] = []
        parts = set(self._parts)
        for state in survey(pinned.cache, pinned.files, services.disk, services.journal, self._unreadable):
            resumed = 0 if state.status is FileStatus.VERIFIED else _resumed(services, pinned, state.file)
            part = pinned.part(state.file)
            copied = state.candidate is not None and services.disk.volume(state.candidate) != volume
            wanted.append(Wanted(pinned.model.key, state, volume, resumed, shared=part in parts, copied=copied))
            if wanted[-1].to_fetch:
                parts.add(part)
        self._free.setdefault(volume, free)
        self._wanted += wanted
        self._parts = parts

    def made(self, refused: Sequence[Text] = ()) -> Plan:
        """The plan; `refused` is why models are not in it."""
        return make_plan(
            self._wanted, self._free, self._services.settings.reserve, PathLimits.of(sys.platform), refused
        )


def _resumed(services: Services, pinned: Pinned, file: ListedFile) -> int:
    record = services.journal.parts.load(pinned.part(file))
    if record is None or record.size != file.size:
        return 0
    return sum(end - start for start, end in record.trusted(boot_id()))
