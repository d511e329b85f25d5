"""A folder for machines without a network, as the platform's own download script would make it, but whole and proven.

It is a run like any other, on services whose places lie in that folder. The journal remembers what is there, so that a
second run fetches nothing; neither the queue nor what this machine itself needs is changed by it. Bytes that are
known to lie elsewhere on this machine, such as where an engine reads, are linked or copied instead of fetched.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from model_preload.core import errors
from model_preload.core.catalog import Catalog, Model
from model_preload.core.engines.output import HUB, KEYS, MANIFEST
from model_preload.core.events import Control, Event, EventSink, ModelFinished
from model_preload.core.files import Disk
from model_preload.core.journal import RunError
from model_preload.core.queue import Queue
from model_preload.core.tasks.preload import Mode, RunReport, preload
from model_preload.core.tasks.services import Services, stored_pin
from model_preload.core.tasks.status import ModelStatus, status
from model_preload.core.values import Verdict

_MIB = 1 << 20
_WAS_THERE = (Verdict.READY, Verdict.OUTDATED, Verdict.UNVERIFIED)


@dataclass(frozen=True, slots=True)
class OutputReport:
    """What a run into a folder came to; `manifest` is what was written there as `manifest.json`."""

    run: RunReport
    manifest: Mapping[str, Any]


def usual_keys(catalog: Catalog) -> tuple[str, ...]:
    """What is meant where no model is named: those that the platform's script knows, all of a catalog without them."""
    keys = tuple(model.key for model in catalog.models)
    return tuple(key for key in keys if key in KEYS) or keys


def output_services(services: Services, folder: Path) -> Services:
    """Services on the same journal for a run into a folder.

    A part that lies in the folder of its model becomes an entry `<model>/<part>` of the catalog, once for each
    model that needs it.
    """
    around = replace(services.around, environ={"HF_HUB_CACHE": str(folder / HUB)}, dotenv={}, platform=None)
    return replace(
        services,
        catalog=_with_own_parts(services.catalog),
        settings=replace(services.settings, platform=None),  # whoever names a folder in it knows that files come there
        environ={**services.environ, "HF_HUB_DISABLE_SYMLINKS": "1"},  # not every drive that carries it has links
        around=around,
        output=folder,
    )


def _with_own_parts(catalog: Catalog) -> Catalog:
    own: dict[str, Model] = {}

    def part_of(owner: str, key: str) -> str:
        part = catalog.model(key)
        if (part.place.kind, part.place.name) != ("engine", "funasr"):
            return key
        needs = tuple(part_of(owner, needed) for needed in part.needs)
        made = replace(part, key=f"{owner}/{key}", needs=needs)
        own[made.key] = made
        return made.key

    models = [replace(m, needs=tuple(part_of(m.key, key) for key in m.needs)) for m in catalog.models]
    return Catalog((*models, *own.values()))


def fill(
    services: Services,
    queue: Queue,
    keys: Sequence[str],
    control: Control,
    sink: EventSink,
    *,
    purpose: str,
    language: str,
    wait: bool = False,
    mode: Mode = Mode.BRING,
) -> OutputReport:
    """Bring those models and their parts into the folder of `output_services`, and write its manifest.

    That is written after failures and an interruption too, with what is there; not if nothing was begun.

    Args:
        language: of the names in the manifest.
        wait, mode, purpose: as for `preload`.

    Raises:
        UnknownModel, HeldByAnother, PlanRefused: nothing was begun.
        DiskProblem: the folder can't be written, or the manifest could not be.
        JournalUnusable, Cancelled: as for `preload`.
    """
    folder = services.output
    if folder is None:
        raise ValueError("these services are for the engines' places")
    asked = [model.key for model in services.catalog.select(keys)]
    _require_writable(services.disk, folder)
    _take_listings(services, asked, folder)
    before = {found.model.key: found.verdict for found in status(services, (), control)}
    fetched: dict[str, int] = {}

    def listening(event: Event) -> None:
        if isinstance(event, ModelFinished):
            fetched[event.model] = event.bytes_fetched
        sink(event)

    run = preload(services, queue.apart(), asked, control, listening, purpose=purpose, wait=wait, mode=mode)
    after = {found.model.key: found for found in status(services, (), Control())}
    kept = frozenset(key for key, verdict in before.items() if verdict in _WAS_THERE and not fetched.get(key))
    told = [m for m in services.catalog.models if m.key in asked or (m.key in KEYS and after[m.key].ready)]
    manifest = _Teller(services, after, kept, run.errors, language).manifest(folder, told)
    services.disk.write_text(folder / MANIFEST, json.dumps(manifest, indent=2) + "\n")
    return OutputReport(run, manifest)


