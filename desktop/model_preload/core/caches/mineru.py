"""MinerU's own settings, which lead it to a local folder: `{"models-dir": {"pipeline": "<folder>"}}`.

Source: mineru's `utils/config_reader.py`, `get_local_models_dir`; the folder is the one that contains `models/`.
"""

import json
from pathlib import Path
from typing import Any

from model_preload.core.errors import NotJson
from model_preload.core.files import Disk


class MinerUConfig:
    """See `caches.base.Announcement`; what else the file says is kept."""

    def __init__(self, path: Path, folder: Path, disk: Disk) -> None:
        self._path = path
        self._folder = folder
        self._disk = disk

    def made(self) -> bool:
        try:
            folders = self._read().get("models-dir")
        except NotJson:
            return False
        named = folders.get("pipeline") if isinstance(folders, dict) else None
        return isinstance(named, str) and Path(named) == self._folder

    def make(self) -> None:
        """Raises NotJson if there is a file that says something else."""
        found = self._read()
        folders = found.get("models-dir")
        kept = folders if isinstance(folders, dict) else {}
        changed = {**found, "models-dir": {**kept, "pipeline": str(self._folder)}}
        self._disk.write_text(self._path, json.dumps(changed, ensure_ascii=False, indent=4) + "\n")

    def _read(self) -> dict[str, Any]:
        written = self._disk.read_text(self._path)
        if written is None:
            return {}
        try:
            found = json.loads(written)
        except (ValueError, RecursionError) as error:
            raise NotJson(self._path) from error
        if not isinstance(found, dict):
            raise NotJson(self._path)
        return found
