"""The platform's `.env`: what it says by python-dotenv itself, and that a change touches nothing else."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from dotenv import main as real
from hypothesis import assume, given
from hypothesis import strategies as st

from model_preload.core import errors
from model_preload.core.engines.dotenv import DotEnv, read_platform
from model_preload.core.files import Disk

pytestmark = pytest.mark.windows
ENVIRON = {"HOME_OF_TEST": "C:\\Users\\王", "A": "outer"}


def loaded(path: Path, environ: Mapping[str, str] = ENVIRON) -> dict[str, str]:
    """What the real `load_dotenv` would read from the file."""
    with mock.patch.dict(os.environ, environ, clear=True):
        found = real.DotEnv(path, override=False, encoding="utf-8").dict()
    return {name: value for name, value in found.items() if value is not None}


READINGS = {
    "plain": b"A_B=1\n",
    "last wins": b"K=1\nK=2\n",
    "a last one without value wins": b"K=1\nK\n",
    "export": b"export K = v\n",
    "comments": b"# K=1\nL=a#b # c\nM= # c\nN=#n\n",
    "single quotes": b"K='E:\\new\\tab' # c\nL='it\\'s'\n",
    "double quotes": b'K="E:\\new\\tab"\nL="E:\\\\new"\n',
    "without quotes": b"K=E:\\new\\tab a b  \n",
    "filled in": b"K=${HOME_OF_TEST}/x\nL=${K}/${NONE:-d}${NONE}\nA=inner\nM=${A}\n",
    "filled in, once": b"K=1\nL=${K}\nK=2\n",
    "byte order mark": b"\xef\xbb\xbfK=v\n",
    "windows": b"# c\r\nK=v\r\n\r\nL='a\r\nb'\r\n",
    "old mac": b"K=v\rL=w\r",
    "no end": b"K=v",
    "chinese": "路径=E:\\模型\nK=E:\\模型 缓存\n".encode(),
    "open quote": b'A1=1\nK=\'open\nL=2\nM="x"\n',
    "no assignment": b"good words\n=x\nK=v\n",
    "spaces": b"  K  =  v  \n\t\n   L=w\n",
}


@pytest.mark.parametrize("content", READINGS.values(), ids=READINGS)
def test_read_as_python_dotenv_reads(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(content)
    found = DotEnv.decoded(content, ENVIRON)
    assert (dict(found.values), found.encoded) == (loaded(file), content)


def test_platform_file_is_that_of_the_backend_else_the_root(tmp_path: Path) -> None:
    assert read_platform(tmp_path, Disk()) == (None, DotEnv(""))
    (tmp_path / ".env").write_bytes(b"K=root\n")
    assert read_platform(tmp_path, Disk())[1].values == {"K": "root"}
    (tmp_path / "backend").mkdir()
    (tmp_path / "backend" / ".env").write_bytes(b"K=backend\n")
    path, found = read_platform(tmp_path, Disk())
    assert (path, found.values) == (tmp_path / "backend" / ".env", {"K": "backend"})


@pytest.mark.parametrize(
    ("before", "changes", "after"),
    [
        ("K=1\n", {"K": "2"}, "K=2\n"),
        ("K=1", {"K": "2"}, "K=2"),
        ("K=1  # why\r\nL=2\r\n", {"K": "2"}, "K=2  # why\r\nL=2\r\n"),
        ("K=1\nK=2\n", {"K": "3"}, "K=1\nK=3\n"),
        ("export K = '1' # why\n", {"K": "2"}, "export K = 2 # why\n"),
        ("K= # why\n", {"K": "2"}, "K= 2 # why\n"),
        ("K # why\n", {"K": "2"}, "K=2 # why\n"),
        ("K=2 # why\n", {"K": ""}, "K='' # why\n"),
        ("\n\n  K='a\nb'\n\n", {"K": "2"}, "\n\n  K=2\n\n"),
        ("# a\n\nK=1\n# b\nK=2\nL=3\n", {"K": None}, "# a\n\n# b\nL=3\n"),
        ("K=1\n", {"L": None}, "K=1\n"),
        ("K='1'\n", {"K": "1"}, "K='1'\n"),
        ("\ufeffK=1\n", {"K": "2"}, "\ufeffK=2\n"),
        ("K=1\n", {"K": "E:\\new\\模型 缓存"}, "K=E:\\new\\模型 缓存\n"),
        ("K=1\n", {"K": "\\\\server\\share"}, "K=\\\\server\\share\n"),
        ("K=1\n", {"K": "E:\\a #1"}, "K='E:\\a #1'\n"),
        ("K=1\n", {"K": "E:\\it's #1"}, 'K="E:\\\\it\'s #1"\n'),
        ("K=1\n", {"K": "'"}, 'K="\'"\n'),
        ("K=1\n", {"K": "${X}"}, "K=${:-$}{X}\n"),
    ],
)
def test_only_the_value_changes(before: str, changes: dict[str, str | None], after: str) -> None:
    found = DotEnv(before).with_values(changes)
    assert found.text == after
    for name, value in changes.items():
        assert found.values.get(name) == value


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("K=1\n", "K=1\n{mark}\nL=2\n"),
        ("K=1", f"K=1{os.linesep}{{mark}}{os.linesep}L=2{os.linesep}"),
        ("K=1\r\nM=2", "K=1\r\nM=2\r\n{mark}\r\nL=2\r\n"),
        ("# L=1\n", "# L=1\n{mark}\nL=2\n"),
        ("{mark}\nK=1\n", "{mark}\nK=1\nL=2\n"),
    ],
)
def test_what_is_new_stands_in_a_marked_block(before: str, after: str) -> None:
    mark = "# Model Preload: settings that let the engines find their models"
    assert DotEnv(before.format(mark=mark)).with_values({"L": "2"}).text == after.format(mark=mark)


def test_bytes_that_are_no_text_stay() -> None:
    content = "# 说明\nK=1\n".encode("gbk")
    assert DotEnv.decoded(content).with_values({"K": "2"}).encoded == content.replace(b"1", b"2")


@pytest.mark.parametrize("text", ['K="open\nL=1\n', "K='open\n"])
def test_open_quote_is_told_by_its_line_where_a_change_would_close_it(text: str) -> None:
    assert DotEnv(f"\n\n{text}").unreadable == (3,)
    with pytest.raises(errors.EnvFileUnsound, match="3") as refused:
        DotEnv(f"\n\n{text}").with_values({"NEW": "'\" #"})
    assert refused.value.lines == (3,)


def test_file_in_two_byte_characters_is_refused() -> None:
    with pytest.raises(errors.EnvFileUnsound):
        DotEnv.decoded("K=1\n".encode("utf-16")).with_values({"L": "1"})


@pytest.mark.parametrize("changes", [{"A B": "1"}, {"": "1"}, {"A=": "1"}, {"A": "\0"}, {"A": "\udc80"}])
def test_what_no_environment_holds_is_refused(changes: dict[str, str | None]) -> None:
    with pytest.raises(ValueError, match="can't be set"):
        DotEnv("").with_values(changes)


# Any file, any change

ANY_TEXT = st.text(
    alphabet=st.one_of(st.sampled_from("AB='\"\\ #\n\r\t${}:-nx模\ufeff\x0b\x85"), st.characters(codec="utf-8"))
)
VALUES = st.text(alphabet=st.one_of(st.sampled_from("'\"\\ #\n\r\t${}:-nx模"), st.characters(codec="utf-8")))
ASSIGNMENTS = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["", "export ", "  ", "\n"]),
    st.sampled_from(["A", "B", "C", "'D'", "名"]),
    st.sampled_from(["=", " = ", ""]),
    st.sampled_from(["", "1", "'x y'", '"E:\\\\n"', "E:\\new", "${A}", "a#b", "'a\nb'", '"']),
    st.sampled_from(["\n", "\r\n", "\r", " # why\n", "  \n"]),
)
FILES = st.one_of(
    ANY_TEXT,
    st.builds(
        lambda mark, parts, end: mark + "".join(parts) + end,
        st.sampled_from(["", "\ufeff"]),
        st.lists(st.one_of(ASSIGNMENTS, ANY_TEXT.map(lambda text: f"#{text}\n"))),
        st.sampled_from(["", "Z=1"]),
    ),
)
CHANGES = st.dictionaries(st.sampled_from(["A", "B", "D", "Z", "NEW"]), st.one_of(st.none(), VALUES), min_size=1)


@given(FILES)
def test_any_file_is_read_as_python_dotenv_reads_it(tmp_path_factory: Any, text: str) -> None:
    file = tmp_path_factory.getbasetemp() / "any.env"
    file.write_bytes(text.encode())
    assert dict(DotEnv(text, ENVIRON).values) == loaded(file)


def raw(text: str, folder: Path) -> dict[str, str | None]:
    """What the real parser reads, before anything is filled in."""
    file = folder / "raw.env"
    file.write_bytes(text.encode())
    return dict(real.DotEnv(file, interpolate=False, encoding="utf-8").dict())


@given(FILES, CHANGES)
def test_any_change_changes_what_it_says_and_nothing_else(
    tmp_path_factory: Any, text: str, changes: dict[str, str | None]
) -> None:
    assume("\0" not in text and not any("\0" in (value or "") for value in changes.values()))
    folder = tmp_path_factory.getbasetemp()
    before = DotEnv(text)
    try:
        after = before.with_values(changes)
    except errors.EnvFileUnsound:
        assume(not before.unreadable)  # only a file with lines that can't be read is refused
        raise
    file = folder / "after.env"
    file.write_bytes(after.encoded)
    values = loaded(file, {})
    for name, value in changes.items():
        assert values.get(name) == value
    kept = {name: value for name, value in raw(text, folder).items() if name not in changes}
    assert {name: value for name, value in raw(after.text, folder).items() if name not in changes} == kept
    others = [binding.original.string for binding in before._bindings if binding.key not in changes]
    rest = after.text
    for other in others:  # all other statements, as they were and in their order
        assert other in rest
        rest = rest[rest.index(other) + len(other) :]
    assert after.with_values(changes) == after
