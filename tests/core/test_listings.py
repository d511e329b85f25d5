"""Listings of either hub: how refusals are told apart, what passes, what ends, and what is done with nonsense."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers import faults
from helpers.clock import SOON
from helpers.faults import LISTING, PROMPT, FaultyHub, cancelling
from helpers.hub import fetch
from helpers.listings import FRIEND, HUGGING_FACE, INFO, MODELSCOPE, STRANGER, WITHOUT_SIZES, Kind, client, hub
from model_preload.core import errors
from model_preload.core.events import Cancelled, Control
from model_preload.core.http import Client
from model_preload.demo.messages import Reply, Request

__all__ = ["client", "hub"]  # fixtures

kinds = pytest.mark.parametrize("kind", [HUGGING_FACE, MODELSCOPE], ids=lambda kind: kind.name)


@kinds
def test_one_request_lists_everything(hub: FaultyHub, client: Client, kind: Kind) -> None:
    kind.check(kind.listing(hub, client))
    assert len(hub.requests) == 1


# Who may see what


@pytest.mark.parametrize(
    ("kind", "repo", "revision", "token", "code"),
    [
        (HUGGING_FACE, "owner/gated", "main", None, None),  # everyone sees the list of a gated repository
        (HUGGING_FACE, "owner/private", "main", FRIEND, None),
        (HUGGING_FACE, "owner/private", "main", None, "repository-private"),
        (HUGGING_FACE, "owner/missing", "main", None, "repository-private"),
        (HUGGING_FACE, "owner/private", "main", STRANGER, "repository-missing"),
        (HUGGING_FACE, "owner/missing", "main", STRANGER, "repository-missing"),
        (HUGGING_FACE, "owner/model", "main", "hf_wrong", "token-refused"),
        (HUGGING_FACE, "owner/missing", "main", "hf_wrong", "token-refused"),
        (HUGGING_FACE, "owner/model", "none", None, "revision-missing"),
        (HUGGING_FACE, "owner/model", "0" * 40, None, "revision-missing"),
        (MODELSCOPE, "owner/model", "master", "ms-wrong", None),  # a token that nobody knows is as none
        (MODELSCOPE, "owner/private", "master", FRIEND, None),
        (MODELSCOPE, "owner/gated", "master", FRIEND, None),
        (MODELSCOPE, "owner/private", "master", None, "repository-private"),
        (MODELSCOPE, "owner/gated", "master", None, "repository-private"),
        (MODELSCOPE, "owner/private", "master", "ms-wrong", "repository-missing"),
        (MODELSCOPE, "owner/missing", "master", None, "repository-missing"),
        (MODELSCOPE, "owner/missing", "master", FRIEND, "repository-missing"),
        (MODELSCOPE, "owner/model", "main", None, "revision-missing"),
        (MODELSCOPE, "owner/model", "0" * 40, None, "revision-missing"),
    ],
)
def test_refusals_are_told_apart(
    hub: FaultyHub, client: Client, kind: Kind, repo: str, revision: str, token: str | None, code: str | None
) -> None:
    if code is None:
        assert kind.listing(hub, client, repo, revision, token=token).files
        return
    with pytest.raises(errors.HubProblem) as told:
        kind.listing(hub, client, repo, revision, token=token)
    assert told.value.code == code
    assert token is None or token not in str(told.value)


# What comes between


@kinds
def test_a_hub_that_is_gone_is_offline(hub: FaultyHub, client: Client, kind: Kind) -> None:
    hub.close()
    with pytest.raises(errors.HubUnreachable):
        kind.listing(hub, client)


@pytest.mark.parametrize(
    ("kind", "where"),
    [
        pytest.param(HUGGING_FACE, HUGGING_FACE.where, id="huggingface info"),
        pytest.param(HUGGING_FACE, faults.about("/tree/", LISTING), id="huggingface tree"),
        pytest.param(MODELSCOPE, MODELSCOPE.where, id="modelscope"),
    ],
)
@pytest.mark.parametrize(
    "change",
    [
        *(pytest.param(faults.status(code), id=str(code)) for code in (408, 429, 500, 502, 503, 504)),
        pytest.param(faults.status(429, Retry_After="9999"), id="429 that asks for hours"),
        pytest.param(faults.cut(50), id="reset"),
        pytest.param(faults.ended(50), id="ends early"),
        pytest.param(faults.stalled(50), id="stalls"),
        pytest.param(faults.dripping_head, id="drips headers"),
    ],
)
def test_a_listing_survives_what_passes(
    hub: FaultyHub, client: Client, kind: Kind, where: faults.Where, change: faults.Change
) -> None:
    hub.fail(where, change, times=2)
    if kind is HUGGING_FACE:
        hub.fail(INFO, WITHOUT_SIZES)  # so that the tree is asked for too
    kind.check(kind.listing(hub, client))


def around(request: Request, reply: Reply) -> Reply:
    """A redirect to where it comes from."""
    return faults.redirect(request.target)(request, reply)


@kinds
@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param(faults.status(503), "busy", id="busy"),
        pytest.param(faults.status(418), "hub-refused", id="another status"),
        pytest.param(faults.cut(10), "connection-lost", id="resets"),
        pytest.param(faults.stalled(10), "timeout", id="stalls"),
        pytest.param(faults.content(b"<html>log in</html>"), "answer-invalid", id="login page"),
        pytest.param(faults.content(b"[]"), "answer-invalid", id="a list"),
        pytest.param(faults.content(b"null"), "answer-invalid", id="nothing"),
        pytest.param(faults.content(b"[" * 200_000), "answer-invalid", id="deep JSON"),
        pytest.param(faults.content(b"\xff\xff"), "answer-invalid", id="no text"),
        pytest.param(faults.content(b" " * (33 << 20)), "answer-too-large", id="33 MiB"),
        pytest.param(faults.header("Content-Encoding", "gzip"), "answer-invalid", id="packed"),
        pytest.param(around, "redirect", id="circle"),
        pytest.param(faults.redirect("file:///etc/passwd"), "redirect", id="to a file"),
    ],
)
def test_a_listing_that_can_not_be_had_is_named(
    hub: FaultyHub, client: Client, kind: Kind, change: faults.Change, code: str
) -> None:
    hub.fail(kind.where, change)
    began = time.monotonic()
    with pytest.raises((errors.HubProblem, errors.TransferProblem)) as told:
        kind.listing(hub, client)
    assert told.value.code == code
    assert time.monotonic() - began < PROMPT.listing + SOON


@pytest.fixture
def patient() -> Iterator[Client]:
    """A client that would wait for long."""
    made = Client(patience=replace(PROMPT, silence=60.0, longest_asked=60.0))
    yield made
    made.close()


@kinds
def test_a_slow_listing_meets_its_deadline(hub: FaultyHub, kind: Kind) -> None:
    def slow(request: Request, reply: Reply) -> Reply:
        return faults.dripping(bytes_=4096)(request, faults.content(b" " * (1 << 20))(request, reply))

    client = Client(patience=replace(PROMPT, listing=0.8))
    hub.fail(kind.where, slow)
    began = time.monotonic()
    with pytest.raises(errors.DeadlineExceeded):
        kind.listing(hub, client)
    assert time.monotonic() - began < SOON
    client.close()


@kinds
@pytest.mark.parametrize(
    "fault",
    [pytest.param(faults.status(503, Retry_After="60"), id="back-off"), pytest.param(faults.stalled(20), id="body")],
)
def test_a_cancel_releases_who_lists(hub: FaultyHub, patient: Client, kind: Kind, fault: faults.Change) -> None:
    hub.fail(kind.where, fault)
    control = Control()
    moment: list[float] = []

    def ready() -> bool:
        moment[:] = [time.monotonic()]
        return bool(hub.requests)

    thread = cancelling(control, ready)
    with pytest.raises(Cancelled):
        kind.listing(hub, patient, control=control)
    assert time.monotonic() - moment[0] < SOON
    thread.join()


# Nonsense


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@kinds
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.data())
def test_whatever_stands_in_a_listing_it_is_a_listing_or_a_named_error(
    hub: FaultyHub, client: Client, kind: Kind, values: st.DataObject
) -> None:
    """One value somewhere in the answer is replaced by any other."""
    hub.heal()
    changed = here = json.loads(fetch(f"{hub.endpoint}{kind.address}")[2])
    while True:
        key: Any = values.draw(st.sampled_from(range(len(here)) if isinstance(here, list) else sorted(here)))
        if not isinstance(here[key], dict | list) or not here[key] or not values.draw(st.booleans()):
            break
        here = here[key]
    here[key] = values.draw(JSON)
    hub.fail(kind.where, faults.content(json.dumps(changed).encode(), "application/json"))
    try:
        found = kind.listing(hub, client)
    except (errors.HubProblem, errors.TransferProblem):
        return
    assert len(found.commit) == 40
