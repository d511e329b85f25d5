"""The catalog window: what the models are, what is here, and what is to be brought.

offers.py      what can be done with the selected models: a pure function of values
actions.py     that as actions, shared by toolbar, menus and keys
facts.py       what the detail pane tells of a model: a pure function of values
sentences.py   the whole in one sentence, and what is in its way: pure functions of values
progress_delegate.py, view.py, details.py, files_view.py, pages.py, window.py   the widgets
"""
