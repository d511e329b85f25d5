"""A single file under a name that the engine decides, whatever the hub calls it.

<folder>/<name>
<folder>/../.model-preload/<digest>.part      (see files.staging)

Engines test such a file for bare existence, and take one of no bytes too: it comes by one rename of a whole part.
"""

from pathlib import Path

from model_preload.core.caches.plain import PlainCache
from model_preload.core.files import Disk
from model_preload.core.values import ListedFile


class SingleFileCache(PlainCache):
    """See `caches.base.Cache`; the model must be of one file, which the folder may hold beside others."""

    def __init__(self, path: Path, disk: Disk) -> None:
        super().__init__(path.parent, disk)
        self._path = path

    def destination(self, file: ListedFile) -> Path:
        return self._path
