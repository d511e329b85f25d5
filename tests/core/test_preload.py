"""The use cases whole: plan, preload and status, on a real hub, journal and cache, with what may come between."""

import errno
import logging
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conftest import ExpectedLog
from helpers import faults
from helpers.clock import SOON
from helpers.faults import BODY, LISTING, PROMPT, REDIRECT, FaultyHub, cancelling, random_bytes, until
from helpers.hub import Requests, make_repository
from helpers.workbench import Tokens, Workbench, model, repository
from model_preload.core import errors
from model_preload.core.events import Cancelled, Control, Event, ModelFinished, Notice, Progress
from model_preload.core.files import Disk
from model_preload.core.http import Client, RateLimiter
from model_preload.core.journal import QueueState
from model_preload.core.plan import Plan
from model_preload.core.queue import Queue
from model_preload.core.settings import Settings
from model_preload.core.tasks.plan import plan
from model_preload.core.tasks.preload import Mode, RunReport, preload
from model_preload.core.tasks.released import released
from model_preload.core.tasks.services import Services
from model_preload.core.transfer.ranges import BLOCK
from model_preload.core.values import Published, Verdict

WEIGHTS = random_bytes(12 << 20)
FILES = {"config.json": b'{"a": 1}', "deep/weights.safetensors": WEIGHTS, "empty.txt": b""}
CATALOG = model("tiny", repository("owner/model"))


