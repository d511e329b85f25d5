"""Labels as these dialogs have them: what hubs and files are called is never taken for markup."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from model_preload.core.texts import Text
from model_preload.ui.icons import icon


def plain_label(words: str = "", *, selectable: bool = False) -> QLabel:
    """Plain text that wraps; with `selectable` it can be copied, by the keyboard too."""
    label = QLabel(words)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    if selectable:
        label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        label.setCursor(Qt.CursorShape.IBeamCursor)
    return label


def title_label(words: str = "") -> QLabel:
    """A sentence that is read first."""
    label = plain_label(words)
    font = label.font()
    font.setPointSizeF(font.pointSizeF() * 1.25)
    label.setFont(font)
    return label


class Note(QWidget):
    """A sign and a sentence below a field; there only while there is something to say."""

    def __init__(self, sign: str = "warning", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        picture = QLabel()
        side = self.fontMetrics().height()
        picture.setPixmap(icon(sign).pixmap(side, side))
        self._words = plain_label()
        self._words.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._words, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.hide()

    def say(self, words: Text | str | None, field: QWidget | None = None) -> None:
        """That, or nothing; a screen reader hears it as the field's description."""
        shown = str(words or "")
        self._words.setText(shown)
        self.setVisible(bool(shown))
        if field is not None:
            field.setAccessibleDescription(shown)

    def text(self) -> str:
        """What it says, "" for nothing."""
        return self._words.text()
