"""What a check says, and how checks run side by side."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from enum import Enum

from model_preload.core import errors
from model_preload.core.events import Cancelled, Control
from model_preload.core.texts import Text, text

CHECKS = (
    *("space", "filesystem", "rights", "links", "long-paths", "holding"),
    *("dns", "hub", "portal", "certificate", "clock", "proxy"),
    *("token", "access", "settings", "environment", "journal", "run"),
    *("system", "graphics", "platform", "platform-env", "platform-service"),
)
"""The names of all checks, in the order in which they are told; docs/doctor.md has a line for each."""

_POLL_SECONDS = 0.05


class Level(Enum):
    """How much a finding matters. A NOTE is worth knowing, and also what could not be tested."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"

    @property
    def label(self) -> Text:
        """The word people see."""
        return {Level.OK: text("OK"), Level.NOTE: text("Note"), Level.PROBLEM: text("Problem")}[self]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found of one thing.

    Attributes:
        check: one of `CHECKS`.
        told: what was found, naming the thing.
        next_step: what to do about it; None if there is nothing to be done.
    """

    check: str
    level: Level
    told: Text
    next_step: Text | None = None


FindingSink = Callable[[Finding], None]
"""It must return quickly and not raise."""


def ok(check: str, told: Text) -> Finding:
    """All is well."""
    return Finding(check, Level.OK, told)


def note(check: str, told: Text, next_step: Text | None = None) -> Finding:
    """Worth knowing."""
    return Finding(check, Level.NOTE, told, next_step)


def problem(check: str, told: Text, next_step: Text) -> Finding:
    """It keeps models from being fetched or read."""
    return Finding(check, Level.PROBLEM, told, next_step)


def untested(check: str, subject: object, reason: object, next_step: Text | None = None) -> Finding:
    """What could not be tried, and why."""
    return note(check, text("{subject}: not tested, {reason}", subject=subject, reason=reason), next_step)


def met(check: str, circumstance: errors.Circumstance) -> Finding:
    """What stood in the way is itself the finding."""
    return problem(check, circumstance.title, circumstance.next_step)


@dataclass(frozen=True)
class Examination:
    """Some checks that are made together, on a thread of their own.

    Attributes:
        check: the first of them, which is told as not done if the whole is not done in time.
        subject: what is examined, for the same sentence.
        run: gives the findings. Its control is cancelled when the time is over. A circumstance that it raises is
            told as a problem of `check`.
        seconds: until it is given up.
        late: told instead of “not tested” where being late is itself a finding.
    """

    check: str
    subject: object
    run: Callable[[Control], Iterable[Finding]]
    seconds: float
    late: Finding | None = None

    def not_done(self) -> Finding:
        return self.late or untested(
            self.check, self.subject, text("no result within {seconds} seconds", seconds=f"{self.seconds:g}")
        )


class _Job:
    """An examination under way."""

    def __init__(self, examination: Examination) -> None:
        self.examination = examination
        self.control = Control()
        self.outcome: Future[tuple[Finding, ...]] = Future()
        # A look-up of a name or a drive that hangs can't be ended from outside: then the thread is left behind.
        threading.Thread(target=self._work, name=f"doctor-{examination.check}", daemon=True).start()
        self._ends = time.monotonic() + examination.seconds

    def findings(self) -> tuple[Finding, ...] | None:
        """None while they are neither there nor late. Raises whatever the examination raises."""
        if not self.outcome.done():
            if time.monotonic() < self._ends:
                return None
            self.control.cancel()
            return (self.examination.not_done(),)
        try:
            return self.outcome.result()
        except errors.Circumstance as found:
            return (met(self.examination.check, found),)

    def _work(self) -> None:
        try:
            self.outcome.set_result(tuple(self.examination.run(self.control)))
        except BaseException as error:  # noqa: BLE001  it is raised again for the caller
            self.outcome.set_exception(error)


def side_by_side(
    examinations: Iterable[Examination], control: Control, sink: FindingSink = lambda _finding: None
) -> tuple[Finding, ...]:
    """All findings, in the order of `CHECKS`; takes no longer than the longest deadline.

    Args:
        sink: told of each finding as it comes, from the calling thread.

    Raises Cancelled within a tenth of a second.
    """
    jobs: Sequence[_Job] = [_Job(examination) for examination in examinations]
    there: dict[_Job, tuple[Finding, ...]] = {}
    try:
        while waiting := [job for job in jobs if job not in there]:
            wait([job.outcome for job in waiting], _POLL_SECONDS, FIRST_COMPLETED)
            if control.cancelled:
                raise Cancelled
            for job in waiting:
                found = job.findings()
                if found is not None:
                    there[job] = found
                    for finding in found:
                        sink(finding)
    finally:
        for job in jobs:
            job.control.cancel()
    told = [finding for job in jobs for finding in there[job]]
    return tuple(sorted(told, key=lambda finding: CHECKS.index(finding.check)))
