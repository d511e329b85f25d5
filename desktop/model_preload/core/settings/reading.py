"""From the file and the environment to settings."""

import tomllib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from model_preload.core.errors import SettingsProblem, VariableProblem
from model_preload.core.settings.rules import NAMES, check
from model_preload.core.settings.values import FILE, Settings
from model_preload.core.texts import Text, text

_VARIABLES = {
    "endpoint": "HF_ENDPOINT",
    "modelscope_endpoint": "MODELSCOPE_ENDPOINT",
    "platform": "MODEL_PRELOAD_PLATFORM",
}
_PROXIES = ("https_proxy", "http_proxy", "all_proxy")


def load(home: Path, environ: Mapping[str, str]) -> Settings:
    """Read them. A file that is not there is fine. Raises SettingsProblem."""
    path = home / FILE
    try:
        written = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        written = ""
    except OSError as error:
        raise SettingsProblem(path, text("{reason}", reason=error.strerror or error)) from error
    except ValueError as error:
        raise SettingsProblem(path, text("it is not written in UTF-8")) from error
    values = parse(path, written)
    for name, variable in from_environment(environ).items():
        if name == "proxy":
            values[name] = ""  # the environment's, which may have a login
            continue
        value = environ[variable]
        if name == "modelscope_endpoint" and "://" not in value:
            value = f"https://{value}"  # ModelScope's own client takes a bare host too
        values[name] = _checked(partial(VariableProblem, variable), name, value)
    return Settings(**values)


def from_environment(environ: Mapping[str, str]) -> Mapping[str, str]:
    """The settings that the environment decides, each with the variable that does it."""
    found = {name: variable for name, variable in _VARIABLES.items() if environ.get(variable)}
    set_ = {variable.lower(): variable for variable, value in environ.items() if value}
    proxy = next((set_[variable] for variable in _PROXIES if variable in set_), None)
    return found | ({"proxy": proxy} if proxy else {})


def parse(path: Path, written: str) -> dict[str, Any]:
    """The values that a file's text sets, checked. Raises SettingsProblem."""
    try:
        found = tomllib.loads(written)
    except ValueError as error:
        raise SettingsProblem(path, text("{reason}", reason=error)) from error
    for name in found:
        if name not in NAMES:
            known = ", ".join(sorted(NAMES))
            raise SettingsProblem(path, text("“{name}” is no setting; there are {known}", name=name, known=known))
    return {name: _checked(partial(SettingsProblem, path), name, value) for name, value in found.items()}


def _checked(problem: Callable[[Text], SettingsProblem], name: str, value: Any) -> Any:
    wrong = check(name, value)
    if wrong is not None:
        raise problem(wrong)
    if name == "platform":
        return Path(value)
    return tuple(value) if isinstance(value, list) else value
