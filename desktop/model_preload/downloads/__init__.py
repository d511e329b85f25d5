"""The core at work behind the windows: QtCore only, so that everything here runs without a screen.

values.py      what windows see of the queue: frozen, and the same in every thread
engine.py      the open core, shared by whoever works with it and exchanged when settings change
background.py  one-off jobs in threads of their own
lane.py        the thread that brings one model at a time
downloads.py   the queue as the user sees and changes it
board.py       verdict, progress and failure of every model in one table
log_buffer.py  the last records of the log, from any thread to the main one
"""
