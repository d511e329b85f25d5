"""Drives and folders that did not take what was written."""

from pathlib import Path

from model_preload.core.errors.base import Circumstance
from model_preload.core.texts import Text, text


class DiskProblem(Circumstance):
    """A drive or folder did not take what was written.

    Attributes:
        path: the file or folder.
    """

    code = "disk"
    exit_code = 3

    def __init__(self, path: Path, title: Text, next_step: Text) -> None:
        self.path = path
        super().__init__(title, next_step)


class DiskFull(DiskProblem):
    code = "disk-full"
    needs_person = True

    def __init__(self, path: Path, free: int) -> None:
        super().__init__(
            path,
            text("No room left for {path} ({free} bytes free).", path=path, free=free),
            text("Make room on this drive and start again; what was fetched is kept."),
        )


class AccessDenied(DiskProblem):
    code = "access-denied"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            path,
            text("{path} can't be used: {reason}.", path=path, reason=reason),
            text("Check the folder's rights, and whether another program (antivirus, the engine) holds the file."),
        )


class NotAFolder(DiskProblem):
    code = "not-a-folder"

    def __init__(self, path: Path) -> None:
        super().__init__(
            path,
            text("{path} can't be made: a file stands where a folder has to be, or the other way round.", path=path),
            text("Move what is in the way, or choose another place."),
        )


class NotAFile(DiskProblem):
    code = "not-a-file"

    def __init__(self, path: Path) -> None:
        super().__init__(
            path,
            text("{path} can't be read: it is a folder, and a file has to be there.", path=path),
            text("Move what is in the way, or choose another place."),
        )


class FileTooLong(DiskProblem):
    code = "file-too-long"

    def __init__(self, path: Path, limit: int) -> None:
        super().__init__(
            path,
            text("{path} is longer than {limit} characters, which no file of its kind is.", path=path, limit=limit),
            text("Look at what it holds; correct the file, or rename it."),
        )


class NotUtf8(DiskProblem):
    code = "not-utf-8"

    def __init__(self, path: Path) -> None:
        super().__init__(
            path,
            text("{path} is not in UTF-8, so it can't be read safely; it was left as it is.", path=path),
            text("Open it with an editor, save it as UTF-8, and start again."),
        )


class PlaceFixed(DiskProblem):
    """A folder that can't be renamed, where only a rename keeps engines from reading half a model."""

    code = "place-fixed"

    def __init__(self, path: Path, above: Path) -> None:
        super().__init__(
            path,
            text(
                "{path} can't be put in place as a whole: {above} can't be written, or is on another drive.",
                path=path,
                above=above,
            ),
            text("Give this user the right to write to {above}, or choose another place.", above=above),
        )


class NotJson(DiskProblem):
    code = "not-json"

    def __init__(self, path: Path) -> None:
        super().__init__(
            path,
            text("{path} should hold an object in JSON, and does not.", path=path),
            text("Correct the file, or rename it: a new one is made."),
        )


class DiskFailed(DiskProblem):
    code = "disk-failed"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            path,
            text("{path}: the drive reports {reason}.", path=path, reason=reason),
            text("Check the drive, then start again."),
        )


class PathGone(DiskFailed):
    code = "path-gone"

    def __init__(self, path: Path) -> None:
        DiskProblem.__init__(
            self,
            path,
            text("{path} is gone: it was removed or renamed, or its drive was disconnected.", path=path),
            text("Put it back or connect the drive, and start again; what is still there is kept."),
        )
