"""The Hugging Face cache, as huggingface_hub 2.4 reads and writes it.

    <root>/models--<owner>--<name>/
        blobs/<etag>                       the bytes (sha256 of LFS files, git blob sha1 of others)
        snapshots/<commit>/<path>          link to ../../blobs/<etag>; without links the file itself
        refs/<revision>                    the commit as text without a line end; what a reader starts from
    <root>/.locks/models--<owner>--<name>/<etag>.lock
    <root>/../.model-preload/              parts, see files.staging

Source: huggingface_hub's guide "Understand caching" and its `file_download.py`. Where links can't be made
(an ordinary Windows user), the client moves the bytes into `snapshots/` and leaves `blobs/` empty; so do we.
"""

import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import filelock

from model_preload.core.errors import AccessDenied, DiskProblem
from model_preload.core.events import Control
from model_preload.core.files import Disk, adopt, staging_folder
from model_preload.core.files.disk import extended, translated
from model_preload.core.values import ListedFile, Published

_LOCK_SECONDS = 60.0
_LOCK_POLL = 0.1
_TRUE = {"1", "ON", "YES", "TRUE"}


def default_root(environ: Mapping[str, str], home: Path, working: Path | None = None) -> Path:
    """The cache's root by the rules of huggingface_hub's `constants.py`: HF_HUB_CACHE, HF_HOME, XDG, home.

    Args:
        working: the folder in which its user works, where a relative path begins; None for this process's own.
    """
    return (working or Path.cwd()) / _root(environ, home)


def _root(environ: Mapping[str, str], home: Path) -> Path:
    for name, below in (("HF_HUB_CACHE", ""), ("HUGGINGFACE_HUB_CACHE", ""), ("HF_HOME", "hub")):
        if environ.get(name):
            return _expanded(environ[name], environ, home) / below
    xdg = environ.get("XDG_CACHE_HOME")
    return (_expanded(xdg, environ, home) if xdg else home / ".cache") / "huggingface" / "hub"


def links_disabled(environ: Mapping[str, str]) -> bool:
    """Whether the environment tells huggingface_hub, and so us, to do without links."""
    return environ.get("HF_HUB_DISABLE_SYMLINKS", "").upper() in _TRUE


def _expanded(written: str, environ: Mapping[str, str], home: Path) -> Path:
    """With `~`, `$NAME`, `${NAME}` and `%NAME%` filled in as far as they are known."""
    if written == "~" or written.startswith(("~/", "~\\")):
        written = f"{home}{written[1:]}"
    for form in (r"\$(\w+)", r"\$\{([^}]*)\}", *((r"%([^%]+)%",) if sys.platform == "win32" else ())):
        written = re.sub(form, lambda found: environ.get(found[1], found[0]), written, flags=re.ASCII)
    return Path(written)


def repository_folder(snapshot: Path) -> Path | None:
    """The folder of the repository whose snapshot that is; None if it is none.

    With links the bytes are beside the snapshots, so that to delete a snapshot frees nothing.
    """
    folder = snapshot.parent.parent
    return folder if snapshot.parent.name == "snapshots" and folder.name.startswith("models--") else None


def forget_commits(removed: Iterable[Path], disk: Disk) -> tuple[Path, ...]:
    """Delete the refs to commits of which, by that removal, no file is left, and return them; others stay."""
    snapshots = {
        folder
        for path in removed
        for folder in path.parents
        if folder.parent.name == "snapshots" and folder.parents[1].name.startswith("models--")
    }
    deleted = []
    for snapshot in snapshots:
        refs = snapshot.parents[1] / "refs"
        with suppress(DiskProblem):
            for name in () if disk.tree(snapshot) else disk.tree(refs):
                if (disk.read_text(refs / name) or "").strip() == snapshot.name:
                    disk.remove(refs / name)
                    deleted.append(refs / name)
    return tuple(deleted)


