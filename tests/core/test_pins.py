"""Which listing is the stored one: a newer one takes its place when it is as true, at whichever moment a run ends."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import ExpectedLog
from helpers import faults
from helpers.faults import BODY, LISTING, FaultyHub, random_bytes
from helpers.hub import make_repository
from helpers.workbench import Workbench, model, repository
from model_preload.core.caches.huggingface import HuggingFaceCache
from model_preload.core.events import Control, Notice
from model_preload.core.settings import Settings
from model_preload.core.tasks import jobs, preload
from model_preload.core.tasks.plan import plan
from model_preload.core.tasks.preload import Mode
from model_preload.core.values import Verdict
from model_preload.demo.messages import Reply, Request

A = {"config.json": b'{"a": 1}', "weights.bin": random_bytes(300_000), "same.bin": b"same"}
B = {**A, "config.json": b'{"a": 2}', "weights.bin": random_bytes(300_001)}
IN_CACHE, IN_FOLDER, AS_A_WHOLE = 'cache = "huggingface"', "folder = '{home}/m'", 'engine = "paddlex"'
SCOPE = '\n[[model.source]]\nhub = "modelscope"\nrepo = "owner/model"\n'


class Killed(BaseException):
    """The end of a process, as far as one of its own can be ended."""


@pytest.fixture
def hub() -> Iterator[FaultyHub]:
    with FaultyHub(make_repository(A)) as running:
        yield running


def on(hub: FaultyHub, home: Path, place: str = IN_CACHE, more: str = "") -> Workbench:
    settings = Settings(endpoint=hub.endpoint, modelscope_endpoint=hub.endpoint, reserve=0)
    return Workbench(home / "bench", settings, model("m", repository("owner/model") + more, place))


def verdict(bench: Workbench) -> Verdict:
    (found,) = bench.status()
    assert found.ready == (not found.reasons)
    return found.verdict


def reasons(bench: Workbench) -> str:
    (found,) = bench.status()
    return "\n".join(map(str, found.reasons))


def ref(bench: Workbench) -> Path:
    (found,) = bench.cache.glob("models--*/refs/main")
    return found


def renewed_in_vain(bench: Workbench, hub: FaultyHub) -> None:
    """The hub has B, and its files can't be had."""
    hub.put(make_repository(A).committed(B))
    hub.fail(BODY, faults.status(404))
    assert bench.preload(mode=Mode.RENEW).outcome == "failed"


# A plan


def test_a_plan_stores_nothing(tmp_path: Path, hub: FaultyHub) -> None:
    bench = on(hub, tmp_path)
    with bench.opened() as services:
        assert plan(services, (), Control()).bytes_to_fetch == sum(map(len, A.values()))
    assert reasons(bench) == "it was not preloaded yet"


def test_a_plan_changes_no_verdict_where_another_program_moved_the_cache(tmp_path: Path, hub: FaultyHub) -> None:
    bench = on(hub, tmp_path)
    bench.preload()
    commit = ref(bench).read_text()
    ref(bench).write_text("1" * 40)
    hub.put(make_repository(A).committed(B))
    with bench.opened() as services:
        assert plan(services, (), Control()).bytes_to_fetch > 300_000
    assert verdict(bench) is Verdict.UNVERIFIED
    ref(bench).write_text(commit)
    assert verdict(bench) is Verdict.READY


def test_a_plan_changes_no_verdict_where_another_hub_is_preferred(tmp_path: Path, hub: FaultyHub) -> None:
    bench = on(hub, tmp_path, more=SCOPE)
    bench.preload()
    (lost,) = bench.cache.glob("models--*/snapshots/*/weights.bin")
    lost.resolve().unlink()
    lost.unlink(missing_ok=True)
    later = bench.with_settings(hubs=("modelscope",))
    before = reasons(later)
    with later.opened() as services:
        plan(services, (), Control())
    assert verdict(later) is Verdict.PARTIAL
    assert reasons(later) == before


# A repair


def test_a_repair_stays_with_the_stored_listing_and_mends_the_ref(
    tmp_path: Path, hub: FaultyHub, expected_log: ExpectedLog
) -> None:
    expected_log("the cache pointed to")
    bench = on(hub, tmp_path)
    bench.preload()
    commit = ref(bench).read_text()
    ref(bench).write_text("1" * 40)
    hub.put(make_repository(A).committed(B))
    hub.forget()
    assert bench.preload(mode=Mode.REPAIR).outcome == "done"
    assert hub.requests == ()
    assert (verdict(bench), ref(bench).read_text()) == (Verdict.READY, commit)
    assert any(isinstance(event, Notice) and "1" * 40 in str(event.message) for event in bench.events)


