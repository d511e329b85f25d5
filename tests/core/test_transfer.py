"""Bytes on their way: whatever a hub or a line does, right bytes are published or a circumstance names the file."""

import hashlib
import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from conftest import ExpectedLog
from helpers import faults
from helpers.clock import SOON
from helpers.faults import BODY, PROMPT, REDIRECT, FaultyHub, cancelling, random_bytes, until
from helpers.hub import Requests, make_repository
from helpers.wine import WINE, lacks
from model_preload.core import errors
from model_preload.core.events import Cancelled, Control, Progress
from model_preload.core.files import Disk, boot_id
from model_preload.core.http import Client, Patience, RateLimiter, Token, origin_of
from model_preload.core.journal import Journal, PartRecord
from model_preload.core.transfer import Job, Transfer
from model_preload.core.transfer.file import FileTransfer
from model_preload.core.transfer.retry import Width
from model_preload.core.transfer.watermarks import Watermarks
from model_preload.core.values import Digest, ListedFile, Published
from model_preload.demo.messages import Reply, Request, Wire

BIG = random_bytes(20 << 20)
SMALL = random_bytes(200_000, 1)
FILES = {"big.safetensors": BIG, "small.bin": SMALL, "config.json": b"{}", "empty.txt": b""}
IN_FLIGHT = 8 * (1 << 20)
"""Bytes that eight connections may have received, or the system may hold for them, without their being written."""


@dataclass
class Bench:
    """Everything a transfer works with, in a folder of the test's own."""

    home: Path
    hub: FaultyHub
    patience: Patience = PROMPT
    connections: int = 32
    limit: float | None = None
    token: Token | None = None
    control: Control = field(default_factory=Control)
    disk: Disk = field(default_factory=Disk)
    progress: list[Progress] = field(default_factory=list)
    fetched: int = 0
    round_trip: float | None = None

    def job(self, path: str, data: bytes, **changes: object) -> Job:
        """The transfer of one of the repository's files; `changes` are attributes of Job."""
        target = self.home / "published" / path
        digest = Digest("sha256", hashlib.sha256(data).hexdigest())
        file = ListedFile(path, len(data), digest)
        url = f"{self.hub.endpoint}/owner/model/resolve/main/{path}"
        part = self.home / "parts" / f"{digest.hex}.part"

        def publish(ready: Path) -> tuple[Published, ...]:
            return (self.disk.replace(ready, target),)

        return replace(Job(file, url, self.token, "", part, publish), **changes)  # type: ignore[arg-type]

    def run(self, *jobs: Job) -> Mapping[str, errors.Circumstance]:
        """One transfer in what might be a new process."""
        journal = Journal.open(self.home / "journal.sqlite3", self.disk)
        client = Client(limiter=RateLimiter(self.limit), connections=self.connections, patience=self.patience)
        client.round_trip = self.round_trip
        transfer = Transfer(
            "model",
            client=client,
            disk=self.disk,
            journal=journal,
            control=self.control,
            report=self.progress.append,
        )
        try:
            return transfer.run(jobs)
        finally:
            self.fetched = transfer.bytes_fetched
            client.close()
            journal.close()

    def bring(self, files: Mapping[str, bytes] = FILES) -> Mapping[str, errors.Circumstance]:
        return self.run(*(self.job(path, data) for path, data in files.items()))

    @property
    def published(self) -> dict[str, bytes]:
        folder = self.home / "published"
        found = (path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}

    def written(self) -> dict[Path, tuple[int, int]]:
        """Size and mtime of everything on the disk but the journal."""
        found = (path for path in self.home.rglob("*") if path.is_file() and "journal" not in path.name)
        return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in found}


@pytest.fixture
def hub() -> Iterator[FaultyHub]:
    with FaultyHub(make_repository(FILES), files={"plain.bin": BIG}) as running:
        yield running


@pytest.fixture
def bench(tmp_path: Path, hub: FaultyHub) -> Bench:
    return Bench(tmp_path / "bench", hub)


