"""ModelScope, through its own API: one listing with a sha256 for every file, and addresses that serve ranges.

Asked is `GET /api/v1/models/<owner>/<name>/repo/files?Revision=&Recursive=[&Root=]`, which answers

    {"Code": 200, "Success": true, "Message": "…", "Data": {
        "Files": [{"Type": "blob" or "tree", "Path": "…", "Size": 0, "Sha256": "…", "Revision": "…"}, …],
        "LatestCommitter": {"Id": "…", "ShortId": "…"}}}

and files are at `/api/v1/models/<owner>/<name>/repo?Revision=&FilePath=`. Source: modelscope_hub 0.5.1,
`_legacy_api.py` and `constants.py` (the cap, the token in both header and cookie, 403 for what could be read a moment
ago). What it does not tell others have reported: an unknown revision is answered with `"Files": null`, a refusal mostly
with 404 whatever its reason, which stands in `Code`; `LatestCommitter.Id` may be empty, and a file's `Revision` is the
commit that changed it last.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeGuard
from urllib.parse import urlencode

from model_preload.core import errors
from model_preload.core.catalog import ModelScopeSource
from model_preload.core.events import Control
from model_preload.core.http import Answer, Budget, Client, Token, origin_of
from model_preload.core.http.policy import host_of
from model_preload.core.hubs.base import Location, is_size
from model_preload.core.values import Digest, ListedFile, Listing

CAP = 3000
"""A listing of so many entries may have been cut there, without a word."""

_MAX_FILES = 100_000
_MAX_REQUESTS = 2_000
"""Of one listing: a walk by folder makes up to two a folder, and more of them than this would hardly fit its time."""
_COMMIT = re.compile("[0-9a-f]{40}")
_SHORT = re.compile("[0-9a-f]{7,40}")
_TEXT = re.compile("[^\ud800-\udfff]+", re.DOTALL)
"""What UTF-8 can hold, as part of an address and of a commit's name."""
_COOKIE = "m_session_id"
_NO_ACCESS, _NO_TREE = 10010200001, 10990101004
_UNNAMED = "0" * 8

_Entry = Mapping[str, Any]


