"""A single file under a name that the engine decides, whatever the hub calls it.

<folder>/<name>
<folder>/../.model-preload/<digest>.part      (see files.staging)

Engines test such a file for bare existence, and take one of no bytes too: it comes by one rename of a whole part.
"""

from collections.abc import Iterable
from pathlib import Path

from model_preload.core.events import Control
from model_preload.core.files import Disk, staging_folder
from model_preload.core.values import ListedFile, Published


class SingleFileCache:
    """See `caches.base.Cache`; the model must be of one file."""

    as_a_whole = False

    def __init__(self, path: Path, disk: Disk) -> None:
        self._path = path
        self._disk = disk

    @property
    def location(self) -> Path:
        return self._path.parent

    @property
    def staging(self) -> Path:
        return staging_folder(self.location, self._disk)

    def destination(self, file: ListedFile) -> Path:
        return self._path

    def candidates(self, file: ListedFile) -> Iterable[Path]:
        return ()

    def publish(self, part: Path, file: ListedFile, control: Control) -> tuple[Published, ...]:
        return (self._disk.replace(part, self._path),)

    def adopt(self, candidate: Path, file: ListedFile, control: Control) -> tuple[Published, ...]:
        return (self._disk.adopt(candidate, self._path),)

    def foreign_ref(self) -> str | None:
        return None

    def announced(self) -> bool:
        return True

    def complete(self) -> tuple[tuple[Path, Path], ...]:
        return ()
