"""Models of one's own are added and edited, on a real hub that is Hugging Face and ModelScope."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QAbstractButton, QLabel
from pytestqt.qtbot import QtBot

from helpers.own_models import TOKEN, OwnBench, own_benches, own_hub
from model_preload.core.catalog import HuggingFaceSource, Model, ModelScopeSource, Place, UrlSource
from model_preload.core.tasks import own_catalog
from model_preload.core.tasks.preload import Mode
from model_preload.demo.hub import Hub, Reply, Request
from model_preload.demo.repository import Repository
from model_preload.ui.own_models.add_dialog import AddModelDialog
from model_preload.ui.own_models.choice import Choice


@pytest.fixture
def hub() -> Iterator[Hub]:
    with own_hub() as running:
        yield running


@pytest.fixture
def bench(hub: Hub, tmp_path: Path) -> Iterator[OwnBench]:
    with own_benches(tmp_path, hub) as made:
        yield made


def opened(qtbot: QtBot, bench: OwnBench, model: Model | None = None, language: str = "en") -> AddModelDialog:
    dialog = AddModelDialog(bench.background, bench.home, bench.settings, language, model)
    qtbot.addWidget(dialog)
    dialog.open()
    qtbot.waitExposed(dialog)
    return dialog


def asked(qtbot: QtBot, dialog: AddModelDialog, typed: str, hub: str = "huggingface") -> None:
    """Type it, press Enter, wait for the answer."""
    dialog._address.setText(typed)
    dialog._hub.setCurrentIndex(dialog._hub.findData(hub))
    dialog._address.setFocus()
    qtbot.keyClick(dialog._address, Qt.Key.Key_Return)
    answered(qtbot, dialog)


def answered(qtbot: QtBot, dialog: AddModelDialog) -> None:
    qtbot.waitUntil(lambda: dialog._job is None, timeout=10_000)


def page(dialog: AddModelDialog) -> str:
    return ("start", "busy", "trouble", "result")[dialog._stack.currentIndex()]


def shown(button: QAbstractButton) -> bool:
    return button.isVisibleTo(button.window())


def test_a_model_is_added_by_the_keyboard_alone(qtbot: QtBot, bench: OwnBench) -> None:
    dialog = opened(qtbot, bench)
    assert page(dialog) == "start"
    assert not dialog._look_up.isEnabled()
    assert not dialog._add.isEnabled()
    qtbot.keyClicks(dialog._address, "acme/voice-small")
    qtbot.keyClick(dialog._address, Qt.Key.Key_Return)
    assert page(dialog) == "busy"
    assert not dialog._address.isEnabled()
    answered(qtbot, dialog)
    assert page(dialog) == "result"
    form = dialog._form
    assert (form._name.text(), form._key.text()) == ("voice-small", "voice-small")
    assert form._files.text() == "8 files, 272 kB"
    assert re.fullmatch("[0-9a-f]{12}", form._commit.text())
    assert form._cache_path.text() == str(bench.bench.cache)
    assert dialog._picker._total.text() == "8 of 8 files, 272 kB"
    assert dialog.focusWidget() is form._name
    assert dialog._add.isDefault()
    qtbot.keyClicks(form._name, "Voice")
    with qtbot.waitSignal(dialog.added, timeout=10_000) as added:
        qtbot.keyClick(form._name, Qt.Key.Key_Return)
    assert added.args == ["voice-small"]
    assert not dialog.isVisible()
    (model,) = bench.own
    assert (model.name.en, model.key, model.required) == ("Voice", "voice-small", False)
    assert model.place == Place("cache", "huggingface")
    assert model.sources == (HuggingFaceSource("acme/voice-small", "main"),)


def test_add_and_preload_asks_for_it_after_it_was_added(qtbot: QtBot, bench: OwnBench) -> None:
    dialog = opened(qtbot, bench)
    asked(qtbot, dialog, "acme/voice-small")
    said: list[object] = []
    dialog.added.connect(said.append)
    dialog.preload_wanted.connect(lambda keys, mode: said.extend([keys, mode]))
    with qtbot.waitSignal(dialog.preload_wanted, timeout=10_000):
        dialog._add_and_preload.click()
    assert said == ["voice-small", ("voice-small",), Mode.BRING]


def test_modelscope(qtbot: QtBot, bench: OwnBench) -> None:
    dialog = opened(qtbot, bench)
    asked(qtbot, dialog, "acme/voice-small", "modelscope")
    assert page(dialog) == "result"
    with qtbot.waitSignal(dialog.added, timeout=10_000):
        dialog._add.click()
    assert bench.own[0].sources == (ModelScopeSource("acme/voice-small", "master"),)


def test_the_hub_that_the_user_prefers_comes_first(qtbot: QtBot, bench: OwnBench) -> None:
    settings = replace(bench.settings, hubs=("modelscope",))
    dialog = AddModelDialog(bench.background, bench.home, settings, "en")
    qtbot.addWidget(dialog)
    assert dialog._hub.currentData() == "modelscope"


@pytest.mark.parametrize(
    ("typed", "unclear"), [("acme/voice-small", True), ("https://hf.co/acme/voice-small", False), ("acme", False)]
)
def test_the_hub_is_asked_for_only_where_it_is_not_clear(
    qtbot: QtBot, bench: OwnBench, typed: str, unclear: bool
) -> None:
    dialog = opened(qtbot, bench)
    dialog._address.setText(typed)
    assert dialog._hub.isVisible() == unclear


def test_a_plain_file_needs_a_folder_and_may_have_a_digest(
    qtbot: QtBot, bench: OwnBench, hub: Hub, tmp_path: Path
) -> None:
    dialog = opened(qtbot, bench)
    address = hub.file_url("big-lama.pt").replace("127.0.0.1", "localhost")
    asked(qtbot, dialog, address)
    form = dialog._form
    assert page(dialog) == "result"
    assert not dialog._picker.isVisibleTo(dialog)
    assert form._sha256.isVisibleTo(dialog)
    assert {str(told) for told in form.findings.values()} == {"Choose a folder."}
    assert not dialog._add.isEnabled()
    form._folder_chosen(str(tmp_path / "models"))
    assert dialog._add.isEnabled()
    form._sha256.setText("zz")
    assert not dialog._add.isEnabled()
    form._sha256.setText("A0" * 32)
    with qtbot.waitSignal(dialog.added, timeout=10_000):
        dialog._add.click()
    (model,) = bench.own
    assert model.sources == (UrlSource(address, "big-lama.pt", sha256="a0" * 32),)
    assert model.place == Place("folder", (tmp_path / "models").as_posix())


TROUBLES = [
    ("acme/gated", "huggingface", {}, "wants its licence accepted", (True, True, True)),
    ("acme/private", "huggingface", {}, "to no one without a token", (False, True, True)),
    ("acme/nothing", "huggingface", {}, "to no one without a token", (False, True, True)),
    ("acme/nothing", "huggingface", {"huggingface": TOKEN}, "has no repository", (False, True, True)),
    ("acme/voice-small", "huggingface", {"huggingface": "hf_" + "w" * 30}, "does not accept", (False, True, True)),
    ("acme/voice-small@v9", "huggingface", {}, "has no revision v9", (False, False, True)),
    ("acme/nothing", "modelscope", {}, "has no repository", (False, True, True)),
    ("acme/private", "modelscope", {}, "to no one without a token", (False, True, True)),
    ("acme/voice-small@main", "modelscope", {}, "has no revision main", (False, False, True)),
    ("no such thing", "huggingface", {}, "can't be looked up", (False, False, False)),
    ("http://user:secret@x.example/m.pt", "huggingface", {}, "can't be looked up", (False, False, False)),
]


@pytest.mark.parametrize(("typed", "name", "tokens", "title", "ways"), TROUBLES)
def test_a_problem_is_shown_in_place_with_what_to_do(
    qtbot: QtBot,
    hub: Hub,
    tmp_path: Path,
    typed: str,
    name: str,
    tokens: dict[str, str],
    title: str,
    ways: tuple[bool, bool, bool],
) -> None:
    with own_benches(tmp_path, hub, **tokens) as bench:
        dialog = opened(qtbot, bench)
        asked(qtbot, dialog, typed, name)
        trouble = dialog._trouble
        assert page(dialog) == "trouble"
        assert title in trouble._title.text()
        assert trouble._step.text()
        assert "secret" not in trouble.said()
        assert (shown(trouble._page), shown(trouble._settings), shown(trouble._retry)) == ways
        assert not shown(trouble._blind)
        assert dialog.focusWidget() is dialog._address
        assert dialog._look_up.isDefault()
        assert not dialog._add.isEnabled()
        assert trouble._title.textFormat() == Qt.TextFormat.PlainText


def test_a_plain_file_that_is_not_there(qtbot: QtBot, bench: OwnBench, hub: Hub) -> None:
    dialog = opened(qtbot, bench)
    asked(qtbot, dialog, hub.file_url("none.pt").replace("127.0.0.1", "localhost"))
    assert page(dialog) == "trouble"
    assert "404" in dialog._trouble._title.text()
    assert dialog._trouble._step.text() == "Check the address, and try again."


def test_a_gated_one_is_had_once_its_licence_was_accepted(
    qtbot: QtBot, bench: OwnBench, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    visited: list[str] = []

    def visit(url: QUrl) -> bool:
        visited.append(url.toString())
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", visit)
    dialog = opened(qtbot, bench)
    asked(qtbot, dialog, "acme/gated")
    dialog._trouble._page.click()
    assert visited == [f"{hub.endpoint}/acme/gated"]
    with qtbot.waitSignal(dialog.settings_wanted) as wanted:
        dialog._trouble._settings.click()
    assert wanted.args == ["hubs"]
    hub.put(Repository.of("acme/gated", {"config.json": b"{}"}))
    dialog._trouble._retry.click()
    answered(qtbot, dialog)
    assert page(dialog) == "result"


def test_offline_and_back(qtbot: QtBot, bench: OwnBench, hub: Hub) -> None:
    hub.close()
    dialog = opened(qtbot, bench)
    asked(qtbot, dialog, "acme/voice-small")
    assert "can't be reached" in dialog._trouble._title.text()
    with qtbot.waitSignal(dialog.settings_wanted) as wanted:
        dialog._trouble._settings.click()
    assert wanted.args == ["network"]
    hub.start()
    dialog._trouble._retry.click()
    answered(qtbot, dialog)
    assert page(dialog) == "result"


class Silent(Hub):
    """Answers nothing."""

    def respond(self, request: Request) -> Reply:
        self.wait(60)
        return super().respond(request)


@pytest.mark.parametrize("way", ["escape", "button"])
def test_a_look_up_is_given_up(qtbot: QtBot, tmp_path: Path, way: str) -> None:
    with Silent() as hub, own_benches(tmp_path, hub) as bench:
        dialog = opened(qtbot, bench)
        dialog._address.setText("acme/voice-small")
        dialog._look_up.click()
        assert page(dialog) == "busy"
        assert dialog.focusWidget() is dialog._busy._cancel
        assert dialog._busy._what.text() == "Asking 127.0.0.1…"
        qtbot.waitUntil(lambda: bool(hub.requests))
        if way == "escape":
            qtbot.keyClick(dialog._busy._cancel, Qt.Key.Key_Escape)
        else:
            qtbot.keyClick(dialog._busy._cancel, Qt.Key.Key_Space)
        assert dialog.isVisible()
        assert page(dialog) == "start"
        assert dialog._address.isEnabled()
        assert dialog._address.text() == "acme/voice-small"
        qtbot.keyClick(dialog, Qt.Key.Key_Escape)
        assert not dialog.isVisible()


def test_closing_gives_a_look_up_up(qtbot: QtBot, tmp_path: Path) -> None:
    with Silent() as hub, own_benches(tmp_path, hub) as bench:
        dialog = opened(qtbot, bench)
        dialog._address.setText("acme/voice-small")
        dialog._look_up.click()
        dialog.close()
        assert dialog._job is None
        assert not dialog.isVisible()


def test_keys_are_checked_as_typed(qtbot: QtBot, bench: OwnBench) -> None:
    dialog = opened(qtbot, bench)
    asked(qtbot, dialog, "acme/voice-small")
    form = dialog._form
    for key, note in (("known", "Another model has this key."), ("Bad Key", "Lower-case"), ("good", "")):
        form._key.setText(key)
        told = next(iter(form._notes.values())).text() or form._key.accessibleDescription()
        assert told.startswith(note)
        assert bool(told) == bool(note)
        assert dialog._add.isEnabled() == (not note)


def test_patterns_and_ticks_are_one(qtbot: QtBot, bench: OwnBench) -> None:
    dialog = opened(qtbot, bench)
    asked(qtbot, dialog, "acme/voice-small")
    picker = dialog._picker
    picker._include.setText("*.json, *.xml")
    assert picker._total.text() == "2 of 8 files, 1.0 kB"
    assert picker._note.text() == "No file is like *.xml. Put a comma between two patterns."
    assert dialog._add.isEnabled()
    assert picker._quick.currentText() == "By patterns"
    picker._include.setText("*.json, ../x")
    assert picker._note.text().startswith("These are no patterns: ../x")
    assert not dialog._add.isEnabled()
    picker._include.setText("*.xml")
    assert picker._note.text() == "No file is left. Choose at least one."
    assert not dialog._add.isEnabled()
    picker._quick.setCurrentIndex(picker._quick.findText("Only the top level"))
    picker._quick.activated.emit(picker._quick.currentIndex())
    assert picker.choice == Choice((), ("*/*",))
    assert dialog._add.isEnabled()
    first = picker._tree.index(0, 0)
    picker._view.setFocus()
    picker._view.setCurrentIndex(first)
    qtbot.keyClick(picker._view, Qt.Key.Key_Space)
    assert first.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked
    assert picker.choice == Choice((), ("tokenizer/",))
    with qtbot.waitSignal(dialog.added, timeout=10_000):
        dialog._add.click()
    assert bench.own[0].sources == (HuggingFaceSource("acme/voice-small", "main", (), ("tokenizer/",)),)


def test_a_pasted_folder_is_what_is_chosen(qtbot: QtBot, bench: OwnBench, hub: Hub) -> None:
    dialog = opened(qtbot, bench)
    asked(qtbot, dialog, f"{hub.endpoint}/acme/voice-small/tree/main/onnx")
    assert dialog._picker.choice == Choice(("onnx/",))
    assert dialog._picker._total.text() == "2 of 8 files, 90.0 kB"


def test_what_was_typed_since_has_to_be_looked_up(qtbot: QtBot, bench: OwnBench) -> None:
    dialog = opened(qtbot, bench)
    asked(qtbot, dialog, "acme/voice-small")
    dialog._address.setText("acme/voice-smal")
    assert not dialog._add.isEnabled()
    assert not dialog._result.isEnabled()
    assert dialog._look_up.isDefault()
    assert dialog._note.text() == "This is of what was typed before. Look it up again."
    dialog._address.setText("acme/voice-small")
    assert dialog._add.isEnabled()
    assert dialog._note.text() == ""


def test_what_the_catalog_refuses_is_told_and_can_be_mended(qtbot: QtBot, bench: OwnBench) -> None:
    dialog = opened(qtbot, bench)
    asked(qtbot, dialog, "acme/voice-small")
    path = bench.home / own_catalog.FILE
    path.write_text("schema = 1\nnonsense = 2\n", encoding="utf-8")
    dialog._add.click()
    qtbot.waitUntil(lambda: bool(dialog._note.text()))
    assert "nonsense" in dialog._note.text()
    assert dialog.isVisible()
    path.unlink()
    with qtbot.waitSignal(dialog.added, timeout=10_000):
        dialog._add.click()


def added(qtbot: QtBot, bench: OwnBench) -> Model:
    dialog = opened(qtbot, bench)
    asked(qtbot, dialog, "acme/voice-small")
    with qtbot.waitSignal(dialog.added, timeout=10_000):
        dialog._add.click()
    return bench.own[0]


def test_a_model_is_edited(qtbot: QtBot, bench: OwnBench) -> None:
    dialog = opened(qtbot, bench, added(qtbot, bench))
    assert dialog._address.text() == "acme/voice-small"
    answered(qtbot, dialog)
    assert dialog._form._key.isReadOnly()
    assert dialog._add.text() == "&Save"
    assert dialog._add.isEnabled()
    dialog._form._name.setText("Stimme")
    dialog._form._required.setChecked(True)
    dialog._picker._exclude.setText("*.bin")
    with qtbot.waitSignal(dialog.added, timeout=10_000) as saved:
        dialog._add.click()
    assert saved.args == ["voice-small"]
    (model,) = bench.own
    assert (model.name.en, model.required) == ("Stimme", True)
    assert model.sources == (HuggingFaceSource("acme/voice-small", "main", (), ("*.bin",)),)


def test_offline_a_model_is_edited_without_its_files(qtbot: QtBot, bench: OwnBench, hub: Hub) -> None:
    model = added(qtbot, bench)
    hub.close()
    dialog = opened(qtbot, bench, model)
    answered(qtbot, dialog)
    assert page(dialog) == "trouble"
    assert shown(dialog._trouble._blind)
    dialog._trouble._blind.click()
    answered(qtbot, dialog)
    assert page(dialog) == "result"
    picker = dialog._picker
    assert not picker._view.isVisible()
    assert picker._unlisted.isVisible()
    assert picker._note.text() == ""
    picker._exclude.setText("[")
    assert not dialog._add.isEnabled()
    picker._exclude.setText("*.bin")
    with qtbot.waitSignal(dialog.added, timeout=10_000):
        dialog._add.click()
    assert bench.own[0].sources == (HuggingFaceSource("acme/voice-small", "main", (), ("*.bin",)),)


def test_a_listing_of_thousands_is_picked_from_without_a_wait(qtbot: QtBot, bench: OwnBench, hub: Hub) -> None:
    hub.put(Repository.of("acme/many", {f"shard-{n % 50:02}/{n:05}.bin": b"x" * 9 for n in range(5000)}))
    dialog = opened(qtbot, bench)
    asked(qtbot, dialog, "acme/many")
    assert dialog._picker._total.text() == "5,000 of 5,000 files, 45.0 kB"
    dialog._picker._tree.ticked.emit("shard-07/", False)
    assert dialog._picker._total.text() == "4,900 of 5,000 files, 44.1 kB"


def mnemonics(dialog: AddModelDialog) -> list[str]:
    widgets: list[QAbstractButton | QLabel] = [*dialog.findChildren(QAbstractButton), *dialog.findChildren(QLabel)]
    found = (re.search("&([^&])", widget.text()) for widget in widgets if widget.isVisible())
    return sorted(letter[1].lower() for letter in found if letter)


def test_mnemonics_are_different_and_controls_have_names(qtbot: QtBot, bench: OwnBench) -> None:
    model = added(qtbot, bench)
    for before in (None, model):
        dialog = opened(qtbot, bench, before)
        for typed in ("acme/gated", "acme/voice-small"):
            if before is not None:
                answered(qtbot, dialog)
            asked(qtbot, dialog, typed)
            letters = mnemonics(dialog)
            assert len(letters) == len(set(letters)), letters
            if page(dialog) == "result":
                assert {"r", "l", "n", "k", "f", "b", "q", "c", "i", "o", "t", "e", "p"} <= set(letters)
        for field in (dialog._form._name, dialog._form._key, dialog._picker._include, dialog._picker._view):
            assert field.accessibleName()
        dialog.close()


def test_fields_come_one_after_the_other(qtbot: QtBot, bench: OwnBench) -> None:
    dialog = opened(qtbot, bench)
    asked(qtbot, dialog, "acme/voice-small")
    seen = [dialog.focusWidget()]
    for _ in range(12):
        qtbot.keyClick(seen[-1], Qt.Key.Key_Tab)
        seen.append(dialog.focusWidget())
    form, picker = dialog._form, dialog._picker
    wanted = [form._name, form._key, form._browse, form._required, picker._quick, picker._include, picker._view]
    places = [seen.index(field) for field in wanted]
    assert places == sorted(places)
    assert dialog._result.mapTo(dialog, QPoint(0, 0)).y() > 0
