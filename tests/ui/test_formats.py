"""Numbers, sizes and times in both languages, and Qt's own dialogs."""

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import QCoreApplication, QLocale
from PySide6.QtWidgets import QDialogButtonBox
from pytestqt.qtbot import QtBot

from model_preload.core import texts
from model_preload.core.texts import text
from model_preload.ui.formats import (
    duration_text,
    number_text,
    percent_text,
    rate_text,
    size_text,
    time_text,
)
from model_preload.ui.language import Language, locale_of

Use = Callable[[str], str]


@pytest.fixture
def use(qtbot: QtBot) -> Iterator[Use]:
    app = QCoreApplication.instance()
    assert app is not None
    language = Language(app)

    def switch(name: str) -> str:
        used = language.use(name)
        QLocale.setDefault(QLocale({"en": "en_US", "zh_CN": "zh_CN"}[used]))  # whatever the machine's ways are
        return used

    yield switch
    language.use("en")
    QLocale.setDefault(QLocale.c())


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("bytes_", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (99_400, "99.4 kB"),
        (123_456, "123 kB"),
        (1_300_000_000, "1.3 GB"),
        (999_500_000_000, "1.0 TB"),
        (7_000_000_000_001, "7.0 TB"),
        (1_234_500_000_000_000, "1,234.5 TB"),
    ],
)
def test_sizes(use: Use, language: str, bytes_: int, shown: str) -> None:
    use(language)
    assert size_text(bytes_) == shown
    assert rate_text(bytes_) == f"{shown}/s"
    assert shown.replace(",", "") == texts.size(bytes_)


def test_numbers_have_the_separators_of_the_place(use: Use) -> None:
    use("en")
    assert number_text(7_000_000_001) == "7,000,000,001"
    QLocale.setDefault(QLocale("de_DE"))
    assert number_text(5000) == "5.000"
    assert size_text(1_300_000) == "1,3 MB"


DURATIONS = [
    (0, "0 s", "0 秒"),
    (0.2, "1 s", "1 秒"),
    (59, "59 s", "59 秒"),
    (60, "1 min", "1 分钟"),
    (61, "2 min", "2 分钟"),
    (240, "4 min", "4 分钟"),
    (3599, "1 h", "1 小时"),
    (4800, "1 h 20 min", "1 小时 20 分钟"),
    (86_399, "1 d", "1 天"),
    (86_400 + 3600 * 3, "1 d 3 h", "1 天 3 小时"),
    (10 * 86_400, "10 d", "10 天"),
]


@pytest.mark.parametrize(("seconds", "english", "chinese"), DURATIONS)
def test_durations(use: Use, seconds: float, english: str, chinese: str) -> None:
    use("en")
    assert duration_text(seconds) == english
    use("zh")
    if str(text("{days} d", days=1)) == "1 d":
        pytest.skip("not translated yet, as tests/core/test_translations.py tells")
    assert duration_text(seconds) == chinese


@pytest.mark.parametrize(("permille", "shown"), [(0, "0 %"), (9, "0 %"), (415, "41 %"), (999, "99 %"), (1000, "100 %")])
def test_percents_are_rounded_down(use: Use, permille: int, shown: str) -> None:
    use("en")
    assert percent_text(permille) == shown


@pytest.fixture
def shanghai(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if not hasattr(time, "tzset"):
        pytest.skip("the zone of the process can't be set here")
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", "CST-8")
    time.tzset()
    yield
    if before is None:
        monkeypatch.delenv("TZ")
    else:
        monkeypatch.setenv("TZ", before)
    time.tzset()


NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.usefixtures("shanghai")
@pytest.mark.parametrize(
    ("moment", "english", "short"),
    [
        (datetime(2026, 11, 24, 6, 3, tzinfo=UTC), "today 2:03 PM", "14:03"),
        (datetime(2026, 11, 23, 16, 0, tzinfo=UTC), "today 12:00 AM", "00:00"),
        (datetime(2026, 11, 23, 15, 59, tzinfo=UTC), "yesterday 11:59 PM", "23:59"),
        (datetime(2026, 11, 1, 6, 3, tzinfo=UTC), "11/1/26 2:03 PM", "2026/11/1 14:03"),
        (datetime(2026, 11, 25, 6, 3, tzinfo=UTC), "11/25/26 2:03 PM", "2026/11/25 14:03"),
    ],
)
def test_times_are_those_of_the_wall(use: Use, moment: datetime, english: str, short: str) -> None:
    use("en")
    assert time_text(moment, NOW).replace("\u202f", " ") == english
    use("zh")
    assert time_text(moment, NOW).endswith(short)


def test_time_without_a_zone_is_a_fault() -> None:
    with pytest.raises(ValueError, match="zone"):
        time_text(datetime(2026, 11, 24, 6, 3))  # noqa: DTZ001


def test_dialogs_of_qt_speak_the_language(use: Use, qtbot: QtBot) -> None:
    def button() -> str:
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        qtbot.addWidget(box)
        return box.button(QDialogButtonBox.StandardButton.Cancel).text()

    assert use("zh_CN") == "zh_CN"
    assert "取消" in button()
    assert use("en") == "en"
    assert "Cancel" in button()


@pytest.mark.parametrize(("name", "language"), [("en", QLocale.Language.English), ("zh_CN", QLocale.Language.Chinese)])
def test_locale_is_of_the_language(name: str, language: QLocale.Language) -> None:
    assert locale_of(name).language() is language
