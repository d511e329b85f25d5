"""The machine: what the doctor finds, shown as it comes."""

from PySide6.QtCore import QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from model_preload.core import errors
from model_preload.core.tasks.doctor.finding import Finding, Level
from model_preload.core.texts import Text, plural, text
from model_preload.downloads.examiner import Examiner
from model_preload.ui.icons import icon
from model_preload.ui.status.findings import FindingsView


class MachinePage(QWidget):
    """Examines the machine when it is first seen, and whenever it is asked to.

    Signals:
        fix_wanted(): the platform's settings are to be looked at.
        settings_wanted(str): that page of the settings.
    """

    fix_wanted = Signal()
    settings_wanted = Signal(str)

    def __init__(self, examiner: Examiner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._examiner = examiner
        self._was_seen = False
        self._told = QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True)
        self._told.setAccessibleName(str(text("What was found")))
        self._view = FindingsView(in_sections=True)
        self._view.setAccessibleName(str(text("Findings about this machine")))
        self._examine = QPushButton(icon("search"), str(text("E&xamine")))
        self._examine.setAccessibleDescription(str(text("Tries drives, hubs, token and the platform again.")))
        self._fix = QPushButton(icon("repair"), str(text("&Fix the platform's settings…")))
        self._fix.setAccessibleDescription(
            str(text("Shows what in the platform's .env stands in the way, and how it would be changed."))
        )
        self._settings = QPushButton(icon("settings"), str(text("S&ettings…")))
        self._settings.setAccessibleDescription(str(text("Opens the settings of the platform's folder.")))
        buttons = QHBoxLayout()
        buttons.addWidget(self._examine)
        buttons.addStretch()
        buttons.addWidget(self._settings)
        buttons.addWidget(self._fix)
        whole = QVBoxLayout(self)
        whole.addWidget(self._told)
        whole.addWidget(self._view, 1)
        whole.addLayout(buttons)
        self._examine.clicked.connect(self.examine)
        self._fix.clicked.connect(self.fix_wanted)
        self._settings.clicked.connect(self._want_settings)
        self._view.activated.connect(self._activated)
        examiner.began.connect(self._begin)
        examiner.found.connect(self._add)
        examiner.ended.connect(self._end)
        examiner.failed.connect(self._fail)
        self._view.show_findings(examiner.findings)
        self._tell()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  Qt's name
        super().showEvent(event)
        if not self._was_seen and not self._examiner.findings:
            self.examine()
        self._was_seen = True

    @Slot()
    def examine(self) -> None:
        """Again, or stop it where it is under way."""
        if self._examiner.is_working:
            self._examiner.cancel()
        else:
            self._examiner.examine()

    @Slot()
    def _begin(self) -> None:
        self._view.show_findings(())
        self._tell()

    @Slot(object)
    def _add(self, finding: Finding) -> None:
        self._view.add(finding)
        self._tell()

    @Slot()
    def _end(self) -> None:
        if self._examiner.findings:
            self._tell()
        else:
            self._buttons()

    @Slot(object)
    def _fail(self, problem: errors.Circumstance) -> None:
        self._told.setText(f"{problem.title}\n{problem.next_step}")

    @Slot(QModelIndex)
    def _activated(self, index: QModelIndex) -> None:
        if self._view.check(index) == "platform-env":
            self.fix_wanted.emit()

    @Slot()
    def _want_settings(self) -> None:
        self.settings_wanted.emit("platform")

    def _tell(self) -> None:
        self._told.setText(str(_sum(self._examiner)))
        self._buttons()

    def _buttons(self) -> None:
        working = self._examiner.is_working
        self._examine.setText(str(text("Stop e&xamining") if working else text("E&xamine")))
        self._examine.setIcon(icon("stop" if working else "search"))


def _sum(examiner: Examiner) -> Text:
    found = len(examiner.findings)
    if examiner.is_working:
        return plural("Examining the machine… {n} finding so far", "Examining the machine… {n} findings so far", found)
    problems = sum(finding.level is Level.PROBLEM for finding in examiner.findings)
    if problems:
        return plural("{n} problem was found.", "{n} problems were found.", problems)
    return text("All is well.") if found else text("The machine was not examined yet.")
