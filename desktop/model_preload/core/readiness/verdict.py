"""From the states of files to one word and its reasons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from model_preload.core.plan import names
from model_preload.core.texts import Text, plural, text
from model_preload.core.values import FileState, FileStatus, Verdict

_NAMED = 5


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict on one model's own files.

    Attributes:
        verdict: of its files; whether its parts are ready is looked at by `tasks.status`.
        reasons: why it is not ready, in words; empty when it is.
        files, files_ready: how many are listed, and how many of them are proven.
        bytes: of all listed files.
        checked_at: when the oldest of the proofs was made; None unless every file is proven.
    """

    verdict: Verdict
    reasons: tuple[Text, ...]
    files: int
    files_ready: int
    bytes: int
    checked_at: datetime | None


def judge(states: Sequence[FileState], foreign_ref: str | None = None, *, announced: bool = True) -> Judgement:
    """The verdict on these states.

    Args:
        states: of every file of the pinned listing that the catalog wants; not empty.
        foreign_ref: the commit that the engine would take instead, if another program moved the ref.
        announced: whether the layout's readers find this commit; see `Cache.announced`.
    """
    by_status = {status: [s for s in states if s.status is status] for status in FileStatus}
    verified = by_status[FileStatus.VERIFIED]
    damaged, absent = by_status[FileStatus.DAMAGED], by_status[FileStatus.ABSENT]
    unknown = [s for s in by_status[FileStatus.UNVERIFIED] if s.file.digest is None]
    changed = [s for s in by_status[FileStatus.UNVERIFIED] if s.file.digest is not None]
    reasons = []
    if damaged:
        reasons.append(
            plural(
                "{n} file is damaged: {names}", "{n} files are damaged: {names}", len(damaged), names=_names(damaged)
            )
        )
    if absent:
        reasons.append(
            plural("{n} file is missing: {names}", "{n} files are missing: {names}", len(absent), names=_names(absent))
        )
    if changed:
        reasons.append(
            plural(
                "{n} file is not checked, or changed since: {names}",
                "{n} files are not checked, or changed since: {names}",
                len(changed),
                names=_names(changed),
            )
        )
    if unknown:
        reasons.append(
            plural(
                "{n} file has no digest to check it by: {names}",
                "{n} files have no digest to check them by: {names}",
                len(unknown),
                names=_names(unknown),
            )
        )
    if foreign_ref is not None:
        reasons.append(text("another program moved the cache to {commit}", commit=foreign_ref[:40]))
    elif not announced and len(verified) == len(states):
        reasons.append(text("its files are here, but the engine does not find them yet; preload it"))
    return Judgement(
        _verdict(by_status, found=announced and foreign_ref is None),
        tuple(reasons),
        len(states),
        len(verified),
        sum(s.file.size for s in states),
        min((s.checked_at for s in verified if s.checked_at), default=None) if len(verified) == len(states) else None,
    )


def _verdict(by_status: dict[FileStatus, list[FileState]], *, found: bool) -> Verdict:
    absent = by_status[FileStatus.ABSENT]
    if by_status[FileStatus.DAMAGED]:
        return Verdict.DAMAGED
    if absent:
        return (
            Verdict.PARTIAL if any(by_status[s] for s in FileStatus if s is not FileStatus.ABSENT) else Verdict.MISSING
        )
    if by_status[FileStatus.UNVERIFIED] or not found:
        return Verdict.UNVERIFIED
    return Verdict.READY


def _names(states: Sequence[FileState]) -> str:
    shown = ", ".join(names.shown(state.file.path) for state in states[:_NAMED])
    return shown if len(states) <= _NAMED else f"{shown}, …"
