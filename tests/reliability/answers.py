"""Answers that are none: captive portals, broken and boundless listings, links and redirects elsewhere."""

from collections.abc import Callable, Mapping

from helpers import faults
from helpers.faults import ANYTHING, BODY, LISTING, TREE, Change, Where
from helpers.hub import make_repository
from model_preload.demo.messages import Reply, Request
from reliability.scene import REPO, Scene, contents
from reliability.table import Table, fault, without_sizes

CASES = Table()
_case = CASES.add

_PORTAL = b"<!doctype html><title>Welcome</title><p>Please sign in to use this network.</p>" * 20

# Captive portals and broken listings


def _portal(scene: Scene) -> Change:
    """A login page on another host in place of everything."""
    scene.other.put_file("login", _PORTAL)
    scene.other.fail(ANYTHING, faults.content(_PORTAL))
    return faults.redirect(scene.other.file_url("login"))


def _portal_on(where: Where, times: int | None = None) -> Callable[[Scene], object]:
    def play(scene: Scene) -> None:
        scene.hub.fail(where, _portal(scene), times)
        scene.preload()

    return play


_NAMED = ("length-wrong", "digest-mismatch")
_case("portal-listing", "a login page as the listing", fault(LISTING, faults.content(_PORTAL)), "answer-invalid")
_case("portal-body", "a login page as every body", fault(BODY, faults.content(_PORTAL)), *_NAMED, slow=True)
_case("portal-body-once", "a login page as the first five bodies", fault(BODY, faults.content(_PORTAL), 5), "ready")
_case("portal-away-listing", "302 to another host's login page for the listing", _portal_on(LISTING), "answer-invalid")
_case("portal-away", "the same for every file", _portal_on(lambda q, r: not LISTING(q, r)), *_NAMED, slow=True)
_case("portal-away-once", "the same for the first four files", _portal_on(lambda q, r: not LISTING(q, r), 4), "ready")


def _json(data: bytes) -> Change:
    return faults.content(data, "application/json")


_COMMIT = b"0" * 40
_HUGE = b'{"id": "owner/model", "sha": "%s", "siblings": [' % _COMMIT
_ONE_FILE = b'{"rfilename": "%s", "size": 1, "blobId": "%s"}' % (b"x" * 30, _COMMIT)
_LISTINGS: Mapping[str, tuple[str, Change, tuple[str, ...]]] = {
    "json-broken": ("JSON that breaks off", _json(b'{"id": "owner/model", "sib'), ("answer-invalid",)),
    "json-empty": ("an empty body", _json(b""), ("answer-invalid",)),
    "json-other": ("a JSON list of numbers", _json(b"[1, 2, 3]"), ("answer-invalid",)),
    "json-not-utf8": ("JSON that is no UTF-8", _json(b'{"id": "\xff\xfe"}'), ("answer-invalid",)),
    "json-deep": ("JSON nested 1,000,000 times", _json(b"[" * 1_000_000), ("answer-invalid",)),
    "json-100-mb": (
        "100 MB of JSON",
        faults.streamed(_HUGE, b" " * 100_000, 1000, Content_Type="application/json"),
        ("answer-too-large",),
    ),
    "json-30-mb": (
        "30 MB of JSON with 250,000 files",
        faults.streamed(_HUGE, (_ONE_FILE + b",") * 1000, 250, _ONE_FILE + b"]}"),
        ("answer-invalid", "answer-too-large"),
    ),
    "gzip-bomb-listing": (
        "a packed body that would unpack to 10 GB",
        faults.streamed(b"", b"\x1f\x8b\x08" + bytes(65_533), 160, Content_Encoding="gzip"),
        ("answer-invalid",),
    ),
}
for _name, (_told, _change, _ends) in _LISTINGS.items():
    _case(_name, f"the listing is {_told}", fault(LISTING, _change), *_ends)
_case(
    "gzip-bomb-body",
    "every body is packed and would unpack to 10 GB",
    fault(BODY, faults.header("Content-Encoding", "gzip")),
    "answer-invalid",
    waste=8,
)


def _link(target: Callable[[Scene, Request, Reply], str]) -> Callable[[Scene], object]:
    """The tree comes in pages of two entries, and each points to a next one."""

    def play(scene: Scene) -> None:
        scene.hub.page_size = scene.other.page_size = 2
        scene.other.put(make_repository(contents(), REPO))
        scene.hub.fail(lambda q, r: LISTING(q, r) and not TREE(q, r), faults.told(without_sizes))
        scene.hub.fail(TREE, lambda q, r: faults.header("Link", target(scene, q, r))(q, r))
        scene.preload()

    return play


_case(
    "endless-pages",
    "each page of the tree names itself as the next",
    _link(lambda scene, q, _: f'<{scene.hub.endpoint}{q.target}?recursive=true>; rel="next"'),
    "answer-invalid",
)
_case(
    "link-to-another-host",
    "the tree's next page is on another host, which has the same files",
    _link(lambda scene, _, reply: dict(reply.headers)["Link"].replace(scene.hub.endpoint, scene.other.endpoint)),
    "ready",
)
_case(
    "link-to-a-file",
    "the tree's next page is file:///etc/passwd",
    _link(lambda *_: '<file:///etc/passwd>; rel="next"'),
    "answer-invalid",
)


def _elsewhere(scene: Scene) -> None:
    """Everything is redirected to a foreign hub that has the same repository."""
    scene.other.put(make_repository(contents(), REPO))
    to = faults.redirect(lambda request: f"{scene.other.endpoint}{request.target}?blobs=true")
    scene.hub.fail(ANYTHING, to)
    scene.preload()


_case(
    "redirect-to-another-host", "every request is redirected to a foreign hub with the same files", _elsewhere, "ready"
)
for _name, _where in (("listing", LISTING), ("body", lambda q, r: not LISTING(q, r))):
    _case(
        f"redirect-loop-{_name}",
        f"the {_name} redirects to itself",
        fault(_where, faults.redirect(lambda request: request.target)),
        "redirect",
    )
    for _to in ("file:///etc/passwd", "ftp://127.0.0.1/model", "http://169.254.169.254/latest", "http://[::]/", "//"):
        _label = _to.partition(":")[0] if "169" not in _to and "[" not in _to else "private"
        _label = {"//": "nowhere"}.get(_to, "any-address" if "[" in _to else _label)
        _case(
            f"redirect-{_label}-{_name}",
            f"the {_name} redirects to {_to}",
            fault(_where, faults.redirect(_to)),
            "redirect",
        )
