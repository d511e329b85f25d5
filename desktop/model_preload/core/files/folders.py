"""Folders with all that is in them; links and junctions are things of their own, never followed.

Names are as the system takes them (see `disk.extended`), and its own errors are raised.
"""

import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

_JUNCTION = 0xA0000003
"""IO_REPARSE_TAG_MOUNT_POINT (Microsoft: "Reparse Point Tags"); `os.path.isjunction` needs Python 3.12."""


def is_link(name: str) -> bool:
    """Whether a symbolic link or a junction is there, wherever it leads."""
    try:
        found = os.lstat(name)
    except (OSError, ValueError):
        return False
    return stat.S_ISLNK(found.st_mode) or getattr(found, "st_reparse_tag", 0) == _JUNCTION


def entries(top: str) -> Iterator[str]:
    """Every file and every link below a folder, relative to it; none where there is no such folder."""
    for folder, folders, files in _walk(top):
        below = os.path.relpath(folder, top)
        links = [name for name in folders if is_link(os.path.join(folder, name))]
        folders[:] = [name for name in folders if name not in links]  # Python 3.11 goes into junctions
        for name in (*files, *links):
            yield name if below == "." else os.path.join(below, name)


def newest(top: str) -> float:
    """When a folder or anything in it was written last, in seconds since the epoch."""
    inside = (os.path.join(at, name) for at, folders, files in os.walk(top) for name in (*folders, *files))
    return max(os.lstat(one).st_mtime for one in (top, *inside))


def remove(top: str) -> None:
    """Delete a folder with everything in it, also what is read-only; of a link only the link."""
    if is_link(top):
        os.unlink(top)
    else:
        shutil.rmtree(top, onerror=_made_writable)  # `onexc` needs Python 3.12


def _walk(top: str) -> Iterator[tuple[str, list[str], list[str]]]:
    def failed(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError | NotADirectoryError):
            raise error

    return os.walk(top, onerror=failed)


def _made_writable(action: Callable[[str], object], name: str, info: Any) -> None:
    """Try again what the system denied: Windows deletes no read-only file, POSIX nothing in a read-only folder."""
    if action not in (os.unlink, os.rmdir) or not isinstance(info[1], PermissionError):
        raise info[1]
    for one in (os.path.dirname(name), name):
        if not is_link(one) and (sys.platform == "win32" or os.path.isdir(one)):
            with suppress(OSError):
                os.chmod(one, os.stat(one).st_mode | stat.S_IRWXU)
    action(name)
