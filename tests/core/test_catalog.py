"""The catalog: what a right file means, and what is said of a wrong one."""

import json
import re
import string
import subprocess
import sys
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_preload.core import catalog as room
from model_preload.core.catalog import (
    Catalog,
    HuggingFaceSource,
    Model,
    ModelScopeSource,
    NameClash,
    Place,
    Requirement,
    UrlSource,
    Wording,
    rules,
)
from model_preload.core.errors import CatalogProblem, PlaceUnknown, SourceIncomplete, UnknownModel
from model_preload.core.values import Digest, ListedFile

SHA = "0123456789abcdef" * 4
DIGEST = Digest("sha256", SHA)
PYDANTIC = re.compile(r"pydantic|Input should|Field required|Extra inputs|Value error|should have at least|unable to")

HEAD = 'schema = 1\n[[model]]\nkey = "a"\nname = "A"\n'
PLACE = 'place = { folder = "{home}/m" }\n'
SOURCE = '[[model.source]]\nhub = "huggingface"\nrepo = "o/n"\n'
GOOD = HEAD + PLACE + SOURCE
URL = HEAD + PLACE + '[[model.source]]\nhub = "url"\n'


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "catalog.toml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refusal(folder: Path, content: str | bytes) -> str:
    """What is said of a wrong file."""
    path = write(folder, content)
    with pytest.raises(CatalogProblem) as caught:
        room.load(path)
    assert caught.value.exit_code == 2
    said = str(caught.value)
    assert str(path) in said
    assert not PYDANTIC.search(said)
    return said


def model(key: str, needs: tuple[str, ...] = ()) -> Model:
    words = Wording(key, key)
    sources = (HuggingFaceSource("o/n", "main"),)
    return Model(key, words, words, True, False, "", Place("cache", "huggingface"), sources, needs)


def listed(*names: str) -> tuple[ListedFile, ...]:
    return tuple(ListedFile(name, 1, DIGEST) for name in names)


# A right file


def test_the_builtin_catalog_is_in_both_languages() -> None:
    builtin = room.builtin()
    assert builtin.models
    for one in builtin.models:
        for words in (one.name, one.description):
            assert words.in_language("en").isascii()
            assert not words.in_language("zh_CN").isascii()


def test_every_key_arrives(tmp_path: Path) -> None:
    written = f"""\ufeffschema = 1
    [[model]]
    key = "a.b-c_1"
    name = {{ en = "Voice", zh = "语音" }}
    description = \"\"\"Two
      lines\"\"\"
    required = false
    auto_download = true
    licence = "MIT"
    place = {{ cache = "huggingface" }}
    needs = ["b", "b"]
    when = {{ package = "paddleocr", version = ">=3.6" }}
    [[model.source]]
    hub = "huggingface"
    repo = "owner/name"
    revision = "refs/pr/1"
    include = ["*.onnx", "config/"]
    exclude = ["[!a]*"]
    rename = {{ "best.onnx" = "x/yolo.onnx" }}
    [[model.source]]
    hub = "modelscope"
    repo = "Owner/Name"

    [[model]]
    key = "b"
    name = "B"
    place = {{ folder = "D:/models" }}
    [[model.source]]
    hub = "url"
    url = "https://x.org/a/big%20lama.pt?download=true"
    size = 0
    sha256 = "{SHA}"
    """
    first, second = room.load(write(tmp_path, written.replace("\n", "\r\n"))).models
    assert first == Model(
        key="a.b-c_1",
        name=Wording("Voice", "语音"),
        description=Wording("Two lines", "Two lines"),
        required=False,
        auto_download=True,
        licence="MIT",
        place=Place("cache", "huggingface"),
        sources=(
            HuggingFaceSource(
                "owner/name", "refs/pr/1", ("*.onnx", "config/"), ("[!a]*",), (("best.onnx", "x/yolo.onnx"),)
            ),
            ModelScopeSource("Owner/Name", "master"),
        ),
        needs=("b",),
        when=Requirement("paddleocr", ">=3.6"),
    )
    assert second.required
    assert not second.auto_download
    assert second.sources == (UrlSource("https://x.org/a/big%20lama.pt?download=true", "big lama.pt", 0, SHA),)
    assert [source.identity for one in (first, second) for source in one.sources] == [
        "huggingface:owner/name@refs/pr/1",
        "modelscope:Owner/Name@master",
        "url:https://x.org/a/big%20lama.pt?download=true",
    ]


