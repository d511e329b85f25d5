"""From the parsed file to models and to what is wrong with it. Imported only when a file is read."""

from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from pydantic import ValidationError

from model_preload.core.catalog import rules
from model_preload.core.catalog.findings import Location, key_of, nearest, translated, where, wrong
from model_preload.core.catalog.model import OWN_FOLDER_ENGINES, Model, Place
from model_preload.core.catalog.schema import FileEntry, ModelEntry
from model_preload.core.catalog.sources import RepositorySource, UrlSource
from model_preload.core.texts import Text, text

_HUGGINGFACE = Place("cache", "huggingface")
_OWN_FOLDERS = tuple(Place("engine", engine) for engine in OWN_FOLDER_ENGINES)
_MOST_CIRCLES = 10


def check(document: Mapping[str, Any]) -> tuple[list[Model], Iterator[Text]]:
    """The models that are right by themselves, and everything that is wrong with the file, told as it is asked for."""
    schema = document.get("schema")
    if type(schema) is int and schema > rules.SCHEMA:
        newer = text("{known}; install the newest version of the program to use it", known=rules.SCHEMA)
        return [], iter([wrong(where(("schema",)), schema, newer)])
    listed = document.get("model")
    entries = listed if isinstance(listed, list) else []
    read = [_read(entry) for entry in entries]
    return [model for model in read if isinstance(model, Model)], _findings(document, entries, read)


def _read(entry: object) -> Model | ValidationError:
    try:
        return ModelEntry.model_validate(entry).build()
    except ValidationError as error:
        return error


def _findings(
    document: Mapping[str, Any], entries: Sequence[object], read: Sequence[Model | ValidationError]
) -> Iterator[Text]:
    try:
        FileEntry.model_validate(document)
    except ValidationError as error:
        yield from _translated(error, (), entries)
    for position, result in enumerate(read):
        if isinstance(result, ValidationError):
            yield from _translated(result, ("model", position), entries)
        elif result.place in _OWN_FOLDERS and not all(isinstance(s, RepositorySource) for s in result.sources):
            yield text(
                "{place} names a plain address; the engine {engine} wants a repository, whose name its folder goes by.",
                place=where(("model", position, "source"), entries),
                engine=result.place.name,
            )
        elif result.place == _HUGGINGFACE and all(isinstance(source, UrlSource) for source in result.sources):
            place = where(("model", position, "source"), entries)
            yield text(
                "{place} names no repository, whose name the cache {cache} goes by.",
                place=place,
                cache=_HUGGINGFACE.name,
            )
    positions: dict[str, int] = {}
    for position, entry in enumerate(entries):
        key = key_of(entry)
        if rules.is_key(key) and positions.setdefault(key, position) != position:
            other = text("a key that model {position} does not have already", position=positions[key] + 1)
            yield wrong(where(("model", position, "key"), entries), key, other)
    yield from _needs(entries, positions)


def _translated(error: ValidationError, base: Location, entries: Sequence[object]) -> Iterator[Text]:
    for details in error.errors(include_url=False, include_context=False):
        yield translated(details, base, entries)


def _needs(entries: Sequence[Any], positions: Mapping[str, int]) -> Iterator[Text]:
    """What is wrong with `needs` between models, whatever else is wrong with them."""
    graph: dict[str, list[str]] = {}
    for key, position in positions.items():
        needs = entries[position].get("needs")
        graph[key] = []
        for index, need in enumerate(needs if isinstance(needs, list) else []):
            place = where(("model", position, "needs", index), entries)
            if need == key:
                yield wrong(place, need, text("another model: none can need itself"))
            elif isinstance(need, str) and need in positions:
                graph[key].append(need)
            elif isinstance(need, str) and rules.is_key(need):
                known = nearest(need, [other for other in positions if other != key])
                yield wrong(place, need, text("the key of a model of this catalog ({known})", known=known))
    for _ in range(_MOST_CIRCLES):
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            circle: list[str] = error.args[1][::-1]
            place = where(("model", positions[circle[0]], "needs"), entries)
            yield text("{place} leads in a circle: {circle}.", place=place, circle=" → ".join(circle))
            graph.update({key: [] for key in circle})
        else:
            return
