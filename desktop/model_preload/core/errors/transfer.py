"""Files whose bytes could not be brought whole."""

from typing import ClassVar

from model_preload.core.errors.base import Circumstance
from model_preload.core.texts import text


class TransferProblem(Circumstance):
    """A file could not be brought whole.

    Attributes:
        retryable: whether the same request may succeed a little later.
    """

    code = "transfer"
    retryable: ClassVar[bool] = True


class ConnectionLost(TransferProblem):
    code = "connection-lost"

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(
            text("The connection to {host} broke: {reason}.", host=host, reason=reason),
            text("Start again; it goes on where it stopped."),
        )


class LengthWrong(TransferProblem):
    code = "length-wrong"

    def __init__(self, path: str, found: str, expected: int) -> None:
        super().__init__(
            text(
                "{path}: the hub offers {found} bytes, its listing says {expected}.",
                path=path,
                found=found,
                expected=expected,
            ),
            text("Start again later. If it stays, the hub or a proxy serves another file than it lists."),
        )


class RangeWrong(TransferProblem):
    code = "range-wrong"

    def __init__(self, path: str, found: str, expected: str) -> None:
        super().__init__(
            text(
                "{path}: asked for {expected}, the hub answered with {found}.",
                path=path,
                found=found,
                expected=expected,
            ),
            text("Start again later, or choose another hub or mirror."),
        )


class DigestMismatch(TransferProblem):
    code = "digest-mismatch"
    retryable = False

    def __init__(self, path: str, found: str, expected: str) -> None:
        super().__init__(
            text(
                "{path}: what came has {found}, listed is {expected}. It was thrown away.",
                path=path,
                found=found,
                expected=expected,
            ),
            text("Start again, or choose another hub or mirror: this one served wrong bytes."),
        )
