"""A `.env` file: read as python-dotenv reads it, changed so that every other byte stays.

The platform loads its `.env` with python-dotenv's `load_dotenv`, so its parser decides what a line means; ours only
finds where in a line the value stands. Text is the file's bytes as UTF-8, where a byte that is none stands as a
surrogate (PEP 383): so it can be given back.
"""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from dotenv.parser import Binding, parse_stream
from dotenv.variables import parse_variables

from model_preload.core.files import Disk

FILE = ".env"
_BOM = "\ufeff"
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
        for name, written in self._assigned.items():
            known = {**values, **self.environ}
            atoms = () if written is None else parse_variables(written)
            values[name] = None if written is None else "".join(atom.resolve(known) for atom in atoms)
        return MappingProxyType({name: value for name, value in values.items() if value is not None})

    @cached_property
    def _assigned(self) -> Mapping[str, str | None]:
        """The last assignment of each name, before `${NAME}` is filled in."""
        bindings = _bindings(_universal(self.text))
        return {binding.key: binding.value for binding in bindings if binding.key is not None}


def _bindings(text: str) -> Iterator[Binding]:
    """What python-dotenv makes of it: a binding a statement, and one without a name for what is none."""
    return parse_stream(io.StringIO(text.removeprefix(_BOM), newline=""))


def _universal(text: str) -> str:
    """As Python hands it to python-dotenv, which opens the file as text."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_platform(platform: Path, disk: Disk, environ: Mapping[str, str] = _NOTHING) -> tuple[Path | None, DotEnv]:
    """The file that the platform's start script loads, and its content; None and nothing if there is none.

    It is `backend/.env`, else the root's (platform: start_all.py). Raises DiskProblem.
    """
    for path in (platform / "backend" / FILE, platform / FILE):
        content = disk.read_bytes(path)
        if content is not None:
            return path, DotEnv.decoded(content, environ)
    return None, DotEnv("", environ)
