"""A Windows to install on: one of the tests' own under Wine, else the real one. dev.py has built the Setup.exe."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from installer import wine

from windows.machines import Machine, WindowsMachine, WineMachine

MAY_CHANGE = "MODEL_PRELOAD_TEST_MACHINE"
"""The variable that says that this Windows may be changed: CI's may."""
AFTERWARDS = """
read -r _
timeout 20 wineserver -k
timeout 20 wineserver -w
kill "$1"
rm -rf "$2"
"""
"""Waits until its input ends, as it does however the tests end, and takes away what they started."""


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    if sys.platform != "win32":
        with _wine(tmp_path_factory.mktemp("windows") / "prefix") as made:
            yield made
    elif os.environ.get(MAY_CHANGE):
        real = WindowsMachine(tmp_path_factory.mktemp("machine"))
        assert not real.program.exists(), "a Model Preload is installed here"
        try:
            yield real
        finally:
            real.off()
    else:
        pytest.skip(f"these tests install and remove the program here; {MAY_CHANGE}=1 allows it")


@pytest.fixture(scope="session")
def wine_machine(machine: Machine) -> WineMachine:
    """The same, for tests that click."""
    if not isinstance(machine, WineMachine):
        pytest.skip("what clicks and types is Linux's")
    return machine


@contextmanager
def _wine(prefix: Path) -> Iterator[WineMachine]:
    reader, writer = os.pipe()
    words = ["Xvfb", "-displayfd", str(writer), "-noreset", "-screen", "0", "1280x900x24"]
    screen = subprocess.Popen(words, pass_fds=[writer], stderr=subprocess.DEVNULL)
    words = ["sh", "-c", AFTERWARDS, "sh", str(screen.pid), str(prefix)]
    after = subprocess.Popen(
        words, stdin=subprocess.PIPE, env=wine.environment(prefix), start_new_session=True, stderr=subprocess.DEVNULL
    )
    manager = None
    try:
        os.close(writer)
        with os.fdopen(reader) as told:
            display = f":{told.readline().strip()}"
        manager = subprocess.Popen(["openbox"], env={**os.environ, "DISPLAY": display}, stderr=subprocess.DEVNULL)
        shutil.copytree(wine.PREFIX, prefix, symlinks=True)
        made = WineMachine(prefix, display)
        try:
            yield made
        finally:
            made.off()
    finally:
        after.communicate(timeout=60)
        screen.wait(10)
        if manager is not None:
            manager.wait(10)  # without a screen it ends
