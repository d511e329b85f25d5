"""The tests marked `windows`, run by a Windows Python; docs/windows-tests.md says what Wine can't show of them."""

import os
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from installer import locked, wine

from windows.conftest import ROOT, Machine

SECONDS = 420
LEAST = {"core": 700, "system": 60, "downloads": 30, "ui": 120, "app": 8}
"""Passed tests of each room: fewer, and something keeps them from running."""


@pytest.mark.timeout(SECONDS + 120)  # the packages are fetched once
def test_marked_tests_pass_on_windows(machine: Machine, capfd: pytest.CaptureFixture[str]) -> None:
    python = wine.make(list(locked.for_bundle().values()))
    paths = ROOT / "desktop", wine.make_tests(list(locked.for_tests().values()))
    more = {
        "PYTHONPATH": ";".join(map(wine.windows_path, paths)),
        "PYTHONPYCACHEPREFIX": wine.windows_path(wine.CACHE / "pycache"),  # Linux's have the paths of Linux in them
    }
    report = machine.drive / "marked.xml"
    options = ["-m", "windows", "-q", "--durations=10", "-p", "no:cacheprovider", "-p", "no:randomly"]
    rooms = [f"tests/{room}" for room in LEAST]
    with capfd.disabled():
        print(flush=True)
        code, told = machine.run(
            python,
            *("-P", "-m", "pytest", *options, "--junitxml=C:\\marked.xml", *rooms),
            seconds=SECONDS,
            more=more,
            cwd=ROOT,
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
