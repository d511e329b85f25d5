"""What is here: a verdict for each model, from the journal and the disk alone; the network is never asked."""

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from model_preload.core import errors
from model_preload.core.catalog import Model
from model_preload.core.events import Control, EventSink, Notice, Phase, Progress
from model_preload.core.journal import Proof
from model_preload.core.readiness import Judgement, check_files, judge, survey
from model_preload.core.tasks.services import Pinned, Services, moved_by_another, stored_pin
from model_preload.core.texts import Text, text
from model_preload.core.values import DigestAlgorithm, FileStatus, ListedFile, Verdict

log = logging.getLogger("model_preload.tasks")

_TOLD = 5
"""Files that can't be read, told with the drive's reason."""


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """One model as it stands.

    Attributes:
        ready: its verdict is Ready or Outdated, and so is that of every part it needs.
        verdict: of its own files.
        reasons: in words; empty if it is ready.
        files, files_ready, bytes: of the pinned listing; 0 if there is none yet.
        location: where its engine reads it; None if that is not known.
        checked_at: when the oldest digest was checked; None unless every one was.
        proof: the engine's own code was seen to find this listing's files in this place; None unless the model's files
            are ready.
    """

    model: Model
    ready: bool
    verdict: Verdict
    reasons: tuple[Text, ...]
    files: int
    files_ready: int
    bytes: int
    location: Path | None
    checked_at: datetime | None
    proof: Proof | None = None


def status(
    services: Services,
    keys: Sequence[str],
    control: Control,
    *,
    deep: bool = False,
    sink: EventSink = lambda _event: None,
) -> tuple[ModelStatus, ...]:
    """The status of those models, of all where none is named; their parts are looked at too, and told as reasons.

    Args:
        deep: read every byte again instead of trusting size and mtime.
        sink: told of the progress of that, and of a journal that was made anew, from the calling thread.

    Raises:
        UnknownModel, JournalUnusable, Cancelled. DiskProblem: the journal can't be written.
    """
    if services.journal.recovered:
        sink(Notice("", services.journal.recovered))
    judged = {model.key: _judged(services, model, control, deep, sink) for model in services.catalog.with_parts(keys)}
    return tuple(_status(services, model, judged) for model in services.catalog.select(keys))


@dataclass(frozen=True, slots=True)
class _Judged:
    judgement: Judgement
    location: Path | None
    proof: Proof | None = None


def _judged(services: Services, model: Model, control: Control, deep: bool, sink: EventSink) -> _Judged:
    try:
        pinned = stored_pin(services, model)
        if pinned is None:
            return _Judged(*_without_listing(services, model))
        unreadable = check(services, pinned, control, sink) if deep else {}
        states = survey(pinned.cache, pinned.files, services.disk, services.journal, unreadable)
        found = judge(states, moved_by_another(services, pinned), announced=pinned.cache.announced())
        told = tuple(problem.title for problem in unreadable.values())
        found = replace(found, reasons=found.reasons + told[:_TOLD])
    except (errors.PlaceUnknown, errors.UsageProblem, errors.SourceUnfit, errors.PathGone) as problem:
        return _Judged(_unlisted(problem.title), None)
    except errors.DiskProblem as problem:
        if problem.path == services.journal.database.path:
            raise  # it is no model's own
        return _Judged(Judgement(Verdict.UNVERIFIED, (problem.title,), 0, 0, 0, None), None)
    proof = services.journal.proofs.load(model.key) if found.verdict.ready else None
    holds = proof is not None and proof.holds(pinned.listing.commit, services.place_of(model))
    return _Judged(found, pinned.cache.location, proof if holds else None)


def check(services: Services, pinned: Pinned, control: Control, sink: EventSink) -> Mapping[Path, errors.DiskProblem]:
    """Hash every file of a model that is there; see `hash_files`. Raises DiskProblem, Cancelled."""
    states = survey(pinned.cache, pinned.files, services.disk, services.journal)
    wanted = [(state.destination, state.file) for state in states if state.status is not FileStatus.ABSENT]
    return hash_files(services, pinned.model.key, wanted, control, sink)