class Bench(Workbench):
    """A workbench whose client has a test's patience."""

    @contextmanager
    def opened(self) -> Iterator[Services]:
        with super().opened() as services:
            limiter = RateLimiter(self.settings.limit or None)
            client = Client(limiter=limiter, connections=self.settings.connections, patience=PROMPT)
            try:
                yield replace(services, client=client)
            finally:
                client.close()

    def plan(self, *keys: str) -> Plan:
        with self.opened() as services:
            return plan(services, keys, Control())

    @property
    def verdicts(self) -> dict[str, Verdict]:
        return {found.model.key: found.verdict for found in self.status()}

    def files(self, repo: str = "owner/model", commit: str = "*") -> Mapping[str, bytes]:
        """What the engine reads of a repository."""
        (folder,) = (self.cache / f"models--{repo.replace('/', '--')}" / "snapshots").glob(commit)
        found = (path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


@pytest.fixture
def hub() -> Iterator[FaultyHub]:
    with FaultyHub(make_repository(FILES), files={"plain.bin": b"x" * 5000}) as running:
        yield running


@pytest.fixture
def bench(tmp_path: Path, hub: FaultyHub) -> Bench:
    return on(tmp_path, hub, CATALOG)


def on(home: Path, hub: FaultyHub, catalog: str) -> Bench:
    return Bench(home / "bench", Settings(endpoint=hub.endpoint, reserve=0), catalog)


def codes(report: RunReport) -> dict[tuple[str, str], str]:
    return {(error.key, error.file): error.code for error in report.errors}


def folder(path: Path) -> str:
    return f"folder = '{path.as_posix()}'"


# The ordinary run


def test_what_is_preloaded_is_ready_and_stays_so_without_a_hub(bench: Bench, hub: FaultyHub) -> None:
    assert bench.verdicts == {"tiny": Verdict.MISSING}
    assert hub.requests == ()
    before = bench.plan()
    assert (before.bytes_to_fetch, len(before.fetch), before.refusals) == (sum(map(len, FILES.values())), 3, ())
    report = bench.preload()
    assert (report.outcome, report.errors) == ("done", ())
    assert report.bytes_fetched == report.bytes_total == hub.bytes_served == sum(map(len, FILES.values()))
    assert bench.files() == FILES
    finished = [event for event in bench.events if isinstance(event, ModelFinished)]
    assert [(event.verdict, event.bytes_fetched) for event in finished] == [(Verdict.READY, hub.bytes_served)]
    hub.close()
    requests = len(hub.requests)
    assert bench.verdicts == {"tiny": Verdict.READY}
    assert (len(bench.plan().here), bench.plan().bytes_to_fetch) == (3, 0)
    again = bench.preload()
    assert (again.outcome, again.bytes_fetched, len(hub.requests)) == ("done", 0, requests)


def test_what_is_here_but_unknown_is_hashed_and_not_fetched(bench: Bench, hub: FaultyHub) -> None:
    bench.preload()
    for file in bench.state.iterdir():
        file.unlink()
    hub.forget()
    assert bench.verdicts == {"tiny": Verdict.MISSING}  # nothing is known of what belongs there
    report = bench.preload()
    assert (report.outcome, report.bytes_fetched, hub.bytes_served) == ("done", 0, 0)
    assert bench.verdicts == {"tiny": Verdict.READY}
    assert any(isinstance(event, Progress) and event.bytes_total == report.bytes_total for event in bench.events)


def test_a_folder_filled_by_hand_is_hashed_and_what_is_wrong_in_it_comes_anew(tmp_path: Path, hub: FaultyHub) -> None:
    place = tmp_path / "models"
    bench = on(tmp_path, hub, model("tiny", repository("owner/model"), folder(place)))
    (place / "deep").mkdir(parents=True)
    (place / "deep" / "weights.safetensors").write_bytes(WEIGHTS)
    (place / "config.json").write_bytes(b'{"a": 2}')  # as long as the right one
    assert bench.verdicts == {"tiny": Verdict.UNVERIFIED}
    report = bench.preload()
    assert report.outcome == "done"
    assert hub.bytes_served == len(FILES["config.json"])
    assert (place / "config.json").read_bytes() == FILES["config.json"]
    assert bench.verdicts == {"tiny": Verdict.READY}


def test_a_changed_file_is_unverified_then_damaged_then_healed(bench: Bench, hub: FaultyHub) -> None:
    bench.preload()
    (blob,) = (path for path in bench.cache.rglob("*") if path.is_file() and path.stat().st_size == len(WEIGHTS)
               and not path.is_symlink())  # fmt: skip
    with blob.open("r+b") as file:
        file.seek(1000)
        file.write(b"\0\0\0\0")
    os.utime(blob, (1, 1))
    assert bench.verdicts == {"tiny": Verdict.UNVERIFIED}
    assert bench.status(deep=True)[0].verdict is Verdict.DAMAGED
    hub.forget()
    assert bench.preload().outcome == "done"
    assert bench.verdicts == {"tiny": Verdict.READY}
    assert (bench.files(), hub.bytes_served) == (FILES, BLOCK)  # its other block was good


def test_equal_files_come_once(tmp_path: Path, hub: FaultyHub) -> None:
    same = {"a.safetensors": WEIGHTS, "b/c.safetensors": WEIGHTS, "d.bin": WEIGHTS}
    hub.put(make_repository(same))
    place = tmp_path / "models"
    for catalog in (CATALOG, model("tiny", repository("owner/model"), folder(place))):
        hub.forget()
        bench = on(tmp_path / catalog[-60:-50].encode().hex(), hub, catalog)
        assert bench.plan().bytes_to_fetch == len(WEIGHTS)
        assert bench.preload().outcome == "done"
        assert hub.bytes_served == len(WEIGHTS)
        assert bench.verdicts == {"tiny": Verdict.READY}
    assert {path.name for path in place.rglob("*") if path.is_file()} == {"a.safetensors", "c.safetensors", "d.bin"}


def test_models_come_in_the_order_of_the_queue_and_with_their_parts(tmp_path: Path, hub: FaultyHub) -> None:
    for name in ("a", "b", "c"):
        hub.put(make_repository({"x.bin": name.encode() * 10}, f"owner/{name}"))
    catalog = "".join(model(name, repository(f"owner/{name}")) for name in ("b", "c"))
    bench = on(tmp_path, hub, catalog + model("a", repository("owner/a"), more='needs = ["b"]'))
    assert bench.preload("a").outcome == "done"
    assert bench.verdicts == {"a": Verdict.READY, "b": Verdict.READY, "c": Verdict.MISSING}


# Moved revisions


def test_a_newer_commit_is_only_found_by_force_and_equal_files_are_taken_over(bench: Bench, hub: FaultyHub) -> None:
    bench.preload()
    new = make_repository(FILES).committed({**FILES, "config.json": b'{"a": 2}'})
    hub.put(new)
    hub.forget()
    assert bench.preload().outcome == "done"
    assert hub.requests == ()
    report = bench.preload(mode=Mode.RENEW)
    assert report.outcome == "done"
    assert hub.bytes_served == len(b'{"a": 2}')
    assert bench.files(commit=new.main.id) == {**FILES, "config.json": b'{"a": 2}'}
    assert bench.verdicts == {"tiny": Verdict.READY}


def test_without_links_an_older_snapshot_gives_its_files(bench: Bench, hub: FaultyHub) -> None:
    bench.environ["HF_HUB_DISABLE_SYMLINKS"] = "1"
    bench.preload()
    new = make_repository(FILES).committed({**FILES, "config.json": b'{"a": 2}'})
    hub.put(new)
    hub.forget()
    assert bench.preload(mode=Mode.RENEW).outcome == "done"
    assert hub.bytes_served == len(b'{"a": 2}')
    assert bench.files(commit=new.main.id)["deep/weights.safetensors"] == WEIGHTS


def without_hard_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refused)


