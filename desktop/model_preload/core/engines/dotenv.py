"""A `.env` file: read as python-dotenv reads it, changed so that every other byte stays.

The platform loads its `.env` with python-dotenv's `load_dotenv`, so its parser decides what a line means; ours only
finds where in a line the value stands. Text is the file's bytes as UTF-8, where a byte that is none stands as a
surrogate (PEP 383): so it can be given back.
"""

import io
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from dotenv.parser import Binding, parse_stream
from dotenv.variables import parse_variables

from model_preload.core.errors import EnvFileUnsound
from model_preload.core.files import Disk

FILE = ".env"
_BOM = "\ufeff"
_LINE_END = re.compile(r"\r\n|\n|\r")
_MARK = "# Model Preload: settings that let the engines find their models"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HEAD = re.compile(r"\s*(?:export[^\S\r\n]+)?(?:'[^']+'|[^=#\s]+)(?:[^\S\r\n]*=[^\S\r\n]*)?")
_VALUE = re.compile(
    r"""'(?:\\.|[^'\\])*'
      | "(?:\\.|[^"\\])*"
      | (?!['"\#])[^\r\n]*?(?=(?:[^\S\r\n]+\#[^\r\n]*)?[^\S\r\n]*(?:[\r\n]|\Z))
      | """,
    re.DOTALL | re.VERBOSE,
)
"""The two parts of an assignment, as python-dotenv's parser has them; what is left is a comment and the line's end."""
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class DotEnv:
    """A file's content.

    Attributes:
        text: as decoded, with its line ends and its byte order mark.
        environ: the environment in which it would be loaded; what it sets goes before the file's own in `${NAME}`.
    """

    text: str
    environ: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)

    @classmethod
    def decoded(cls, content: bytes, environ: Mapping[str, str] = _NOTHING) -> "DotEnv":
        """From a file's bytes."""
        return cls(content.decode("utf-8", "surrogateescape"), environ)

    @property
    def encoded(self) -> bytes:
        """The file's bytes."""
        return self.text.encode("utf-8", "surrogateescape")

    @cached_property
    def values(self) -> Mapping[str, str]:
        """What `load_dotenv` would read, before the environment's own variables are put first."""
        values: dict[str, str | None] = {}
        for name, written in _assignments(self.text):
            known = {**values, **self.environ}
            atoms = () if written is None else parse_variables(written)
            values[name] = None if written is None else "".join(atom.resolve(known) for atom in atoms)
        return MappingProxyType({name: value for name, value in values.items() if value is not None})

    def written(self, name: str) -> str:
        """The value of the assignment that counts as it stands in the file, with its quotes; "" if there is none."""
        return next((_split(binding)[1] for binding in reversed(self._bindings) if binding.key == name), "")

    @property
    def is_text(self) -> bool:
        """Whether python-dotenv can read the file at all: as UTF-8."""
        return not any(character == "\0" or "\udc80" <= character <= "\udcff" for character in self.text)

    @property
    def hides_first(self) -> bool:
        """Whether a byte order mark stands right before a setting."""
        first = next(iter(self._bindings), None)
        return self.text.startswith(_BOM) and first is not None and first.key is not None and self.text[1] not in "\r\n"

    @property
    def unreadable(self) -> tuple[int, ...]:
        """The numbers of the lines that python-dotenv leaves out since it can't read them."""
        return tuple(
            binding.original.line + len(_LINE_END.findall(_blank_before(binding)))
            for binding in self._bindings
            if binding.error
        )

    def with_values(self, changes: Mapping[str, str | None]) -> "DotEnv":
        """The same with other values; None takes a name away.

        Only the value in a name's last assignment is written anew, since that is the one which counts; to take it
        away, all its assignments go. What is new stands in a marked block at the end. A value is never quoted more
        than it needs: without quotes all versions of python-dotenv take backslashes as they are.

        Raises:
            EnvFileUnsound: lines that can't be read, such as one with an open quote, are in the way.
            ValueError: a name or value that no environment can have.
        """
        for name, value in changes.items():
            if not _NAME.fullmatch(name) or any(c == "\0" or "\ud800" <= c <= "\udfff" for c in value or ""):
                raise ValueError(f"{name!r} can't be set to {value!r}")
        changed = replace(self, text=self._text_with(changes))
        expected: dict[str, str | None] = dict(_assignments(self.text))
        for name, value in changes.items():
            expected.pop(name, None)
            expected |= {} if value is None else {name: _plain(value)}
        if "\0" in self.text or dict(_assignments(changed.text)) != expected:
            raise EnvFileUnsound(self.unreadable)
        return changed

    def _text_with(self, changes: Mapping[str, str | None]) -> str:
        last = {binding.key: number for number, binding in enumerate(self._bindings)}
        parts = [_BOM] if self.text.startswith(_BOM) else []
        for number, binding in enumerate(self._bindings):
            name, part = binding.key, binding.original.string
            if name is not None and name in changes:
                value = changes[name]
                if value is None:
                    part = _blank_before(binding)
                elif last[name] == number and binding.value != _plain(value):
                    part = _rewritten(binding, value)
            parts.append(part)
        new = {name: value for name, value in changes.items() if value is not None and name not in last}
        return "".join(parts) + self._block(new)

    def _block(self, new: Mapping[str, str]) -> str:
        if not new:
            return ""
        found = _LINE_END.search(self.text)
        end = found[0] if found else os.linesep
        lines = [] if self.text in ("", _BOM) or self.text.endswith(("\n", "\r")) else [""]
        if _MARK not in self.text:
            lines.append(_MARK)
        lines += [f"{name}={_quoted(value)}" for name, value in new.items()]
        return end.join((*lines, ""))

    @cached_property
    def _bindings(self) -> tuple[Binding, ...]:
        """With the line ends as they are in the file, so that all originals together are its text."""
        return tuple(_bindings(self.text))


