"""Parts of forms over the settings, for any window.

note.py        a sentence under a field, with a sign where it is a warning
field.py       one setting: shown, edited, checked as it is typed
choices.py     a choice of several, or a text of one's own
numbers.py     whole numbers and rates
order.py       a list that the user puts in order
platform.py    the platform's folder: typed, browsed for, found
"""
