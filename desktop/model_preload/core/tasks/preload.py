"""The main job: bring every model that was asked for, and prove it."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from model_preload.core import errors
from model_preload.core.caches import Cache
from model_preload.core.catalog import Model
from model_preload.core.events import Cancelled, Control, EventSink, ModelFinished, ModelStarted, Notice
from model_preload.core.journal import RunError
from model_preload.core.queue import Queue
from model_preload.core.readiness import proven, survey
from model_preload.core.tasks.plan import plan_for
from model_preload.core.tasks.services import Pinned, Services, first_answer, pin
from model_preload.core.tasks.status import check, hash_files, status
from model_preload.core.texts import text
from model_preload.core.transfer import Job, Transfer
from model_preload.core.values import FileState, FileStatus, ListedFile, Published

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


def preload(
    services: Services,
    queue: Queue,
    keys: Sequence[str],
    control: Control,
    sink: EventSink,
    *,
    purpose: str,
    wait: bool = False,
    force: bool = False,
) -> RunReport:
    """Bring those models and the parts they need, in the queue's order.

    A model that fails does not stop the others; its error is in the report. A cancel is not an error: the
    report's outcome is `interrupted`, and what was fetched stays for the next run.

    Args:
        sink: told of events from this thread only.
        purpose: how this run is named to another one that is refused.
        wait: until another run is over, instead of being refused.
        force: ask the hub for the newest commit, and hash what is here instead of trusting the journal.

    Raises:
        UnknownModel, HeldByAnother, PlanRefused, PlaceUnknown: nothing was begun.
        DiskProblem, JournalUnusable: state folder or journal can't be used.
        Cancelled: while waiting for another run.
    """
    models = services.catalog.with_parts(keys)

    def on_wait(holder: str) -> None:
        sink(Notice("", text("Waiting for another run to end: {holder}.", holder=holder)))

    with queue.running(purpose, control if wait else None, on_wait):
        queue.add(model.key for model in models)
        run = _Run(services, queue, models, control, sink, force)
        return run.run()


class _Run:
    """One run, from the first listing to the report."""

    def __init__(
        self, services: Services, queue: Queue, models: Sequence[Model], control: Control, sink: EventSink, force: bool
    ) -> None:
        self._services = services
        self._queue = queue
        self._control = control
        self._sink = sink
        self._force = force
        order = {key: number for number, key in enumerate(queue.in_order(model.key for model in models))}
        self._models = sorted(models, key=lambda model: order[model.key])
        self._errors: list[RunError] = []
        self._fetched = 0
        self._total = 0

    def run(self) -> RunReport:
        number = self._services.journal.runs.start([model.key for model in self._models])
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
            self._sink(ModelStarted(model.key, position, len(pins)))
            self._queue.started(model.key)
            before = self._fetched
            try:
                ready = self._bring(pinned)
            except errors.Circumstance as problem:
                self._record(model, "", problem)
                ready = False
            except Cancelled:
                self._queue.waiting(model.key)
                raise
            if ready:
                self._queue.done(model.key)
            else:
                self._queue.failed(model.key)
            (found,) = status(self._services, [model.key], self._control)
            self._sink(ModelFinished(model.key, found.verdict, self._fetched - before))

    def _pin_all(self) -> list[Pinned]:
        """Every listing that can be had; a model without one fails by itself."""
        pins = []
        for model in self._models:
            try:
                pins.append(pin(self._services, model, self._control, refresh=self._force))
            except (errors.HubProblem, errors.TransferProblem, errors.UsageProblem) as problem:
                self._record(model, "", problem)
                self._queue.failed(model.key)
        return pins

    def _bring(self, pinned: Pinned) -> bool:
        """One model, from the first source that brings all of it; True if every file is in place."""
        sources = list(pinned.model.sources)
        left = sources[sources.index(pinned.source) + 1 :]
        while True:
            failed = self._bring_from(pinned)
            if not failed:
                self._complete(pinned)
                return True
            if not left or any(isinstance(problem, errors.DiskProblem) for problem in failed.values()):
                self._record_all(pinned.model, failed)
                return False
            self._sink(
                Notice(
                    pinned.model.key, text("{source} failed, the next source is tried", source=pinned.source.identity)
                )
            )
            try:
                pinned = first_answer(self._services, pinned.model, left, self._control)
            except (errors.HubProblem, errors.TransferProblem):
                self._record_all(pinned.model, failed)
                raise
            left = left[left.index(pinned.source) + 1 :]

    def _bring_from(self, pinned: Pinned) -> dict[str, errors.Circumstance]:
        services = self._services
        plan_for(services, [pinned]).require()
        self._check_what_is_here(pinned)
        plan = plan_for(services, [pinned])
        plan.require()
        transfer = Transfer(
            pinned.model.key,
            client=services.client,
            disk=services.disk,
            journal=services.journal,
            control=self._control,
            report=self._sink,
        )
        jobs = self._jobs(pinned, [wanted.state.file for wanted in plan.fetch])
        try:
            return transfer.run(jobs)
        finally:
            self._fetched += transfer.bytes_fetched

    def _jobs(self, pinned: Pinned, files: Sequence[ListedFile]) -> list[Job]:
        """One job for each distinct content: files of one digest are fetched once."""
        hub = self._services.hub_for(pinned.source)
        by_part: dict[Path, list[ListedFile]] = {}
        for file in files:
            by_part.setdefault(pinned.part(file), []).append(file)
        jobs = []
        for same in by_part.values():
            where = hub.locate(pinned.source, pinned.listing, same[0])
            jobs.append(
                Job(
                    same[0],
                    where.url,
                    where.token,
                    where.version,
                    pinned.part(same[0]),
                    partial(_publish, pinned.cache, same=same, control=self._control),
                )
            )
        return jobs

    def _check_what_is_here(self, pinned: Pinned) -> None:
        """Hash what may be the right bytes already, and take it over where it is."""
        services = self._services
        if self._force:
            check(services, pinned, self._control, self._sink)
        states = survey(pinned.cache, pinned.files, services.disk, services.journal)
        wanted = [(s.destination, s.file) for s in states if s.status is FileStatus.UNVERIFIED]
        wanted += [(s.candidate, s.file) for s in states if s.candidate is not None and not self._proven(s)]
        hash_files(services, pinned.model.key, wanted, self._control, self._sink)
        for state in states:
            if state.candidate is not None and state.file.digest is not None and self._proven(state):
                for published in pinned.cache.adopt(state.candidate, state.file, self._control):
                    services.journal.files.save(published, state.file.digest)

    def _proven(self, state: FileState) -> bool:
        """Whether the candidate is known to hold the right bytes."""
        if state.candidate is None or state.file.digest is None:
            return False
        return proven(state.candidate, state.file.digest, self._services.disk, self._services.journal)

    def _complete(self, pinned: Pinned) -> None:
        foreign = pinned.cache.foreign_ref()
        if foreign is not None:
            message = text(
                "the cache pointed to {old}; it points to {new} now", old=foreign[:40], new=pinned.listing.commit
            )
            log.log(logging.INFO if self._force else logging.WARNING, "%s: %s", pinned.model.key, message)
            self._sink(Notice(pinned.model.key, message))
        pinned.cache.complete()

    def _record_all(self, model: Model, failed: Mapping[str, errors.Circumstance]) -> None:
        for path, problem in failed.items():
            self._record(model, path, problem)

    def _record(self, model: Model, path: str, problem: errors.Circumstance) -> None:
        log.error("%s: %s", f"{model.key}: {path}" if path else model.key, problem)
        self._errors.append(RunError(model.key, path, problem.code, f"{problem.title} {problem.next_step}"))


def _publish(cache: Cache, part: Path, same: Sequence[ListedFile], control: Control) -> tuple[Published, ...]:
    """Publish a part under every name that the listing gives these bytes."""
    published = cache.publish(part, same[0], control)
    for file in same[1:]:
        published += cache.adopt(published[-1].path, file, control)
    return published
