"""What the catalog window offers: states of rows -> words and keys."""

from pathlib import Path

import pytest

from helpers.rows import row
from model_preload.core.values import Verdict
from model_preload.downloads.agenda import Agenda, Standing
from model_preload.downloads.board import Row
from model_preload.downloads.values import Activity
from model_preload.ui.catalog.offers import MOVES, Deed, Offer, offers

READY = row("ready", Verdict.READY, location=Path("/models/ready"))
MISSING = row("missing", Verdict.MISSING, required=True)
UNSEEN = row("unseen")
DAMAGED = row("damaged", Verdict.DAMAGED)
HALF = row("half", Verdict.READY, ready=False)
FETCHING = row("fetching", Verdict.MISSING, Activity.FETCHING)
WAITING = row("waiting", Verdict.MISSING, Activity.WAITING)
PAUSED = row("paused", Verdict.PARTIAL, Activity.PAUSED)
FAILED = row("failed", Verdict.MISSING, Activity.FAILED)


def offered(rows: list[Row], selected: list[Row], own: str = "") -> dict[Deed, Offer]:
    order = [one.model.key for one in rows if one.work.activity is not Activity.IDLE]
    running = next((one.model.key for one in rows if one.work.activity.working), "")
    return offers(rows, selected, order, running, frozenset(own.split()))


def words(offer: Offer) -> str:
    """The label without mnemonic and the keys; in brackets if it can't be done."""
    told = " ".join([str(offer.label).replace("&", "") + ":", *offer.keys]).removesuffix(":")
    return told if offer.enabled else f"({told})"


@pytest.mark.parametrize(
    ("rows", "selected", "deed", "expected"),
    [
        ([], [], Deed.PRELOAD_ALL, "(Preload all)"),
        ([READY], [], Deed.PRELOAD_ALL, "(Preload all)"),
        ([READY, MISSING, UNSEEN, HALF], [], Deed.PRELOAD_ALL, "Preload all: missing unseen half"),
        ([FETCHING, WAITING, PAUSED, FAILED], [], Deed.PRELOAD_ALL, "Preload all: paused failed"),
        ([MISSING, UNSEEN], [], Deed.PRELOAD_REQUIRED, "Preload required: missing"),
        ([UNSEEN], [], Deed.PRELOAD_REQUIRED, "(Preload required)"),
        ([MISSING], [], Deed.PRELOAD_SELECTED, "(Preload selected)"),
        ([MISSING, READY], [READY, MISSING], Deed.PRELOAD_SELECTED, "Preload selected: missing"),
        ([FETCHING], [FETCHING], Deed.PRELOAD_SELECTED, "(Preload selected)"),
        ([FAILED, READY], [FAILED, READY], Deed.PRELOAD_SELECTED, "Try again: failed"),
        ([FAILED, MISSING], [FAILED, MISSING], Deed.PRELOAD_SELECTED, "Preload selected: failed missing"),
        ([READY, FETCHING], [READY, FETCHING], Deed.UPDATE, "Look for a newer version: ready"),
        ([READY], [], Deed.PAUSE, "(Pause)"),
        ([FETCHING, WAITING], [WAITING], Deed.PAUSE, "Pause: waiting"),
        ([FETCHING, WAITING, READY], [READY], Deed.PAUSE, "Pause all: fetching waiting"),
        ([FETCHING, WAITING, PAUSED], [], Deed.PAUSE, "Pause all: fetching waiting"),
        ([PAUSED], [PAUSED], Deed.PAUSE, "(Pause)"),
        ([PAUSED, FETCHING], [PAUSED], Deed.RESUME, "Resume: paused"),
        ([PAUSED, READY], [READY], Deed.RESUME, "Resume all: paused"),
        ([FETCHING], [], Deed.RESUME, "(Resume)"),
        ([READY], [READY], Deed.CANCEL, "(Cancel)"),
        ([FETCHING, FAILED, PAUSED], [FAILED, PAUSED], Deed.CANCEL, "Cancel: failed paused"),
        ([FETCHING, FAILED, READY], [READY], Deed.CANCEL, "Cancel all: fetching failed"),
        ([MISSING, UNSEEN], [MISSING, UNSEEN], Deed.REPAIR, "(Repair)"),
        ([READY, HALF, MISSING], [READY, HALF, MISSING], Deed.REPAIR, "Repair: ready half"),
        ([DAMAGED, MISSING], [MISSING], Deed.REPAIR, "Repair damaged: damaged"),
        ([PAUSED, FETCHING], [FETCHING], Deed.REPAIR, "(Repair)"),
        ([READY], [READY], Deed.OPEN_FOLDER, "Open folder: ready"),
        ([READY, DAMAGED], [READY, DAMAGED], Deed.OPEN_FOLDER, "(Open folder: ready)"),
        ([DAMAGED], [DAMAGED], Deed.OPEN_FOLDER, "(Open folder)"),
        ([READY, DAMAGED], [READY, DAMAGED], Deed.COPY_LINK, "Copy repository link: ready damaged"),
        ([READY], [READY], Deed.SHOW_LOG, "Show in log: ready"),
        ([READY, DAMAGED], [READY, DAMAGED], Deed.SHOW_STATUS, "(Show in status)"),
        ([], [], Deed.ADD, "Add a model…"),
        ([], [], Deed.IMPORT, "Import a catalog…"),
    ],
)
def test_a_deed(rows: list[Row], selected: list[Row], deed: Deed, expected: str) -> None:
    assert words(offered(rows, selected)[deed]) == expected


@pytest.mark.parametrize(
    ("selected", "own", "enabled"),
    [([READY], "ready", True), ([READY], "other", False), ([READY, MISSING], "ready missing", False), ([], "", False)],
)
def test_only_one_of_ones_own_is_edited_or_removed(selected: list[Row], own: str, enabled: bool) -> None:
    found = offered([READY, MISSING], selected, own)
    assert [found[deed].enabled for deed in (Deed.EDIT, Deed.REMOVE)] == [enabled] * 2


def test_what_is_for_all_says_so() -> None:
    """Keys of the table never do anything to all."""
    found = offered([FETCHING, PAUSED, DAMAGED, READY], [])
    assert [deed for deed in Deed if found[deed].whole] == [Deed.PAUSE, Deed.RESUME, Deed.CANCEL, Deed.REPAIR]


@pytest.mark.parametrize(
    ("order", "running", "selected", "expected"),
    [
        ("a b c d", "", "c", "c a b d | a c b d | a b d c | a b d c"),
        ("a b c d", "", "a", "- | - | b a c d | b c d a"),
        ("a b c d", "", "d", "d a b c | a b d c | - | -"),
        ("a b c d", "", "b d", "b d a c | b d a c | a c b d | a c b d"),
        ("a b c d", "a", "b", "- | - | a c b d | a c d b"),
        ("a b c d", "a", "a", "- | - | - | -"),
        ("a b c d", "", "a b c d", "- | - | - | -"),
        ("a b", "", "x", "- | - | - | -"),
    ],
)
def test_moves(order: str, running: str, selected: str, expected: str) -> None:
    told = []
    rows = [row(key, Verdict.MISSING, Activity.WAITING) for key in selected.split()]
    found = offers(rows, rows, order.split(), running, frozenset())
    for move in MOVES:
        agenda = Agenda()
        for key in order.split():
            agenda.place(key, Standing.WAITING)
        agenda.move(found[move].keys, found[move].before)
        now = " ".join(key for key, _ in agenda.lines())
        told.append(now if found[move].enabled else "-")
        assert found[move].enabled or now == order
    assert " | ".join(told) == expected
