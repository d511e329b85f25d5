"""What holds for every test with Qt: nothing goes on behind it, no window stays open, Qt has nothing to complain of.

The conftest.py of a folder of such tests takes everything of `__all__` over. Warnings of Qt while a test runs are
pytest-qt's to find (tests/conftest.py asks it to); afterwards it listens no more.
"""

import gc
import traceback
import warnings
import weakref
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest
import shiboken6
from PySide6.QtCore import (
    QAbstractAnimation,
    QCoreApplication,
    QEvent,
    QLocale,
    QMessageLogContext,
    QObject,
    QThread,
    QThreadPool,
    QTimer,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtWidgets import QApplication

__all__ = ["garbage_is_collected_here", "language_of_numbers", "nothing_of_qt_is_left", "pytest_runtest_teardown"]

_WAIT_MS = 2000


class Started:
    """What a test starts, and where: timers, animations, threads, pools.

    Not seen is what Qt starts by itself, such as a blinking cursor, nor `QTimer.singleShot`, whose timer nobody can
    ask for; it ends by itself.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self._found: list[tuple[Callable[[], QObject | None], str]] = []
        for kind in (QTimer, QAbstractAnimation, QThread, QThreadPool):
            self._watch(kind)

    def _watch(self, kind: Any) -> None:
        start = kind.start

        def remember(this: QObject, *given: object, **named: object) -> object:
            frame = traceback.extract_stack(limit=2)[0]
            place = f"{type(this).__name__} {this.objectName()!r} of {frame.filename}:{frame.lineno}"
            # A thread is held: one that is destroyed while it runs ends the process, and nobody learns which.
            self._found.append(((lambda: this) if kind is QThread else weakref.ref(this), place))
            return start(this, *given, **named)

        self._monkeypatch.setattr(kind, "start", remember)

    def left(self) -> list[str]:
        """Those that go on; threads are given two seconds."""
        alive = [(one(), place) for one, place in self._found]
        return sorted({place for one, place in alive if one is not None and shiboken6.isValid(one) and _goes_on(one)})


def _goes_on(one: QObject) -> bool:
    if isinstance(one, QThread):
        return not one.wait(_WAIT_MS)
    if isinstance(one, QThreadPool):
        return not one.waitForDone(_WAIT_MS)
    if isinstance(one, QAbstractAnimation):
        return one.state() == QAbstractAnimation.State.Running
    return isinstance(one, QTimer) and one.isActive()


@pytest.fixture(autouse=True)
def garbage_is_collected_here() -> Iterator[None]:
    """Not in a worker's thread, which may not end a widget; see `model_preload.app.collector`."""
    gc.disable()
    gc.freeze()  # so that looking for what this test leaves is quick
    yield
    with warnings.catch_warnings():
        # A run that is cut off leaves a dead socket to the collector now and then; where is not found yet.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    gc.enable()


@pytest.fixture(autouse=True)
def nothing_of_qt_is_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No timer, animation, thread or pool goes on after a test, and none of its windows is open."""
    started = Started(monkeypatch)
    yield
    if QCoreApplication.instance() is not None:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    left = started.left()
    assert not left, f"still going on: {left}"
    if isinstance(QCoreApplication.instance(), QApplication):
        windows = [window for window in QApplication.topLevelWidgets() if window.isVisible()]
        for window in windows:
            window.hide()
        assert not windows, f"still open: {windows}"


@pytest.fixture(autouse=True)
def language_of_numbers() -> None:
    """Numbers and times are the English ones, until the test says otherwise."""
    QLocale.setDefault(QLocale("en_US"))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """What Qt says while a test is cleared away, such as of a thread destroyed too early, fails it."""
    said: list[str] = []

    def hear(kind: QtMsgType, _context: QMessageLogContext, message: str | None) -> None:
        if kind in {QtMsgType.QtWarningMsg, QtMsgType.QtCriticalMsg} and not str(message).startswith("This plugin"):
            said.append(str(message))

    before = qInstallMessageHandler(hear)
    try:
        result = yield
    finally:
        qInstallMessageHandler(before)
    assert not said, f"Qt says: {said}"
    return result
