"""A plain folder: each file under its own path.

<folder>/<path>
<folder>/../.model-preload/<digest>.part      (see files.staging)
"""

from collections.abc import Iterable
from pathlib import Path

from model_preload.core.events import Control
from model_preload.core.files import Disk, staging_folder
from model_preload.core.values import ListedFile, Published


class FolderCache:
    """See `caches.base.Cache`."""

    as_a_whole = False

    def __init__(self, folder: Path, disk: Disk) -> None:
        self.location = folder
        self._disk = disk

    @property
    def staging(self) -> Path:
        return staging_folder(self.location, self._disk)

    def destination(self, file: ListedFile) -> Path:
        return self.location.joinpath(*file.path.split("/"))

    def candidates(self, file: ListedFile) -> Iterable[Path]:
        return ()

    def publish(self, part: Path, file: ListedFile, control: Control) -> tuple[Published, ...]:
        return (self._disk.replace(part, self.destination(file)),)

    def adopt(self, candidate: Path, file: ListedFile, control: Control) -> tuple[Published, ...]:
        return (self._disk.adopt(candidate, self.destination(file)),)

    def foreign_ref(self) -> str | None:
        return None

    def announced(self) -> bool:
        return True

    def complete(self) -> tuple[tuple[Path, Path], ...]:
        return ()
