"""Windows without Microsoft: what Wine lacks is skipped there by name, and runs on a real Windows."""

import ctypes
import sys

import pytest


def _is_wine() -> bool:
    """Wine names itself to who asks its ntdll."""
    return sys.platform == "win32" and hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")


WINE = _is_wine()


def lacks(what: str) -> pytest.MarkDecorator:
    """Skips a test under Wine; `what` completes "Wine …"."""
    return pytest.mark.skipif(WINE, reason=f"Wine {what}")
