"""Files and folders as this program uses them, with the operating system's errors translated once.

Paths over 260 characters are ordinary here: on Windows every call goes through the `\\\\?\\` form
(Microsoft: "Maximum Path Length Limitation"), so no setting of the machine is needed.
"""

import errno
import os
import shutil
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from io import RawIOBase
from pathlib import Path
from typing import TypeVar

from model_preload.core import errors
from model_preload.core.files import folders
from model_preload.core.files.part import PartFile
from model_preload.core.values import Published

_WINDOWS = sys.platform == "win32"
_FULL = {errno.ENOSPC, errno.EDQUOT}
_MISPLACED = {errno.ENOTDIR, errno.EISDIR, errno.EEXIST}
_GONE = {errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.ESTALE}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}
_HELD_WINERRORS = {5, 32, 33}  # access denied, sharing violation, lock violation: a scanner or reader holds the file
_HELD_SECONDS = 10.0
_SMALL = 1 << 16
"""Characters of a text that is read as a whole: settings, names, what this program noted."""
_EXCHANGED_SECONDS = 1.0
"""For who opens a file just when another one takes its place: Windows may deny it in that moment."""

T = TypeVar("T")


def extended(path: Path) -> str:
    """The form of an absolute path that Windows takes at any length; elsewhere the path itself."""
    if not _WINDOWS:
        return str(path)
    text = os.path.abspath(path)
    if text.startswith("\\\\?\\"):
        return text
    if text.startswith("\\\\"):
        return "\\\\?\\UNC\\" + text[2:]
    return "\\\\?\\" + text


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn an OSError inside into the DiskProblem that names `path`."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in _FULL:
            raise errors.DiskFull(path, _free_or_zero(path)) from error
        if error.errno in _DENIED:
            raise errors.AccessDenied(path, reason) from error
        if error.errno in _MISPLACED:
            raise errors.NotAFolder(path) from error
        if error.errno in _GONE:
            raise errors.PathGone(path) from error
        raise errors.DiskFailed(path, reason) from error


def _free_or_zero(path: Path) -> int:
    try:
        return shutil.disk_usage(extended(existing_ancestor(path))).free
    except OSError:
        return 0


def existing_ancestor(path: Path) -> Path:
    """The path itself or the nearest folder above it that exists."""
    here = path.absolute()
    while not os.path.lexists(extended(here)) and here != here.parent:
        here = here.parent
    return here


