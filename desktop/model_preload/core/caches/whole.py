"""A folder that takes its place as a whole, for engines that take one for whole as soon as it exists.

    <root>/<name>/<path>                          what the engine reads
    <root>/.model-preload/                        parts, see files.staging
        <name>-<id>/<model>-<listing>/<path>      published files until all are there
        <name>-<id>/old/<path>                    what was in its place, for the moment of the exchange

PaddleX and FunASR ask whether the folder is there and nothing else: a part of one is used as it is and never
repaired. So files are published into a folder beside the others, and `complete` renames that. A folder that is
there already stays until then. What is good in it, and what of it is none of ours, is brought over by hard link, or
copy where there are none; links to folders in it are not.

The exchange is two renames. Between them the engine finds nothing, which is no lie; a run that was killed there is
healed by the next one.
"""

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path, PurePosixPath

from model_preload.core import errors
from model_preload.core.caches.base import Announcement
from model_preload.core.events import Control
from model_preload.core.files import Disk, staging_folder
from model_preload.core.values import ListedFile, Published


class WholeFolderCache:
    """See `caches.base.Cache`.

    Args:
        folder: the model's own.
        model: key; folders that several models share are built by each on its own.
        listing: names what is to lie there, so that no folder is built out of two commits.
        announcement: what has to lead the engine to the folder, if its name alone does not.
    """

    as_a_whole = True

    def __init__(
        self, folder: Path, model: str, listing: str, *, disk: Disk, announcement: Announcement | None = None
    ) -> None:
        self.location = folder
        self._model = _short(model)
        self._listing = _short(listing)
        self._disk = disk
        self._announcement = announcement
        self._work = self.staging / f"{folder.name[:40]}-{_short(str(folder))}"
        self._new = self._work / f"{self._model}-{self._listing}"
        self._old = self._work / "old"

    @property
    def staging(self) -> Path:
        return staging_folder(self.location, self._disk)

    def destination(self, file: ListedFile) -> Path:
        built = _at(self._new, file.path)
        return built if self._disk.stat(built) is not None else _at(self.location, file.path)

    def candidates(self, file: ListedFile) -> Iterable[Path]:
        return (_at(self._old, file.path),)

    def publish(self, part: Path, file: ListedFile, control: Control) -> tuple[Published, ...]:
        return (self._disk.replace(part, _at(self._new, file.path)),)

    def adopt(self, candidate: Path, file: ListedFile, control: Control) -> tuple[Published, ...]:
        return (self._disk.adopt(candidate, _at(self._new, file.path)),)

    def foreign_ref(self) -> str | None:
        return None

    def announced(self) -> bool:
        return not self._disk.has_entries(self._new) and (self._announcement is None or self._announcement.made())

    def complete(self) -> tuple[tuple[Path, Path], ...]:
        built = self._disk.tree(self._new)
        if built:
            self._bring_over(built)
            self._exchange()
        self._clean(builds=bool(built))
        if self._announcement is not None and not self._announcement.made():
            self._announcement.make()
        return tuple((_at(self._new, path), _at(self.location, path)) for path in built)

    def _bring_over(self, built: Iterable[str]) -> None:
        """Give the new folder what only the one in place has, or the one that a killed run left aside."""
        if self._disk.stat(self.location) is not None:
            raise errors.NotAFolder(self.location)
        before = self.location if self._is_there(self.location) else self._old
        files = {os.path.normcase(path) for path in built}
        folders = {os.path.normcase(str(above)) for path in built for above in PurePosixPath(path).parents}
        for path in self._disk.tree(before):
            above = {os.path.normcase(str(one)) for one in PurePosixPath(path).parents}
            if self._disk.stat(_at(before, path)) is None:
                continue  # a link that leads nowhere
            if os.path.normcase(path) not in files | folders and not above & files:
                self._disk.adopt(_at(before, path), _at(self._new, path))

    def _exchange(self) -> None:
        if self._is_there(self.location):
            self._disk.remove_tree(self._old)
            self._disk.replace(self.location, self._old)
        try:
            self._disk.replace(self._new, self.location)
        except errors.DiskProblem:
            with suppress(errors.DiskProblem):
                self._disk.replace(self._old, self.location)
            raise

    def _clean(self, *, builds: bool) -> None:
        """Delete what an exchange left; what can't be, the next time.

        Args:
            builds: also what this model built of other listings, which without the staging folder's lock
                another installation may be at.
        """
        if not self._is_there(self._work):
            return
        names = self._disk.subfolders(self._work)
        gone = [name for name in names if builds and name.startswith(f"{self._model}-")]
        if self._is_there(self.location):
            gone.append(self._old.name)
        with suppress(errors.DiskProblem):
            for name in gone:
                self._disk.remove_tree(self._work / name)
            if not self._disk.has_entries(self._work):
                self._disk.remove_tree(self._work)

    def _is_there(self, folder: Path) -> bool:
        return folder.name in self._disk.subfolders(folder.parent)


def _at(folder: Path, path: str) -> Path:
    return folder.joinpath(*path.split("/"))


def _short(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
