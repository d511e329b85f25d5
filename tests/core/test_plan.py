"""The plan: what is fetched, in which order, and why it may be refused."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_preload.core.errors import PlanRefused
from model_preload.core.plan import PathLimits, Plan, Wanted, make_plan
from model_preload.core.values import Digest, FileState, FileStatus, ListedFile

pytestmark = pytest.mark.windows
LINUX = PathLimits.of("linux")
WINDOWS = PathLimits.of("win32")
DIGEST = Digest("sha256", "a" * 64)
ROOT = Path("/models").absolute()
GB = 10**9


def wanted(
    path: str,
    size: int = 10,
    status: FileStatus = FileStatus.ABSENT,
    *,
    model: str = "m",
    volume: str = "C:",
    **more: object,
) -> Wanted:
    file = ListedFile(path, size, DIGEST)
    here = datetime(2026, 1, 1, tzinfo=UTC) if status is FileStatus.VERIFIED else None
    candidate = ROOT / "blobs" / "a" if more.pop("candidate", False) else None
    state = FileState(file, ROOT.joinpath(*path.split("/")), status, here, candidate)
    return Wanted(model, state, volume, **more)  # type: ignore[arg-type]


def plan(*files: Wanted, free: int = 100 * GB, reserve: int = 0, limits: PathLimits = LINUX) -> Plan:
    return make_plan(files, dict.fromkeys((w.volume for w in files), free), reserve, limits)


def paths(some: tuple[Wanted, ...]) -> list[str]:
    return [w.state.file.path for w in some]


@st.composite
def models(draw: st.DrawFn) -> list[Wanted]:
    """All files of some models, model by model, some of them with names that no disk takes."""
    found = []
    for number in range(draw(st.integers(0, 3))):
        volume = draw(st.sampled_from(["C:", "D:"]))
        for name in draw(st.lists(st.sampled_from([*"abcdefgh", "x/y", "nul", "A"]), unique=True, max_size=6)):
            size = draw(st.integers(0, 50))
            status = draw(st.sampled_from(FileStatus))
            found.append(
                wanted(
                    name,
                    size,
                    status,
                    model=f"m{number}",
                    volume=volume,
                    resumed=0 if status is FileStatus.VERIFIED else draw(st.integers(0, size)),
                    shared=draw(st.booleans()),
                    candidate=status is FileStatus.ABSENT and draw(st.booleans()),
                )
            )
    return found


FREE = st.fixed_dictionaries({"C:": st.integers(0, 300), "D:": st.integers(0, 300)})


@settings(deadline=None)
@given(models(), FREE, st.integers(0, 40))
def test_every_file_is_fetched_or_checked_or_left_alone(
    files: list[Wanted], free: dict[str, int], reserve: int
) -> None:
    found = make_plan(files, free, reserve, LINUX)
    assert sorted(map(id, (*found.fetch, *found.check, *found.here))) == sorted(map(id, files))
    assert all(w.state.status is FileStatus.VERIFIED for w in found.here)
    assert all(w.state.status is not FileStatus.VERIFIED and w.state.candidate is None for w in found.fetch)
    assert all(w.state.status is FileStatus.UNVERIFIED or w.state.candidate is not None for w in found.check)


@settings(deadline=None)
@given(models(), FREE, st.integers(0, 40))
def test_the_drives_add_up_to_what_the_network_brings(files: list[Wanted], free: dict[str, int], reserve: int) -> None:
    found = make_plan(files, free, reserve, LINUX)
    assert sum(drive.needed for drive in found.drives) == found.bytes_to_fetch
    assert found.bytes_to_fetch == sum(w.left for w in found.fetch)
    for drive in found.drives:
        assert drive.needed == sum(w.left for w in found.fetch if w.volume == drive.volume)
        assert drive.free == free[drive.volume]
    assert {w.volume for w in found.fetch} == {drive.volume for drive in found.drives}


@settings(deadline=None)
@given(models(), FREE, st.integers(0, 40))
def test_it_is_refused_if_and_only_if_room_is_short_or_a_name_is_bad(
    files: list[Wanted], free: dict[str, int], reserve: int
) -> None:
    found = make_plan(files, free, reserve, LINUX)
    short = [d.volume for d in found.drives if d.needed > 0 and d.free - d.needed < reserve]
    listed = [(w.model, w.state.file.path) for w in files]
    reserved = [one for one in listed if one[1] == "nul"]
    clashing = [one for one in listed if one[1] == "A" and (one[0], "a") in listed]
    assert len(found.refusals) == len(short) + len(reserved) + len(clashing)
    assert found.lacks_room is (bool(short) and not reserved and not clashing)
    if found.refusals:
        with pytest.raises(PlanRefused) as caught:
            found.require()
        assert caught.value.exit_code == 3
        assert all(str(refusal) in str(caught.value) for refusal in found.refusals)
    else:
        found.require()


@settings(deadline=None)
@given(models())
def test_models_keep_their_order_and_big_files_come_first(files: list[Wanted]) -> None:
    found = make_plan(files, {"C:": GB, "D:": GB}, 0, LINUX)
    asked = list(dict.fromkeys(w.model for w in files))
    keys = [(asked.index(w.model), -w.state.file.size, w.state.file.path) for w in found.fetch]
    assert keys == sorted(keys)


@pytest.mark.parametrize(
    ("status", "candidate", "expected"),
    [
        (FileStatus.ABSENT, False, "fetch"),
        (FileStatus.ABSENT, True, "check"),
        (FileStatus.DAMAGED, False, "fetch"),
        (FileStatus.UNVERIFIED, False, "check"),
        (FileStatus.VERIFIED, False, "here"),
        (FileStatus.VERIFIED, True, "here"),
    ],
)
def test_what_is_done_with_a_file(status: FileStatus, candidate: bool, expected: str) -> None:
    found = plan(wanted("f", 10, status, candidate=candidate))
    assert {name: paths(getattr(found, name)) for name in ("fetch", "check", "here")} == {
        "fetch": [],
        "check": [],
        "here": [],
        expected: ["f"],
    }
    assert found.bytes_to_fetch == (10 if expected == "fetch" else 0)


def test_bytes_that_are_here_or_come_with_another_file_are_not_counted() -> None:
    found = plan(wanted("whole", 100), wanted("part", 100, resumed=60), wanted("twin", 100, shared=True))
    assert found.bytes_to_fetch == 140
    assert paths(found.fetch) == ["part", "twin", "whole"]


@pytest.mark.parametrize(("free", "fits"), [(1499, False), (1500, True), (0, False)])
def test_room_is_counted_with_the_reserve_to_the_byte(free: int, fits: bool) -> None:
    found = plan(wanted("a", 600), wanted("b", 400), free=free, reserve=500)
    assert (bool(found.refusals), found.lacks_room) == (not fits, not fits)


@pytest.mark.parametrize(("copied", "needed"), [(False, 0), (True, 10)])
def test_a_candidate_needs_room_only_where_a_link_can_t_do(copied: bool, needed: int) -> None:
    found = plan(wanted("a", candidate=True, copied=copied), free=9)
    assert sum(drive.needed for drive in found.drives) == needed
    assert found.bytes_to_fetch == 0
    assert bool(found.refusals) is copied


def test_a_full_drive_refuses_nothing_when_nothing_more_comes_to_it() -> None:
    assert plan(wanted("f", 100, resumed=100), wanted("empty", 0), free=0, reserve=500).refusals == ()
    assert plan(wanted("f", 100, FileStatus.VERIFIED), free=0, reserve=500).refusals == ()


def test_a_refusal_for_room_says_where_what_and_how_much() -> None:
    files = [
        wanted("a", 3 * GB, model="big"),
        wanted("b", GB, model="small"),
        wanted("c", GB, model="fits", volume="D:"),
    ]
    found = make_plan(files, {"C:": 2 * GB, "D:": 2 * GB}, GB // 2, LINUX)
    (refusal,) = found.refusals
    said = str(refusal)
    assert all(word in said for word in (str(ROOT), "2.0 GB free", "big, small", "4.0 GB", "500 MB"))
    assert "fits" not in said


def test_drives_are_counted_one_by_one() -> None:
    files = [wanted("a", 10, volume="C:"), wanted("b", 20, volume="D:"), wanted("c", 5, volume="C:")]
    found = make_plan(files, {"C:": 14, "D:": 20}, 0, LINUX)
    assert {d.volume: (d.needed, d.free) for d in found.drives} == {"C:": (15, 14), "D:": (20, 20)}
    assert len(found.refusals) == 1


@pytest.mark.parametrize(
    ("listed", "fragment"),
    [
        (["../evil"], "“../evil” is not a path below"),
        (["ok", "CON.json"], "Windows reserves"),
        (["Model.bin", "model.BIN"], "“Model.bin” and “model.BIN” are one name"),
        (["a", "a/b"], "“a” and “a/b” are one name"),
        (["a\x1b[31m"], "a\\x1b[31m"),
        (["\ud800", "\ud800"], "\\ud800"),
    ],
)
def test_a_refusal_for_a_name_names_model_and_path(listed: list[str], fragment: str) -> None:
    found = plan(*(wanted(path) for path in listed))
    said = "\n".join(map(str, found.refusals))
    assert said.startswith("m: ")
    assert fragment in said
    said.encode("utf-8")
    assert "\x1b" not in said


def test_a_bad_name_is_refused_even_where_the_file_is_here() -> None:
    assert len(plan(wanted("nul", 1, FileStatus.VERIFIED)).refusals) == 1


def test_two_models_may_have_files_of_the_same_name() -> None:
    assert plan(wanted("A", model="one"), wanted("a", model="two")).refusals == ()


@pytest.mark.parametrize(
    ("length", "limits", "fits"),
    [
        (300, LINUX, True),
        (300, WINDOWS, True),
        (4095, LINUX, True),
        (4096, LINUX, False),
        (31_999, WINDOWS, True),
        (32_001, WINDOWS, False),
    ],
)
def test_a_path_is_as_long_as_the_system_takes_it(length: int, limits: PathLimits, fits: bool) -> None:
    root = Path("/r").absolute()
    name = "d/" * ((length - limits.length(str(root)) - 2) // 2)
    name += "x" * (length - limits.length(str(root)) - 1 - len(name))
    one = wanted(name)
    one = replace(one, state=replace(one.state, destination=root.joinpath(*name.split("/"))))
    assert limits.length(str(one.state.destination)) == length
    said = [str(refusal) for refusal in plan(one, limits=limits).refusals]
    assert (said == []) is fits
    assert all("too long here" in line for line in said)


def test_an_empty_plan_asks_for_nothing() -> None:
    found = plan()
    assert (found.fetch, found.check, found.here, found.drives, found.refusals) == ((), (), (), (), ())
    found.require()
