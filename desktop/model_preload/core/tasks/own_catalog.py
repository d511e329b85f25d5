"""The user's own models: `catalog.toml` in the state folder, in the form of docs/catalog.md, besides the built-in ones.

The file may be written by hand as well. What is changed here is one `[[model]]` table with what belongs to it; every
other byte stays. Where a table begins is told by its line, and a change is made only if each piece by itself means
just that one model, and the whole file afterwards just what was wanted.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from model_preload.core import errors
from model_preload.core.catalog import (
    Catalog,
    Model,
    RepositorySource,
    Requirement,
    Source,
    builtin,
    load,
    parse,
    rules,
)
from model_preload.core.files import Disk
from model_preload.core.texts import text

FILE = "catalog.toml"
_HEADER = re.compile(r"^(?:[ \t]*#[^\r\n]*\r?\n)*[ \t]*\[\[[ \t]*model[ \t]*\]\]", re.MULTILINE)
"""The line that begins a model, and the comments right above it."""
_SCHEMA = f"schema = {rules.SCHEMA}\n"


def whole_catalog(home: Path) -> tuple[Catalog, errors.CatalogProblem | None]:
    """The built-in models and the user's own; of an own file that can't be used none, and what is wrong with it."""
    known = builtin()
    try:
        own = own_models(home)
    except errors.CatalogProblem as problem:
        return known, problem
    return Catalog((*known.models, *own)), None


def own_models(home: Path) -> tuple[Model, ...]:
    """The user's own models, in the file's order. Raises CatalogProblem."""
    path = home / FILE
    if not path.exists():
        return ()
    if not _is_empty(path):
        return _apart(load(path).models, path)
    return ()


def add(home: Path, disk: Disk, model: Model) -> None:
    """Put a model at the end of the file, which is made if it is not there.

    Raises ModelUnfit; CatalogProblem if the file is not right already; DiskProblem.
    """
    file = _File.read(home, disk)
    file.write(disk, [*file.pieces, _entry(model, file.text)], [*file.models, model])


def edit(home: Path, disk: Disk, key: str, model: Model) -> None:
    """Put another model in the place of one; its comments within are gone. Raises UnknownModel and what `add` does."""
    file = _File.read(home, disk)
    at = file.position(key)
    head = _HEADER.match(file.pieces[at])
    assert head is not None, file.pieces[at]
    above = head[0].rpartition("\n")[0]
    entry = _entry(model, file.text).strip("\r\n")
    below = file.pieces[at][len(file.pieces[at].rstrip()) :] or "\n"
    pieces = [*file.pieces]
    pieces[at] = (f"{above}\n" if above else "") + entry + below
    file.write(disk, pieces, [*file.models[:at], model, *file.models[at + 1 :]])


def remove(home: Path, disk: Disk, key: str) -> None:
    """Take a model out; what was fetched of it stays where it is. Raises UnknownModel and what `add` does."""
    file = _File.read(home, disk)
    at = file.position(key)
    pieces = [piece for number, piece in enumerate(file.pieces) if number != at]
    file.write(disk, pieces, [*file.models[:at], *file.models[at + 1 :]])


def import_file(home: Path, disk: Disk, path: Path) -> tuple[str, ...]:
    """Take over the models of another catalog file, all or none; those that are the same already are passed over.

    Returns:
        The keys of those that are new.

    Raises:
        CatalogProblem: that file, or the own one, is not right.
        ModelUnfit: keys that are taken by other models, each named. DiskProblem.
    """
    file = _File.read(home, disk)
    new = [model for model in load(path).models if model not in file.models]
    keys = {model.key for model in file.models}
    taken = [
        text("model “{model}”: another model of your own has this key; give one of them another.", model=model.key)
        for model in new
        if model.key in keys
    ]
    if taken:
        raise errors.ModelUnfit(taken)
    if new:
        entries = [_entry(model, file.text) for model in new]
        file.write(disk, [*file.pieces, *entries], [*file.models, *new])
    return tuple(model.key for model in new)


@dataclass(frozen=True)
class _File:
    """The own file, taken apart: `start` and all pieces one after the other are its text; each piece is one model."""

    path: Path
    text: str
    start: str
    pieces: tuple[str, ...]
    models: tuple[Model, ...]

    @classmethod
    def read(cls, home: Path, disk: Disk) -> "_File":
        """Raises CatalogProblem, DiskProblem."""
        path = home / FILE
        content = disk.read_bytes(path)
        if content is None:
            return cls(path, _SCHEMA, _SCHEMA, (), ())
        models = () if _is_empty(path) else _apart(parse(content, path).models, path)
        written = content.decode()
        begins = [*(found.start() for found in _HEADER.finditer(written)), len(written)]
        pieces = tuple(written[begin:end] for begin, end in pairwise(begins))
        start = written[: begins[0]]
        if len(pieces) != len(models) or any(map(_is_other, pieces, models)):
            raise errors.CatalogProblem(path, [text("It is written in a way that only its author can change.")])
        return cls(path, written, start, pieces, models)

    def position(self, key: str) -> int:
        """Raises UnknownModel."""
        keys = [model.key for model in self.models]
        if key not in keys:
            raise errors.UnknownModel(key, keys)
        return keys.index(key)

    def write(self, disk: Disk, pieces: Sequence[str], wanted: Sequence[Model]) -> None:
        """Raises ModelUnfit, DiskProblem."""
        start = self.start
        if "schema" not in tomllib.loads(start.removeprefix("\ufeff")):
            start += _SCHEMA if not start or start.endswith("\n") else f"\n{_SCHEMA}"
        whole = start
        for piece in pieces:
            whole += piece if not whole or whole.endswith("\n") else f"\n{piece}"
        if pieces:
            try:
                found = _apart(parse(whole.encode(), self.path).models, self.path)
            except errors.CatalogProblem as problem:
                raise errors.ModelUnfit(problem.findings) from None
            if found != tuple(wanted):
                raise errors.ModelUnfit([text("It can't be written so that it is read as it is.")])
        disk.write_text(self.path, whole)


def _is_empty(path: Path) -> bool:
    """Whether there are no models in it, which is right for this file: they were all removed."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig")) in ({}, {"schema": rules.SCHEMA})
    except (OSError, ValueError, RecursionError):
        return False


