"""Where the log goes: a rotating file in the state folder, and whoever else is asked for.

No record holds a token or a password: a token's value goes into no text (`core.http.Token`), and what is logged of
a problem is the sentence that people are shown.
"""

import logging
import logging.handlers
from collections.abc import Sequence
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


def folder(home: Path) -> Path:
    """Where the files lie, the newest as `model-preload.log`."""
    return home / "logs"


def set_up(
    home: Path, disk: Disk, level: str | None = None, also: Sequence[logging.Handler] = ()
) -> list[logging.Handler]:
    """Write this program's own records (those below the logger `model_preload`) from now on.

    Args:
        level: of what also goes to standard error; None for nothing.
        also: who gets the records too, such as a window's buffer.

    Returns:
        What `tear_down` needs.

    Raises:
        DiskProblem: the state folder can't be written.
    """
    path = folder(home) / "model-preload.log"
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
    handlers += also
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
