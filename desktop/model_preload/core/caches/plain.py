"""What layouts have in common whose files are found by their names alone: nothing is to be said at the end."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path

from model_preload.core.events import Control
from model_preload.core.files import Disk, adopt, staging_folder
from model_preload.core.values import ListedFile, Published


class PlainCache(ABC):
    """See `caches.base.Cache`; a layout adds where a file goes."""

    as_a_whole = False

    def __init__(self, folder: Path, disk: Disk) -> None:
        self.location = folder
        self._disk = disk

    @property
    def staging(self) -> Path:
        return staging_folder(self.location, self._disk)

    @abstractmethod
    def destination(self, file: ListedFile) -> Path: ...

    def candidates(self, file: ListedFile) -> Iterable[Path]:
        return ()

    def publish(self, part: Path, file: ListedFile, control: Control) -> tuple[Published, ...]:
        return (self._disk.replace(part, self.destination(file)),)

    def adopt(self, candidate: Path, file: ListedFile, control: Control) -> tuple[Published, ...]:
        target = self.destination(file)
        found = adopt(candidate, target, self._disk, staging=self.staging, digest=file.digest, control=control)
        return () if found is None else (found,)

    def foreign_ref(self) -> str | None:
        return None

    def announced(self) -> bool:
        return True

    def left_aside(self) -> bool:
        return False

    def prepare(self) -> None:  # noqa: B027  there is nothing to prepare for one rename a file
        pass

    def complete(self, files: Sequence[ListedFile], control: Control) -> tuple[tuple[Path, Path], ...]:
        return ()
