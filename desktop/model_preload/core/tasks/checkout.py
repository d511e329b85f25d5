"""The user's checkout of the platform: what comes into it is announced, and git is told not to show it."""

import re
from pathlib import Path

from model_preload.core.events import EventSink, Notice
from model_preload.core.files import Disk
from model_preload.core.tasks.services import Pinned
from model_preload.core.texts import text


def announce(platform: Path | None, pinned: Pinned, disk: Disk, sink: EventSink) -> None:
    """Before files of a model are written into the platform's folder; any other place needs no word.

    Told once: when the lines in `.git/info/exclude` are made, or, where there is no git, while the place is not
    there yet. Raises DiskProblem.
    """
    place = pinned.cache.location
    if platform is None or platform not in place.parents:
        return
    file = _only_file(pinned)
    exclude = platform / ".git" / "info" / "exclude"
    if ".git" not in disk.subfolders(platform):
        if not disk.has_entries(place) if file is None else disk.stat(file) is None:
            sink(Notice(pinned.model.key, text("Files come into the platform's folder: {folder}.", folder=place)))
        return
    content = (disk.read_bytes(exclude) or b"").decode(errors="replace")
    wanted = [f"{_pattern(place, platform)}/" if file is None else _pattern(file, platform)]
    if platform in pinned.staging.parents:
        wanted.append(f"{_pattern(pinned.staging, platform)}/")
    new = [line for line in wanted if line not in content.splitlines()]
    if new:
        start = "" if content.endswith("\n") or not content else "\n"
        disk.append_text(exclude, start + "".join(f"{line}\n" for line in new))
        sink(
            Notice(
                pinned.model.key,
                text(
                    "Files come into the platform's folder: {folder}. Git does not show them ({exclude}).",
                    folder=place,
                    exclude=exclude,
                ),
            )
        )


def _only_file(pinned: Pinned) -> Path | None:
    """Where a model of one file has it: the folder around it may be the user's. None if the folder is the model's."""
    alone = len(pinned.files) == 1 and not pinned.cache.as_a_whole
    return pinned.cache.destination(pinned.files[0]) if alone else None


def _pattern(path: Path, platform: Path) -> str:
    """As gitignore(5) has it, for a file; a folder's ends with a slash."""
    return "/" + re.sub(r"([*?[\\])", r"\\\1", path.relative_to(platform).as_posix())
