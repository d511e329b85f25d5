"""What the dialog shows before a hub has answered, while it is asked, and when it did not give what was wanted."""

from PySide6.QtCore import Qt, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from model_preload.core.texts import text
from model_preload.ui.icons import icon
from model_preload.ui.own_models.labels import plain_label, title_label
from model_preload.ui.own_models.trouble import Trouble

_SETTINGS = {"hubs": text("Set a &token…"), "network": text("Network se&ttings…")}
"""What the button to a page of the settings says."""


class StartPage(QWidget):
    """What can be typed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.addStretch(2)
        column.addWidget(title_label(str(text("Which model shall be added?"))))
        for line in (
            text("A repository's name, such as owner/name, or owner/name@revision for a tag, branch or commit."),
            text("The address of a model's page, or of a folder or file in it, as copied from the browser."),
            text("The address of any file on the web."),
        ):
            column.addWidget(plain_label(f"•  {line}"))
        column.addStretch(3)


class BusyPage(QWidget):
    """While the hub is asked.

    Signals:
        cancelled()
    """

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._what = title_label()
        self._bar = QProgressBar(textVisible=False)
        self._bar.setAccessibleName(str(text("The hub is asked")))
        self._cancel = QPushButton(icon("stop"), str(text("Sto&p")))
        self._cancel.setAccessibleDescription(str(text("Ends the look-up; the Escape key does so too.")))
        self._cancel.clicked.connect(self.cancelled)
        column = QVBoxLayout(self)
        column.addStretch(2)
        column.addWidget(self._what)
        column.addWidget(self._bar)
        column.addWidget(self._cancel, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(3)

    def begin(self, host: str) -> None:
        """That hub is asked from now on; the bar moves only while it is."""
        self._what.setText(str(text("Asking {host}…", host=host)))
        self._bar.setRange(0, 0)

    def end(self) -> None:
        """Nobody is asked any more."""
        self._bar.setRange(0, 1)

    def focus(self) -> None:
        """Where the keyboard goes."""
        self._cancel.setFocus()


class TroublePage(QWidget):
    """Why there is no answer, and what to do.

    Signals:
        retry_wanted()
        settings_wanted(str): a page of the settings.
        blind_wanted(): go on without the list of files.
    """

    retry_wanted = Signal()
    settings_wanted = Signal(str)
    blind_wanted = Signal()

    def __init__(self, *, can_be_blind: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._trouble: Trouble | None = None
        self._title, self._step = title_label(), plain_label()
        side = self.fontMetrics().height() * 2
        picture = QLabel()
        picture.setPixmap(icon("warning").pixmap(side, side))
        self._page = QPushButton(icon("link"), str(text("Open the licence pa&ge")))
        self._settings = QPushButton(icon("settings"), "")
        self._retry = QPushButton(icon("retry"), str(text("Tr&y again")))
        self._blind = QPushButton(icon("edit"), str(text("Edit &without the list of files")))
        if not can_be_blind:
            self._blind.hide()
        self._page.clicked.connect(self._open_page)
        self._settings.clicked.connect(self._want_settings)
        self._retry.clicked.connect(self.retry_wanted)
        self._blind.clicked.connect(self.blind_wanted)
        buttons = QHBoxLayout()
        for button in (self._page, self._settings, self._retry, self._blind):
            buttons.addWidget(button)
        buttons.addStretch(1)
        words = QVBoxLayout()
        words.addWidget(self._title)
        words.addWidget(self._step)
        words.addSpacing(self.fontMetrics().height() // 2)
        words.addLayout(buttons)
        row = QHBoxLayout()
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addSpacing(self.fontMetrics().height() // 2)
        row.addLayout(words, 1)
        column = QVBoxLayout(self)
        column.addStretch(2)
        column.addLayout(row)
        column.addStretch(3)

    def show_trouble(self, trouble: Trouble) -> None:
        """That from now on."""
        self._trouble = trouble
        self._title.setText(str(trouble.title))
        self._step.setText(str(trouble.next_step))
        self._page.setVisible(bool(trouble.page))
        self._settings.setVisible(bool(trouble.settings))
        self._settings.setText(str(_SETTINGS.get(trouble.settings, "")))
        self._retry.setVisible(trouble.retry)

    def said(self) -> str:
        """Title and next step, for a screen reader."""
        return f"{self._title.text()} {self._step.text()}"

    @Slot()
    def _open_page(self) -> None:
        if self._trouble is not None:
            QDesktopServices.openUrl(QUrl(self._trouble.page))

    @Slot()
    def _want_settings(self) -> None:
        if self._trouble is not None:
            self.settings_wanted.emit(self._trouble.settings)
