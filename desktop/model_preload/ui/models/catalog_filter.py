"""Which rows of the catalog are shown, and in which order."""

from enum import Enum

from PySide6.QtCore import QObject, QSortFilterProxyModel, Qt

from model_preload.core.texts import Text, text
from model_preload.core.values import Verdict
from model_preload.downloads.board import Row
from model_preload.downloads.values import Activity
from model_preload.ui.models.catalog_table import ORDER_ROLE, CatalogTable, Index


class Show(Enum):
    """What the filter lets through."""

    ALL = "all"
    NOT_READY = "not ready"
    WORKING = "working"
    """In the queue, also if paused."""
    FAILED = "failed"
    READY = "ready"
    PARTIAL = "partial"
    MISSING = "missing"
    DAMAGED = "damaged"
    UNVERIFIED = "unverified"
    OUTDATED = "outdated"

    @property
    def label(self) -> Text:
        return _LABELS.get(self) or Verdict(self.value).label

    def lets(self, row: Row) -> bool:
        """Whether a row is shown."""
        match self:
            case Show.ALL:
                return True
            case Show.NOT_READY:
                return not row.ready
            case Show.WORKING:
                return row.work.activity not in (Activity.IDLE, Activity.FAILED)
            case Show.FAILED:
                return row.work.activity is Activity.FAILED
            case _:
                return row.verdict is not None and row.verdict.value == self.value


_LABELS = {
    Show.ALL: text("All models"),
    Show.NOT_READY: text("Not ready"),
    Show.WORKING: text("Working or waiting"),
    Show.FAILED: text("Failed"),
}


class CatalogFilter(QSortFilterProxyModel):
    """Search and filter over a `CatalogTable`; sorted by raw values, names in the language's order."""

    def __init__(self, table: CatalogTable, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._table = table
        self._show = Show.ALL
        self._words: tuple[str, ...] = ()
        self.setSortRole(ORDER_ROLE)
        self.setSortCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setSortLocaleAware(True)
        self.setSourceModel(table)

    def search(self, written: str) -> None:
        """Show the rows that have all these words in name, key, repository or licence."""
        self.beginFilterChange()
        self._words = tuple(written.casefold().split())
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def show(self, what: Show) -> None:
        self.beginFilterChange()
        self._show = what
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def row_at(self, number: int) -> Row:
        """The row in that line of what is shown."""
        return self._table.row_at(self.mapToSource(self.index(number, 0)).row())

    def line_of(self, key: str) -> int | None:
        """In which line a model is shown; None if it is not."""
        number = self._table.number_of(key)
        if number is None:
            return None
        found = self.mapFromSource(self._table.index(number, 0))
        return found.row() if found.isValid() else None

    def filterAcceptsRow(self, number: int, _parent: Index) -> bool:  # noqa: N802  as Qt's
        if not self._show.lets(self._table.row_at(number)):
            return False
        found = self._table.words_of(number) if self._words else ""
        return all(word in found for word in self._words)
