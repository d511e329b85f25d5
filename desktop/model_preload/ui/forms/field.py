"""One setting in a form."""

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from model_preload.core.settings import check
from model_preload.core.texts import Text, text
from model_preload.ui.forms.note import Note


class Field(QWidget):
    """Shows a setting's value, lets it be edited, and says why what is there can't be one.

    Args:
        name: of the setting.
        title: what the user calls it, with its mnemonic.
        control: what is edited first, which the title stands for.

    Attributes:
        label: to stand beside it; None where the control has the title itself.

    Signals:
        edited(): by the user, or by what the user asked for.
    """

    edited = Signal()

    def __init__(self, name: str, title: Text, control: QWidget, *beside: QWidget) -> None:
        super().__init__()
        self.name = name
        self.note = Note(self)
        self.label: QLabel | None = None
        if not isinstance(control, QCheckBox):
            self.label = QLabel(str(title))
            self.label.setBuddy(control)
        control.setAccessibleName(str(title).replace("&", ""))
        self.setFocusProxy(control)
        self._control = control
        self._stored: Any = None
        self._clean: Any = None
        self._is_shown = False
        self._variable = ""
        self._row = QHBoxLayout()
        self._row.addWidget(control, 1)
        for widget in beside:
            self._row.addWidget(widget)
        self._beside = (control, *beside)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addLayout(self._row)
        self._column.addWidget(self.note)
        self.edited.connect(self._say)

    def _read(self) -> Any:
        """What the controls show, as `core.settings.check` takes it."""
        raise NotImplementedError

    def _show(self, value: Any) -> None:
        """Have the controls show it."""
        raise NotImplementedError

    def _refusal(self) -> Text | None:
        """Why what is there can't be the value."""
        return check(self.name, self._read())

    def _remark(self) -> None:
        """Say what is worth knowing of a value that is right."""
        self.note.clear()

    @property
    def is_changed(self) -> bool:
        """Whether it is another one than was shown."""
        return self._is_shown and bool(self._read() != self._clean)

    @property
    def value(self) -> Any:
        """What was shown, as it was, unless it was edited."""
        return self._read() if self.is_changed else self._stored

    @property
    def is_fit(self) -> bool:
        """Whether it can be applied."""
        return not self.is_changed or self._refusal() is None

    def holds(self, value: Any) -> bool:
        """Whether it shows this value, whoever brought it there."""
        return bool(self._read() == value)

    def propose(self, value: Any) -> None:
        """Show it as if the user had chosen it."""
        self._show(value)
        self.edited.emit()

    def show_value(self, value: Any, variable: str = "") -> None:
        """Show what holds.

        Args:
            variable: the environment's that decides it, so that it can't be edited here.
        """
        self._stored = value
        self._variable = variable
        self.blockSignals(True)
        self._show(value)
        self.blockSignals(False)
        self._clean = self._read()
        self._is_shown = True
        self.set_editable(not variable)
        self._say()

    def revert(self) -> None:
        """Show again what holds."""
        self.show_value(self._stored, self._variable)

    def set_editable(self, editable: bool) -> None:
        """Let the user edit it or not; its note stays legible."""
        for widget in self._beside:
            widget.setEnabled(editable)

    def _say(self) -> None:
        refusal = self._refusal() if self.is_changed else None
        if self._variable:
            self.note.inform(text("Set by {variable} in the environment.", variable=self._variable))
        elif refusal is not None:
            self.note.warn(refusal)
        else:
            self._remark()
        self._control.setAccessibleDescription(self.note.text())


class SwitchField(Field):
    """Yes or no."""

    def __init__(self, name: str, title: Text) -> None:
        self._box = QCheckBox(str(title))
        super().__init__(name, title, self._box)
        self._box.toggled.connect(self.edited)

    def _read(self) -> bool:
        return self._box.isChecked()

    def _show(self, value: bool) -> None:
        self._box.setChecked(value)
