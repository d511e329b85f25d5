"""MinerU's own settings, which lead it to a local folder: `{"models-dir": {"pipeline": "<folder>"}}`.

Source: mineru's `utils/config_reader.py`, `get_local_models_dir`; the folder is the one that contains `models/`.
"""

import json
from pathlib import Path
from typing import Any

from model_preload.core.errors import NotJson, NotUtf8
from model_preload.core.files import Disk

_BOM = "\ufeff"


class MinerUConfig:
    """See `caches.base.Announcement`; what else the file says is kept, and so are its permissions.

    Of a file that is changed for the first time the former one stays as `<name>.bak`. A link to the file stays one.
    """

    def __init__(self, path: Path, folder: Path, disk: Disk) -> None:
        self._path = path
        self._folder = folder
        self._disk = disk

    def made(self) -> bool:
        """Not by a file with a byte order mark, which MinerU's own reader does not take."""
        try:
            written = self._disk.read_text(self._path, exact=True) or ""
            folders = self._parsed(written).get("models-dir")
        except (NotJson, NotUtf8):
            return False
        named = folders.get("pipeline") if isinstance(folders, dict) else None
        return isinstance(named, str) and Path(named) == self._folder and not written.startswith(_BOM)

    def make(self) -> None:
        """Raises NotJson, NotUtf8 if there is a file that says something else."""
        written = self._disk.read_text(self._path, exact=True)
        found = {} if written is None else self._parsed(written)
        folders = found.get("models-dir")
        kept = folders if isinstance(folders, dict) else {}
        changed = {**found, "models-dir": {**kept, "pipeline": str(self._folder)}}
        target = self._disk.behind_links(self._path)
        like = None if written is None else target
        if like is not None:
            self._keep(target)
        self._disk.write_bytes(target, _written(changed), like=like)

    def _keep(self, target: Path) -> None:
        backup = target.with_name(f"{target.name}.bak")
        content = self._disk.read_bytes(target)
        if content is not None and self._disk.stat(backup) is None:
            self._disk.write_bytes(backup, content, like=target)

    def _parsed(self, written: str) -> dict[str, Any]:
        try:
            found = json.loads(written.removeprefix(_BOM))
        except (ValueError, RecursionError) as error:
            raise NotJson(self._path) from error
        if not isinstance(found, dict):
            raise NotJson(self._path)
        return found


def _written(settings: dict[str, Any]) -> bytes:
    """As people read it; in ASCII if half a surrogate pair is in it, which JSON can name and UTF-8 can't hold."""
    try:
        return f"{json.dumps(settings, ensure_ascii=False, indent=4)}\n".encode()
    except UnicodeEncodeError:
        return f"{json.dumps(settings, indent=4)}\n".encode()
