"""Texts: made once, said in the language in use at that moment; numbers of bytes as on a drive's label."""

import io
import string
import sys
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from model_preload.core import texts
from model_preload.core.texts import Text, plural, size, text

PO = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

msgid "Ready"
msgstr "就绪"

msgid "{model} is {verdict}"
msgstr "{verdict}：{model}"

msgid "{n} file is missing: {names}"
msgid_plural "{n} files are missing: {names}"
msgstr[0] "缺少 {n} 个文件：{names}"
"""


@pytest.fixture
def chinese(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A translation where a frozen program has it."""
    folder = tmp_path / "resources" / "i18n" / "zh_CN" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / f"{texts.DOMAIN}.mo").open("wb") as file:
        write_mo(file, read_po(io.BytesIO(PO.encode()), locale="zh_CN"))
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)


@pytest.mark.usefixtures("chinese")
def test_a_text_is_said_in_the_language_of_the_moment() -> None:
    said = text("{model} is {verdict}", model="lama", verdict=text("Ready"))
    one, many = (plural("{n} file is missing: {names}", "{n} files are missing: {names}", n, names="a") for n in (1, 2))
    assert [str(said), str(one), str(many)] == ["lama is Ready", "1 file is missing: a", "2 files are missing: a"]
    assert texts.use("zh_CN") == "zh_CN"
    assert [str(said), str(one), str(many)] == ["就绪：lama", "缺少 1 个文件：a", "缺少 2 个文件：a"]
    assert str(texts.lines([said, one], indent="  ")) == "  就绪：lama\n  缺少 1 个文件：a"
    assert str(text("never translated")) == "never translated"
    assert texts.use("en") == "en"
    assert str(said) == "lama is Ready"


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        *((name, "zh_CN") for name in ("zh", "zh_CN", "zh-CN", "zh_CN.UTF-8", "ZH_cn", "zh_Hans_CN", "zh-SG")),
        *((name, "zh_CN") for name in ("Chinese (Simplified)_China.936", "Chinese_China.936")),
        *(
            (name, "en")
            for name in ("en", "en_US.UTF-8", "de_DE", "C", "POSIX", "English_United States.1252", "zhx", "x")
        ),
    ],
)
@pytest.mark.usefixtures("chinese")
def test_every_name_of_a_language_becomes_one_that_is_complete(language: str, expected: str) -> None:
    assert texts.use(language) == expected
    assert expected in texts.LANGUAGES


@pytest.mark.usefixtures("chinese")
def test_without_a_name_the_system_is_asked() -> None:
    assert texts.use(None) in texts.LANGUAGES
    assert texts.use("") in texts.LANGUAGES


@given(st.text(), st.text(string.printable))
def test_values_are_put_in_as_they_are(value: str, other: str) -> None:
    assert str(text("{a}: {b}", a=value, b=other)) == f"{value}: {other}"


def test_a_sentence_without_values_keeps_its_braces() -> None:
    assert str(text("write {platform} and }{")) == "write {platform} and }{"


def test_texts_are_values() -> None:
    assert text("{a}", a=1) == text("{a}", a=1) != text("{a}", a=2)
    assert len({text("x"), text("x"), Text("x")}) == 1
    assert plural("{n} file", "{n} files", 1) != plural("{n} file", "{n} files", 2)


@pytest.mark.parametrize(
    ("bytes_", "expected"),
    [
        (0, "0 B"),
        (1, "1 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1049, "1.0 kB"),
        (1050, "1.1 kB"),
        (99_400, "99.4 kB"),
        (99_500, "100 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (1_340_000_000, "1.3 GB"),
        (500_000_000, "500 MB"),
        (2_000_000_000_000, "2.0 TB"),
        (0.4, "0 B"),
        (1e16, "10000.0 TB"),
    ],
)
def test_bytes_are_told_in_decimal_units(bytes_: float, expected: str) -> None:
    assert size(bytes_) == expected


@given(st.integers(0, 10**18))
def test_a_told_size_is_right_to_about_five_percent(bytes_: int) -> None:
    number, unit = size(bytes_).split(" ")
    told = float(number) * {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}[unit]
    assert abs(told - bytes_) <= 0.051 * bytes_
    assert len(number) <= 5 or unit == "TB"
