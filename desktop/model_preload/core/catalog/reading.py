"""From a catalog file to a `Catalog`, or to everything that is wrong with the file."""

import re
import tomllib
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

from model_preload.core import paths
from model_preload.core.catalog.model import Catalog
from model_preload.core.errors import CatalogProblem
from model_preload.core.texts import Text, text

MOST_BYTES = 1 << 20
"""A file beyond this is refused unread."""

MOST_FINDINGS = 50
"""What is wrong beyond this is not told."""

_DEEP_KEY = re.compile(r"""(?:(?:(?<![\w-])[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){32}""", re.ASCII)
"""A dotted key such as no catalog has; tomllib takes memory by the square of its length."""


def builtin() -> Catalog:
    """The catalog that the program brings."""
    return load(paths.resource("catalog/tianshu.toml"))


def load(path: Path) -> Catalog:
    """Read a catalog file; its format is described in docs/catalog.md.

    Raises:
        CatalogProblem: it can't be read, or is wrong; everything that is wrong is told at once.
    """
    return _read(path, lambda: _content(path))


def parse(content: bytes, path: Path) -> Catalog:
    """The same for a file's bytes; `path` is what findings name. Raises CatalogProblem."""
    return _read(path, lambda: content)


def _read(path: Path, content: Callable[[], bytes]) -> Catalog:
    try:
        document = _parsed(content())
    except _Unreadable as error:
        raise CatalogProblem(path, [error.finding]) from error.__cause__
    from model_preload.core.catalog.checking import check

    models, found = check(document)
    findings = list(islice(found, MOST_FINDINGS + 1))
    if len(findings) > MOST_FINDINGS:
        findings[-1] = text("… and more.")
    if findings:
        raise CatalogProblem(path, findings)
    return Catalog(tuple(models))


class _Unreadable(Exception):
    """There is nothing to check."""

    def __init__(self, finding: Text) -> None:
        super().__init__(finding)
        self.finding = finding


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise _Unreadable(text("There is no such file.")) from error
    except (OSError, ValueError) as error:
        if path.is_dir():
            raise _Unreadable(text("It is a folder; expected: a file.")) from error
        reason = getattr(error, "strerror", None) or error
        raise _Unreadable(text("It can't be read: {reason}.", reason=reason)) from error
    if len(content) > MOST_BYTES:
        raise _Unreadable(text("It has more than {most} bytes, which no catalog has.", most=MOST_BYTES))
    return content


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        written = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _Unreadable(text("line {line} is not UTF-8; expected: a text saved as UTF-8.", line=line)) from error
    too_deep = text("It is nested too deeply; expected: TOML as docs/catalog.md describes it.")
    if _DEEP_KEY.search(written):
        raise _Unreadable(too_deep)
    try:
        return tomllib.loads(written)
    except RecursionError as error:
        raise _Unreadable(too_deep) from error
    except ValueError as error:
        raise _Unreadable(_syntax(str(error), written)) from error


def _syntax(reason: str, written: str) -> Text:
    """Tomllib tells the place at the end of its sentence."""
    sentence, _, place = reason.partition(" (at ")
    at = re.match(r"line (\d+), column (\d+)", place)
    if at is None:
        return text("The file is not TOML: {reason}.", reason=reason[:200])
    line = int(at[1])
    lines = written.replace("\r\n", "\n").split("\n")
    return text(
        "line {line}, column {column}: {found} is not TOML ({reason}).",
        line=line,
        column=int(at[2]),
        found=repr(lines[line - 1].strip()[:60]),
        reason=sentence[:100],
    )
