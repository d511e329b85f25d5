"""Light and dark: the choice of the user or the system, and the few colours that no palette has."""

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPalette
from PySide6.QtWidgets import QApplication

from model_preload.core.values import Verdict
from model_preload.ui import icons

_SCHEMES = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}
_VERDICTS: dict[Verdict, tuple[str, str]] = {
    Verdict.READY: ("#0f6b2f", "#6fd68c"),
    Verdict.PARTIAL: ("#8a4b00", "#f5b35a"),
    Verdict.MISSING: ("#595959", "#bcbcbc"),
    Verdict.DAMAGED: ("#b3131f", "#ff9a96"),
    Verdict.UNVERIFIED: ("#5b3fa8", "#c6b2ff"),
    Verdict.OUTDATED: ("#0a5c9e", "#7cc4ff"),
}
"""On light and on dark ground; legible on both the base and the window of every scheme (WCAG AA: 4.5)."""
_DARK: dict[QPalette.ColorRole, str] = {
    QPalette.ColorRole.Window: "#2b2b2b",
    QPalette.ColorRole.WindowText: "#f2f2f2",
    QPalette.ColorRole.Base: "#1f1f1f",
    QPalette.ColorRole.AlternateBase: "#262626",
    QPalette.ColorRole.Text: "#f2f2f2",
    QPalette.ColorRole.PlaceholderText: "#a0a0a0",
    QPalette.ColorRole.Button: "#383838",
    QPalette.ColorRole.ButtonText: "#f2f2f2",
    QPalette.ColorRole.BrightText: "#ff9a96",
    QPalette.ColorRole.ToolTipBase: "#383838",
    QPalette.ColorRole.ToolTipText: "#f2f2f2",
    QPalette.ColorRole.Link: "#7cc4ff",
    QPalette.ColorRole.LinkVisited: "#c6b2ff",
    QPalette.ColorRole.Highlight: "#2f65ca",
    QPalette.ColorRole.HighlightedText: "#ffffff",
    QPalette.ColorRole.Accent: "#5c93f7",
    QPalette.ColorRole.Light: "#4a4a4a",
    QPalette.ColorRole.Midlight: "#404040",
    QPalette.ColorRole.Mid: "#242424",
    QPalette.ColorRole.Dark: "#1a1a1a",
    QPalette.ColorRole.Shadow: "#101010",
}
_DISABLED = "#8a8a8a"


class Theme(QObject):
    """The application's, one for each; GUI thread.

    Signals:
        changed(): dark became light or the other way round, by the user or by the system; the palette is in place.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._choice = "system"
        self._hints = QGuiApplication.styleHints()
        self._native_style = QApplication.style().objectName()
        self._hints.colorSchemeChanged.connect(self._follow)
        self._told = is_dark()

    def apply(self, choice: str) -> None:
        """Show it from now on: `light` or `dark`; whatever else follows the system's."""
        self._choice = choice
        self._hints.setColorScheme(_SCHEMES.get(choice, Qt.ColorScheme.Unknown))
        self._follow()

    @Slot()
    def _follow(self) -> None:
        self._fit_style()
        scheme = self._hints.colorScheme()
        if scheme is Qt.ColorScheme.Unknown:  # a platform without schemes, such as plain X11
            QApplication.setPalette(_dark_palette() if self._choice == "dark" else QPalette())
        if is_dark() != self._told:
            self._told = not self._told
            self.changed.emit()

    def _fit_style(self) -> None:
        """Windows 10's own style has no dark form; Fusion stands in for it."""
        if self._native_style != "windowsvista":
            return
        wanted = "fusion" if self._hints.colorScheme() is Qt.ColorScheme.Dark else self._native_style
        if QApplication.style().objectName() != wanted:
            QApplication.setStyle(wanted)


def is_dark() -> bool:
    """Whether what is shown is light on dark, whoever chose it."""
    palette = QGuiApplication.palette()
    return palette.color(QPalette.ColorRole.Base).lightness() < palette.color(QPalette.ColorRole.Text).lightness()


def verdict_colour(verdict: Verdict, *, dark: bool) -> QColor:
    """For a word or sign on the base of that scheme; never the only sign of a verdict."""
    return QColor(_VERDICTS[verdict][dark])


def verdict_icon(verdict: Verdict) -> QIcon:
    """A sign with a shape of its own, in the verdict's colour; selected and disabled as text is."""

    def colour(mode: QIcon.Mode) -> QColor:
        if mode in (QIcon.Mode.Selected, QIcon.Mode.Disabled):
            return icons.text_colour(mode)
        return verdict_colour(verdict, dark=is_dark())

    return icons.symbol(f"verdict-{verdict.value}", colour)


def _dark_palette() -> QPalette:
    palette = QPalette()
    for role, colour in _DARK.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(_DISABLED))
    return palette
