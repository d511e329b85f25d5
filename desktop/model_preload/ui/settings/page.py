"""A page of fields."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QFormLayout,
    QFrame,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from model_preload.core.settings import Settings
from model_preload.core.texts import Text
from model_preload.ui.forms.field import Field
from model_preload.ui.preferences import Preferences


class Page(QScrollArea):
    """What is edited on it counts when it is applied, all of it together.

    Args:
        title: as the list of pages has it.
        symbol: name of its icon.

    Signals:
        state_changed(): what it holds, or whether that can be applied, is different now.
        entered(): Enter was pressed in a text.
    """

    state_changed = Signal()
    entered = Signal()

    def __init__(self, title: Text, symbol: str) -> None:
        super().__init__(widgetResizable=True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.title = title
        self.symbol = symbol
        self._fields: list[Field] = []
        body = QWidget()
        self.setWidget(body)
        whole = QVBoxLayout(body)
        self._column = QVBoxLayout()
        whole.addLayout(self._column)
        whole.addStretch(1)
        self._form = self.add_form()

    def add_form(self) -> QFormLayout:
        """Fields added from now on come into a new block below what there is."""
        form = self._form = QFormLayout(
            fieldGrowthPolicy=QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow,
            rowWrapPolicy=QFormLayout.RowWrapPolicy.DontWrapRows,
        )
        form.setVerticalSpacing(self.fontMetrics().height() * 2 // 3)
        self._column.addLayout(form)
        return form

    def add(self, field: Field) -> None:
        """One more field."""
        self._fields.append(field)
        if field.label is None:
            self._form.addRow(field)
        else:
            self._form.addRow(field.label, field)
        field.edited.connect(self.state_changed)
        for kind in (QComboBox, QAbstractSpinBox):
            for widget in field.findChildren(kind):
                widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
                widget.installEventFilter(self)

    def add_heading(self, words: Text) -> None:
        """A line over what comes next."""
        heading = QLabel(str(words), textFormat=Qt.TextFormat.PlainText)
        font = heading.font()
        font.setBold(True)
        heading.setFont(font)
        heading.setContentsMargins(0, self.fontMetrics().height() // 2, 0, 0)
        self.add_widget(heading)

    def add_widget(self, widget: QWidget) -> None:
        """Anything else, over the whole width."""
        self._column.addWidget(widget)

    @property
    def is_changed(self) -> bool:
        """Whether anything is different from what holds."""
        return any(field.is_changed for field in self._fields)

    @property
    def is_fit(self) -> bool:
        """Whether it can be applied."""
        return all(field.is_fit for field in self._fields)

    def changes(self) -> dict[str, Any]:
        """What was edited, by the names of the settings."""
        return {field.name: field.value for field in self._fields if field.is_changed}

    def propose(self, changes: Mapping[str, Any]) -> None:
        """Show values as if the user had edited them; names that are not on this page are passed over."""
        for field in self._fields:
            if field.name in changes:
                field.propose(changes[field.name])

    def show_settings(self, settings: Settings, variables: Mapping[str, str], *, keep: bool) -> None:
        """Show what holds.

        Args:
            keep: what is edited and not applied stays.
        """
        for field in self._fields:
            if field.name in Settings.__dataclass_fields__:
                value = getattr(settings, field.name)
                if not (keep and field.is_changed) or field.holds(value):
                    field.show_value(value, variables.get(field.name, ""))
        self.state_changed.emit()

    def revert(self) -> None:
        """Show again what holds."""
        for field in self._fields:
            field.revert()
        self.state_changed.emit()

    def apply(self, preferences: Preferences) -> None:
        """Make what was edited hold. Raises SettingsProblem, DiskProblem."""
        changes = {name: value for name, value in self.changes().items() if name in Settings.__dataclass_fields__}
        if changes:
            preferences.save(**changes)

    def refresh(self) -> None:
        """Look again at what may have changed outside of the settings."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """A wheel that scrolls the page changes no value on its way."""
        if event.type() is QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)
