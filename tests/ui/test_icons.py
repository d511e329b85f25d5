"""Icons: all there, in the palette's colours, sharp at every size; and the .ico is that of the drawing."""

import importlib.util
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QImage, QPalette, QPixmapCache
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from helpers.colours import contrast, distance, ink, pixels
from model_preload.core import paths
from model_preload.ui.icons import SIZES, TrayState, app_icon, icon, selected_role, symbol, tray_icon

pytestmark = pytest.mark.windows
ROOT = Path(__file__).resolve().parents[2]
SYMBOLS = (
    *("play", "pause", "resume", "stop", "retry", "repair", "folder", "link", "search", "settings", "log", "status"),
    *("catalog", "add", "edit", "remove", "copy", "check", "warning", "info", "up", "down", "prove"),
)


@pytest.fixture(autouse=True)
def palette(qtbot: QtBot) -> Iterator[None]:
    yield
    QGuiApplication.setPalette(QPalette())


def painted(made: QIcon, size: int, mode: QIcon.Mode = QIcon.Mode.Normal, scale: float = 1.0) -> QImage:
    return made.pixmap(QSize(size, size), scale, mode).toImage()


def share(image: QImage) -> float:
    """How much of the square is covered."""
    return sum(colour.alphaF() for colour in pixels(image)) / (image.width() * image.height())


@pytest.mark.parametrize("name", SYMBOLS)
@pytest.mark.parametrize("size", [16, 24, 48])
def test_every_symbol_is_drawn_inside_its_square(name: str, size: int) -> None:
    image = painted(icon(name), size)
    assert 0.05 < share(image) < 0.6
    edge = [image.pixelColor(at, row).alpha() for at in range(size) for row in (0, size - 1)]
    assert max(edge) == 0


def test_symbols_are_different() -> None:
    drawn = {bytes(painted(icon(name), 32).constBits()) for name in SYMBOLS}
    assert len(drawn) == len(SYMBOLS)


def test_symbol_that_was_not_drawn_is_a_fault() -> None:
    with pytest.raises(FileNotFoundError):
        icon("nothing")


def test_colour_follows_palette_and_mode() -> None:
    made = icon("stop")
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.WindowText, QColor("#123456"))
    palette.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.WindowText, QColor("#808080"))
    palette.setColor(QPalette.ColorRole.HighlightedText, QColor("#fedcba"))
    QGuiApplication.setPalette(palette)
    seen = {mode: {colour.name() for colour in ink(painted(made, 24, mode))} for mode in QIcon.Mode}
    assert seen[QIcon.Mode.Normal] == seen[QIcon.Mode.Active] == {"#123456"}
    assert seen[QIcon.Mode.Disabled] == {"#808080"}
    assert seen[QIcon.Mode.Selected] == {"#fedcba"}


@pytest.mark.parametrize(
    ("style", "role"),
    [("fusion", "HighlightedText"), ("windows11", "Text"), ("windowsvista", "Text")],
)
def test_a_selected_symbol_has_the_colour_of_the_text_beside_it(style: str, role: str) -> None:
    assert selected_role(style).name == role


@pytest.mark.parametrize("scale", [1.0, 1.25, 2.0, 3.0])
def test_symbol_is_sharp_at_every_scale(scale: float) -> None:
    pixmap = icon("folder").pixmap(QSize(16, 16), scale)
    assert pixmap.size() == QSize(16, 16) * scale
    assert pixmap.devicePixelRatio() == pytest.approx(scale)


def test_icon_outlives_who_made_it(qtbot: QtBot) -> None:
    button = QPushButton(symbol("play", lambda _mode: QColor("red")), "Play")
    qtbot.addWidget(button)
    QPixmapCache.clear()
    image = button.grab().toImage()
    reds = [colour for colour in ink(image) if colour.red() > 200 and colour.green() < 60]
    assert len(reds) > 10


@pytest.mark.parametrize("state", TrayState)
@pytest.mark.parametrize("dark", [True, False])
def test_tray_icons_stand_out_from_the_bar(state: TrayState, dark: bool) -> None:
    bar = QColor("#1c1c1c" if dark else "#f3f3f3")
    for size in (16, 20, 24, 32):
        image = painted(tray_icon(state, 500, dark=dark), size)
        assert image.width() == size
        distinct = [colour for colour in ink(image) if contrast(colour, bar) >= 3]
        assert len(distinct) > size * size / 6


def test_tray_states_differ_in_shape() -> None:
    outlines = {bytes(painted(tray_icon(state), 32).createAlphaMask().constBits()) for state in TrayState}
    assert len(outlines) >= 3
    grey = {
        bytes(painted(tray_icon(state), 32).convertToFormat(QImage.Format.Format_Grayscale8).constBits())
        for state in TrayState
    }
    assert len(grey) == len(TrayState)


def test_ring_grows() -> None:
    def lit(permille: int | None) -> int:
        image = painted(tray_icon(TrayState.WORKING, permille), 32)
        return sum(colour.blue() > 240 and colour.green() > 200 and colour.red() < 160 for colour in ink(image))

    grown = [lit(permille) for permille in (None, 250, 500, 750, 1000)]
    assert grown[0] == 0
    assert grown == sorted(set(grown))
    assert lit(5000) == lit(1000)
    assert lit(-1) == 0


def test_app_icon_has_all_sizes() -> None:
    assert [size.width() for size in app_icon().availableSizes()] == list(SIZES)


def test_ico_is_that_of_the_drawing() -> None:
    """Run `python installer/icon.py` after a change of the drawing."""
    spec = importlib.util.spec_from_file_location("icon", ROOT / "installer" / "icon.py")
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    content = paths.resource("icons/model-preload.ico").read_bytes()
    assert struct.unpack_from("<HHH", content) == (0, 1, len(maker.SIZES))
    for number, size in enumerate(maker.SIZES):
        width, height, _, _, planes, bits, length, offset = struct.unpack_from("<BBBBHHII", content, 6 + 16 * number)
        assert (width or 256, height or 256, planes, bits) == (size, size, 1, 32)
        shown = QImage.fromData(content[offset : offset + length]).convertToFormat(QImage.Format.Format_ARGB32)
        drawn = maker.drawn(maker.SOURCE, size)
        assert shown.size() == drawn.size() == QSize(size, size)
        worst = max(distance(one, other) for one, other in zip(pixels(shown), pixels(drawn), strict=True))
        assert worst <= 8, f"{size} pixels"