def test_files_arrive_over_several_connections_and_no_byte_twice(bench: Bench, hub: FaultyHub) -> None:
    assert bench.bring() == {}
    assert bench.published == FILES
    assert hub.bytes_served == bench.fetched == sum(map(len, FILES.values()))
    assert len([r for r in Requests.of(hub).to("cdn") if r.range and "big" in r.path]) > 1
    assert not list((bench.home / "parts").iterdir())
    last = bench.progress[-1]
    assert (last.bytes_done, last.files_done) == (last.bytes_total, last.files_total) == (hub.bytes_served, len(FILES))


# Faults that pass


PASSING = [
    pytest.param(BODY, faults.cut(300_000), 5, id="resets"),
    pytest.param(BODY, faults.ended(300_000), 5, id="ends early"),
    pytest.param(BODY, faults.cut(0), 3, id="resets at once"),
    pytest.param(BODY, faults.stalled(100_000), 2, id="stalls"),
    pytest.param(BODY, faults.dripping(100_000), 2, id="drips"),
    pytest.param(BODY, faults.dripping_head, 2, id="drips headers"),
    *(pytest.param(BODY, faults.status(code), 3, id=f"{code} on body") for code in (408, 429, 500, 502, 503, 504)),
    *(pytest.param(REDIRECT, faults.status(code), 3, id=f"{code} on redirect") for code in (408, 429, 500, 503)),
    pytest.param(BODY, faults.status(429, Retry_After="0"), 3, id="429 that asks"),
    pytest.param(BODY, faults.header("Content-Range", "bytes 1-8388608/20971520"), 2, id="shifted range"),
    pytest.param(BODY, faults.header("Content-Range", "bytes 0-8388607/99"), 2, id="range of another file"),
    pytest.param(BODY, faults.header("Content-Range", "rubbish"), 2, id="rubbish for a range"),
    pytest.param(BODY, faults.header("Content-Range", None), 2, id="no range told"),
    pytest.param(BODY, faults.whole, 1, id="whole for a range"),
    pytest.param(BODY, faults.whole, None, id="ranges ignored"),
    pytest.param(BODY, faults.sized(+1000), 2, id="too long"),
    pytest.param(BODY, faults.sized(-1), 2, id="too short"),
    pytest.param(BODY, faults.unbounded(), None, id="no length"),
    pytest.param(BODY, faults.unbounded(b"more"), None, id="no length and more"),
    pytest.param(BODY, faults.flipped(), 1, id="wrong bytes once"),
    pytest.param(faults.about("big", REDIRECT), faults.redirect("http://127.0.0.1:9/"), 1, id="to nowhere once"),
]


@pytest.mark.parametrize(("where", "change", "times"), PASSING)
def test_faults_that_pass_leave_right_bytes(
    bench: Bench,
    hub: FaultyHub,
    expected_log: ExpectedLog,
    where: faults.Where,
    change: faults.Change,
    times: int | None,
) -> None:
    expected_log("again in", "thrown away")
    fault = hub.fail(where, change, times)
    assert bench.bring() == {}
    assert bench.published == FILES
    assert fault.happened >= (times or 1)


# Faults that stay


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param(faults.cut(0), "connection-lost", id="resets"),
        pytest.param(faults.silent, "timeout", id="silence"),
        pytest.param(faults.status(503), "busy", id="busy"),
        pytest.param(faults.status(404), "hub-refused", id="gone"),
        pytest.param(faults.status(403), "hub-refused", id="forbidden"),
        pytest.param(faults.header("Content-Range", "bytes 5-9/10"), "range-wrong", id="range"),
        pytest.param(faults.header("Content-Encoding", "gzip"), "answer-invalid", id="packed"),
        pytest.param(faults.sized(1), "length-wrong", id="too long"),
        pytest.param(faults.sized(-1), "length-wrong", id="too short"),
        pytest.param(faults.header("Content-Length", "9" * 4300), "length-wrong", id="as long as Python reads"),
        pytest.param(faults.flipped(), "digest-mismatch", id="wrong bytes"),
        pytest.param(faults.content(b"<html>log in</html>"), "length-wrong", id="login page"),
        pytest.param(faults.redirect("file:///etc/passwd"), "redirect", id="to a file"),
    ],
)
def test_a_fault_that_stays_is_named_and_the_other_files_come(
    bench: Bench, hub: FaultyHub, expected_log: ExpectedLog, change: faults.Change, code: str
) -> None:
    expected_log("again in", "thrown away", "given up")
    hub.fail(faults.about("big"), change)
    small = {path: data for path, data in FILES.items() if path != "big.safetensors"}
    bench.bring(small)  # so that what is left is the one that fails, whatever concerns all
    failed = bench.bring({"big.safetensors": BIG})
    assert {path: problem.code for path, problem in failed.items()} == {"big.safetensors": code}
    assert bench.published == small


