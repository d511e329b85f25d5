"""What the user answers, and what is asked next time."""

import pytest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from model_preload.ui.consent import BATTERY, METERED, Consent


def answer(button: str, *, keep: bool) -> None:
    (box,) = [one for one in QApplication.topLevelWidgets() if isinstance(one, QMessageBox) and one.isVisible()]
    assert box.checkBox() is not None
    box.checkBox().setChecked(keep)
    next(one for one in box.buttons() if one.text() == button).click()


@pytest.mark.parametrize(
    ("standing", "answers", "agreed", "kept"),
    [
        ([], [], True, []),
        ([(METERED, "go-on"), (BATTERY, "go-on")], [], True, []),
        ([(METERED, "go-on"), (BATTERY, "wait")], [], False, []),
        ([(METERED, "ask")], [("&Preload", False)], True, []),
        ([(METERED, "ask")], [("&Preload", True)], True, [("when_metered", "go-on")]),
        ([(METERED, "ask"), (BATTERY, "ask")], [("&Later", True)], False, [("when_metered", "wait")]),
        (
            [(METERED, "ask"), (BATTERY, "ask")],
            [("&Preload", False), ("&Later", True)],
            False,
            [("when_on_battery", "wait")],
        ),
    ],
)
def test_answers(qtbot: QtBot, standing: list, answers: list, agreed: bool, kept: list) -> None:  # type: ignore[type-arg]
    done: list[str] = []
    remembered: list[tuple[str, str]] = []
    consent = Consent(lambda: standing, lambda *given: remembered.append(given))
    consent.refused.connect(lambda: done.append("refused"))
    consent.ask(None, lambda: done.append("agreed"))
    for button, keep in answers:
        answer(button, keep=keep)
    assert done == (["agreed"] if agreed else ["refused"])
    assert remembered == kept
