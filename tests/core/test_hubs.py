"""Listings: what hubs say, how their refusals are told apart, and what is done with nonsense."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from helpers import faults
from helpers.faults import BODY, LISTING, PROMPT, FaultyHub, until
from helpers.hub import Requests
from helpers.listings import FRIEND, HUGGING_FACE, INFO, REPOSITORY, WITHOUT_SIZES, client, hub
from model_preload.core import errors
from model_preload.core.catalog import HuggingFaceSource, UrlSource
from model_preload.core.events import Control
from model_preload.core.http import Client
from model_preload.core.hubs.huggingface import HuggingFaceHub
from model_preload.core.hubs.url import UrlHub
from model_preload.core.values import Digest, Listing
from model_preload.demo.messages import Reply, Request, Slice
from model_preload.demo.repository import Content

__all__ = ["client", "hub"]  # fixtures

SOURCE = HuggingFaceSource("owner/model", "main")


def listing(hub: FaultyHub, client: Client, source: HuggingFaceSource = SOURCE, token: str | None = None) -> Listing:
    return HuggingFaceHub(client, hub.endpoint, token).list(source, Control())


def edited(change: Callable[[Any], Any], where: str = "/api/models/owner/model/revision") -> tuple[Any, Any]:
    """A fault that changes the JSON of an answer."""

    def changed(_request: Request, reply: Reply) -> Reply:
        assert isinstance(reply.body, Slice)
        assert isinstance(reply.body.content.source, bytes)
        told = json.loads(reply.body.content.source)
        data = json.dumps(change(told)).encode()
        return replace(reply, body=Slice(Content(data), 0, len(data)))

    return faults.about(where, LISTING), changed


# Hugging Face


def test_what_the_info_leaves_out_comes_from_the_paged_tree(hub: FaultyHub, client: Client) -> None:
    hub.fail(INFO, WITHOUT_SIZES)
    HUGGING_FACE.check(listing(hub, client))
    tree = Requests.of(hub).about("/tree/")
    assert len(tree) == 2  # 4 files and 2 folders, 3 a page
    assert all(REPOSITORY.main.id in request.path for request in tree)  # of the commit that the info named


def test_every_file_is_located_at_the_pinned_commit(hub: FaultyHub, client: Client) -> None:
    found = listing(hub, client)
    where = HuggingFaceHub(client, hub.endpoint + "/", None).locate(SOURCE, found, found.files[1])
    assert where.url == f"{hub.endpoint}/owner/model/resolve/{found.commit}/deep/er/%E8%AF%B4%E6%98%8E%201.md"


def test_pages_without_end_are_ended(hub: FaultyHub, client: Client) -> None:
    hub.fail(INFO, WITHOUT_SIZES)

    def again(request: Request, reply: Reply) -> Reply:
        return faults.header("Link", f'<{hub.endpoint}{request.target}?recursive=True&n={request.at}>; rel="next"')(
            request, reply
        )

    hub.fail(faults.about("/tree/", LISTING), again)
    with pytest.raises(errors.AnswerInvalid):
        listing(hub, client)
    assert len(hub.requests) <= 100


@pytest.mark.parametrize(
    "link", ["file:///etc/passwd", "http://[bad", "ftp://127.0.0.1/", "http://127.0.0.1:99999/", "//", "http://\x00/"]
)
@pytest.mark.parametrize("token", [None, FRIEND])
def test_a_next_page_that_is_no_address_is_an_invalid_answer(
    hub: FaultyHub, client: Client, link: str, token: str | None
) -> None:
    hub.fail(INFO, WITHOUT_SIZES)
    hub.fail(faults.about("/tree/", LISTING), faults.header("Link", f'<{link}>; rel="next"'))
    with pytest.raises(errors.HubProblem):
        listing(hub, client, token=token)


def test_a_next_page_elsewhere_gets_no_token(hub: FaultyHub, client: Client) -> None:
    hub.fail(INFO, WITHOUT_SIZES)
    with FaultyHub(REPOSITORY) as other:
        page = f"{other.endpoint}/api/models/owner/model/tree/main?recursive=True"
        hub.fail(faults.about("/tree/", LISTING), faults.header("Link", f'<{page}>; rel="next"'), times=1)
        listing(hub, client, token=FRIEND)
        assert {request.authorization for request in other.requests} == {""}
    assert {request.authorization for request in hub.requests} == {f"Bearer {FRIEND}"}


def first_file(change: dict[str, Any]) -> Callable[[Any], Any]:
    return lambda info: {**info, "siblings": [{**info["siblings"][0], **change}]}


LFS = {"sha256": "0" * 64, "size": 5, "pointerSize": 1}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda info: {**info, "sha": "main"}, id="commit is a name"),
        pytest.param(lambda info: {**info, "sha": "../" * 13 + "a"}, id="commit is a path"),
        pytest.param(lambda info: {**info, "sha": None}, id="no commit"),
        pytest.param(lambda info: {**info, "sha": "A" * 40}, id="commit in upper case"),
        pytest.param(lambda info: {**info, "siblings": 5}, id="files are a number"),
        pytest.param(lambda info: {**info, "siblings": ["a"]}, id="files are names"),
        pytest.param(first_file({"rfilename": 5}), id="path is a number"),
        pytest.param(first_file({"size": -1}), id="negative size"),
        pytest.param(first_file({"size": 10**400}), id="size of 401 digits"),
        pytest.param(first_file({"size": "5"}), id="size is text"),
        pytest.param(first_file({"size": 1.5}), id="size is broken"),
        pytest.param(first_file({"size": True}), id="size is true"),
        pytest.param(first_file({"blobId": "../../x"}), id="digest is a path"),
        pytest.param(first_file({"blobId": "f" * 39}), id="digest is short"),
        pytest.param(first_file({"lfs": {**LFS, "sha256": "0" * 40}}), id="sha256 is short"),
        pytest.param(first_file({"lfs": {**LFS, "sha256": "/" * 64}}), id="sha256 is a path"),
        pytest.param(first_file({"lfs": {**LFS, "size": -5}}), id="lfs of negative size"),
        pytest.param(first_file({"lfs": {**LFS, "size": 1 << 63}}), id="lfs of no size"),
        pytest.param(first_file({"lfs": "yes"}), id="lfs is text"),
    ],
)
def test_nonsense_in_a_listing_is_an_invalid_answer(
    hub: FaultyHub, client: Client, change: Callable[[Any], Any]
) -> None:
    hub.fail(*edited(change))
    with pytest.raises(errors.AnswerInvalid):
        listing(hub, client)


def test_a_commit_that_was_asked_for_is_the_one_that_is_listed(hub: FaultyHub, client: Client) -> None:
    hub.fail(*edited(lambda info: {**info, "sha": "1" * 40}))
    with pytest.raises(errors.AnswerInvalid):
        listing(hub, client, HuggingFaceSource("owner/model", REPOSITORY.main.id))


# Plain addresses


def url_source(hub: FaultyHub, name: str = "plain.bin", **known: Any) -> UrlSource:
    return UrlSource(hub.file_url(name), "folder/model.bin", **known)


def test_a_plain_address_tells_size_and_version(hub: FaultyHub, client: Client) -> None:
    found = UrlHub(client).list(url_source(hub), Control())
    (file,) = found.files
    assert (file.path, file.size, file.digest) == ("folder/model.bin", 1000, None)
    assert found.commit.startswith('"')
    where = UrlHub(client).locate(url_source(hub), found, file)
    assert (where.url, where.token, where.version) == (hub.file_url("plain.bin"), None, found.commit)
    assert hub.bytes_served <= 1


def test_what_the_catalog_knows_is_not_asked_for(hub: FaultyHub, client: Client) -> None:
    source = url_source(hub, size=1000, sha256="0" * 64)
    (file,) = UrlHub(client).list(source, Control()).files
    assert (file.size, file.digest, hub.requests) == (1000, Digest("sha256", "0" * 64), ())


def sizeless(request: Request, reply: Reply) -> Reply:
    """The whole file, of unknown length."""
    return faults.unbounded()(request, faults.whole(request, reply))


def total(digits: str) -> faults.Change:
    return faults.header("Content-Range", f"bytes 0-0/{digits}")


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        pytest.param("empty.bin", None, 0, id="empty"),
        pytest.param("plain.bin", faults.whole, 1000, id="ranges ignored"),
        pytest.param("none", None, "hub-refused", id="missing"),
        pytest.param("plain.bin", faults.status(403), "hub-refused", id="forbidden"),
        pytest.param("plain.bin", faults.status(503), "busy", id="busy"),
        pytest.param("plain.bin", sizeless, "answer-invalid", id="size unknown"),
        pytest.param("plain.bin", faults.header("Content-Range", "bytes 0-0/*"), "answer-invalid", id="total unknown"),
        pytest.param("plain.bin", faults.header("Content-Range", None), "answer-invalid", id="no range"),
        pytest.param("plain.bin", total("9" * 30), "answer-invalid", id="30 digits"),
        pytest.param("plain.bin", total("9" * 5000), "answer-invalid", id="more digits than Python reads"),
        pytest.param("plain.bin", faults.header("Content-Encoding", "br"), "answer-invalid", id="packed"),
    ],
)
def test_what_a_plain_address_may_say(
    hub: FaultyHub, client: Client, name: str, change: faults.Change | None, expected: int | str
) -> None:
    if change is not None:
        hub.fail(BODY, change)
    if isinstance(expected, int):
        assert UrlHub(client).list(url_source(hub, name), Control()).files[0].size == expected
        return
    with pytest.raises(errors.HubProblem) as told:
        UrlHub(client).list(url_source(hub, name), Control())
    assert told.value.code == expected


def test_a_plain_address_survives_what_passes(hub: FaultyHub, client: Client) -> None:
    hub.fail(BODY, faults.status(503), times=2)
    assert UrlHub(client).list(url_source(hub), Control()).files[0].size == 1000


def test_another_size_than_the_catalog_says_is_named_at_once(hub: FaultyHub, client: Client) -> None:
    with pytest.raises(errors.LengthWrong):
        UrlHub(client).list(url_source(hub, size=5), Control())
    assert len(hub.requests) == 1


def test_a_pause_while_a_plain_address_is_asked_only_takes_time(hub: FaultyHub) -> None:
    client = Client(patience=replace(PROMPT, silence=20.0))
    hub.fail(BODY, faults.silent, times=1)
    control = Control()

    def pause() -> None:
        until(lambda: bool(hub.requests))
        control.pause()
        control.resume()

    thread = threading.Thread(target=pause)
    thread.start()
    assert UrlHub(client).list(url_source(hub), control).files[0].size == 1000
    thread.join()
    client.close()
