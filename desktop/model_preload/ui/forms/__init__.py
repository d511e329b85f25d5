"""Parts of forms over the settings.

    note.py        a sentence under a field, with a sign where it is a warning
    errands.py     jobs in the background that end with their widget
    field.py       one setting: shown, edited, checked as it is typed
    choices.py     a choice of several, or a text of one's own
    numbers.py     whole numbers and rates
    order.py       a list that the user puts in order
    autostart.py   whether the program starts by itself
    platform.py    the platform's folder: typed, browsed for, found

No window is in here; any of them may use it.
"""
