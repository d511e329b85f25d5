"""Names from a listing: nothing leaves the folder, and what is accepted exists on every system."""

import ntpath
import os
import sys
import tempfile
import unicodedata
from collections.abc import Callable
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from model_preload.core.files import Disk
from model_preload.core.plan import PathLimits, names

pytestmark = pytest.mark.windows
WINDOWS = PathLimits.of("win32")
LINUX = PathLimits.of("linux")
HERE = PathLimits.of(sys.platform)
BOTH = (WINDOWS, LINUX)
is_reserved: Callable[[str], bool] = getattr(ntpath, "isreserved", None) or (lambda p: PureWindowsPath(p).is_reserved())

WORDS = [
    "a",
    "config.json",
    "模型",
    "..",
    ".",
    "",
    "con",
    "NUL.txt",
    "com¹",
    "x.",
    "x ",
    " x",
    "C:",
    "a\\b",
    "~",
    "$HOME",
]
paths = st.one_of(
    st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=8)), max_size=5).map("/".join),
    st.text(max_size=20),
)

letters = st.characters(exclude_categories=["Cc", "Cs"], exclude_characters='<>:"|?*\\/')
likely = st.lists(st.text(letters, min_size=1, max_size=8), min_size=1, max_size=5).map("/".join)
"""Most of them are accepted."""


@pytest.mark.parametrize(
    "path",
    [
        "config.json",
        "onnx/model_q4.onnx",
        "模型/说明 1.md",
        "über/é.bin",
        ".gitattributes",
        "a..b",
        "..a",
        "console",
        "com",
        "com10",
        "lpt",
        "nulls/aux1",
        " leading",
        "a (1)~$%&'.bin",
        "😀.bin",
        "x" * 255,
        "/".join(["深"] * 400),
    ],
)
def test_ordinary_names_are_taken(path: str) -> None:
    assert [names.problem(path, limits) for limits in BOTH] == [None, None]


@pytest.mark.parametrize(
    ("path", "why"),
    [
        *(
            (path, "not a path below")
            for path in ("", "/", "/etc/passwd", "a//b", "a/", ".", "..", "../a", "a/../../b")
        ),
        *((path, "not a path below") for path in ("./a", "C:", "c:/Windows/x", "x:stream", "//host/share")),
        *((f"ab{c}c", "a character") for c in '<>:"|?*\\\0\n\x1b\x7f\x85\ud800\udfff'),
        *((path, "a character") for path in ("a\\..\\b", "\\\\host\\share", "ab/c:d")),
        *((path, "a dot or a space") for path in ("a.", "a ", "...", "a/b./c", "a. ./b", " ")),
        *((path, "Windows reserves") for path in ("con", "CON", "Nul.txt", "aux/x", "a/prn.tar.gz", "com1", "LPT9.x")),
        *((path, "Windows reserves") for path in ("com¹", "lpt³.md", "con .txt", "CONIN$", "conout$.log", "com0")),
        ("x" * 256, "too long"),
        ("a/" + "x" * 256 + "/b", "too long"),
    ],
)
def test_a_name_that_some_system_can_not_have_is_refused(path: str, why: str) -> None:
    for limits in BOTH:
        assert why in str(names.problem(path, limits))


@pytest.mark.parametrize(
    ("name", "on_windows", "on_linux"),
    [("深" * 85, True, True), ("深" * 86, True, False), ("深" * 255, True, False), ("深" * 256, False, False)],
)
def test_a_name_is_as_long_as_the_system_counts_it(name: str, on_windows: bool, on_linux: bool) -> None:
    assert [names.problem(name, limits) is None for limits in BOTH] == [on_windows, on_linux]


def test_outside_the_basic_plane_windows_counts_a_character_twice() -> None:
    assert WINDOWS.length("😀a深") == 4
    assert LINUX.length("😀a深") == 8


