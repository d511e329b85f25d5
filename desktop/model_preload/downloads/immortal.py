"""None that can't be used up.

PySide6 6.12 takes None to be immortal, as it is since Python 3.12: each of its functions without result gives away
a reference that it does not own. In Python 3.11 some ten thousand of them end the process: "none_dealloc".
"""

import sys

_PLENTY = 1 << 40
"""More than a process can lose in a thousand years of drawing."""


def keep_none() -> None:
    """Give None so many references that none is missed; nothing where it is immortal anyway."""
    if sys.version_info >= (3, 12) or sys.implementation.name != "cpython":
        return
    import ctypes

    count = ctypes.c_ssize_t.from_address(id(None))  # an object begins with the number of its references
    if count.value < _PLENTY:
        count.value += _PLENTY
