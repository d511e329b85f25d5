"""A list that the user puts in order, or leaves to others."""

from collections.abc import Iterable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout

from model_preload.core.texts import Text, text
from model_preload.ui.forms.field import Field
from model_preload.ui.icons import icon


def whole_order(first: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """Those that come first, and the rest behind them."""
    return tuple(dict.fromkeys((*first, *known)))


class OrderField(Field):
    """An order of all, or none.

    Args:
        names: what there is to put in order, and what each is called.
    """

    def __init__(self, name: str, title: Text, names: Mapping[str, Text]) -> None:
        self._box = QCheckBox(str(title))
        super().__init__(name, title, self._box)
        self._names = names
        self._list = QListWidget()
        self._list.setAccessibleName(str(text("Order")))
        self._up = QPushButton(icon("up"), str(text("&Up")))
        self._down = QPushButton(icon("down"), str(text("Do&wn")))
        buttons = QVBoxLayout()
        buttons.addWidget(self._up)
        buttons.addWidget(self._down)
        buttons.addStretch()
        row = QHBoxLayout()
        row.addWidget(self._list, 1)
        row.addLayout(buttons)
        self._column.insertLayout(1, row)
        self._box.toggled.connect(self._chosen)
        self._list.currentRowChanged.connect(self._fit)
        self._up.clicked.connect(lambda: self._move(-1))
        self._down.clicked.connect(lambda: self._move(1))

    def _chosen(self) -> None:
        self._fit()
        self.edited.emit()

    def _read(self) -> tuple[str, ...]:
        rows = range(self._list.count())
        return tuple(self._list.item(row).data(Qt.ItemDataRole.UserRole) for row in rows) if self._is_used else ()

    @property
    def _is_used(self) -> bool:
        return self._box.isChecked()

    def _show(self, value: tuple[str, ...]) -> None:
        self._box.setChecked(bool(value))
        self._list.clear()
        for name in whole_order(value, self._names):
            item = QListWidgetItem(str(self._names[name]))
            item.setData(Qt.ItemDataRole.UserRole, name)
            self._list.addItem(item)
        self._list.setCurrentRow(0)
        frame = 2 * self._list.frameWidth()
        self._list.setFixedHeight(sum(map(self._list.sizeHintForRow, range(self._list.count()))) + frame)
        self._fit()

    def _move(self, by: int) -> None:
        row = self._list.currentRow()
        item = self._list.takeItem(row)
        self._list.insertItem(row + by, item)
        self._list.setCurrentRow(row + by)
        self.edited.emit()

    def _fit(self) -> None:
        row, last = self._list.currentRow(), self._list.count() - 1
        self._list.setEnabled(self._is_used)
        self._up.setEnabled(self._is_used and row > 0)
        self._down.setEnabled(self._is_used and 0 <= row < last)