def _apart(models: tuple[Model, ...], path: Path) -> tuple[Model, ...]:
    """The same, if no key is one of the built-in catalog. Raises CatalogProblem."""
    known = {model.key for model in builtin().models}
    taken = [
        text("model “{model}”: a built-in model has this key; give it another one.", model=model.key)
        for model in models
        if model.key in known
    ]
    if taken:
        raise errors.CatalogProblem(path, taken)
    return models


def _is_other(piece: str, model: Model) -> bool:
    """Whether that piece of the file is not just that model's table."""
    try:
        found = tomllib.loads(piece)
    except ValueError:
        return True
    tables = found.get("model")
    return len(found) != 1 or not isinstance(tables, list) or [one.get("key") for one in tables] != [model.key]


def _entry(model: Model, around: str) -> str:
    """A model's table, with the line ends of the file around it."""
    import tomlkit

    table: dict[str, Any] = {"key": model.key, "name": _wording(model.name.en, model.name.zh)}
    if model.description.en:
        table["description"] = _wording(model.description.en, model.description.zh)
    table |= {"required": model.required}
    table |= {"auto_download": True} if model.auto_download else {}
    table |= {"licence": model.licence} if model.licence else {}
    table["place"] = _inline({model.place.kind: model.place.name})
    table |= {"needs": list(model.needs)} if model.needs else {}
    table |= _when(model.when)
    table["source"] = [_source(source) for source in model.sources]
    written = "\n" + tomlkit.dumps({"model": [table]})
    return written.replace("\n", "\r\n") if "\r\n" in around else written


def _source(source: Source) -> dict[str, Any]:
    if not isinstance(source, RepositorySource):
        sure = {"size": source.size, "sha256": source.sha256}
        told = {name: value for name, value in sure.items() if value is not None}
        return {"hub": source.hub, "url": source.url, "path": source.path, **told, **_when(source.when)}
    lists = {"include": source.include, "exclude": source.exclude, "require": source.require}
    chosen = {name: list(values) for name, values in lists.items() if values}
    rename = {"rename": _inline(dict(source.rename))} if source.rename else {}
    named = {"hub": source.hub, "repo": source.repo, "revision": source.revision}
    return {**named, **chosen, **rename, **_when(source.when)}


def _when(when: Requirement | None) -> dict[str, Any]:
    if when is None:
        return {}
    version = {"version": when.version} if when.version else {}
    return {"when": _inline({"package": when.package, **version})}


def _wording(en: str, zh: str) -> object:
    return en if en == zh else _inline({"en": en, "zh": zh})


def _inline(values: Mapping[str, str]) -> object:
    import tomlkit

    table = tomlkit.inline_table()
    table.update(values)
    return table
