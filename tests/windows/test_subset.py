"""The tests marked `windows`, run by a Windows Python; docs/windows-tests.md says what Wine can't show of them."""

import os
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from installer import wine

from windows.machines import ROOT, WineMachine

SECONDS = 700
LEAST = {"core": 700, "system": 60, "downloads": 30, "ui": 120, "app": 8}
"""Passed tests of each room: fewer, and something keeps them from running."""


@pytest.mark.timeout(SECONDS + 60)
def test_marked_tests_pass_on_windows(wine_machine: WineMachine, capfd: pytest.CaptureFixture[str]) -> None:
    more = {
        "PYTHONPATH": ";".join(map(wine.windows_path, (ROOT / "desktop", wine.TESTS))),
        **{name: os.environ[name] for name in ("CI",) if name in os.environ},
        "PYTHONPYCACHEPREFIX": wine.windows_path(wine.CACHE / "pycache"),  # Linux's have the paths of Linux in them
    }
    report = wine_machine.root / "marked.xml"
    options = ["-m", "windows", "-q", "--durations=10", "-p", "no:cacheprovider", "-p", "no:randomly"]
    rooms = [f"tests/{room}" for room in LEAST]
    with capfd.disabled():
        print(flush=True)
        code, told = wine_machine.run(
            wine.PYTHON / "python.exe",
            *("-P", "-m", "pytest", *options, "--junitxml=C:\\marked.xml", *rooms),
            seconds=SECONDS,
            more=more,
            folder=ROOT,
            hear=lambda said: os.write(sys.stdout.fileno(), said),
        )
    assert code == 0, told[-4000:]
    passed, skipped = outcomes(report)
    assert {room: passed[room] for room in LEAST if passed[room] < LEAST[room]} == {}
    assert sum(skipped.values()) < sum(passed.values()) / 5


def outcomes(report: Path) -> tuple[Counter[str], Counter[str]]:
    """How many tests of each room passed, and how many were skipped."""
    passed, skipped = Counter[str](), Counter[str]()
    for case in ET.parse(report).iter("testcase"):
        room = case.attrib["classname"].split(".")[1]
        (passed if case.find("*") is None else skipped)[room] += 1
    return passed, skipped
