"""The log as a table: what of the buffer is to be seen, and how a record looks as a row and as a line of text.

The filter is part of the model and exchanges all rows at once: of 20,000 scattered rows a QSortFilterProxyModel would
take out each run of neighbours by itself.
"""

import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Slot
from PySide6.QtGui import QColor, QFontDatabase, QGuiApplication, QPalette

from model_preload.core.texts import Text, text
from model_preload.downloads.log_buffer import LogBuffer, LogEntry

TIME, LEVEL, MODEL, MESSAGE = range(4)
HEADINGS = (text("Time"), text("Level"), text("Model"), text("Message"))
ENTRY = Qt.ItemDataRole.UserRole
"""The role of the `LogEntry` itself."""


@dataclass(frozen=True, slots=True)
class _Look:
    """A level's word and shape; the colours have a contrast of 4.5 on a light and on a dark ground."""

    least: int
    sign: str
    word: Text
    on_light: str | None = None
    on_dark: str | None = None


_LOOKS = (
    _Look(logging.ERROR, "■", text("Error"), "#b3261e", "#ff8a80"),
    _Look(logging.WARNING, "▲", text("Warning"), "#8a5300", "#ffb74d"),
    _Look(logging.INFO, "●", text("Info")),
    _Look(logging.NOTSET, "○", text("Detail"), "#5f6368", "#a8adb3"),
)


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which records are seen; the default is all.

    Attributes:
        words: stand in message, traceback, logger or thread, in whatever case.
        level: the least, as in `logging`.
        model: the key of the model that the record is about; empty for any.
        after: only records with a greater number.
    """

    words: str = ""
    level: int = logging.NOTSET
    model: str = ""
    after: int = 0

    def passing(self, entries: Iterable[LogEntry]) -> list[LogEntry]:
        """Those that are seen, in their order."""
        words, level, model, after = self.words.casefold(), self.level, self.model, self.after
        found = [entry for entry in entries if entry.level >= level and entry.number > after]
        if model:
            found = [entry for entry in found if entry.about == model]
        if words:
            found = [
                entry
                for entry in found
                if words in entry.details.casefold()
                or words in entry.logger.casefold()
                or words in entry.thread.casefold()
            ]
        return found


class LogModel(QAbstractTableModel):
    """What a `LogFilter` lets through, oldest first; belongs to the main thread.

    Args:
        names: key and name of each model of the catalog; what else a record is about is not shown as one.
    """

    def __init__(self, buffer: LogBuffer, names: Mapping[str, str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._buffer = buffer
        self._names = names
        self._font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        self._filter = LogFilter()
        self._shown = list(buffer.entries)
        buffer.arrived.connect(self._arrived)

    @property
    def filter(self) -> LogFilter:
        """What is let through."""
        return self._filter

    def set_filter(self, wanted: LogFilter) -> None:
        """Exchange all rows, if it is another one; selection and current row are gone then."""
        if wanted != self._filter:
            self.beginResetModel()
            self._filter = wanted
            self._shown = wanted.passing(self._buffer.entries)
            self.endResetModel()

    def set_names(self, names: Mapping[str, str]) -> None:
        """Another catalog, or its names in another language."""
        self._names = names
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, TIME, MESSAGE)
        if self._shown:
            self.dataChanged.emit(self.index(0, TIME), self.index(len(self._shown) - 1, MESSAGE))

    def entry(self, row: int) -> LogEntry:
        """The record of a row."""
        return self._shown[row]

    @Slot(object)
    def _arrived(self, batch: tuple[LogEntry, ...]) -> None:
        gone, oldest = 0, self._buffer.oldest
        while gone < len(self._shown) and self._shown[gone].number < oldest:
            gone += 1
        if gone:
            self.beginRemoveRows(QModelIndex(), 0, gone - 1)
            del self._shown[:gone]
            self.endRemoveRows()
        new = self._filter.passing(entry for entry in batch if entry.number >= oldest)
        if new:
            self.beginInsertRows(QModelIndex(), len(self._shown), len(self._shown) + len(new) - 1)
            self._shown += new
            self.endInsertRows()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008, N802
        """See Qt."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008, N802
        """See Qt."""
        return 0 if parent.isValid() else len(HEADINGS)

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The headings, in the language in use."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return str(HEADINGS[section])
        return None

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, fonts, the level's colour, what a screen reader says of a level, and under `ENTRY` the record."""
        if not index.isValid():
            return None
        entry, column = self._shown[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._cell(entry, column)
            case Qt.ItemDataRole.FontRole if column in {TIME, MESSAGE}:
                return self._font
            case Qt.ItemDataRole.AccessibleTextRole if column == LEVEL:
                return str(_look(entry.level).word)
            case Qt.ItemDataRole.ForegroundRole if column == LEVEL:
                return _colour(entry.level)
            case _ if role == ENTRY:
                return entry
        return None

    def _cell(self, entry: LogEntry, column: int) -> str:
        match column:
            case 0:
                return clock(entry)
            case 1:
                look = _look(entry.level)
                return f"{look.sign} {look.word}"
            case 2:
                return self._names.get(entry.about, "")
            case _:
                return entry.line


def clock(entry: LogEntry) -> str:
    """When, in local time, as the log's file has it: this is to be compared with the file, not with a calendar."""
    return f"{time.strftime('%H:%M:%S', time.localtime(entry.time))}.{int(entry.time * 1000) % 1000:03}"


def as_text(entry: LogEntry) -> str:
    """The record as the log's file has it, for the clipboard."""
    moment = f"{time.strftime('%Y-%m-%d', time.localtime(entry.time))} {clock(entry)}"
    return f"{moment} {logging.getLevelName(entry.level):7} {entry.thread} {entry.logger}: {entry.details}"


def widest_level() -> str:
    """The longest text of the level column, to make room for."""
    return max((f"{look.sign} {look.word}" for look in _LOOKS), key=len)


def _look(level: int) -> _Look:
    return next(look for look in _LOOKS if level >= look.least)


def _colour(level: int) -> QColor | None:
    look = _look(level)
    if look.on_light is None:
        return None
    is_dark = QGuiApplication.palette().color(QPalette.ColorRole.Base).lightness() < 128
    return QColor(look.on_dark if is_dark else look.on_light)
