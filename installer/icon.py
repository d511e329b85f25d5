"""Draw `resources/icons/model-preload.ico` from the `.svg` beside it.

    python installer/icon.py [TARGET]

An .ico is a directory of pictures; Windows (since Vista) takes PNG in it. Needs the extra `gui`.
"""

import struct
import sys
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

ICONS = Path(__file__).resolve().parents[1] / "resources" / "icons"
SOURCE = ICONS / "model-preload.svg"
SIZES = (16, 20, 24, 32, 40, 48, 64, 128, 256)


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


if __name__ == "__main__":
    app = QGuiApplication(["icon", "-platform", "offscreen"])
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCE.with_suffix(".ico")
    target.write_bytes(ico(SOURCE))
