"""The sentence on top, with its icon and its one button."""

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from model_preload.core.texts import text
from model_preload.core.values import Verdict
from model_preload.ui.icons import icon
from model_preload.ui.status.headline import Headline, Sign, Step
from model_preload.ui.theme import verdict_icon

_SELECTABLE = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
_STEPS = {
    Step.PRELOAD: (text("&Preload all"), "down"),
    Step.REPAIR: (text("Repair no&w"), "repair"),
    Step.RESUME: (text("Res&ume"), "resume"),
    Step.RETRY: (text("&Try again"), "retry"),
    Step.CHECK: (text("Check no&w"), "check"),
    Step.CHECK_DEEP: (text("Check deep no&w"), "check"),
}
_VERDICTS = {
    Sign.READY: Verdict.READY,
    Sign.MISSING: Verdict.MISSING,
    Sign.UNVERIFIED: Verdict.UNVERIFIED,
    Sign.PROBLEM: Verdict.DAMAGED,
}
_ICONS = {Sign.LOOKING: "search", Sign.WORKING: "down", Sign.PAUSED: "pause"}


class Header(QWidget):
    """How it stands, large.

    Signals:
        wanted(): the button was pressed; what for, is in the headline that is shown.
    """

    wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sign = Sign.LOOKING
        self._icon = QLabel()
        self._told = QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True, textInteractionFlags=_SELECTABLE)
        large = self._told.font()
        large.setPointSizeF(large.pointSizeF() * 1.5)
        self._told.setFont(large)
        self._told.setAccessibleName(str(text("How it stands")))
        self._more = QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True, textInteractionFlags=_SELECTABLE)
        self._more.setAccessibleName(str(text("More about it")))
        self._button = QPushButton(default=True)
        words = QVBoxLayout()
        words.addStretch()
        words.addWidget(self._told)
        words.addWidget(self._more)
        words.addStretch()
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(self.fontMetrics().height())
        line.addWidget(self._icon)
        line.addLayout(words, 1)
        line.addWidget(self._button)
        self._button.clicked.connect(self._press)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  Qt's name
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and self.isVisible():
            self._draw()

    def show_headline(self, headline: Headline) -> None:
        self._sign = headline.sign
        self._told.setText(str(headline.told))
        self._more.setText("" if headline.more is None else str(headline.more))
        self._more.setVisible(headline.more is not None)
        self._draw()
        self._button.setVisible(headline.step is not Step.NONE)
        if headline.step is not Step.NONE:
            label, name = _STEPS[headline.step]
            self._button.setText(str(label))
            self._button.setIcon(icon(name))
            self._button.setAccessibleDescription(str(headline.told))

    def _draw(self) -> None:
        """The icon, in the colours of the palette and the resolution of the screen."""
        size = self.fontMetrics().height() * 5 // 2
        self._icon.setPixmap(_picture(self._sign).pixmap(QSize(size, size), self.devicePixelRatio()))

    @Slot()
    def _press(self) -> None:
        self.wanted.emit()


def _picture(sign: Sign) -> QIcon:
    if sign in _VERDICTS:
        return verdict_icon(_VERDICTS[sign])
    return icon(_ICONS[sign])
