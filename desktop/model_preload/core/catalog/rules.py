"""The form of single values: each `is_…` tells whether a value from a catalog file has it.

The same in words is `findings.EXPECTED`.
"""

import re
import unicodedata
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from model_preload.core.addresses import is_place

SCHEMA = 1
"""The format this version knows."""

_NAME = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?"
_FIELDS = {"{home}", "{platform}"}


def is_schema(value: int) -> bool:
    """The one format that this version reads."""
    return value == SCHEMA


def is_key(value: str) -> bool:
    """Good as a word on the command line and as a name of a file or folder."""
    return re.fullmatch(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?", value) is not None


def is_wording(value: str) -> bool:
    """Something to read that does nothing to a terminal."""
    return bool(value.strip()) and not _has_controls(re.sub(r"\s", "", value))


def is_package(value: str) -> bool:
    """A distribution's name, as PyPI takes it."""
    return re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", value) is not None


def is_specifier(value: str) -> bool:
    """A version specifier; empty for any version."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        SpecifierSet(value)
    except InvalidSpecifier:
        return False
    return True


def is_repo(value: str) -> bool:
    """As huggingface_hub's `validate_repo_id`, but the owner must be told."""
    return (
        re.fullmatch(f"{_NAME}/{_NAME}", value) is not None
        and not value.endswith(".git")
        and "--" not in value
        and ".." not in value
    )


def is_revision(value: str) -> bool:
    """A subset of what git allows that is safe as a path of a cache's `refs/`."""
    return (
        len(value) <= 255
        and re.fullmatch(r"[\w+.-]+(?:/[\w+.-]+)*", value, re.ASCII) is not None
        and not re.search(r"(?:^|/)[.-]|\.\.|\.(?:/|$)|\.lock(?:/|$)", value)
    )


def is_relative_path(value: str) -> bool:
    """Stays below the folder it is joined to, on every system."""
    return not (re.search(r"[\\:]", value) or _has_controls(value) or {"", ".", ".."} & set(value.split("/")))


def is_pattern(value: str) -> bool:
    """Can match a path; a bracket that stands for itself is written `[[]` or `[]]`."""
    return is_relative_path(value.removesuffix("/")) and _is_balanced(value)


def is_required(value: str) -> bool:
    """A path, or with `/` at its end a folder."""
    return is_relative_path(value.removesuffix("/"))


def is_rename(value: Mapping[str, str]) -> bool:
    """No two files get one name."""
    return all(map(is_relative_path, (*value, *value.values()))) and len(set(value.values())) == len(value)


def is_folder(value: str) -> bool:
    """Absolute once its field is filled in; a field can only be the beginning."""
    root, slash, below = value.partition("/")
    if root not in _FIELDS and not (slash and re.fullmatch(r"(?:[A-Za-z]:)?", root)):
        return False
    return not (re.search(r"[\\:{}]", below) or _has_controls(below) or {".", ".."} & set(below.split("/")))


def is_url(value: str) -> bool:
    """An address that can be asked as it stands and holds no secret."""
    if not re.fullmatch(r"[!-~]+", value) or "\\" in value:
        return False
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and is_place(parts.netloc) and "#" not in value


def file_name(url: str) -> str:
    """The file name at the end of an address, "" if there is none that can be used."""
    name = unquote(urlsplit(url).path.rpartition("/")[2])
    return name if is_relative_path(name) and "/" not in name else ""


def is_sha256(value: str) -> bool:
    """As `values.Digest` takes it."""
    return re.fullmatch(r"[0-9a-f]{64}", value) is not None


def is_size(value: int) -> bool:
    """A file's size, as SQLite can hold it."""
    return 0 <= value < 1 << 63


def _has_controls(value: str) -> bool:
    return any(unicodedata.category(character) == "Cc" for character in value)


def _is_balanced(pattern: str) -> bool:
    """Whether each bracket belongs to a set as fnmatch reads sets: `[]]` and `[!]]` are sets too."""
    return not re.search(r"[][]", re.sub(r"\[!?+(?:\][^]]*|[^]]+)\]", "", pattern))
