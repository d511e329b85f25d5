"""Draw `resources/icons/model-preload.ico` from the `.svg` beside it, and the side of the wizard's pages.

    python installer/icon.py [TARGET]           the icon
    python installer/icon.py --side TARGET.bmp  the side

An .ico is a directory of pictures; Windows (since Vista) takes PNG in it. Needs the extra `gui`.
"""

import struct
import sys
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QLinearGradient, QPainter
from PySide6.QtSvg import QSvgRenderer

ICONS = Path(__file__).resolve().parents[1] / "resources" / "icons"
SOURCE = ICONS / "model-preload.svg"
SIZES = (16, 20, 24, 32, 40, 48, 64, 128, 256)
SIDE = 328, 628
"""Width and height of the wizard's side in pixels: twice what NSIS shows at 100 %, where it is made smaller."""


def drawn(source: Path, size: int) -> QImage:
    """The picture at that many pixels."""
    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    QSvgRenderer(str(source)).render(painter)
    painter.end()
    return image


def png(image: QImage) -> bytes:
    """The picture as a PNG file."""
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, b"PNG")
    return bytes(content.data())


def ico(source: Path) -> bytes:
    """All sizes in one file: header, a directory entry each (256 is written as 0), the pictures."""
    pictures = [png(drawn(source, size)) for size in SIZES]
    offset = 6 + 16 * len(SIZES)
    directory = struct.pack("<HHH", 0, 1, len(SIZES))
    for size, picture in zip(SIZES, pictures, strict=True):
        directory += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(picture), offset)
        offset += len(picture)
    return directory + b"".join(pictures)


def side() -> QImage:
    """The icon on the blue of its rim, with a wide quiet arrow behind it."""
    width, height = SIDE
    image = QImage(width, height, QImage.Format.Format_RGB32)
    ground = QLinearGradient(0, 0, 0, height)
    ground.setColorAt(0, QColor("#2447c8"))
    ground.setColorAt(1, QColor("#101f5c"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillRect(image.rect(), ground)
    icon = QSvgRenderer(str(SOURCE))
    painter.setOpacity(0.13)
    icon.render(painter, QRectF(-width * 0.55, height * 0.42, width * 1.6, width * 1.6))
    painter.setOpacity(1)
    icon.render(painter, QRectF(width * 0.25, height * 0.1, width * 0.5, width * 0.5))
    painter.end()
    return image.convertToFormat(QImage.Format.Format_RGB888)


if __name__ == "__main__":
    app = QGuiApplication(["icon", "-platform", "offscreen"])
    if sys.argv[1:2] == ["--side"]:
        sys.exit(0 if side().save(sys.argv[2]) else 1)
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCE.with_suffix(".ico")
    target.write_bytes(ico(SOURCE))