def test_pydantic_is_not_imported_before_a_file_is_read() -> None:
    code = "import sys, model_preload.core.catalog; sys.exit('pydantic' in sys.modules)"
    folder = str(Path(room.__file__).parents[3])
    subprocess.run([sys.executable, "-c", f"import sys; sys.path.insert(0, {folder!r}); {code}"], check=True)


# A wrong file


@pytest.mark.parametrize(
    ("content", "fragments"),
    [
        # the file
        (b"\xff\xfes\x00", ["line 1 is not UTF-8"]),
        (GOOD.encode() + b"\n# \xe4", ["line 10 is not UTF-8"]),
        ("schema = 1\nkey = = 2\n", ["line 2, column 7", "'key = = 2'", "not TOML"]),
        ('schema = 1\nschema = 2\n[[model]]\nname = "', ["not TOML"]),
        ("x = " + "[" * 5000, ["nested too deeply"]),
        ("a" + ".a" * 200_000 + " = 1", ["nested too deeply"]),
        ("x = { " + '"\\"" .' * 200 + "a = 1 }", ["nested too deeply"]),
        ("x = " + "9" * 5000, ["not TOML"]),
        ("# " + "x" * (1 << 20), ["more than 1048576 bytes"]),
        ("", ["schema is missing; expected: 1", "model is missing; expected: one or more [[model]] tables"]),
        (GOOD.replace("schema = 1", "schema = 2"), ["schema is 2; expected: 1", "newest version"]),
        (GOOD.replace("schema = 1", "schema = 0"), ["schema is 0; expected: 1"]),
        (GOOD.replace("schema = 1", 'schema = "1"'), ["schema is '1'; expected: 1"]),
        (GOOD.replace("schema = 1", "schema = true"), ["schema is True; expected: 1"]),
        ("schema = 1\nmodel = []\n", ["model is []", "[[model]]"]),
        ("schema = 1\nmodel = [3]\n", ["model 1: [[model]] is 3"]),
        ('schema = 1\n[model]\nkey = "a"\n', ["model is {'key': 'a'}", "[[model]]"]),
        (GOOD.replace("schema = 1", "schema = 1\nmodles = 1"), ["modles is not a known key; expected: model"]),
        # a model
        (GOOD.replace('key = "a"\n', ""), ["model 1: key is missing; expected: lower-case letters"]),
        (GOOD.replace('"a"', '"A b"'), ["model 1: key is 'A b'; expected: lower-case letters"]),
        (GOOD.replace('"a"', f'"{"a" * 65}"'), ["model 1: key is 'aaa", "at most 64"]),
        (GOOD.replace('"a"', '".."'), ["model 1: key is '..'"]),
        (GOOD.replace('name = "A"', "name = 3"), ["model “a”: name is 3; expected: a text or a table with en and zh"]),
        (GOOD.replace('name = "A"', 'name = " "'), ["name → en is ' '"]),
        (GOOD.replace('name = "A"', 'name = "\\u001b[2J"'), ["name → en is '\\x1b[2J'", "control characters"]),
        (GOOD.replace('name = "A"', 'name = { zh = "甲" }'), ["name → en is missing"]),
        (GOOD.replace('name = "A"', 'name = { en = "A", fr = "B" }'), ["fr is not a known key; expected: en, zh"]),
        (GOOD.replace("place", 'required = "yes"\nplace'), ["required is 'yes'; expected: true or false"]),
        (GOOD.replace("place", "required = 1\nplace"), ["required is 1; expected: true or false"]),
        (GOOD.replace("place", "requierd = true\nplace"), ["requierd is not a known key; expected: required"]),
        (GOOD.replace("place", '"\\u001b[2J" = 1\nplace'), ["“a”: '\\x1b[2J' is not a known key"]),
        (GOOD.replace("place", f'{"x" * 999} = 1\nplace'), ["“a”: 'xxx", "xxx' is not a known key"]),
        (GOOD.replace("place", 'licence = ""\nplace'), ["licence is ''"]),
        (GOOD + GOOD[11:], ["model 2: key is 'a'; expected: a key that model 1 does not have"]),
        (GOOD + GOOD[11:].replace("o/n", "o"), ["model 2: source 1 → repo is 'o'"]),
        # needs
        (GOOD.replace("place", 'needs = ["a"]\nplace'), ["needs 1 is 'a'; expected: another model"]),
        (GOOD.replace("place", 'needs = ["b"]\nplace'), ["needs 1 is 'b'; expected: the key of a model"]),
        (GOOD.replace("place", 'needs = "b"\nplace'), ["needs is 'b'; expected: a list of keys"]),
        (GOOD.replace("place", "needs = [3]\nplace"), ["needs 1 is 3; expected: a list of keys"]),
        (
            "schema = 1\n"
            + "".join(
                GOOD[11:].replace('"a"', f'"{key}"').replace("place", f'needs = ["{need}"]\nplace')
                for key, need in ("ab", "bc", "cb", "de", "ed")
            ),
            ["b → c → b", "d → e → d", "leads in a circle"],
        ),
        # when
        (GOOD.replace("place", 'when = { package = "p", version = "≥3" }\nplace'), ["when → version is '≥3'"]),
        (GOOD.replace("place", 'when = { version = ">3" }\nplace'), ["when → package is missing"]),
        (GOOD.replace("place", 'when = { package = "-p" }\nplace'), ["when → package is '-p'"]),
        # place
        (GOOD.replace(PLACE, ""), ["place is missing; expected: a table with exactly one of cache, engine and folder"]),
        (GOOD.replace(PLACE, "place = {}\n"), ["place is {}; expected: a table with exactly one"]),
        (GOOD.replace("{ folder", '{ cache = "huggingface", folder'), ["expected: a table with exactly one of"]),
        (GOOD.replace("{ folder", "{ foldr"), ["place → foldr is not a known key; expected: folder"]),
        (HEAD + 'place = { cache = "hf" }\n' + SOURCE, ["place → cache is 'hf'; expected: one of: huggingface"]),
        (
            HEAD + 'place = { engine = "paddle" }\n' + SOURCE,
            ["place → engine is 'paddle'; expected: one of: mineru, paddlex, funasr, watermark, simple-lama"],
        ),
        (
            URL.replace(PLACE, 'place = { engine = "funasr" }\n') + 'url = "https://x.org/a"\n',
            ["source names a plain address; the engine funasr wants a repository"],
        ),
        (GOOD + 'require = ["../a"]\n', ["source 1 → require 1 is '../a'; expected: a list of relative paths"]),
        (GOOD + "require = []\n", ["source 1 → require is []; expected: a list of relative paths"]),
        (GOOD + 'when = { version = ">3" }\n', ["source 1 → when → package is missing"]),
        (
            URL.replace(PLACE, 'place = { cache = "huggingface" }\n') + 'url = "https://x.org/a"\n',
            ["source names no repository, whose name"],
        ),
        # sources
        (HEAD + PLACE, ["model “a”: source is missing; expected: one or more [[model.source]] tables"]),
        (HEAD + PLACE + "source = []\n", ["source is []; expected: one or more [[model.source]]"]),
        (GOOD.replace("[[model.source]]", "[model.source]"), ["source is {", "[[model.source]]"]),
        (HEAD + PLACE + "[[model.source]]\n", ["source 1 → hub is missing; expected: one of: huggingface, modelscope"]),
        (GOOD.replace('"huggingface"', '"hf"'), ["source 1 → hub is 'hf'; expected: one of: huggingface, modelscope"]),
        (GOOD.replace('"huggingface"', "['url']"), ["source 1 → hub is ['url']"]),
        (HEAD + PLACE + "source = [3]\n", ["source 1 is 3"]),
        (GOOD + "revison = 'x'\n", ["source 1 → revison is not a known key; expected: revision"]),
        (GOOD + "sha256 = 'x'\n", ["source 1 → sha256 is not a known key"]),
        (GOOD + "include = []\n", ["include is []; expected: a list of patterns"]),
        (GOOD + "include = '*'\n", ["include is '*'; expected: a list of patterns"]),
        (GOOD + "rename = { a = '../b' }\n", ["rename is {'a': '../b'}; expected: a table of relative paths"]),
        (GOOD + "rename = { a = 'c', b = 'c' }\n", ["rename is", "one of its own"]),
        (GOOD + "rename = { path = 3 }\n", ["rename → path is 3; expected: a table of relative paths"]),
        (URL, ["source 1 → url is missing"]),
        (URL + "url = 'https://x.org/'\n", ["path is missing", "where the URL ends in a file name"]),
        (URL + "url = 'https://x.org/%2E%2E'\n", ["path is missing"]),
        (URL + "url = 'https://x.org/a'\npath = ''\n", ["path is ''"]),
        (URL + "url = 'https://x.org/a'\nsize = -1\n", ["size is -1; expected: a number of bytes"]),
        (URL + "url = 'https://x.org/a'\nsize = 1.5\n", ["size is 1.5; expected: a number of bytes"]),
        (URL + f"url = 'https://x.org/a'\nsize = 0x{'f' * 9999}\n", ["size is …; expected: a number of bytes"]),
        (URL + f"url = 'https://x.org/a'\nsha256 = '{SHA.upper()}'\n", ["sha256 is", "64 lower-case hexadecimal"]),
        (URL + f"url = 'https://user:{'secret' * 20}@x.org/a'\n", ["url is 'https://…@x.org/a'"]),
        (URL + "url = ['https://user:se/cret@x.org/a']\n", ["url is ['https://…@x.org/a']"]),
        (URL + "url = 'https://user:secret@x.org/a'\n", ["url is 'https://…@x.org/a'", "without credentials"]),
    ],
)  # fmt: skip
def test_a_wrong_file_is_told_what_is_wrong(tmp_path: Path, content: str | bytes, fragments: list[str]) -> None:
    said = refusal(tmp_path, content)
    for fragment in fragments:
        assert fragment in said