class Disk:
    """The real disk. Every method raises DiskProblem (DiskFull, AccessDenied, PathGone, ...); any thread may call."""

    def make_folder(self, path: Path) -> None:
        with translated(path):
            os.makedirs(extended(path), exist_ok=True)

    def open_part(self, path: Path) -> PartFile:
        """Open a part for reading and writing anywhere in it; made, with its folder, if it is not there."""
        with translated(path):
            return self._in_folder(path, lambda: PartFile(path, extended(path), translated))

    @contextmanager
    def reading(self, path: Path) -> Iterator[RawIOBase]:
        """The file, open and without a buffer of Python's; errors of the body's reads are told as this path's."""
        with translated(path), open(extended(path), "rb", buffering=0) as file:
            yield file

    def replace(self, source: Path, target: Path) -> Published:
        """Rename within a volume, atomically, over a file that may be there; the target's folder is made.

        A target held by another program (antivirus, an engine) is tried again for ten seconds.
        """
        self.move(source, target)
        with translated(target):
            found = os.stat(extended(target))
        return Published.of(target, found)

    def move(self, source: Path, target: Path) -> None:
        """The same with whatever is there: of a link the link itself."""
        with translated(target):
            try:
                self._in_folder(target, lambda: _renamed(source, target))
            except FileNotFoundError as error:  # the target's folder was made a moment ago
                raise errors.PathGone(source) from error
            _sync_folder(target.parent)

    def link(self, source: Path, target: Path) -> Published | None:
        """Give `source` a second name by a hard link, put there atomically; None where that can't be made."""
        self.make_folder(target.parent)
        with _staged(target) as staged:
            try:
                os.link(os.path.realpath(extended(source)), extended(staged))
            except OSError:
                return None
            return self.replace(staged, target)

    @contextmanager
    def new_part(self, staging: Path) -> Iterator[Path]:
        """The name of a part that nobody goes on with; nothing is left under it."""
        with _unused(staging, ".part") as path:
            yield path

    def copy(self, source: Path, part: Path, on_bytes: Callable[[memoryview], None]) -> None:
        """Write the bytes of `source` into a part, safe from a power cut, and give it the mtime of the source.

        Args:
            on_bytes: is shown them as they are read; what it raises ends the copy.
        """
        buffer = memoryview(bytearray(1 << 20))
        with self.reading(source) as reading, closing(self.open_part(part)) as writing:
            offset = 0
            while read := reading.readinto(buffer):
                on_bytes(buffer[:read])
                writing.write_at(offset, buffer[:read])
                offset += read
            found = os.fstat(reading.fileno())  # before the sync: what is written to the source meanwhile is younger
            writing.sync()
        with translated(part):
            os.utime(extended(part), ns=(found.st_atime_ns, found.st_mtime_ns))

    def symlink(self, link: Path, target: str) -> None:
        """Make `link` point to the relative `target` (written with `/`), replacing atomically what is there."""
        leads_to = target.replace("/", os.sep)  # Windows follows no `/` inside a link
        with translated(link):
            try:
                self._in_folder(link, lambda: os.symlink(leads_to, extended(link)))
            except FileExistsError:
                with _staged(link) as staged:
                    os.symlink(leads_to, extended(staged))
                    _renamed(staged, link)

    def _in_folder(self, path: Path, action: Callable[[], T]) -> T:
        """Do what needs the path's folder, and make it only if it is missing: mostly it is there."""
        try:
            return action()
        except FileNotFoundError:
            self.make_folder(path.parent)
            return action()

    def write_text(self, path: Path, content: str) -> None:
        """Put a small UTF-8 file there atomically, byte for byte as given."""
        self.write_bytes(path, content.encode())

    def write_bytes(self, path: Path, content: bytes, *, like: Path | None = None) -> None:
        """Put a small file there atomically.

        Args:
            like: a file whose permissions it gets before its content.
        """
        self.make_folder(path.parent)
        with translated(path), _staged(path) as staged:
            with open(extended(staged), "wb") as file:
                if like is not None:
                    shutil.copymode(extended(like), extended(staged))
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            _renamed(staged, path)

    def read_text(self, path: Path, *, exact: bool = False) -> str | None:
        """A small UTF-8 file's content with `\n` as its line ends, None if there is none; see `read_bytes`.

        Args:
            exact: what is no UTF-8 is refused; else it is shown as U+FFFD.

        Raises:
            FileTooLong: more than 65,536 characters.
            NotUtf8, NotAFile.
        """

        def read() -> str:
            with open(extended(path), encoding="utf-8", errors="strict" if exact else "replace") as file:
                return file.read(_SMALL + 1)

        try:
            content = _read(path, read)
        except UnicodeDecodeError as error:
            raise errors.NotUtf8(path) from error
        if content is not None and len(content) > _SMALL:
            raise errors.FileTooLong(path, _SMALL)
        return content

    def read_bytes(self, path: Path) -> bytes | None:
        """A small file's content, None if there is none. Raises NotAFile.

        One that is being exchanged is tried again for a second.
        """

        def read() -> bytes:
            with open(extended(path), "rb") as file:
                return file.read()

        return _read(path, read)

    def append_text(self, path: Path, content: str) -> None:
        """Add to the end of a UTF-8 file, which is made if it is not there; what is in it stays as it is."""
        self.make_folder(path.parent)
        with translated(path), open(extended(path), "a", encoding="utf-8", newline="") as file:
            file.write(content)

    def remove(self, path: Path) -> None:
        """Delete a file; one that is not there is fine."""
        with translated(path), suppress(FileNotFoundError):
            _while_held(lambda: os.unlink(extended(path)))

    def remove_tree(self, path: Path) -> None:
        """Delete a folder with all that is in it, read-only or not, of a link only the link; none there is fine."""
        with translated(path), suppress(FileNotFoundError):
            folders.remove(extended(path))

    def remove_empty(self, path: Path) -> bool:
        """Delete a folder in which nothing is, and that is no link; returns whether it did."""
        if self.is_link(path):
            return False
        try:
            os.rmdir(extended(path))
        except OSError:
            return False
        return True

    def stat(self, path: Path) -> os.stat_result | None:
        """What is at the path, links followed; None if nothing is, or something else than a file."""
        try:
            found = os.stat(extended(path))
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return None  # ValueError: a NUL, or half a surrogate pair, which no name on a disk has
        except OSError as error:
            # A link that leads into itself, or a path that this system can't have: no file is there.
            if error.errno in (errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL):
                return None
            with translated(path):
                raise
        return found if stat.S_ISREG(found.st_mode) else None

    def is_link(self, path: Path) -> bool:
        """Whether a symbolic link or a junction is there, wherever it leads."""
        return folders.is_link(extended(path))

    def behind_links(self, path: Path) -> Path:
        """Where a link leads in the end, which need not be there; the path itself if it is none."""
        if not self.is_link(path):
            return path
        with translated(path):
            return Path(os.path.realpath(path))

    def is_folder(self, path: Path) -> bool:
        """Whether a folder is there, or a link to one."""
        return os.path.isdir(extended(path))

    def has_entries(self, path: Path) -> bool:
        """Whether there is anything below a folder."""
        try:
            with os.scandir(extended(path)) as entries:
                return any(True for _ in entries)
        except OSError:
            return False

    def subfolders(self, path: Path) -> tuple[str, ...]:
        """The names of the folders in a folder, sorted; none if it can't be read."""
        try:
            with os.scandir(extended(path)) as entries:
                return tuple(sorted(entry.name for entry in entries if entry.is_dir()))
        except OSError:
            return ()

    def files(self, path: Path, suffix: str) -> tuple[Path, ...]:
        """The files (no links) in a folder whose names end so, sorted; none if it can't be read."""
        try:
            with os.scandir(extended(path)) as entries:
                names = [e.name for e in entries if e.name.endswith(suffix) and e.is_file(follow_symlinks=False)]
                return tuple(path / name for name in sorted(names))
        except OSError:
            return ()

    def tree(self, path: Path) -> tuple[str, ...]:
        """Every file and every link below a folder, as relative paths with `/`, sorted; links are not followed.

        There are none where there is no such folder.
        """
        with translated(path):
            return tuple(sorted(found.replace(os.sep, "/") for found in folders.entries(extended(path))))

    def newest(self, path: Path) -> float:
        """When a folder or anything in it was written last, in seconds since the epoch; links are not followed."""
        with translated(path):
            return folders.newest(extended(path))

    def is_writable(self, path: Path) -> bool:
        """Whether this user may write to the folder, or make it; Windows only tells when it is tried."""
        return os.access(extended(existing_ancestor(path)), os.W_OK | os.X_OK)

    def free_bytes(self, path: Path) -> int:
        """Free bytes of the volume where the path is, or would be."""
        with translated(path):
            return shutil.disk_usage(extended(existing_ancestor(path))).free

    def volume(self, path: Path) -> str:
        """A name for the volume where the path is, or would be; equal names mean one volume."""
        ancestor = existing_ancestor(path)
        with translated(path):
            device = os.stat(extended(ancestor)).st_dev
            if _WINDOWS and device == os.stat(extended(Path(ancestor.anchor))).st_dev:
                return ancestor.drive.upper()
        return f"{ancestor.drive.upper() or 'volume'} {device:x}"  # on Windows: mounted in a folder

    def has_symlinks(self, folder: Path) -> bool:
        """Whether this user may make symbolic links in that folder, found by making one.

        An ordinary Windows user may not; huggingface_hub looks in the same way. `HF_HUB_DISABLE_SYMLINKS`
        is the caller's matter.
        """
        self.make_folder(folder)
        probe = folder / f".symlink-{os.getpid()}-{time.monotonic_ns()}"
        try:
            os.symlink("nowhere", extended(probe))
        except (OSError, NotImplementedError):
            return False
        made = os.path.islink(extended(probe))  # some systems only say that they made one
        self.remove(probe)
        return made


