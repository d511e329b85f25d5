"""ModelScope's listings: what they say, how its refusals are told apart, and what is done with nonsense."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers import faults
from helpers.faults import LISTING, FaultyHub
from helpers.hub import Requests, fetch, make_repository
from helpers.listings import FILES, FRIEND, MODELSCOPE, REPOSITORY, client, hub
from model_preload.core import errors
from model_preload.core.catalog import ModelScopeSource
from model_preload.core.events import Control
from model_preload.core.http import Client
from model_preload.core.hubs import modelscope
from model_preload.core.hubs.modelscope import ModelScopeHub
from model_preload.core.values import Listing

__all__ = ["client", "hub"]  # fixtures

SOURCE = ModelScopeSource("owner/model", "master")
ENTRIES = faults.about("/repo/files", LISTING)


def listing(hub: FaultyHub, client: Client, source: ModelScopeSource = SOURCE, token: str | None = None) -> Listing:
    return ModelScopeHub(client, hub.endpoint, token).list(source, Control())


def data(change: Callable[[dict[str, Any]], dict[str, Any]]) -> faults.Change:
    """A listing with other data."""
    return faults.told(lambda told: {**told, "Data": change(told["Data"])})


# What is listed


def test_one_request_lists_everything(hub: FaultyHub, client: Client) -> None:
    MODELSCOPE.check(listing(hub, client))
    (request,) = hub.requests
    assert request.query == {"Revision": "master", "Recursive": "True"}


def test_every_file_is_located_at_the_pinned_commit(hub: FaultyHub, client: Client) -> None:
    found = listing(hub, client)
    (file,) = (file for file in found.files if file.path.startswith("deep"))
    where = ModelScopeHub(client, hub.endpoint + "/", None).locate(SOURCE, found, file)
    path = "FilePath=deep%2Fer%2F%E8%AF%B4%E6%98%8E+1.md"
    assert where.url == f"{hub.endpoint}/api/v1/models/owner/model/repo?Revision={found.commit}&{path}"
    assert (fetch(where.url)[2], where.version) == (FILES[file.path], "")


HEAD = REPOSITORY.main.id


@pytest.mark.parametrize(
    ("latest", "commit"),
    [
        pytest.param({"Id": HEAD, "ShortId": HEAD[:8]}, HEAD, id="id"),
        pytest.param({"Id": "", "ShortId": HEAD[:8]}, HEAD, id="beginning, and a file that has the rest"),
        pytest.param({"ShortId": HEAD[:7]}, HEAD, id="only the beginning"),
        pytest.param({"Id": "", "ShortId": "0123456"}, None, id="a commit that left no file"),
        pytest.param({"Id": "", "ShortId": ""}, None, id="nothing"),
        pytest.param({"Id": "../../etc", "ShortId": 5}, None, id="nonsense"),
        pytest.param(None, None, id="absent"),
        pytest.param("me", None, id="a name"),
    ],
)
def test_the_commit_is_the_one_the_hub_names_or_made_of_what_it_lists(
    hub: FaultyHub, client: Client, latest: object, commit: str | None
) -> None:
    hub.fail(ENTRIES, data(lambda told: {**told, "LatestCommitter": latest}))
    found = listing(hub, client)
    location = ModelScopeHub(client, hub.endpoint).locate(SOURCE, found, found.files[0])
    if commit is not None:
        assert found.commit == commit
        return
    assert (len(found.commit), found.commit[:8]) == (40, "0" * 8)
    assert found.commit == listing(hub, client).commit  # the same files, the same commit
    assert "Revision=master&" in location.url
    hub.put(REPOSITORY.committed({**FILES, "config.json": b"{}"}))
    assert found.commit != listing(hub, client).commit


def test_a_file_that_was_changed_before_does_not_hide_the_commit(hub: FaultyHub, client: Client) -> None:
    later = REPOSITORY.committed({**FILES, "config.json": b"{}"})
    hub.put(later)
    assert listing(hub, client).commit == later.main.id


def test_a_commit_or_tag_is_listed_as_it_was(hub: FaultyHub, client: Client) -> None:
    hub.put(REPOSITORY.tagged("v1").committed({"other.txt": b"x"}))
    for revision in ("v1", HEAD):
        found = listing(hub, client, ModelScopeSource("owner/model", revision))
        assert (found.commit, len(found.files)) == (HEAD, len(FILES))


def test_a_commit_that_was_asked_for_is_the_one_that_is_listed(hub: FaultyHub, client: Client) -> None:
    hub.fail(ENTRIES, data(lambda told: {**told, "LatestCommitter": {"ShortId": "1234567"}}))
    with pytest.raises(errors.AnswerInvalid):
        listing(hub, client, ModelScopeSource("owner/model", HEAD))


# More than one answer holds


def test_a_listing_that_reaches_the_cap_is_walked_by_folder(hub: FaultyHub, client: Client) -> None:
    folders = {"a": 1500, "b": 1400, "c/d": 2900, "c/e": 150, "": 20}
    files = {f"{name}/{n}.txt".lstrip("/"): b"%d" % n for name, count in folders.items() for n in range(count)}
    hub.put(make_repository(files, "owner/many"))
    found = listing(hub, client, ModelScopeSource("owner/many", "master"))
    assert {file.path for file in found.files} == set(files)
    asked = [(request.query.get("Root", ""), request.query["Recursive"]) for request in hub.requests]
    assert sorted(asked) == [
        *(("", "False"), ("", "True"), ("a", "True"), ("b", "True")),
        *(("c", "False"), ("c", "True"), ("c/d", "True"), ("c/e", "True")),
    ]
    assert {request.query["Revision"] for request in hub.requests[1:]} == {found.commit}


def test_a_walk_takes_as_many_requests_as_there_are_folders(
    hub: FaultyHub, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(modelscope, "CAP", 300)
    hub.listing_cap = 300
    files = {f"{folder:03}/{n}.txt": b"%d" % n for folder in range(150) for n in range(2)}
    hub.put(make_repository(files, "owner/many"))
    found = listing(hub, client, ModelScopeSource("owner/many", "master"))
    assert {file.path for file in found.files} == set(files)
    assert len(hub.requests) == 2 + 150


def test_a_folder_too_large_to_be_listed_is_no_listing(hub: FaultyHub, client: Client) -> None:
    hub.put(make_repository({f"a/{n}": b"" for n in range(3000)}, "owner/many"))
    with pytest.raises(errors.AnswerInvalid, match="'a' has over 3000"):
        listing(hub, client, ModelScopeSource("owner/many", "master"))


TREES = st.sets(st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map("/".join), min_size=1, max_size=40)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(paths=TREES)
def test_the_walk_finds_every_file_or_says_that_it_can_not(
    hub: FaultyHub, client: Client, monkeypatch: pytest.MonkeyPatch, paths: set[str]
) -> None:
    monkeypatch.setattr(modelscope, "CAP", 5)
    hub.listing_cap = 5
    files = {path: path.encode() for path in paths if not any(other.startswith(f"{path}/") for other in paths)}
    hub.put(make_repository(files, "owner/tree"))
    found = listing(hub, client, ModelScopeSource("owner/tree", "master"))
    assert {file.path for file in found.files} == set(files)


def test_a_denial_in_the_middle_of_a_walk_passes(
    hub: FaultyHub, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(modelscope, "CAP", 5)
    hub.listing_cap = 5
    hub.fail(lambda request, _: request.query.get("Root") == "deep", faults.status(403), times=2)
    assert len(listing(hub, client).files) == len(FILES)
    hub.heal()
    hub.fail(ENTRIES, faults.status(403))
    with pytest.raises(errors.RepositoryPrivate):
        listing(hub, client)


def test_a_listing_without_end_is_ended(hub: FaultyHub, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modelscope, "CAP", 2)
    monkeypatch.setattr(modelscope, "_MAX_REQUESTS", 100)

    def deeper(request: Any, reply: Any) -> Any:
        folder = request.query.get("Root", "")
        names = (f"{folder}/x".lstrip("/"), f"{folder}/y".lstrip("/"))
        entries = [{"Type": "tree", "Path": name} for name in names]
        shown = entries if request.query["Recursive"] == "True" else entries[:1]
        return data(lambda told: {**told, "Files": shown})(request, reply)

    hub.fail(ENTRIES, deeper)
    with pytest.raises(errors.AnswerInvalid, match="too many pages"):
        listing(hub, client)
    assert len(hub.requests) <= 100


# Who may see what


def refusal(code: object, status: int = 404) -> faults.Change:
    return faults.content(json.dumps({"Code": code, "Message": "no", "Success": False}).encode(), "text/json", status)


@pytest.mark.parametrize(
    ("change", "token", "code"),
    [
        (refusal(10990101004), None, "revision-missing"),
        (refusal(10010200001), None, "repository-private"),
        (refusal(10010200001), FRIEND, "repository-missing"),
        (refusal(10010205001), None, "repository-missing"),
        (refusal(None, 401), FRIEND, "token-refused"),
        (refusal(None, 401), None, "repository-private"),
        (faults.status(403), FRIEND, "repository-missing"),
        (faults.content(b"[]", "text/json", 404), None, "repository-missing"),
        (faults.content(b"<html>", code=404), None, "repository-missing"),
        (refusal(10010400001, 400), None, "hub-refused"),
        (faults.status(418), None, "hub-refused"),
        (refusal(10010205001, 200), None, "answer-invalid"),
        (faults.content(b'{"Code": 200, "Data": {"Files": []}, "Success": "false"}'), None, "answer-invalid"),
    ],
)
def test_what_the_hub_may_refuse_with(
    hub: FaultyHub, client: Client, change: faults.Change, token: str | None, code: str
) -> None:
    hub.fail(ENTRIES, change)
    with pytest.raises(errors.HubProblem) as told:
        listing(hub, client, token=token)
    assert told.value.code == code


def test_the_token_goes_to_the_hub_alone_by_header_and_cookie(hub: FaultyHub, client: Client) -> None:
    source = ModelScopeSource("owner/private", "master")
    made = ModelScopeHub(client, hub.endpoint, FRIEND)
    found = made.list(source, Control())
    (file,) = (file for file in found.files if file.path.endswith(".safetensors"))
    where = made.locate(source, found, file)
    with client.stream(where.url, control=Control(), token=where.token) as reply:
        assert (reply.status, reply.url.startswith(hub.cdn)) == (200, True)
    told = Requests.of(hub)
    carried = {(request.authorization, request.headers.get("cookie", "")) for request in told.to("api")}
    assert carried == {(f"Bearer {FRIEND}", f"m_session_id={FRIEND}")}
    assert not any("cookie" in r.headers or r.authorization or FRIEND in str(r) for r in told.to("cdn"))
    assert FRIEND not in repr(where)


# What comes between, and nonsense


def first_file(change: dict[str, Any]) -> faults.Change:
    def edit(told: dict[str, Any]) -> dict[str, Any]:
        blobs = [entry for entry in told["Files"] if entry["Type"] == "blob"]
        return {**told, "Files": [{**blobs[0], **change}, *blobs[1:]]}

    return data(edit)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param(faults.content(b"<html>log in</html>"), "answer-invalid", id="login page"),
        pytest.param(faults.content(b"[]"), "answer-invalid", id="a list"),
        pytest.param(faults.content(b"null"), "answer-invalid", id="nothing"),
        pytest.param(faults.content(b"[" * 200_000), "answer-invalid", id="deep JSON"),
        pytest.param(faults.content(b" " * (33 << 20)), "answer-too-large", id="33 MiB"),
        pytest.param(faults.header("Content-Encoding", "gzip"), "answer-invalid", id="packed"),
        pytest.param(faults.redirect("file:///etc/passwd"), "redirect", id="to a file"),
        pytest.param(faults.told(lambda told: {**told, "Data": []}), "answer-invalid", id="data are a list"),
        pytest.param(faults.told(lambda told: {**told, "Code": 500}), "answer-invalid", id="another code"),
        pytest.param(data(lambda told: {}), "answer-invalid", id="no files"),
        pytest.param(data(lambda told: {**told, "Files": {}}), "answer-invalid", id="files are a table"),
        pytest.param(data(lambda told: {**told, "Files": "abc"}), "answer-invalid", id="files are text"),
        pytest.param(data(lambda told: {**told, "Files": ["a"]}), "answer-invalid", id="files are names"),
        pytest.param(data(lambda told: {**told, "Files": told["Files"] * 2}), "answer-invalid", id="twice"),
        pytest.param(first_file({"Path": 5}), "answer-invalid", id="path is a number"),
        pytest.param(first_file({"Path": ""}), "answer-invalid", id="path is empty"),
        pytest.param(first_file({"Path": "\ud800"}), "answer-invalid", id="path is no text"),
        pytest.param(first_file({"Size": -1}), "answer-invalid", id="negative size"),
        pytest.param(first_file({"Size": 10**400}), "answer-invalid", id="size of 401 digits"),
        pytest.param(first_file({"Size": "5"}), "answer-invalid", id="size is text"),
        pytest.param(first_file({"Size": 1.5}), "answer-invalid", id="size is broken"),
        pytest.param(first_file({"Size": True}), "answer-invalid", id="size is true"),
        pytest.param(first_file({"Size": None}), "answer-invalid", id="no size"),
        pytest.param(first_file({"Sha256": ""}), "answer-invalid", id="no digest"),
        pytest.param(first_file({"Sha256": None}), "answer-invalid", id="digest is nothing"),
        pytest.param(first_file({"Sha256": "f" * 40}), "answer-invalid", id="digest is short"),
        pytest.param(first_file({"Sha256": "F" * 64}), "answer-invalid", id="digest in upper case"),
        pytest.param(first_file({"Sha256": "../" * 21 + "a"}), "answer-invalid", id="digest is a path"),
        pytest.param(
            first_file({"Sha256": REPOSITORY.main.files["empty.txt"].content.sha256}),
            "answer-invalid",
            id="a digest of two sizes",
        ),
    ],
)
def test_nonsense_in_a_listing_is_named(hub: FaultyHub, client: Client, change: faults.Change, code: str) -> None:
    hub.fail(ENTRIES, change)
    with pytest.raises(errors.HubProblem) as told:
        listing(hub, client)
    assert told.value.code == code
