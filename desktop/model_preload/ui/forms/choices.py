"""A choice of several, and a choice of several or of one's own."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QPushButton

from model_preload.core.events import Control, EventSink
from model_preload.core.settings import check
from model_preload.core.tasks.doctor.finding import Finding, Level
from model_preload.core.tasks.reach import reach
from model_preload.core.texts import LANGUAGES, Text, text
from model_preload.downloads.background import Background, Job
from model_preload.downloads.open_core import Opened
from model_preload.ui.forms.errands import Errands
from model_preload.ui.forms.field import Field

Choices = Sequence[tuple[str, Text | str]]
"""Values, and what each is called."""

LANGUAGE_CHOICES: Choices = (("", text("The system's")), *LANGUAGES.items())
HUGGINGFACE_CHOICES: Choices = (
    ("https://huggingface.co", text("Hugging Face itself (huggingface.co)")),
    ("https://hf-mirror.com", text("The mirror hf-mirror.com, for mainland China")),
)
MODELSCOPE_CHOICES: Choices = (
    ("https://modelscope.cn", text("ModelScope itself (modelscope.cn)")),
    ("https://www.modelscope.ai", text("ModelScope outside China (modelscope.ai)")),
)


def _box() -> QComboBox:
    """One that may become narrower than its longest choice, so that a form fits a small screen."""
    box = QComboBox(sizeAdjustPolicy=QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(12)
    return box


class ChoiceField(Field):
    """One of several."""

    def __init__(self, name: str, title: Text, choices: Choices) -> None:
        self._box = _box()
        for value, called in choices:
            self._box.addItem(str(called), value)
        super().__init__(name, title, self._box)
        self._box.currentIndexChanged.connect(self.edited)

    def _read(self) -> str:
        return str(self._box.currentData())

    def _show(self, value: str) -> None:
        """What only a file can say, such as another name of a language, is one more choice."""
        if self._box.findData(value) < 0:
            self._box.addItem(value, value)
        self._box.setCurrentIndex(self._box.findData(value))


class OwnChoiceField(Field):
    """One of several, or a text of one's own.

    Signals:
        entered(): Enter was pressed in the text.
    """

    entered = Signal()

    def __init__(self, name: str, title: Text, choices: Choices, own: Text, example: str) -> None:
        self._box = _box()
        for value, called in choices:
            self._box.addItem(str(called), value)
        self._box.addItem(str(own), None)
        self._own = QLineEdit(placeholderText=example)
        super().__init__(name, title, self._box)
        self._own.setAccessibleName(str(own))
        self._column.insertWidget(1, self._own)
        self._box.currentIndexChanged.connect(self._chosen)
        self._own.textChanged.connect(self.edited)
        self._own.returnPressed.connect(self.entered)

    @property
    def _is_own(self) -> bool:
        return self._box.currentData() is None

    def _chosen(self) -> None:
        self._own.setVisible(self._is_own)
        if self._is_own and self._box.hasFocus():
            self._own.setFocus(Qt.FocusReason.OtherFocusReason)
        self.edited.emit()

    def _read(self) -> str:
        return self._own.text().strip() if self._is_own else str(self._box.currentData())

    def _show(self, value: str) -> None:
        known = self._box.findData(value)
        self._box.setCurrentIndex(self._box.count() - 1 if known < 0 else known)
        self._own.setText(value if known < 0 else "")
        self._own.setVisible(self._is_own)

    def _refusal(self) -> Text | None:
        if self._is_own and not self._read():
            return text("The address is missing.")
        return check(self.name, self._read())

    @property
    def is_changed(self) -> bool:
        """Also by the wish to write a text that is not there yet."""
        return super().is_changed or (self._is_shown and self._is_own and not self._read())

    def set_editable(self, editable: bool) -> None:
        super().set_editable(editable)
        self._own.setEnabled(editable)


class HubField(OwnChoiceField):
    """A hub's address, with a test of it before it is applied.

    Args:
        hub: `huggingface` or `modelscope`.
        background: does the test.
    """

    def __init__(self, name: str, title: Text, choices: Choices, hub: str, background: Background) -> None:
        super().__init__(name, title, choices, text("An address of your own"), choices[0][0])
        self._hub = hub
        self._errands = Errands(background, self)
        self._job: Job[Finding] | None = None
        self._test = QPushButton(str(text("Test")), autoDefault=False)
        self._test.setAccessibleName(str(text("Test {what}", what=str(title).replace("&", ""))))
        self._test.clicked.connect(self._test_or_stop)
        self._row.addWidget(self._test)
        self.edited.connect(self.stop)

    def stop(self) -> None:
        """Give up a test that runs."""
        if self._job is not None:
            self._job.cancel()
            self._ended()
            self._say()

    def _test_or_stop(self) -> None:
        if self._job is not None:
            self.stop()
            return
        hub, address = self._hub, self._read()

        def work(opened: Opened, control: Control, _sink: EventSink) -> Finding:
            return reach(opened.services, hub, address, control)

        self._job = self._errands.start(work, self._tell, self._fail)
        self._test.setText(str(text("Stop")))
        self.note.inform(text("Asking {address} …", address=address))

    def _tell(self, found: Finding) -> None:
        self._ended()
        if found.level is Level.PROBLEM:
            self.note.warn(text("{title} {step}", title=found.told, step=found.next_step))
        else:
            self.note.inform(found.told)

    def _fail(self, problem: Any) -> None:
        self._ended()
        self.note.tell(problem)

    def _ended(self) -> None:
        self._job = None
        self._test.setText(str(text("Test")))

    def _say(self) -> None:
        super()._say()
        self._test.setEnabled(self._refusal() is None)