def _staged(target: Path) -> AbstractContextManager[Path]:
    """A new name beside the target for what is about to be renamed to it."""
    return _unused(target.parent, ".new")


@contextmanager
def _unused(folder: Path, suffix: str) -> Iterator[Path]:
    """A name in that folder which nobody else has; short.

    Nothing is left under it: not after a failure, nor when source and target were one file already, so that
    the system had nothing to rename (POSIX, rename).
    """
    unused = folder / f".{os.getpid():x}-{threading.get_ident():x}-{time.monotonic_ns():x}{suffix}"
    try:
        yield unused
    finally:
        with suppress(OSError):
            os.unlink(extended(unused))


def _renamed(source: Path, target: Path) -> None:
    _while_held(lambda: os.replace(extended(source), extended(target)))


def _read(path: Path, read: Callable[[], T]) -> T | None:
    with translated(path):
        try:
            return _while_held(read, _EXCHANGED_SECONDS)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (IsADirectoryError, PermissionError) as error:  # Windows only says that a folder can't be opened
            if os.path.isdir(extended(path)):
                raise errors.NotAFile(path) from error
            raise


def _while_held(action: Callable[[], T], seconds: float | None = None) -> T:
    """Do it, again for ten seconds (or so many) if Windows says that another program holds the file.

    The pauses stay short: who reads the same file over and over lets go of it for moments only.
    """
    deadline = time.monotonic() + (_HELD_SECONDS if seconds is None else seconds)
    pause = 0.02
    while True:
        try:
            return action()
        except PermissionError as error:
            if not _is_held(error) or time.monotonic() > deadline:
                raise
        time.sleep(pause)
        pause = min(pause * 2, 0.1)


def _is_held(error: PermissionError) -> bool:
    """Whether another program is the reason. `open` goes by way of the C runtime, whose EACCES has no `winerror`."""
    number = getattr(error, "winerror", None)
    return _WINDOWS if number is None else number in _HELD_WINERRORS


def _sync_folder(folder: Path) -> None:
    """Make a rename last on systems that keep it in the folder's own data; Windows has no such call."""
    if _WINDOWS:
        return
    with suppress(OSError):  # some network file systems have no sync for folders; some folders can't be listed
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
