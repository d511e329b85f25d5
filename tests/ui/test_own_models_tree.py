"""The files as a tree with boxes to tick."""

import pytest
from PySide6.QtCore import QAbstractItemModel, QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from model_preload.core.values import ListedFile
from model_preload.ui.own_models.file_tree import SIZE, FileTree

FILES = [
    ListedFile("README.md", 10, None),
    ListedFile("onnx/b.onnx", 3000, None),
    ListedFile("onnx/q/a.onnx", 2000, None),
    ListedFile("config.json", 5, None),
]
TICK = {
    Qt.CheckState.Checked: "x",
    Qt.CheckState.Unchecked: "-",
    Qt.CheckState.PartiallyChecked: "o",
}


def drawn(model: QAbstractItemModel, parent: QModelIndex | None = None, depth: int = 0) -> list[str]:
    lines = []
    for row in range(model.rowCount(parent or QModelIndex())):
        index = model.index(row, 0, parent or QModelIndex())
        tick = TICK[index.data(Qt.ItemDataRole.CheckStateRole)]
        size = index.siblingAtColumn(SIZE).data()
        lines += [f"{'  ' * depth}{tick} {index.data()} {size}", *drawn(model, index, depth + 1)]
    return lines


@pytest.fixture
def tree(qapp: QApplication) -> FileTree:
    made = FileTree()
    QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Fatal, made)
    made.show(FILES)
    return made


def test_folders_come_first_and_add_up(tree: FileTree) -> None:
    tree.choose(frozenset({"README.md", "onnx/q/a.onnx"}))
    assert drawn(tree) == [
        "o onnx 5.0 kB",
        "  x q 2.0 kB",
        "    x a.onnx 2.0 kB",
        "  - b.onnx 3.0 kB",
        "- config.json 5 B",
        "x README.md 10 B",
    ]
    tree.choose(frozenset(file.path for file in FILES))
    assert [line.strip()[0] for line in drawn(tree)] == ["x"] * 6
    tree.choose(frozenset())
    assert [line.strip()[0] for line in drawn(tree)] == ["-"] * 6


def test_a_tick_only_asks(tree: FileTree, qtbot: QtBot) -> None:
    folder = tree.index(0, 0)
    asked: list[tuple[str, bool]] = []
    tree.ticked.connect(lambda target, on: asked.append((target, on)))
    for chosen in (frozenset[str](), frozenset({"onnx/b.onnx"}), frozenset({"onnx/b.onnx", "onnx/q/a.onnx"})):
        tree.choose(chosen)
        assert tree.setData(folder, Qt.CheckState.Checked.value, Qt.ItemDataRole.CheckStateRole)
    tree.setData(tree.index(2, 0), Qt.CheckState.Checked.value, Qt.ItemDataRole.CheckStateRole)
    assert asked == [("onnx/", True), ("onnx/", True), ("onnx/", False), ("README.md", True)]
    assert not tree.setData(folder, "other name")


def test_only_what_changed_is_told(tree: FileTree) -> None:
    told: list[object] = []
    tree.dataChanged.connect(lambda first, *_: told.append(first.parent().data()))
    tree.choose(frozenset({"README.md"}))
    assert told == [None]
    tree.choose(frozenset({"README.md", "onnx/q/a.onnx"}))
    assert set(told[1:]) == {None, "onnx", "q"}
    count = len(told)
    tree.choose(frozenset({"README.md", "onnx/q/a.onnx"}))
    assert len(told) == count


def test_another_listing(tree: FileTree) -> None:
    tree.show([])
    assert drawn(tree) == []
    tree.show([ListedFile(f"a/{number:04}/x.bin", 1, None) for number in range(5000)])
    assert tree.rowCount(tree.index(0, 0)) == 5000
