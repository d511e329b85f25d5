"""Where parts lie: on the target's volume, outside what the target's readers scan."""

from pathlib import Path

from model_preload.core.files.disk import Disk

NAME = ".model-preload"


def staging_folder(root: Path, disk: Disk) -> Path:
    """The staging folder for a cache or folder at `root`: beside it if that is its volume and writable, else inside.

    Beside, since `hf cache ls` complains of a stray folder inside a cache, and an engine may take
    any folder inside its own for a model. Of a link or junction it is beside, or inside, what it leads to.
    """
    real = disk.behind_links(root.absolute())
    beside = real.parent / NAME
    if disk.volume(beside) == disk.volume(real) and disk.is_writable(beside):
        return beside
    return real / NAME
