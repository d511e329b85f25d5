"""Under which name a model stands in the Hugging Face cache, whichever hub its bytes come from."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from model_preload.core.catalog import HuggingFaceSource, Model, RepositorySource
from model_preload.core.values import Listing

_COMMIT = re.compile("[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Entry:
    """Attributes: repository and revision that the engine asks the cache for, and the commit it finds there."""

    repository: str
    revision: str
    commit: str


def entry_of(
    model: Model, source: RepositorySource, listing: Listing, stored: Callable[[str], Listing | None]
) -> Entry:
    """The entry for a listing of one of the model's sources.

    The engine asks for the model's first Hugging Face source, so files of another hub stand under that name too; a
    model without one goes by the source's own name, at `main`. The commit is then

    * the revision itself where that is a commit: the engine looks nowhere else;
    * that of the stored Hugging Face listing, if it wants the same files by the same digests;
    * else the source's own. Small files always lead here, since Hugging Face names them by another digest. What they
      have in common is found by hashing when the other hub's commit is brought, and is not fetched again.

    Args:
        stored: the last listing of a source by its identity.
    """
    if isinstance(source, HuggingFaceSource):
        return Entry(source.repo, source.revision, listing.commit)
    named = next((one for one in model.sources if isinstance(one, HuggingFaceSource)), None)
    if named is None:
        return Entry(source.repo, "main", listing.commit)
    if _COMMIT.fullmatch(named.revision):
        return Entry(named.repo, named.revision, named.revision)
    known = stored(named.identity)
    same = known is not None and _wanted(named, known) == _wanted(source, listing)
    return Entry(named.repo, named.revision, known.commit if known and same else listing.commit)


def _wanted(source: RepositorySource, listing: Listing) -> set[tuple[str, str]]:
    return {(file.path, str(file.digest)) for file in source.choose(listing.files)}
