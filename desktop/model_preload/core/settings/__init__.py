"""The user's settings: `settings.toml` in the state folder, each overridden by its environment variable.

    values.py    what there is
    rules.py     the form of each
    reading.py   from the file and the environment
    saving.py    changes, so that the rest of the file stays as it is

Precedence here: environment, file, default; the command line is applied by `cli`. Described in docs/command-line.md.
"""

from model_preload.core.settings.reading import from_environment, load
from model_preload.core.settings.rules import check, is_address
from model_preload.core.settings.saving import save
from model_preload.core.settings.values import FILE, HUBS, THEMES, WHEN, Settings

__all__ = ["FILE", "HUBS", "THEMES", "WHEN", "Settings", "check", "from_environment", "is_address", "load", "save"]
