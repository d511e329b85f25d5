"""A sentence under a field or above buttons."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QStyle, QWidget

from model_preload.core.errors import Circumstance
from model_preload.core.texts import Text, text
from model_preload.ui.icons import icon


class Note(QWidget):
    """Hidden while there is nothing to say; plain text, which may be copied. A warning has a sign of its own."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sign = QLabel(alignment=Qt.AlignmentFlag.AlignTop)
        self._words = QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True)
        self._words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._sign)
        row.addWidget(self._words, 1)
        self.is_warning = False
        self._draw_sign()
        self.hide()

    def text(self) -> str:
        """What it says, "" if nothing."""
        return self._words.text()

    def clear(self) -> None:
        """Say nothing."""
        self.is_warning = False
        self._words.clear()
        self.hide()

    def inform(self, said: Text | str) -> None:
        """Say something that is as it should be."""
        self._say(str(said), warning=False)

    def warn(self, said: Text | str) -> None:
        """Say what is wrong."""
        self._say(str(said), warning=True)

    def tell(self, problem: Circumstance) -> None:
        """Say what stands in the way, and the next step."""
        self.warn(text("{title} {step}", title=problem.title, step=problem.next_step))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  Qt's name
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._draw_sign()

    def _say(self, said: str, *, warning: bool) -> None:
        if said == self.text() and warning == self.is_warning:
            return
        self.is_warning = warning
        self._sign.setVisible(warning)
        self._words.setText(said)
        self._words.setAccessibleName(str(text("Warning: {said}", said=said)) if warning else said)
        self.show()
        QAccessible.updateAccessibility(QAccessibleEvent(self._words, QAccessible.Event.Alert))

    def _draw_sign(self) -> None:
        size = self.style().pixelMetric(QStyle.PixelMetric.PM_SmallIconSize)
        self._sign.setPixmap(icon("warning").pixmap(size))