def test_wrong_bytes_are_fetched_once_more_and_then_given_up(
    bench: Bench, hub: FaultyHub, expected_log: ExpectedLog
) -> None:
    expected_log("thrown away", "given up")
    hub.fail(BODY, faults.flipped(77))
    failed = bench.bring({"small.bin": SMALL, "big.safetensors": BIG})
    assert {problem.code for problem in failed.values()} == {"digest-mismatch"}
    assert hub.bytes_served == 2 * (len(SMALL) + len(BIG))
    assert bench.published == {}
    hub.heal()
    assert bench.bring() == {}
    assert bench.published == FILES


def test_more_bytes_than_listed_are_never_written(bench: Bench, hub: FaultyHub, expected_log: ExpectedLog) -> None:
    expected_log("again in", "given up")
    hub.fail(BODY, faults.sized(1 << 20))
    failed = bench.bring({"small.bin": SMALL})
    assert failed["small.bin"].code == "length-wrong"
    assert sum(path.stat().st_size for path in (bench.home / "parts").iterdir()) == 0


def test_one_broken_file_does_not_keep_the_others_away(bench: Bench, hub: FaultyHub, expected_log: ExpectedLog) -> None:
    """Its 503 is not the hub's, since other files come while it is tried."""
    expected_log("again in", "given up")
    many = {f"{number}.bin": random_bytes(50_000, number) for number in range(60)}
    hub.put(make_repository(many))
    hub.fail(faults.about("/0.bin"), faults.status(503))
    hub.latency = 0.02
    bench.connections = 4
    failed = bench.bring(many)
    assert set(failed) == {"0.bin"}
    assert len(bench.published) == 59


def test_who_fetched_a_file_that_is_given_up_goes_on_with_the_next(
    bench: Bench, hub: FaultyHub, expected_log: ExpectedLog
) -> None:
    """The bad file is given up by one connection while the other one is in the middle of it."""
    expected_log("given up")
    bad = {"bad.bin": random_bytes(9 << 20)}
    good = {f"good{number}.bin": random_bytes(1000, number) for number in range(10)}
    hub.put(make_repository({**bad, **good}))
    hub.rate = 20_000_000
    hub.latency = 0.05
    second = "bytes=8388608"
    hub.fail(lambda request, reply: BODY(request, reply) and request.range.startswith(second), faults.status(404))
    bench.connections = 2
    failed = bench.bring({**bad, **good})
    assert {path: problem.code for path, problem in failed.items()} == {"bad.bin": "hub-refused"}
    assert bench.published == good
    asked = [request.at for request in Requests.of(hub).to("cdn").about("good")]
    # One connection alone needs two latencies for each file.
    assert min(later - earlier for earlier, later in itertools.pairwise(asked)) < 0.09


@pytest.mark.parametrize(("round_trip", "least", "most"), [(None, 9, 32), (0.001, 1, 4), (0.01, 5, 9), (0.1, 9, 32)])
def test_a_hub_nearby_is_kept_busy_by_few_connections(
    bench: Bench, hub: FaultyHub, round_trip: float | None, least: int, most: int
) -> None:
    many = {f"{number}.bin": random_bytes(1000, number) for number in range(100)}
    hub.put(make_repository(many))
    hub.latency = 0.02
    bench.round_trip = round_trip
    assert bench.bring(many) == {}
    assert least <= len({request.connection for request in Requests.of(hub).to("cdn")}) <= most


