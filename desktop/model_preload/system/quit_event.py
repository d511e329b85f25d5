"""How the installer asks a command that is at work to end: a named event of this Windows session, heard as Ctrl+C.

The tray program is asked through `--quit`; a command has no window and no socket, and keeps its files open.
"""

import ctypes
import signal
import sys
import threading

NAME = "Local\\ModelPreload.Quit"
"""The installer sets it, and takes it back when it has done."""
_FOR_EVER = 0xFFFFFFFF
_MANUAL_RESET, _NOT_SET = 1, 0

if sys.platform == "win32":

    def listen() -> None:
        """From now on a set event interrupts the main thread, once; in the frozen program only."""
        if not getattr(sys, "frozen", False):
            return
        kernel = ctypes.WinDLL("kernel32")
        kernel.CreateEventW.restype = ctypes.c_void_p
        event = kernel.CreateEventW(None, _MANUAL_RESET, _NOT_SET, NAME)

        def wait() -> None:
            if kernel.WaitForSingleObject(ctypes.c_void_p(event), _FOR_EVER) == 0:
                signal.raise_signal(signal.SIGINT)

        if event:
            threading.Thread(target=wait, name="quit-event", daemon=True).start()

else:

    def listen() -> None:
        """Only Windows has such events, and such an installer."""
