"""The status window: is everything ready, what is missing and why, and what of the machine stands in the way.

headline.py      the one sentence on top and the step that fits it: a function of values
model_tree.py    the models and their parts as rows
models_page.py   those, and everything about the chosen one
findings.py      what the doctor found, in sections
machine_page.py  those, as they come
env_dialog.py    the change of the platform's `.env`: shown, written, undone
strip.py         what goes on or was done, below the sentence
reports.py       the report for the clipboard, the diagnostics for a file
window.py        the window itself
"""
