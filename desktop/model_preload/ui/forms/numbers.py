"""Whole numbers and rates."""

from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QSpinBox

from model_preload.core.texts import Text, text
from model_preload.ui.forms.field import Field

_KB, _MB = 1_000, 1_000_000
_TYPED = 9_999
_USUAL = 5_000_000
"""Bytes a second where somebody begins to limit."""


def split_rate(bytes_per_second: int) -> tuple[float, int]:
    """Number and unit, 1,000 or 1,000,000, that say exactly this; at most three digits behind the point."""
    unit = _MB if bytes_per_second >= _MB and bytes_per_second % _KB == 0 else _KB
    return bytes_per_second / unit, unit


def joined_rate(number: float, unit: int) -> int:
    """Bytes a second; the other way round."""
    return round(number * unit)


class _Whole(QSpinBox):
    """Steps stay within the limits; more can be typed, since a digit that is swallowed leaves another number."""

    def __init__(self, low: int, high: int) -> None:
        super().__init__(minimum=0, maximum=_TYPED)
        self._low, self._high = low, high

    def stepBy(self, steps: int) -> None:  # noqa: N802  Qt's name
        self.setValue(min(max(self.value() + steps, self._low), self._high))

    def stepEnabled(self) -> QSpinBox.StepEnabledFlag:  # noqa: N802  Qt's name
        enabled = QSpinBox.StepEnabledFlag.StepNone
        if self.value() < self._high:
            enabled |= QSpinBox.StepEnabledFlag.StepUpEnabled
        if self.value() > self._low:
            enabled |= QSpinBox.StepEnabledFlag.StepDownEnabled
        return enabled


class NumberField(Field):
    """A whole number within limits; of one beyond them it says what is expected."""

    def __init__(self, name: str, title: Text, low: int, high: int) -> None:
        self._box = _Whole(low, high)
        super().__init__(name, title, self._box)
        self._row.addStretch(1)
        self._box.valueChanged.connect(self.edited)

    def _read(self) -> int:
        return self._box.value()

    def _show(self, value: int) -> None:
        self._box.setValue(value)


class _Number(QDoubleSpinBox):
    """Without the zeros that say nothing."""

    def textFromValue(self, value: float) -> str:  # noqa: N802  Qt's name
        written = super().textFromValue(value)
        point = self.locale().decimalPoint()
        return written.rstrip("0").removesuffix(point) if point in written else written


class RateField(Field):
    """Bytes a second in a unit, or no limit."""

    def __init__(self, name: str, title: Text) -> None:
        self._kind = QComboBox()
        self._kind.addItem(str(text("No limit")), False)
        self._kind.addItem(str(text("At most")), True)
        self._number = _Number(decimals=3, minimum=0.001, maximum=9_999_999)
        self._unit = QComboBox()
        self._unit.addItem("kB/s", _KB)
        self._unit.addItem("MB/s", _MB)
        super().__init__(name, title, self._kind, self._number, self._unit)
        self._row.addStretch(1)
        self._number.setAccessibleName(str(text("Number")))
        self._unit.setAccessibleName(str(text("Unit")))
        self._kind.currentIndexChanged.connect(self._chosen)
        self._number.valueChanged.connect(self.edited)
        self._unit.currentIndexChanged.connect(self.edited)

    def _chosen(self) -> None:
        self._fit()
        self.edited.emit()

    def _fit(self) -> None:
        for widget in (self._number, self._unit):
            widget.setVisible(bool(self._kind.currentData()))

    def _read(self) -> int:
        return joined_rate(self._number.value(), self._unit.currentData()) if self._kind.currentData() else 0

    def _show(self, value: int) -> None:
        number, unit = split_rate(value or _USUAL)
        self._kind.setCurrentIndex(1 if value else 0)
        self._number.setValue(number)
        self._unit.setCurrentIndex(self._unit.findData(unit))
        self._fit()
