"""An embedded hub: the part of huggingface.co's API by which models are listed and fetched, and a CDN on a second port.

Imitated is what huggingface_hub 2.4 and `hf` ask for and tell apart: model info with blobs, the tree in pages that are
linked by `Link: rel="next"`, paths-info, refs, auth-check, whoami; `resolve`, which serves regular files itself and
sends large ones to the CDN by a 302 whose signed address expires (403 from then on); X-Repo-Commit, X-Linked-Etag,
X-Linked-Size; and refusals by X-Error-Code (RepoNotFound, GatedRepo, RevisionNotFound, EntryNotFound). Someone without
a token gets 401 where someone with one gets 403 or 404; a wrong token gets 401 even where none is needed.
Besides, `/files/NAME` is a plain file at a plain address, and below `/api/v1/` the same repositories are to be had as
from ModelScope (`modelscope.py`).
"""

import base64
import hmac
import json
import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from types import MappingProxyType, TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, quote, unquote, urlencode

from model_preload.demo import listing, modelscope
from model_preload.demo.messages import Headers, Reply, Request, Slice, ranged
from model_preload.demo.repository import AnyContent, Commit, Content, File, Repository, content_of
from model_preload.demo.server import Ledger, Server

__all__ = ["Hub", "Reply", "Repository", "Request"]

_NAME = "(?P<name>[^/]+(?:/[^/]+)??)"
_INFO = re.compile(rf"/api/models/{_NAME}(?:/revision/(?P<revision>[^/]+))?")
_TREE = re.compile(rf"/api/models/{_NAME}/tree/(?P<revision>[^/]+)(?:/(?P<path>.*))?")
_PATHS = re.compile(rf"/api/models/{_NAME}/paths-info/(?P<revision>[^/]+)")
_REFS = re.compile(rf"/api/models/{_NAME}/refs")
_AUTH = re.compile(rf"/api/models/{_NAME}/auth-check")
_RESOLVE = re.compile(rf"/{_NAME}/resolve/(?P<revision>[^/]+)/(?P<path>.+)")
_FILES = re.compile("/files/(?P<path>.+)")
_SIGNED = re.compile("/repos/(?P<name>.+?)/(?P<revision>[0-9a-f]{40})/(?P<path>.+)")

_EMPTY: Mapping[str, AnyContent] = MappingProxyType({})


