"""What the doctor found, in sections, each finding with its next step below it."""

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QIcon, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QHeaderView, QStyledItemDelegate, QStyleOptionViewItem, QTreeView, QWidget

from model_preload.core.tasks.doctor.finding import CHECKS, Finding, Level
from model_preload.core.texts import Text, plural, text
from model_preload.core.values import Verdict
from model_preload.ui.icons import symbol, text_colour
from model_preload.ui.theme import is_dark, verdict_colour


@dataclass(frozen=True)
class Section:
    """Findings that belong together.

    Attributes:
        is_open: they are worth reading also where all is well.
    """

    name: Text
    checks: frozenset[str]
    is_open: bool = False


SECTIONS = (
    Section(text("System, memory, graphics"), frozenset({"system", "graphics"}), is_open=True),
    Section(text("Room on the drives"), frozenset({"space"}), is_open=True),
    Section(text("The platform"), frozenset({"platform", "platform-env", "platform-service"}), is_open=True),
    Section(text("Folders"), frozenset({"filesystem", "rights", "links", "long-paths", "holding"})),
    Section(text("Network and hubs"), frozenset({"dns", "hub", "portal", "certificate", "clock", "proxy"})),
    Section(text("Token and access"), frozenset({"token", "access"})),
    Section(text("This program"), frozenset({"settings", "environment", "journal", "run"})),
)
"""Every check is in one of them."""

_CHECK = Qt.ItemDataRole.UserRole
_LEVEL = Qt.ItemDataRole.UserRole + 1
_SYMBOLS = {
    Level.OK: ("check", Verdict.READY),
    Level.NOTE: ("info", Verdict.OUTDATED),
    Level.PROBLEM: ("warning", Verdict.DAMAGED),
}
_WORST = (Level.OK, Level.NOTE, Level.PROBLEM)
_LINES = 1000


def level_icon(level: Level) -> QIcon:
    """A sign with a shape of its own, in the colour of the verdict that weighs as much."""
    name, like = _SYMBOLS[level]
    return symbol(
        name,
        lambda mode: (
            verdict_colour(like, dark=is_dark())
            if mode not in (QIcon.Mode.Selected, QIcon.Mode.Disabled)
            else text_colour(mode)
        ),
    )


class FindingsView(QTreeView):
    """Two columns: how much it matters, in a sign and a word; what was found. GUI thread.

    Args:
        in_sections: findings stand below the headings of `SECTIONS`; else one after the other.
    """

    def __init__(self, *, in_sections: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent, headerHidden=True, wordWrap=True, allColumnsShowFocus=True)
        self._in_sections = in_sections
        self._items = QStandardItemModel(0, 2, self)
        self.setModel(self._items)
        self.setItemDelegate(_Wrapped(self))
        self.setRootIsDecorated(in_sections)
        self.setVerticalScrollMode(QTreeView.ScrollMode.ScrollPerPixel)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        self.header().setStretchLastSection(True)
        self.header().sectionResized.connect(self.scheduleDelayedItemsLayout)

    def show_findings(self, findings: Iterable[Finding]) -> None:
        """Those, and no others."""
        self._items.removeRows(0, self._items.rowCount())
        for finding in findings:
            self.add(finding)

    def add(self, finding: Finding) -> None:
        """One more, where it belongs in the order of the checks."""
        above = self._section(finding) if self._in_sections else self._items.invisibleRootItem()
        place = CHECKS.index(finding.check)
        at = next((row for row in range(above.rowCount()) if above.child(row).data(_CHECK) > place), above.rowCount())
        level = _item(str(finding.level.label))
        level.setIcon(level_icon(finding.level))
        level.setData(place, _CHECK)
        level.setData(finding.level, _LEVEL)
        words = str(finding.told)
        if finding.next_step is not None:
            words = f"{words}\n→ {finding.next_step}"
        told = _item(words)
        told.setData(words.replace("\n→ ", "\n"), Qt.ItemDataRole.AccessibleTextRole)
        above.insertRow(at, [level, told])
        if self._in_sections:
            self._sum_up(above)

    def check(self, index: QModelIndex) -> str:
        """The check that a row tells of; "" for a heading."""
        place = index.siblingAtColumn(0).data(_CHECK)
        is_finding = index.parent().isValid() or not self._in_sections
        return CHECKS[place] if is_finding and place is not None else ""

    def _section(self, finding: Finding) -> QStandardItem:
        number = next(number for number, section in enumerate(SECTIONS) if finding.check in section.checks)
        root = self._items.invisibleRootItem()
        at = 0
        while at < root.rowCount() and root.child(at).data(_CHECK) < number:
            at += 1
        if at < root.rowCount() and root.child(at).data(_CHECK) == number:
            return root.child(at)
        head, summary = _item(str(SECTIONS[number].name)), _item("")
        bold = head.font()
        bold.setBold(True)
        head.setFont(bold)
        head.setData(number, _CHECK)
        root.insertRow(at, [head, summary])
        return head

    def _sum_up(self, head: QStandardItem) -> None:
        levels: list[Level] = [head.child(row).data(_LEVEL) for row in range(head.rowCount())]
        worst = max(levels, key=_WORST.index)
        head.setIcon(level_icon(worst))
        problems = levels.count(Level.PROBLEM)
        words = plural("{n} finding, all is well", "{n} findings, all is well", len(levels))
        if problems:
            words = plural("{n} problem", "{n} problems", problems)
        elif worst is Level.NOTE:
            words = plural(
                "{n} finding, nothing stands in the way", "{n} findings, nothing stands in the way", len(levels)
            )
        self._items.item(head.row(), 1).setText(str(words))
        if problems or SECTIONS[head.data(_CHECK)].is_open:
            self.expand(head.index())


class _Wrapped(QStyledItemDelegate):
    """As high as the words need in the width that the column has."""

    def __init__(self, view: QTreeView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: N802
        letters = option.fontMetrics
        margin = letters.height() // 5
        if index.column() == 0:
            return super().sizeHint(option, index).expandedTo(QSize(0, letters.height() + 2 * margin))
        width = max(letters.averageCharWidth() * 10, self._view.columnWidth(1) - 2 * margin)
        words = str(index.data() or "")
        space = QRect(0, 0, width, letters.height() * _LINES)
        needed = letters.boundingRect(space, int(Qt.TextFlag.TextWordWrap | Qt.TextFlag.TextWrapAnywhere), words)
        return QSize(letters.averageCharWidth() * 10, needed.height() + 3 * margin)

    def initStyleOption(  # noqa: N802
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        top = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft  # the sign beside the first line
        option.displayAlignment = top
        option.decorationAlignment = top


def _item(words: str) -> QStandardItem:
    item = QStandardItem(words)
    item.setEditable(False)
    return item
