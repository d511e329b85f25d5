"""Tests with Qt; see helpers/qt.py."""

from helpers.qt import garbage_is_collected_here, language_of_numbers, nothing_of_qt_is_left, pytest_runtest_teardown

__all__ = ["garbage_is_collected_here", "language_of_numbers", "nothing_of_qt_is_left", "pytest_runtest_teardown"]
