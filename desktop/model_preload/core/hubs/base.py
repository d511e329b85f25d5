"""What every hub offers."""

from dataclasses import dataclass
from typing import Protocol, TypeGuard, TypeVar

from model_preload.core.events import Control
from model_preload.core.http import Token
from model_preload.core.values import ListedFile, Listing

MAX_SIZE = 1 << 44
"""Bytes of one file: far more than hubs take, and all files of the longest listing still add up to 64 bits."""

SourceT = TypeVar("SourceT", contravariant=True)


@dataclass(frozen=True, slots=True)
class Location:
    """Where to ask for a file.

    Attributes:
        url: the hub's own address; it may redirect.
        token: goes to the hub's own origin only; None if there is none.
        version: a strong ETag where the listing has no digest, else "".
    """

    url: str
    token: Token | None
    version: str


class Hub(Protocol[SourceT]):
    """One hub at one endpoint; any thread may call."""

    def list(self, source: SourceT, control: Control) -> Listing:
        """The whole listing of a source, before include and exclude, with its revision resolved.

        Raises HubProblem, Cancelled.
        """

    def locate(self, source: SourceT, listing: Listing, file: ListedFile) -> Location:
        """Where to ask for a file of that listing; no network."""


def is_size(told: object) -> TypeGuard[int]:
    """Whether what a hub says can be the size of a file."""
    return type(told) is int and 0 <= told <= MAX_SIZE
