"""The bar of a cell, as it is painted."""

import pytest
from PySide6.QtCore import QModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPalette, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from model_preload.ui.catalog.progress_delegate import ProgressDelegate
from model_preload.ui.models.catalog_table import PERMILLE_ROLE

WIDTH, HEIGHT = 120, 40


def bar(permille: int, *, selected: bool) -> list[QColor]:
    """The pixels along the middle of the bar."""
    model = QStandardItemModel(1, 1)
    item = QStandardItem("")
    item.setData(permille, PERMILLE_ROLE)
    model.setItem(0, 0, item)
    option = QStyleOptionViewItem()
    option.rect = QRect(0, 0, WIDTH, HEIGHT)
    option.palette.setColor(QPalette.ColorRole.Highlight, QColor("#0000ff"))
    option.palette.setColor(QPalette.ColorRole.HighlightedText, QColor("#ffffff"))
    option.state = QStyle.StateFlag.State_Enabled | (
        QStyle.StateFlag.State_Selected if selected else QStyle.StateFlag.State_None
    )
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.green)
    painter = QPainter(image)
    index = model.index(0, 0, QModelIndex())
    ProgressDelegate().paint(painter, option, index)
    painter.end()
    height = max(2.0, option.fontMetrics.height() / 6)
    row = round(HEIGHT - height)
    return [image.pixelColor(x, row) for x in range(20, WIDTH - 20)]


@pytest.mark.parametrize("selected", [False, True])
def test_done_can_be_told_from_what_is_left(qtbot: QtBot, selected: bool) -> None:
    pixels = bar(500, selected=selected)
    done, left = pixels[5], pixels[-5]
    assert done.name() == ("#ffffff" if selected else "#0000ff")
    assert abs(done.lightness() - left.lightness()) > 40 or done.hue() != left.hue()