BAD_PATHS = ["", "/a", "../a", "a/../b", "a/..", "./a", "a//b", "a\\b", "C:/a", "C:a", "a\0", "a\x7f", "a\n", "\x85"]
BAD_PATTERNS = [*BAD_PATHS, "/", "a[", "a]", "[]", "[!]", "[!]a"]
BAD_REPOS = [
    "n",
    "a/b/c",
    "/n",
    "o/",
    "o/-n",
    "o/n.",
    "o/a--b",
    "o/a..b",
    "o/n.git",
    "o/名",
    "../n",
    "o/n ",
    "o/" + "n" * 97,
]
BAD_REVISIONS = [
    "",
    "a b",
    "../x",
    "/a",
    "a/",
    "a//b",
    ".a",
    "a/.b",
    "a.",
    "a.lock",
    "-f",
    "a^",
    "a\\b",
    "a\n",
    "a" * 256,
]
BAD_URLS = ["ftp://x.org/a", "x.org/a", "https:///a", "https://u@x.org/a", "https://x.org/a b", "https://x.org:99999/a"]
BAD_URLS += ["https://[x/a", "https://x.org/a#b", "https://x.org/a\n", "https://x.org\\a", "C:/a", "file:///a", ""]
BAD_FOLDERS = ["models", "../m", "~/m", "D:m", "D:", "{platform}/../m", "/a/{home}", "{home}x", "{user}/m", "{}", ""]
BAD_FOLDERS += ["/a\\b", "D:\\m", "/a/D:/b", "/a\n", "{home!r}", "/a/./b"]


