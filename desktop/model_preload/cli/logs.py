"""Where the log goes: a rotating file in the state folder, and standard error if asked for."""

import logging
import logging.handlers
from pathlib import Path

from model_preload.core.files import Disk

_FORM = "%(asctime)s %(levelname)-7s %(threadName)s %(name)s: %(message)s"
_FILE_BYTES = 5_000_000
_FILES = 5
NAME = "model_preload"


def set_up(home: Path, disk: Disk, level: str | None) -> list[logging.Handler]:
    """Write this program's own records (those below the logger `model_preload`) from now on.

    Args:
        level: of what also goes to standard error; None for nothing.

    Returns:
        What `tear_down` needs.

    Raises:
        DiskProblem: the state folder can't be written.
    """
    folder = home / "logs"
    disk.make_folder(folder)
    handlers: list[logging.Handler] = [
        logging.handlers.RotatingFileHandler(
            folder / "model-preload.log", maxBytes=_FILE_BYTES, backupCount=_FILES, encoding="utf-8", delay=True
        )
    ]
    if level is not None:
        screen = logging.StreamHandler()
        screen.setLevel(level.upper())
        handlers.append(screen)
    logger = logging.getLogger(NAME)
    logger.setLevel(min(logging.INFO, *(handler.level or logging.INFO for handler in handlers)))
    for handler in handlers:
        handler.setFormatter(logging.Formatter(_FORM))
        logger.addHandler(handler)
    return handlers


def tear_down(handlers: list[logging.Handler]) -> None:
    """Close what `set_up` opened."""
    for handler in handlers:
        logging.getLogger(NAME).removeHandler(handler)
        handler.close()
