"""Icons drawn for this program: one-colour symbols that follow the palette, the app's own, and the tray's."""

from collections.abc import Callable
from enum import Enum
from functools import cache

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QIconEngine, QPainter, QPalette, QPen, QPixmap, QPixmapCache
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from model_preload.core import paths

SIZES = (16, 20, 24, 32, 40, 48, 64, 128, 256)
"""What Windows asks for between 100 and 400 % scaling, in pixels."""
_TRAY_SIZES = SIZES[:7]
_FAINT_SELECTION = {"windows11", "windowsvista"}
_STEPS = 50
"""A ring of 16 pixels has no finer ones, and each is a picture that the tray takes over."""

Colour = Callable[[QIcon.Mode], QColor]
"""The colour of a symbol in a mode, asked each time when it is drawn."""


class TrayState(Enum):
    """What the tray shows at a glance; each has a shape of its own besides its colour."""

    IDLE = "idle"
    WORKING = "working"
    DONE = "done"
    ATTENTION = "attention"


def icon(name: str) -> QIcon:
    """The symbol `resources/icons/NAME.svg` in the colour of text, also of disabled and selected text.

    It is drawn anew at each size, resolution and palette. GUI thread. Raises FileNotFoundError.
    """
    return symbol(name, text_colour)


def symbol(name: str, colour: Colour) -> QIcon:
    """The same in a colour of one's own. Raises FileNotFoundError."""
    _source(name)
    return QIcon(_Symbol(name, colour))


def text_colour(mode: QIcon.Mode) -> QColor:
    """The palette's colour of text for an icon's mode."""
    palette = QGuiApplication.palette()
    if mode is QIcon.Mode.Selected:
        return palette.color(selected_role(QApplication.style().objectName()))
    group = QPalette.ColorGroup.Disabled if mode is QIcon.Mode.Disabled else QPalette.ColorGroup.Active
    return palette.color(group, QPalette.ColorRole.WindowText)


def selected_role(style: str) -> QPalette.ColorRole:
    """Of text on a selected row: Windows's own styles mark the row faintly and leave its text as it is.

    Source: `CE_ItemViewItem` in Qt's qwindows11style.cpp and qwindowsvistastyle.cpp.
    """
    return QPalette.ColorRole.Text if style in _FAINT_SELECTION else QPalette.ColorRole.HighlightedText


def app_icon() -> QIcon:
    """The program's own, for windows and their taskbar buttons."""
    return _prerendered(SIZES, "model-preload", lambda painter, area: _render("model-preload", painter, area))


def tray_icon(state: TrayState, permille: int | None = None, *, dark: bool = True) -> QIcon:
    """The tray's.

    Args:
        state: what goes on.
        permille: how far it is, a ring around WORKING; None if that is not known. Other states have none.
        dark: whether the taskbar is; the icon can be read on either, and a little better on the one named.
    """
    if state is not TrayState.WORKING:
        name = f"tray-{state.value}"
        return _prerendered(_TRAY_SIZES, name, lambda painter, area: _render(name, painter, area))
    step = 0 if permille is None else max(0, min(1000, permille)) * _STEPS // 1000
    key = f"tray-working-{step}-{dark}"
    return _prerendered(_TRAY_SIZES, key, lambda painter, area: _draw_working(painter, area, step, dark))


def _draw_working(painter: QPainter, area: QRectF, step: int, dark: bool) -> None:
    """A disc with the arrow, and the ring on its rim."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor("#2c4699" if dark else "#1b2f75"))
    painter.drawEllipse(area)
    width = area.width() / 7
    rim = area.adjusted(width / 2, width / 2, -width / 2, -width / 2)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor("#5f74b8" if dark else "#54679f"), width))
    painter.drawEllipse(rim)
    if step:
        painter.setPen(QPen(QColor("#7df0ff"), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        painter.drawArc(rim, 90 * 16, -step * 360 * 16 // _STEPS)
    _render("tray-working", painter, area)


def _prerendered(sizes: tuple[int, ...], key: str, draw: Callable[[QPainter, QRectF], None]) -> QIcon:
    made = QIcon()
    for size in sizes:
        made.addPixmap(_cached(f"{key}:{size}", QSize(size, size), draw))
    return made


def _cached(key: str, size: QSize, draw: Callable[[QPainter, QRectF], None]) -> QPixmap:
    """Qt's own cache: it is bounded, and ends before the application does."""
    pixmap = QPixmap()
    key = f"model-preload:{key}"
    if not QPixmapCache.find(key, pixmap):
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        try:
            draw(painter, QRectF(0, 0, size.width(), size.height()))
        finally:
            painter.end()  # Qt ends the process of a picture that goes while it is painted
        QPixmapCache.insert(key, pixmap)
    return pixmap


def _render(name: str, painter: QPainter, area: QRectF, colour: QColor | None = None) -> None:
    source = _source(name)
    if colour is not None:
        source = source.replace(b"currentColor", colour.name().encode())
        painter.setOpacity(painter.opacity() * colour.alphaF())
    renderer = QSvgRenderer(QByteArray(source))
    renderer.setAspectRatioMode(Qt.AspectRatioMode.KeepAspectRatio)
    renderer.render(painter, area)


@cache
def _source(name: str) -> bytes:
    return paths.resource(f"icons/{name}.svg").read_bytes()


class _Symbol(QIconEngine):
    """Draws on demand, so that a new palette or screen needs no new icons."""

    def __init__(self, name: str, colour: Colour) -> None:
        super().__init__()
        self._name = name
        self._colour = colour

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        scale = painter.device().devicePixelRatio()
        painter.drawPixmap(rect, self.scaledPixmap(rect.size(), mode, state, scale))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:  # noqa: N802
        colour = self._colour(mode)
        pixels = size * scale
        key = f"{self._name}:{pixels.width()}x{pixels.height()}:{colour.name(QColor.NameFormat.HexArgb)}"
        found = _cached(key, pixels, lambda painter, area: _render(self._name, painter, area, colour))
        made = QPixmap(found)
        made.setDevicePixelRatio(scale)
        return made

    def clone(self) -> QIconEngine:
        return _Symbol(self._name, self._colour)
