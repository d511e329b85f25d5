"""What takes its time, with a bar and a way to end it; or what was done last."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from model_preload.core.texts import Text, text
from model_preload.ui.icons import icon


class Strip(QWidget):
    """Hidden while there is nothing to say.

    Signals:
        cancelled(): the user wants an end of it.
    """

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True)
        self._words.setAccessibleName(str(text("What goes on")))
        self._bar = QProgressBar(maximum=1000, textVisible=False)
        self._bar.setAccessibleName(str(text("How far it is")))
        self._cancel = QPushButton(icon("stop"), str(text("Ca&ncel")))
        self._hide = QPushButton(str(text("&OK")))
        self._hide.setAccessibleDescription(str(text("Takes this message away.")))
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self._words, 2)
        line.addWidget(self._bar, 1)
        line.addWidget(self._cancel)
        line.addWidget(self._hide)
        self._cancel.clicked.connect(self.cancelled)
        self._hide.clicked.connect(self.clear)
        self.hide()

    def work(self, words: Text, permille: int | None = None) -> None:
        """Something goes on; how far it is, is not known where no permille are given."""
        self._words.setText(str(words))
        self._bar.setMaximum(0 if permille is None else 1000)
        self._bar.setValue(permille or 0)
        self._see(working=True)

    def say(self, words: Text | str) -> None:
        """Something is done, or could not be."""
        self._words.setText(str(words))
        self._see(working=False)

    @Slot()
    def clear(self) -> None:
        self.hide()

    def _see(self, *, working: bool) -> None:
        self._bar.setVisible(working)
        self._cancel.setVisible(working)
        self._hide.setVisible(not working)
        self.show()
