"""Toolbar and menus: the same actions, in the order in which people look for them."""

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QMenu, QToolBar, QToolButton

from model_preload.core.texts import text
from model_preload.ui.catalog.actions import CatalogActions
from model_preload.ui.catalog.offers import MOVES, Deed

Line = Deed | QAction | QMenu | None
"""None is a separator."""

_TOOLBAR = (
    Deed.PRELOAD_ALL,
    Deed.PRELOAD_REQUIRED,
    Deed.PRELOAD_SELECTED,
    None,
    Deed.PAUSE,
    Deed.RESUME,
    Deed.CANCEL,
    None,
    Deed.REPAIR,
)
_CONTEXT = (
    Deed.PRELOAD_SELECTED,
    Deed.PAUSE,
    Deed.RESUME,
    Deed.CANCEL,
    None,
    Deed.REPAIR,
    Deed.UPDATE,
    None,
    *MOVES,
    None,
    Deed.OPEN_FOLDER,
    Deed.COPY_LINK,
    Deed.SHOW_STATUS,
    Deed.SHOW_LOG,
    None,
    Deed.EDIT,
    Deed.REMOVE,
)
_MODELS = (
    Deed.PRELOAD_ALL,
    Deed.PRELOAD_REQUIRED,
    Deed.PRELOAD_SELECTED,
    None,
    Deed.REPAIR,
    Deed.UPDATE,
    None,
    Deed.OPEN_FOLDER,
    Deed.COPY_LINK,
    None,
    Deed.ADD,
    Deed.EDIT,
    Deed.REMOVE,
    Deed.IMPORT,
)
_QUEUE = (Deed.PAUSE, Deed.RESUME, Deed.CANCEL, None, *MOVES)


def add_toolbar(window: QMainWindow, actions: CatalogActions) -> QToolBar:
    """The deeds of every day; the first one stands out. Its buttons can be reached by Tab."""
    bar = QToolBar(str(text("Models")), window)
    bar.setObjectName("models")
    bar.setMovable(False)
    bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
    for deed in _TOOLBAR:
        if deed is None:
            bar.addSeparator()
            continue
        bar.addAction(actions[deed])
        button = bar.widgetForAction(actions[deed])
        assert isinstance(button, QToolButton)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if deed is Deed.PRELOAD_ALL:
            font = button.font()
            font.setBold(True)
            button.setFont(font)
    window.addToolBar(bar)
    return bar


def add_menus(window: QMainWindow, actions: CatalogActions, columns: QMenu, view: Iterable[QAction]) -> None:
    """The menu bar.

    Args:
        columns: the menu to choose columns from.
        view: what else the window can show, hide or go to.
    """
    close = QAction(str(text("Cl&ose")), window)
    close.setShortcut("Ctrl+W")
    close.triggered.connect(window.close)
    bar = window.menuBar()
    _fill(bar.addMenu(str(text("&Models"))), actions, (*_MODELS, None, close))
    _fill(bar.addMenu(str(text("&Queue"))), actions, _QUEUE)
    _fill(bar.addMenu(str(text("&View"))), actions, (*view, columns, None, Deed.SHOW_STATUS, Deed.SHOW_LOG))


def context_menu(window: QMainWindow, actions: CatalogActions) -> QMenu:
    """That of the rows."""
    menu = QMenu(window)
    _fill(menu, actions, _CONTEXT)
    return menu


def _fill(menu: QMenu, actions: CatalogActions, lines: Iterable[Line]) -> None:
    menu.setToolTipsVisible(True)
    for line in lines:
        match line:
            case None:
                menu.addSeparator()
            case Deed():
                menu.addAction(actions[line])
            case QMenu():
                menu.addMenu(line)
            case _:
                menu.addAction(line)
