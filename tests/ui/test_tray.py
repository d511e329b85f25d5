"""What the tray says of a state of things."""

import re
from collections.abc import Iterator
from itertools import product

import pytest
from pytestqt.qtbot import QtBot

from model_preload.core import texts
from model_preload.downloads.summary import Mood, Summary
from model_preload.ui.tray import TOOLTIP, Tray, face

pytestmark = pytest.mark.windows
_MNEMONIC = re.compile(r"&(\w)")
GONE = Summary(
    Mood.WORKING, 9999, 9998, 9999, 9998, 9999, 9998, 999, 999_999e6, 99 * 86_400 + 86_000, ("a",) * 999, paused=9
)


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    texts.use("en")


@pytest.mark.parametrize(
    ("summary", "told", "can_preload", "hold", "can_hold"),
    [
        (Summary(Mood.UNKNOWN), "Looking at the models…", True, "P&ause", False),
        (Summary(Mood.IDLE, 3, 1), "1 of 3 models are ready", True, "P&ause", False),
        (Summary(Mood.DONE, 3, 3), "3 of 3 models are ready", False, "P&ause", False),
        (Summary(Mood.DONE, 3, 2), "2 of 3 models are ready", True, "P&ause", False),
        (Summary(Mood.PAUSED, 3, 1), "Paused: 1 of 3 models are ready", True, "&Resume", True),
        (Summary(Mood.ATTENTION, 3, 1), "Something is wrong; open the status window", True, "P&ause", False),
        (Summary(Mood.ATTENTION, 3, failed=("a",)), "1 model could not be preloaded", True, "P&ause", False),
        (Summary(Mood.ATTENTION, 3, failed=("a",), paused=1), "1 model could not be preloaded", True, "&Resume", True),
        (Summary(Mood.UNKNOWN, 3, paused=1), "Looking at the models…", True, "&Resume", True),
        (Summary(Mood.WORKING, 3, asked=2, brought=1, paused=1), "1 of 2 models", True, "P&ause", True),
        (
            Summary(Mood.WORKING, 3, asked=2, brought=1, permille=416, speed=2e6, seconds_left=61),
            "1 of 2 models, 41 %, 2.0 MB/s, 2 min left",
            True,
            "P&ause",
            True,
        ),
    ],
)
def test_a_face_for_every_state(summary: Summary, told: str, can_preload: bool, hold: str, can_hold: bool) -> None:
    shown = face(summary)
    assert shown.tooltip == f"Model Preload\n{told}"
    assert (shown.can_preload, str(shown.hold), shown.can_hold) == (can_preload, hold, can_hold)
    assert shown.resumes is (hold == "&Resume")


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("mood", Mood)
def test_the_tooltip_fits(language: str, mood: Mood) -> None:
    texts.use(language)
    values = {name: getattr(GONE, name) for name in Summary.__dataclass_fields__}
    tooltip = face(Summary(**{**values, "mood": mood})).tooltip
    assert len(tooltip) <= TOOLTIP
    assert not tooltip.endswith("…") or mood is Mood.UNKNOWN


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_every_entry_has_a_mnemonic_of_its_own_in_every_state(qtbot: QtBot, language: str) -> None:
    texts.use(language)
    tray = Tray(dark=False)
    for mood, ready, paused in product(Mood, (1, 2), (0, 1)):
        tray.show_summary(Summary(mood, 2, ready, paused=paused))
        letters = [_MNEMONIC.findall(action.text()) for action in tray.actions()]
        assert all(len(found) == 1 for found in letters), letters
        assert len({found[0].lower() for found in letters}) == len(letters), letters


def test_the_menu_asks_for_what_it_says(qtbot: QtBot) -> None:
    tray = Tray(dark=False)
    named = {action.text(): action for action in tray.actions()}
    assert len(named) == 7
    tray.show_summary(Summary(Mood.WORKING, 2))
    with qtbot.waitSignal(tray.pause_wanted):
        named["P&ause"].trigger()
    tray.show_summary(Summary(Mood.PAUSED, 2))
    with qtbot.waitSignal(tray.resume_wanted):
        named["P&ause"].trigger()
    with qtbot.waitSignal(tray.preload_wanted):
        named["&Preload all"].trigger()
    with qtbot.waitSignal(tray.quit_wanted):
        named["&Quit"].trigger()
