"""What is wrong with a catalog file, in words: where, what was found, what was expected."""

import reprlib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from pydantic_core import ErrorDetails

from model_preload.core import addresses
from model_preload.core.catalog import rules
from model_preload.core.catalog.model import CACHES, ENGINES
from model_preload.core.catalog.schema import known_keys
from model_preload.core.texts import Text, text

Location = tuple[int | str, ...]
"""The way from the top of the file, with positions in lists counted from 0."""

EXPECTED = {
    "schema": text("{known}, the format that this version knows", known=rules.SCHEMA),
    "model": text("one or more [[model]] tables"),
    "key": text("lower-case letters, digits and - _ . within, at most 64 characters"),
    "name": text("a text or a table with en and zh"),
    "description": text("a text or a table with en and zh"),
    "en": text("a text that is not empty, without control characters"),
    "zh": text("a text that is not empty, without control characters"),
    "required": text("true or false"),
    "auto_download": text("true or false"),
    "licence": text("a text that is not empty, without control characters"),
    "place": text("a table with exactly one of cache, engine and folder"),
    "cache": text("one of: {known}", known=", ".join(CACHES)),
    "engine": text("one of: {known}", known=", ".join(ENGINES)),
    "folder": text("an absolute folder with / or one that begins with {home} or {platform}, with no “..” in it"),
    "needs": text("a list of keys of other models"),
    "when": text("a table with package and version"),
    "package": text("the name of a Python package"),
    "version": text("a version specifier such as >=3.6,<4"),
    "source": text("one or more [[model.source]] tables"),
    "hub": text("one of: {known}", known="huggingface, modelscope, url"),
    "repo": text("owner/name as the hub writes it"),
    "revision": text("a branch, tag or commit"),
    "include": text("a list of patterns such as *.json: relative, with /, with no “..” or open bracket"),
    "exclude": text("a list of patterns such as *.json: relative, with /, with no “..” or open bracket"),
    "rename": text("a table of relative paths with / and no “..”, each with a new one of its own"),
    "require": text("a list of relative paths with / and no “..”; a folder ends in /"),
    "url": text("an http or https address without credentials, spaces or #"),
    "path": text("a relative path with / and no “..”; to be left out only where the URL ends in a file name"),
    "size": text("a number of bytes"),
    "sha256": text("64 lower-case hexadecimal digits"),
}
"""What each key of the file should be."""


def key_of(entry: object) -> str:
    """A model's key as the file has it, "" if it has none."""
    key = entry.get("key") if isinstance(entry, Mapping) else None
    return key if isinstance(key, str) else ""


class _Short(reprlib.Repr):
    """Logins are taken out before texts are cut, which may cut their `@` away."""

    def repr_str(self, x: str, level: int) -> str:
        return super().repr_str(addresses.shown(x), level)


def shown(value: object) -> str:
    """A value as the file's author may recognise it, short, on one line, without a password."""
    short = _Short()
    short.maxstring = short.maxother = short.maxlong = 60
    try:
        written = short.repr(value)
    except ValueError:  # a number with more digits than Python writes
        written = "…"
    return written if len(written) <= 80 else f"{written[:79]}…"


def where(location: Location, entries: Sequence[object] = ()) -> Text | str:
    """A place in the file; a model goes by its key, or by its position where the key is no good or not its alone."""
    trail: list[str] = []
    for step in location:
        if isinstance(step, int) and trail:
            trail[-1] += f" {step + 1}"
        else:
            name = str(step)
            trail.append(name if name.isprintable() and len(name) <= 60 else shown(name))
    if len(location) < 2:
        return trail[0]
    position = int(location[1])
    steps = " → ".join(trail[1:]) or "[[model]]"
    key = key_of(entries[position])
    if rules.is_key(key) and position == next(n for n, entry in enumerate(entries) if key_of(entry) == key):
        return text("model “{model}”: {key}", model=key, key=steps)
    return text("model {position}: {key}", position=position + 1, key=steps)


def wrong(place: Text | str, found: object, expected: Text) -> Text:
    """Something is there that should be something else."""
    return text("{place} is {found}; expected: {expected}.", place=place, found=shown(found), expected=expected)


def unknown(place: Text | str, name: str, known: Sequence[str]) -> Text:
    """A key that means nothing, with the nearest that does."""
    return text("{place} is not a known key; expected: {known}.", place=place, known=nearest(name, known))


def nearest(name: str, known: Sequence[str]) -> str:
    """The known name that was probably meant, or the known names."""
    near = get_close_matches(name[:80], known, 1)
    return near[0] if near else ", ".join(known[:20]) + (", …" if len(known) > 20 else "")


def translated(error: ErrorDetails, base: Location, entries: Sequence[object]) -> Text:
    """One of pydantic's findings in our own words.

    Args:
        error: its type counts for little: what was expected depends on the key alone.
        base: the location that the error's own one begins at.
        entries: the models as they are in the file.
    """
    kind, found, location = error["type"], error["input"], base + error["loc"]
    names = [step for step in location if isinstance(step, str)]
    if location[2:3] == ("source",):
        location = location[:4] + location[5:]  # pydantic counts the hub as a step
    if kind.startswith("union_tag"):
        location, names, found = (*location, "hub"), ["hub"], found.get("hub")
    place = where(location, entries)
    if kind == "extra_forbidden":
        return unknown(place, names[-1], known_keys("".join(names[-2:-1])))
    expected = EXPECTED["rename" if "rename" in names else names[-1]]
    if kind == "missing" or found is None:
        return text("{place} is missing; expected: {expected}.", place=place, expected=expected)
    return wrong(place, found, expected)
