"""Progress as a word with a bar below it, painted in the cell: no widget for a row."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPalette
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from model_preload.ui.icons import selected_role
from model_preload.ui.models.catalog_table import PERMILLE_ROLE


class ProgressDelegate(QStyledItemDelegate):
    """Paints the text as ever, and the share of `PERMILLE_ROLE` below it where there is one."""

    def sizeHint(  # noqa: N802  as Qt's
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """With room for the bar."""
        hint = super().sizeHint(option, index)
        return hint.expandedTo(QSize(0, round(option.fontMetrics.height() * 1.9)))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        permille = index.data(PERMILLE_ROLE)
        if permille is None:
            return
        height = max(2.0, option.fontMetrics.height() / 6)
        margin = option.fontMetrics.horizontalAdvance("i")
        area = QRectF(option.rect).adjusted(margin, 0, -margin, -height / 2)
        area.setTop(area.bottom() - height)
        done = QRectF(area)
        done.setWidth(area.width() * permille / 1000)
        if option.direction is Qt.LayoutDirection.RightToLeft:
            done.moveRight(area.right())
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        role = selected_role(QApplication.style().objectName()) if selected else QPalette.ColorRole.Text
        ground = option.palette.color(role)
        marked = role is QPalette.ColorRole.HighlightedText  # the row has the bar's colour itself
        bar = QColor(ground) if marked else option.palette.color(QPalette.ColorRole.Highlight)
        ground.setAlphaF(0.2)
        painter.fillRect(area, ground)
        painter.fillRect(done, bar)