@pytest.mark.parametrize(
    ("before", "after", "values"),
    [
        (GOOD + "include = [", "]", BAD_PATTERNS),
        (GOOD + "exclude = [", "]", BAD_PATTERNS),
        (GOOD + "rename = { ", ' = "x" }', [*BAD_PATHS, "a/"]),
        (GOOD + "rename = { x = ", " }", [*BAD_PATHS, "a/"]),
        (URL + 'url = "https://x.org/a"\npath = ', "", [*BAD_PATHS, "a/"]),
        (GOOD.replace('"o/n"\n', ""), "", BAD_REPOS),
        (GOOD + "revision = ", "", BAD_REVISIONS),
        (URL + "url = ", "", BAD_URLS),
        (HEAD + "place = { folder = ", "}\n" + SOURCE, BAD_FOLDERS),
    ],
    ids=["include", "exclude", "rename from", "rename to", "path", "repo", "revision", "url", "folder"],
)
def test_values_of_a_bad_form_are_refused(tmp_path: Path, before: str, after: str, values: list[str]) -> None:
    key = re.findall(r"(\w+) = ", before.replace("x = ", ""))[-1]
    for value in values:
        said = refusal(tmp_path, before + as_toml(value) + after)
        assert said.count("\n") == 1, value
        assert re.search(rf"→ {key}( 1)? is .*; expected: ", said), value
        assert len(said.splitlines()[1]) < 300


