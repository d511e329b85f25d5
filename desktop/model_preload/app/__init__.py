"""The tray app, put together: build, connect, shut down.

    start.py     from the command line to a tray icon, before anything heavy is loaded
    desk.py      what stands behind the windows
    collector.py Python's collector, kept to the main thread
    program.py   the windows, and what they want from the desk and from one another

The tray is shown first; the core is loaded behind it, since that takes longer than a program may take to show up.
"""

from model_preload.app.start import demo, main

__all__ = ["demo", "main"]