def test_without_any_links_an_older_snapshot_is_copied_and_what_was_copied_is_hashed(
    bench: Bench, hub: FaultyHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.environ["HF_HUB_DISABLE_SYMLINKS"] = "1"
    bench.preload()
    without_hard_links(monkeypatch)
    hub.put(make_repository(FILES).committed({**FILES, "config.json": b'{"a": 2}'}))
    hub.forget()
    assert bench.preload(mode=Mode.RENEW).outcome == "done"
    assert hub.bytes_served == len(b'{"a": 2}')
    assert bench.verdicts == {"tiny": Verdict.READY}
    assert [found.verdict for found in bench.status(deep=True)] == [Verdict.READY]


@pytest.mark.parametrize(("links", "later"), [(True, 1), (False, 1), (False, 0)])
def test_a_file_that_changes_while_it_is_taken_over_is_not_taken_for_proven(
    bench: Bench, hub: FaultyHub, monkeypatch: pytest.MonkeyPatch, links: bool, later: int
) -> None:
    """`later`: seconds by which the change shows in its mtime; a copy is hashed even if it does not show."""
    bench.environ["HF_HUB_DISABLE_SYMLINKS"] = "1"
    bench.preload()
    if not links:
        without_hard_links(monkeypatch)
    real = Disk.link

    def meddled(self: Disk, source: Path, target: Path) -> Published | None:
        if source.name == "weights.safetensors":
            before = source.stat()
            with source.open("r+b") as file:
                file.write(b"wrong")
            moment = before.st_mtime_ns + later * 10**9
            os.utime(source, ns=(moment, moment))
        return real(self, source, target)

    monkeypatch.setattr(Disk, "link", meddled)
    new = make_repository(FILES).committed({**FILES, "config.json": b'{"a": 2}'})
    hub.put(new)
    assert bench.preload(mode=Mode.RENEW).outcome == "done"
    assert bench.files(commit=new.main.id)["deep/weights.safetensors"] == WEIGHTS
    assert [found.verdict for found in bench.status(deep=True)] == [Verdict.READY]


def test_a_ref_moved_by_another_program_is_announced_and_healed(
    bench: Bench, hub: FaultyHub, expected_log: ExpectedLog
) -> None:
    expected_log("the cache pointed to")
    bench.preload()
    (ref,) = (bench.cache / "models--owner--model" / "refs").iterdir()
    commit = ref.read_text()
    ref.write_text("1" * 40)
    assert bench.verdicts == {"tiny": Verdict.UNVERIFIED}
    hub.forget()
    assert bench.preload().outcome == "done"
    assert any(isinstance(event, Notice) and "1" * 40 in str(event.message) for event in bench.events)
    assert (ref.read_text(), hub.bytes_served) == (commit, 0)
    assert bench.verdicts == {"tiny": Verdict.READY}


# Sources that fail


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param((faults.about("owner/model", LISTING), faults.status(404)), id="no listing"),
        pytest.param((faults.about("owner/model", LISTING), faults.content(b"<html>")), id="nonsense for a listing"),
        pytest.param((faults.about("owner/model", BODY), faults.status(404)), id="no bytes"),
        pytest.param((faults.about("owner/model/weights", BODY), faults.flipped()), id="wrong bytes"),
        pytest.param((faults.about("owner/model", REDIRECT), faults.redirect("file:///x")), id="bad redirect"),
    ],
)
def test_the_next_source_is_tried(tmp_path: Path, hub: FaultyHub, expected_log: ExpectedLog, fault: Any) -> None:
    expected_log("owner/model", "thrown away", "given up")
    hub.put(make_repository(FILES, "owner/mirror"))
    place = tmp_path / "models"
    second = f"[[model.source]]\n{repository('owner/mirror')}"
    bench = on(tmp_path, hub, model("tiny", repository("owner/model"), folder(place)) + second)
    hub.fail(*fault)
    report = bench.preload()
    assert (report.outcome, report.errors) == ("done", ())
    assert (place / "deep" / "weights.safetensors").read_bytes() == WEIGHTS
    assert bench.verdicts == {"tiny": Verdict.READY}


