"""The values of a catalog. They are made by `load`, which has checked what is promised here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from model_preload.core.catalog.requirement import Requirement
from model_preload.core.catalog.sources import RepositorySource, Source
from model_preload.core.errors import PlaceUnknown, UnknownModel

CACHES = ("huggingface",)
"""What `place.cache` may name. It grows with each layout that `core.caches` learns."""

ENGINES = ("mineru", "paddlex", "funasr", "watermark", "simple-lama")
"""What `place.engine` may name; `core.engines.places` knows where each of them reads."""

OWN_FOLDER_ENGINES = ("paddlex", "funasr")
"""Those that read each model in a folder that goes by the name of its repository."""


@dataclass(frozen=True, slots=True)
class Wording:
    """The same words in English and Chinese; equal where the catalog has a plain string."""

    en: str
    zh: str

    def in_language(self, language: str) -> str:
        """The words for a language, by any name that `texts.use` takes; English for all but Chinese."""
        return self.zh if language.lower().startswith("zh") else self.en


@dataclass(frozen=True, slots=True)
class Place:
    """Where a model's files belong.

    Attributes:
        kind: which of the three ways the catalog tells it.
        name: a cache of `CACHES`; an engine of `ENGINES`; or a folder with `/`, absolute or beginning with
            `{home}` or `{platform}`.
    """

    kind: Literal["cache", "engine", "folder"]
    name: str


@dataclass(frozen=True, slots=True)
class Model:
    """One entry of the catalog.

    Attributes:
        key: lower-case letters, digits and `-_.`, at most 64.
        name, description: for people.
        required: whether the platform needs it.
        auto_download: only told to the platform's dashboard.
        licence: SPDX identifier or free words, "" if not told.
        place: where the files belong.
        sources: at least one, in order of preference.
        needs: keys of the parts without which it is not ready.
        when: None if the model always counts.
    """

    key: str
    name: Wording
    description: Wording
    required: bool
    auto_download: bool
    licence: str
    place: Place
    sources: tuple[Source, ...]
    needs: tuple[str, ...] = ()
    when: Requirement | None = None

    @property
    def folder_name(self) -> str:
        """What engines of `OWN_FOLDER_ENGINES` call its folder: the first repository's name without its owner."""
        return next((source.repo for source in self.sources if isinstance(source, RepositorySource)), "").rpartition(
            "/"
        )[2]

    def folder(self, home: Path, platform: Path | None) -> Path:
        """The folder of a `folder` place. Raises PlaceUnknown if that is the platform's and there is none."""
        if self.place.kind != "folder":
            raise ValueError(f"the place of {self.key} is a {self.place.kind}")
        root, _, below = self.place.name.partition("/")
        if root == "{platform}" and platform is None:
            raise PlaceUnknown(self.key, self.place.name)
        roots = {"{home}": home, "{platform}": platform}
        start = roots.get(root)
        return Path(self.place.name) if start is None else start / below.lstrip("/")


@dataclass(frozen=True)
class Catalog:
    """The models in the file's order; keys differ, every key in `needs` is there, and none needs itself in the end."""

    models: tuple[Model, ...]

    @cached_property
    def _by_key(self) -> dict[str, Model]:
        return {model.key: model for model in self.models}

    @cached_property
    def whole(self) -> tuple[Model, ...]:
        """The models that are no part of another one: what people count."""
        parts = {key for model in self.models for key in model.needs}
        return tuple(model for model in self.models if model.key not in parts)

    def model(self, key: str) -> Model:
        """The model of that key. Raises UnknownModel."""
        try:
            return self._by_key[key]
        except KeyError:
            raise UnknownModel(key, list(self._by_key)) from None

    def applicable(self, installed: Mapping[str, str]) -> "Catalog":
        """Without the models and sources whose `when` does not hold for these packages (version by canonical name).

        A model that no source is left of is left out too. What is left needs only what is left.
        """
        kept = []
        for model in self.models:
            sources = tuple(one for one in model.sources if one.when is None or one.when.met_by(installed))
            if sources and (model.when is None or model.when.met_by(installed)):
                kept.append(replace(model, sources=sources))
        keys = {model.key for model in kept}
        return Catalog(tuple(replace(model, needs=tuple(key for key in model.needs if key in keys)) for model in kept))

    def with_own_parts(self, keys: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
        """Those models and the parts they need, but for the parts that one of `others` needs as well.

        Raises UnknownModel for `keys`; of `others` unknown ones are passed over.
        """
        wanted = set(keys)
        if not wanted:
            return ()
        left = [key for key in others if key in self._by_key and key not in wanted]
        family = [model.key for model in self.with_parts(wanted)]
        # A part in the list may be there only for what leaves it: it keeps nothing by itself, nor do its own parts.
        stay = {model.key for key in left if key not in family for model in self.with_parts([key])}
        return tuple(key for key in family if key in wanted or key not in stay)

    def select(self, keys: Iterable[str] = ()) -> tuple[Model, ...]:
        """The named models, each once, in the file's order; all of them where none is named. Raises UnknownModel."""
        wanted = {self.model(key).key for key in keys}
        return tuple(model for model in self.models if not wanted or model.key in wanted)

    def with_parts(self, keys: Iterable[str] = ()) -> tuple[Model, ...]:
        """As `select`, and all they need, each once, every part before the first model that needs it.

        Raises UnknownModel.
        """
        ordered: dict[str, Model] = {}
        pending = list(reversed(self.select(keys)))
        while pending:
            model = pending[-1]
            parts = [self.model(key) for key in reversed(model.needs) if key not in ordered]
            if parts and model.key not in ordered:
                pending += parts
            else:
                ordered[pending.pop().key] = model
        return tuple(ordered.values())