@pytest.mark.parametrize(
    "folder",
    ["{home}", "{platform}/a b/模型", "/", "/srv/x", "D:/x", "c:/", "//server/share/x", "{home}/.cache/x/"],
)
def test_good_folders(tmp_path: Path, folder: str) -> None:
    [only] = room.load(write(tmp_path, GOOD.replace("{home}/m", folder))).models
    assert only.place == Place("folder", folder)


def test_what_is_not_a_file(tmp_path: Path) -> None:
    for path, fragment in (
        (tmp_path / "none.toml", "no such file"),
        (tmp_path, "a folder"),
        (tmp_path / "a\0b", "can't be read"),
    ):
        with pytest.raises(CatalogProblem, match=fragment):
            room.load(path)


def test_a_wrong_file_is_told_everything_at_once_but_not_without_end(tmp_path: Path) -> None:
    said = refusal(tmp_path, "x = 1\n" + GOOD.replace("o/n", "o") + GOOD[11:].replace('"A"', "3") + "y = 2\n")
    for fragment in ("x is not", "“a”: source 1 → repo", "model 2: name is 3", "model 2: source 1 → y", "model 2: key"):
        assert fragment in said
    said = refusal(tmp_path, "schema = 1\n" + "[[model]]\n" * 1000)
    assert len(said.splitlines()) == 52
    assert said.endswith("… and more.")


# Any file


FIELDS = [
    *("schema", "model", "key", "name", "description", "required", "auto_download", "licence", "place", "needs"),
    *("when", "source", "hub", "repo", "revision", "include", "exclude", "rename", "url", "path", "size", "sha256"),
    *("en", "zh", "cache", "engine", "folder", "package", "version", "huggingface", "x"),
]
SCALARS = (
    st.sampled_from(["huggingface", "modelscope", "url", "a", "b", "o/n", "https://x.org/a", "../a", SHA, "{home}/m"])
    | st.text(max_size=8)
    | st.integers(-2, 2)
    | st.booleans()
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=12,
)
TABLE = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=8)
ENTRY = st.builds(
    lambda base, other, sources: {**base, **other, **({"source": sources} if sources else {})},
    st.just({"key": "a", "name": "A", "place": {"folder": "/m"}, "source": [{"hub": "huggingface", "repo": "o/n"}]}),
    TABLE,
    st.lists(TABLE, max_size=2),
)


