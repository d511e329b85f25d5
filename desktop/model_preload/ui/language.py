"""The language of the whole program: our texts, Qt's own dialogs, numbers and times."""

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from model_preload.core import texts


class Language:
    """Sets it, again and again if the user likes; GUI thread.

    Args:
        app: whose standard dialogs are translated.

    Attributes:
        name: gettext name of the one in use.
    """

    def __init__(self, app: QCoreApplication) -> None:
        self._app = app
        self._translator: QTranslator | None = None
        self.name = "en"

    def use(self, language: str | None = None) -> str:
        """Switch to a language and return its gettext name; None or "" takes the system's, as `texts.use`.

        What is on the screen stays as it is until it is made anew.
        """
        name = self.name = texts.use(language or None)
        QLocale.setDefault(locale_of(name))
        if self._translator is not None:
            self._app.removeTranslator(self._translator)
            self._translator = None
        if name != "en":  # Qt's sources are English
            translator = QTranslator(self._app)
            if translator.load(f"qtbase_{name}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
                self._app.installTranslator(translator)
                self._translator = translator
        return name


def locale_of(name: str) -> QLocale:
    """The user's own ways where the system speaks that language (as in en_GB), else the language's usual ones."""
    system, usual = QLocale.system(), QLocale(name)
    return system if system.language() == usual.language() else usual
