"""Light, dark and the colours of verdicts."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPalette
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from helpers.colours import contrast, distance, ink
from model_preload.core.values import Verdict
from model_preload.ui.theme import Theme, is_dark, verdict_colour, verdict_icon

pytestmark = pytest.mark.windows
LIGHT_GROUNDS = ("#ffffff", "#f9f9f9", "#f3f3f3", "#efefef")
DARK_GROUNDS = ("#1e1e1e", "#1f1f1f", "#202020", "#262626", "#2b2b2b", "#2d2d2d", "#323232")


@pytest.fixture
def theme(qtbot: QtBot) -> Iterator[Theme]:
    made = Theme()
    yield made
    made.apply("system")
    QApplication.setPalette(QPalette())


@pytest.mark.parametrize("verdict", Verdict)
def test_verdicts_can_be_read_on_both_grounds(verdict: Verdict) -> None:
    for dark, grounds in ((False, LIGHT_GROUNDS), (True, DARK_GROUNDS)):
        for ground in grounds:
            assert contrast(verdict_colour(verdict, dark=dark), QColor(ground)) >= 4.5, ground


def test_dark_and_back(theme: Theme, qtbot: QtBot) -> None:
    assert not is_dark()
    with qtbot.waitSignal(theme.changed):
        theme.apply("dark")
    assert is_dark()
    with qtbot.assertNotEmitted(theme.changed):
        theme.apply("dark")
    with qtbot.waitSignal(theme.changed):
        theme.apply("light")
    assert not is_dark()
    with qtbot.assertNotEmitted(theme.changed):
        theme.apply("system")


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_text_can_be_read_in_both(theme: Theme, choice: str) -> None:
    theme.apply("dark" if choice == "dark" else "light")
    palette, role = QGuiApplication.palette(), QPalette.ColorRole
    for words, ground in (
        (role.Text, role.Base),
        (role.Text, role.AlternateBase),
        (role.WindowText, role.Window),
        (role.ButtonText, role.Button),
        (role.ToolTipText, role.ToolTipBase),
    ):
        assert contrast(palette.color(words), palette.color(ground)) >= 7, words
    if choice == "dark" and QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Unknown:  # our own palette
        assert contrast(palette.color(role.HighlightedText), palette.color(role.Highlight)) >= 4.5
        assert contrast(palette.color(role.Link), palette.color(role.Base)) >= 4.5
        assert contrast(palette.color(role.PlaceholderText), palette.color(role.Base)) >= 4.5


def drawn_in(sign: QIcon, colour: QColor, mode: QIcon.Mode = QIcon.Mode.Normal) -> bool:
    """Whether its ink is that colour, but for what rounding does."""
    seen = ink(sign.pixmap(QSize(48, 48), 1.0, mode).toImage())
    return bool(seen) and all(distance(one, colour) <= 2 for one in seen)


@pytest.mark.parametrize("verdict", Verdict)
def test_sign_of_a_verdict_follows_the_scheme(theme: Theme, verdict: Verdict) -> None:
    sign = verdict_icon(verdict)
    theme.apply("light")
    assert drawn_in(sign, verdict_colour(verdict, dark=False))
    theme.apply("dark")
    assert drawn_in(sign, verdict_colour(verdict, dark=True))
    selected = QGuiApplication.palette().color(QPalette.ColorRole.HighlightedText)
    assert drawn_in(sign, selected, QIcon.Mode.Selected)


def test_signs_have_shapes_of_their_own(qtbot: QtBot) -> None:
    signs = [verdict_icon(verdict).pixmap(QSize(16, 16), 1.0, QIcon.Mode.Selected).toImage() for verdict in Verdict]
    shapes = [[sign.pixelColor(x, y).alpha() for x in range(16) for y in range(16)] for sign in signs]
    for at, one in enumerate(shapes):
        for other in shapes[at + 1 :]:
            assert sum(abs(a - b) > 64 for a, b in zip(one, other, strict=True)) >= 8
