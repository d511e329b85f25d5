"""The models behind the catalog window's tables, on a real board."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from helpers.desk import Desk, desks
from helpers.rows import row
from model_preload.core.catalog import Catalog
from model_preload.core.events import FileProgress, Phase
from model_preload.core.tasks.files import ModelFile
from model_preload.core.values import Digest, FileState, FileStatus, ListedFile, Verdict
from model_preload.downloads.values import Activity, Work
from model_preload.ui.models.catalog_filter import CatalogFilter, Show
from model_preload.ui.models.catalog_table import CatalogTable
from model_preload.ui.models.cells import Column, progress_cell
from model_preload.ui.models.files_table import FileColumn, FilesTable

TESTING = QAbstractItemModelTester.FailureReportingMode.Fatal


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    with desks(tmp_path) as make:
        yield make()


@pytest.fixture
def table(desk: Desk) -> CatalogTable:
    return CatalogTable(desk.board, desk.downloads, "en")


def shown(model: QAbstractItemModel, column: int) -> list[str]:
    return [str(model.index(line, column).data()) for line in range(model.rowCount())]


def look(desk: Desk, **verdicts: Verdict) -> None:
    """Let the board hear of those verdicts."""
    found = [row(key, verdict, of=desk.board.catalog.model(key)).status for key, verdict in verdicts.items()]
    desk.checks.found.emit(tuple(found))


def touched(model: QAbstractItemModel) -> list[tuple[int, int, int]]:
    """Row, first and last column of each change from now on."""
    told: list[tuple[int, int, int]] = []

    def hear(first: QModelIndex, last: QModelIndex) -> None:
        told.append((first.row(), first.column(), last.column()))

    model.dataChanged.connect(hear)
    return told


def test_a_verdict_touches_its_columns_only(desk: Desk, table: CatalogTable) -> None:
    tester = QAbstractItemModelTester(table, TESTING)
    told = touched(table)
    look(desk, b=Verdict.READY)
    assert told == [(1, Column.VERDICT, Column.VERDICT), (1, Column.SIZE, Column.SIZE)]
    look(desk, b=Verdict.READY)
    assert len(told) == 2
    assert shown(table, Column.VERDICT) == ["Not looked at yet", "Ready", "Not looked at yet"]
    assert table.index(1, Column.VERDICT).data(Qt.ItemDataRole.AccessibleTextRole) == "Ready"
    del tester


def test_those_that_wait_are_numbered_anew_when_the_order_changes(
    desk: Desk, table: CatalogTable, qtbot: QtBot
) -> None:
    desk.hub.latency = 0.5
    desk.downloads.preload(["a", "b", "c"])
    qtbot.waitUntil(lambda: shown(table, Column.PROGRESS) == ["Preparing", "Waiting: 1", "Waiting: 2"])
    desk.downloads.move(["c"], "b")
    assert shown(table, Column.PROGRESS) == ["Preparing", "Waiting: 2", "Waiting: 1"]
    desk.downloads.pause(["c"])
    assert shown(table, Column.PROGRESS) == ["Preparing", "Waiting: 1", "Paused"]
    desk.downloads.cancel(["a", "b", "c"])
    assert shown(table, Column.PROGRESS) == [""] * 3


def test_progress_touches_neighbours_in_one_signal(desk: Desk, table: CatalogTable, qtbot: QtBot) -> None:
    desk.hub.rate = 1_500_000
    told = touched(table)
    with qtbot.waitSignal(desk.downloads.batch_finished, timeout=20_000):
        desk.downloads.preload(["a"])
    assert (0, Column.PROGRESS, Column.LEFT) in told
    assert all(line == 0 for line, _, _ in told)
    assert shown(table, Column.VERDICT)[0] == "Ready"


def test_another_catalog_is_another_table(desk: Desk, table: CatalogTable) -> None:
    tester = QAbstractItemModelTester(table, TESTING)
    desk.board.use(Catalog(desk.board.catalog.models[1:]))
    assert shown(table, Column.NAME) == ["b", "c"]
    assert (table.number_of("c"), table.number_of("a")) == (1, None)
    del tester


@pytest.mark.parametrize(
    ("words", "show", "names"),
    [
        ("", Show.ALL, "a b c"),
        ("DEMO/B", Show.ALL, "b"),
        ("demo a", Show.ALL, "a"),
        ("demo/a", Show.NOT_READY, ""),
        ("", Show.NOT_READY, "b c"),
        ("nothing", Show.ALL, ""),
    ],
)
def test_search_and_filter(desk: Desk, table: CatalogTable, words: str, show: Show, names: str) -> None:
    filter_ = CatalogFilter(table)
    tester = QAbstractItemModelTester(filter_, TESTING)
    filter_.search(words)
    filter_.show(show)
    look(desk, a=Verdict.READY, b=Verdict.DAMAGED)
    assert " ".join(shown(filter_, Column.NAME)) == names
    assert filter_.line_of("c") == (names.split().index("c") if "c" in names else None)
    del tester


def test_raw_values_are_what_is_sorted_by(desk: Desk, table: CatalogTable) -> None:
    filter_ = CatalogFilter(table)
    look(desk, a=Verdict.READY, b=Verdict.DAMAGED, c=Verdict.MISSING)
    filter_.sort(Column.VERDICT)
    assert shown(filter_, Column.NAME) == ["b", "c", "a"]
    filter_.sort(Column.NAME, Qt.SortOrder.DescendingOrder)
    assert shown(filter_, Column.NAME) == ["c", "b", "a"]
    filter_.sort(-1)
    assert shown(filter_, Column.NAME) == ["a", "b", "c"]
    assert isinstance(filter_, QSortFilterProxyModel)


def listed(path: str, size: int, status: FileStatus = FileStatus.VERIFIED, model: str = "a") -> ModelFile:
    return ModelFile(model, FileState(ListedFile(path, size, Digest("sha256", "0" * 64)), Path("/x", path), status))


FILES = (
    listed("model.bin", 9_000_000_000, FileStatus.ABSENT),
    listed("a.json", 12),
    listed("b.json", 3, FileStatus.DAMAGED),
    listed("a.json", 5, model="part"),
)


@pytest.mark.parametrize(
    ("column", "lines"),
    [
        (-1, [0, 1, 2, 3]),
        (FileColumn.PATH, [1, 3, 2, 0]),
        (FileColumn.SIZE, [2, 3, 1, 0]),
        (FileColumn.STATE, [2, 0, 1, 3]),
        (FileColumn.PART, [1, 2, 0, 3]),
    ],
)
def test_files_are_sorted_and_indexes_follow(qapp: object, column: int, lines: list[int]) -> None:
    table = FilesTable()
    tester = QAbstractItemModelTester(table, TESTING)
    table.show(FILES)
    followed = [QPersistentModelIndex(table.index(line, FileColumn.SIZE)) for line in range(4)]
    before = [index.data() for index in followed]
    table.sort(column)
    sizes = ["9.0 GB", "12 B", "3 B", "5 B"]
    assert shown(table, FileColumn.SIZE) == [sizes[line] for line in lines]
    assert [index.data() for index in followed] == before
    del tester


def test_files_at_work_are_told_apart_and_forgotten(qapp: object) -> None:
    table = FilesTable()
    tester = QAbstractItemModelTester(table, TESTING)
    table.show(FILES)
    told = touched(table)
    table.at_work("a", (FileProgress("model.bin", Phase.FETCHING, 45, 100),))
    assert shown(table, FileColumn.STATE) == ["Fetching 45 %", "Verified", "Damaged", "Verified"]
    table.at_work("part", (FileProgress("a.json", Phase.CHECKING, 0, 5),))
    assert shown(table, FileColumn.STATE) == ["Missing", "Verified", "Damaged", "Checking 0 %"]
    assert [line for line, _, _ in told] == [0, 0, 3]
    table.at_work("a", ())
    healed = (listed("model.bin", 9_000_000_000), *FILES[1:])
    told.clear()
    table.show(healed)
    assert told == [(0, FileColumn.STATE, FileColumn.CHECKED)]
    assert shown(table, FileColumn.STATE)[0] == "Verified"
    del tester


def test_an_activity_is_never_left_without_words() -> None:
    assert all(progress_cell(Work(kind)).shown for kind in Activity if kind is not Activity.IDLE)
