"""What was filled in for a model: what is wrong with it, and the model that comes of it."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import Enum

from model_preload.core.catalog import Model, RepositorySource, Source, UrlSource, Wording, rules
from model_preload.core.settings import Settings
from model_preload.core.tasks.look_up import Found, new_model, source_of
from model_preload.core.texts import Text, text
from model_preload.ui.own_models.choice import Choice

_BRANCHES = {"huggingface": "main", "modelscope": "master"}
"""Those that need not be told."""


class Where(Enum):
    """The three kinds of places; an engine's is only kept where a model has it already."""

    CACHE = "cache"
    FOLDER = "folder"
    ENGINE = "engine"


class Field(Enum):
    """What can be wrong."""

    NAME = "name"
    KEY = "key"
    FOLDER = "folder"
    SHA256 = "sha256"


@dataclass(frozen=True, slots=True)
class Draft:
    """As filled in; blanks around are taken away.

    Attributes:
        folder: counts only for a folder.
        sha256: counts only for a plain address; "" if it is not known.
    """

    name: str
    key: str
    where: Where
    folder: str = ""
    sha256: str = ""
    required: bool = False


def findings(draft: Draft, taken: Collection[str]) -> dict[Field, Text]:
    """What is wrong with each field; nothing if a model can be made of it.

    Args:
        taken: keys of other models.
    """
    found: dict[Field, Text] = {}
    if not rules.is_wording(draft.name):
        found[Field.NAME] = text("Give it a name.")
    if not rules.is_key(draft.key):
        found[Field.KEY] = text("Lower-case letters and digits, between them also - _ and dots; 64 at most.")
    elif draft.key in taken:
        found[Field.KEY] = text("Another model has this key.")
    if draft.where is Where.FOLDER and not rules.is_folder(_slashes(draft.folder)):
        found[Field.FOLDER] = text("Give the full path of a folder.") if draft.folder else text("Choose a folder.")
    if draft.sha256 and not rules.is_sha256(draft.sha256.lower()):
        found[Field.SHA256] = text("A SHA-256 has 64 of the signs 0-9 and a-f.")
    return found


def model_of(draft: Draft, found: Found, choice: Choice, before: Model | None, language: str) -> Model:
    """The model as `own_catalog` takes it; the draft has no findings.

    Args:
        before: the model that is edited: what the form does not show stays as it is, further sources only while it
            is the same repository.
        language: of the name that is shown.

    Raises:
        PatternUnfit.
    """
    source = found.source
    if isinstance(source, UrlSource):
        source = replace(source, sha256=draft.sha256.lower() or None)
    made = new_model(
        replace(found, source=source),
        key=draft.key,
        name=draft.name,
        include=choice.include,
        exclude=choice.exclude,
        folder=draft.folder if draft.where is Where.FOLDER else "",
        required=draft.required,
    )
    if before is None:
        return made
    same = is_same_place(made.sources[0], before.sources[0])
    return replace(
        before,
        name=_renamed(before.name, draft.name, language),
        required=draft.required,
        licence=(same and before.licence) or made.licence,
        place=before.place if draft.where is Where.ENGINE else made.place,
        sources=(made.sources[0], *(before.sources[1:] if same else ())),
    )


def source_for(typed: str, hub: str, settings: Settings, before: Model | None) -> Source:
    """What is typed; of the model that is edited with all that the catalog says of it. Raises SourceUnreadable."""
    source = source_of(typed, settings, hub)
    if before is None or not is_same_place(source, before.sources[0]):
        return source
    known = before.sources[0]
    if isinstance(source, RepositorySource) and isinstance(known, RepositorySource):
        if not source.include:
            return replace(known, revision=source.revision)
        return replace(known, revision=source.revision, include=source.include, exclude=())
    return known


def is_same_place(one: Source, other: Source) -> bool:
    """Whether it is the same repository or address, at whatever revision."""
    if isinstance(one, RepositorySource) and isinstance(other, RepositorySource):
        return (one.hub, one.repo) == (other.hub, other.repo)
    return isinstance(one, UrlSource) and isinstance(other, UrlSource) and one.url == other.url


def typed_for(source: Source) -> str:
    """What stands in the field for a source."""
    if isinstance(source, UrlSource):
        return source.url
    return source.repo if source.revision == _BRANCHES[source.hub] else f"{source.repo}@{source.revision}"


def is_ambiguous(typed: str) -> bool:
    """Whether it is a repository's name, which more than one hub may have."""
    return rules.is_repo(typed.strip().partition("@")[0])


def where_of(model: Model) -> Where:
    """Its kind of place."""
    return Where(model.place.kind)


def unlisted(model: Model, language: str) -> Found:
    """What is known of a model without its hub: nothing of its files."""
    return Found(model.sources[0], "", (), model.licence, model.key, model.name.in_language(language))


def _renamed(before: Wording, name: str, language: str) -> Wording:
    """The other language's words stay, if there are any."""
    if before.in_language(language) == name:
        return before
    if before.en == before.zh:
        return Wording(name, name)
    return replace(before, zh=name) if language.startswith("zh") else replace(before, en=name)


def _slashes(folder: str) -> str:
    return folder.replace("\\", "/")
