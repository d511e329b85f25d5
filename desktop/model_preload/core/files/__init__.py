"""The disk: the one room that writes, syncs, replaces and links.

`Disk` is the seam: a test hands in one that is full, read-only or slow, everything else stays real.
"""

from model_preload.core.files.adopting import adopt
from model_preload.core.files.boot import boot_id
from model_preload.core.files.disk import Disk
from model_preload.core.files.hashing import Hasher, hash_file
from model_preload.core.files.lock import ProcessLock
from model_preload.core.files.part import PartFile
from model_preload.core.files.staging import staging_folder

__all__ = ["Disk", "Hasher", "PartFile", "ProcessLock", "adopt", "boot_id", "hash_file", "staging_folder"]
