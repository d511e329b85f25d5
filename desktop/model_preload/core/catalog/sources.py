"""Where bytes come from, and which files of a listing count."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import ClassVar

from model_preload.core.addresses import shown
from model_preload.core.catalog.requirement import Requirement
from model_preload.core.errors import SourceIncomplete, UsageProblem
from model_preload.core.texts import text
from model_preload.core.values import Digest, ListedFile


class NameClash(UsageProblem):
    """Two files of a source would get the same name."""

    code = "name-clash"

    def __init__(self, source: str, first: str, second: str, name: str) -> None:
        super().__init__(
            text(
                "{source}: the files {first} and {second} would both be called {name}.",
                source=source,
                first=first,
                second=second,
                name=name,
            ),
            text("Correct rename in the catalog, or leave one of them out with exclude."),
        )


@dataclass(frozen=True, slots=True)
class RepositorySource:
    """A repository at one revision, and which of its files count.

    Patterns are huggingface_hub's: `*`, `?` and `[…]` match on the whole path, `/` included, with
    regard to case; a pattern that ends in `/` means everything below.

    Attributes:
        hub: what the catalog file calls the hub.
        repo: `owner/name`.
        revision: branch, tag or commit.
        include: patterns of what counts; empty for all files.
        exclude: patterns of what does not count even so.
        rename: pairs of a path in the repository and the path below the model's place.
        require: paths in the repository that it must have; one that ends in `/` is a folder with a file in it.
        when: None if the source always counts.
    """

    hub: ClassVar[str]

    repo: str
    revision: str
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    rename: tuple[tuple[str, str], ...] = ()
    require: tuple[str, ...] = ()
    when: Requirement | None = None

    @property
    def identity(self) -> str:
        """Names the listing, whichever mirror gave it and whatever the patterns leave of it."""
        return f"{self.hub}:{self.repo}@{self.revision}"

    @property
    def name(self) -> str:
        """What texts call it."""
        return self.identity

    def choose(self, files: Iterable[ListedFile]) -> tuple[ListedFile, ...]:
        """The files that count, in the hub's order, under the names they get.

        Names that `rename` does not touch stay the hub's: whether they are safe is for the plan to tell.

        Raises:
            NameClash: two files would get one name.
            SourceIncomplete: a required path is not among those that count.
        """
        names = dict(self.rename)
        chosen: dict[str, ListedFile] = {}
        for listed in files:
            if (self.include and not _matches(listed.path, self.include)) or _matches(listed.path, self.exclude):
                continue
            name = names.get(listed.path, listed.path)
            file = listed if name == listed.path else replace(listed, path=name, remote=listed.remote_path)
            other = chosen.setdefault(name, file)
            if other is not file:
                raise NameClash(self.name, other.remote_path, file.remote_path, name)
        found = [file.remote_path for file in chosen.values()]
        missing = [path for path in self.require if not _has(found, path)]
        if missing:
            raise SourceIncomplete(self.name, missing)
        return tuple(chosen.values())


@dataclass(frozen=True, slots=True)
class HuggingFaceSource(RepositorySource):
    """A repository of Hugging Face or of a mirror of it."""

    hub = "huggingface"


@dataclass(frozen=True, slots=True)
class ModelScopeSource(RepositorySource):
    """A repository of ModelScope."""

    hub = "modelscope"


@dataclass(frozen=True, slots=True)
class UrlSource:
    """One file at a plain address.

    Attributes:
        url: http or https, without credentials.
        path: the file's path below the model's place.
        size: bytes, if the catalog knows.
        sha256: lower-case hex, if the catalog knows; without it the model never becomes ready.
        when: None if the source always counts.
    """

    hub: ClassVar[str] = "url"

    url: str
    path: str
    size: int | None = None
    sha256: str | None = None
    when: Requirement | None = None

    @property
    def identity(self) -> str:
        """Names the listing; its query may hold a key, so it goes into no text."""
        return f"{self.hub}:{self.url}"

    @property
    def name(self) -> str:
        """What texts call it."""
        return f"{self.hub}:{shown(self.url)}"

    def choose(self, files: Iterable[ListedFile]) -> tuple[ListedFile, ...]:
        """The one file, as the catalog describes it now, whatever was known when the listing was made."""
        digest = Digest("sha256", self.sha256) if self.sha256 else None
        return tuple(
            ListedFile(self.path, file.size if self.size is None else self.size, digest, remote=self.url)
            for file in list(files)[:1]
        )


Source = HuggingFaceSource | ModelScopeSource | UrlSource


def _matches(path: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(path, f"{pattern}*" if pattern.endswith("/") else pattern) for pattern in patterns)


def _has(found: Iterable[str], path: str) -> bool:
    return any(one.startswith(path) if path.endswith("/") else one == path for one in found)
