"""Which packages the platform's own Python has installed: read from disk, its Python is not started."""

from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

from packaging.utils import canonicalize_name


def installed_packages(platform: Path | None) -> Mapping[str, str]:
    """Version by canonical name of what lies in `backend/.venv`; empty if there is no such environment.

    uv makes that environment, as the platform's deployment guide has it; `.dist-info` folders name what is there
    (packaging.python.org, "Recording installed projects").
    """
    if platform is None:
        return {}
    found = {}
    for folder in _site_packages(platform / "backend" / ".venv"):
        for distribution in metadata.distributions(path=[str(folder)]):
            name = distribution.metadata["Name"]
            if name:
                found[str(canonicalize_name(name))] = distribution.version
    return found


def _site_packages(environment: Path) -> Iterable[Path]:
    yield environment / "Lib" / "site-packages"
    yield from environment.glob("lib/python3*/site-packages")
