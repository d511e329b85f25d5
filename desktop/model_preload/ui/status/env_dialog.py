"""The change of the platform's `.env`: what stands in the way, the lines that change, written, undone."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QFontDatabase, QSyntaxHighlighter, QTextCharFormat, QTextDocument
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from model_preload.core import errors
from model_preload.core.events import Control, EventSink
from model_preload.core.tasks.apply_env import EnvChange, apply, propose, undo
from model_preload.core.tasks.doctor.finding import Finding, Level
from model_preload.core.texts import Text, text
from model_preload.core.values import Verdict
from model_preload.downloads.background import Background, Job
from model_preload.downloads.open_core import Opened
from model_preload.ui.status.findings import FindingsView
from model_preload.ui.theme import is_dark, verdict_colour

Result = TypeVar("Result")
_SELECTABLE = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard


class EnvDialog(QDialog):
    """Looks as soon as it is made; nothing is written before the user says so.

    Args:
        quick: where the file is read and written.
        change: what is shown first; None looks for what stands in the engines' way.

    Signals:
        written(): the file is another one now.
    """

    written = Signal()

    def __init__(self, quick: Background, change: EnvChange | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._quick = quick
        self._change: EnvChange | None = None
        self._job: Job[EnvChange] | Job[Path] | None = None
        self.setWindowTitle(str(text("The platform's settings")))
        self._make()
        self._arrange()
        if change is None:
            self._look()
        else:
            self._show(change)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  Qt's name
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and self.isVisible():
            self._colours.rehighlight()

    def done(self, result: int) -> None:
        """What goes on is ended; only what is just being written is written to its end."""
        if self._job is not None:
            self._job.cancel()
        super().done(result)

    def _make(self) -> None:
        self._told = QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True, textInteractionFlags=_SELECTABLE)
        self._told.setAccessibleName(str(text("How it stands")))
        self._found_label = QLabel(str(text("What stands in the &way:")))
        self._found = FindingsView(in_sections=False)
        self._found.setAccessibleName(str(text("What stands in the way")))
        self._found_label.setBuddy(self._found)
        self._diff_label = QLabel(str(text("&Lines that change (− goes, + comes):")))
        self._diff = QPlainTextEdit(readOnly=True, tabChangesFocus=True)
        self._diff.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._diff.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._diff.setAccessibleName(str(text("Lines that change")))
        self._diff_label.setBuddy(self._diff)
        self._colours = _DiffColours(self._diff.document())
        self._kept = QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True, textInteractionFlags=_SELECTABLE)
        self._kept.setAccessibleName(str(text("Backup")))
        self._buttons = QDialogButtonBox()
        self._undo = QPushButton(str(text("&Undo last change")))
        self._undo.setAccessibleDescription(str(text("Puts back the file as it was before the last change.")))
        self._apply = QPushButton(str(text("&Apply")))
        self._apply.setAccessibleDescription(str(text("Writes these lines; the file as it is now is kept beside it.")))
        self._close = QPushButton(str(text("Cance&l")))
        self._buttons.addButton(self._undo, QDialogButtonBox.ButtonRole.ResetRole)
        self._buttons.addButton(self._apply, QDialogButtonBox.ButtonRole.ApplyRole)
        self._buttons.addButton(self._close, QDialogButtonBox.ButtonRole.RejectRole)
        self._undo.clicked.connect(self._want_undo)
        self._apply.clicked.connect(self._want_apply)
        self._buttons.rejected.connect(self.reject)

    def _arrange(self) -> None:
        whole = QVBoxLayout(self)
        whole.addWidget(self._told)
        whole.addWidget(self._found_label)
        whole.addWidget(self._found, 3)
        whole.addWidget(self._diff_label)
        whole.addWidget(self._diff, 3)
        whole.addWidget(self._kept)
        whole.addWidget(self._buttons)
        letter = self.fontMetrics()
        self.resize(letter.averageCharWidth() * 100, letter.height() * 38)

    def _look(self) -> None:
        self._start(_propose, self._show, text("Looking at the platform's .env…"))

    @Slot()
    def _want_apply(self) -> None:
        if self._change is not None:
            self._start(partial(_apply, self._change), self._applied, text("Writing…"))

    @Slot()
    def _want_undo(self) -> None:
        self._start(_undo, self._undone, text("Writing…"))

    def _start(
        self, work: Callable[[Opened, Control, EventSink], Result], done: Callable[[Result], None], told: Text
    ) -> None:
        self._told.setText(str(told))
        self._apply.setEnabled(False)
        self._undo.setEnabled(False)
        self._job = self._quick.start(work, done, self._failed)  # type: ignore[assignment]  # of whichever result

    def _show(self, change: EnvChange) -> None:
        """How the file is now, below what was said of what was done."""
        self._job = None
        self._change = change
        self._found.show_findings(
            Finding("platform-env", Level.PROBLEM if one.blocks else Level.NOTE, one.told, one.next_step)
            for one in change.found
        )
        self._diff.setPlainText(change.diff)
        self._see(diff=change.is_needed, found=bool(change.found))
        if change.is_needed:
            said = text("{file} can be changed so that the engines find their models.", file=change.file)
            name = f"{change.file.name}.model-preload-….bak"
            self._kept.setText(str(text("The file as it is now will be kept as {name}.", name=name)))
        elif change.found:
            said = text("{file}: nothing here can be changed by itself; see what to do.", file=change.file)
        else:
            said = text("{file}: nothing stands in the engines' way.", file=change.file)
        self._told.setText(str(said))
        self._ready()

    def _applied(self, backup: Path) -> None:
        self.written.emit()
        said = text("Done; the former file is kept as {name}. Start the platform again for it to count.", name=backup)
        self._after(said)

    def _undone(self, file: Path) -> None:
        self.written.emit()
        self._after(text("{file} is as it was before. Start the platform again for it to count.", file=file))

    def _after(self, said: Text) -> None:
        self._kept.setText(str(said))
        self._close.setText(str(text("C&lose")))
        self._look()

    def _failed(self, problem: errors.Circumstance) -> None:
        """In place; what was shown of the file may not be true any more."""
        self._job = None
        self._told.setText(f"{problem.title}\n{problem.next_step}")
        self._kept.clear()
        if isinstance(problem, errors.EnvFileChanged | errors.NothingToUndo) and self._change is not None:
            self._ready()
            return
        self._change = None
        self._see(diff=False, found=False)
        self._ready()

    def _ready(self) -> None:
        is_needed = self._change is not None and self._change.is_needed
        self._apply.setEnabled(is_needed)
        self._apply.setDefault(is_needed)
        self._undo.setEnabled(self._change is not None)

    def _see(self, *, diff: bool, found: bool) -> None:
        self._diff_label.setVisible(diff)
        self._diff.setVisible(diff)
        self._found_label.setVisible(found)
        self._found.setVisible(found)


class _DiffColours(QSyntaxHighlighter):
    """What comes and what goes in colours besides their signs."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)

    def highlightBlock(self, line: str) -> None:  # noqa: N802  Qt's name
        like = {"+": Verdict.READY, "-": Verdict.DAMAGED}.get(line[:1])
        if like is not None and not line.startswith(("+++", "---")):
            colour = QTextCharFormat()
            colour.setForeground(verdict_colour(like, dark=is_dark()))
            self.setFormat(0, len(line), colour)


def _propose(opened: Opened, control: Control, _sink: EventSink) -> EnvChange:
    return propose(opened.services, control)


def _apply(change: EnvChange, opened: Opened, _control: Control, _sink: EventSink) -> Path:
    return apply(change, opened.services.disk)


def _undo(opened: Opened, _control: Control, _sink: EventSink) -> Path:
    return undo(opened.services)
