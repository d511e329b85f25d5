"""The settings window.

    window.py    the list of pages, Apply and Revert
    page.py      what every page does with its fields
    general.py   language, theme, start, notifications, what to do on costly lines
    folders.py   the platform's folder, and the places that engines share
    hubs.py      addresses and order of the hubs
    tokens.py    a hub's token, set or not
    network.py   proxy, connections, rate

Each page has fields of `ui.forms`.
"""

from model_preload.ui.settings.window import SettingsWindow

__all__ = ["SettingsWindow"]
