"""The tray app, put together: build, connect, shut down.

    start.py     from the command line to a tray icon, before anything heavy is loaded
    desk.py      what stands behind the windows
    faults.py    what no other code caught
    collector.py Python's collector, kept to the main thread
    windows.py   the windows, made when they are wanted and connected with one another
    program.py   what tray, windows and settings want from the desk

The tray is shown first; the core is loaded behind it, since that takes longer than a program may take to show up.
"""

from model_preload.app.start import demo, main

__all__ = ["demo", "main"]
