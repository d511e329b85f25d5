"""The form of each setting, and what is said of a value that has another one."""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from model_preload.core.addresses import is_place, shown
from model_preload.core.settings.values import HUBS, THEMES, WHEN, Settings
from model_preload.core.texts import Text, known, text

NAMES = tuple(field.name for field in fields(Settings))
"""All settings."""
_PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")
_LOGIN_IN_PROXY = text(
    "“proxy” holds a login, which is not kept in a file: leave it empty, and set the variable HTTPS_PROXY to "
    "http://USER:PASSWORD@HOST:PORT"
)


def check(name: str, value: Any) -> Text | None:
    """Why a value is none for this setting, as the file would be told; None if it is right.

    Args:
        name: one of the fields of `Settings`.
        value: as the file or a window has it: a path may be a text or a `Path`, a list may be a tuple. A password
            in it goes into no text.
    """
    value = plain(value)
    if name == "proxy" and isinstance(value, str) and "@" in value:
        return _LOGIN_IN_PROXY
    is_good, expected = _RULES[name]
    if is_good(value):
        return None
    return text("“{name}” is {found}; expected is {expected}", name=name, found=_shown(value), expected=expected)


def plain(value: Any) -> Any:
    """A value of `Settings` as TOML has it."""
    if isinstance(value, Path):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def is_address(value: str) -> bool:
    """Whether it can be a hub's: http or https, a host, no login, query or fragment."""
    return _is_plain_address(value, ("http", "https"))


def _is_plain_address(value: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(value)
        _ = parts.port
        written = re.fullmatch(r"[!-~]+", value) and not re.search(r"[@?#\\]", value)
        return parts.scheme in schemes and is_place(parts.netloc) and bool(written)
    except ValueError:
        return False


def _is_hub(value: Any) -> bool:
    return isinstance(value, str) and is_address(value)


def _is_proxy(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    return value in ("", "none") or (_is_plain_address(value, _PROXY_SCHEMES) and urlsplit(value).path in ("", "/"))


def _is_order(value: Any) -> bool:
    return isinstance(value, list) and all(one in HUBS for one in value) and len(set(value)) == len(value)


def _is_version(value: Any) -> bool:
    from packaging.version import InvalidVersion, Version

    try:
        return isinstance(value, str) and bool(Version(value))
    except InvalidVersion:
        return False


def _one_of(known: tuple[str, ...]) -> tuple[Callable[[Any], bool], Text]:
    return lambda value: isinstance(value, str) and value in known, text("one of: {known}", known=", ".join(known))


_SWITCH = (lambda value: isinstance(value, bool), text("true or false"))
_RULES: Mapping[str, tuple[Callable[[Any], bool], Text]] = {
    "language": (
        lambda value: isinstance(value, str) and (not value or known(value) is not None),
        text("“en” or “zh_CN”"),
    ),
    "endpoint": (_is_hub, text("an address such as “https://huggingface.co”")),
    "modelscope_endpoint": (_is_hub, text("an address such as “https://modelscope.cn”")),
    "platform": (
        lambda value: isinstance(value, str) and "\0" not in value and Path(value).is_absolute(),
        text("the full path of a folder"),
    ),
    "connections": (lambda value: type(value) is int and 1 <= value <= 64, text("a whole number from 1 to 64")),
    "limit": (lambda value: type(value) is int and value >= 0, text("bytes a second, 0 for no limit")),
    "reserve": (lambda value: type(value) is int and value >= 0, text("bytes, 0 or more")),
    "packages": (
        lambda value: isinstance(value, Mapping) and all(map(_is_version, value.values())),
        text("a table such as {example}", example='{ mineru = "2.6.2" }'),
    ),
    "proxy": (
        _is_proxy,
        text("“none”, an address such as “http://proxy.example:8080”, or nothing for the system's"),
    ),
    "hubs": (_is_order, text("a list of some of {known}, each once", known=", ".join(HUBS))),
    "theme": _one_of(THEMES),
    "notifications": _SWITCH,
    "resume": _SWITCH,
    "when_metered": _one_of(WHEN),
    "when_on_battery": _one_of(WHEN),
    "first_run_done": _SWITCH,
}


def _shown(value: Any) -> str:
    return repr(shown(value)) if isinstance(value, str) else shown(repr(value))