def test_a_hub_that_is_broken_for_all_is_given_up_once(bench: Bench, hub: FaultyHub, expected_log: ExpectedLog) -> None:
    expected_log("again in", "given up")
    many = {f"{number}.bin": random_bytes(1000, number) for number in range(300)}
    hub.put(make_repository(many))
    hub.fail(BODY, faults.status(503))
    began = time.monotonic()
    failed = bench.bring(many)
    assert time.monotonic() - began < SOON
    assert 1 <= len(failed) <= bench.connections
    assert len(list((bench.home / "parts").iterdir())) <= bench.connections  # no more were opened than can be at work


# Addresses and tokens


def test_an_expired_address_is_asked_for_again(tmp_path: Path) -> None:
    with FaultyHub(make_repository(FILES), rate=12_000_000, link_seconds=0.3) as hub:
        bench = Bench(tmp_path / "bench", hub, connections=2)
        assert bench.bring({"big.safetensors": BIG}) == {}
        assert bench.published == {"big.safetensors": BIG}
        assert len([r for r in Requests.of(hub).to("api") if "big" in r.path]) > 1


def test_a_token_goes_to_the_hub_and_not_to_its_cdn(bench: Bench, hub: FaultyHub) -> None:
    hub._tokens = frozenset({"hf_secret"})
    bench.token = Token("hf_secret", origin_of(hub.endpoint))
    assert bench.bring() == {}
    assert {request.authorization for request in Requests.of(hub).to("cdn")} == {""}
    assert {request.authorization for request in Requests.of(hub).to("api")} == {"Bearer hf_secret"}


# The load a hub bears


def test_a_429_halves_the_connections(bench: Bench, hub: FaultyHub, expected_log: ExpectedLog) -> None:
    expected_log("again in")
    many = {f"{number}.bin": random_bytes(20_000, number) for number in range(120)}
    hub.put(make_repository(many))
    working = peak = 0
    counting = threading.Lock()
    refused = threading.Event()

    class Counted:
        """A slow body that knows how many others are on their way."""

        def __init__(self, original: object) -> None:
            self._original = original
            self.length = original.length  # type: ignore[attr-defined]

        def send(self, wire: Wire) -> None:
            nonlocal working, peak
            with counting:
                working += 1
                peak = max(peak, working) if refused.is_set() else 0
            wire.wait(0.03)
            self._original.send(wire)  # type: ignore[attr-defined]
            with counting:
                working -= 1

    hub.fail(faults.about("/119.bin"), faults.status(429, Retry_After="0"), times=1)
    hub.fail(BODY, faults.body(Counted))
    original = hub.respond

    def respond(request: Request) -> Reply:
        reply = original(request)
        if reply.status == 429:
            threading.Timer(0.2, refused.set).start()  # those under way end first
        return reply

    hub._cdn._respond = respond
    bench.connections = 8
    order = sorted(many, key=lambda path: path != "119.bin")
    assert bench.bring({path: many[path] for path in order}) == {}
    assert len(bench.published) == 120
    assert 1 <= peak <= 4


def test_refusals_that_were_on_their_way_together_count_once() -> None:
    width = Width(32)
    for _ in range(10):
        width.refused(wait=5.0)
    width.succeeded()
    assert width.now == 16
    narrow = Width(1)
    narrow.refused(wait=0.0)
    assert narrow.now == 1


def test_the_limit_holds_over_all_connections(bench: Bench, hub: FaultyHub) -> None:
    bench.limit = 16_000_000
    began = time.monotonic()
    assert bench.bring({"big.safetensors": BIG}) == {}
    assert 0.2 < len(BIG) / (time.monotonic() - began) / bench.limit < 1.2


def test_many_small_files_and_two_big_ones_on_a_line_that_breaks(
    bench: Bench, hub: FaultyHub, expected_log: ExpectedLog
) -> None:
    expected_log("again in")
    many = {f"folder {number % 7}/{number}.bin": random_bytes(3000 + number, number) for number in range(300)}
    many |= {"first.safetensors": BIG, "second.safetensors": BIG[::-1]}
    hub.put(make_repository(many))
    dice = random.Random(4)
    faulty = hub.fail(lambda request, reply: BODY(request, reply) and dice.random() < 0.15, faults.cut(2000))
    jobs = [
        replace(job, url=job.url.replace(" ", "%20")) for job in (bench.job(path, data) for path, data in many.items())
    ]
    bench.patience = replace(PROMPT, tries=12)
    assert bench.run(*jobs) == {}
    assert bench.published == many
    assert faulty.happened > 20
    assert len(Requests.of(hub).to("cdn")) < 302 + 8 + 2 * faulty.happened
    assert hub.bytes_served < sum(map(len, many.values())) + faulty.happened * (1 << 20)


