"""What holds for every test: nothing of the user's is touched, nothing is left alive, no log line comes unseen."""

import logging
import os
import sys
import threading
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from model_preload.core import texts

_OURS = (
    *("MODEL_PRELOAD", "HF_", "HUGGING", "MODELSCOPE", "MINERU", "PADDLE", "TORCH_HOME", "LAMA_", "TIANSHU", "XDG_"),
    "SSL_CERT",
)
if sys.platform != "win32":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # keys reach a window there that no manager has activated
_NO_MATTER = ("propagateSizeHints", "support raise", "DpiAwareness", "EnableNonClientDpiScaling")
"""Warnings of Qt's: the first two without a screen, the others under Wine, which scales nothing."""
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")  # how fast it is decides nothing; with CI=1 the examples are always the same


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A warning of Qt's fails the test. No setting says so: where Qt is not installed, pytest would not know it."""
    if config.pluginmanager.hasplugin("pytest-qt"):
        for item in items:
            item.add_marker(pytest.mark.qt_log_level_fail("WARNING"))
            item.add_marker(pytest.mark.qt_log_ignore(*_NO_MATTER))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What was logged can be sent to another process, even if it is no text."""
    report = yield
    report.sections = [(name, said.encode("utf-8", "backslashreplace").decode()) for name, said in report.sections]
    return report


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    """The application of all tests looks the same on every system; read by pytest-qt."""
    return ["model-preload", "-style", "fusion"]


@pytest.fixture(autouse=True)
def isolation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the machine's reaches a test, and the user's folders are the test's."""
    for name in list(os.environ):
        if name.startswith(_OURS) or name.lower() in _PROXIES:
            monkeypatch.delenv(name)
    home = tmp_path / "user"
    home.mkdir()
    for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setenv("MODEL_PRELOAD_HOME", str(tmp_path / "state"))
    texts.use("en")


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """Every thread that a test started, or made the code start, is over when it ends."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 2
    while (left := _python_threads() - before) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not left, f"still running: {sorted(thread.name for thread in left)}"


def _python_threads() -> set[threading.Thread]:
    """Without those that Qt made: Python never forgets one that it has met."""
    return {thread for thread in threading.enumerate() if not isinstance(thread, threading._DummyThread)}


class ExpectedLog:
    """Lets a test say which warnings of ours it expects: `expected_log("again in", "given up")`."""

    def __init__(self) -> None:
        self.fragments: list[str] = []

    def __call__(self, *fragments: str) -> None:
        self.fragments += fragments


@pytest.fixture
def expected_log() -> ExpectedLog:
    """See `ExpectedLog`."""
    return ExpectedLog()


@pytest.fixture(autouse=True)
def no_log_line_comes_unseen(caplog: pytest.LogCaptureFixture, expected_log: ExpectedLog) -> Iterator[None]:
    """A warning or error in our log fails the test that did not announce it."""
    yield
    found = [
        record.getMessage()
        for phase in ("setup", "call")
        for record in caplog.get_records(phase)
        if record.name.startswith("model_preload") and record.levelno >= logging.WARNING
    ]
    unseen = [line for line in found if not any(fragment in line for fragment in expected_log.fragments)]
    assert not unseen, f"unexpected log lines: {unseen}"
