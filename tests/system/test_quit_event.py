"""A command that is at work is asked to end, as the installer does it before it takes its files away."""

import ctypes
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.windows

COMMAND = """
import sys, time
from model_preload.system import quit_event
sys.frozen = True
quit_event.NAME = sys.argv[1]
try:
    quit_event.listen()
    print("listening", flush=True)
    for _ in range(200):
        time.sleep(0.1)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


if sys.platform == "win32":

    @pytest.mark.parametrize("begun", ["before", "while it works"])
    def test_set_event_interrupts_the_command(begun: str) -> None:
        name = f"Local\\ModelPreload.Quit.{os.getpid()}"  # not the one that a command of the user's hears
        kernel = ctypes.WinDLL("kernel32")
        kernel.CreateEventW.restype = ctypes.c_void_p
        event = ctypes.c_void_p(kernel.CreateEventW(None, 1, int(begun == "before"), name))
        words = [sys.executable, "-c", COMMAND, name]
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout
            if begun == "before":
                assert process.communicate(timeout=20)[0].split()[-1] == "interrupted"
            else:
                assert process.stdout.readline() == "listening\n"
                kernel.SetEvent(event)
                assert process.communicate(timeout=20)[0] == "interrupted\n"
            assert process.returncode == 0
        finally:
            process.kill()
            process.communicate()
            kernel.CloseHandle(event)