def test_a_repair_does_not_go_on_to_another_source(tmp_path: Path, hub: FaultyHub, expected_log: ExpectedLog) -> None:
    expected_log("weights.bin", "owner/model")
    bench = on(hub, tmp_path, more=SCOPE)
    bench.preload()
    (spoilt,) = bench.cache.glob("models--*/snapshots/*/weights.bin")
    spoilt.resolve().write_bytes(bytes(300_000))
    hub.fail(BODY, faults.status(404))
    hub.forget()
    assert bench.preload(mode=Mode.REPAIR).outcome == "failed"
    assert not any("/api/v1/" in request.path for request in hub.requests)
    assert verdict(bench) is Verdict.DAMAGED
    (found,) = bench.status()
    assert (found.files, found.files_ready) == (3, 2)


# A newer listing that can't be brought


@pytest.mark.parametrize("place", [IN_CACHE, IN_FOLDER, AS_A_WHOLE])
def test_what_is_whole_stays_ready_when_nothing_newer_can_be_had(
    tmp_path: Path, hub: FaultyHub, expected_log: ExpectedLog, place: str
) -> None:
    expected_log("owner/model", "config.json", "weights.bin", "given up")
    bench = on(hub, tmp_path, place)
    bench.preload()
    renewed_in_vain(bench, hub)
    assert verdict(bench) is Verdict.READY
    hub.close()
    bench.events.clear()
    report = bench.preload()
    assert (report.outcome, report.errors, report.bytes_total) == ("done", (), 0)
    assert [found.verdict for found in bench.status(deep=True)] == [Verdict.READY]
    assert not any(isinstance(event, Notice) for event in bench.events)


def test_a_run_that_ends_half_way_leaves_the_older_one_and_the_next_goes_on(
    tmp_path: Path, hub: FaultyHub, expected_log: ExpectedLog
) -> None:
    expected_log("weights.bin", "given up")
    bench = on(hub, tmp_path)
    bench.preload()
    new = make_repository(A).committed(B)
    hub.put(new)
    hub.fail(faults.about("weights.bin", BODY), faults.status(404))
    assert bench.preload(mode=Mode.RENEW).bytes_fetched == len(B["config.json"])
    assert verdict(bench) is Verdict.READY
    hub.heal()
    assert bench.preload(mode=Mode.RENEW).bytes_fetched == len(B["weights.bin"])
    assert (verdict(bench), ref(bench).read_text()) == (Verdict.READY, new.main.id)


def test_a_refused_plan_leaves_the_older_one(tmp_path: Path, hub: FaultyHub) -> None:
    bench = on(hub, tmp_path)
    bench.preload()
    hub.put(make_repository(A).committed({**A, "nul": b"no name on Windows", "a" * 300: b"too long"}))
    with pytest.raises(Exception, match="aaa"):
        bench.preload(mode=Mode.RENEW)
    assert verdict(bench) is Verdict.READY


# Killed at any moment


@pytest.mark.parametrize("place", [IN_CACHE, AS_A_WHOLE])
@pytest.mark.parametrize("moment", ["before the last file", "before it is told"])
def test_beside_the_older_one_a_newer_one_counts_when_it_is_complete(
    tmp_path: Path, hub: FaultyHub, monkeypatch: pytest.MonkeyPatch, place: str, moment: str
) -> None:
    bench = on(hub, tmp_path, place)
    bench.preload()
    hub.put(make_repository(A).committed(B))
    with monkeypatch.context() as patched:
        if moment == "before the last file":
            die_instead(patched, jobs, "_publish", after=1)
        else:
            die_instead(patched, preload._Run, "_announce", after=0)
        with pytest.raises(Killed):
            bench.preload(mode=Mode.RENEW)
    assert verdict(bench) is Verdict.READY
    hub.close()
    assert bench.preload().outcome == "done"
    assert verdict(bench) is Verdict.READY


