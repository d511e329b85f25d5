"""The root of the tree of circumstances."""

from typing import ClassVar

from model_preload.core.texts import Text


class Circumstance(Exception):
    """The root of the tree.

    Attributes:
        code: stable name, lower case with hyphens.
        exit_code: of a command that ends by it (design: 1 not ready, 2 usage, 3 refused).
        title: what happened, naming the thing and the reason.
        next_step: what the person can do.
    """

    code: ClassVar[str] = "circumstance"
    exit_code: ClassVar[int] = 1

    def __init__(self, title: Text, next_step: Text) -> None:
        super().__init__(title)
        self.title = title
        self.next_step = next_step

    def __str__(self) -> str:
        return str(self.title)
