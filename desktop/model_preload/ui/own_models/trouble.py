"""What can be done about a look-up that failed."""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from model_preload.core import errors
from model_preload.core.catalog import HuggingFaceSource, ModelScopeSource, Source
from model_preload.core.settings import Settings
from model_preload.core.texts import Text, text

_MIRROR = "hf-mirror.com"
_WHERE_ACCOUNTS_ARE = "https://huggingface.co"
_TOKEN = (errors.RepositoryPrivate, errors.RepositoryGated, errors.RepositoryMissing, errors.TokenRefused)
_NETWORK = (errors.HubUnreachable, errors.HubTimeout, errors.DeadlineExceeded, errors.TransferProblem)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A problem and the ways out of it that windows have.

    Attributes:
        page: the address of a page where the licence can be accepted, "" if that is not what is missing.
        settings: the page of the settings that helps, "" for none.
        retry: whether the same may succeed without another address.
    """

    title: Text
    next_step: Text
    page: str = ""
    settings: str = ""
    retry: bool = True


def trouble_of(problem: errors.Circumstance, source: Source | None, settings: Settings) -> Trouble:
    """What to show.

    Args:
        source: what was looked up; None if it could not even be read.
    """
    title, step = problem.title, problem.next_step
    if isinstance(problem, errors.RepositoryGated) and source is not None:
        step = text("Open its page, sign in and accept the licence; then set that account's token, and try again.")
        return Trouble(title, step, page_of(source, settings), "hubs")
    if isinstance(problem, errors.RepositoryPrivate):
        step = text("Check the name. If it is private, set the token of an account that may read it, and try again.")
    elif isinstance(problem, errors.RepositoryMissing):
        step = text("Check the name and the hub. If it is private, set the token of an account that may read it.")
    elif isinstance(problem, errors.TokenRefused):
        step = text("Make a new token in your account, set it, and try again.")
    elif isinstance(problem, errors.HubRefused):
        step = text("Check the address, and try again.")
    elif isinstance(problem, errors.RevisionMissing):
        step = text("Check what stands behind the @, or leave it away for the usual branch.")
    if isinstance(problem, _TOKEN):
        return Trouble(title, step, "", "hubs")
    if isinstance(problem, _NETWORK):
        return Trouble(title, step, "", "network")
    return Trouble(title, step, retry=source is not None)


def page_of(source: Source, settings: Settings) -> str:
    """The repository's page where one can sign in: a public mirror has no accounts."""
    match source:
        case HuggingFaceSource():
            endpoint = settings.endpoint.rstrip("/")
            if urlsplit(endpoint).hostname in (_MIRROR, f"www.{_MIRROR}"):
                endpoint = _WHERE_ACCOUNTS_ARE
            return f"{endpoint}/{quote(source.repo)}"
        case ModelScopeSource():
            return f"{settings.modelscope_endpoint.rstrip('/')}/models/{quote(source.repo)}"
        case _:
            return source.url
