"""The first start's questions: answered, skipped, in another language."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QWidget
from pytestqt.qtbot import QtBot

from helpers.preferences import Session, Standing, platform, standing
from model_preload.core import settings, texts
from model_preload.core.settings import Settings
from model_preload.ui.first_run import FirstRun, is_here_china, is_in_china

MIRROR = "https://hf-mirror.com"
Open = Callable[..., tuple[Standing, FirstRun]]


@pytest.fixture
def opened(qtbot: QtBot, tmp_path: Path) -> Iterator[Open]:
    with ExitStack() as closing:

        def make(
            environ: dict[str, str] | None = None,
            written: str = "",
            session: Session | None = None,
            *,
            mirror: bool = False,
        ) -> tuple[Standing, FirstRun]:
            base = closing.enter_context(standing(tmp_path, environ, written, session))
            base.preferences.changed.connect(lambda _: texts.use(base.preferences.value.language or "en"))
            window = FirstRun(base.preferences, base.session, base.background, mirror=mirror)
            qtbot.addWidget(window)
            window.show()
            return base, window

        yield make


def kept(base: Standing) -> Settings:
    """As the next start reads them."""
    return settings.load(base.home, base.environ)


@pytest.mark.parametrize(
    ("language", "zone", "likely"),
    [
        ("zh_CN", "Europe/Berlin", True),
        ("en_US", "Asia/Shanghai", True),
        ("en_US", "Asia/Urumqi", True),
        ("zh_TW", "Asia/Taipei", False),
        ("zh_HK", "Asia/Hong_Kong", False),
        ("en_US", "UTC", False),
        ("C", "", False),
    ],
)
def test_the_mirror_is_proposed_by_language_and_time_zone(language: str, zone: str, likely: bool) -> None:
    assert is_in_china(language, zone) is likely


def test_this_computer_tells_its_language_and_zone(qapp: QApplication) -> None:
    assert is_here_china() in (True, False)


def test_all_of_it_answered(opened: Open, qtbot: QtBot, tmp_path: Path) -> None:
    base, window = opened(mirror=True)
    there = platform(base.bench.home / "tianshu")
    assert window._step.text() == "Step 1 of 3"
    assert not window._back.isEnabled()
    window._next.click()
    assert kept(base).endpoint == MIRROR
    qtbot.waitUntil(lambda: window._next.isEnabled() and window._platform.is_changed)  # found by itself
    assert window._platform.value == str(there)
    window._next.click()
    assert kept(base).platform == there
    assert window._next.text() == "&Finish"
    window._start._box.click()
    with qtbot.waitSignal(window.finished) as finished:
        window._next.click()
    assert finished.args == [QDialog.DialogCode.Accepted]
    assert base.session.on
    assert kept(base) == Settings(endpoint=MIRROR, platform=there, first_run_done=True)


@pytest.mark.parametrize("skip", ["button", "escape", "close"])
@pytest.mark.parametrize("pages", [0, 1, 2])
def test_skipped_it_leaves_what_was_not_confirmed(skip: str, pages: int, opened: Open, qtbot: QtBot) -> None:
    base, window = opened(mirror=True)
    for _ in range(pages):
        window._next.click()
    window._start.propose(True)
    with qtbot.waitSignal(window.finished) as finished:
        if skip == "button":
            window._skip.click()
        elif skip == "escape":
            qtbot.keyClick(window, Qt.Key.Key_Escape)
        else:
            window.close()
    assert finished.args == [QDialog.DialogCode.Rejected]
    assert not base.session.on
    endpoint = MIRROR if pages else Settings().endpoint
    assert kept(base) == Settings(endpoint=endpoint, first_run_done=True)


def test_another_language_is_there_at_once_and_nothing_typed_is_lost(opened: Open, qtbot: QtBot) -> None:
    base, window = opened()
    window._endpoint.propose("http://10.0.0.5:8080")
    window._start.propose(True)
    window._language.propose("zh_CN")
    assert kept(base).language == "zh_CN"
    assert window._endpoint.value == "http://10.0.0.5:8080"
    assert window._start.value is True
    assert (window._row, window._language.value) == (0, "zh_CN")
    window._next.click()
    window._back.click()
    window._language.propose("en")
    assert window._next.text() == "&Next >"
    assert kept(base).language == "en"
    assert window._endpoint.value == "http://10.0.0.5:8080"
    window.reject()


def test_what_the_environment_sets_is_shown_and_not_asked(opened: Open) -> None:
    base, window = opened({"HF_ENDPOINT": "https://mirror.example"}, mirror=True)
    assert window._endpoint.value == "https://mirror.example"
    assert window._endpoint.note.text() == "Set by HF_ENDPOINT in the environment."
    window._next.click()
    assert base.saved == []
    window._back.click()
    assert window._endpoint.note.text() == "Set by HF_ENDPOINT in the environment."
    window.reject()


def test_a_mirror_that_was_chosen_before_is_not_overwritten(opened: Open) -> None:
    _, window = opened(written='endpoint = "https://mirror.example"\n', mirror=True)
    assert not window._endpoint.is_changed
    window.reject()


def test_what_is_wrong_keeps_the_page(opened: Open, qtbot: QtBot, tmp_path: Path) -> None:
    _, window = opened()
    window._endpoint.propose("no address")
    assert not window._next.isEnabled()
    window._endpoint.revert()
    window._fit()
    window._next.click()
    qtbot.waitUntil(lambda: window._platform._finding is None)
    assert "was not found" in window._platform.note.text()
    assert window._next.isEnabled()
    window._platform.propose(str(tmp_path))
    qtbot.waitUntil(lambda: window._platform._looking is None)
    assert not window._next.isEnabled()
    window.reject()


@pytest.mark.parametrize("at", [0, 2])
def test_what_can_not_be_kept_is_told_in_place(at: int, opened: Open, expected_log: Callable[..., None]) -> None:
    expected_log("settings.toml")
    base, window = opened(session=Session(refused="Access is denied"))
    for _ in range(at):
        window._next.click()
    base.file.write_text("broken = ", encoding="utf-8")
    if at:
        window._start.propose(True)
    else:
        window._endpoint.propose(MIRROR)
    window._next.click()
    assert ("Access is denied" if at else "settings.toml") in window._problem.text()
    assert window._row == at
    window._skip.click()
    assert window.isHidden()


def test_it_goes_by_keyboard(opened: Open, qtbot: QtBot) -> None:
    base, window = opened()
    with qtbot.waitActive(window):
        window.activateWindow()
    assert window.focusWidget() is window._language._box
    alt = Qt.KeyboardModifier.AltModifier
    qtbot.keyClick(window, Qt.Key.Key_N, alt)
    qtbot.waitUntil(lambda: window._row == 1)  # the button is seen going down first
    qtbot.keyClick(window, Qt.Key.Key_B, alt)
    qtbot.waitUntil(lambda: window._row == 0)
    for row in (1, 2):
        qtbot.keyClick(window, Qt.Key.Key_Return)
        assert window._row == row
    assert window.focusWidget() is window._start._box
    qtbot.keyClick(window._start._box, Qt.Key.Key_Space)
    with qtbot.waitSignal(window.finished):
        qtbot.keyClick(window, Qt.Key.Key_Return)
    assert base.session.on


def test_mnemonics_of_a_page_are_its_own(opened: Open) -> None:
    _, window = opened()
    for row in range(3):
        window._turn(row)
        said = [getattr(one, "text", str)() for one in window.findChildren(QWidget) if one.isVisible()]
        letters = [words[words.index("&") + 1].lower() for words in said if isinstance(words, str) and "&" in words]
        assert len(letters) == len(set(letters)) >= 4, letters
    window.reject()
