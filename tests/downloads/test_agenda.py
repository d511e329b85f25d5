"""What the main thread and the lane both change."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_preload.core.tasks.preload import Mode
from model_preload.downloads.agenda import Agenda, Standing


def agenda(*keys: str) -> Agenda:
    made = Agenda()
    made.add(keys)
    return made


def test_turns_come_in_order() -> None:
    one = agenda("a", "b")
    first = one.take()
    assert first is not None
    assert (first.key, one.standing("a")) == ("a", Standing.RUNNING)
    assert one.finish(first, "done") is None
    assert one.lines() == (("b", Standing.WAITING),)


@pytest.mark.parametrize(
    ("outcome", "change", "standing"),
    [
        ("done", lambda a: None, None),
        ("failed", lambda a: None, Standing.FAILED),
        ("interrupted", lambda a: None, Standing.WAITING),
        ("interrupted", lambda a: a.pause(["a"]), Standing.PAUSED),
        ("interrupted", lambda a: a.cancel(["a"]), None),
        ("interrupted", lambda a: (a.pause(["a"]), a.resume(["a"])), Standing.WAITING),
        ("interrupted", lambda a: (a.cancel(["a"]), a.add(["a"])), Standing.WAITING),
        ("done", lambda a: a.pause(["a"]), None),
        ("failed", lambda a: a.pause(["a"]), Standing.PAUSED),
    ],
)
def test_where_a_model_stands_after_its_turn(
    outcome: str, change: Callable[[Agenda], object], standing: Standing | None
) -> None:
    one = agenda("a", "b")
    turn = one.take()
    assert turn is not None
    change(one)
    assert one.finish(turn, outcome) is standing
    assert one.standing("a") is standing


@pytest.mark.parametrize(
    ("change", "cancelled"),
    [
        (lambda a: a.pause(["a"]), True),
        (lambda a: a.cancel(["a"]), True),
        (lambda a: a.interrupt(), True),
        (lambda a: a.close(), True),
        (lambda a: a.pause(["b"]), False),
        (lambda a: a.cancel(["b"]), False),
        (lambda a: a.add(["a"]), False),
        (lambda a: a.move(["a"], None), False),
    ],
)
def test_only_its_own_change_ends_a_turn(change: Callable[[Agenda], object], cancelled: bool) -> None:
    one = agenda("a", "b")
    turn = one.take()
    assert turn is not None
    change(one)
    assert turn.control.cancelled is cancelled


def test_closed_it_gives_no_turn() -> None:
    one = agenda("a")
    one.close()
    assert one.take() is None
    assert one.standing("a") is Standing.WAITING


def test_asked_for_in_another_way_it_waits_for_that() -> None:
    one = agenda("a")
    one.add(["a"], Mode.REPAIR)
    turn = one.take()
    assert turn is not None
    assert turn.mode is Mode.REPAIR


@given(st.permutations("abcdef"), st.lists(st.sampled_from("abcdefg"), unique=True), st.sampled_from([*"abcdef", None]))
def test_moving_loses_and_doubles_nothing(order: list[str], moved: list[str], before: str | None) -> None:
    one = agenda(*order)
    one.move(moved, before)
    after = [key for key, _ in one.lines()]
    assert sorted(after) == sorted(order)
    there = [key for key in moved if key in order]
    assert [key for key in after if key in there] == there
    assert [key for key in after if key not in there] == [key for key in order if key not in there]
    if before is not None and before not in there and there:
        assert after.index(there[-1]) < after.index(before)
