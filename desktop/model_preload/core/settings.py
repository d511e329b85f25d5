"""The user's settings: `settings.toml` in the state folder, each overridden by its environment variable.

Precedence here: environment, file, default; the command line is applied by `cli`.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from model_preload.core.addresses import shown
from model_preload.core.errors import SettingsProblem
from model_preload.core.texts import text

FILE = "settings.toml"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user chose.

    Attributes:
        language: gettext name; "" follows the system.
        endpoint: of the Hugging Face API, a mirror's for those who need one (`HF_ENDPOINT`).
        modelscope_endpoint: of the ModelScope API (`MODELSCOPE_ENDPOINT`).
        platform: the platform's folder, None if not known (`MODEL_PRELOAD_PLATFORM`).
        connections: at most open at once, 1 to 64.
        limit: bytes a second over all connections, 0 for none.
        reserve: bytes that stay free on each drive.
        packages: versions that the engines are taken to have, by name, whatever the platform's Python has.
    """

    language: str = ""
    endpoint: str = "https://huggingface.co"
    modelscope_endpoint: str = "https://modelscope.cn"
    platform: Path | None = None
    connections: int = 32
    limit: int = 0
    reserve: int = 500_000_000
    packages: Mapping[str, str] = field(default_factory=dict)


def load(home: Path, environ: Mapping[str, str]) -> Settings:
    """Read them. A file that is not there is fine. Raises SettingsProblem."""
    path = home / FILE
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        found = {}
    except (OSError, ValueError) as error:
        raise SettingsProblem(path, text("{reason}", reason=error)) from error
    known = {field.name for field in fields(Settings)}
    for name in found:
        if name not in known:
            raise SettingsProblem(
                path, text("“{name}” is no setting; there are {known}", name=name, known=", ".join(sorted(known)))
            )
    values = {name: _checked(path, name, value) for name, value in found.items()}
    if environ.get("HF_ENDPOINT"):
        values["endpoint"] = _checked(Path("HF_ENDPOINT"), "endpoint", environ["HF_ENDPOINT"])
    if environ.get("MODELSCOPE_ENDPOINT"):
        address = environ["MODELSCOPE_ENDPOINT"]
        if "://" not in address:
            address = f"https://{address}"  # ModelScope's own client takes a bare host too
        values["modelscope_endpoint"] = _checked(Path("MODELSCOPE_ENDPOINT"), "modelscope_endpoint", address)
    if environ.get("MODEL_PRELOAD_PLATFORM"):
        values["platform"] = _checked(Path("MODEL_PRELOAD_PLATFORM"), "platform", environ["MODEL_PRELOAD_PLATFORM"])
    return Settings(**values)


def _checked(path: Path, name: str, value: Any) -> Any:
    expected = {
        "language": text("text such as “zh_CN”"),
        "endpoint": text("an address such as “https://huggingface.co”"),
        "modelscope_endpoint": text("an address such as “https://modelscope.cn”"),
        "platform": text("the full path of a folder"),
        "connections": text("a whole number from 1 to 64"),
        "limit": text("bytes a second, 0 for no limit"),
        "reserve": text("bytes, 0 or more"),
        "packages": text("a table such as {example}", example='{ mineru = "2.6.2" }'),
    }[name]
    good = {
        "language": isinstance(value, str),
        "endpoint": isinstance(value, str) and is_address(value),
        "modelscope_endpoint": isinstance(value, str) and is_address(value),
        "platform": isinstance(value, str) and Path(value).is_absolute(),
        "connections": type(value) is int and 1 <= value <= 64,
        "limit": type(value) is int and value >= 0,
        "reserve": type(value) is int and value >= 0,
        "packages": isinstance(value, dict) and all(map(_is_version, value.values())),
    }[name]
    if not good:
        raise SettingsProblem(
            path, text("“{name}” is {found}; expected is {expected}", name=name, found=_shown(value), expected=expected)
        )
    return Path(value) if name == "platform" else value


def _is_version(value: Any) -> bool:
    from packaging.version import InvalidVersion, Version

    try:
        return isinstance(value, str) and bool(Version(value))
    except InvalidVersion:
        return False


def is_address(value: str) -> bool:
    """Whether it can be a hub's: http or https, a host, no login, query or fragment."""
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
        plain = re.fullmatch(r"[!-~]+", value) and not re.search(r"[@?#\\]", value)
        return parts.scheme in ("http", "https") and bool(host and plain)
    except ValueError:
        return False


def _shown(value: Any) -> str:
    return repr(shown(value)) if isinstance(value, str) else shown(repr(value))