class Hub:
    """Two servers on 127.0.0.1, up between `start` and `close`, or while it is a context. Any thread may call.

    A fault is a subclass that overrides `respond`, or changes what it replies.

    Args:
        repositories: what it has; `put` adds or replaces.
        files: contents below `/files/`, by name.
        tokens: valid ones, besides those of the repositories' readers.
        page_size: entries in a page of the tree.
        listing_cap: entries where ModelScope's listing is cut.
        latency: seconds before the headers of each reply; may be set at any time.
        rate: bytes a second of each connection, None without limit; may be set at any time.
        link_seconds: how long a signed address is good; may be set at any time.
    """

    def __init__(
        self,
        *repositories: Repository,
        files: Mapping[str, AnyContent] = _EMPTY,
        tokens: Iterable[str] = (),
        page_size: int = 1000,
        listing_cap: int = 3000,
        latency: float = 0.0,
        rate: float | None = None,
        link_seconds: float = 3600.0,
    ) -> None:
        self.page_size = page_size
        self.listing_cap = listing_cap
        self.latency = latency
        self.rate = rate
        self.link_seconds = link_seconds
        self._tokens = frozenset(tokens)
        self._repositories = {repository.id: repository for repository in repositories}
        self._files = {name: content_of(given) for name, given in files.items()}
        self._secret = secrets.token_bytes(32)
        self._ledger = Ledger()
        self._api = Server("api", self.respond, self._ledger, lambda: self.latency, lambda: self.rate)
        self._cdn = Server("cdn", self.respond, self._ledger, lambda: self.latency, lambda: self.rate)
        self._routes: tuple[tuple[str, re.Pattern[str], Callable[..., Reply]], ...] = (
            ("GET", _FILES, self._plain),
            ("GET", _AUTH, self._auth_check),
            ("GET", _REFS, self._refs),
            ("GET", _TREE, self._tree),
            ("POST", _PATHS, self._paths_info),
            ("GET", re.compile("/api/whoami-v2"), self._whoami),
            ("GET", _INFO, self._info),
            ("GET", _RESOLVE, self._resolve),
        )

    def start(self) -> None:
        """Listen; after a `close` again, at the same addresses. Raises OSError."""
        with ExitStack() as started:
            for server in (self._api, self._cdn):
                server.start()
                started.callback(server.close)
            started.pop_all()

    def close(self) -> None:
        """Break off whatever is under way; no thread is left. Takes 10 s at most."""
        self._api.close()
        self._cdn.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def endpoint(self) -> str:
        """What HF_ENDPOINT and MODELSCOPE_ENDPOINT are set to. Known from the first start on."""
        return self._api.address

    @property
    def cdn(self) -> str:
        """Where signed addresses lead. Known from the first start on."""
        return self._cdn.address

    def file_url(self, name: str) -> str:
        """The plain address of one of `files`."""
        return f"{self.endpoint}/files/{quote(name)}"

    def stored(self, name: str) -> Repository | None:
        """The repository of that id, None if there is none."""
        return self._repositories.get(name)

    def put(self, repository: Repository) -> None:
        """Add a repository, or replace the one of the same id."""
        self._repositories[repository.id] = repository

    def put_file(self, name: str, content: AnyContent) -> None:
        """Add or replace a content below `/files/`. Raises OSError."""
        self._files[name] = content_of(content)

    @property
    def requests(self) -> tuple[Request, ...]:
        """Every request so far, to both origins."""
        return self._ledger.requests

    @property
    def bytes_by_file(self) -> Mapping[str, int]:
        """Bytes of bodies handed to the operating system so far, by `repository/path` or `files/name`."""
        return {subject: size for subject, size in self._ledger.served.items() if subject}

    @property
    def bytes_served(self) -> int:
        """The same for all files together: not listings, redirects and refusals."""
        return sum(self.bytes_by_file.values())

    def forget(self) -> None:
        """Empty `requests` and the counts of bytes."""
        self._ledger.clear()

    def respond(self, request: Request) -> Reply:
        """What to reply, on the connection's thread. Override it to insert faults."""
        try:
            return self._signed(request) if request.origin == "cdn" else self._route(request)
        except _Refused as refused:
            return refused.reply

    def sign(self, path: str) -> str:
        """The CDN's address for a path, good for `link_seconds` from now on."""
        expires = f"{time.time() + self.link_seconds:.3f}"
        query = {"Expires": expires, "Signature": self._signature(path, expires), "Key-Pair-Id": "DEMO"}
        return f"{self.cdn}{quote(path)}?{urlencode(query)}"

    def wait(self, seconds: float) -> None:
        """For `respond`: hold a reply back. Raises ConnectionError as soon as the hub closes."""
        self._api.wait(seconds)

    def _route(self, request: Request) -> Reply:
        if request.target.startswith(modelscope.PREFIX):
            return modelscope.answer(self, request)
        method = "GET" if request.method == "HEAD" else request.method
        for wanted, pattern, answer in self._routes:
            found = pattern.fullmatch(request.target)
            if found and wanted == method:
                return answer(request, **{name: unquote(part) for name, part in found.groupdict().items() if part})
        raise _Refused(404, "", "Sorry, we can't find the page you are looking for.")

    def _info(self, request: Request, name: str, revision: str = "main") -> Reply:
        repository, commit = self._commit(request, name, revision)
        blobs = request.query.get("blobs", "").lower() in ("true", "1")
        return _json(listing.info(repository, commit, blobs=blobs))

    def _tree(self, request: Request, name: str, revision: str, path: str = "") -> Reply:
        _, commit = self._commit(request, name, revision)
        folder = path.strip("/")
        if folder and folder not in commit.folders:
            raise _Refused(404, "EntryNotFound", f"{folder} does not exist on {revision}")
        recursive = request.query.get("recursive", "").lower() in ("true", "1")
        entries = listing.tree(commit, folder, recursive=recursive)
        first = _position(request.query.get("cursor", ""))
        last = first + min(self.page_size, int(request.query.get("limit", self.page_size)))
        if last >= len(entries):
            return _json(entries[first:])
        query = urlencode({**request.query, "cursor": base64.urlsafe_b64encode(str(last).encode()).decode()})
        return _json(entries[first:last], (("Link", f'<{self.endpoint}{request.target}?{query}>; rel="next"'),))

    def _paths_info(self, request: Request, name: str, revision: str) -> Reply:
        _, commit = self._commit(request, name, revision)
        if request.headers.get("content-type", "").startswith("application/json"):
            paths = json.loads(request.body)["paths"]
        else:
            paths = parse_qs(request.body.decode()).get("paths", [])
        return _json(listing.paths(commit, paths))

    def _refs(self, request: Request, name: str) -> Reply:
        return _json(listing.refs(self._repository(request, name)))

    def _auth_check(self, request: Request, name: str) -> Reply:
        self._repository(request, name, gate=True)
        return _json({})

    def _whoami(self, request: Request) -> Reply:
        if not self._token(request):
            raise _Refused(401, "", "Invalid username or password.")
        return _json({"type": "user", "name": "demo", "auth": {"accessToken": {"displayName": "demo", "role": "read"}}})

    def _resolve(self, request: Request, name: str, revision: str, path: str) -> Reply:
        repository, commit = self._commit(request, name, revision, gate=True)
        about: Headers = (("X-Repo-Commit", commit.id),)
        file = commit.files.get(path)
        if file is None:
            raise _Refused(404, "EntryNotFound", "Entry not found", about)
        if not file.lfs:
            kind = ("Content-Type", "text/plain; charset=utf-8")
            return ranged(request, file.content, file.etag, (*about, kind), f"{repository.id}/{path}")
        location = self.sign(f"/repos/{repository.id}/{commit.id}/{path}")
        about = (*about, ("Accept-Ranges", "bytes"), ("Location", location), ("Vary", "Origin, Accept"))
        linked = (("X-Linked-Size", str(file.content.size)), ("X-Linked-Etag", f'"{file.etag}"'))
        return _text(302, f"Found. Redirecting to {location}", (*about, *linked))

    def _plain(self, request: Request, path: str) -> Reply:
        content = self._files.get(path)
        if content is None:
            raise _Refused(404, "", "Not found")
        kind = ("Content-Type", "application/octet-stream")
        return ranged(request, content, content.version, (kind,), f"files/{path}")

    def _signed(self, request: Request) -> Reply:
        """What the CDN replies: it knows no tokens, only signatures."""
        expires = request.query.get("Expires", "")
        signature = request.query.get("Signature", "")
        if not hmac.compare_digest(signature.encode(), self._signature(request.path, expires).encode()):
            return _denied("Access denied")
        if float(expires) < time.time():
            return _denied("Request has expired")
        found = _SIGNED.fullmatch(request.path)
        file = self._file(*found.groups()) if found else None
        if found is None or file is None:
            return _denied("Access denied")
        disposition = f"attachment; filename*=UTF-8''{quote(file.path.rpartition('/')[2])}"
        headers = (("Content-Type", "application/octet-stream"), ("Content-Disposition", disposition))
        return ranged(request, file.content, file.etag, headers, f"{found['name']}/{file.path}")

    def _file(self, name: str, commit: str, path: str) -> File | None:
        repository = self._repositories.get(name)
        return repository.commits[commit].files.get(path) if repository and commit in repository.commits else None

    def _signature(self, path: str, expires: str) -> str:
        digest = hmac.digest(self._secret, f"{path}\n{expires}".encode(), "sha256")
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def _token(self, request: Request) -> str:
        """The valid token that came with a request, or "" if none came. Raises _Refused for any other."""
        if not request.authorization:
            return ""
        token = request.authorization.removeprefix("Bearer ")
        readers = (repository.readers for repository in self._repositories.copy().values())
        if token not in self._tokens.union(*readers):
            raise _Refused(401, "", "Invalid credentials in Authorization header")
        return token

    def _repository(self, request: Request, name: str, *, gate: bool = False) -> Repository:
        """The repository, if whoever asks may see it and, with `gate`, may have its files. Raises _Refused."""
        token = self._token(request)
        repository = self._repositories.get(name)
        if repository is None or (repository.private and token not in repository.readers):
            if token:
                raise _Refused(404, "RepoNotFound", "Repository not found")
            raise _Refused(401, "RepoNotFound", "Invalid username or password.")
        if gate and repository.gated and token not in repository.readers:
            restricted = f"Access to model {name} is restricted"
            if token:
                raise _Refused(403, "GatedRepo", f"{restricted} and you are not in the authorized list.")
            raise _Refused(401, "GatedRepo", f"{restricted}. You must have access to it and be authenticated.")
        return repository

    def _commit(self, request: Request, name: str, revision: str, *, gate: bool = False) -> tuple[Repository, Commit]:
        repository = self._repository(request, name, gate=gate)
        commit = repository.find(revision)
        if commit is None:
            raise _Refused(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return repository, commit


class _Refused(Exception):
    """A refusal as the API words it: the reason is in two headers and in the body."""

    def __init__(self, status: int, code: str, message: str, headers: Headers = ()) -> None:
        super().__init__(message)
        coded = (("X-Error-Code", code),) if code else ()
        self.reply = _json({"error": message}, (*headers, *coded, ("X-Error-Message", message)), status)


def _json(value: Any, headers: Headers = (), status: int = 200) -> Reply:
    kind = ("Content-Type", "application/json; charset=utf-8")
    return _reply(status, json.dumps(value, ensure_ascii=False), (kind, *headers))


def _text(status: int, text: str, headers: Headers = ()) -> Reply:
    return _reply(status, text, (("Content-Type", "text/plain; charset=utf-8"), *headers))


def _denied(reason: str) -> Reply:
    error = f"<Error><Code>AccessDenied</Code><Message>{reason}</Message></Error>"
    return _reply(403, error, (("Content-Type", "application/xml"),))


def _reply(status: int, text: str, headers: Headers) -> Reply:
    content = Content(text.encode())
    return Reply(status, headers, Slice(content, 0, content.size))


def _position(cursor: str) -> int:
    """Where a page begins. Raises _Refused for a cursor that was not ours."""
    try:
        return int(base64.urlsafe_b64decode(cursor) or 0)
    except ValueError:
        raise _Refused(400, "", "Invalid cursor") from None
