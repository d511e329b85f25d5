"""Pictures of windows in every language, theme and scale: `python3 dev.py screenshots`, and by hand in a test.

Language, palette and scale belong to a process, so each combination is drawn by a child of its own.
"""

import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QLibraryInfo, QLocale, Qt, QTranslator
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from model_preload.core import texts

_TESTS = Path(__file__).resolve().parents[1]
_LANGUAGES = ("en", "zh_CN")
_THEMES = ("light", "dark")
_SCALES = (1, 2)
_CHILD = "import sys; sys.path.insert(0, sys.argv[1]); from helpers.screens import draw; draw(*sys.argv[2:])"


def screenshot(window: QWidget, path: Path) -> Path:
    """Show the window until all of it is drawn, and save it; its folder is made. Returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    window.show()
    for _ in range(3):  # a layout may want another one
        QCoreApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, 0)
    if not window.grab().save(str(path)):
        raise OSError(f"{path} can't be written")
    return path


def main(arguments: Sequence[str]) -> int:
    """Draw the named windows of the gallery, or all, into the folder that comes first; 1 if one fails, 2 if unknown."""
    from ui.gallery import WINDOWS

    folder, *names = arguments
    unknown = set(names) - WINDOWS.keys()
    if unknown:
        print(f"There is no {', '.join(sorted(unknown))}; there are {', '.join(WINDOWS)}.", file=sys.stderr)
        return 2
    codes = []
    for language, theme, scale in itertools.product(_LANGUAGES, _THEMES, _SCALES):
        with tempfile.TemporaryDirectory(prefix="screens-", ignore_cleanup_errors=True) as scratch:
            environ = {**os.environ, "QT_SCALE_FACTOR": str(scale), "MODEL_PRELOAD_HOME": f"{scratch}/state"}
            told = [str(_TESTS), language, theme, str(scale * 100), folder, scratch, *(names or WINDOWS)]
            child = subprocess.run([sys.executable, "-P", "-c", _CHILD, *told], env=environ, check=False)
        codes.append(child.returncode)
    return 1 if any(codes) else 0


def draw(language: str, theme: str, percent: str, folder: str, scratch: str, *names: str) -> None:
    """Draw the named windows; in a process that has drawn nothing yet."""
    from ui.gallery import WINDOWS

    app = QApplication(["model-preload"])
    app.setApplicationDisplayName("Model Preload")
    _use_theme(app, Qt.ColorScheme.Dark if theme == "dark" else Qt.ColorScheme.Light)
    QLocale.setDefault(QLocale(texts.use(language)))
    translator = QTranslator(app)
    if translator.load(QLocale(), "qtbase", "_", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        app.installTranslator(translator)
    for name in names:
        place = Path(scratch, name)
        place.mkdir()
        window = WINDOWS[name](place)
        print(screenshot(window, Path(folder, f"{name}-{language}-{theme}-{percent}.png")), flush=True)
        window.close()
        window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def _use_theme(app: QApplication, scheme: Qt.ColorScheme) -> None:
    """The platform's own colours; where it has no dark ones, such as without a screen, some like them."""
    app.styleHints().setColorScheme(scheme)
    if scheme == Qt.ColorScheme.Light or app.palette().color(QPalette.ColorRole.Base).lightness() < 128:
        return
    palette = QPalette(QColor(72, 72, 72), QColor(50, 50, 50))
    palette.setColor(QPalette.ColorRole.Base, QColor(24, 24, 24))
    palette.setColor(QPalette.ColorRole.AlternateBase, QColor(34, 34, 34))
    palette.setColor(QPalette.ColorRole.Highlight, QColor(0, 95, 184))
    palette.setColor(QPalette.ColorRole.Link, QColor(96, 172, 255))
    palette.setColor(QPalette.ColorRole.PlaceholderText, QColor(160, 160, 160))
    app.setPalette(palette)