def _take_listings(services: Services, asked: Sequence[str], folder: Path) -> None:
    """Begin with the listings of the engines' places, so that what lies there is taken over; later each has its own.

    A newer one for the folder is no newer one for the engines, which would then lack its files.
    """
    listings = services.journal.listings
    for model in services.catalog.with_parts(asked):
        identities = [source.identity for source in model.sources]
        if not any(map(services.listing, identities)):
            for found in filter(None, map(listings.load, identities)):
                listings.save(found, folder)


def _require_writable(disk: Disk, folder: Path) -> None:
    """Raises DiskProblem; only a try tells on every system."""
    probe = folder / ".writable"
    disk.write_text(probe, "")
    disk.remove(probe)


@dataclass(frozen=True)
class _Teller:
    """Makes the manifest.

    Attributes:
        after: how every model stands, by key.
        kept: keys of those that were there before and cost nothing.
        problems: of the run.
        language: of names and descriptions.
    """

    services: Services
    after: Mapping[str, ModelStatus]
    kept: frozenset[str]
    problems: Sequence[RunError]
    language: str

    def manifest(self, folder: Path, models: Sequence[Model]) -> dict[str, Any]:
        """The platform's form, `created` to `total_size_mb`."""
        return {
            "created": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "platform": "cpu",  # what the platform's script writes on every machine
            "output_dir": str(folder),
            "models": {model.key: self._with_parts(model) for model in models},
            "total_size_mb": self._mib(self.services.catalog.with_parts(model.key for model in models)),
        }

    def _with_parts(self, model: Model) -> dict[str, Any]:
        """Of the parts there is more than the platform's script would tell: what each came to."""
        *parts, _ = self.services.catalog.with_parts([model.key])
        told = {part.key.rpartition("/")[2]: self._entry(part, [part]) for part in parts}
        return {**self._entry(model, [model, *parts]), "parts": told}

    def _entry(self, model: Model, group: Sequence[Model]) -> dict[str, Any]:
        found = self.after[model.key]
        ready = all(self.after[one.key].verdict.ready for one in group)
        return {
            "name": model.name.in_language(self.language),
            "status": self._word(group) if not ready else self._came(group),
            "path": str(found.location or ""),
            "size_mb": self._mib(group),
            "description": model.description.in_language(self.language),
            "error": None if ready else self._why(group),
        }

    def _came(self, group: Sequence[Model]) -> str:
        return "already_exists" if all(model.key in self.kept for model in group) else "downloaded"

    def _word(self, group: Sequence[Model]) -> str:
        """What kept it from being ready, in the platform's words."""
        codes = {problem.code for problem in self._of(group)}
        verdicts = {self.after[model.key].verdict for model in group}
        if errors.DigestMismatch.code in codes or (not codes and verdicts & {Verdict.DAMAGED, Verdict.UNVERIFIED}):
            return "verification_failed"
        return "error" if codes & _OF_THIS_MACHINE else "download_failed"

    def _why(self, group: Sequence[Model]) -> str:
        told = [f"{problem.key}: {problem.message}" for problem in self._of(group)]
        told = told or [f"{m.key}: {reason}" for m in group for reason in self.after[m.key].reasons]
        return "\n".join(told)

    def _of(self, group: Sequence[Model]) -> list[RunError]:
        keys = {model.key for model in group}
        return [problem for problem in self.problems if problem.key in keys]

    def _mib(self, models: Iterable[Model]) -> float:
        """MiB of the listed files that lie there, whole or not; one that several of them share counts once."""
        places = {place for model in models for place in self._places(model)}
        found = map(self.services.disk.stat, places)
        return round(sum(one.st_size for one in found if one is not None) / _MIB, 2)

    def _places(self, model: Model) -> Iterable[Path]:
        """Not where files wait for the rest of their folder: nobody finds them there."""
        pinned = stored_pin(self.services, model) if self.after[model.key].location is not None else None
        if pinned is None:
            return []
        places = map(pinned.cache.destination, pinned.files)
        return [place for place in places if not place.is_relative_to(pinned.staging)]


def _codes(kind: type[errors.Circumstance]) -> frozenset[str]:
    return frozenset({kind.code}).union(*map(_codes, kind.__subclasses__()))


_OF_THIS_MACHINE = _codes(errors.DiskProblem) | _codes(errors.Refused) | _codes(errors.UsageProblem)