def _bindings(text: str) -> Iterator[Binding]:
    """What python-dotenv makes of it: a binding a statement, and one without a name for what is none."""
    return parse_stream(io.StringIO(text.removeprefix(_BOM), newline=""))


def _assignments(text: str) -> Iterator[tuple[str, str | None]]:
    """Names and values in the file's order, before `${NAME}` is filled in; the last of a name counts."""
    universal = text.replace("\r\n", "\n").replace("\r", "\n")  # python-dotenv opens the file as text
    return ((found.key, found.value) for found in _bindings(universal) if found.key is not None)


def _blank_before(binding: Binding) -> str:
    """The empty lines that python-dotenv counts as the beginning of a statement."""
    string = binding.original.string
    blank = string[: len(string) - len(string.lstrip())]
    end = max(blank.rfind("\n"), blank.rfind("\r")) + 1
    return blank[:end]


def _split(binding: Binding) -> tuple[str, str, str]:
    """What stands before the value, the value, and what stands behind it."""
    string = binding.original.string
    head = _HEAD.match(string)
    assert head, string
    value = _VALUE.match(string, head.end()) if binding.value is not None else None
    end = value.end() if value else head.end()
    return head[0], string[head.end() : end], string[end:]


def _rewritten(binding: Binding, value: str) -> str:
    head, _, tail = _split(binding)
    equals = "=" if binding.value is None else ""
    gap = " " if tail.startswith("#") else ""
    return f"{head}{equals}{_quoted(value)}{gap}{tail}"


def _plain(value: str) -> str:
    """The value so that nothing in it is filled in: `${:-$}` is python-dotenv's `$` whatever is set."""
    return value.replace("${", "${:-$}{")


def _quoted(value: str) -> str:
    """The first way of writing it that is read back as it is."""
    plain = _plain(value)
    double = plain.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    for written in (plain or "''", f"'{plain}'", f'"{double}"'):
        if list(_assignments(f"A={written} # \n")) == [("A", plain)]:
            return written
    raise AssertionError(f"{value!r} can be written in double quotes")


def read_platform(platform: Path, disk: Disk, environ: Mapping[str, str] = _NOTHING) -> tuple[Path | None, DotEnv]:
    """The file that the platform's start script loads, and its content; None and nothing if there is none.

    It is `backend/.env`, else the root's (platform: start_all.py). Raises DiskProblem.
    """
    for path in (platform / "backend" / FILE, platform / FILE):
        content = disk.read_bytes(path)
        if content is not None:
            return path, DotEnv.decoded(content, environ)
    return None, DotEnv("", environ)
