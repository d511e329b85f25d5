"""Constants that can't be used up.

PySide6 6.12 takes None, True and False to be immortal, as they are since Python 3.12: each of its functions without
result gives away a reference to None that it does not own, and some do it with the others. In Python 3.11 a few
thousand of them end the process, with "none_dealloc: deallocating None".
"""

import sys

_PLENTY = 1 << 40
"""More than a process loses in a thousand years of drawing."""


def keep_constants() -> None:
    """Give them so many references that none is missed; nothing happens where they are immortal anyway."""
    if sys.version_info >= (3, 12) or sys.implementation.name != "cpython":
        return
    import ctypes

    for constant in (None, True, False, NotImplemented):
        count = ctypes.c_ssize_t.from_address(id(constant))  # an object begins with the number of its references
        if count.value < _PLENTY:
            count.value += _PLENTY
