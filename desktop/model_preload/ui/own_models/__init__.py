"""Models of the user's own: added, edited, removed, and taken over from a catalog file.

add_dialog.py looks a model up and writes it as a new one, or in the place of an old one, by means of answer_pages.py
(before a hub has answered, meanwhile, and when it did not), facts_form.py (name, key, place) and pattern_picker.py
(which of its files count, over file_tree.py). remove_dialog.py asks before a model is removed; import_dialog.py takes
over a catalog file. Without a window are choice.py (patterns and what they choose), draft.py (what is wrong in the
form, and the model that comes of it) and trouble.py (what can be done about a look-up that failed).
"""