def test_an_address_is_told_without_its_query(
    tmp_path: Path, hub: FaultyHub, expected_log: ExpectedLog, caplog: pytest.LogCaptureFixture
) -> None:
    """A key in it is for the hub alone: not for notices, the log and the journal."""
    expected_log("gone.bin", "plain.bin", "given up")
    caplog.set_level(logging.DEBUG, "model_preload")
    sources = [
        f'hub = "url"\nurl = "{hub.file_url(name)}?key=sesame"\npath = "plain.bin"\n{known}'
        for name, known in (("gone.bin", f'size = 5000\nsha256 = "{"0" * 64}"'), ("gone.bin", ""), ("plain.bin", ""))
    ]
    bench = on(tmp_path, hub, model("plain", "\n[[model.source]]\n".join(sources), folder(tmp_path / "models")))
    hub.fail(faults.about("gone.bin"), faults.status(404))
    report = bench.preload()
    told = [str(event.message) for event in bench.events if isinstance(event, Notice)]
    assert any("failed, the next source is tried" in notice for notice in told)
    told += [*map(str, report.errors), caplog.text]
    assert "sesame" not in "".join(told)


def test_the_verdict_is_of_the_source_that_was_used(tmp_path: Path, hub: FaultyHub, expected_log: ExpectedLog) -> None:
    """The mirror holds another version; what came from it is judged by its own listing."""
    expected_log("given up")
    hub.put(make_repository({"other.bin": b"other"}, "owner/mirror"))
    second = f"[[model.source]]\n{repository('owner/mirror')}"
    bench = on(tmp_path, hub, model("tiny", repository("owner/model"), folder(tmp_path / "models")) + second)
    hub.fail(faults.about("owner/model", BODY), faults.status(404))
    assert bench.preload().outcome == "done"
    assert bench.verdicts == {"tiny": Verdict.READY}


def test_when_every_source_fails_all_reasons_are_told(
    tmp_path: Path, hub: FaultyHub, expected_log: ExpectedLog
) -> None:
    expected_log("owner", "given up")
    second = f"[[model.source]]\n{repository('owner/none')}"
    bench = on(tmp_path, hub, CATALOG + second)
    hub.fail(faults.about("config.json", BODY), faults.status(404))
    report = bench.preload()
    assert report.outcome == "failed"
    assert codes(report) == {("tiny", "config.json"): "hub-refused", ("tiny", ""): "repository-private"}


def test_when_no_source_answers_the_reason_is_told_that_a_person_can_mend(
    tmp_path: Path, hub: FaultyHub, expected_log: ExpectedLog
) -> None:
    expected_log("owner/", "again in")
    hub.put(make_repository(FILES, "owner/private", private=True, readers=["hf_friend"]))
    hub.fail(faults.about("owner/busy", LISTING), faults.status(503))
    second = f"[[model.source]]\n{repository('owner/busy')}"
    bench = on(tmp_path, hub, model("tiny", repository("owner/private")) + second)
    assert codes(bench.preload()) == {("tiny", ""): "repository-private"}


