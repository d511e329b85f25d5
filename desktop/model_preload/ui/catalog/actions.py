"""The deeds as actions: one each, in toolbar, menus and context menu alike."""

import re
from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QIcon, QKeySequence

from model_preload.core.texts import Text, text
from model_preload.ui.catalog.offers import Deed, Offer
from model_preload.ui.icons import icon

_ICONS = {
    Deed.PRELOAD_ALL: "play",
    Deed.PAUSE: "pause",
    Deed.RESUME: "resume",
    Deed.CANCEL: "stop",
    Deed.REPAIR: "repair",
    Deed.UPDATE: "retry",
    Deed.UP: "up",
    Deed.DOWN: "down",
    Deed.OPEN_FOLDER: "folder",
    Deed.COPY_LINK: "link",
    Deed.SHOW_LOG: "log",
    Deed.SHOW_STATUS: "status",
    Deed.ADD: "add",
    Deed.EDIT: "edit",
    Deed.REMOVE: "remove",
}
_KEYS = {
    Deed.PRELOAD_ALL: "Ctrl+Shift+P",
    Deed.COPY_LINK: "Ctrl+Shift+C",
    Deed.REPAIR: "Ctrl+R",
    Deed.FIRST: "Alt+Home",
    Deed.UP: "Alt+Up",
    Deed.DOWN: "Alt+Down",
    Deed.LAST: "Alt+End",
    Deed.ADD: "Ctrl+N",
    Deed.EDIT: "F2",
    Deed.IMPORT: "Ctrl+O",
    Deed.OPEN_FOLDER: "Ctrl+Shift+O",
}
_TIPS: Mapping[Deed, Text] = {
    Deed.PRELOAD_ALL: text("Bring every model that is not ready"),
    Deed.PRELOAD_REQUIRED: text("Bring what the platform can't do without"),
    Deed.PRELOAD_SELECTED: text("Bring the selected models (Enter)"),
    Deed.PAUSE: text("Let them rest; nothing that was fetched is lost (Space)"),
    Deed.RESUME: text("Go on where they were paused (Space)"),
    Deed.CANCEL: text("Take them out of the queue; what was fetched is kept (Delete)"),
    Deed.REPAIR: text("Check every byte, and fetch again only what is damaged"),
    Deed.UPDATE: text("Ask the hub for the newest version, and bring it"),
}


_MNEMONIC = re.compile(r"\(&.\)|&")


def bare(label: str) -> str:
    """Without its mnemonic, which Chinese has in brackets behind the words."""
    return _MNEMONIC.sub("", label)


class CatalogActions(QObject):
    """Signals: triggered(Deed)."""

    triggered = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._offers: Mapping[Deed, Offer] = {}
        self._actions = {deed: self._made(deed) for deed in Deed}

    def __getitem__(self, deed: Deed) -> QAction:
        return self._actions[deed]

    def offer(self, deed: Deed) -> Offer:
        """As it was shown last."""
        return self._offers[deed]

    def show(self, offers: Mapping[Deed, Offer]) -> None:
        """Words and states from now on."""
        if offers == self._offers:
            return
        self._offers = offers
        for deed, offer in offers.items():
            self._actions[deed].setText(str(offer.label))
            self._actions[deed].setIconText(bare(str(offer.label)))
            self._actions[deed].setEnabled(offer.enabled)

    def _made(self, deed: Deed) -> QAction:
        action = QAction(icon(_ICONS[deed]) if deed in _ICONS else QIcon(), "", self)
        action.setObjectName(deed.name.lower())
        if deed in _KEYS:
            action.setShortcut(QKeySequence(_KEYS[deed]))
        if deed in _TIPS:
            action.setToolTip(str(_TIPS[deed]))
            action.setStatusTip(str(_TIPS[deed]))
        action.triggered.connect(lambda: self.triggered.emit(deed))
        return action
