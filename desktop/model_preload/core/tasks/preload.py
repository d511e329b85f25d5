"""The main job: bring every model that was asked for, and prove it."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import partial
from pathlib import Path

from model_preload.core import errors
from model_preload.core.catalog import Model
from model_preload.core.events import Cancelled, Control, EventSink, ModelFinished, ModelStarted, Notice
from model_preload.core.journal import RunError
from model_preload.core.queue import Queue
from model_preload.core.readiness import Survey, proven, survey
from model_preload.core.tasks.checkout import announce
from model_preload.core.tasks.jobs import jobs
from model_preload.core.tasks.plan import plan_for
from model_preload.core.tasks.room import PATIENCE, Room
from model_preload.core.tasks.services import (
    Due,
    Pinned,
    Services,
    first_answer,
    keep,
    moved_by_another,
    pin,
    stored_pin,
)
from model_preload.core.tasks.staging import alone_in, clean_parts
from model_preload.core.tasks.status import check, hash_files, reprove, status
from model_preload.core.texts import Text, text
from model_preload.core.transfer import Transfer, salvage
from model_preload.core.values import Digest, FileState, FileStatus, ListedFile, Published

log = logging.getLogger("model_preload.tasks")


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run came to.

    Attributes:
        outcome: done, failed or interrupted.
        bytes_fetched, bytes_total: from the network, and what the plan at the start wanted from it.
        errors: what could not be done.
    """

    id: int
    started_at: datetime
    finished_at: datetime
    outcome: str
    bytes_fetched: int
    bytes_total: int
    errors: tuple[RunError, ...]


class Mode(Enum):
    """What a run does with what is here.

    BRING trusts the journal, RENEW asks the hub for the newest commit and hashes what is here, REPAIR hashes
    what is here and fetches nothing but what is damaged.
    """

    BRING = "bring"
    RENEW = "renew"
    REPAIR = "repair"


def preload(
    services: Services,
    queue: Queue,
    keys: Sequence[str],
    control: Control,
    sink: EventSink,
    *,
    purpose: str,
    wait: bool = False,
    mode: Mode = Mode.BRING,
    patience: float = PATIENCE,
    wake: Collection[str] | None = None,
) -> RunReport:
    """Bring those models and the parts they need, in the queue's order. None named means all.

    A model that fails does not stop the others; its error is in the report. A cancel is not an error: the
    report's outcome is `interrupted`, and what was fetched stays for the next run.

    Args:
        sink: told of events from this thread only.
        purpose: how this run is named to another one that is refused.
        wait: until another run is over, instead of being refused.
        mode: see `Mode`.
        patience: seconds to wait for room when a drive is full.
        wake: the models that someone named, who want them even if they are paused; by default all of `keys`. What
            else is paused in the queue, or becomes so before its turn, is passed over.

    Raises:
        UnknownModel, HeldByAnother, PlanRefused: nothing was begun. PlaceUnknown: of none of them it is known.
        DiskProblem, JournalUnusable: state folder or journal can't be used.
        Cancelled: while waiting for another run.
    """
    models = services.catalog.with_parts(keys)

    def on_wait(told: Text) -> None:
        sink(Notice("", told))

    if services.journal.recovered:
        sink(Notice("", services.journal.recovered))
    with queue.running(purpose, control if wait else None, on_wait):
        named = keys if wake is None else wake
        woken = {model.key for model in services.catalog.with_parts(named)} if named else set()
        sparing = {model.key for model in models} - woken
        queue.add((model.key for model in models), sparing=sparing)
        if services.output is None:
            clean_parts(services, (entry.model for entry in queue.entries()))
        alone = partial(alone_in, disk=services.disk, purpose=purpose, wait=control if wait else None)
        run = _Run(services, queue, models, control, sink, mode, patience, alone)
        return run.run()


