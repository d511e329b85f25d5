"""Hubs that did not give what was asked for."""

from collections.abc import Sequence
from typing import ClassVar

from model_preload.core.errors.base import Circumstance
from model_preload.core.texts import plural, text


class HubProblem(Circumstance):
    """A hub did not give what was asked for.

    Attributes:
        retryable: whether the same request may succeed a little later.
    """

    code = "hub"
    retryable: ClassVar[bool] = False


class HubUnreachable(HubProblem):
    code = "offline"
    retryable = True

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(
            text("{host} can't be reached: {reason}.", host=host, reason=reason),
            text("Check the network, the proxy and the hub's address, then start again; nothing is lost."),
        )


class HubTimeout(HubProblem):
    code = "timeout"
    retryable = True

    def __init__(self, host: str, seconds: float) -> None:
        super().__init__(
            text("{host} sent nothing for {seconds} seconds.", host=host, seconds=f"{seconds:g}"),
            text("Start again later; what was fetched is kept."),
        )


class DeadlineExceeded(HubProblem):
    code = "deadline"

    def __init__(self, host: str, seconds: float) -> None:
        super().__init__(
            text("{host} did not finish its answer within {seconds} seconds.", host=host, seconds=f"{seconds:g}"),
            text("Start again later, or choose a mirror; what was fetched is kept."),
        )


class AnswerTooLarge(HubProblem):
    code = "answer-too-large"

    def __init__(self, host: str, limit: int) -> None:
        super().__init__(
            text("{host} answered with more than {limit} bytes, which no listing has.", host=host, limit=limit),
            text("Check the hub's address: this is not a model hub's answer."),
        )


class AnswerInvalid(HubProblem):
    code = "answer-invalid"

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(
            text("{host} gave an answer that can't be used: {reason}.", host=host, reason=reason),
            text("Check the hub's address, and whether a login page or proxy answers in its place."),
        )


class HubBusy(HubProblem):
    """408, 429 or 5xx, also after the retries.

    Attributes:
        status: HTTP status.
        retry_after: seconds the hub asked for, None if it said nothing.
    """

    code = "busy"
    retryable = True

    def __init__(self, host: str, status: int, retry_after: float | None = None) -> None:
        self.status = status
        self.retry_after = retry_after
        super().__init__(
            text("{host} is busy or broken (HTTP {status}).", host=host, status=status),
            text("Start again later; what was fetched is kept."),
        )


class HubRefused(HubProblem):
    """Any other HTTP status that is no success.

    Attributes:
        status: HTTP status.
    """

    code = "hub-refused"

    def __init__(self, url: str, status: int) -> None:
        self.status = status
        super().__init__(
            text("{url} was answered with HTTP {status}.", url=url, status=status),
            text("Check the source in the catalog."),
        )


class RedirectRefused(HubProblem):
    code = "redirect"

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            text("{url} redirects where nothing is fetched from: {reason}.", url=url, reason=reason),
            text("Check the hub's address, and whether a login page or proxy answers in its place."),
        )


class RepositoryMissing(HubProblem):
    code = "repository-missing"

    def __init__(self, host: str, repository: str) -> None:
        super().__init__(
            text("{host} has no repository {repository}, or not for this token.", host=host, repository=repository),
            text("Check the name in the catalog, or use a token that may read it."),
        )


class RepositoryPrivate(HubProblem):
    """Without a token a hub does not tell a private repository from a missing one."""

    code = "repository-private"
    needs_person = True

    def __init__(self, host: str, repository: str) -> None:
        super().__init__(
            text("{host} shows {repository} to no one without a token.", host=host, repository=repository),
            text("Set HF_TOKEN (ModelScope: MODELSCOPE_API_TOKEN) to a token that may read it, or check the name."),
        )


class RepositoryGated(HubProblem):
    code = "repository-gated"
    needs_person = True

    def __init__(self, host: str, repository: str) -> None:
        super().__init__(
            text("{repository} on {host} wants its licence accepted first.", host=host, repository=repository),
            text("Accept it on the repository's page with your account, and set HF_TOKEN to that account's token."),
        )


class RevisionMissing(HubProblem):
    code = "revision-missing"

    def __init__(self, host: str, repository: str, revision: str) -> None:
        super().__init__(
            text(
                "{repository} on {host} has no revision {revision}.",
                host=host,
                repository=repository,
                revision=revision,
            ),
            text("Check the revision in the catalog."),
        )


class TokenRefused(HubProblem):
    code = "token-refused"
    needs_person = True

    def __init__(self, host: str) -> None:
        super().__init__(
            text("{host} does not accept the token.", host=host),
            text("Make a new token in your account, and set HF_TOKEN (ModelScope: MODELSCOPE_API_TOKEN) to it."),
        )


class SourceUnfit(HubProblem):
    """What a source lists is not what the catalog wants of it."""


class SourceIncomplete(SourceUnfit):
    code = "source-incomplete"

    def __init__(self, source: str, missing: Sequence[str]) -> None:
        super().__init__(
            plural(
                "{source} no longer has a file that the engine needs: {names}.",
                "{source} no longer has {n} files that the engine needs: {names}.",
                len(missing),
                source=source,
                names=", ".join(missing),
            ),
            text("Look for a newer version of this program or its catalog; another source may still have them."),
        )


class SourceEmpty(SourceUnfit):
    code = "source-empty"

    def __init__(self, repository: str) -> None:
        super().__init__(
            text("The source {repository} has no file that the catalog's patterns let through.", repository=repository),
            text("Check include and exclude in the catalog."),
        )
