"""What would be fetched: listings, what is here, and room; no byte of a model moves."""

import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from model_preload.core.events import Control
from model_preload.core.files import boot_id
from model_preload.core.plan import PathLimits, Plan, Wanted, make_plan
from model_preload.core.readiness import survey
from model_preload.core.tasks.services import Pinned, Services, pin
from model_preload.core.values import FileStatus, ListedFile


def plan(services: Services, keys: Sequence[str], control: Control) -> Plan:
    """The plan for those models and their parts; it may hold refusals.

    Raises UnknownModel, HubProblem, TransferProblem, PlaceUnknown, DiskProblem, Cancelled.
    """
    return plan_for(services, [pin(services, model, control) for model in services.catalog.with_parts(keys)])


def plan_for(services: Services, pins: Sequence[Pinned], unreadable: Collection[Path] = ()) -> Plan:
    """The same for models whose listings are known; see `survey`. Raises DiskProblem, JournalUnusable."""
    wanted: list[Wanted] = []
    free: dict[str, int] = {}
    parts: set[Path] = set()
    for pinned in pins:
        volume = services.disk.volume(pinned.staging)
        free.setdefault(volume, services.disk.free_bytes(pinned.staging))
        for state in survey(pinned.cache, pinned.files, services.disk, services.journal, unreadable):
            resumed = 0 if state.status is FileStatus.VERIFIED else _resumed(services, pinned, state.file)
            part = pinned.part(state.file)
            copied = state.candidate is not None and services.disk.volume(state.candidate) != volume
            wanted.append(Wanted(pinned.model.key, state, volume, resumed, shared=part in parts, copied=copied))
            if wanted[-1].to_fetch:
                parts.add(part)
    return make_plan(wanted, free, services.settings.reserve, PathLimits.of(sys.platform))


def _resumed(services: Services, pinned: Pinned, file: ListedFile) -> int:
    record = services.journal.parts.load(pinned.part(file))
    if record is None or record.size != file.size:
        return 0
    return sum(end - start for start, end in record.trusted(boot_id()))
