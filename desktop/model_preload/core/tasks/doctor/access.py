"""The token, and the repositories that can be read with it or without one."""

from collections.abc import Callable, Iterable
from urllib.parse import quote

from model_preload.core import errors
from model_preload.core.catalog import HuggingFaceSource
from model_preload.core.events import Control
from model_preload.core.http import Budget, Token, origin_of
from model_preload.core.http.policy import host_of
from model_preload.core.tasks.doctor.finding import Finding, met, note, ok, problem, untested
from model_preload.core.tasks.services import Services
from model_preload.core.texts import Text, text

_HUB = "huggingface"


def token(services: Services, origin: Callable[[str], Text | None], control: Control) -> Iterable[Finding]:
    """Whether there is a token, where it comes from, and whether the hub accepts it; never its value."""
    try:
        where = origin(_HUB)
        found = hub_token(services)
    except errors.SettingsProblem as refused:
        yield met("token", refused)
        return
    host = host_of(services.settings.endpoint)
    if found is None or where is None:
        yield note(
            "token", text("No token for {host} is set; only gated and private repositories need one.", host=host)
        )
        return
    told = text("The token for {host} comes from {origin}", host=host, origin=where)
    try:
        answer = services.client.fetch(
            f"{_endpoint(services)}/api/whoami-v2",
            Budget(services.client.patience.listing),
            control=control,
            token=found,
        )
    except (errors.HubProblem, errors.TransferProblem) as failed:
        yield untested("token", told, failed.title)
        return
    if answer.status == 200:
        yield ok("token", text("{told}; the hub accepts it.", told=told))
    elif answer.status in (401, 403):
        refused_ = errors.TokenRefused(host)
        yield problem("token", text("{told}; the hub does not accept it.", told=told), refused_.next_step)
    else:
        yield untested("token", told, text("the hub answered with HTTP {status}", status=answer.status))


def access(services: Services, control: Control) -> Iterable[Finding]:
    """The repositories that can't be read: gated, private or not there; a problem if a required model needs one."""
    repositories: dict[str, bool] = {}
    for model in services.catalog.models:
        for source in model.sources:
            if isinstance(source, HuggingFaceSource):
                repositories[source.repo] = repositories.get(source.repo, False) or model.required
    try:
        used = hub_token(services)
    except errors.SettingsProblem:
        used = None  # the check of the token tells
    readable = 0
    for repository, required in repositories.items():
        try:
            refused = refusal(services, repository, used, control)
        except (errors.HubProblem, errors.TransferProblem) as failed:
            yield untested("access", repository, failed.title)
            continue
        if refused is None:
            readable += 1
        elif isinstance(refused, int):
            yield untested("access", repository, text("the hub answered with HTTP {status}", status=refused))
        else:
            yield (problem if required else note)("access", refused.title, refused.next_step)
    if readable:
        yield ok("access", text("{n} of {count} repositories can be read.", n=readable, count=len(repositories)))


def refusal(
    services: Services, repository: str, used: Token | None, control: Control
) -> errors.HubProblem | int | None:
    """Why files of a repository may not be had; None if they may, a status where the hub's answer says nothing."""
    host = host_of(services.settings.endpoint)
    answer = services.client.fetch(
        f"{_endpoint(services)}/api/models/{quote(repository)}/auth-check",
        Budget(services.client.patience.listing),
        control=control,
        token=used,
    )
    if answer.status == 200:
        return None
    match answer.status, answer.headers.get("x-error-code", ""), used:
        case _, "GatedRepo", _:
            return errors.RepositoryGated(host, repository)
        case 401, "RepoNotFound", None:
            return errors.RepositoryPrivate(host, repository)
        case _, "RepoNotFound", _:
            return errors.RepositoryMissing(host, repository)
        case 401, _, Token():
            return errors.TokenRefused(host)
        case status, _, _:
            return status


def _endpoint(services: Services) -> str:
    return services.settings.endpoint.rstrip("/")


def hub_token(services: Services) -> Token | None:
    """The user's token for Hugging Face, bound to its endpoint. Raises SettingsProblem."""
    found = services.credentials.token(_HUB)
    return Token(found, origin_of(services.settings.endpoint)) if found else None