# Cancel, pause, resume


def slow(hub: FaultyHub) -> Callable[[], bool]:
    hub.rate = 4_000_000
    return lambda: hub.bytes_served > 3_000_000


def stalling(hub: FaultyHub) -> Callable[[], bool]:
    hub.fail(BODY, faults.stalled(100_000))
    return lambda: hub.bytes_served >= 200_000


def backing_off(hub: FaultyHub) -> Callable[[], bool]:
    hub.fail(BODY, faults.status(503, Retry_After="30"))
    return lambda: len(Requests.of(hub).to("cdn")) >= 1


@pytest.mark.parametrize("state", [slow, stalling, backing_off])
def test_a_cancel_releases_at_once_and_nothing_is_written_afterwards(
    bench: Bench, hub: FaultyHub, expected_log: ExpectedLog, state: Callable[[FaultyHub], Callable[[], bool]]
) -> None:
    expected_log("again in")
    bench.patience = Patience()
    reached = state(hub)
    moment: list[float] = []

    def ready() -> bool:
        moment[:] = [time.monotonic()]
        return reached()

    thread = cancelling(bench.control, ready)
    with pytest.raises(Cancelled):
        bench.bring()
    assert time.monotonic() - moment[0] < SOON
    thread.join()
    before = bench.written()
    hub.rate = None
    time.sleep(0.2)
    assert bench.written() == before


@pytest.mark.windows
def test_what_came_before_a_cancel_does_not_come_again(bench: Bench, hub: FaultyHub) -> None:
    hub.rate = 4_000_000
    for _ in range(3):
        goal = hub.bytes_served + 5_000_000
        bench.control = Control()
        thread = cancelling(bench.control, lambda goal=goal: hub.bytes_served >= goal)  # type: ignore[misc]
        with pytest.raises(Cancelled):
            bench.bring()
        thread.join()
    hub.rate = None
    bench.control = Control()
    assert bench.bring() == {}
    assert bench.published == FILES
    assert hub.bytes_served - sum(map(len, FILES.values())) <= 3 * ((4 << 20) + IN_FLIGHT)
    assert bench.fetched < len(BIG)


@pytest.mark.windows
@lacks("takes more bytes for a connection that was shut down, where Windows resets it")
def test_a_pause_stops_the_bytes_and_a_resume_brings_the_rest(bench: Bench, hub: FaultyHub) -> None:
    hub.rate = 4_000_000
    results: list[Mapping[str, errors.Circumstance]] = []
    thread = threading.Thread(target=lambda: results.append(bench.bring()))
    thread.start()
    until(lambda: hub.bytes_served > 3_000_000)
    bench.control.pause()
    time.sleep(0.1)
    served, requests = hub.bytes_served, len(hub.requests)
    time.sleep(0.3)
    assert (hub.bytes_served, len(hub.requests)) == (served, requests)
    assert bench.published.get("big.safetensors") is None
    hub.rate = None
    bench.control.resume()
    thread.join(20)
    assert results == [{}]
    assert bench.published == FILES
    assert hub.bytes_served - sum(map(len, FILES.values())) <= IN_FLIGHT


def test_a_pause_between_failures_is_not_the_hub_s_failing(
    bench: Bench, hub: FaultyHub, expected_log: ExpectedLog
) -> None:
    expected_log("again in")
    bench.patience = replace(PROMPT, fruitless=2.5, first_wait=0.4, longest_wait=0.4)
    fault = hub.fail(BODY, faults.status(503), times=2)

    def pause() -> None:
        until(lambda: fault.happened > 0)
        bench.control.pause()
        time.sleep(2.5)
        bench.control.resume()

    thread = threading.Thread(target=pause)
    thread.start()
    failed = bench.bring({"small.bin": SMALL})
    thread.join(20)
    assert (failed, fault.happened) == ({}, 2)
    assert bench.published == {"small.bin": SMALL}


