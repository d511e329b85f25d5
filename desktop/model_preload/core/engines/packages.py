"""Which packages the platform's own Python has installed: read from disk, its Python is not started."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.utils import canonicalize_name

ASSUMED = {"mineru": "2.6.2", "paddleocr": "3.7.0"}
"""What the platform's `requirements.txt` brings: mineru is pinned there, paddleocr floats, so its newest line."""


@dataclass(frozen=True, slots=True)
class Packages:
    """What sets of models are chosen by.

    Attributes:
        versions: by canonical name.
        assumed: nothing is known of the platform's Python; it is taken to have what the platform asks for.
    """

    versions: Mapping[str, str]
    assumed: bool


def packages(platform: Path | None, chosen: Mapping[str, str]) -> Packages:
    """What is installed, else what is assumed.

    Args:
        platform: its folder, None if not known.
        chosen: by the user, who is right in any case.
    """
    installed = installed_packages(platform)
    named = {str(canonicalize_name(name)): version for name, version in chosen.items()}
    return Packages({**(installed or ASSUMED), **named}, not installed)


def installed_packages(platform: Path | None) -> Mapping[str, str]:
    """Version by canonical name of what lies in `backend/.venv`; empty if there is no such environment.

    A package whose metadata can't be read, or names no version, is left out.

    uv makes that environment, as the platform's deployment guide has it; `.dist-info` folders name what is there
    (packaging.python.org, "Recording installed projects").
    """
    if platform is None:
        return {}
    found: dict[str, str] = {}
    with suppress(OSError, ValueError):  # a folder that this user can't look into, a name that no folder can have
        for folder in _site_packages(platform / "backend" / ".venv"):
            for distribution in metadata.distributions(path=[str(folder)]):
                found.update(_version(distribution))
    return found


def _version(distribution: metadata.Distribution) -> Mapping[str, str]:
    """By its canonical name."""
    try:
        told = distribution.metadata
    except (OSError, ValueError):  # what is no UTF-8, too
        return {}
    if "Name" not in told or "Version" not in told:
        return {}
    name, version = told["Name"].strip(), told["Version"].strip()
    return {str(canonicalize_name(name)): version} if name and version else {}


def _site_packages(environment: Path) -> Iterable[Path]:
    yield environment / "Lib" / "site-packages"
    yield from environment.glob("lib/python3*/site-packages")
