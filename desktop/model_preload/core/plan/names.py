"""Which names a listing may bring to a disk: those that every supported system can hold, whatever this one is.

Source of the rules: Microsoft, "Naming Files, Paths, and Namespaces".
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from model_preload.core.texts import Text, text

_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\..*)?", re.IGNORECASE | re.DOTALL)
_PLAIN = r"(?!(?:con|prn|aux|nul|com\d|lpt\d)(?:[./]|$))[\w.-]{0,200}[\w-]"
_ORDINARY = re.compile(rf"{_PLAIN}(?:/{_PLAIN})*", re.ASCII | re.IGNORECASE)
"""Nearly all names: letters, digits, `_.-`; what it does not take is looked at in detail."""
_FORBIDDEN = frozenset('<>:"|?*\\')


@dataclass(frozen=True, slots=True)
class PathLimits:
    """What this system's paths may be long: UTF-16 units on Windows, bytes of UTF-8 elsewhere.

    Attributes:
        path: of a whole path, the file's name included.
        name: of one name in it.
        utf16: which of the two is counted.
    """

    path: int
    name: int
    utf16: bool

    def length(self, written: str) -> int:
        """In the unit of this system; names with lone surrogates count too, since they are refused elsewhere."""
        if self.utf16:
            return len(written.encode("utf-16-le", "surrogatepass")) // 2
        return len(written.encode("utf-8", "surrogatepass"))

    @classmethod
    def of(cls, platform: str) -> "PathLimits":
        """Those of a `sys.platform`: Windows's `\\\\?\\` form takes 32,767, Linux's PATH_MAX is 4,096."""
        return cls(32_000, 255, utf16=True) if platform == "win32" else cls(4_095, 255, utf16=False)


def shown(path: str, length: int = 120) -> str:
    """The beginning of a listed path as it may be printed: what is invisible or moves a terminal is escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in path[:length])


def problem(path: str, limits: PathLimits) -> Text | None:
    """Why a listed path can't be taken; None if it can."""
    if _ORDINARY.fullmatch(path):
        return None
    if re.match(r"[A-Za-z]:", path):
        return text("“{path}” is not a path below the model's folder", path=shown(path))
    for name in path.split("/"):
        if name in ("", ".", ".."):
            return text("“{path}” is not a path below the model's folder", path=shown(path))
        if not _FORBIDDEN.isdisjoint(name) or any(unicodedata.category(c) in ("Cc", "Cs") for c in name):
            return text("“{path}” has a character that file names can't have", path=shown(path))
        if name != name.rstrip(". "):
            return text("“{path}” has a name that ends with a dot or a space", path=shown(path))
        if _RESERVED.fullmatch(name):
            return text("“{path}” has a name that Windows reserves", path=shown(path))
        if limits.length(name) > limits.name:
            return text("“{path}…” has a name that is too long", path=shown(path, 60))
    return None


def clashes(paths: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of listed paths that are one file, or file and folder, where case or composition does not count."""
    found = []
    files: dict[str, str] = {}
    folders: dict[str, str] = {}
    for path in paths:
        folded = _composed(_composed(path).casefold())
        if folded in files:
            found.append((files[folded], path))
            continue
        files[folded] = path
        while "/" in folded:
            folded = folded.rpartition("/")[0]
            folders.setdefault(folded, path)
    found.extend((path, folders[folded]) for folded, path in files.items() if folded in folders)
    return found


def _composed(path: str) -> str:
    return unicodedata.normalize("NFC", path)