@settings(max_examples=300, deadline=None)
@given(paths | likely)
@example("a/..")
@example("com¹.x")
def test_an_accepted_path_stays_below_its_folder_and_is_nothing_special(path: str) -> None:
    assume(names.problem(path, HERE) is None)
    for flavour, root in ((PureWindowsPath, "C:\\models"), (PurePosixPath, "/models")):
        joined = flavour(root).joinpath(*path.split("/"))
        assert joined.relative_to(root).parts == tuple(path.split("/"))
    assert ntpath.normpath(ntpath.join("C:\\models", path)) == "C:\\models\\" + path.replace("/", "\\")
    assert not any(is_reserved(name) for name in path.split("/"))
    path.encode("utf-8")


@settings(max_examples=60, deadline=None)
@given(likely)
def test_an_accepted_path_can_be_made(path: str) -> None:
    assume(names.problem(path, HERE) is None)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder).joinpath(*path.split("/"))
        Disk().write_text(place, path)
        assert Disk().read_text(place) == path
        made = [Path(above) / name for above, _, files in os.walk(folder) for name in files]
        assert made == [place]


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        (["a", "b", "c/d", "c/e"], []),
        (["Model.bin", "model.bin"], [("Model.bin", "model.bin")]),
        (["A/x", "a/y"], []),
        (["A/x", "a/X"], [("A/x", "a/X")]),
        (["a", "a/b"], [("a", "a/b")]),
        (["a/b", "a"], [("a", "a/b")]),
        (["A", "a/b/c"], [("A", "a/b/c")]),
        (["a/b/c", "a/B"], [("a/B", "a/b/c")]),
        (["é.bin", "e\u0301.bin"], [("é.bin", "e\u0301.bin")]),
        (["É.bin", "e\u0301.bin"], [("É.bin", "e\u0301.bin")]),
        (["é", "e\u0301/x"], [("é", "e\u0301/x")]),
        (["Ωmega", "ωmega"], [("Ωmega", "ωmega")]),
        (["same", "same"], [("same", "same")]),
        (["a", "A", "ａ"], [("a", "A")]),
        (["ab", "a/b"], []),
        (["模型/a", "模型.a"], []),
    ],
)
def test_names_that_are_one_where_case_does_not_count(listed: list[str], expected: list[tuple[str, str]]) -> None:
    assert names.clashes(listed) == expected


@settings(max_examples=300, deadline=None)
@given(st.text(min_size=1, max_size=6), st.sampled_from(["NFC", "NFD", "upper", "lower", "swapcase"]))
@example("ǰ", "NFD")
@example("J\u030c", "lower")
@example("ΐ", "NFD")
def test_another_way_to_write_a_name_is_a_clash(name: str, way: str) -> None:
    assume("/" not in name)
    other = unicodedata.normalize(way, name) if way in ("NFC", "NFD") else getattr(name, way)()  # type: ignore[arg-type]
    assume(len(other) == len(name) or way in ("NFC", "NFD"))
    # Letters that a system's simple upper-case table does not join are none of its business.
    assume(way in ("NFC", "NFD") or name.casefold() == other.casefold())
    assert names.clashes([name, other]) == [(name, other)]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text("aAbB/", min_size=1, max_size=5), max_size=6))
def test_without_a_clash_a_folder_that_ignores_case_holds_every_file(listed: list[str]) -> None:
    listed = [path for path in listed if names.problem(path, LINUX) is None]
    folded = [path.lower() for path in listed]
    folders = {"/".join(path.split("/")[:depth]) for path in folded for depth in range(1, path.count("/") + 1)}
    fits = len(set(folded)) == len(folded) and folders.isdisjoint(folded)
    assert (names.clashes(listed) == []) == fits


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("模型/a b.bin", "模型/a b.bin"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\nb", "a\\nb"),
        ("x\u202egpj.exe", "x\\u202egpj.exe"),
        ("\ud800", "\\ud800"),
        ("x" * 500, "x" * 120),
    ],
)
def test_a_shown_name_does_nothing_to_a_terminal(path: str, expected: str) -> None:
    assert names.shown(path) == expected


@given(st.text(st.characters()))
def test_a_shown_name_can_always_be_printed(path: str) -> None:
    assert names.shown(path).isprintable()
    names.shown(path).encode("utf-8")
