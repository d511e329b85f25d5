"""A second name for a file that is here already."""

from dataclasses import replace
from pathlib import Path

from model_preload.core import errors
from model_preload.core.events import Control
from model_preload.core.files.disk import Disk
from model_preload.core.files.hashing import Hasher, hash_file
from model_preload.core.values import Digest, Published


def adopt(
    source: Path, target: Path, disk: Disk, *, staging: Path, digest: Digest | None, control: Control
) -> Published | None:
    """Give `source` a second name: a hard link, or where there are none a copy, which gets its name when it is proven.

    Either has the mtime of the source.

    Args:
        staging: where a copy is written until then, on the target's volume.
        digest: what the source is known to hold; None if only the copy has to be like it.

    Returns:
        None if it was to be copied and holds other bytes than that: then nothing is there.

    Raises:
        DiskProblem: also if the copy holds other bytes than were read.
        Cancelled: through the control; nothing gets the name afterwards.
    """
    linked = disk.link(source, target)
    if linked is not None:
        return linked
    found = disk.stat(source)
    if found is None:
        raise errors.PathGone(source)
    algorithm = "sha256" if digest is None else digest.algorithm
    hasher = Hasher(algorithm, found.st_size)

    def on_bytes(data: memoryview) -> None:
        control.check()
        hasher.update(data)

    with disk.new_part(staging) as part:
        disk.copy(source, part, on_bytes)
        read = hasher.digest()
        if digest not in (None, read):
            return None
        if hash_file(part, algorithm, control) != read:
            raise errors.DiskFailed(target, "that a copy holds other bytes than were written")
        control.check()
        return replace(disk.replace(part, target), hashed=digest is not None)
