"""The buffer of the log: any thread in, batches out on the main thread, never more than it may hold."""

import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from model_preload.downloads import log_buffer
from model_preload.downloads.log_buffer import CAPACITY, LogBuffer, LogEntry

NAME = "elsewhere.transfer"  # not ours: a warning of ours would fail the test


@pytest.fixture
def buffer(qtbot: QtBot) -> Iterator[LogBuffer]:
    made = LogBuffer()
    logger = logging.getLogger("elsewhere")
    logger.addHandler(made.handler)
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    yield made
    logger.removeHandler(made.handler)
    made.deleteLater()


def taken(qtbot: QtBot, buffer: LogBuffer, message: str, *given: object, **more: Any) -> LogEntry:
    logging.getLogger(NAME).log(more.pop("level", logging.INFO), message, *given, **more)
    with qtbot.waitSignal(buffer.arrived):
        pass
    return buffer.entries[-1]


def wait_for(qtbot: QtBot, buffer: LogBuffer, last: int) -> None:
    qtbot.waitUntil(lambda: bool(buffer.entries) and buffer.entries[-1].number == last, timeout=20_000)


@pytest.mark.parametrize(
    ("given", "more", "about", "line"),
    [
        (("%s: published %s", "bert", "a.bin"), {}, "bert", "bert: published a.bin"),
        (("a.bin: again in 3 s",), {"extra": {"model": "bert"}}, "bert", "a.bin: again in 3 s"),
        (("nothing of a model",), {}, "", "nothing of a model"),
        (("two\nlines\tand \x1b[31mred\x7f",), {}, "", "two↵lines→and ␛[31mred␡"),
        (("gnp.\u202eexe \udcff \x85",), {}, "", "gnp.\\u202eexe \\udcff \\u0085"),
        (("x" * 501,), {}, "", "x" * 499 + "…"),
        (("模型：é €",), {}, "", "模型：é €"),
    ],
    ids=["key", "extra", "neither", "controls", "no text", "long", "chinese"],
)
def test_what_a_record_becomes(
    qtbot: QtBot, buffer: LogBuffer, given: tuple[str, ...], more: dict[str, Any], about: str, line: str
) -> None:
    entry = taken(qtbot, buffer, *given, **more)
    assert (entry.about, entry.line) == (about, line)
    assert (entry.level, entry.thread, entry.logger) == (logging.INFO, "MainThread", NAME)
    assert abs(entry.time - time.time()) < 60


def test_details_keep_lines_and_traceback_up_to_a_length(qtbot: QtBot, buffer: LogBuffer) -> None:
    assert taken(qtbot, buffer, "two\nlines\x1b").details == "two\nlines␛"
    assert len(taken(qtbot, buffer, "x" * 100_000).details) == 8_000
    try:
        raise ValueError("not so")
    except ValueError:
        entry = taken(qtbot, buffer, "a fault", level=logging.CRITICAL, exc_info=True)
    assert entry.line == "a fault"
    assert entry.details.startswith("a fault\nTraceback (most recent call last):\n")
    assert entry.details.endswith("ValueError: not so")


def test_many_threads_one_order_and_the_main_thread(qtbot: QtBot, buffer: LogBuffer) -> None:
    batches: list[tuple[LogEntry, ...]] = []
    where: set[QThread] = set()

    def hear(batch: tuple[LogEntry, ...]) -> None:
        batches.append(batch)
        where.add(QThread.currentThread())

    buffer.arrived.connect(hear)

    def write(name: str) -> None:
        for number in range(300):
            logging.getLogger(NAME).info("%s: %d", name, number)

    threads = [threading.Thread(target=write, args=(name,), name=name) for name in ("a", "b", "c")]
    for thread in threads:
        thread.start()
    qtbot.waitUntil(lambda: len(buffer.entries) == 900)
    for thread in threads:
        thread.join()
    assert [entry.number for batch in batches for entry in batch] == list(range(1, 901))
    assert tuple(entry for batch in batches for entry in batch) == buffer.entries
    assert where == {buffer.thread()}
    for name in ("a", "b", "c"):
        mine = [entry.line for entry in buffer.entries if entry.thread == name]
        assert mine == [f"{name}: {number}" for number in range(300)]


def test_nothing_runs_while_nothing_is_logged(qtbot: QtBot, buffer: LogBuffer) -> None:
    taken(qtbot, buffer, "once")
    assert not buffer._collecting.isActive()


def test_a_burst_pushes_out_the_oldest_and_is_counted(qtbot: QtBot, buffer: LogBuffer) -> None:
    sizes: list[int] = []
    buffer.arrived.connect(lambda batch: sizes.append(len(batch)))
    for number in range(100_000):
        logging.getLogger(NAME).debug("%d", number)
    wait_for(qtbot, buffer, 100_000)
    assert (len(buffer.entries), buffer.oldest, buffer.lost) == (CAPACITY, 80_001, 80_000)
    assert max(sizes) == log_buffer._SLICE


def test_the_ring_forgets_the_oldest_without_loss(qtbot: QtBot, buffer: LogBuffer) -> None:
    for last in (CAPACITY, 2 * CAPACITY):
        for number in range(CAPACITY):
            logging.getLogger(NAME).debug("%d", number)
        wait_for(qtbot, buffer, last)
    assert (len(buffer.entries), buffer.oldest, buffer.lost) == (CAPACITY, CAPACITY + 1, 0)


def test_arguments_that_do_not_fit_end_nobody(qtbot: QtBot, buffer: LogBuffer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    logging.getLogger(NAME).info("%d", "no number")
    assert taken(qtbot, buffer, "fine").number == 1
