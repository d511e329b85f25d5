"""The root of the tree of circumstances."""

from collections.abc import Iterator
from typing import ClassVar

from model_preload.core.texts import Text


class Circumstance(Exception):
    """The root of the tree.

    Attributes:
        code: stable name, lower case with hyphens.
        exit_code: of a command that ends by it (design: 1 not ready, 2 usage, 3 refused).
        needs_person: trying again changes nothing until someone made room, accepted a licence, set a token, …
        title: what happened, naming the thing and the reason.
        next_step: what the person can do.
    """

    code: ClassVar[str] = "circumstance"
    exit_code: ClassVar[int] = 1
    needs_person: ClassVar[bool] = False

    def __init__(self, title: Text, next_step: Text) -> None:
        super().__init__(title)
        self.title = title
        self.next_step = next_step

    def __str__(self) -> str:
        return str(self.title)


def needs_person(code: str) -> bool:
    """The same for a code, as journal and notices keep it; False for one that is not known."""
    return any(kind.code == code and kind.needs_person for kind in _family(Circumstance))


def _family(kind: type[Circumstance]) -> Iterator[type[Circumstance]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _family(below)
