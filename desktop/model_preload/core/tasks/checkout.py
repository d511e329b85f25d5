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
    exclude = platform / ".git" / "info" / "exclude"
    if ".git" not in disk.subfolders(platform):
        if not disk.has_entries(place):
            sink(Notice(pinned.model.key, text("Files come into the platform's folder: {folder}.", folder=place)))
        return
    content = disk.read_text(exclude) or ""
    wanted = [_pattern(folder, platform) for folder in (place, pinned.staging) if platform in folder.parents]
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


def _pattern(folder: Path, platform: Path) -> str:
    """As gitignore(5) has it."""
    below = re.sub(r"([*?[\\])", r"\\\1", folder.relative_to(platform).as_posix())
    return f"/{below}/"