class HuggingFaceCache:
    """See `caches.base.Cache`.

    Args:
        root: the cache, usually `.../huggingface/hub`.
        repository: `owner/name`.
        revision: what the engine asks for: branch, tag or commit.
        commit: of the pinned listing, 40 hex digits.
        no_links: do without symbolic links even where they can be made.
    """

    as_a_whole = False

    def __init__(self, root: Path, repository: str, revision: str, commit: str, *, disk: Disk, no_links: bool) -> None:
        self._root = root
        self._folder = f"models--{repository.replace('/', '--')}"
        self._repository = root / self._folder
        self._revision = revision
        self._commit = commit
        self._disk = disk
        self._no_links = no_links
        self._links: bool | None = None
        self._location = self._repository / "snapshots" / commit

    @property
    def location(self) -> Path:
        return self._location

    @property
    def staging(self) -> Path:
        return staging_folder(self._root, self._disk)

    def destination(self, file: ListedFile) -> Path:
        return self._location.joinpath(*file.path.split("/"))

    def candidates(self, file: ListedFile) -> Iterable[Path]:
        if file.digest is not None:
            yield self._blob(file)
        snapshots = self._repository / "snapshots"
        for commit in self._disk.subfolders(snapshots):
            if commit != self._commit:
                yield snapshots.joinpath(commit, *file.path.split("/"))

    def publish(self, part: Path, file: ListedFile, control: Control) -> tuple[Published, ...]:
        with self._locked(file, control):
            if not self._may_link():
                return (self._disk.replace(part, self.destination(file)),)
            blob = self._disk.replace(part, self._blob(file))
            return self._linked(blob, file)

    def adopt(self, candidate: Path, file: ListedFile, control: Control) -> tuple[Published, ...]:
        with self._locked(file, control):
            links = self._may_link()
            target = self._blob(file) if links else self.destination(file)
            found = self._disk.stat(candidate)
            if links and candidate == target and found is not None:
                return self._linked(Published.of(target, found), file)
            adopted = adopt(candidate, target, self._disk, staging=self.staging, digest=file.digest, control=control)
            if adopted is None:
                return ()
            return self._linked(adopted, file) if links else (adopted,)

    def foreign_ref(self) -> str | None:
        found = (self._disk.read_text(self._ref) or "").strip()
        return found if found not in ("", self._commit) and not self._is_commit else None

    def announced(self) -> bool:
        return self._is_commit or self._disk.read_text(self._ref) == self._commit

    def left_aside(self) -> bool:
        return False

    def prepare(self) -> None:
        pass

    def complete(self, files: Sequence[ListedFile], control: Control) -> tuple[tuple[Path, Path], ...]:
        if not self.announced():
            self._disk.write_text(self._ref, self._commit)
        return ()

    @property
    def _ref(self) -> Path:
        return self._repository.joinpath("refs", *self._revision.split("/"))

    @property
    def _is_commit(self) -> bool:
        return self._revision == self._commit

    def _blob(self, file: ListedFile) -> Path:
        assert file.digest is not None
        return self._repository / "blobs" / file.digest.hex

    def _linked(self, blob: Published, file: ListedFile) -> tuple[Published, ...]:
        destination = self.destination(file)
        up = "../" * (2 + file.path.count("/"))
        self._disk.symlink(destination, f"{up}blobs/{blob.path.name}")
        return (replace(blob, path=destination), blob)

    def _may_link(self) -> bool:
        if self._links is None:
            self._links = not self._no_links and self._disk.has_symlinks(self._repository / "blobs")
        return self._links

    @contextmanager
    def _locked(self, file: ListedFile, control: Control) -> Iterator[None]:
        """The lock that huggingface_hub takes for the same entry, if it ever did.

        Without the lock's file no other program is at work on the entry. One that begins a moment later meets
        a rename, which is atomic, to the bytes that it wants itself.
        """
        name = self._blob(file).name
        path = self._root / ".locks" / self._folder / f"{name}.lock"
        if self._disk.stat(path) is None:
            yield
            return
        lock = filelock.FileLock(extended(path))
        with translated(path):
            ends = time.monotonic() + _LOCK_SECONDS
            while True:
                control.check()
                try:
                    lock.acquire(timeout=_LOCK_POLL)
                    break
                except filelock.Timeout as error:
                    if time.monotonic() > ends:
                        raise AccessDenied(path, "another program has been holding its lock for a minute") from error
        try:
            yield
        finally:
            lock.release()
