"""A run and what is paused, taken out, or preferred from another hub."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from helpers.hub import Requests, make_repository
from helpers.workbench import Workbench, model, repository, workbench
from model_preload.core import catalog, errors
from model_preload.core.catalog import Catalog
from model_preload.core.events import Control, Event, ModelStarted, Notice
from model_preload.core.journal import QueueState
from model_preload.core.queue import Queue
from model_preload.core.tasks.plan import plan
from model_preload.core.tasks.preload import Mode, RunReport, preload
from model_preload.demo.hub import Hub

FILES = {"config.json": b"{}", "weights.bin": bytes(range(256)) * 40}
PAUSED, WAITING = QueueState.PAUSED, QueueState.WAITING


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as running:
        yield running


@pytest.fixture
def bench(tmp_path: Path, hub: Hub) -> Workbench:
    for name in ("a", "b", "part"):
        hub.put(make_repository({**FILES, "name": name.encode()}, f"owner/{name}"))
    entries = (
        model("a", repository("owner/a"), more='needs = ["part"]'),
        model("b", repository("owner/b")),
        model("part", repository("owner/part")),
    )
    return workbench(tmp_path, hub.endpoint, "\n".join(entries))


def run(bench: Workbench, keys: Sequence[str], wake: Sequence[str] | None, hold: Sequence[str]) -> RunReport:
    with bench.opened() as services:
        queue = Queue(bench.state, services.disk, services.journal)
        queue.add(hold)
        queue.hold(hold)
        return preload(services, queue, keys, Control(), bench.events.append, purpose="test", wake=wake)


def left(bench: Workbench) -> list[tuple[str, QueueState]]:
    with bench.opened() as services:
        return [(entry.model, entry.state) for entry in services.journal.queue.load()]


@pytest.mark.parametrize(
    ("keys", "wake", "begun"),
    [
        ((), None, {"b"}),
        (("a", "b"), (), {"b"}),
        (("a", "b"), ("b",), {"b"}),
        (("a", "b"), None, {"a", "b", "part"}),
        (("a", "b"), ("a",), {"a", "b", "part"}),
        (("b",), None, {"b"}),
    ],
)
def test_only_who_names_it_wakes_what_is_paused(
    bench: Workbench, keys: Sequence[str], wake: Sequence[str] | None, begun: set[str]
) -> None:
    assert run(bench, keys, wake, ["part", "a"]).outcome == "done"
    assert {event.model for event in bench.events if isinstance(event, ModelStarted)} == begun
    assert left(bench) == [(key, PAUSED) for key in ("part", "a") if key not in begun]
    told = {event.model for event in bench.events if isinstance(event, Notice) and "paused" in str(event.message)}
    assert told == (set() if "a" in begun or keys == ("b",) else {"part", "a"})


def test_what_is_paused_or_taken_out_during_a_run_is_passed_over(bench: Workbench) -> None:
    with bench.opened() as services:
        queue = Queue(bench.state, services.disk, services.journal)

        def sink(event: Event) -> None:
            bench.events.append(event)
            if isinstance(event, ModelStarted) and event.model == "part":
                queue.hold(["a"])
                queue.remove(["b"])

        report = preload(services, queue, (), Control(), sink, purpose="test")
    assert (report.outcome, report.errors) == ("done", ())
    assert [event.model for event in bench.events if isinstance(event, ModelStarted)] == ["part"]
    assert left(bench) == [("a", PAUSED)]


def test_a_model_that_is_paused_while_it_runs_stays_paused(bench: Workbench) -> None:
    control = Control()
    with bench.opened() as services:
        queue = Queue(bench.state, services.disk, services.journal)

        def sink(event: Event) -> None:
            if isinstance(event, ModelStarted):
                queue.hold([event.model])
                control.cancel()

        assert preload(services, queue, ["b"], control, sink, purpose="test").outcome == "interrupted"
    assert left(bench) == [("b", PAUSED)]


# Which parts leave with a model


def catalog_of(tmp_path: Path, **needs: str) -> Catalog:
    written = tmp_path / "catalog.toml"
    entries = (model(key, repository("o/n"), more=f"needs = {list(parts)}") for key, parts in needs.items())
    written.write_text("schema = 1\n" + "\n".join(entries), encoding="utf-8")
    return catalog.load(written)


@pytest.mark.parametrize(
    ("keys", "others", "leave"),
    [
        ("a", "apqbr", "aq"),
        ("a", "apq", "pqa"),
        ("ab", "apqbr", "pqrab"),
        ("p", "apqbr", "p"),
        ("a", "apqp?", "pqa"),
        ("", "a", ""),
    ],
)
def test_parts_leave_with_a_model_unless_another_one_needs_them(
    tmp_path: Path, keys: str, others: str, leave: str
) -> None:
    found = catalog_of(tmp_path, a="pq", b="pr", p="", q="", r="")
    assert sorted(found.with_own_parts(keys, others)) == sorted(leave)
    assert [one.key for one in found.whole] == ["a", "b"]


# The order of hubs


@pytest.fixture
def two(tmp_path: Path, hub: Hub) -> Workbench:
    hub.put(make_repository(FILES))
    sources = f'{repository("owner/model")}\n[[model.source]]\nhub = "modelscope"\nrepo = "owner/model"'
    bench = workbench(tmp_path, hub.endpoint, model("m", sources, 'folder = "{home}/m"'))
    return bench.with_settings(modelscope_endpoint=hub.endpoint)


def asked(hub: Hub) -> str:
    """Who was asked for listings and files."""
    scopes = len(Requests.of(hub).about("/api/v1/models"))
    everything = len(Requests.of(hub).to("api"))
    return "modelscope" if scopes == everything else "huggingface" if scopes == 0 else "both"


@pytest.mark.parametrize(
    ("hubs", "first"), [((), "huggingface"), (("modelscope",), "modelscope"), (("url", "huggingface"), "huggingface")]
)
def test_hubs_are_asked_in_the_order_of_the_settings(two: Workbench, hub: Hub, hubs: tuple[str], first: str) -> None:
    assert two.with_settings(hubs=hubs).preload().outcome == "done"
    assert asked(hub) == first


def test_a_hub_preferred_later_is_asked_while_something_is_missing(two: Workbench, hub: Hub) -> None:
    later = two.with_settings(hubs=("modelscope",))
    with two.opened() as services:
        plan(services, (), Control())
    hub.forget()
    assert later.preload().outcome == "done"
    assert asked(hub) == "modelscope"


def test_a_hub_preferred_later_is_not_asked_for_what_is_here(two: Workbench, hub: Hub) -> None:
    two.preload()
    hub.forget()
    assert two.with_settings(hubs=("modelscope",)).preload().outcome == "done"
    assert hub.requests == ()


def test_a_repair_stays_with_the_listing_of_what_is_here(two: Workbench, hub: Hub) -> None:
    two.preload()
    (two.home / "m" / "weights.bin").write_bytes(b"\0" * len(FILES["weights.bin"]))
    hub.forget()
    assert two.with_settings(hubs=("modelscope",)).preload(mode=Mode.REPAIR).outcome == "done"
    assert asked(hub) == "huggingface"
    assert two.status()[0].ready


def test_the_stored_listing_does_where_the_preferred_hub_fails(
    two: Workbench, hub: Hub, expected_log: Callable[..., None]
) -> None:
    expected_log("modelscope:owner/model@master", "again in", "given up")
    with two.opened() as services:
        plan(services, (), Control())
    absent = two.with_settings(hubs=("modelscope",), modelscope_endpoint="http://127.0.0.1:9")
    with absent.opened() as services:
        assert plan(services, (), Control()).bytes_to_fetch > 0


# What needs a person


@pytest.mark.parametrize(
    ("code", "needed"),
    [
        *((code, True) for code in ("disk-full", "token-refused", "repository-gated", "repository-private")),
        *((code, True) for code in ("proxy-login", "plan-refused", "credential-store")),
        *((code, False) for code in ("offline", "busy", "digest-mismatch", "room-again", "", "disk")),
    ],
)
def test_some_circumstances_wait_for_a_person(code: str, needed: bool) -> None:
    assert errors.needs_person(code) is needed
    assert errors.DiskFull(Path("x"), 0).needs_person
