"""A plain folder: each file under its own path.

<folder>/<path>
<folder>/../.model-preload/<digest>.part      (see files.staging)
"""

from pathlib import Path

from model_preload.core.caches.plain import PlainCache
from model_preload.core.values import ListedFile


class FolderCache(PlainCache):
    """See `caches.base.Cache`."""

    def destination(self, file: ListedFile) -> Path:
        return self.location.joinpath(*file.path.split("/"))
