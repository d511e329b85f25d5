"""Which threads go first where there are fewer processors than work: windows, then what is done behind them."""

import os
import sys
import threading

_NICE = 10


def go_behind() -> None:
    """From now on this thread, and every one that it will start, lets the other ones go first; not to be undone.

    On Linux only, where threads inherit this. Windows favours the program whose window is in front by itself, and
    QThread tells it of the one thread.
    """
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
