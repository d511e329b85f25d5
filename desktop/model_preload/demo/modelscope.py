"""The part of modelscope.cn's API by which models are listed and fetched.

Imitated is what modelscope_hub 0.5.1 asks for (`core.hubs.modelscope` has the facts): a model's info, its files with a
sha256 each, cut without a word at the cap, below `Root` where one is asked for; files, large ones by a 302 to the CDN.
The default branch is `master`. An unknown revision is told as no files at all, every refusal as 404 with a `Code`, and
a token that nobody knows is as none.
"""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from model_preload.demo.messages import Headers, Reply, Request, Slice, ranged
from model_preload.demo.repository import Commit, Content, Repository

PREFIX = "/api/v1/"
_ABOUT = re.compile(r"/api/v1/models/(?P<name>[^/]+/[^/]+)(?P<what>|/repo/files|/repo)")
_MISSING, _NO_ACCESS, _NO_FILE = 10010205001, 10010200001, 10990101007
_COOKIE = re.compile(r"(?:^|;\s*)m_session_id=([^;]*)")


class Store(Protocol):
    """What the API needs of the hub that it is a part of."""

    listing_cap: int

    def sign(self, path: str) -> str:
        """The CDN's address for a path."""

    def stored(self, name: str) -> Repository | None:
        """The repository of that name, whoever may see it."""


def answer(store: Store, request: Request) -> Reply:
    """What to reply to a request below `PREFIX`."""
    found = _ABOUT.fullmatch(request.path)
    repository = store.stored(found["name"]) if found else None
    if found is None or repository is None:
        return _refused(_MISSING, "获取模型目录树失败，信息：record not found")
    if (repository.private or repository.gated) and not repository.readers.intersection(_tokens(request)):
        return _refused(_NO_ACCESS, "no access")
    parts: dict[str, Callable[[Store, Request, Repository], Reply]] = {"": _info, "/repo/files": _files, "/repo": _file}
    return parts[found["what"]](store, request, repository)


def _info(_store: Store, _request: Request, repository: Repository) -> Reply:
    owner, _, name = repository.id.partition("/")
    return _told({"Path": owner, "Name": name, "Revision": "master"})


def _files(store: Store, request: Request, repository: Repository) -> Reply:
    commit = _commit(request, repository)
    if commit is None:
        return _told({"Files": None, "IsVisual": 0, "LatestCommitter": None})
    root = request.query.get("Root", "").strip("/")
    recursive = request.query.get("Recursive", "").lower() == "true"
    shown = list(_entries(repository, commit, f"{root}/" if root else "", recursive=recursive))
    latest = {"Id": "", "ShortId": commit.id[:8]}
    return _told({"Files": shown[: store.listing_cap], "IsVisual": 0, "LatestCommitter": latest})


def _entries(repository: Repository, commit: Commit, below: str, *, recursive: bool) -> Iterable[dict[str, Any]]:
    changed = _last_changes(repository, commit)
    for path in sorted([*commit.folders, *commit.files]):
        if not path.startswith(below) or (not recursive and "/" in path[len(below) :]):
            continue
        about = {"Path": path, "Name": path.rpartition("/")[2], "CommittedDate": 1767225600}
        file = commit.files.get(path)
        if file is None:
            yield {**about, "Type": "tree", "Size": 0, "Sha256": "", "IsLFS": False, "Revision": commit.id}
        else:
            kept = {"Type": "blob", "Size": file.content.size, "Sha256": file.content.sha256, "IsLFS": file.lfs}
            yield {**about, **kept, "Revision": changed[path]}


def _last_changes(repository: Repository, commit: Commit) -> dict[str, str]:
    """By path, the commit that changed the file last, of those up to this one."""
    changed: dict[str, str] = {}
    before: dict[str, str] = {}
    for one in repository.commits.values():
        now = {path: file.blob_id for path, file in one.files.items()}
        changed.update({path: one.id for path, blob in now.items() if before.get(path) != blob})
        before = now
        if one.id == commit.id:
            break
    return changed


def _file(store: Store, request: Request, repository: Repository) -> Reply:
    commit = _commit(request, repository)
    path = request.query.get("FilePath", "")
    file = commit.files.get(path) if commit else None
    if commit is None or file is None:
        return _refused(_NO_FILE, "file not found")
    if file.lfs:
        return Reply(302, (("Location", store.sign(f"/repos/{repository.id}/{commit.id}/{path}")),))
    kind = ("Content-Type", "application/octet-stream")
    return ranged(request, file.content, file.content.sha256, (kind,), f"{repository.id}/{path}")


def _commit(request: Request, repository: Repository) -> Commit | None:
    asked = request.query.get("Revision", "master")
    if asked == "main":
        return None
    return repository.find("main" if asked == "master" else asked)


def _tokens(request: Request) -> set[str]:
    """Those that came with a request, in whichever way."""
    cookie = _COOKIE.search(request.headers.get("cookie", ""))
    return {request.authorization.removeprefix("Bearer "), cookie[1] if cookie else ""}


def _told(data: dict[str, Any]) -> Reply:
    return _reply(200, {"Code": 200, "Data": data, "Message": "success", "RequestId": "demo", "Success": True})


def _refused(code: int, message: str) -> Reply:
    return _reply(404, {"Code": code, "Message": message, "RequestId": "demo", "Success": False})


def _reply(status: int, told: dict[str, Any]) -> Reply:
    content = Content(json.dumps(told, ensure_ascii=False).encode())
    headers: Headers = (("Content-Type", "application/json; charset=utf-8"),)
    return Reply(status, headers, Slice(content, 0, content.size))
