"""The form of a catalog file, for pydantic. Imported only when a file is read: pydantic takes its time.

The entries mirror the file; `build` turns one that is right into a value of `model.py`.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from model_preload.core.catalog import rules
from model_preload.core.catalog.model import CACHES, ENGINES, Model, Place, Wording
from model_preload.core.catalog.requirement import Requirement
from model_preload.core.catalog.sources import HuggingFaceSource, ModelScopeSource, Source, UrlSource

T = TypeVar("T")


def _must(rule: Callable[[T], bool]) -> AfterValidator:
    def check(value: T) -> T:
        if not rule(value):
            raise ValueError  # the words are those of `findings.EXPECTED`
        return value

    return AfterValidator(check)


def _as_table(value: object) -> object:
    return {"en": value} if isinstance(value, str) else value


Key = Annotated[str, _must(rules.is_key)]
Words = Annotated[str, _must(rules.is_wording)]
RelativePath = Annotated[str, _must(rules.is_relative_path)]
Patterns = Annotated[list[Annotated[str, _must(rules.is_pattern)]], Field(min_length=1)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class WordingEntry(_Entry):
    en: Words
    zh: Words | None = None

    def build(self) -> Wording:
        en, zh = (" ".join(words.split()) for words in (self.en, self.zh or self.en))
        return Wording(en, zh)


class PlaceEntry(_Entry):
    cache: Annotated[str, _must(CACHES.__contains__)] | None = None
    engine: Annotated[str, _must(ENGINES.__contains__)] | None = None
    folder: Annotated[str, _must(rules.is_folder)] | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "PlaceEntry":
        if len(self.model_fields_set) != 1:
            raise ValueError
        return self

    def build(self) -> Place:
        if self.cache is not None:
            return Place("cache", self.cache)
        return Place("folder", self.folder) if self.folder is not None else Place("engine", self.engine or "")


class RequirementEntry(_Entry):
    package: Annotated[str, _must(rules.is_package)]
    version: Annotated[str, _must(rules.is_specifier)] = ""

    def build(self) -> Requirement:
        return Requirement(self.package, self.version)


class RepositoryEntry(_Entry):
    hub: Literal["huggingface", "modelscope"]
    repo: Annotated[str, _must(rules.is_repo)]
    revision: Annotated[str, _must(rules.is_revision)] | None = None
    include: Patterns = Field(default_factory=list)
    exclude: Patterns = Field(default_factory=list)
    rename: Annotated[dict[str, str], _must(rules.is_rename)] = Field(default_factory=dict)
    require: Annotated[list[Annotated[str, _must(rules.is_required)]], Field(min_length=1)] = Field(
        default_factory=list
    )
    when: RequirementEntry | None = None

    def build(self) -> HuggingFaceSource | ModelScopeSource:
        when = self.when.build() if self.when else None
        choice = tuple(self.include), tuple(self.exclude), tuple(self.rename.items()), tuple(self.require), when
        if self.hub == "huggingface":
            return HuggingFaceSource(self.repo, self.revision or "main", *choice)
        return ModelScopeSource(self.repo, self.revision or "master", *choice)


class UrlEntry(_Entry):
    hub: Literal["url"]
    url: Annotated[str, _must(rules.is_url)]
    path: RelativePath | None = Field(default=None, validate_default=True)
    size: Annotated[int, _must(rules.is_size)] | None = None
    sha256: Annotated[str, _must(rules.is_sha256)] | None = None
    when: RequirementEntry | None = None

    @field_validator("path")
    @classmethod
    def _told_or_in_url(cls, path: str | None, info: ValidationInfo) -> str | None:
        if path is None and "url" in info.data and not rules.file_name(info.data["url"]):
            raise ValueError
        return path

    def build(self) -> UrlSource:
        when = self.when.build() if self.when else None
        return UrlSource(self.url, self.path or rules.file_name(self.url), self.size, self.sha256, when)


class ModelEntry(_Entry):
    key: Key
    name: Annotated[WordingEntry, BeforeValidator(_as_table)]
    description: Annotated[WordingEntry, BeforeValidator(_as_table)] | None = None
    required: bool = True
    auto_download: bool = False
    licence: Words | None = None
    place: PlaceEntry
    needs: list[Key] = Field(default_factory=list)
    when: RequirementEntry | None = None
    source: Annotated[
        list[Annotated[RepositoryEntry | UrlEntry, Field(discriminator="hub")]],
        Field(min_length=1),
    ]

    def build(self) -> Model:
        sources: list[Source] = [entry.build() for entry in self.source]
        return Model(
            key=self.key,
            name=self.name.build(),
            description=self.description.build() if self.description else Wording("", ""),
            required=self.required,
            auto_download=self.auto_download,
            licence=self.licence or "",
            place=self.place.build(),
            sources=tuple(sources),
            needs=tuple(dict.fromkeys(self.needs)),
            when=self.when.build() if self.when else None,
        )


class FileEntry(_Entry):
    """The file without a look into its models, which are checked one by one."""

    format: Annotated[int, _must(rules.is_schema)] = Field(alias="schema")
    model: Annotated[list[Any], Field(min_length=1)]


_TABLES: dict[str, type[_Entry]] = {
    "": FileEntry,
    "model": ModelEntry,
    "name": WordingEntry,
    "description": WordingEntry,
    "place": PlaceEntry,
    "when": RequirementEntry,
    "huggingface": RepositoryEntry,
    "modelscope": RepositoryEntry,
    "url": UrlEntry,
}


def known_keys(table: str) -> list[str]:
    """The keys of a table of the file; a source's table goes by its hub."""
    return [field.alias or name for name, field in _TABLES[table].model_fields.items()]
