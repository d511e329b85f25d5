"""The report for the clipboard, and the diagnostics for a file."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QDate, QObject, QStandardPaths, Qt, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from model_preload.core import errors
from model_preload.core.events import Control, EventSink
from model_preload.core.tasks import diagnostics, report
from model_preload.core.texts import text
from model_preload.downloads.background import Background
from model_preload.downloads.board import Board
from model_preload.downloads.examiner import Examiner
from model_preload.downloads.open_core import Opened

Report = Callable[[report.Redact], str]
"""Makes the report, without what that function takes out."""


class Reports(QObject):
    """Asks where to save by dialogs over its window.

    Args:
        quick: where report and archive are made: what is to be taken out of them is asked of the system.
        home: the state folder.
        language: of the models' names, by its gettext name.

    Signals:
        told(Text): what was done.
        failed(Circumstance): why the report could not be made or the archive not be saved.
    """

    told = Signal(object)
    failed = Signal(object)

    def __init__(
        self, board: Board, examiner: Examiner, quick: Background, home: Path, language: str, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._board = board
        self._examiner = examiner
        self._quick = quick
        self._home = home
        self._language = language
        self._window = parent

    @Slot()
    def copy(self) -> None:
        """Put the report into the clipboard, a moment later."""
        self._quick.start(partial(_written, self._report()), self._copied, self._failed)

    def _report(self) -> Report:
        """Of what is known now; of the machine what was found so far."""
        statuses = [row.status for row in self._board.rows() if row.status is not None]
        return partial(report.markdown, statuses, self._examiner.findings, self._language)

    def _copied(self, written: str) -> None:
        QGuiApplication.clipboard().setText(written)
        told = text("The report is in the clipboard.")
        if not self._examiner.findings:
            told = text("The report is in the clipboard. To have the machine in it too, examine that first.")
        self.told.emit(told)

    @Slot()
    def ask(self) -> None:
        """Say what the archive has in it, then where it goes."""
        asking = QMessageBox(
            QMessageBox.Icon.Information,
            str(text("Diagnostics")),
            str(text("Save an archive for those who help you?")),
            parent=self._window,
        )
        asking.setTextFormat(Qt.TextFormat.PlainText)
        asking.setInformativeText(
            str(
                text(
                    "It holds the report, the settings, models of your own, the last runs, versions and the logs. "
                    "Tokens, passwords and user names are taken out. Nothing is sent anywhere."
                )
            )
        )
        save = asking.addButton(str(text("&Save as…")), QMessageBox.ButtonRole.AcceptRole)
        asking.addButton(str(text("Ca&ncel")), QMessageBox.ButtonRole.RejectRole)
        asking.setDefaultButton(save)
        asking.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        asking.accepted.connect(self._choose)
        asking.open()

    @Slot()
    def _choose(self) -> None:
        name = f"model-preload-{QDate.currentDate().toString(Qt.DateFormat.ISODate)}.zip"
        choosing = QFileDialog(self._window, str(text("Save diagnostics")), str(_documents()))
        choosing.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        choosing.setNameFilter(str(text("Archive (*.zip)")))
        choosing.setDefaultSuffix("zip")
        choosing.selectFile(name)
        choosing.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        choosing.fileSelected.connect(self.save)
        choosing.open()

    @Slot(str)
    def save(self, name: str) -> None:
        """Save the archive under that name, and open its folder."""
        target = Path(name)
        work = partial(_save, self._home, target, self._report())
        self._quick.start(work, self._saved, self._failed)

    def _saved(self, target: Path) -> None:
        self.told.emit(text("Saved: {path}", path=target))
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(target.parent)))

    def _failed(self, problem: errors.Circumstance) -> None:
        self.failed.emit(problem)


def _documents() -> Path:
    """Where people look for what they saved; the folder that the program was started in may be any."""
    documents = Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation))
    return documents if documents.is_absolute() and documents.is_dir() else Path.home()


def _written(made: Report, opened: Opened, _control: Control, _sink: EventSink) -> str:
    return made(diagnostics.redaction_for(opened.services))


def _save(home: Path, target: Path, made: Report, opened: Opened, control: Control, _sink: EventSink) -> Path:
    diagnostics.save(opened.services, home, target, made, control)
    return target