def as_toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {as_toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def load_or_refusal(folder: Path, content: bytes) -> Catalog | None:
    try:
        return room.load(write(folder, content))
    except CatalogProblem as caught:
        problem = caught
    assert problem.findings
    assert not PYDANTIC.search(str(problem))
    return None


@given(content=st.binary(max_size=200))
def test_any_bytes_are_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    assert load_or_refusal(tmp_path_factory.getbasetemp(), content) is None


@given(at=st.integers(0, len(GOOD)), length=st.integers(0, 9), inserted=st.text(string.printable, max_size=9))
def test_any_edit_of_a_right_file(
    tmp_path_factory: pytest.TempPathFactory, at: int, length: int, inserted: str
) -> None:
    load_or_refusal(tmp_path_factory.getbasetemp(), (GOOD[:at] + inserted + GOOD[at + length :]).encode())


@given(entries=st.lists(ENTRY, max_size=3) | VALUES, rest=TABLE)
def test_any_document(tmp_path_factory: pytest.TempPathFactory, entries: object, rest: dict[str, Any]) -> None:
    document = {"schema": 1, **rest, "model": entries}
    content = "\n".join(f"{json.dumps(key)} = {as_toml(value)}" for key, value in document.items())
    loaded = load_or_refusal(tmp_path_factory.getbasetemp(), content.encode("utf-8", "replace"))
    for one in loaded.with_parts() if loaded else ():
        for source in one.sources:
            if isinstance(source, UrlSource):
                assert is_inside(source.path)
            else:
                assert all(is_inside(new) for _, new in source.rename)
        assert one.place.kind == "cache" or not one.folder(Path("/home"), Path("/platform")).is_relative_to(Path.cwd())


# Which files of a listing count


def is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name and ":" not in name and name != ""


@pytest.mark.parametrize(
    ("include", "exclude", "chosen"),
    [
        ((), (), "a.onnx A.onnx d/a.onnx d/e/b.json d.txt"),
        (("*.onnx",), (), "a.onnx A.onnx d/a.onnx"),
        (("a.*",), (), "a.onnx"),
        (("d/",), (), "d/a.onnx d/e/b.json"),
        (("d",), (), ""),
        (("d/*.json", "?.onnx"), (), "a.onnx A.onnx d/e/b.json"),
        ((), ("d/",), "a.onnx A.onnx d.txt"),
        (("*.onnx",), ("[!a]*",), "a.onnx"),
    ],
)
def test_patterns(include: tuple[str, ...], exclude: tuple[str, ...], chosen: str) -> None:
    files = listed("a.onnx", "A.onnx", "d/a.onnx", "d/e/b.json", "d.txt")
    source = HuggingFaceSource("o/n", "main", include, exclude)
    assert [file.path for file in source.choose(files)] == chosen.split()


def test_renamed_files_keep_the_hubs_name_aside() -> None:
    source = ModelScopeSource("o/n", "master", rename=(("a", "b"), ("b", "a"), ("c", "c"), ("none", "d")))
    assert source.choose(listed("a", "b", "c")) == (
        ListedFile("b", 1, DIGEST, remote="a"),
        ListedFile("a", 1, DIGEST, remote="b"),
        ListedFile("c", 1, DIGEST),
    )
    with pytest.raises(NameClash, match=r"huggingface:o/n@main: the files x and y would both be called y") as caught:
        HuggingFaceSource("o/n", "main", rename=(("x", "y"),)).choose(listed("x", "y"))
    assert caught.value.exit_code == 2


def test_what_the_catalog_says_of_an_address_stands_over_a_stored_listing() -> None:
    stored = [ListedFile("old.bin", 5, None, remote="https://x.org/old")]
    assert UrlSource("https://x.org/a", "d/a").choose(stored) == (
        ListedFile("d/a", 5, None, remote="https://x.org/a"),
    )  # fmt: skip
    [file] = UrlSource("https://x.org/a", "a", 7, SHA).choose(stored)
    assert (file.size, file.digest) == (7, DIGEST)


NAMES = st.text("ab./*[]!-\\:", min_size=1, max_size=8)
SAFE = NAMES.filter(rules.is_relative_path)


@given(
    names=st.lists(SAFE, max_size=8, unique=True),
    include=st.lists(NAMES.filter(rules.is_pattern), max_size=3),
    exclude=st.lists(NAMES.filter(rules.is_pattern), max_size=3),
    rename=st.dictionaries(SAFE, SAFE, max_size=4).filter(rules.is_rename),
)
def test_chosen_files_stay_inside_and_differ(
    names: list[str], include: list[str], exclude: list[str], rename: dict[str, str]
) -> None:
    source = HuggingFaceSource("o/n", "main", tuple(include), tuple(exclude), tuple(rename.items()))
    files = listed(*names)
    try:
        chosen = source.choose(files)
    except NameClash:
        assert rename
        return
    assert all(is_inside(file.path) and file.remote_path in names for file in chosen)
    assert len({file.path for file in chosen}) == len(chosen)
    assert source.choose(files) == chosen


@given(name=st.text(min_size=1, max_size=10))
def test_relative_paths_are_inside(name: str) -> None:
    assert not rules.is_relative_path(name) or is_inside(name)


# The models


@st.composite
def catalogs(draw: st.DrawFn) -> Catalog:
    """Models in any order, each needing only ones of a lower number, so that there is no circle."""
    numbers = draw(st.permutations(range(draw(st.integers(1, 8)))))
    return Catalog(
        tuple(
            model(f"m{n}", tuple(f"m{p}" for p in draw(st.lists(st.integers(0, n - 1), unique=True)) if n) if n else ())
            for n in numbers
        )
    )


@given(catalog=catalogs(), data=st.data())
def test_parts_come_along_and_come_first(catalog: Catalog, data: st.DataObject) -> None:
    keys = [one.key for one in catalog.models]
    asked = data.draw(st.lists(st.sampled_from(keys), min_size=1))
    got = catalog.with_parts(asked)
    order = [one.key for one in got]
    assert set(asked) <= set(order)
    assert len(set(order)) == len(order)
    for one in got:
        assert all(order.index(part) < order.index(one.key) for part in one.needs)
        assert one.key in asked or any(one.key in other.needs for other in got)
    assert got == catalog.with_parts(reversed(asked))
    assert {one.key for one in catalog.with_parts()} == set(keys)
    assert [one.key for one in catalog.select(asked)] == [key for key in keys if key in asked]


def test_long_chains_of_parts(tmp_path: Path) -> None:
    count = 2000
    chain = tuple(model(f"m{n}", (f"m{n + 1}",) if n + 1 < count else ()) for n in range(count))
    assert [one.key for one in Catalog(chain).with_parts(["m0"])] == [f"m{n}" for n in reversed(range(count))]
    written = "".join(
        GOOD[11:].replace('"a"', f'"m{n}"').replace("place", f'needs = ["m{(n + 1) % count}"]\nplace')
        for n in range(count)
    )
    assert "leads in a circle: m" in refusal(tmp_path, "schema = 1\n" + written)


def test_unknown_models() -> None:
    catalog = Catalog((model("a"), model("b")))
    assert catalog.model("b").key == "b"
    for ask in (lambda: catalog.model("c"), lambda: catalog.select(["c"]), lambda: catalog.with_parts(["a", "c"])):
        with pytest.raises(UnknownModel, match="“c”") as caught:
            ask()
        assert "a, b" in str(caught.value.next_step)


@pytest.mark.parametrize(
    ("specifier", "installed", "holds"),
    [
        ("", None, False),
        ("", "1.0", True),
        (">=3.6", "3.6.0", True),
        (">=3.6", "3.5.9", False),
        (">=3.6,<4", "3.7rc1", True),
        ("==3.*", "3.9", True),
        (">=3.6", "not a version", False),
    ],
)
def test_requirements(specifier: str, installed: str | None, holds: bool) -> None:
    packages = {"other": "9", **({"paddle-x": installed} if installed else {})}
    assert Requirement("Paddle_X", specifier).met_by(packages) is holds


def test_models_that_do_not_apply_are_left_out_of_needs_too() -> None:
    old, new = replace(model("old"), when=Requirement("p", "<2")), replace(model("new"), when=Requirement("p", ">=2"))
    catalog = Catalog((model("a", ("old", "new")), old, new))
    assert catalog.applicable({"p": "2.1"}).models == (model("a", ("new",)), new)
    assert catalog.applicable({}).models == (model("a"),)


def test_sources_that_do_not_apply_are_left_out_and_a_model_without_any_too() -> None:
    old = HuggingFaceSource("o/old", "main", when=Requirement("p", "<2"))
    new = HuggingFaceSource("o/new", "main", when=Requirement("p", ">=2"))
    catalog = Catalog((replace(model("a"), sources=(old, new)), model("b", ("a",))))
    assert catalog.applicable({"p": "1"}).model("a").sources == (old,)
    found = catalog.applicable({"p": "2"})
    assert (found.model("a").sources, found.model("a").folder_name) == ((new,), "new")
    assert catalog.applicable({}).models == (model("b"),)


@pytest.mark.parametrize(
    ("require", "missing"),
    [
        (("a.bin", "deep/b.bin", "deep/"), ()),
        (("c.bin", "a.bin", "dee/", "deep"), ("c.bin", "dee/", "deep")),
        (("left/out.bin",), ("left/out.bin",)),
    ],
)
def test_what_is_required_and_not_listed_is_named(require: tuple[str, ...], missing: tuple[str, ...]) -> None:
    files = listed("a.bin", "deep/b.bin", "left/out.bin")
    source = HuggingFaceSource("o/n", "main", exclude=("left/",), rename=(("a.bin", "x.bin"),), require=require)
    if not missing:
        assert [file.path for file in source.choose(files)] == ["x.bin", "deep/b.bin"]
        return
    with pytest.raises(SourceIncomplete) as caught:
        source.choose(files)
    assert all(name in str(caught.value) for name in missing)


def test_folders_of_models(tmp_path: Path) -> None:
    def folder(name: str, platform: Path | None = None) -> Path:
        return replace(model("a"), place=Place("folder", name)).folder(tmp_path / "home", platform)

    assert folder("{home}/x/y") == tmp_path / "home" / "x" / "y"
    assert folder("{home}") == tmp_path / "home"
    assert folder("{home}//etc") == tmp_path / "home" / "etc"
    assert folder("/srv/m") == Path("/srv/m")
    assert folder("{platform}/m", tmp_path) == tmp_path / "m"
    with pytest.raises(PlaceUnknown, match=r"{platform}/m"):
        folder("{platform}/m")
