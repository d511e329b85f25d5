"""The command line: a composition root and a front end. It builds, calls one task, and tells what came of it.

arguments.py   the words of the command line
commands.py    one function a command: call the task, choose the exit code
documents.py   results as JSON, the form that the outside relies on
tables.py      results and problems on the two streams
live.py        progress while a task runs
"""

from model_preload.cli.main import main, without_windows

__all__ = ["main", "without_windows"]
