"""Where the log goes: a rotating file in the state folder, and standard error if asked for."""

import logging
import logging.handlers
from contextlib import suppress
from pathlib import Path

from model_preload.core import errors
from model_preload.core.files import Disk

_FORM = "%(asctime)s %(levelname)-7s %(threadName)s %(name)s: %(message)s"
_FILE_BYTES = 5_000_000
_FILES = 5
NAME = "model_preload"


class _LogFile(logging.handlers.RotatingFileHandler):
    """A log that can't be written, such as one that another process holds on Windows, is no reason for noise."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  logging's name
        pass


def set_up(home: Path, disk: Disk, level: str | None) -> list[logging.Handler]:
    """Write this program's own records (those below the logger `model_preload`) from now on.

    Args:
        level: of what also goes to standard error; None for nothing.

    Returns:
        What `tear_down` needs.

    Raises:
        DiskProblem: the state folder can't be written.
    """
    path = home / "logs" / "model-preload.log"
    disk.make_folder(path.parent)
    try:
        handlers: list[logging.Handler] = [
            _LogFile(path, maxBytes=_FILE_BYTES, backupCount=_FILES, encoding="utf-8", errors="replace")
        ]
    except OSError as error:
        raise errors.AccessDenied(path, error.strerror or str(error)) from error
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
        with suppress(OSError):  # on a full drive the last lines may not fit
            handler.close()