def test_killed_before_the_ref_is_written_it_is_nobody_else_s_and_told_without_a_hub(
    tmp_path: Path, hub: FaultyHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = on(hub, tmp_path)
    bench.preload()
    new = make_repository(A).committed(B)
    hub.put(new)
    with monkeypatch.context() as patched:
        die_instead(patched, HuggingFaceCache, "complete", after=0)
        with pytest.raises(Killed):
            bench.preload(mode=Mode.RENEW)
    assert verdict(bench) is Verdict.UNVERIFIED
    assert reasons(bench) == "its files are here, but the engine does not find them yet; preload it"
    hub.close()
    assert bench.preload().outcome == "done"
    assert (verdict(bench), ref(bench).read_text()) == (Verdict.READY, new.main.id)


@pytest.mark.parametrize("published", [0, 1])
def test_in_a_folder_it_counts_with_the_first_file_that_goes_over_an_older_one(
    tmp_path: Path, hub: FaultyHub, monkeypatch: pytest.MonkeyPatch, published: int
) -> None:
    bench = on(hub, tmp_path, IN_FOLDER)
    bench.preload()
    hub.put(make_repository(A).committed(B))
    with monkeypatch.context() as patched:
        die_instead(patched, jobs, "_publish", after=published)
        with pytest.raises(Killed):
            bench.preload(mode=Mode.RENEW)
    assert verdict(bench) is (Verdict.DAMAGED if published else Verdict.READY)
    for found in bench.status(deep=True):
        assert found.verdict is (Verdict.DAMAGED if published else Verdict.READY)
        assert found.files_ready == (2 if published else 3)
    hub.forget()
    assert bench.preload().outcome == "done"
    assert verdict(bench) is Verdict.READY
    content = {path.name: path.read_bytes() for path in (bench.home / "m").iterdir()}
    assert content == (B if published else A)


def test_what_was_not_whole_goes_on_with_the_newer_one_without_asking_again(
    tmp_path: Path, hub: FaultyHub, expected_log: ExpectedLog
) -> None:
    expected_log("weights.bin", "given up")
    bench = on(hub, tmp_path)
    bench.preload()
    (lost,) = bench.cache.glob("models--*/snapshots/*/weights.bin")
    lost.resolve().unlink()
    hub.put(make_repository(A).committed(B))
    hub.fail(faults.about("weights.bin", BODY), faults.status(404))
    assert bench.preload(mode=Mode.RENEW).outcome == "failed"
    assert (verdict(bench), reasons(bench)) == (Verdict.PARTIAL, "1 file is missing: weights.bin")
    hub.heal()
    hub.forget()
    assert bench.preload().outcome == "done"
    assert not any("/api/models" in request.path for request in hub.requests)
    assert verdict(bench) is Verdict.READY
    assert any(isinstance(event, Notice) and "it points to" in str(event.message) for event in bench.events)


def cancel(control: Control) -> faults.Change:
    """The reply is that somebody cancels the run."""

    def change(_request: Request, reply: Reply) -> Reply:
        control.cancel()
        return reply

    return change


def die_instead(patched: pytest.MonkeyPatch, owner: object, name: str, *, after: int) -> None:
    """Of the calls of that function only the first ones are made; with the next the process ends."""
    real = getattr(owner, name)
    calls: list[None] = []

    def dying(*args: object, **kwargs: object) -> object:
        calls.append(None)
        if len(calls) > after:
            raise Killed
        return real(*args, **kwargs)

    patched.setattr(owner, name, dying)


@pytest.mark.parametrize("place", [IN_CACHE, IN_FOLDER, AS_A_WHOLE])
@pytest.mark.parametrize("end", ["failed", "interrupted"])
def test_another_hub_s_digests_leave_the_proofs_of_the_older_one(
    tmp_path: Path, hub: FaultyHub, expected_log: ExpectedLog, place: str, end: str
) -> None:
    """Hugging Face names small files by another digest than ModelScope: what is hashed by that is still what it was."""
    expected_log("owner/model", "weights.bin", "given up")
    bench = on(hub, tmp_path, place, more=SCOPE)
    bench.preload()
    with FaultyHub(make_repository(B)) as scope:
        later = bench.with_settings(hubs=("modelscope",), modelscope_endpoint=scope.endpoint)
        control = Control()
        scope.fail(BODY, faults.status(404) if end == "failed" else cancel(control))
        hub.fail(LISTING, faults.status(404))
        assert later.preload(mode=Mode.RENEW, control=control).outcome == end
        assert verdict(later) is Verdict.READY
