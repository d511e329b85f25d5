"""What the detail pane tells of one model, as a function of values."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from urllib.parse import quote

from model_preload.core.catalog import HuggingFaceSource, ModelScopeSource, Source
from model_preload.core.settings import Settings
from model_preload.core.tasks.files import ModelFiles
from model_preload.core.texts import Text, plural, text
from model_preload.core.values import Verdict
from model_preload.downloads.board import Row
from model_preload.downloads.values import Failure
from model_preload.ui.formats import size_text, time_text
from model_preload.ui.models.cells import location_text, required_text, size_of, source_text, verdict_text


class Kind(Enum):
    """How a fact is shown."""

    WORDS = "words"
    PATH = "path"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the pane.

    Attributes:
        value: plain text.
        verdict: whose sign stands beside it.
        link: where a LINK leads.
    """

    label: Text
    value: str
    kind: Kind = Kind.WORDS
    verdict: Verdict | None = None
    link: str = ""


def facts(
    row: Row, parts: Sequence[Row], found: ModelFiles | None, language: str, settings: Settings
) -> tuple[Fact, ...]:
    """In the order shown; what is not known is left out.

    Args:
        found: what is known of place and files; None while that is being found out.
    """
    told = (
        Fact(text("Verdict"), verdict_text(row), verdict=row.verdict),
        Fact(text("Reasons"), "\n".join(map(str, row.status.reasons)) if row.status else ""),
        Fact(text("Failed"), "\n".join(dict.fromkeys(map(_failure, row.work.failures)))),
        *(_part(part, language) for part in parts),
        Fact(text("Place"), location_text(row) or str(found.place if found and found.place else ""), Kind.PATH),
        Fact(text("Why there"), str(found.why) if found and found.why else ""),
        Fact(text("Checked"), _checked(row)),
        Fact(text("Proof"), _proof(row)),
        Fact(text("Required"), str(required_text(row.model))),
        Fact(text("Size"), _size(row, parts)),
        Fact(text("Licence"), row.model.licence),
        *(Fact(text("Source"), source_text(one), Kind.LINK, link=page_of(one, settings)) for one in row.model.sources),
        Fact(text("Version"), _version(found)),
        Fact(text("Key"), row.model.key),
    )
    return tuple(fact for fact in told if fact.value)


def page_of(source: Source, settings: Settings) -> str:
    """The address where a person can look at a source: its page at the hub, or the file itself."""
    match source:
        case HuggingFaceSource():
            return f"{settings.endpoint.rstrip('/')}/{quote(source.repo)}/tree/{quote(source.revision, safe='')}"
        case ModelScopeSource():
            return f"{settings.modelscope_endpoint.rstrip('/')}/models/{quote(source.repo)}"
        case _:
            return source.url


def _failure(failure: Failure) -> str:
    return f"{failure.file}: {failure.message}" if failure.file else failure.message


def _part(part: Row, language: str) -> Fact:
    told = text("{model}: {verdict}", model=part.model.name.in_language(language), verdict=verdict_text(part))
    return Fact(text("Part"), str(told), verdict=part.verdict)


def _checked(row: Row) -> str:
    if row.status is None or row.status.checked_at is None:
        return ""
    told = plural(
        "{time}, by the digest of {n} file",
        "{time}, by the digests of {n} files",
        row.status.files,
        time=time_text(row.status.checked_at),
    )
    return str(told)


def _proof(row: Row) -> str:
    proof = row.status.proof if row.status else None
    if proof is None:
        return ""
    told = {"engine": proof.engine, "version": proof.version, "time": time_text(proof.proved_at)}
    if proof.loaded:
        return str(text("Proven and loaded by {engine} {version} at {time}", **told))
    return str(text("Proven by {engine} {version} at {time}", **told))


def _size(row: Row, parts: Sequence[Row]) -> str:
    bytes_ = size_of(row, parts)
    if bytes_ is None:
        return ""
    count = sum(one.status.files for one in (row, *parts) if one.status)
    return str(plural("{size} in {n} file", "{size} in {n} files", count, size=size_text(bytes_)))


def _version(found: ModelFiles | None) -> str:
    if found is None or found.listed_at is None:
        return ""
    listed = time_text(found.listed_at)
    if not found.commit:
        return str(text("listed {time}", time=listed))
    return str(text("{commit}, listed {time}", commit=found.commit[:12], time=listed))
