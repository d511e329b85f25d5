"""Which start of the machine this is: what was written but not synced is only there until the next one."""

from functools import cache
from pathlib import Path


@cache
def boot_id() -> str:
    """A name for the current start of the machine; it differs after a reboot.

    Linux names it itself (`man 4 random`). Elsewhere it is the start's time in whole minutes, which a
    corrected clock also changes: then unsynced bytes are fetched again, which is safe.
    """
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        import psutil

        return f"{psutil.boot_time() // 60:.0f}"
