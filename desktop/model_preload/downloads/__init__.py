"""The core at work behind the windows: QtCore only, so that everything here runs without a screen.

values.py      what windows see of a model's work: frozen, and the same in every thread
open_core.py   the open core, shared by whoever works with it and exchanged when settings change
threads.py     a worker in a thread of its own, and the one way to end it
background.py  one-off jobs, one after the other
agenda.py      what is to be done, in order: the one thing that main thread and lane both change
lane.py        the thread that brings one model at a time
downloads.py   the queue as the user sees and changes it
checks.py      verdicts, quick and deep
forecast.py    what the queued models want from the network
summary.py     the whole in numbers
board.py       verdict, work and failure of every model in one table
examiner.py    the doctor: findings as they come
prover.py      the engines' own code, asked whether it finds the models
log_buffer.py  the newest records of the log, for a window

The composition root makes them, in this order, and stops those that own threads: `Downloads` and `Background`.
"""