class _Run:
    """One run, from the first listing to the report."""

    def __init__(
        self,
        services: Services,
        queue: Queue,
        models: Sequence[Model],
        control: Control,
        sink: EventSink,
        mode: Mode,
        patience: float,
        alone: Callable[[Path], AbstractContextManager[None]],
    ) -> None:
        self._services = services
        self._queue = queue
        self._control = control
        self._sink = sink
        self._mode = mode
        self._alone = alone
        by_key = {model.key: model for model in models}
        self._models = [by_key[key] for key in queue.in_order(by_key)]
        for key in by_key.keys() - {model.key for model in self._models}:
            sink(Notice(key, text("It is paused and stays so until it is resumed, or preloaded by its name.")))
        self._errors: list[RunError] = []
        self._unreadable: dict[Path, errors.DiskProblem] = {}
        self._room = Room(services, control, sink, patience, self._unreadable)
        self._fetched = 0
        self._total = 0

    def run(self) -> RunReport:
        for_here = self._services.output is None
        number = self._services.journal.runs.start([model.key for model in self._models], chosen=for_here)
        outcome = "failed"
        try:
            self._bring_all()
            outcome = "failed" if self._errors else "done"
        except Cancelled:
            outcome = "interrupted"
        finally:
            self._services.journal.runs.finish(number, outcome, self._fetched, self._total, self._errors)
        summary = self._services.journal.runs.load(number)
        assert summary is not None and summary.finished_at is not None  # noqa: PT018  written a line above
        return RunReport(
            number,
            summary.started_at,
            summary.finished_at,
            outcome,
            self._fetched,
            self._total,
            summary.errors,
        )

    def _bring_all(self) -> None:
        pins = self._pin_all()
        whole = plan_for(self._services, pins)
        whole.require()
        self._total = whole.bytes_to_fetch
        for position, pinned in enumerate(pins, start=1):
            model = pinned.model
            if not self._queue.started(model.key):
                continue
            self._sink(ModelStarted(model.key, position, len(pins)))
            before = self._fetched
            ready = False
            try:
                ready = self._bring(pinned)
            except errors.JournalUnusable:
                raise  # the other models would meet it too
            except errors.Circumstance as problem:
                self._record(model, "", problem)
            except Cancelled:
                self._queue.waiting(model.key)
                self._stay(pinned)
                raise
            if ready:
                self._queue.done(model.key)
            else:
                self._queue.failed(model.key)
                self._stay(pinned)
            (found,) = status(self._services, [model.key], self._control)
            self._sink(ModelFinished(model.key, found.verdict, self._fetched - before))

    def _stay(self, pinned: Pinned) -> None:
        """What was not brought to its end leaves the older listing as true as it was."""
        if pinned.due in (Due.FIRST_FILE, Due.ALL_FILES):
            with suppress(errors.DiskProblem):
                reprove(self._services, pinned.model)

    def _pin_all(self) -> list[Pinned]:
        """Every listing that can be had; a model without one, or whose place is not known or gone, fails by itself."""
        pins = []
        unplaced: list[errors.PlaceUnknown] = []
        for model in self._models:
            try:
                if self._mode is Mode.REPAIR and stored_pin(self._services, model) is None:
                    self._queue.done(model.key)  # what was never here is not damaged
                    continue
                renew, stay = self._mode is Mode.RENEW, self._mode is Mode.REPAIR
                pinned = pin(self._services, model, self._control, refresh=renew, stay=stay)
                keep(self._services, pinned, Due.NOW)
                pins.append(pinned)
            except errors.PlaceUnknown as problem:
                unplaced.append(problem)
                self._queue.failed(model.key)
                if len(unplaced) == len(self._models):
                    raise
                self._record(model, "", problem)
            except (errors.HubProblem, errors.TransferProblem, errors.UsageProblem, errors.DiskProblem) as problem:
                self._record(model, "", problem)
                self._queue.failed(model.key)
        return pins

    def _bring(self, pinned: Pinned) -> bool:
        """One model, from the first source that brings all of it; True if every file is in place."""
        sources = self._services.sources_of(pinned.model)
        left = () if self._mode is Mode.REPAIR else sources[sources.index(pinned.source) + 1 :]
        while True:
            failed = self._room.attempt(pinned, partial(self._bring_wholly, pinned))
            if not failed:
                return _is_whole(self._survey(pinned))
            if not left or any(isinstance(problem, errors.DiskProblem) for problem in failed.values()):
                self._record_all(pinned.model, failed)
                return False
            self._sink(
                Notice(pinned.model.key, text("{source} failed, the next source is tried", source=pinned.source.name))
            )
            try:
                pinned = first_answer(self._services, pinned.model, left, self._control)
            except (errors.HubProblem, errors.TransferProblem):
                self._record_all(pinned.model, failed)
                raise
            keep(self._services, pinned, Due.NOW)
            left = left[left.index(pinned.source) + 1 :]

    def _bring_wholly(self, pinned: Pinned) -> dict[str, errors.Circumstance]:
        failed = self._bring_from(pinned)
        if not failed:
            self._complete(pinned)
        return failed

    def _bring_from(self, pinned: Pinned) -> dict[str, errors.Circumstance]:
        if self._mode is not Mode.BRING:
            self._unreadable.update(check(self._services, pinned, self._control, self._sink))
        if all(state.status is FileStatus.VERIFIED for state in self._take_what_is_here(pinned)):
            return self._fetch(pinned, [])  # nothing to write: the folder may be a read-only one
        pinned.cache.prepare()
        announce(self._services.settings.platform, pinned, self._services.disk, self._sink)
        with self._alone(pinned.staging):
            return self._fetch(pinned, self._wanted(pinned))  # another installation may have been at work there

    def _wanted(self, pinned: Pinned) -> list[FileState]:
        """What has to be fetched, after everything that is here was taken over.

        Raises PlanRefused, DiskProblem, Cancelled; DiskFull also if others filled the drive since the run began.
        """
        self._take_what_is_here(pinned)
        plan = plan_for(self._services, [pinned], self._unreadable)
        if plan.lacks_room:
            raise errors.DiskFull(pinned.part(plan.fetch[0].state.file), plan.drives[0].free)
        plan.require()
        wanted = [one.state for one in plan.fetch]
        if self._mode is not Mode.REPAIR:
            return wanted
        damaged = [state for state in wanted if _is_damaged(state)]
        return wanted if damaged and pinned.cache.as_a_whole else damaged  # it can only be exchanged whole

    def _fetch(self, pinned: Pinned, wanted: Sequence[FileState]) -> dict[str, errors.Circumstance]:
        services = self._services
        for state in filter(_is_damaged, wanted):
            if state.destination in self._unreadable:
                continue  # each of its bad sectors may take minutes again
            part = pinned.part(state.file)
            kept = salvage(state.destination, state.file, part, services.disk, services.journal, self._control)
            log.info("%s: %s is damaged, %d of %d bytes are good", pinned.model.key, part.name, kept, state.file.size)
        transfer = Transfer(
            pinned.model.key,
            client=services.client,
            disk=services.disk,
            journal=services.journal,
            control=self._control,
            report=self._sink,
        )
        try:
            failed = transfer.run(jobs(services, pinned, [state.file for state in wanted], self._control))
        finally:
            self._fetched += transfer.bytes_fetched
        for problem in failed.values():
            if isinstance(problem, errors.JournalUnusable):
                raise problem
        return failed

    def _take_what_is_here(self, pinned: Pinned) -> Survey:
        """Hash what may be the right bytes already, and take it over where it is; what is in place then."""
        states = self._survey(pinned)
        if not any(state.status is FileStatus.UNVERIFIED or state.candidate is not None for state in states):
            return states
        wanted = [(s.destination, s.file) for s in states if s.status is FileStatus.UNVERIFIED]
        doubted = [s for s in states if self._mode is Mode.RENEW or not self._proven(s)]
        wanted += [(s.candidate, s.file) for s in doubted if s.candidate is not None]
        self._hash(pinned, wanted)
        for state in states:
            if state.candidate is not None and state.file.digest is not None and self._proven(state):
                for one in self._adopt(pinned, state.candidate, state.file, state.file.digest):
                    if one.path != state.candidate and not state.candidate.is_relative_to(pinned.staging):
                        self._services.journal.brought.save(one)  # a second name: what it was found by stays
        changed = [(s.destination, s.file) for s in self._survey(pinned) if s.status is FileStatus.UNVERIFIED]
        self._hash(pinned, changed)
        return self._survey(pinned)

    def _survey(self, pinned: Pinned) -> Survey:
        services = self._services
        return survey(pinned.cache, pinned.files, services.disk, services.journal, self._unreadable)

    def _hash(self, pinned: Pinned, wanted: Sequence[tuple[Path, ListedFile]]) -> None:
        """Hash those files; one that can't be read counts as damaged in this run from now on."""
        self._unreadable.update(hash_files(self._services, pinned.model.key, wanted, self._control, self._sink))

    def _adopt(self, pinned: Pinned, found: Path, file: ListedFile, digest: Digest) -> tuple[Published, ...]:
        """Take a file over that is proven, with its proof if it did not change since, or if it was copied and hashed.

        One that changed, as its copy showed, is hashed: then it is known for what it is. Returns the names it has now.
        """
        files = self._services.journal.files
        adopted = pinned.cache.adopt(found, file, self._control)
        record = files.load([found]).get(found)
        for one in adopted:
            if one.path == found:
                continue
            unchanged = record is not None and (record.size, record.mtime_ns) == (one.size, one.mtime_ns)
            if one.hashed or unchanged:
                files.save(one, digest)
            else:
                files.forget([one.path])
        if not adopted:
            self._hash(pinned, [(found, file)])
        return adopted

    def _proven(self, state: FileState) -> bool:
        """Whether the candidate is known to hold the right bytes."""
        if state.candidate is None or state.file.digest is None:
            return False
        return proven(state.candidate, state.file.digest, self._services.disk, self._services.journal)

    def _complete(self, pinned: Pinned) -> None:
        """Tell the cache's readers, unless a file is not here or not the right one, as it may be after a repair."""
        if not pinned.cache.announced():
            with self._alone(pinned.staging):  # another installation may be at the same last step
                self._announce(pinned)
            return
        if not _is_whole(self._survey(pinned)):
            return
        keep(self._services, pinned, Due.ALL_FILES)
        if pinned.cache.left_aside():
            with suppress(errors.DiskProblem, errors.HeldByAnother), self._alone(pinned.staging):
                pinned.cache.complete(pinned.files, self._control)

    def _announce(self, pinned: Pinned) -> None:
        states = self._survey(pinned)
        if _is_whole(states) and pinned.cache.as_a_whole:
            states = self._gather(pinned, states)
        if not _is_whole(states):
            return
        keep(self._services, pinned, Due.ALL_FILES)  # before the ref: of two commits of ours verdicts tell the truth
        foreign = pinned.cache.foreign_ref()
        ours = self._mode is Mode.RENEW or moved_by_another(self._services, pinned) is None
        self._services.journal.moved(pinned.cache.complete(pinned.files, self._control))
        if foreign is not None:
            message = text(
                "the cache pointed to {old}; it points to {new} now", old=foreign[:40], new=pinned.listing.commit
            )
            log.log(logging.INFO if ours else logging.WARNING, "%s: %s", pinned.model.key, message)
            self._sink(Notice(pinned.model.key, message))

    def _gather(self, pinned: Pinned, states: Survey) -> Survey:
        """Every listed file goes into the folder that is exchanged, also one that lies behind a link in the old one.

        Returns what is there then; what changed meanwhile was hashed.
        """
        for state in states:
            if state.file.digest is None:
                pinned.cache.adopt(state.destination, state.file, self._control)
            else:
                self._adopt(pinned, state.destination, state.file, state.file.digest)
        changed = [(s.destination, s.file) for s in self._survey(pinned) if s.status is FileStatus.UNVERIFIED]
        self._hash(pinned, changed)
        return self._survey(pinned)

    def _record_all(self, model: Model, failed: Mapping[str, errors.Circumstance]) -> None:
        for path, problem in failed.items():
            self._record(model, path, problem)

    def _record(self, model: Model, path: str, problem: errors.Circumstance) -> None:
        about = f"{model.key}: {path}" if path else model.key
        log.error("%s: %s", about, problem, extra={"model": model.key})
        self._errors.append(RunError(model.key, path, problem.code, f"{problem.title} {problem.next_step}"))


def _is_whole(states: Survey) -> bool:
    """Whether each file is proven, or there if nothing can prove it."""
    return all(
        s.status is FileStatus.VERIFIED or (s.status is FileStatus.UNVERIFIED and s.file.digest is None) for s in states
    )


def _is_damaged(state: FileState) -> bool:
    return state.status is FileStatus.DAMAGED
