"""The log of one command."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from model_preload.core import errors
from model_preload.core.events import Cancelled
from model_preload.core.files import Disk
from model_preload.system import logs

log = logging.getLogger("model_preload.cli")


@contextmanager
def logged(home: Path, level: str | None, *, needed: bool = True) -> Iterator[None]:
    """Write the log while the body runs; what ends it stands there too, unless a person did. Main thread only.

    Args:
        home: the state folder.
        level: of what also goes to standard error; None for nothing.
        needed: a log that can't be written raises DiskProblem; else the command goes on without one.
    """
    try:
        handlers = logs.set_up(home, Disk(), level)
    except errors.DiskProblem:
        if needed:
            raise
        handlers = []
    try:
        yield
    except Cancelled:
        raise
    except errors.Circumstance as problem:
        log.error("%s", problem)
        raise
    except Exception:
        log.critical("a fault of the program", exc_info=True)
        raise
    finally:
        logs.tear_down(handlers)
