"""Tests with Qt; see helpers/qt.py."""

from helpers.qt import language_of_numbers, nothing_of_qt_is_left, pytest_runtest_teardown

__all__ = ["language_of_numbers", "nothing_of_qt_is_left", "pytest_runtest_teardown"]
