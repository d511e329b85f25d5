"""The desk as fixtures."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from helpers.desk import Desk, desks
from helpers.qt import garbage_is_collected_here, language_of_numbers, nothing_of_qt_is_left, pytest_runtest_teardown

__all__ = ["garbage_is_collected_here", "language_of_numbers", "nothing_of_qt_is_left", "pytest_runtest_teardown"]


@pytest.fixture(name="desks")
def _desks(qtbot: QtBot, tmp_path: Path) -> Iterator[Callable[[], Desk]]:
    with desks(tmp_path) as make:
        yield make


@pytest.fixture
def desk(desks: Callable[[], Desk]) -> Desk:
    return desks()
