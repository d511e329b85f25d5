"""What is really done in each place: files made, renamed, deleted, linked, held, with long names."""

import time
from collections.abc import Iterable
from pathlib import Path

from model_preload.core import errors
from model_preload.core.events import Control
from model_preload.core.files import Disk
from model_preload.core.files.scratch import scratch
from model_preload.core.tasks.doctor.finding import Finding, met, note, ok, problem, untested
from model_preload.core.tasks.doctor.places import Place
from model_preload.core.texts import text

_SLOW_SECONDS = 0.5
_PAUSE_SECONDS = 0.01
_LONG = 300
"""Characters, well over the 260 that Windows's old calls take."""


def trials(place: Place, disk: Disk, seconds: float, control: Control) -> Iterable[Finding]:
    """All trials of one place, one after the other; without the right to write only the first.

    Args:
        seconds: for how long programs that hold files are looked for.
    """
    try:
        with scratch(place.staging) as folder:
            found = rights(place, disk, folder)
            yield found
            yield links(place, disk, folder)
            yield long_path(place, disk, folder)
            yield holding(place, disk, folder, seconds, control)
    except errors.DiskProblem as refused:
        yield met("rights", refused)


def rights(place: Place, disk: Disk, folder: Path) -> Finding:
    """A file is made, renamed and deleted. Raises DiskProblem."""
    disk.write_text(folder / "made", "made\n")
    disk.replace(folder / "made", folder / "renamed")
    disk.remove(folder / "renamed")
    return ok("rights", text("{place}: files can be made, renamed and deleted", place=place.told))


def links(place: Place, disk: Disk, folder: Path) -> Finding:
    """Whether this user may make symbolic links there, and whether names differ by case. Raises DiskProblem."""
    disk.write_text(folder / "Case", "")
    case = text("upper and lower case differ") if disk.stat(folder / "cASE") is None else text("case does not count")
    if disk.has_symlinks(folder):
        return ok("links", text("{place}: symbolic links can be made; {case}", place=place.told, case=case))
    return note(
        "links",
        text("{place}: no symbolic links can be made; {case}", place=place.told, case=case),
        text("Nothing has to be done: files are put in place directly. Developer Mode of Windows allows links."),
    )


def long_path(place: Place, disk: Disk, folder: Path) -> Finding:
    """A file whose path has more than 260 characters is made, renamed and deleted."""
    deep = folder
    while len(str(deep)) < _LONG:
        deep /= "long-" * 9
    try:
        disk.write_text(deep / "made", "made\n")
        disk.replace(deep / "made", deep / "renamed")
        disk.remove(deep / "renamed")
    except errors.DiskProblem as refused:
        return problem(
            "long-paths",
            text("{place}: no path of over 260 characters can be used: {reason}", place=place.told, reason=refused),
            text("Choose a place with a shorter path, or a drive with NTFS."),
        )
    return ok("long-paths", text("{place}: paths of over 260 characters can be used", place=place.told))


def holding(place: Place, disk: Disk, folder: Path, seconds: float, control: Control) -> Finding:
    """For a while, files are written, renamed over another and deleted: a program that holds them shows by the time."""
    slowest, count = 0.0, 0
    ends = time.monotonic() + seconds
    while not count or time.monotonic() < ends:
        control.sleep(_PAUSE_SECONDS)
        disk.write_text(folder / "new.bin", "MZ" + "\0" * 65534)  # begins like a program, which scanners look at
        began = time.monotonic()
        try:
            disk.replace(folder / "new.bin", folder / "old.bin")
            slowest = max(slowest, time.monotonic() - began)
            if count % 2:
                began = time.monotonic()
                disk.remove(folder / "old.bin")
                slowest = max(slowest, time.monotonic() - began)
        except errors.AccessDenied:
            return problem(
                "holding",
                text(
                    "{place}: another program held a new file for {seconds} s, and did not let go",
                    place=place.told,
                    seconds=f"{time.monotonic() - began:.1f}",
                ),
                text("Exclude this folder from the antivirus program's live scan, and close programs that index it."),
            )
        except errors.DiskProblem as refused:
            return untested("holding", place.told, refused.title, refused.next_step)
        count += 1
    told = text(
        "{place}: {count} files were renamed, the slowest in {milliseconds} ms",
        place=place.told,
        count=count,
        milliseconds=f"{slowest * 1000:.0f}",
    )
    if slowest > _SLOW_SECONDS:
        return note(
            "holding", told, text("If fetching is slow, exclude this folder from the antivirus program's live scan.")
        )
    return ok("holding", told)
