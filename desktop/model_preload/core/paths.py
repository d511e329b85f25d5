"""Where the program's own things are: its resources (read only) and its state.

State (settings, journal, logs) lies in one folder, `%LOCALAPPDATA%\\ModelPreload` on Windows;
`MODEL_PRELOAD_HOME` names another one.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

import platformdirs

_PACKAGE = Path(__file__).resolve().parents[1]


def resource(name: str) -> Path:
    """The path of a file or folder of `resources/`, in a checkout, a wheel or a frozen program.

    Raises:
        FileNotFoundError: nothing of that name was shipped, which is a fault of the build.
    """
    roots = [_PACKAGE / "resources", _PACKAGE.parents[1] / "resources"]
    frozen = getattr(sys, "_MEIPASS", None)
    if frozen:
        roots.insert(0, Path(frozen) / "resources")
    for root in roots:
        found = root / name
        if found.exists():
            return found
    raise FileNotFoundError(f"resource {name!r} is in none of {[str(root) for root in roots]}")


def state_home(environ: Mapping[str, str]) -> Path:
    """The folder of settings, journal and logs; it need not exist yet."""
    named = environ.get("MODEL_PRELOAD_HOME", "").strip()
    if named:
        return Path(named).absolute()
    return Path(platformdirs.user_data_dir("ModelPreload", appauthor=False))
