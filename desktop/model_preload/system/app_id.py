"""Under which name Windows groups our windows, pins us and shows our notifications."""

import ctypes
import logging
import sys

log = logging.getLogger("model_preload.app_id")

APP_ID = "ModelPreload.ModelPreload"
"""The installer's shortcut carries the same."""


def set_app_id() -> None:
    """Tell Windows; before the first window. Nothing elsewhere, and nothing worse than a line in the log if refused."""
    if sys.platform == "win32":
        result = ctypes.windll.shell32.SetCurrentProcessExplicitAppUserModelID(ctypes.c_wchar_p(APP_ID))
        if result:
            log.info("Windows did not take the application's id (0x%08x)", result & 0xFFFFFFFF)
