"""The page of the platform's folder, and of the places that engines share."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QAbstractTableModel, QDir, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableView,
    QWidget,
)

from model_preload.core.errors import Circumstance
from model_preload.core.events import Control, EventSink
from model_preload.core.settings import Settings
from model_preload.core.tasks.apply_env import EnvChange
from model_preload.core.tasks.engine_places import EnginePlace, places, propose_places
from model_preload.core.texts import Text, text
from model_preload.downloads.background import Background, Job
from model_preload.downloads.open_core import Opened
from model_preload.ui.forms.errands import Errands
from model_preload.ui.forms.note import Note
from model_preload.ui.forms.platform import PlatformField
from model_preload.ui.settings.page import Page

_HEADS = (text("What"), text("Folder"), text("Decided by"))
_Index = QModelIndex | QPersistentModelIndex


def shown_folder(place: EnginePlace) -> str:
    """The folder, or why there is none."""
    if place.folder is None:
        return str(text("In the platform's folder, which is not known"))
    return QDir.toNativeSeparators(str(place.folder))


def hindrance(place: EnginePlace, platform: Path | None) -> Text | None:
    """Why the place can't be changed here; None if it can."""
    if place.fixed:
        return text("The environment itself sets {variable}: change it there.", variable=place.variable)
    if platform is None:
        return text(
            "This is the engine's own place. Set {variable} in the environment to move it, or tell above where "
            "the platform is: then its .env can be changed from here.",
            variable=place.variable,
        )
    return None


class PlacesModel(QAbstractTableModel):
    """One row a place."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.places: Sequence[EnginePlace] = ()

    def use(self, found: Sequence[EnginePlace]) -> None:
        """Show those."""
        self.beginResetModel()
        self.places = found
        self.endResetModel()

    def rowCount(self, parent: _Index | None = None) -> int:  # noqa: N802  Qt's name
        return 0 if parent is not None and parent.isValid() else len(self.places)

    def columnCount(self, parent: _Index | None = None) -> int:  # noqa: N802  Qt's name
        return 0 if parent is not None and parent.isValid() else len(_HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> object:  # noqa: N802
        if role == Qt.ItemDataRole.DisplayRole and orientation is Qt.Orientation.Horizontal:
            return str(_HEADS[section])
        return None

    def data(self, index: _Index, role: int = 0) -> object:
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        place = self.places[index.row()]
        return (str(place.what), shown_folder(place), str(place.why))[index.column()]


class FoldersPage(Page):
    """Args: background: reads folders and proposes changes.

    Signals:
        env_change_wanted(EnvChange): to be shown and written by somebody else.
    """

    env_change_wanted = Signal(object)

    def __init__(self, background: Background) -> None:
        super().__init__(text("Platform and places"), "folder")
        self._errands = Errands(background, self)
        self._platform: Path | None = None
        self._looking: Job[tuple[EnginePlace, ...]] | None = None
        self._field = PlatformField(text("&Platform's folder"), background)
        self._field.entered.connect(self.entered)
        self.add(self._field)
        self.add_heading(text("Places that engines share"))
        self._model = PlacesModel(self)
        self._make_table()
        self._full = QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True)
        self._full.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.add_widget(self._full)
        self._note = Note()
        self.add_widget(self._note)
        self._change = QPushButton(str(text("&Change…")))
        self._default = QPushButton(str(text("Use the engine's &own")))
        row = QWidget()
        buttons = QHBoxLayout(row)
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.addWidget(self._change)
        buttons.addWidget(self._default)
        buttons.addStretch()
        self.add_widget(row)
        told = QLabel(
            str(
                text(
                    "A change is written into the platform's .env, after you have seen it. Models that are already "
                    "there are not moved."
                )
            ),
            textFormat=Qt.TextFormat.PlainText,
            wordWrap=True,
        )
        self.add_widget(told)
        self._table.selectionModel().currentRowChanged.connect(self._fit)
        self._change.clicked.connect(self._choose)
        self._default.clicked.connect(lambda: self._propose(None))
        self._table.doubleClicked.connect(self._choose)
        self._fit()

    def _make_table(self) -> None:
        table = self._table = QTableView(showGrid=False, wordWrap=False)
        table.setAccessibleName(str(text("Places that engines share")))
        table.setAlternatingRowColors(True)
        table.setTabKeyNavigation(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        table.setModel(self._model)
        table.verticalHeader().hide()
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        letters = self.fontMetrics()
        header.setMaximumSectionSize(letters.averageCharWidth() * 38)
        table.verticalHeader().setDefaultSectionSize(letters.height() * 3 // 2)
        table.setMinimumHeight(letters.height() * 3 // 2 * 5)
        self.add_widget(table)

    def show_settings(self, settings: Settings, variables: Mapping[str, str], *, keep: bool) -> None:
        super().show_settings(settings, variables, keep=keep)
        self._platform = settings.platform
        self._fit()

    def refresh(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
        self._looking = self._errands.start(_places, self._show, self._fail)

    def _show(self, found: tuple[EnginePlace, ...]) -> None:
        self._looking = None
        row = max(0, self._table.currentIndex().row())
        self._model.use(found)
        self._table.selectRow(row)
        self._fit()

    @property
    def _chosen(self) -> EnginePlace | None:
        row = self._table.currentIndex().row()
        return self._model.places[row] if 0 <= row < len(self._model.places) else None

    def _fit(self) -> None:
        place = self._chosen
        why_not = None if place is None else hindrance(place, self._platform)
        for button in (self._change, self._default):
            button.setEnabled(place is not None and why_not is None)
        self._full.setText("" if place is None else shown_folder(place))
        if place is None:
            self._note.clear()
        elif why_not is None:
            self._note.inform(text("{variable} in the platform's .env moves it.", variable=place.variable))
        else:
            self._note.inform(why_not)

    def _choose(self) -> None:
        place = self._chosen
        if place is None or hindrance(place, self._platform) is not None:
            return
        title = str(text("A folder for: {what}", what=place.what))
        dialog = QFileDialog(self.window(), title, "" if place.folder is None else str(place.folder))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda chosen: self._propose(Path(chosen)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _propose(self, folder: Path | None) -> None:
        place = self._chosen
        assert place is not None
        variable = place.variable

        def work(opened: Opened, control: Control, _sink: EventSink) -> EnvChange:
            return propose_places(opened.services, {variable: folder}, control)

        for button in (self._change, self._default):
            button.setEnabled(False)
        self._errands.start(work, self._proposed, self._fail)
        self._note.inform(text("Looking what the change would do …"))

    def _proposed(self, change: EnvChange) -> None:
        self._fit()
        if change.is_needed:
            self.env_change_wanted.emit(change)
        else:
            self._note.inform(text("The platform's .env says so already: there is nothing to change."))

    def _fail(self, problem: Circumstance) -> None:
        self._looking = None
        self._fit()
        self._note.tell(problem)


def _places(opened: Opened, _control: Control, _sink: EventSink) -> tuple[EnginePlace, ...]:
    return places(opened.services)