def test_a_model_that_fails_does_not_stop_the_others(tmp_path: Path, hub: FaultyHub, expected_log: ExpectedLog) -> None:
    expected_log("owner/", "given up", "does not accept the token")
    hub.put(make_repository(FILES, "owner/gated", gated=True, readers=["hf_friend"]))
    hub.put(make_repository(FILES, "owner/private", private=True, readers=["hf_friend"]))
    keys = ("gated", "private", "missing")
    catalog = "".join(model(key, repository(f"owner/{key}")) for key in keys) + CATALOG
    catalog += model("revision", repository("owner/model", "none"))
    bench = on(tmp_path, hub, catalog)
    report = bench.preload()
    found = {key: code for (key, _), code in codes(report).items()}
    private = "repository-private"
    expected = {"gated": "repository-gated", "private": private, "missing": private, "revision": "revision-missing"}
    assert found == expected
    assert bench.verdicts["tiny"] is Verdict.READY
    with bench.opened() as services:
        states = {entry.model: entry.state for entry in Queue(bench.state, services.disk, services.journal).entries()}
    assert states == dict.fromkeys(expected, QueueState.FAILED)
    bench.tokens = Tokens(huggingface="hf_wrong")
    assert set(codes(bench.preload("gated", "private")).values()) == {"token-refused"}
    bench.tokens = Tokens(huggingface="hf_friend")
    assert bench.preload("gated", "private").outcome == "done"


def test_a_hub_that_is_gone_is_told_as_offline(bench: Bench, hub: FaultyHub, expected_log: ExpectedLog) -> None:
    expected_log("can't be reached")
    hub.close()
    assert codes(bench.preload()) == {("tiny", ""): "offline"}
    assert bench.verdicts == {"tiny": Verdict.MISSING}


# Refused before it begins


def test_too_little_room_is_refused_before_the_first_byte(bench: Bench, hub: FaultyHub) -> None:
    bench.settings = replace(bench.settings, reserve=1 << 60)
    assert bench.plan().refusals
    with pytest.raises(errors.PlanRefused):
        bench.preload()
    assert hub.bytes_served == 0
    assert not bench.cache.exists()
    bench.settings = replace(bench.settings, reserve=0)
    assert bench.preload().outcome == "done"


def test_a_second_run_is_refused_and_names_the_first(bench: Bench) -> None:
    with bench.opened() as services:
        queue = Queue(bench.state, services.disk, services.journal)
        with queue.running("the first"), pytest.raises(errors.HeldByAnother, match="the first"):
            bench.preload()


def test_a_place_that_is_not_known_is_a_verdict_and_not_a_crash(
    tmp_path: Path, hub: FaultyHub, expected_log: ExpectedLog
) -> None:
    bench = on(tmp_path, hub, model("tiny", repository("owner/model"), 'folder = "{platform}/models"') + model(
        "other", repository("owner/model")))  # fmt: skip
    assert bench.verdicts == {"tiny": Verdict.MISSING, "other": Verdict.MISSING}
    expected_log("the platform's folder is not known")
    report = bench.preload()
    assert [(error.key, error.code) for error in report.errors] == [("tiny", "place-unknown")]
    assert bench.verdicts == {"tiny": Verdict.MISSING, "other": Verdict.READY}
    with pytest.raises(errors.PlaceUnknown):
        bench.preload("tiny")


# Cancel, pause, resume


def released_by(bench: Bench, control: Control) -> tuple[RunReport, float]:
    """The report, and how long after the cancel it came."""
    moment: list[float] = []
    with control.interrupting(lambda: moment.append(time.monotonic())):
        report = bench.preload(control=control)
    return report, time.monotonic() - moment[0]


