"""Asks before the first byte on a line or a battery that costs; the answer can be remembered."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QMessageBox, QWidget

from model_preload.core.texts import Text, text


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and the name of the setting that keeps the answer."""

    setting: str
    told: Text
    more: Text


METERED = Question(
    "when_metered",
    text("This line is metered. Preload all the same?"),
    text("Models are large: several gigabytes may be charged."),
)
BATTERY = Question(
    "when_on_battery",
    text("This PC runs on battery. Preload all the same?"),
    text("It may take long, and the PC does not go to sleep meanwhile."),
)


class Consent(QObject):
    """Lets bytes move, or not; GUI thread.

    Args:
        standing: what stands in the way just now, in this order, and what the user said of it: `ask`, `go-on`, `wait`.
        remember: keeps an answer: name of the setting, and `go-on` or `wait`.

    Signals:
        refused(): the user, now or earlier, wants to wait.
    """

    refused = Signal()

    def __init__(
        self,
        standing: Callable[[], list[tuple[Question, str]]],
        remember: Callable[[str, str], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._standing = standing
        self._remember = remember
        self._box: QMessageBox | None = None
        self._waiting: list[Callable[[], None]] = []

    def ask(self, over: QWidget | None, then: Callable[[], None]) -> None:
        """Call `then` at once if nothing has to be asked, or when the user said yes.

        While a question is open nothing is asked twice: one answer counts for all that wait for it.
        """
        self._waiting.append(then)
        if self._box is not None:
            self._box.raise_()
            self._box.activateWindow()
        else:
            self._ask(over, self._standing())

    def _ask(self, over: QWidget | None, left: list[tuple[Question, str]]) -> None:
        for number, (question, answer) in enumerate(left):
            if answer == "wait":
                self._end(agreed=False)
                return
            if answer != "go-on":
                self._open(over, question, left[number + 1 :])
                return
        self._end(agreed=True)

    def _end(self, *, agreed: bool) -> None:
        waiting, self._waiting = self._waiting, []
        if not agreed:
            self.refused.emit()
            return
        for then in waiting:
            then()

    def _open(self, over: QWidget | None, question: Question, rest: list[tuple[Question, str]]) -> None:
        box = QMessageBox(QMessageBox.Icon.Question, "Model Preload", str(question.told), parent=over)
        box.setInformativeText(str(question.more))
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        keep = QCheckBox(str(text("Do &not ask again")), box)
        box.setCheckBox(keep)
        go_on = box.addButton(str(text("&Preload")), QMessageBox.ButtonRole.AcceptRole)
        box.addButton(str(text("&Later")), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(go_on)

        def answered() -> None:
            self._box = None
            agreed = box.clickedButton() is go_on
            if keep.isChecked():
                self._remember(question.setting, "go-on" if agreed else "wait")
            if agreed:
                self._ask(over, rest)
            else:
                self._end(agreed=False)

        box.finished.connect(answered)
        self._box = box
        box.open()
