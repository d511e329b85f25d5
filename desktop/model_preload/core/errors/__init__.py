"""Circumstances: what can go wrong outside the program, told so that a person can act.

Each has a `code` (stable, for programs), a `title` (what happened, to what) and a `next_step` (what to do
about it), both marked for translation. A fault of our own is not a circumstance: it is raised as the
plain exception that it is and ends in the log with its traceback.
"""

from model_preload.core.errors.base import Circumstance
from model_preload.core.errors.disks import AccessDenied, DiskFailed, DiskFull, DiskProblem, NotAFolder
from model_preload.core.errors.hubs import (
    AnswerInvalid,
    AnswerTooLarge,
    DeadlineExceeded,
    HubBusy,
    HubProblem,
    HubRefused,
    HubTimeout,
    HubUnreachable,
    HubUnsupported,
    RedirectRefused,
    RepositoryGated,
    RepositoryMissing,
    RepositoryPrivate,
    RevisionMissing,
    SourceEmpty,
    TokenRefused,
)
from model_preload.core.errors.refused import (
    HeldByAnother,
    JournalTooNew,
    JournalUnusable,
    PlaceUnknown,
    PlanRefused,
    Refused,
)
from model_preload.core.errors.transfer import ConnectionLost, DigestMismatch, LengthWrong, RangeWrong, TransferProblem
from model_preload.core.errors.usage import CatalogProblem, PlaceUnfit, SettingsProblem, UnknownModel, UsageProblem

__all__ = [
    "AccessDenied",
    "AnswerInvalid",
    "AnswerTooLarge",
    "CatalogProblem",
    "Circumstance",
    "ConnectionLost",
    "DeadlineExceeded",
    "DigestMismatch",
    "DiskFailed",
    "DiskFull",
    "DiskProblem",
    "HeldByAnother",
    "HubBusy",
    "HubProblem",
    "HubRefused",
    "HubTimeout",
    "HubUnreachable",
    "HubUnsupported",
    "JournalTooNew",
    "JournalUnusable",
    "LengthWrong",
    "NotAFolder",
    "PlaceUnfit",
    "PlaceUnknown",
    "PlanRefused",
    "RangeWrong",
    "RedirectRefused",
    "Refused",
    "RepositoryGated",
    "RepositoryMissing",
    "RepositoryPrivate",
    "RevisionMissing",
    "SettingsProblem",
    "SourceEmpty",
    "TokenRefused",
    "TransferProblem",
    "UnknownModel",
    "UsageProblem",
]