class ModelScopeHub:
    """See `hubs.base.Hub`.

    The commit of a listing is the one that the hub names: by its id, or by its beginning where a file was changed in
    that commit. Where it names none that way (the last commit changed no file that is still there), the commit is
    `00000000` and 32 hex digits made of all paths and digests; its files are asked for by the revision's name then.

    Args:
        client: carries the listings.
        endpoint: `https://modelscope.cn` or another address of it.
        token: the user's, or None.
    """

    def __init__(self, client: Client, endpoint: str, token: str | None = None) -> None:
        self._client = client
        self._endpoint = endpoint.rstrip("/")
        self._host = host_of(self._endpoint)
        self._token = Token(token, origin_of(self._endpoint), _COOKIE) if token else None

    def list(self, source: ModelScopeSource, control: Control) -> Listing:
        """One request, and two more for each folder whose listing reaches the cap.

        Raises AnswerInvalid for a folder that has too many entries of its own to be listed.
        """
        budget = Budget(self._client.patience.listing, requests=_MAX_REQUESTS)
        told = self._ask(source, source.revision, budget, control)
        if told["Files"] is None:
            raise errors.RevisionMissing(self._host, source.repo, source.revision)
        entries = self._entries(told, "")
        commit = self._commit(told, entries, source.revision)
        if len(entries) >= CAP:
            entries = self._walked(source, commit or source.revision, budget, control)
        files = tuple(self._files(entries))
        now = datetime.now(UTC).replace(microsecond=0)
        return Listing(source.identity, source.revision, commit or _made_of(files), files, now)

    def locate(self, source: ModelScopeSource, listing: Listing, file: ListedFile) -> Location:
        revision = source.revision if listing.commit.startswith(_UNNAMED) else listing.commit
        query = urlencode({"Revision": revision, "FilePath": file.remote_path})
        return Location(f"{self._endpoint}/api/v1/models/{source.repo}/repo?{query}", self._token, "")

    def _walked(self, source: ModelScopeSource, revision: str, budget: Budget, control: Control) -> Sequence[_Entry]:
        """Each folder whole where that stays below the cap, else what lies in it, and then its subfolders."""

        def listed(folder: str, *, recursive: bool) -> Sequence[_Entry]:
            told = self._ask(source, revision, budget, control, folder, recursive=recursive, proven=True)
            return self._entries(told, folder)

        found: list[_Entry] = []
        folders = [""]
        while folders:
            folder = folders.pop()
            whole = listed(folder, recursive=True) if folder else ()  # of the root it is known to be cut
            if whole and len(whole) < CAP:
                found += whole
                continue
            inside = listed(folder, recursive=False)
            if len(inside) >= CAP:
                raise errors.AnswerInvalid(self._host, f"{folder[:80] or '/'!r} has over {CAP} entries, too many")
            found += inside
            folders += [entry["Path"] for entry in inside if entry.get("Type") == "tree"]
        return found

    def _ask(
        self,
        source: ModelScopeSource,
        revision: str,
        budget: Budget,
        control: Control,
        folder: str = "",
        *,
        recursive: bool = True,
        proven: bool = False,
    ) -> _Entry:
        """`Data` of one listing, with `Files` in it.

        Args:
            proven: the repository was listed before, so a 403 passes.
        """
        asked = {"Revision": revision, "Recursive": str(recursive), **({"Root": folder} if folder else {})}
        url = f"{self._endpoint}/api/v1/models/{source.repo}/repo/files?{urlencode(asked)}"

        def ask() -> Answer:
            answer = self._client.fetch(url, budget, control=control, token=self._token)
            if proven and answer.status == 403:
                raise errors.HubBusy(self._host, answer.status)
            return answer

        answer = self._client.patience.insist(ask, control)
        if answer.status != 200:
            raise self._refusal(source, _code(answer), answer.status)
        told = answer.json()
        if not isinstance(told, dict) or told.get("Success", True) is not True or told.get("Code", 200) != 200:
            said = told.get("Message") if isinstance(told, dict) else told
            raise errors.AnswerInvalid(self._host, f"it says {str(said)[:80]!r}")
        data = told.get("Data")
        if not isinstance(data, dict) or "Files" not in data:
            raise errors.AnswerInvalid(self._host, "not a listing")
        return data

    def _refusal(self, source: ModelScopeSource, code: object, status: int) -> errors.HubProblem:
        if code == _NO_TREE:
            return errors.RevisionMissing(self._host, source.repo, source.revision)
        if status == 401 and self._token is not None:
            return errors.TokenRefused(self._host)
        if (code == _NO_ACCESS or status in (401, 403)) and self._token is None:
            return errors.RepositoryPrivate(self._host, source.repo)
        if status in (403, 404):
            return errors.RepositoryMissing(self._host, source.repo)
        return errors.HubRefused(f"{self._host}/{source.repo}", status)

    def _entries(self, told: _Entry, folder: str) -> Sequence[_Entry]:
        """The entries of a listing, each below the folder that was asked for."""
        entries, below = told["Files"], f"{folder}/" if folder else ""
        if not isinstance(entries, Sequence) or isinstance(entries, str):
            raise errors.AnswerInvalid(self._host, f"its files are {str(entries)[:40]!r}")
        for entry in entries:
            path = entry.get("Path") if isinstance(entry, dict) else None
            if not _is(path, _TEXT) or not path.startswith(below) or path == below:
                raise errors.AnswerInvalid(self._host, f"it lists {str(path)[:80]!r} in {folder[:80]!r}")
        return entries

    def _files(self, entries: Iterable[_Entry]) -> Iterable[ListedFile]:
        sizes: dict[Digest, int] = {}
        paths: set[str] = set()
        for entry in entries:
            if entry.get("Type") == "tree":
                continue
            path, size = entry["Path"], entry.get("Size")
            if path in paths:
                raise errors.AnswerInvalid(self._host, f"it lists {path[:80]!r} twice")
            paths.add(path)
            if len(paths) > _MAX_FILES:
                raise errors.AnswerInvalid(self._host, f"it lists more than {_MAX_FILES} files")
            if not is_size(size):
                raise errors.AnswerInvalid(self._host, f"{path[:80]!r} has the size {str(size)[:40]}")
            try:
                digest = Digest("sha256", entry.get("Sha256", ""))
            except (ValueError, TypeError) as error:
                raise errors.AnswerInvalid(self._host, f"{path[:80]!r} has no usable digest") from error
            if sizes.setdefault(digest, size) != size:
                raise errors.AnswerInvalid(
                    self._host, f"{path[:80]!r} has a digest that another file has with another size"
                )
            yield ListedFile(path, size, digest)

    def _commit(self, told: _Entry, entries: Iterable[_Entry], revision: str) -> str:
        """The commit's 40 hex digits; "" where the hub does not name them."""
        latest = told.get("LatestCommitter")
        named = latest if isinstance(latest, dict) else {}
        beginning = next((name for name in map(named.get, ("Id", "ShortId")) if _is(name, _SHORT)), "")
        if _COMMIT.fullmatch(revision):
            if not revision.startswith(beginning):
                raise errors.AnswerInvalid(self._host, f"asked for {revision}, it lists {beginning}")
            return revision
        if not beginning:
            return ""
        names = [beginning, *(entry.get("Revision") for entry in entries)]
        found = {name for name in names if _is(name, _COMMIT) and name.startswith(beginning)}
        return found.pop() if len(found) == 1 else ""


def _is(name: object, form: re.Pattern[str]) -> TypeGuard[str]:
    return isinstance(name, str) and form.fullmatch(name) is not None


def _made_of(files: Iterable[ListedFile]) -> str:
    told = "\n".join(sorted(f"{file.digest} {file.path}" for file in files))
    return f"{_UNNAMED}{hashlib.sha256(told.encode()).hexdigest()[:32]}"


def _code(answer: Answer) -> object:
    """`Code` of a refusal, None where there is none."""
    try:
        told = answer.json()
    except errors.AnswerInvalid:
        return None
    return told.get("Code") if isinstance(told, dict) else None
