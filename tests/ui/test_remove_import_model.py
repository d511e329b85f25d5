"""Models of one's own are removed, and taken over from a file."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QFileDialog
from pytestqt.qtbot import QtBot

from helpers.own_models import OwnBench, own_benches, own_hub
from helpers.workbench import model, repository
from model_preload.core import errors
from model_preload.core.catalog import Model
from model_preload.core.files import Disk
from model_preload.core.tasks import own_catalog
from model_preload.ui.own_models.import_dialog import ImportDialog, not_taken_over, taken_over
from model_preload.ui.own_models.remove_dialog import RemoveModelDialog


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[OwnBench]:
    with own_hub() as hub, own_benches(tmp_path, hub) as made:
        yield made


def catalog(path: Path, *keys: str, more: str = "") -> Path:
    path.write_text("schema = 1\n" + "".join(model(key, repository(f"acme/{key}"), more=more) for key in keys), "utf-8")
    return path


def own(bench: OwnBench, tmp_path: Path, *keys: str) -> tuple[Model, ...]:
    bench.home.mkdir(parents=True, exist_ok=True)
    own_catalog.import_file(bench.home, Disk(), catalog(tmp_path / "first.toml", *keys))
    return bench.own


def asked(qtbot: QtBot, bench: OwnBench, which: Model, location: Path | None) -> RemoveModelDialog:
    dialog = RemoveModelDialog(bench.background, bench.home, which, "en", location)
    qtbot.addWidget(dialog)
    dialog.open()
    return dialog


def test_a_model_is_removed_and_its_files_stay(qtbot: QtBot, bench: OwnBench, tmp_path: Path) -> None:
    one, two = own(bench, tmp_path, "one", "two")
    dialog = asked(qtbot, bench, one, tmp_path / "models")
    assert dialog._words[0].text() == "Remove “one” from the catalog?"
    assert "stay where they are" in dialog._words[1].text()
    assert dialog._place.text() == str(tmp_path / "models")
    assert dialog._place.isVisible()
    assert not dialog._remove.isDefault()
    assert dialog.focusWidget() is dialog._buttons.button(QDialogButtonBox.StandardButton.Cancel)
    with qtbot.waitSignal(dialog.removed, timeout=10_000) as removed:
        dialog._remove.click()
    assert removed.args == ["one"]
    assert bench.own == (two,)
    assert not dialog.isVisible()


@pytest.mark.parametrize(
    ("location", "named"),
    [
        ("hub/models--acme--one/snapshots/1f2e", "hub/models--acme--one"),
        ("models/snapshots/one", "models/snapshots/one"),
        ("models--acme--one/one", "models--acme--one/one"),
    ],
)
def test_the_folder_is_named_whose_deletion_frees_the_room(
    qtbot: QtBot, bench: OwnBench, tmp_path: Path, location: str, named: str
) -> None:
    (one,) = own(bench, tmp_path, "one")
    dialog = asked(qtbot, bench, one, tmp_path / location)
    assert dialog._place.text() == str(tmp_path / named)
    dialog.close()


def test_of_a_model_that_is_not_here_nothing_stays(qtbot: QtBot, bench: OwnBench, tmp_path: Path) -> None:
    (one,) = own(bench, tmp_path, "one")
    dialog = asked(qtbot, bench, one, None)
    assert dialog._words[1].text() == "Nothing of it was fetched."
    assert not dialog._place.isVisible()
    qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Return)
    assert bench.own == (one,)
    assert not dialog.isVisible()


def test_a_removal_that_is_refused_is_told(qtbot: QtBot, bench: OwnBench, tmp_path: Path) -> None:
    (one,) = own(bench, tmp_path, "one")
    own_catalog.remove(bench.home, Disk(), "one")
    dialog = asked(qtbot, bench, one, None)
    dialog._remove.click()
    qtbot.waitUntil(lambda: bool(dialog._note.text()))
    assert "has no model “one”" in dialog._note.text()
    assert dialog.isVisible()
    assert dialog._remove.isEnabled()
    dialog.close()


def imported(qtbot: QtBot, bench: OwnBench, path: Path) -> ImportDialog:
    dialog = ImportDialog(bench.background, bench.home)
    qtbot.addWidget(dialog)
    dialog.take_over(path)
    finished(qtbot, dialog)
    return dialog


def finished(qtbot: QtBot, dialog: ImportDialog) -> None:
    qtbot.waitUntil(lambda: not dialog._writing, timeout=10_000)


def test_new_models_are_named(qtbot: QtBot, bench: OwnBench, tmp_path: Path) -> None:
    own(bench, tmp_path, "one")
    dialog = ImportDialog(bench.background, bench.home)
    qtbot.addWidget(dialog)
    with qtbot.waitSignal(dialog.imported, timeout=10_000) as told:
        dialog.take_over(catalog(tmp_path / "more.toml", "one", "two", "three"))
    assert told.args == [("two", "three")]
    assert dialog._title.text() == "2 models are new in the catalog."
    assert dialog._list.toPlainText() == "two\nthree"
    assert dialog._list.isVisible()
    dialog.take_over(tmp_path / "more.toml")
    finished(qtbot, dialog)
    assert dialog._title.text() == "The catalog has all models of this file already."
    assert not dialog._list.isVisible()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_conflicts_are_listed(qtbot: QtBot, bench: OwnBench, tmp_path: Path) -> None:
    before = own(bench, tmp_path, "one", "two")
    dialog = imported(qtbot, bench, catalog(tmp_path / "more.toml", "one", "two", "three", more="auto_download = true"))
    assert dialog._title.text().startswith("The models of this file don't fit into the catalog: ")
    lines = dialog._list.toPlainText().splitlines()
    assert len(lines) == 2
    assert "one" in lines[0]
    assert "two" in lines[1]
    assert bench.own == before
    dialog.close()


def test_a_broken_file_is_told_as_plain_text(qtbot: QtBot, bench: OwnBench, tmp_path: Path) -> None:
    path = tmp_path / "<b>broken.toml"
    path.write_text("schema = 1\n[[model]]\nkey = '<i>X</i>'\n", "utf-8")
    dialog = imported(qtbot, bench, path)
    assert dialog._title.text() == f"This file can't be used: {path}"
    assert dialog._title.textFormat() == Qt.TextFormat.PlainText
    assert "<i>X</i>" in dialog._list.toPlainText()
    dialog.close()


def test_a_file_that_is_not_there(qtbot: QtBot, bench: OwnBench, tmp_path: Path) -> None:
    dialog = imported(qtbot, bench, tmp_path / "none.toml")
    assert "none.toml" in dialog._title.text()
    assert dialog._step.text()
    dialog.close()


def test_the_file_is_chosen_first(qtbot: QtBot, bench: OwnBench, tmp_path: Path) -> None:
    dialog = ImportDialog(bench.background, bench.home)
    qtbot.addWidget(dialog)
    dialog._chosen(str(catalog(tmp_path / "more.toml", "one")))
    finished(qtbot, dialog)
    dialog._again.click()
    (chooser,) = dialog.findChildren(QFileDialog)
    chooser.reject()
    assert dialog.isVisible()
    assert dialog._list.toPlainText() == "one"
    dialog.close()


def test_outcomes(tmp_path: Path) -> None:
    assert str(taken_over(("a",)).title) == "1 model is new in the catalog."
    assert taken_over(("a", "b")).lines == ("a", "b")
    problem = errors.UnknownModel("x", ["a"])
    assert not_taken_over(problem, tmp_path).title == problem.title
