"""What a picture's colours are."""

from collections.abc import Iterator

from PySide6.QtGui import QColor, QImage


def contrast(one: QColor, other: QColor) -> float:
    """Of WCAG 2: 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def pixels(image: QImage) -> Iterator[QColor]:
    return (image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height()))


def ink(image: QImage) -> list[QColor]:
    """The colours of pixels that are wholly covered."""
    return [colour for colour in pixels(image) if colour.alpha() == 255]


def distance(one: QColor, other: QColor) -> int:
    """The largest difference of a channel, 0 to 255; rounding makes 1 or 2."""
    return max(abs(a - b) for a, b in zip(_channels(one), _channels(other), strict=True))


def _channels(colour: QColor) -> tuple[int, int, int, int]:
    return colour.red(), colour.green(), colour.blue(), colour.alpha()


def _luminance(colour: QColor) -> float:
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