@pytest.mark.parametrize("state", ["listing", "body", "back-off", "slow"])
def test_a_cancel_is_an_outcome_and_the_next_run_brings_the_rest(
    bench: Bench, hub: FaultyHub, expected_log: ExpectedLog, state: str
) -> None:
    expected_log("again in")
    ready = {
        "listing": lambda: bool(hub.requests),
        "body": lambda: hub.bytes_served > 1000,
        "back-off": lambda: hub.bytes_served > 1000,
        "slow": lambda: hub.bytes_served > 2_000_000,
    }[state]
    match state:
        case "listing":
            hub.fail(LISTING, faults.silent)
        case "body":
            hub.fail(faults.about("weights"), faults.stalled(1000))
        case "back-off":
            hub.fail(faults.about("weights"), faults.cut(1000))
        case _:
            hub.rate = 2_000_000
    control = Control()
    thread = cancelling(control, ready)
    report, seconds = released_by(bench, control)
    thread.join()
    assert (report.outcome, report.errors) == ("interrupted", ())
    assert seconds < SOON
    hub.heal()
    hub.rate = None
    assert bench.preload().outcome == "done"
    assert bench.files() == FILES
    assert hub.bytes_served - sum(map(len, FILES.values())) < (4 << 20) + (4 << 20)


def test_a_cancel_releases_who_hashes(tmp_path: Path, hub: FaultyHub) -> None:
    place = tmp_path / "models"
    place.mkdir()
    with (place / "large.bin").open("wb") as file:
        file.truncate(60 << 30)
    source = f'hub = "url"\nurl = "{hub.endpoint}/x"\npath = "large.bin"\nsize = {60 << 30}\nsha256 = "{"0" * 64}"'
    bench = on(tmp_path, hub, model("tiny", source, folder(place)))
    control = Control()
    thread = cancelling(control, lambda: any(isinstance(event, Progress) for event in bench.events))
    report, seconds = released_by(bench, control)
    thread.join()
    assert report.outcome == "interrupted"
    assert seconds < SOON


def test_a_call_that_nothing_can_end_is_let_go_of() -> None:
    """As a look-up of a name or a connection that nobody answers."""
    control = Control()
    let_go = threading.Event()
    thread = cancelling(control, lambda: True)
    began = time.monotonic()
    with pytest.raises(Cancelled):
        released(lambda: let_go.wait(20), control)
    assert time.monotonic() - began < SOON
    let_go.set()
    thread.join()
    with pytest.raises(ZeroDivisionError):
        released(lambda: 1 // 0, Control())
    assert released(lambda: 5, Control()) == 5


def test_a_pause_in_the_listing_only_takes_time(bench: Bench, hub: FaultyHub) -> None:
    hub.fail(LISTING, faults.silent, times=1)
    control = Control()

    def pause() -> None:
        until(lambda: bool(hub.requests))
        control.pause()
        until(lambda: control.paused)
        control.resume()

    thread = threading.Thread(target=pause)
    thread.start()
    assert bench.preload(control=control).outcome == "done"
    thread.join()
    assert bench.verdicts == {"tiny": Verdict.READY}


# Faults of our own


def test_a_bug_surfaces_and_the_journal_does_not_say_that_it_went_well(bench: Bench, hub: FaultyHub) -> None:
    def sink(event: Event) -> None:
        if isinstance(event, Progress):
            raise ZeroDivisionError("a bug")

    with bench.opened() as services:
        queue = Queue(bench.state, services.disk, services.journal)
        with pytest.raises(ZeroDivisionError):
            preload(services, queue, [], Control(), sink, purpose="test")
        last = services.journal.runs.load(1)
        assert last is not None
        assert last.outcome == "failed"
    assert bench.preload().outcome == "done"


def test_a_plain_address_without_a_digest_is_here_but_never_ready(tmp_path: Path, hub: FaultyHub) -> None:
    source = f'hub = "url"\nurl = "{hub.file_url("plain.bin")}"\npath = "plain.bin"'
    bench = on(tmp_path, hub, model("plain", source, folder(tmp_path / "models")))
    assert bench.preload().outcome == "done"
    assert (tmp_path / "models" / "plain.bin").read_bytes() == b"x" * 5000
    assert bench.verdicts == {"plain": Verdict.UNVERIFIED}
    assert len(Requests.of(hub)) == 2
