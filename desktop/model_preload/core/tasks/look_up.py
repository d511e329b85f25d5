"""A model that somebody names: what its hub has of it, before it becomes a model of the user's own catalog."""

import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from model_preload.core import errors
from model_preload.core.catalog import (
    HuggingFaceSource,
    Model,
    ModelScopeSource,
    Place,
    Source,
    UrlSource,
    Wording,
    rules,
)
from model_preload.core.events import Control
from model_preload.core.http import Budget
from model_preload.core.settings import Settings
from model_preload.core.tasks.doctor.access import hub_token, refusal
from model_preload.core.tasks.released import released
from model_preload.core.tasks.services import Services
from model_preload.core.texts import text
from model_preload.core.values import ListedFile

_HUGGINGFACE = ("huggingface.co", "www.huggingface.co", "hf.co", "hf-mirror.com", "www.hf-mirror.com")
_MODELSCOPE = ("modelscope.cn", "www.modelscope.cn", "modelscope.ai", "www.modelscope.ai")
_ON_A_PAGE = ("tree", "blob", "resolve", "raw")
"""What stands between a repository's name and a revision in the addresses of both hubs."""
_LICENCE = re.compile(r"[\w .+()/-]{1,80}")


@dataclass(frozen=True, slots=True)
class Found:
    """What a hub has under a name.

    Attributes:
        source: with the patterns that a pasted address of a folder or file stands for.
        commit: what the revision is just now; for a plain address what tells its version, "" if nothing does.
        files: all that it lists, in the hub's order.
        licence: as the hub tells it, "" if it does not.
        key: a proposal that is free.
        name: a proposal.
    """

    source: Source
    commit: str
    files: tuple[ListedFile, ...]
    licence: str
    key: str
    name: str

    @property
    def needs_folder(self) -> bool:
        """Whether its place has to be a folder: no cache goes by a plain address."""
        return isinstance(self.source, UrlSource)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What patterns leave of a listing; sizes in bytes."""

    files: tuple[ListedFile, ...]
    bytes: int


def source_of(typed: str, settings: Settings, hub: str = "huggingface") -> Source:
    """What somebody typed or pasted: `owner/name`, with `@revision` or without, or the address of a page or a file.

    Args:
        hub: whose `owner/name` is meant: `huggingface` or `modelscope`.

    Raises:
        SourceUnreadable: it is none of these. No password is in what it says.
    """
    typed = typed.strip()
    name, _, revision = typed.partition("@")
    if rules.is_repo(name) and (not revision or rules.is_revision(revision)):
        return _repository(hub, name, revision)
    if "://" not in typed and re.match(r"[\w-]+(\.[\w-]+)+(:\d+)?/", typed):
        typed = f"https://{typed}"
    address = typed.partition("#")[0]
    if "://" not in address:
        raise errors.SourceUnreadable(_shown(typed), text("it is neither a repository's name nor an address"))
    if not rules.is_url(address):
        raise errors.SourceUnreadable(_shown(typed), text("the address has blanks, a login or another form"))
    parts = urlsplit(address)
    steps = [step for step in parts.path.split("/") if step]
    host = parts.netloc.lower()
    if host in (*_MODELSCOPE, urlsplit(settings.modelscope_endpoint).netloc.lower()) and steps[:1] == ["models"]:
        return _page(typed, "modelscope", steps[1:], parse_qs(parts.query).get("Revision", [""])[0])
    if host in (*_HUGGINGFACE, urlsplit(settings.endpoint).netloc.lower()):
        return _page(typed, "huggingface", steps, "")
    if host in _MODELSCOPE:
        raise errors.SourceUnreadable(_shown(typed), text("only models can be preloaded"))
    name = rules.file_name(address)
    if not name:
        raise errors.SourceUnreadable(_shown(typed), text("the address does not end in a file's name"))
    return UrlSource(address, name)


def _page(typed: str, hub: str, steps: Sequence[str], revision: str) -> Source:
    """The address of a repository, or of a folder or a file in it."""
    if hub == "huggingface" and steps[:1] in (["datasets"], ["spaces"]):
        raise errors.SourceUnreadable(_shown(typed), text("only models can be preloaded"))
    name, rest = "/".join(steps[:2]), list(steps[2:])
    if rest[:2] == ["file", "view"]:  # ModelScope's page of one file
        rest = ["blob", *rest[2:]]
    include: tuple[str, ...] = ()
    if rest[:1] and rest[0] in _ON_A_PAGE and len(rest) > 1:
        revision = unquote(rest[1])
        path = "/".join(map(unquote, rest[2:]))
        include = (_literally(f"{path}/" if rest[0] == "tree" else path),) if path else ()
    if not rules.is_repo(name) or (revision and not rules.is_revision(revision)):
        raise errors.SourceUnreadable(_shown(typed), text("there is no repository's name in it"))
    if not all(map(rules.is_pattern, include)):
        raise errors.SourceUnreadable(_shown(typed), text("there is no file's name in it"))
    return replace(_repository(hub, name, revision), include=include)


def _repository(hub: str, name: str, revision: str) -> HuggingFaceSource | ModelScopeSource:
    if hub == "modelscope":
        return ModelScopeSource(name, revision or "master")
    return HuggingFaceSource(name, revision or "main")


def _literally(path: str) -> str:
    return re.sub(r"([*?\[\]])", r"[\1]", path)


def _shown(typed: str) -> str:
    """Short, and without what may be a login."""
    return re.sub(r"[^\s/]*@", "…@", typed)[:120] if "://" in typed else typed[:120]


def look_up(services: Services, source: Source, control: Control) -> Found:
    """Ask the hub what it has.

    Raises:
        RepositoryGated, RepositoryPrivate, RepositoryMissing, RevisionMissing, TokenRefused, other HubProblem,
        TransferProblem. SettingsProblem: the token can't be one. Cancelled: within half a second.
    """
    hub = services.hub_for(source)
    listing = released(lambda: hub.list(source, control), control)
    licence = ""
    if not isinstance(source, UrlSource):
        licence = released(lambda: _licence(services, source, control), control)
    if isinstance(source, HuggingFaceSource):
        # A gated repository is listed for everyone; its files are what needs the licence.
        refused = released(lambda: refusal(services, source.repo, hub_token(services), control), control)
        if isinstance(refused, errors.Circumstance):
            raise refused
    name = source.path if isinstance(source, UrlSource) else source.repo.rpartition("/")[2]
    taken = [model.key for model in services.catalog.models]
    return Found(source, listing.commit, listing.files, licence, proposed_key(name, taken), name)


def proposed_key(name: str, taken: Collection[str]) -> str:
    """A key made of a repository's or file's name, none of those that are taken."""
    plain = re.sub(r"[^a-z0-9._]+", "-", name.lower()).strip("-._")[:56].strip("-._") or "model"
    return next(key for n in range(1, len(taken) + 2) if (key := plain if n == 1 else f"{plain}-{n}") not in taken)


def chosen(found: Found, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> Chosen:
    """The files that patterns leave; a plain address has just the one. Raises PatternUnfit."""
    source = _with(found.source, include, exclude)
    files = source.choose(found.files)
    return Chosen(files, sum(file.size for file in files))


def new_model(
    found: Found,
    *,
    key: str,
    name: str,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    folder: str = "",
    required: bool = False,
) -> Model:
    """What `own_catalog.add` takes.

    Args:
        folder: its place, a full path, also one that begins with `{home}` or `{platform}`; "" is the Hugging Face
            cache, where programs find it by the repository's name.

    Raises:
        PatternUnfit. FolderUnfit: also where there has to be a folder.
    """
    written = folder.replace("\\", "/")
    if (folder or found.needs_folder) and not rules.is_folder(written):
        raise errors.FolderUnfit(folder)
    return Model(
        key=key,
        name=Wording(name, name),
        description=Wording("", ""),
        required=required,
        auto_download=False,
        licence=found.licence,
        place=Place("folder", written) if folder else Place("cache", "huggingface"),
        sources=(_with(found.source, include, exclude),),
    )


def _with(source: Source, include: Sequence[str], exclude: Sequence[str]) -> Source:
    wrong = [pattern for pattern in (*include, *exclude) if not rules.is_pattern(pattern)]
    if wrong:
        raise errors.PatternUnfit(wrong)
    if isinstance(source, UrlSource):
        return source
    return replace(source, include=tuple(include), exclude=tuple(exclude))


def _licence(services: Services, source: HuggingFaceSource | ModelScopeSource, control: Control) -> str:
    """What the hub says in its short answer about the repository; "" where it says nothing, or no answer comes."""
    settings = services.settings
    if isinstance(source, HuggingFaceSource):
        url = f"{settings.endpoint.rstrip('/')}/api/models/{quote(source.repo)}"
    else:
        url = f"{settings.modelscope_endpoint.rstrip('/')}/api/v1/models/{quote(source.repo)}"
    with suppress(errors.HubProblem, errors.TransferProblem):
        answer = services.client.fetch(url, Budget(services.client.patience.listing), control=control)
        told: Any = answer.json() if answer.status == 200 else None
        if isinstance(told, dict):
            said = _said(told)
            return said if isinstance(said, str) and _LICENCE.fullmatch(said) else ""
    return ""


def _said(told: dict[str, Any]) -> object:
    data, tags = told.get("Data"), told.get("tags")
    if isinstance(data, dict):
        return data.get("License")
    named = [tag[8:] for tag in tags if isinstance(tag, str) and tag.startswith("license:")] if tags else []
    return named[0] if named else ""
