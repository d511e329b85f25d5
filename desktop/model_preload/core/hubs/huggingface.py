"""Hugging Face, or a mirror that speaks its API. huggingface_hub does the talking, through `core.http`."""

import re
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import quote

from model_preload.core import errors
from model_preload.core.catalog import HuggingFaceSource
from model_preload.core.events import Control
from model_preload.core.http import Client, Token, origin_of
from model_preload.core.http.policy import host_of
from model_preload.core.hubs.base import Location, is_size
from model_preload.core.values import Digest, ListedFile, Listing

ENDPOINT = "https://huggingface.co"
_MAX_FILES = 100_000
_COMMIT = re.compile("[0-9a-f]{40}")
_loading = threading.Lock()


@cache
def _library() -> Any:
    """huggingface_hub, made to use our client; setting the factory twice would close what another thread uses."""
    import huggingface_hub

    from model_preload.core.http import bridge

    huggingface_hub.set_client_factory(bridge.httpx2_client)
    # Else its first call asks huggingface.co, also where a mirror is set, which programs are to be reported to it.
    huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY = True
    return huggingface_hub


class HuggingFaceHub:
    """See `hubs.base.Hub`.

    Args:
        client: carries the listings.
        endpoint: `https://huggingface.co` or a mirror's address.
        token: the user's, or None.
    """

    def __init__(self, client: Client, endpoint: str = ENDPOINT, token: str | None = None) -> None:
        self._client = client
        self._endpoint = endpoint.rstrip("/")
        self._host = host_of(self._endpoint)
        self._token = Token(token, origin_of(self._endpoint)) if token else None

    def list(self, source: HuggingFaceSource, control: Control) -> Listing:
        """One request where the hub's answer has every size and digest, else the paged tree as well."""
        with _loading:
            api = _library().HfApi(endpoint=self._endpoint, token=False)
        from huggingface_hub import errors as hub_errors

        from model_preload.core.http import bridge

        try:
            with bridge.call(self._client, self._host, self._token, control):
                info = api.model_info(source.repo, revision=source.revision, files_metadata=True)
                commit = _commit(info.sha, source.revision, self._host)
                entries: Iterable[Any] = info.siblings or ()
                if any(entry.size is None or not entry.blob_id for entry in entries):
                    entries = list(api.list_repo_tree(source.repo, recursive=True, revision=commit))
                files = tuple(_files(entries, self._host))
        except hub_errors.GatedRepoError as error:
            raise errors.RepositoryGated(self._host, source.repo) from error
        except hub_errors.RepositoryNotFoundError as error:
            raise self._not_found(source.repo, _status(error)) from error
        except hub_errors.RevisionNotFoundError as error:
            raise errors.RevisionMissing(self._host, source.repo, source.revision) from error
        except hub_errors.HfHubHTTPError as error:
            raise self._refused(source.repo, _status(error)) from error
        except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
            # What the client's parsing raises when the answer is not of the form it expects.
            raise errors.AnswerInvalid(self._host, f"not a listing ({type(error).__name__})") from error
        return Listing(source.identity, source.revision, commit, files, datetime.now(UTC).replace(microsecond=0))

    def locate(self, source: HuggingFaceSource, listing: Listing, file: ListedFile) -> Location:
        path = quote(file.remote_path)
        return Location(f"{self._endpoint}/{source.repo}/resolve/{listing.commit}/{path}", self._token, "")

    def _not_found(self, repository: str, status: int) -> errors.HubProblem:
        """401 without a token says nothing but "not for you"; 404 is only told to someone with a token."""
        if status == 401 and self._token is None:
            return errors.RepositoryPrivate(self._host, repository)
        return errors.RepositoryMissing(self._host, repository)

    def _refused(self, repository: str, status: int) -> errors.HubProblem:
        if status in (401, 403) and self._token is not None:
            return errors.TokenRefused(self._host)
        return errors.HubRefused(f"{self._host}/{repository}", status)


def _commit(sha: object, revision: str, host: str) -> str:
    if not isinstance(sha, str) or not _COMMIT.fullmatch(sha):
        raise errors.AnswerInvalid(host, f"{str(sha)[:80]!r} is no commit")
    if _COMMIT.fullmatch(revision) and sha != revision:
        raise errors.AnswerInvalid(host, f"asked for {revision}, it lists {sha}")
    return sha


def _files(entries: Iterable[Any], host: str) -> Iterable[ListedFile]:
    """Files of `siblings` (rfilename) or of the tree (path; its folders have no size)."""
    sizes: dict[Digest, int] = {}
    for number, entry in enumerate(entries):
        if number >= _MAX_FILES:
            raise errors.AnswerInvalid(host, f"it lists more than {_MAX_FILES} files")
        path = entry.rfilename if hasattr(entry, "rfilename") else None
        if path is None:
            continue
        size = entry.lfs.size if entry.lfs else entry.size
        if not isinstance(path, str) or not is_size(size):
            raise errors.AnswerInvalid(host, f"{str(path)[:80]!r} has the size {str(size)[:40]}")
        try:
            digest = Digest("sha256", entry.lfs.sha256) if entry.lfs else Digest("git-sha1", entry.blob_id)
        except (ValueError, TypeError) as error:
            raise errors.AnswerInvalid(host, f"{path[:80]!r} has no usable digest") from error
        if sizes.setdefault(digest, size) != size:
            raise errors.AnswerInvalid(host, f"{path[:80]!r} has a digest that another file has with another size")
        yield ListedFile(path, size, digest)


def _status(error: Any) -> int:
    response = getattr(error, "response", None)
    return int(getattr(response, "status_code", 0) or 0)
