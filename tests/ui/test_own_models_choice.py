"""Patterns as they are typed, chosen quickly and ticked."""

import random

import pytest

from model_preload.core.catalog import HuggingFaceSource, rules
from model_preload.core.values import ListedFile
from model_preload.ui.own_models.choice import MOST_PATTERNS, Choice, Files, literal, patterns_of, written


def listed(*paths: str) -> list[ListedFile]:
    return [ListedFile(path, 10 * number, None) for number, path in enumerate(paths, 1)]


PATHS = (
    "README.md",
    "config.json",
    "m.bin",
    "m.safetensors",
    "onnx/a.onnx",
    "onnx/q/b.onnx",
    "tok/x.json",
    "tok/y.txt",
)


@pytest.mark.parametrize(
    ("typed", "patterns"),
    [
        ("", ()),
        (" , ;; ", ()),
        ("*.json", ("*.json",)),
        ("*.json, onnx/ ;a b.txt", ("*.json", "onnx/", "a b.txt")),
        ("a[,]b.txt, x[;]", ("a[,]b.txt", "x[;]")),
        ("[a, b", ("[a", "b")),
        ("m[[]1[]].bin,c", ("m[[]1[]].bin", "c")),
    ],
)
def test_patterns_stand_between_commas(typed: str, patterns: tuple[str, ...]) -> None:
    assert patterns_of(typed) == patterns
    assert patterns_of(written(patterns)) == patterns


def test_a_comma_of_a_catalogs_pattern_is_kept() -> None:
    assert written(["a,b;c.txt", "[a,b].x"]) == "a[,]b[;]c.txt, [a,b].x"


@pytest.mark.parametrize("path", ["a.txt", "a,b;c [1].txt", "x*?.bin", "q\\r:s.txt", "line\nbreak", "分词器.json"])
def test_a_name_as_a_pattern_matches_it_and_is_one(path: str) -> None:
    pattern = literal(path)
    assert rules.is_pattern(pattern)
    assert Files(listed(path, "other")).hits(pattern) == {path}
    assert patterns_of(written([pattern])) == (pattern,)


def test_quick_choices() -> None:
    quick = {str(one.label): one.choice for one in Files(listed(*PATHS)).quick_choices()}
    assert quick == {
        "Everything": Choice(),
        "Only the top level": Choice(exclude=("*/*",)),
        "Weights only as *.onnx": Choice(exclude=("*.safetensors", "*.bin")),
        "Weights only as *.safetensors": Choice(exclude=("*.onnx", "*.bin")),
        "Weights only as *.bin": Choice(exclude=("*.onnx", "*.safetensors")),
        **{
            f"Nothing but *.{suffix}": Choice((f"*.{suffix}",))
            for suffix in ("onnx", "json", "txt", "safetensors", "bin", "md")
        },
    }
    assert list(quick)[:2] == ["Everything", "Only the top level"]


@pytest.mark.parametrize("paths", [("a.bin",), ("x/a.bin", "y/b.bin"), ()])
def test_quick_choices_that_make_no_difference_are_not_offered(paths: tuple[str, ...]) -> None:
    assert [str(one.label) for one in Files(listed(*paths)).quick_choices()] == ["Everything"]


TICKS: list[tuple[Choice, str, bool, Choice]] = [
    (Choice(), "m.bin", False, Choice((), ("m.bin",))),
    (Choice((), ("m.bin",)), "m.bin", True, Choice()),
    (Choice(), "onnx/", False, Choice((), ("onnx/",))),
    (Choice((), ("onnx/q/b.onnx",)), "onnx/", False, Choice((), ("onnx/",))),
    (Choice((), ("onnx/q/b.onnx",)), "onnx/", True, Choice()),
    (Choice(("*.json",)), "m.safetensors", True, Choice(("*.json", "m.safetensors"))),
    (Choice(("*.json", "m.safetensors")), "m.safetensors", False, Choice(("*.json",))),
    (Choice(("*.json",)), "tok/x.json", False, Choice(("*.json",), ("tok/x.json",))),
    (Choice(("*.json",)), "tok/", False, Choice(("*.json",), ("tok/",))),
    (Choice(("m.bin",)), "m.bin", False, Choice(("m.bin",), ("m.bin",))),
    (Choice((), ("*.onnx",)), "onnx/a.onnx", True, Choice((), ("onnx/q/",))),
    (Choice((), ("*",)), "m.bin", True, Choice(("m.bin",))),
]


@pytest.mark.parametrize(("before", "target", "on", "after"), TICKS)
def test_a_tick_changes_as_little_as_it_can(before: Choice, target: str, on: bool, after: Choice) -> None:
    assert Files(listed(*PATHS)).ticked(before, target, on) == after


def test_whatever_is_ticked_counts_and_nothing_else_changes() -> None:
    chance = random.Random(7)
    files = Files(listed(*PATHS))
    targets = [*PATHS, "onnx/", "onnx/q/", "tok/"]
    patterns = ["*.json", "*.onnx", "onnx/", "*/*", "m.*", "tok/?.txt", "none.*"]
    for _ in range(400):
        choice = Choice(
            tuple(chance.sample(patterns, chance.randint(0, 2))), tuple(chance.sample(patterns, chance.randint(0, 2)))
        )
        for _ in range(6):
            target, on = chance.choice(targets), chance.random() < 0.5
            touched = {path for path in PATHS if path == target or (target.endswith("/") and path.startswith(target))}
            before = files.chosen(choice)
            made = files.ticked(choice, target, on)
            assert made is not None
            assert files.chosen(made) == (before | touched if on else before - touched), (choice, target, on)
            choice = made


def test_what_is_chosen_is_what_the_core_chooses() -> None:
    files = listed(*PATHS)
    choice = Choice(("*.json", "onnx/"), ("*/q/*",))
    source = HuggingFaceSource("a/b", "main", choice.include, choice.exclude)
    assert Files(files).chosen(choice) == {file.path for file in source.choose(files)}


def test_thousands_of_names_are_not_written_by_ticks() -> None:
    files = Files(listed(*(f"{number:04}.{'json' if number % 2 else 'txt'}" for number in range(5000))))
    assert files.ticked(Choice((), ("*.json",)), "0001.json", True) is None
    assert files.ticked(Choice((), ("*.json",)), "0002.txt", False) == Choice((), ("*.json", "0002.txt"))
    assert MOST_PATTERNS == 100


def test_idle_patterns_are_told() -> None:
    assert Files(listed(*PATHS)).idle(Choice(("*.json", "*.xml"), ("x/",))) == ("*.xml", "x/")
