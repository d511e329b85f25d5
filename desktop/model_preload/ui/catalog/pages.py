"""What stands in the table's place, or above it, when there is something to say first."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from model_preload.core.texts import Text, text
from model_preload.ui.catalog.sentences import Trouble
from model_preload.ui.icons import icon


class MessagePage(QWidget):
    """A sign, a sentence, the next step, and a button for each way out of it; the first one is the usual one."""

    def __init__(self, sign: str, actions: Sequence[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title, self._detail = _text(), _text()
        font = self._title.font()
        font.setPointSizeF(font.pointSizeF() * 1.4)
        self._title.setFont(font)
        side = self.fontMetrics().height() * 3
        picture = QLabel()
        picture.setPixmap(icon(sign).pixmap(side, side))
        row = QHBoxLayout()
        row.addStretch(1)
        for number, action in enumerate(actions):
            button = button_of(action)
            button.setDefault(not number)
            row.addWidget(button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.addStretch(2)
        column.addWidget(picture, 0, Qt.AlignmentFlag.AlignCenter)
        for label in (self._title, self._detail):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        column.addSpacing(self.fontMetrics().height() // 2)
        column.addLayout(row)
        column.addStretch(3)

    def say(self, title: Text, detail: Text) -> None:
        """What happened or is so, and what to do."""
        self._title.setText(str(title))
        self._detail.setText(str(detail))


class Banner(QFrame):
    """Tells what is in the way while the table can still be used.

    Signals:
        retry_wanted(Trouble): its next step, by itself.
        settings_wanted(str): a page.
        log_wanted(): what happened in full.
    """

    retry_wanted = Signal(object)
    settings_wanted = Signal(str)
    log_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._trouble: Trouble | None = None
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._title, self._detail = _text(), _text()
        font = self._title.font()
        font.setBold(True)
        self._title.setFont(font)
        side = round(self.fontMetrics().height() * 1.5)
        sign = QLabel()
        sign.setPixmap(icon("warning").pixmap(side, side))
        words = QVBoxLayout()
        words.addWidget(self._title)
        words.addWidget(self._detail)
        self._retry = QPushButton(str(text("&Try again")))
        self._settings = QPushButton(str(text("Setti&ngs…")))
        self._log = QPushButton(str(text("Show the lo&g")))
        self._retry.clicked.connect(lambda: self.retry_wanted.emit(self._trouble))
        self._settings.clicked.connect(self._want_settings)
        self._log.clicked.connect(self.log_wanted)
        row = QHBoxLayout(self)
        row.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        for button in (self._retry, self._settings, self._log):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        self.hide()

    def show_trouble(self, trouble: Trouble | None) -> None:
        """That, or nothing."""
        if trouble == self._trouble:
            return
        self._trouble = trouble
        if trouble is not None:
            self._title.setText(trouble.title)
            self._detail.setText(trouble.detail)
            self._settings.setVisible(bool(trouble.page))
        self.setVisible(trouble is not None)

    def _want_settings(self) -> None:
        if self._trouble is not None:
            self.settings_wanted.emit(self._trouble.page)


def button_of(action: QAction) -> QPushButton:
    """A button that does what the action does, in its words."""
    button = QPushButton(action.icon(), action.text())
    button.clicked.connect(action.trigger)
    action.changed.connect(lambda: button.setText(action.text()))
    return button


def _text() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label
