"""Where the platform may be on this machine: a look into the folders where people put such things, and no search.

A platform is a folder with `backend/api_server.py`. Looked at are a few spots, the folders in them, and those in a
folder that is named like the platform, as an unpacked archive makes it. Never a whole drive.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from model_preload.core import errors
from model_preload.core.events import Control
from model_preload.core.files import Disk

SIGN = "backend/api_server.py"
"""What every version of the platform has."""
_NAMES = ("tianshu", "mineru")
_MOST_FOLDERS = 400
"""Looked at in one spot; a folder with more is no place where somebody finds things."""
_IN_HOME = (
    *("", "Desktop", "Documents", "Downloads", "OneDrive/Desktop", "OneDrive/Documents"),
    *("source/repos", "Projects", "projects", "repos", "git", "GitHub", "code", "dev", "work", "workspace", "AI"),
)
_ON_WINDOWS = ("C:/", "C:/AI", "D:/", "D:/AI", "D:/Projects", "E:/", "E:/AI")
_ELSEWHERE = ("/opt", "/srv")


def is_platform(folder: Path, disk: Disk) -> bool:
    """Whether the platform is in this very folder. Raises DiskProblem."""
    return disk.stat(folder / SIGN) is not None


def spots(environ: Mapping[str, str], user_home: Path, *, windows: bool) -> tuple[Path, ...]:
    """The folders to look into, the likeliest first."""
    once = dict.fromkeys(user_home / name for name in _IN_HOME)
    if windows:
        drive = environ.get("SystemDrive", "C:")
        once.update(dict.fromkeys(Path(name.replace("C:", drive, 1)) for name in _ON_WINDOWS))
    else:
        once.update(dict.fromkeys(map(Path, _ELSEWHERE)))
    return tuple(once)


def find_platform(places: tuple[Path, ...], disk: Disk, control: Control) -> tuple[Path, ...]:
    """Every platform in or just below the places, in their order; what can't be read is passed over.

    Raises Cancelled, between two folders.
    """
    found: dict[Path, None] = {}
    for place in places:
        for folder in _candidates(place, disk):
            control.check()
            if _has_sign(folder, disk):
                found[folder] = None
    return tuple(found)


def _candidates(place: Path, disk: Disk) -> Iterator[Path]:
    yield place
    for name in _below(place, disk):
        yield place / name
        if any(word in name.lower() for word in _NAMES):
            yield from (place / name / inner for inner in _below(place / name, disk))


def _below(folder: Path, disk: Disk) -> tuple[str, ...]:
    return disk.subfolders(folder)[:_MOST_FOLDERS]


def _has_sign(folder: Path, disk: Disk) -> bool:
    try:
        return is_platform(folder, disk)
    except errors.DiskProblem:
        return False
