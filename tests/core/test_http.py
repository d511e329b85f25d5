"""The network room: what a hub or a proxy may do wrong, and what becomes of it; tokens, redirects, limits, cancels."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from helpers import faults
from helpers.clock import SOON
from helpers.faults import BODY, PROMPT, FaultyHub, cancelling, random_bytes, until
from helpers.hub import Requests
from model_preload.core import errors
from model_preload.core.events import Cancelled, Control, Paused
from model_preload.core.http import Budget, Client, RateLimiter, Token, origin_of
from model_preload.core.http.policy import redirect_target
from model_preload.demo.messages import Reply, Request

DATA = random_bytes(300_000)


@pytest.fixture
def hub() -> Iterator[FaultyHub]:
    with FaultyHub(files={"data.bin": DATA, "list.json": b'{"a": 1}', "big.bin": bytes(8 << 20)}) as running:
        yield running


@pytest.fixture
def client() -> Iterator[Client]:
    made = Client(patience=PROMPT)
    yield made
    made.close()


def get(client: Client, url: str, control: Control | None = None, token: Token | None = None) -> bytes:
    """A whole body through `stream`."""
    parts = []
    buffer = memoryview(bytearray(1 << 20))
    with client.stream(url, control=control or Control(), token=token) as reply:
        assert reply.status == 200
        while read := reply.readinto(buffer):
            parts.append(bytes(buffer[:read]))
    return b"".join(parts)


@contextmanager
def at_once() -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < SOON


# What comes


def test_a_whole_answer_and_its_json(hub: FaultyHub, client: Client) -> None:
    answer = client.fetch(hub.file_url("list.json"), Budget(), control=Control())
    assert (answer.status, answer.json(), answer.headers["content-length"]) == (200, {"a": 1}, "8")


def test_a_connection_is_used_again(hub: FaultyHub, client: Client) -> None:
    for _ in range(5):
        assert get(client, hub.file_url("data.bin")) == DATA
    assert Requests.of(hub).connections == 1


def test_a_body_without_its_length_is_read_to_its_end(hub: FaultyHub, client: Client) -> None:
    hub.fail(BODY, faults.unbounded())
    assert get(client, hub.file_url("data.bin")) == DATA


def test_a_chunked_body_arrives_whole(hub: FaultyHub, client: Client) -> None:
    def chunked(request: Request, reply: Reply) -> Reply:
        pieces = [DATA[start : start + 70_001] for start in range(0, len(DATA), 70_001)]
        written = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
        headers = (("Transfer-Encoding", "chunked"), ("Connection", "close"))
        return Reply(200, headers, faults.Bytes(written, None), reply.subject)

    hub.fail(BODY, chunked)
    assert get(client, hub.file_url("data.bin")) == DATA


def test_a_slow_body_is_given_as_it_comes(hub: FaultyHub, client: Client) -> None:
    """The buffer is far larger than what comes within the time after which a silent line is given up."""
    hub.fail(BODY, faults.dripping(bytes_=4096, pause=0.01))
    buffer = memoryview(bytearray(1 << 20))
    sizes = []
    with client.stream(hub.file_url("data.bin"), control=Control()) as reply:
        while read := reply.readinto(buffer):
            sizes.append(read)
    assert sum(sizes) == len(DATA)
    assert len(sizes) > 2


# What goes wrong


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(faults.stalled(1000), errors.HubTimeout, id="stalled body"),
        pytest.param(faults.dripping(1000), errors.HubTimeout, id="dripping body"),
        pytest.param(faults.dripping_head, errors.HubTimeout, id="dripping headers"),
        pytest.param(faults.cut(100_000), errors.ConnectionLost, id="reset"),
        pytest.param(faults.cut(0), errors.ConnectionLost, id="reset at once"),
        pytest.param(faults.ended(100_000), errors.ConnectionLost, id="ended early"),
        pytest.param(faults.header("Content-Encoding", "gzip"), errors.AnswerInvalid, id="packed"),
        pytest.param(faults.redirect("file:///etc/passwd"), errors.RedirectRefused, id="to a file"),
        pytest.param(faults.redirect("javascript:1"), errors.RedirectRefused, id="to a script"),
        pytest.param(faults.redirect("http://[::1"), errors.RedirectRefused, id="to no address"),
        pytest.param(faults.redirect("http://127.0.0.1:99999/"), errors.RedirectRefused, id="to no port"),
        pytest.param(faults.redirect("http://" + "a" * 70 + ".invalid/"), errors.HubUnreachable, id="to no name"),
        pytest.param(faults.redirect("/files/data.bin"), errors.RedirectRefused, id="in a circle"),
        pytest.param(faults.redirect(lambda r: f"/files/data.bin?{r.at}"), errors.RedirectRefused, id="for ever"),
    ],
)
def test_an_answer_that_fails_is_a_named_circumstance(
    hub: FaultyHub, client: Client, change: faults.Change, expected: type[Exception]
) -> None:
    hub.fail(faults.about("data.bin", lambda request, reply: True), change)
    with at_once(), pytest.raises(expected):
        client.fetch(hub.file_url("data.bin"), Budget(), control=Control())
    hub.heal()
    assert get(client, hub.file_url("data.bin")) == DATA


def test_no_answer_is_a_time_out(hub: FaultyHub, client: Client) -> None:
    hub.fail(BODY, faults.silent)
    with at_once(), pytest.raises(errors.HubTimeout):
        get(client, hub.file_url("data.bin"))


def test_a_hub_that_is_gone_is_offline(hub: FaultyHub, client: Client) -> None:
    url = hub.file_url("data.bin")
    get(client, url)
    hub.close()
    with pytest.raises((errors.HubUnreachable, errors.ConnectionLost)):
        get(client, url)
    with pytest.raises(errors.HubUnreachable) as told:
        get(client, url)
    assert "refused" in str(told.value).lower()
    hub.start()
    assert get(client, url) == DATA


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 507, 520, 529])
def test_busy_is_told_by_its_status(hub: FaultyHub, client: Client, status: int) -> None:
    hub.fail(BODY, faults.status(status))
    with pytest.raises(errors.HubBusy) as told:
        get(client, hub.file_url("data.bin"))
    assert told.value.status == status


@pytest.mark.parametrize("status", [204, 304, 401, 403, 404, 410, 416, 451])
def test_another_status_is_the_callers_matter(hub: FaultyHub, client: Client, status: int) -> None:
    hub.fail(BODY, faults.status(status))
    with client.stream(hub.file_url("data.bin"), control=Control()) as reply:
        assert reply.status == status


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("3", 3.0), ("0", 0.0), ("-1", None), ("1.5", None), ("²", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None)],
)
def test_retry_after_counts_in_whole_seconds_only(
    hub: FaultyHub, client: Client, written: str, seconds: float | None
) -> None:
    hub.fail(BODY, faults.status(503, Retry_After=written))
    with pytest.raises(errors.HubBusy) as told:
        get(client, hub.file_url("data.bin"))
    assert told.value.retry_after == seconds


def test_what_a_hub_asks_for_is_followed_up_to_a_cap() -> None:
    asked = [PROMPT.wait(1, errors.HubBusy("hub", 429, seconds)) for seconds in (0.1, 1000.0, 1e300)]
    assert 0.1 <= asked[0] < 0.2
    assert all(PROMPT.longest_asked <= wait < 2 * PROMPT.longest_asked for wait in asked[1:])


def test_waits_double_up_to_a_cap_and_vary() -> None:
    lost = errors.ConnectionLost("hub", "reset")
    for failures, longest in [(1, 0.02), (2, 0.04), (3, 0.08), (4, 0.1), (200, 0.1)]:
        waits = {PROMPT.wait(failures, lost) for _ in range(20)}
        assert all(longest / 2 <= wait <= longest for wait in waits)
        assert len(waits) > 1


@pytest.mark.parametrize("body", [b"<html>", b"", b"\xff\xfe", b"[" * 100_000], ids=["page", "empty", "bytes", "deep"])
def test_what_is_no_json_is_no_answer(hub: FaultyHub, client: Client, body: bytes) -> None:
    hub.put_file("list.json", body)
    answer = client.fetch(hub.file_url("list.json"), Budget(), control=Control())
    with pytest.raises(errors.AnswerInvalid):
        answer.json()


# Budgets


def test_a_listing_may_not_take_longer_than_its_deadline(hub: FaultyHub, client: Client) -> None:
    hub.fail(BODY, faults.dripping(bytes_=2000, pause=0.02))
    with at_once(), pytest.raises(errors.DeadlineExceeded):
        client.fetch(hub.file_url("data.bin"), Budget(seconds=0.6), control=Control())
    with pytest.raises(errors.DeadlineExceeded):
        client.fetch(hub.file_url("data.bin"), Budget(seconds=0.0), control=Control())


@pytest.mark.parametrize("announced", [True, False])
def test_a_listing_may_not_be_larger_than_its_cap(hub: FaultyHub, client: Client, announced: bool) -> None:
    if not announced:
        hub.fail(BODY, faults.unbounded())
    with pytest.raises(errors.AnswerTooLarge):
        client.fetch(hub.file_url("big.bin"), Budget(bytes_=1 << 20), control=Control())
    assert hub.bytes_served < 8 << 20


def test_pages_and_redirects_together_are_counted(hub: FaultyHub, client: Client) -> None:
    hub.fail(BODY, faults.redirect("/files/data.bin"), times=1)
    budget = Budget(requests=3)
    client.fetch(hub.file_url("list.json"), budget, control=Control())
    client.fetch(hub.file_url("list.json"), budget, control=Control())
    with pytest.raises(errors.AnswerInvalid):
        client.fetch(hub.file_url("list.json"), budget, control=Control())
    assert len(hub.requests) == 3


# Tokens and redirects


def test_a_token_goes_to_its_own_origin_only(hub: FaultyHub, client: Client) -> None:
    token = Token("hf_secret", origin_of(hub.endpoint))
    with FaultyHub(files={"there.bin": DATA}) as other:
        hub.fail(faults.about("/files/moved"), faults.redirect(other.file_url("there.bin")))
        hub.fail(faults.about("data.bin"), faults.redirect(f"{hub.cdn}/files/data.bin"), times=1)
        hub.put_file("moved", b"")
        assert get(client, hub.file_url("moved"), token=token) == DATA
        with client.stream(hub.file_url("data.bin"), control=Control(), token=token) as reply:
            assert reply.status == 403  # the CDN knows no such address; what counts is what it was sent
        with client.stream(f"{other.endpoint}/files/there.bin", control=Control(), token=token) as reply:
            assert reply.status == 200
        assert {request.authorization for request in other.requests} == {""}
    assert {request.authorization for request in Requests.of(hub).to("cdn")} == {""}
    assert {request.authorization for request in Requests.of(hub).to("api")} == {"Bearer hf_secret"}
    assert "hf_secret" not in repr(token)


def test_a_token_does_not_follow_an_address_of_two_readings(hub: FaultyHub, client: Client) -> None:
    with FaultyHub(files={"there.bin": DATA}) as other:
        location = f"{other.endpoint}\\@{hub.endpoint.removeprefix('http://')}/files/data.bin"
        hub.fail(BODY, faults.redirect(location), times=1)
        with pytest.raises(errors.RedirectRefused):
            get(client, hub.file_url("data.bin"), token=Token("hf_secret", origin_of(hub.endpoint)))
        assert not other.requests


@pytest.mark.parametrize(
    "url", ["http://evil.example\\@127.0.0.1/x", "http://127.0.0.1/a b", "http://a%zz/", "ftp://a/"]
)
def test_what_is_no_web_address_is_not_asked(client: Client, url: str) -> None:
    with pytest.raises(errors.AnswerInvalid, match="is no web address"):
        get(client, url)


@pytest.mark.parametrize(
    ("origin", "url", "own"),
    [
        ("https://hub.co:443", "https://hub.co/x", True),
        ("https://hub.co:443", "https://HUB.co/x", True),
        ("https://hub.co:443", "http://hub.co/x", False),
        ("https://hub.co:443", "https://hub.co:8443/x", False),
        ("https://hub.co:443", "https://hub.co.evil.com/x", False),
        ("https://hub.co:443", "https://hub.co@evil.com/x", False),
        ("https://hub.co:443", "https://cdn.hub.co/x", False),
    ],
)
def test_an_origin_is_scheme_host_and_port(origin: str, url: str, own: bool) -> None:
    assert bool(Token("secret", origin).headers_for(url)) is own


@pytest.mark.parametrize(
    ("url", "location", "target"),
    [
        ("https://a.co/x/y", "/z", "https://a.co/z"),
        ("https://a.co/x/y", "z?q=1", "https://a.co/x/z?q=1"),
        ("https://a.co/x", "//b.co/y", "https://b.co/y"),
        ("http://a.co/x", "https://b.co/y", "https://b.co/y"),
        ("http://a.co/x", "http://b.co/y", "http://b.co/y"),
        ("https://a.co/x", "http://a.co/x", None),
        ("https://a.co/x", "file:///etc/passwd", None),
        ("https://a.co/x", "ftp://b.co/", None),
        ("https://a.co/x", "https://:443/", None),
        ("https://a.co/x", "data:text/plain,x", None),
    ],
)
def test_where_a_redirect_may_lead(url: str, location: str, target: str | None) -> None:
    if target is None:
        with pytest.raises(errors.RedirectRefused):
            redirect_target(url, location)
    else:
        assert redirect_target(url, location) == target


# The limiter


@pytest.mark.parametrize("threads", [1, 4])
def test_the_rate_is_kept_over_all_threads(threads: int) -> None:
    limiter = RateLimiter(1_000_000)
    total = 1_000_000

    def read() -> None:
        left = total // threads
        while left:
            wanted = limiter.portion(min(left, 1 << 20))
            limiter.take(wanted, Control())
            limiter.give_back(wanted // 2)  # as after a short read
            left -= wanted - wanted // 2

    began = time.monotonic()
    workers = [threading.Thread(target=read) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert total / 1_000_000 / (time.monotonic() - began) < 1.2


def test_no_rate_is_no_wait_and_a_cancel_ends_it() -> None:
    limiter = RateLimiter()
    with at_once():
        limiter.take(1 << 40, Control())
    limiter.rate = 1.0
    control = Control()
    thread = cancelling(control, lambda: True)
    with at_once(), pytest.raises(Cancelled):
        limiter.take(1 << 20, control)
    thread.join()


# Cancel and pause


def waiting_for_headers(hub: FaultyHub) -> Callable[[], bool]:
    hub.fail(BODY, faults.silent)
    return lambda: bool(hub.requests)


def waiting_in_the_body(hub: FaultyHub) -> Callable[[], bool]:
    hub.fail(BODY, faults.stalled(100_000))
    return lambda: hub.bytes_served >= 100_000


@pytest.mark.windows
@pytest.mark.parametrize("wait", [waiting_for_headers, waiting_in_the_body])
@pytest.mark.parametrize("ask", ["fetch", "stream"])
def test_a_cancel_releases_who_waits(hub: FaultyHub, wait: Callable[[FaultyHub], Callable[[], bool]], ask: str) -> None:
    client = Client(patience=replace(PROMPT, silence=20.0))
    control = Control()
    cancelled_at: list[float] = []
    reached = wait(hub)

    def ready() -> bool:
        cancelled_at[:] = [time.monotonic()]
        return reached()

    thread = cancelling(control, ready)
    url = hub.file_url("data.bin")
    with pytest.raises(Cancelled):
        client.fetch(url, Budget(), control=control) if ask == "fetch" else get(client, url, control)
    assert time.monotonic() - cancelled_at[0] < SOON
    thread.join()
    with pytest.raises(Cancelled):
        get(client, hub.file_url("data.bin"), control)
    client.close()


def test_a_cancel_releases_who_waits_for_a_free_connection(hub: FaultyHub) -> None:
    client = Client(patience=PROMPT, connections=1)
    control = Control()
    with client.stream(hub.file_url("data.bin"), control=Control()):
        thread = cancelling(control, lambda: True)
        with at_once(), pytest.raises(Cancelled):
            get(client, hub.file_url("data.bin"), control)
        thread.join()
    assert get(client, hub.file_url("data.bin")) == DATA
    client.close()


@pytest.mark.windows
def test_a_pause_ends_a_stream_and_a_resume_says_so(hub: FaultyHub) -> None:
    """Also if the resume comes before the thread has noticed: the time-out is the user's, not the hub's."""
    client = Client(patience=replace(PROMPT, silence=20.0))
    reached = waiting_in_the_body(hub)
    control = Control()

    def pause() -> None:
        until(reached)
        control.pause()
        control.resume()

    thread = threading.Thread(target=pause)
    thread.start()
    with pytest.raises(Paused):
        get(client, hub.file_url("data.bin"), control)
    thread.join()
    client.close()


def test_a_listing_goes_on_after_a_pause_that_its_deadline_does_not_count(hub: FaultyHub) -> None:
    client = Client(patience=replace(PROMPT, silence=20.0))
    hub.fail(BODY, faults.stalled(100_000), times=1)
    control = Control()
    resumed = threading.Event()

    def pause() -> None:
        until(lambda: hub.bytes_served >= 100_000)
        control.pause()
        resumed.wait(0.7)
        control.resume()

    thread = threading.Thread(target=pause)
    thread.start()
    assert client.fetch(hub.file_url("data.bin"), Budget(seconds=0.5), control=control).body == DATA
    thread.join()
    client.close()


def test_closing_ends_the_watching_thread(hub: FaultyHub) -> None:
    before = threading.active_count()
    client = Client(patience=PROMPT)
    get(client, hub.file_url("list.json"))
    client.close()
    until(lambda: threading.active_count() <= before + 1)  # the hub's own thread of that connection may still be there
    assert not [thread for thread in threading.enumerate() if thread.name == "http-watchdog"]
