"""A folder to try things out in."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from model_preload.core.files.disk import existing_ancestor, extended, translated


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """A new folder in `folder`, or in the nearest one above it that exists; gone afterwards with all that is in it.

    Raises DiskProblem.
    """
    base = existing_ancestor(folder)
    with translated(base):
        made = tempfile.mkdtemp(prefix=".model-preload-doctor-", dir=extended(base))
    try:
        yield base / os.path.basename(made)
    finally:
        shutil.rmtree(made, ignore_errors=True)
