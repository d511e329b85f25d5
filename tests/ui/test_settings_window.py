"""The settings window: what is shown, what Apply writes, what the environment decides, what goes wrong."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QListWidget, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from helpers import token_store
from helpers.preferences import Session, Standing, platform, standing
from model_preload.core.errors import CredentialStoreUnusable
from model_preload.core.settings import Settings
from model_preload.core.tasks.apply_env import EnvChange
from model_preload.core.tasks.engine_places import EnginePlace
from model_preload.core.texts import text
from model_preload.system.credentials import SERVICE, TokenOrigin, TokenState
from model_preload.ui.forms.choices import OwnChoiceField
from model_preload.ui.forms.field import Field
from model_preload.ui.settings import SettingsWindow
from model_preload.ui.settings.folders import FoldersPage, hindrance, shown_folder
from model_preload.ui.settings.tokens import TokenDialog, TokenRow, token_view
from model_preload.ui.settings.window import PAGES

TOKEN = "hf_secretSecretSecret"
Child = TypeVar("Child", bound=QWidget)
Open = Callable[..., tuple[Standing, SettingsWindow]]


@pytest.fixture(autouse=True)
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[tuple[str, str], str]]:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", token_store.BACKEND)
    yield token_store.KEPT
    token_store.KEPT.clear()


@pytest.fixture
def opened(qtbot: QtBot, tmp_path: Path) -> Iterator[Open]:
    """Opens the window on settings and an environment, and waits until it has looked at everything."""
    with ExitStack() as closing:

        def make(
            environ: dict[str, str] | None = None, written: str = "", session: Session | None = None
        ) -> tuple[Standing, SettingsWindow]:
            base = closing.enter_context(standing(tmp_path, environ, written, session))
            window = SettingsWindow(base.preferences, base.credentials, base.session, base.background)
            qtbot.addWidget(window)
            window.show()
            settle(base, qtbot)
            return base, window

        yield make


def settle(base: Standing, qtbot: QtBot) -> None:
    """Until the background has done what was asked so far."""
    done: list[object] = []
    base.background.start(lambda *_: None, done.append, done.append)
    qtbot.waitUntil(lambda: bool(done))


def field(window: SettingsWindow, name: str) -> Field:
    return next(one for one in window.findChildren(Field) if one.name == name)


def child(parent: QWidget, kind: type[Child]) -> Child:
    """The only one of that kind."""
    (found,) = parent.findChildren(kind)
    return found


def page_of(window: SettingsWindow, name: str) -> str:
    """Turn to the page where a setting is."""
    for row, page in enumerate(PAGES):
        if any(one.name == name for one in window._pages[row]._fields):
            window.show_page(page)
            return page
    raise AssertionError(name)


EDITED = [
    ("language", "zh_CN"),
    ("theme", "dark"),
    ("notifications", False),
    ("resume", False),
    ("when_metered", "wait"),
    ("when_on_battery", "go-on"),
    ("endpoint", "https://hf-mirror.com"),
    ("endpoint", "http://10.0.0.5:8080/hub"),
    ("modelscope_endpoint", "https://www.modelscope.ai"),
    ("hubs", ("modelscope", "huggingface", "url")),
    ("proxy", "none"),
    ("proxy", "socks5h://10.0.0.1:1080"),
    ("connections", 4),
    ("limit", 2_500_000),
]


@pytest.mark.parametrize(("name", "value"), EDITED)
def test_what_is_edited_holds_when_it_is_applied(name: str, value: object, opened: Open) -> None:
    base, window = opened(written="# mine\nreserve = 7\n")
    page_of(window, name)
    assert not window._apply.isEnabled()
    field(window, name).propose(value)
    assert base.saved == []
    assert window._apply.isEnabled()
    window._apply.click()
    assert base.saved == [frozenset({name})]
    assert getattr(base.preferences.value, name) == value
    assert "# mine\nreserve = 7\n" in base.written
    assert not window._apply.isEnabled()
    assert not field(window, name).is_changed


def test_every_setting_for_people_has_a_field(opened: Open) -> None:
    _, window = opened()
    own_to_files = {"reserve", "packages", "first_run_done"}
    assert {one.name for one in window.findChildren(Field)} == Settings.__dataclass_fields__.keys() - own_to_files | {
        "autostart"
    }


def test_what_is_right_on_one_page_waits_for_its_own_apply(opened: Open) -> None:
    base, window = opened()
    for name, value in (("theme", "dark"), ("connections", 4)):
        page_of(window, name)
        field(window, name).propose(value)
    window._apply.click()
    assert base.saved == [frozenset({"connections"})]
    assert field(window, "theme").is_changed
    assert window._list.item(0).toolTip() == "Not applied yet."
    window.close()
    window.show()
    window.show_page("general")
    window._revert.click()
    assert not field(window, "theme").is_changed
    assert window._list.item(0).toolTip() == ""


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("endpoint", "hf-mirror.com", "an address such as"),
        ("modelscope_endpoint", "https://a b", "an address such as"),
        ("proxy", "http://me:secret@proxy.example", "holds a login"),
        ("platform", "relative", "the full path of a folder"),
    ],
)
def test_nothing_wrong_can_be_applied(name: str, value: str, said: str, opened: Open, qtbot: QtBot) -> None:
    base, window = opened()
    page = page_of(window, name)
    field(window, name).propose(value)
    note = field(window, name).note
    assert said in note.text()
    assert note.is_warning
    assert note.isVisibleTo(window)
    assert window._list.item(PAGES.index(page)).toolTip() == "Something here is wrong."
    assert not window._apply.isEnabled()
    window._apply_page()
    assert base.saved == []
    window._revert.click()
    assert (field(window, name).is_changed, note.is_warning) == (False, False)


@pytest.mark.parametrize(
    ("variable", "value", "name", "shown"),
    [
        ("HF_ENDPOINT", "https://mirror.example", "endpoint", "https://mirror.example"),
        ("MODELSCOPE_ENDPOINT", "modelscope.ai", "modelscope_endpoint", "https://modelscope.ai"),
        ("https_proxy", "http://me:secret@proxy.example", "proxy", ""),
        ("MODEL_PRELOAD_PLATFORM", str(Path("/opt/tianshu").absolute()), "platform", None),
    ],
)
def test_what_the_environment_sets_is_shown_and_not_edited(
    variable: str, value: str, name: str, shown: str | None, opened: Open
) -> None:
    _, window = opened({variable: value}, written='endpoint = "https://from.file"\n')
    page_of(window, name)
    one = field(window, name)
    assert one.note.text() == f"Set by {variable} in the environment."
    assert not one._control.isEnabled()
    assert one.value == (Path(value) if shown is None else shown)


def test_the_platform_is_kept_and_taken_away(opened: Open, qtbot: QtBot, tmp_path: Path) -> None:
    base, window = opened()
    there = platform(tmp_path / "tianshu")
    page_of(window, "platform")
    field(window, "platform").propose(str(there))
    assert not window._apply.isEnabled()
    qtbot.waitUntil(window._apply.isEnabled)
    window._apply.click()
    assert base.preferences.value.platform == there
    assert not window._revert.isEnabled()
    field(window, "platform").propose(None)
    window._apply.click()
    assert base.preferences.value == Settings()
    assert "platform" not in base.written
    settle(base, qtbot)


def test_a_change_from_elsewhere_is_shown_but_takes_no_edit_away(opened: Open) -> None:
    base, window = opened()
    field(window, "connections").propose(4)
    base.preferences.save(theme="dark", connections=9, limit=5000)
    assert field(window, "theme").value == "dark"
    assert field(window, "limit").value == 5000
    assert field(window, "connections").value == 4


@pytest.mark.parametrize("broken", ["connections = ", "conections = 4"])
def test_a_file_that_was_broken_meanwhile_is_told_in_place(broken: str, opened: Open) -> None:
    base, window = opened()
    base.file.write_text(broken, encoding="utf-8")
    field(window, "theme").propose("dark")
    window._apply.click()
    assert "settings.toml" in window._problem.text()
    assert "Correct the file" in window._problem.text()
    assert window._problem.is_warning
    assert window._apply.isEnabled()
    assert base.written == broken
    base.file.write_text("", encoding="utf-8")
    window._apply.click()
    assert window._problem.text() == ""
    assert base.preferences.value.theme == "dark"


def test_the_start_with_the_session_is_kept_by_the_system(opened: Open) -> None:
    base, window = opened()
    field(window, "autostart").propose(True)
    window._apply.click()
    assert base.session.enabled()
    assert (base.saved, base.written) == ([], "")
    base.session.on = False
    window.refresh()
    assert field(window, "autostart").value is False


def test_why_the_session_does_not_start_it_is_told(opened: Open) -> None:
    why = text("It is switched off in Task Manager or Settings, under startup apps. Switch it on there.")
    _, window = opened(session=Session(why=why))
    note = field(window, "autostart").note
    assert (note.text(), note.is_warning) == (str(why), True)


def test_a_start_that_is_refused_is_told_and_the_rest_holds(opened: Open) -> None:
    base, window = opened(session=Session(refused="Access is denied"))
    field(window, "autostart").propose(True)
    field(window, "theme").propose("dark")
    window._apply.click()
    assert "Access is denied" in window._problem.text()
    assert base.preferences.value.theme == "dark"
    assert not field(window, "theme").is_changed
    assert field(window, "autostart").is_changed


def row_of(window: SettingsWindow, hub: str) -> TokenRow:
    window.show_page("hubs")
    return next(row for row in window.findChildren(TokenRow) if row._hub == hub)


def test_a_token_is_set_and_removed_and_never_shown(
    opened: Open, qtbot: QtBot, store: dict[tuple[str, str], str]
) -> None:
    base, window = opened()
    row = row_of(window, "huggingface")
    assert (row._told.text(), row._set.isEnabled(), row._remove.isEnabled()) == ("Not set", True, False)
    row._set.click()
    dialog = child(window, TokenDialog)
    assert dialog.focusWidget() is dialog._field
    assert not dialog._keep.isEnabled()
    dialog._field.setText("two words")
    assert "no blanks" in dialog._note.text()
    dialog._field.setText(f" {TOKEN} ")
    assert dialog._field.displayText() != dialog._field.text()
    with qtbot.waitSignal(window.token_changed):
        dialog._keep.click()
    assert store == {(SERVICE, "huggingface"): TOKEN}
    assert row._told.text() == "Set, by the system's credential store"
    row._remove.click()
    box = child(window, QMessageBox)
    with qtbot.waitSignal(window.token_changed):
        box.buttons()[0].click()
    assert store == {}
    assert row._told.text() == "Not set"
    assert TOKEN not in base.written


def test_a_token_is_kept_when_nobody_says_remove(opened: Open, qtbot: QtBot, store: dict[tuple[str, str], str]) -> None:
    store[SERVICE, "modelscope"] = TOKEN
    _, window = opened()
    row = row_of(window, "modelscope")
    row._remove.click()
    child(window, QMessageBox).defaultButton().click()
    row._set.click()
    child(window, TokenDialog).reject()
    assert store == {(SERVICE, "modelscope"): TOKEN}


def test_a_store_that_takes_nothing_is_told(opened: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    _, window = opened()
    row = row_of(window, "huggingface")
    with qtbot.assertNotEmitted(window.token_changed):
        row._keep(TOKEN)
        qtbot.waitUntil(lambda: row.note.is_warning)
    assert "it keeps nothing" in row.note.text()
    assert TOKEN not in row.note.text()
    assert row._set.isEnabled()


NONE, STORE, LOGIN = TokenOrigin.NONE, TokenOrigin.STORE, TokenOrigin.LOGIN


@pytest.mark.parametrize(
    ("state", "obstacle", "told", "more", "warns", "can"),
    [
        (TokenState(NONE, text("not set"), kept=False), False, "Not set", "", False, (True, False)),
        (TokenState(STORE, text("S"), kept=True), False, "Set, by S", "", False, (True, True)),
        (TokenState(LOGIN, text("L"), kept=False), False, "Set, by L", "", False, (True, False)),
        (TokenState(NONE, text("not set"), kept=False), True, "Not set", "by HF_TOKEN", True, (False, False)),
        (TokenState(LOGIN, text("L"), kept=False), True, "Set, by L", "by HF_TOKEN", False, (False, False)),
        (
            TokenState(TokenOrigin.ENVIRONMENT, text("E"), kept=True, variable="HF_TOKEN"),
            False,
            "Set, by E",
            "HF_TOKEN goes before",
            False,
            (False, True),
        ),
    ],
)
def test_what_is_shown_of_a_token(
    state: TokenState, obstacle: bool, told: str, more: str, warns: bool, can: tuple[bool, bool]
) -> None:
    problem = CredentialStoreUnusable("this system has none", "HF_TOKEN") if obstacle else None
    view = token_view("huggingface", state, problem)
    assert str(view.told) == told
    assert more in str(view.more or "")
    assert bool(view.more) == bool(more)
    assert (view.warns, (view.can_set, view.can_remove)) == (warns, can)


HOME = Path("/home/anna").absolute()


@pytest.mark.parametrize(
    ("place", "known", "said", "folder"),
    [
        (EnginePlace(text("W"), "HF_HOME", HOME, text("Y"), fixed=False), True, None, str(HOME)),
        (EnginePlace(text("W"), "HF_HOME", HOME, text("Y"), fixed=True), True, "change it there", str(HOME)),
        (EnginePlace(text("W"), "HF_HOME", HOME, text("Y"), fixed=False), False, "the engine's own place", str(HOME)),
        (EnginePlace(text("W"), "X", None, text("Y"), fixed=False), False, "Set X in", "In the platform's folder"),
    ],
)
def test_which_places_can_be_changed(place: EnginePlace, known: bool, said: str | None, folder: str) -> None:
    found = hindrance(place, HOME if known else None)
    assert (found is None) == (said is None)
    assert said is None or said in str(found)
    assert shown_folder(place).startswith(folder)


def folders(window: SettingsWindow) -> FoldersPage:
    window.show_page("platform")
    return child(window, FoldersPage)


def test_places_are_listed_and_a_change_is_proposed(opened: Open, qtbot: QtBot, tmp_path: Path) -> None:
    there = platform(tmp_path / "tianshu")
    base, window = opened(written=f"platform = '{there}'\n")
    page = folders(window)
    model = page._model
    assert model.rowCount() == 4
    assert model.headerData(0, Qt.Orientation.Horizontal) == "What"
    row = next(row for row, place in enumerate(model.places) if place.variable == "PADDLE_PDX_CACHE_HOME")
    page._table.selectRow(row)
    assert page._change.isEnabled()
    with qtbot.waitSignal(window.env_change_wanted) as wanted:
        page._propose(tmp_path / "paddle")
    (change,) = wanted.args
    assert isinstance(change, EnvChange)
    assert f"+PADDLE_PDX_CACHE_HOME={tmp_path / 'paddle'}" in change.diff
    assert (there / ".env").read_text() == ""
    with qtbot.assertNotEmitted(window.env_change_wanted):
        page._default.click()
        settle(base, qtbot)
    assert "nothing to change" in page._note.text()


def test_without_a_platform_it_is_told_what_moves_a_place(opened: Open) -> None:
    _, window = opened()
    page = folders(window)
    page._table.selectRow(1)
    assert "Set PADDLE_PDX_CACHE_HOME in the environment" in page._note.text()
    assert not page._change.isEnabled()


def test_a_folder_that_can_not_be_is_told(opened: Open, qtbot: QtBot, tmp_path: Path) -> None:
    there = platform(tmp_path / "tianshu")
    (there / ".env").unlink()
    base, window = opened(written=f"platform = '{there}'\n")
    page = folders(window)
    page._table.selectRow(1)
    page._propose(tmp_path)
    settle(base, qtbot)
    assert page._note.is_warning
    assert ".env" in page._note.text()


def test_the_keyboard_reaches_everything(opened: Open, qtbot: QtBot) -> None:
    _, window = opened()
    window.activateWindow()
    window._list.setFocus()
    for page in PAGES:
        window.show_page(page)
        window._list.setFocus()
        seen: list[QWidget] = []
        while (now := QApplication.focusWidget()) not in seen:
            assert now is not None
            seen.append(now)
            qtbot.keyClick(now, Qt.Key.Key_Tab)
        here = window._page
        wanted = [
            one
            for one in here.findChildren(QWidget)
            if one.isVisible() and one.isEnabled() and one.focusPolicy() & Qt.FocusPolicy.TabFocus
            if not one.focusProxy()
        ]
        assert wanted
        assert [one for one in wanted if one not in seen] == []
        assert [one for one in wanted if not (one.accessibleName() or getattr(one, "text", str)())] == []


def test_pages_are_turned_and_the_window_closed_by_keys(opened: Open, qtbot: QtBot) -> None:
    _, window = opened()
    with qtbot.waitActive(window):
        window.activateWindow()
    window._list.setFocus()
    qtbot.keyClick(window._list, Qt.Key.Key_Down)
    assert window._stack.currentIndex() == window._list.currentRow() == 1
    qtbot.keyClick(window, Qt.Key.Key_PageUp, Qt.KeyboardModifier.ControlModifier)
    assert window._list.currentRow() == 0
    qtbot.keyClick(window, Qt.Key.Key_PageUp, Qt.KeyboardModifier.ControlModifier)
    assert window._list.currentRow() == len(PAGES) - 1
    qtbot.keyClick(window._list, Qt.Key.Key_Escape)
    assert window.isHidden()


def test_enter_in_a_text_applies(opened: Open, qtbot: QtBot) -> None:
    base, window = opened()
    page_of(window, "proxy")
    proxy = field(window, "proxy")
    proxy.propose("http://10.0.0.1:3128")
    qtbot.keyClick(proxy._own, Qt.Key.Key_Return)  # type: ignore[attr-defined]
    assert base.preferences.value.proxy == "http://10.0.0.1:3128"


def test_mnemonics_of_a_page_are_its_own(opened: Open) -> None:
    _, window = opened()
    for page in PAGES:
        window.show_page(page)
        said = [
            getattr(one, "text", str)()
            for one in window.findChildren(QWidget)
            if one.isVisible() and not isinstance(one, QListWidget) and not hasattr(one, "note")
        ]
        letters = [words[words.index("&") + 1].lower() for words in said if isinstance(words, str) and "&" in words]
        assert len(letters) == len(set(letters)), (page, letters)


def test_the_page_is_remembered(opened: Open) -> None:
    _, window = opened()
    window.show_page("network")
    assert window.state() == b"network"
    window.restore(b"hubs")
    assert window._list.currentRow() == 2
    window.restore(b"\xff of another version")
    assert window._list.currentRow() == 2


def test_what_is_not_done_ends_with_the_window(opened: Open, qtbot: QtBot) -> None:
    base, window = opened()
    free = threading.Event()
    held: list[object] = []
    base.background.start(lambda *_: free.wait(5), held.append, held.append)
    window.refresh()
    field(window, "platform").propose(str(base.home))
    shiboken6.delete(window)
    free.set()
    settle(base, qtbot)
    assert held == [True]


def test_pages_fit_the_width_of_a_small_screen(opened: Open, qtbot: QtBot) -> None:
    _, window = opened()
    window.resize(640, 360)
    assert window.width() == 640
    for page in PAGES:
        window.show_page(page)
        for one in window.findChildren(OwnChoiceField):
            one.propose("http://10.0.0.1:8080/a/long/address/of/its/own")
        QApplication.processEvents()
        assert window._page.horizontalScrollBar().maximum() == 0, page
