"""A folder that takes its place as a whole, for engines that take one for whole as soon as it exists.

    <root>/<name>/<path>                          what the engine reads
    <root>/.model-preload/                        parts, see files.staging
        <name>-<id>/<model>-<listing>/<path>      published files until all are there
        <name>-<id>/old/<path>                    what was in its place, for the moment of the exchange

PaddleX and FunASR ask whether the folder is there and nothing else: a part of one is used as it is and never
repaired. So files are published into a folder beside the others, and `complete` renames that. A folder that is
there already stays until then. What is good in it, and what of it is none of ours, is brought over by hard link, or
copy where there are none. Its links, and what was written into it until it was renamed, follow by rename when the new
one is in place; nothing of that goes over a listed file.

The exchange is two renames. Between them the engine finds nothing, which is no lie; a run that was killed there is
healed by the next one, whether the engine made the folder again or not. If the folder is a link or junction, all this
is done with what it leads to, and the link stays.
"""

import hashlib
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from model_preload.core import errors
from model_preload.core.caches.base import Announcement
from model_preload.core.events import Control
from model_preload.core.files import Disk, adopt, staging_folder
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
        self._place = disk.behind_links(folder)
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
        target = _at(self._new, file.path)
        found = self._disk.stat(target) if candidate == target else None
        if found is not None:
            return (Published.of(target, found),)
        adopted = adopt(candidate, target, self._disk, staging=self.staging, digest=file.digest, control=control)
        return () if adopted is None else (adopted,)

    def foreign_ref(self) -> str | None:
        return None

    def announced(self) -> bool:
        return not self._disk.has_entries(self._new) and (self._announcement is None or self._announcement.made())

    def left_aside(self) -> bool:
        return self._disk.is_folder(self._old)

    def prepare(self) -> None:
        if self.staging.is_relative_to(self._place):
            raise errors.PlaceFixed(self.location, self._place.parent)

    def complete(self, files: Sequence[ListedFile], control: Control) -> tuple[tuple[Path, Path], ...]:
        built = self._disk.tree(self._new)
        self._merge(files)
        if built:
            self._bring_over(built, control)
            self._require_sizes(files)
            self._exchange()
            with suppress(errors.DiskProblem):  # the next run goes on with it
                self._merge(files)
            self._remove_builds()
        self._remove_empty()
        if self._announcement is not None and not self._announcement.made():
            self._announcement.make()
        return tuple((_at(self._new, path), _at(self.location, path)) for path in built)

    def _bring_over(self, built: Sequence[str], control: Control) -> None:
        """Give the new folder what only the one in place has, or the one that a killed run left aside.

        Other models' files are among it, and what is known of them goes on holding: they are linked, or copied to the
        byte and with their mtimes.
        """
        if self._disk.stat(self._place) is not None:
            raise errors.NotAFolder(self.location)
        before = self._place if self._disk.is_folder(self._place) else self._old
        ours = _Names(built)
        for path in self._disk.tree(before):
            if not ours.clash(path) and not self._disk.is_link(_at(before, path)):
                source, target = _at(before, path), _at(self._new, path)
                adopt(source, target, self._disk, staging=self.staging, digest=None, control=control)

    def _require_sizes(self, files: Iterable[ListedFile]) -> None:
        """An engine that writes into the folder in place writes into the new one's files too."""
        for file in files:
            path = _at(self._new, file.path)
            found = self._disk.stat(path)
            if found is None or found.st_size != file.size:
                raise errors.DiskFailed(path, "that its size changed since it was checked")

    def _exchange(self) -> None:
        if self._disk.is_folder(self._place):
            self._disk.replace(self._place, self._old)
        try:
            self._disk.replace(self._new, self._place)
        except errors.DiskProblem:
            with suppress(errors.DiskProblem):
                self._disk.replace(self._old, self._place)
            raise

    def _merge(self, files: Iterable[ListedFile]) -> None:
        """Move what was left aside and is none of ours into the folder in place, then delete the rest.

        Of a file that is in both the younger stays.
        """
        if not (self._disk.is_folder(self._old) and self._disk.is_folder(self._place)):
            return
        ours = _Names(file.path for file in files)
        for path in self._disk.tree(self._old):
            if not ours.clash(path) and self._is_wanted(_at(self._old, path), _at(self._place, path)):
                self._disk.move(_at(self._old, path), _at(self._place, path))
        self._disk.remove_tree(self._old)

    def _is_wanted(self, left: Path, there: Path) -> bool:
        """A folder where a file was is wanted, so that the move says so: neither is dropped."""
        if self._disk.is_link(there):
            return False
        found, mine = self._disk.stat(there), self._disk.stat(left)
        return found is None or (mine is not None and mine.st_mtime_ns > found.st_mtime_ns)

    def _remove_builds(self) -> None:
        """Also what this model built of other listings."""
        for name in self._disk.subfolders(self._work):
            if name.startswith(f"{self._model}-"):
                with suppress(errors.DiskProblem):
                    self._disk.remove_tree(self._work / name)

    def _remove_empty(self) -> None:
        if not self._disk.has_entries(self._work):
            with suppress(errors.DiskProblem):
                self._disk.remove_tree(self._work)


class _Names:
    """Paths of files, as the system tells them apart."""

    def __init__(self, paths: Iterable[str]) -> None:
        written = list(paths)
        self._files = {os.path.normcase(path) for path in written}
        self._all = self._files.union(*map(_above, written))

    def clash(self, path: str) -> bool:
        """Whether something at that path would be one of them, a folder of theirs, or below one of them."""
        return os.path.normcase(path) in self._all or not self._files.isdisjoint(_above(path))


def _above(path: str) -> set[str]:
    return {os.path.normcase(str(one)) for one in PurePosixPath(path).parents}


def _at(folder: Path, path: str) -> Path:
    return folder.joinpath(*path.split("/"))


def _short(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