def test_a_cancel_ends_a_pause(bench: Bench, hub: FaultyHub) -> None:
    hub.rate = 4_000_000
    bench.control.pause()
    thread = cancelling(bench.control, lambda: bool(bench.progress))
    with pytest.raises(Cancelled):
        bench.bring()
    thread.join()
    assert hub.requests == ()


# What the journal says of parts


def leave_part(bench: Bench, there: bytes, done: int, synced: int, boot: str, **changes: object) -> None:
    """As a killed process left it."""
    job = bench.job("big.safetensors", BIG)
    job.part.parent.mkdir(parents=True)
    job.part.write_bytes(there)
    journal = Journal.open(bench.home / "journal.sqlite3", bench.disk)
    record = PartRecord(job.part, len(BIG), "", ((0, done),), ((0, synced),), boot)
    journal.parts.save([replace(record, **changes)])  # type: ignore[arg-type]
    journal.close()


@pytest.mark.parametrize(
    ("there", "boot", "expected"),
    [
        pytest.param(BIG[: 12 << 20], boot_id(), 8 << 20, id="same start: all that was written"),
        pytest.param(BIG[: 12 << 20], "another", 16 << 20, id="another start: what was synced"),
        pytest.param(BIG[: 2 << 20], boot_id(), 18 << 20, id="part is shorter than the journal says"),
        pytest.param(b"", boot_id(), 20 << 20, id="part is gone"),
        pytest.param(BIG[: 12 << 20] + bytes(30 << 20), boot_id(), 8 << 20, id="part is too long"),
    ],
)
def test_only_what_is_surely_there_is_not_fetched(
    bench: Bench, hub: FaultyHub, there: bytes, boot: str, expected: int
) -> None:
    leave_part(bench, there, 12 << 20, 4 << 20, boot)
    assert bench.bring({"big.safetensors": BIG}) == {}
    assert bench.published == {"big.safetensors": BIG}
    assert hub.bytes_served == expected


@pytest.mark.parametrize("changes", [{"size": 21 << 20}, {"version": '"other"'}], ids=["size", "version"])
def test_a_part_of_another_version_is_not_mixed_in(bench: Bench, hub: FaultyHub, changes: dict[str, object]) -> None:
    leave_part(bench, bytes(12 << 20), 12 << 20, 12 << 20, boot_id(), **changes)
    assert bench.bring({"big.safetensors": BIG}) == {}
    assert hub.bytes_served == len(BIG)


@pytest.mark.parametrize("done", [12 << 20, 16 << 20, 20 << 20], ids=["two ranges left", "one left", "none left"])
def test_a_part_that_went_bad_is_thrown_away_and_comes_anew(
    bench: Bench, hub: FaultyHub, expected_log: ExpectedLog, done: int
) -> None:
    expected_log("thrown away")
    leave_part(bench, bytes(done), done, done, boot_id())
    assert bench.bring({"big.safetensors": BIG}) == {}
    assert bench.published == {"big.safetensors": BIG}
    assert hub.bytes_served == len(BIG) - done + len(BIG)


def test_the_journal_knows_no_part_that_was_published(bench: Bench, hub: FaultyHub) -> None:
    assert bench.bring() == {}
    journal = Journal.open(bench.home / "journal.sqlite3", bench.disk)
    jobs = [bench.job(path, data) for path, data in FILES.items()]
    assert [journal.parts.load(job.part) for job in jobs] == [None] * len(jobs)
    places = [bench.home / "published" / path for path in FILES]
    assert {record.digest for record in journal.files.load(places).values()} == {job.file.digest for job in jobs}
    journal.close()


