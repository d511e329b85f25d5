"""What every layout offers, bound to one model at one commit."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from model_preload.core.events import Control
from model_preload.core.values import ListedFile, Published


class Cache(Protocol):
    """One model's place in a layout. Methods that write raise DiskProblem; any thread may call.

    `control` ends a wait for another program's lock.

    Attributes:
        location: the folder that people are shown.
        staging: where parts are written: the same volume, outside what the layout's readers scan.
        as_a_whole: published files take their places together, by `complete`.
    """

    @property
    def location(self) -> Path: ...

    @property
    def staging(self) -> Path: ...

    @property
    def as_a_whole(self) -> bool: ...

    def destination(self, file: ListedFile) -> Path:
        """Where the engine reads the file; what was published and waits for `complete`: where it lies until then."""

    def candidates(self, file: ListedFile) -> Iterable[Path]:
        """Other places in the layout where the same bytes may lie, most likely first."""

    def publish(self, part: Path, file: ListedFile, control: Control) -> tuple[Published, ...]:
        """Give a part, whose digest matched, its final name in one atomic step.

        Returns everything that holds these bytes now, the destination first.
        """

    def adopt(self, candidate: Path, file: ListedFile, control: Control) -> tuple[Published, ...]:
        """The same with a file of the layout, whose digest matched, that stays where it is.

        Returns nothing if it was to be copied and does not hold these bytes any more. Raises Cancelled too.
        """

    def foreign_ref(self) -> str | None:
        """The commit that the layout's readers would take instead of ours; None if they take ours or none yet."""

    def announced(self) -> bool:
        """Whether the layout's readers find this commit by what they ask for: `complete` was reached."""

    def left_aside(self) -> bool:
        """Whether a run that was killed left something that `complete` puts back, though the readers are served."""

    def prepare(self) -> None:
        """Before anything is fetched: raises DiskProblem if this place can't take what `complete` would do."""

    def complete(self, files: Sequence[ListedFile], control: Control) -> tuple[tuple[Path, Path], ...]:
        """Every file is published: say so to the layout's readers. Only for who is alone in the staging folder.

        Args:
            files: all that are listed.

        Returns which files were renamed by that, from where to where; their sizes and mtimes are what they were.

        Raises Cancelled, too: then it was not said.
        """


class Announcement(Protocol):
    """What leads readers to a folder, where its name alone does not. Methods raise DiskProblem."""

    def made(self) -> bool: ...

    def make(self) -> None: ...
