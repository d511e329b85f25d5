"""What the binding between Python and Qt must not do; PySide6 6.12.0 did it on Python 3.11."""

import sys

from PySide6.QtCore import QObject, Signal


class Sender(QObject):
    said = Signal()


def test_signals_lose_no_reference_to_true() -> None:
    """Each lost one brings the process nearer to its end: some hundred signals, and True is deallocated."""
    sender = Sender()
    before = sys.getrefcount(True)
    for _ in range(50):
        sender.said.emit()
    assert sys.getrefcount(True) > before - 25
