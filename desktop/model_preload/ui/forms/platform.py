"""The platform's folder: typed, browsed for, or found."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QDir, Signal
from PySide6.QtWidgets import QFileDialog, QLineEdit, QPushButton

from model_preload.core.events import Control, EventSink
from model_preload.core.settings import check
from model_preload.core.tasks.find_platform import SIGN, find_platform, is_platform, spots
from model_preload.core.texts import Text, plural, text
from model_preload.downloads.background import Background, Job
from model_preload.downloads.open_core import Opened
from model_preload.ui.forms.errands import Errands
from model_preload.ui.forms.field import Field


class PlatformField(Field):
    """Empty means that it is not known. Whether the platform is in a folder is looked up in the background.

    Args:
        background: looks at folders.

    Signals:
        entered(): Enter was pressed in the path.
    """

    entered = Signal()

    def __init__(self, title: Text, background: Background) -> None:
        self._path = QLineEdit(placeholderText=str(text("Not known")), clearButtonEnabled=True)
        self._browse = QPushButton(str(text("Bro&wse…")), autoDefault=False)
        self._find = QPushButton(str(text("&Find it")), autoDefault=False)
        super().__init__("platform", title, self._path, self._browse, self._find)
        what = text("Looks in the folders where such things are put; no drive is searched.")
        self._find.setToolTip(str(what))
        self._find.setAccessibleDescription(str(what))
        self._errands = Errands(background, self)
        self._looking: Job[bool] | None = None
        self._finding: Job[tuple[Path, ...]] | None = None
        self._wrong: Text | None = None
        self._also = ""
        self._path.textChanged.connect(self._typed)
        self._path.returnPressed.connect(self.entered)
        self._browse.clicked.connect(self._open_dialog)
        self._find.clicked.connect(self.look_for)

    def _read(self) -> str | None:
        return self._path.text().strip() or None

    def _show(self, value: Path | str | None) -> None:
        self._path.setText("" if value is None else QDir.toNativeSeparators(str(value)))
        self._path.home(False)

    def _refusal(self) -> Text | None:
        written = self._read()
        return None if written is None else check("platform", written) or self._wrong

    def holds(self, value: Path | None) -> bool:
        written = self._read()
        return (None if written is None else Path(written)) == value

    @property
    def is_fit(self) -> bool:
        """Not before it is known whether the platform is there."""
        return super().is_fit and self._looking is None

    def look_for(self) -> None:
        """Look for it, and take the first that is there."""
        self.stop()
        self._find.setEnabled(False)
        self._finding = self._errands.start(_find, self._found, self._failed)
        self.note.inform(text("Looking for it …"))

    def stop(self) -> None:
        """Give up what goes on."""
        for job in (self._looking, self._finding):
            if job is not None:
                job.cancel()
        self._looking = self._finding = None
        self._find.setEnabled(self._path.isEnabled())

    def _typed(self) -> None:
        self.stop()
        self._wrong = None
        self._also = ""
        written = self._read()
        if written is not None and check("platform", written) is None:
            folder = Path(written)

            def look(opened: Opened, _control: Control, _sink: EventSink) -> bool:
                return is_platform(folder, opened.services.disk)

            self._looking = self._errands.start(look, self._looked, self._failed)
        self.edited.emit()

    def _looked(self, there: bool) -> None:
        self._looking = None
        if not there:
            self._wrong = text("The platform is not in this folder: there is no {file} in it.", file=SIGN)
        self.edited.emit()

    def _found(self, folders: tuple[Path, ...]) -> None:
        self._finding = None
        self._find.setEnabled(True)
        if not folders:
            self.note.warn(
                text("It was not found where such things are put. Choose its folder, the one with {file}.", file=SIGN)
            )
            return
        self._show(folders[0])
        self._also = ", ".join(QDir.toNativeSeparators(str(folder)) for folder in folders[1:])
        self._say()

    def _failed(self, problem: Any) -> None:
        self.stop()
        self.edited.emit()
        self.note.tell(problem)

    def _remark(self) -> None:
        if self._looking is not None:
            self.note.inform(text("Looking …"))
        elif self._read() is None:
            self.note.inform(
                text("Not needed for models in places that all programs share, such as the Hugging Face cache.")
            )
        elif self._wrong is not None:  # it was right when it was applied
            self.note.warn(self._wrong)
        elif self._also:
            count = self._also.count(", ") + 1
            self.note.inform(
                plural(
                    "The platform is here. There is one more: {folders}",
                    "The platform is here. There are {n} more: {folders}",
                    count,
                    folders=self._also,
                )
            )
        else:
            self.note.inform(text("The platform is here."))

    def _open_dialog(self) -> None:
        dialog = QFileDialog(self.window(), str(text("The platform's folder")), self._path.text())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda chosen: self._path.setText(QDir.toNativeSeparators(chosen)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


def _find(opened: Opened, control: Control, _sink: EventSink) -> tuple[Path, ...]:
    import sys

    services = opened.services
    where = spots(services.environ, services.user_home, windows=sys.platform == "win32")
    return find_platform(where, services.disk, control)