def hash_files(
    services: Services, key: str, wanted: Iterable[tuple[Path, ListedFile]], control: Control, sink: EventSink
) -> Mapping[Path, errors.DiskProblem]:
    """Hash files that should hold what is listed, and remember the digests; one listed without digest is left out.

    Returns:
        Those that can't be read, and why.

    Raises:
        JournalUnusable, Cancelled. DiskProblem: the journal can't be written.
    """
    sizes: dict[Path, int] = {}
    algorithms: list[tuple[Path, DigestAlgorithm]] = []
    for path, file in wanted:
        if file.digest is not None and path not in sizes:
            sizes[path] = file.size
            algorithms.append((path, file.digest.algorithm))
    total = sum(sizes.values())
    began = time.monotonic()

    def report(files: int, bytes_: int) -> None:
        speed = bytes_ / max(0.05, time.monotonic() - began)
        left = max(0, total - bytes_) / speed if speed > 1 else None
        sink(Progress(key, Phase.CHECKING, bytes_, total, files, len(algorithms), speed, left))

    unreadable = check_files(algorithms, services.disk, services.journal, control, report)
    for problem in unreadable.values():
        log.warning("%s: %s", key, problem)
    return unreadable


def reprove(services: Services, model: Model) -> None:
    """Hash what is known by the digest of another hub only by that of the stored listing again.

    Hubs name small files by digests of two kinds. Where a run hashed them by those of a listing that did not come to be
    the stored one, the stored one's proofs were lost by that. Raises JournalUnusable, DiskProblem.
    """
    try:
        stored = stored_pin(services, model)
    except (errors.PlaceUnknown, errors.UsageProblem, errors.SourceUnfit):
        return  # as the verdict says
    if stored is None:
        return
    changed = [
        (state.destination, state.file)
        for state in survey(stored.cache, stored.files, services.disk, services.journal)
        if state.status is FileStatus.UNVERIFIED
    ]
    records = services.journal.files.load([path for path, _ in changed])
    wanted = [
        (path, file)
        for path, file in changed
        if path in records and file.digest and records[path].digest.algorithm != file.digest.algorithm
    ]
    hash_files(services, model.key, wanted, Control(), lambda _event: None)  # they are small: a cancel can wait


def _without_listing(services: Services, model: Model) -> tuple[Judgement, Path | None]:
    """Nothing is known of what belongs there; whether anything lies there can be said all the same."""
    place = services.place_of(model)
    there = services.disk.stat(place) is not None or services.disk.has_entries(place)
    if there and place != services.cache_root:
        reason = text("there are files in its place, but no listing to check them by; preload it")
        return Judgement(Verdict.UNVERIFIED, (reason,), 0, 0, 0, None), place
    return _unlisted(text("it was not preloaded yet")), place


def _unlisted(reason: Text) -> Judgement:
    return Judgement(Verdict.MISSING, (reason,), 0, 0, 0, None)


def _status(services: Services, model: Model, judged: dict[str, _Judged]) -> ModelStatus:
    own = judged[model.key]
    parts = [part for part in services.catalog.with_parts([model.key]) if part.key != model.key]
    missing = [part for part in parts if not judged[part.key].judgement.verdict.ready]
    told = tuple(
        text("its part {part} is not ready: {verdict}", part=part.key, verdict=judged[part.key].judgement.verdict.label)
        for part in missing
    )
    judgement = own.judgement
    return ModelStatus(
        model,
        judgement.verdict.ready and not missing,
        judgement.verdict,
        judgement.reasons + told,
        judgement.files,
        judgement.files_ready,
        judgement.bytes,
        own.location,
        judgement.checked_at,
        own.proof,
    )
