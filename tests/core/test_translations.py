"""Every sentence of the program stands in the Chinese catalogue, translated, with the same fields; and is shown."""

import ast
import json
import string
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from model_preload.cli import main
from model_preload.core import paths, texts
from model_preload.core.texts import plural, text

ROOT = Path(__file__).resolve().parents[2]
NAME = "zh_CN/LC_MESSAGES/model_preload"
MARKS = {"text": (1,), "plural": (1, 2)}
Message = str | tuple[str, ...]
ExpectedLog = Callable[..., None]


def written() -> list[tuple[str, Message]]:
    """Every marked sentence of the code, with the place where it stands."""
    found = extract_from_dir(ROOT / "desktop", [("**.py", "python")], {"**.py": {}}, keywords=MARKS)
    return [(f"{file}:{line}", message) for file, line, message, _, _ in found]


def translated() -> Catalog:
    with (ROOT / f"resources/i18n/{NAME}.po").open("rb") as lines:
        return read_po(lines, locale="zh_CN")


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def forms(message: str | Iterable[str] | None) -> tuple[str, ...]:
    return (message,) if isinstance(message, str) else tuple(message or ())


def sentences(catalogue: Catalog) -> dict[tuple[str, ...], tuple[str, ...]]:
    return {forms(entry.id): forms(entry.string) for entry in catalogue if entry.id}


def test_every_sentence_is_translated() -> None:
    catalogue, marked = translated(), written()
    assert len(marked) > 150
    missing = []
    for place, sentence in marked:
        entry = catalogue.get(forms(sentence)[0])
        if entry is None or entry.fuzzy or forms(entry.id) != forms(sentence) or not all(forms(entry.string)):
            missing.append((place, sentence))
    assert missing == []


def test_nothing_is_translated_that_is_no_sentence_any_more() -> None:
    catalogue = translated()
    marked = {forms(sentence) for _, sentence in written()}
    assert set(sentences(catalogue)) - marked == set()
    assert list(catalogue.obsolete) == []


def test_translations_have_the_same_fields() -> None:
    for entry in translated():
        if entry.id:
            (translation,) = forms(entry.string)
            assert fields(translation) == set().union(*map(fields, forms(entry.id))), entry.id


def test_every_mark_is_a_literal_that_extraction_sees() -> None:
    """A sentence put together by the program would be shown in English and missed by all the other tests."""
    unseen = []
    for path in (ROOT / "desktop").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in MARKS:
                count = len(MARKS[call.func.id])
                if not all(isinstance(given, ast.Constant) for given in call.args[:count]):
                    unseen.append(f"{path.name}:{call.lineno}")
    assert unseen == []


def test_compiled_catalogue_is_that_of_the_source() -> None:
    """Both `dev.py` and the build compile it; run `python3 dev.py test` after a change."""
    with paths.resource(f"i18n/{NAME}.mo").open("rb") as file:
        compiled = read_mo(file)
    assert sentences(compiled) == sentences(translated())


@pytest.mark.parametrize(
    ("language", "name"),
    [("zh", "zh_CN"), ("zh_CN", "zh_CN"), ("zh-Hans", "zh_CN"), ("zh_CN.UTF-8", "zh_CN"), ("en", "en"), ("fr", "en")],
)
def test_language_names(language: str, name: str) -> None:
    assert texts.use(language) == name
    assert str(text("Ready")) == {"zh_CN": "就绪", "en": "Ready"}[name]


def test_plural_and_nested_sentences_are_shown_in_the_language_of_the_moment() -> None:
    counted = plural("{n} file is damaged: {names}", "{n} files are damaged: {names}", 2, names="a, b")
    nested = text("its part {part} is not ready: {verdict}", part="a", verdict=text("Damaged"))
    assert str(counted) == "2 files are damaged: a, b"
    texts.use("zh")
    assert str(counted) == "2 个文件已损坏：a, b"
    assert str(nested) == "其组成部分 a 未就绪：已损坏"
    texts.use("en")
    assert str(nested) == "its part a is not ready: Damaged"


def test_status_and_errors_come_out_in_chinese(capsys: pytest.CaptureFixture[str], expected_log: ExpectedLog) -> None:
    expected_log("模型目录中没有模型")
    assert main(["status", "--lang", "zh"]) == 1
    shown = capsys.readouterr()
    assert "MinerU 文档解析" in shown.out
    assert "缺失" in shown.out
    assert "尚未预加载" in shown.out
    assert "13 个模型中有 0 个就绪。" in shown.out
    assert shown.err == ""
    assert main(["status", "nothing", "--lang=zh_CN"]) == 2
    assert capsys.readouterr().err.startswith("模型目录中没有模型“nothing”。\n其中有：")
    assert main(["status", "nothing", "--json", "--lang", "zh"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["code"], error["message"]) == ("unknown-model", "模型目录中没有模型“nothing”。")


def test_help_is_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["preload", "--help", "--lang", "zh"])
    assert left.value.code == 0
    assert "仅平台必需的模型" in capsys.readouterr().out


def test_language_of_the_settings_counts_where_none_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], expected_log: ExpectedLog
) -> None:
    expected_log("模型目录中没有模型")
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "settings.toml").write_text('language = "zh_CN"\n')
    assert main(["status"]) == 1
    assert "缺失" in capsys.readouterr().out
    assert main(["status", "--lang", "en"]) == 1
    assert "Missing" in capsys.readouterr().out
    assert main(["status", "nothing"]) == 2
    assert "模型目录中没有模型" in capsys.readouterr().err
