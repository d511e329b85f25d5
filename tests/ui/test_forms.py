"""Fields: what a value looks like, and what value comes out of what was edited."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSpinBox
from pytestqt.qtbot import QtBot

from helpers.preferences import Standing, platform, standing
from model_preload.core.texts import text
from model_preload.demo.hub import Hub
from model_preload.ui.forms.choices import HUGGINGFACE_CHOICES, ChoiceField, HubField, OwnChoiceField
from model_preload.ui.forms.field import Field, SwitchField
from model_preload.ui.forms.numbers import NumberField, RateField, joined_rate, split_rate
from model_preload.ui.forms.order import OrderField, whole_order
from model_preload.ui.forms.platform import PlatformField

NAMES = {"huggingface": text("Hugging Face"), "modelscope": text("ModelScope"), "url": text("Plain addresses")}
MIRROR = "https://hf-mirror.com"


@pytest.fixture
def base(qtbot: QtBot, tmp_path: Path) -> Iterator[Standing]:
    with standing(tmp_path) as made:
        yield made


def proxy() -> OwnChoiceField:
    choices = (("", text("As the system has it")), ("none", text("None, always directly")))
    return OwnChoiceField("proxy", text("&Proxy"), choices, text("An address of your own"), "http://proxy.example:8080")


def theme() -> ChoiceField:
    return ChoiceField("theme", text("&Theme"), (("system", "A"), ("light", "B"), ("dark", "C")))


def hubs() -> OrderField:
    return OrderField("hubs", text("Order"), NAMES)


MAKERS: list[tuple[Callable[[], Field], list[Any]]] = [
    (lambda: SwitchField("resume", text("Go on")), [True, False]),
    (theme, ["system", "dark", "from-a-file"]),
    (lambda: NumberField("connections", text("Connections"), 1, 64), [1, 32, 64]),
    (lambda: RateField("limit", text("Limit")), [0, 1, 999, 1_000, 1_500_001, 2_500_000, 10**9]),
    (hubs, [(), ("modelscope",), ("url", "modelscope", "huggingface")]),
    (proxy, ["", "none", "http://proxy.example:8080"]),
]


@pytest.mark.parametrize(("make", "values"), MAKERS)
def test_what_is_shown_is_what_comes_back(make: Callable[[], Field], values: list[Any], qtbot: QtBot) -> None:
    field = make()
    qtbot.addWidget(field)
    assert not field.is_changed
    for value in values:
        with qtbot.assertNotEmitted(field.edited):
            field.show_value(value)
        assert (field.value, field.is_changed, field.is_fit, field.note.text()) == (value, False, True, "")


@pytest.mark.parametrize(
    ("rate", "number", "unit"),
    [
        (1, 0.001, 1000),
        (999_999, 999.999, 1000),
        (1_000_000, 1, 10**6),
        (1_000_001, 1000.001, 1000),
        (2_500_000, 2.5, 10**6),
    ],
)
def test_a_rate_is_said_exactly(rate: int, number: float, unit: int) -> None:
    assert split_rate(rate) == (number, unit)
    assert joined_rate(number, unit) == rate


def test_a_rate_has_no_zeros_that_say_nothing(qtbot: QtBot) -> None:
    field = RateField("limit", text("Limit"))
    qtbot.addWidget(field)
    for value, written in ((2_500_000, "2.5"), (3_000_000, "3"), (1_234, "1.234"), (100_000_000, "100")):
        field.show_value(value)
        assert field._number.text() == written
    field._unit.setCurrentIndex(0)
    assert (field.value, field.is_changed) == (100_000, True)
    field._kind.setCurrentIndex(0)
    assert field.value == 0
    assert field._number.isHidden()


def test_a_number_beyond_the_limits_can_be_typed_and_is_told(qtbot: QtBot) -> None:
    field = NumberField("connections", text("Connections"), 1, 64)
    qtbot.addWidget(field)
    field.show_value(63)
    field._box.stepBy(10)
    assert (field.value, field._box.stepEnabled()) == (64, QSpinBox.StepEnabledFlag.StepDownEnabled)
    for typed in ("99", "0"):
        field._box.selectAll()
        qtbot.keyClicks(field._box, typed)
        assert (field.value, field.is_fit, field.note.is_warning) == (int(typed), False, True)
        assert "a whole number from 1 to 64" in field.note.text()
    field._box.stepBy(-1)
    assert (field.value, field._box.stepEnabled()) == (1, QSpinBox.StepEnabledFlag.StepUpEnabled)
    assert field.is_fit


def test_an_order_is_of_all_or_of_none(qtbot: QtBot) -> None:
    assert whole_order(("url",), NAMES) == ("url", "huggingface", "modelscope")
    field = hubs()
    qtbot.addWidget(field)
    field.show_value(())
    assert not any(widget.isEnabled() for widget in (field._list, field._up, field._down))
    field._box.click()
    assert field.value == ("huggingface", "modelscope", "url")
    assert (field._up.isEnabled(), field._down.isEnabled()) == (False, True)
    field._down.click()
    field._down.click()
    assert field.value == ("modelscope", "url", "huggingface")
    assert (field._up.isEnabled(), field._down.isEnabled()) == (True, False)
    field._up.click()
    assert field.value == ("modelscope", "huggingface", "url")
    field.revert()
    assert (field.value, field.is_changed) == ((), False)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "The address is missing."),
        ("proxy.example", "expected is “none”, an address such as"),
        ("ftp://proxy.example", "expected is “none”, an address such as"),
        ("http://me:secret@proxy.example:8080", "holds a login"),
        (" http://proxy.example:8080 ", ""),
        ("socks5h://10.0.0.1:1080", ""),
    ],
)
def test_a_proxy_is_checked_as_it_is_typed(written: str, said: str, qtbot: QtBot) -> None:
    field = proxy()
    qtbot.addWidget(field)
    field.show_value("")
    assert field._own.isHidden()
    field._box.setCurrentIndex(2)
    assert not field._own.isHidden()
    field._own.setText(written)
    assert said in field.note.text()
    assert (field.is_fit, field.note.is_warning) == (not said, bool(said))
    assert "secret" not in field.note.text()
    assert field.is_changed
    assert field._box.accessibleDescription() == field.note.text()


def test_what_the_environment_sets_is_shown_and_named(qtbot: QtBot) -> None:
    field = theme()
    qtbot.addWidget(field)
    field.show_value("dark", "A_VARIABLE")
    assert not field._box.isEnabled()
    assert field.note.text() == "Set by A_VARIABLE in the environment."
    assert not field.note.is_warning
    field.show_value("dark")
    assert field._box.isEnabled()
    assert field.note.text() == ""


def hub_field(base: Standing, qtbot: QtBot) -> HubField:
    field = HubField("endpoint", text("&Hugging Face"), HUGGINGFACE_CHOICES, "huggingface", base.background)
    qtbot.addWidget(field)
    field.show_value(HUGGINGFACE_CHOICES[0][0])
    return field


def test_an_address_is_tested_by_asking_it(base: Standing, qtbot: QtBot) -> None:
    field = hub_field(base, qtbot)
    with Hub() as hub:
        field.propose(hub.endpoint)
        field._test.click()
        assert field._test.text() == "Stop"
        assert hub.endpoint in field.note.text()
        qtbot.waitUntil(lambda: "answers as a model hub" in field.note.text())
        assert (field._test.text(), field.note.is_warning) == ("Test", False)
    field._test.click()
    qtbot.waitUntil(lambda: field.note.is_warning)
    assert "Check the network" in field.note.text()
    field.propose(MIRROR)
    assert field.note.text() == ""


def test_a_test_is_stopped_by_its_button_and_by_another_address(base: Standing, qtbot: QtBot) -> None:
    field = hub_field(base, qtbot)
    for stop in (field._test.click, lambda: field.propose(MIRROR)):
        base.background.start(lambda *_: None, print, print)
        field._test.click()
        assert field._test.text() == "Stop"
        stop()
        assert (field._test.text(), field.note.text()) == ("Test", "")


def test_what_can_not_be_an_address_can_not_be_tested(base: Standing, qtbot: QtBot) -> None:
    field = hub_field(base, qtbot)
    assert field._test.isEnabled()
    field.propose("hub.example")
    assert not field._test.isEnabled()
    assert not field.is_fit


def platform_field(base: Standing, qtbot: QtBot) -> PlatformField:
    field = PlatformField(text("&Platform's folder"), base.background)
    qtbot.addWidget(field)
    field.show_value(base.preferences.value.platform)
    return field


def test_a_folder_is_fit_when_the_platform_was_seen_there(base: Standing, qtbot: QtBot, tmp_path: Path) -> None:
    field = platform_field(base, qtbot)
    assert "Not needed for" in field.note.text()
    there = platform(tmp_path / "tianshu")
    field._path.setText(str(there))
    assert (field.is_changed, field.is_fit, field.note.text()) == (True, False, "Looking …")
    qtbot.waitUntil(lambda: field.is_fit)
    assert field.note.text() == "The platform is here."
    assert field.value == str(there)
    field._path.setText(str(tmp_path))
    qtbot.waitUntil(lambda: field.note.is_warning)
    assert not field.is_fit
    assert "there is no backend/api_server.py in it" in field.note.text()
    field._path.setText("relative")
    assert "the full path of a folder" in field.note.text()
    field._path.clear()
    assert (field.value, field.is_fit) == (None, True)


def test_it_is_found(base: Standing, qtbot: QtBot) -> None:
    field = platform_field(base, qtbot)
    field._find.click()
    assert not field._find.isEnabled()
    qtbot.waitUntil(field._find.isEnabled)
    assert "was not found" in field.note.text()
    first, second = (platform(base.bench.home / name) for name in ("a", "b"))
    field._find.click()
    qtbot.waitUntil(lambda: field.is_changed and field.is_fit)
    assert field.value == str(first)
    assert field.note.text() == f"The platform is here. There is one more: {second}"


def test_enter_is_told(base: Standing, qtbot: QtBot) -> None:
    field = platform_field(base, qtbot)
    with qtbot.waitSignal(field.entered):
        qtbot.keyClick(field._path, Qt.Key.Key_Return)