def test_a_count_that_comes_late_brings_no_published_part_back(bench: Bench) -> None:
    """The thread that wrote the last bytes may count them after another one has published the file."""
    journal = Journal.open(bench.home / "journal.sqlite3", bench.disk)
    watermarks = Watermarks(journal)
    job = bench.job("small.bin", SMALL)
    file = FileTransfer(job, bench.disk, journal, watermarks)
    file.open()
    claim = file.claim(1)
    assert claim is not None
    file.received(claim, memoryview(SMALL))
    file.release(claim)
    assert file.conclude()
    watermarks.wrote(file, len(SMALL))
    watermarks.flush()
    assert journal.parts.load(job.part) is None
    assert bench.published == {"small.bin": SMALL}
    journal.close()


# Files without a digest


def test_without_a_digest_ranges_of_two_versions_are_not_mixed(
    bench: Bench, hub: FaultyHub, expected_log: ExpectedLog
) -> None:
    expected_log("again in")
    changed = random_bytes(len(BIG), 9)
    hub.rate = 20_000_000
    url = hub.file_url("plain.bin")
    version = f'"{hashlib.sha256(BIG).hexdigest()[:32]}"'
    job = bench.job("plain.bin", BIG)
    job = replace(job, file=replace(job.file, digest=None), url=url, version=version)

    def change() -> None:
        until(lambda: hub.bytes_served > 2_000_000)
        hub.put_file("plain.bin", changed)

    thread = threading.Thread(target=change)
    thread.start()
    bench.connections = 2
    assert bench.run(job) == {}
    thread.join()
    assert bench.published["plain.bin"] == changed


def test_without_digest_and_version_one_connection_takes_the_whole(bench: Bench, hub: FaultyHub) -> None:
    job = bench.job("plain.bin", BIG)
    assert bench.run(replace(job, file=replace(job.file, digest=None), url=hub.file_url("plain.bin"))) == {}
    assert Requests.of(hub).ranges == [""]
    assert bench.published["plain.bin"] == BIG


# Faults of this machine, and of this program


def test_a_folder_that_can_not_be_made_ends_the_transfer(
    bench: Bench, hub: FaultyHub, expected_log: ExpectedLog
) -> None:
    expected_log("given up")
    bench.home.mkdir()
    (bench.home / "parts").write_text("a file stands in its place")
    failed = bench.bring()
    assert failed
    assert all(isinstance(problem, errors.DiskProblem) for problem in failed.values())


def test_a_file_that_can_not_be_published_is_named_and_its_bytes_stay(
    bench: Bench, hub: FaultyHub, expected_log: ExpectedLog
) -> None:
    expected_log("given up")

    def refuse(part: Path) -> tuple[Published, ...]:
        raise errors.AccessDenied(part, "held by a test")

    for path, data in [("big.safetensors", BIG), ("small.bin", SMALL)]:
        failed = bench.run(bench.job(path, data, publish=refuse))
        assert failed[path].code == "access-denied"
    served = hub.bytes_served
    assert bench.bring({"big.safetensors": BIG, "small.bin": SMALL}) == {}
    assert hub.bytes_served == served
    assert bench.published == {"big.safetensors": BIG, "small.bin": SMALL}


@pytest.mark.parametrize("path", ["small.bin", "big.safetensors"])
def test_a_bug_in_a_thread_surfaces(bench: Bench, path: str) -> None:
    def publish(part: Path) -> tuple[Published, ...]:
        raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError):
        bench.run(*(bench.job(p, d, publish=publish) if p == path else bench.job(p, d) for p, d in FILES.items()))


def test_no_files_are_no_work(bench: Bench, hub: FaultyHub) -> None:
    assert bench.run() == {}
    assert hub.requests == ()


@pytest.mark.windows
def test_handles_are_closed(bench: Bench, expected_log: ExpectedLog) -> None:
    """Windows lets no open part be renamed or removed."""
    expected_log("again in", "given up", "thrown away")
    bench.hub.fail(faults.about("big"), faults.flipped())
    bench.bring()
    folder = bench.home / "parts"
    for part in folder.iterdir():
        part.unlink()
    handles = Path("/proc/self/fd")  # elsewhere, and above all on Windows, removing was the proof
    there = [] if WINE or not handles.exists() else list(handles.iterdir())
    targets = [str(handle.readlink()) for handle in there if handle.is_symlink()]
    assert not [target for target in targets if str(bench.home) in target]
