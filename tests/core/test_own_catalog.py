"""Models of the user's own: looked up on a hub, kept in a file whose other bytes stay."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from helpers.hub import make_repository
from helpers.workbench import Tokens, Workbench, model, repository, workbench
from model_preload.core import errors
from model_preload.core.catalog import HuggingFaceSource, Model, ModelScopeSource, Source, UrlSource, builtin
from model_preload.core.events import Control
from model_preload.core.files import Disk
from model_preload.core.settings import Settings
from model_preload.core.tasks.look_up import Found, chosen, look_up, new_model, proposed_key, source_of
from model_preload.core.tasks.own_catalog import FILE, add, edit, import_file, own_models, remove, whole_catalog
from model_preload.demo.hub import Hub, Reply, Request, _json

FILES = {"README.md": b"# x", "config.json": b"{}", "onnx/m.onnx": b"o" * 3000, "pytorch/m.bin": b"p" * 5000}
HF, MS = HuggingFaceSource, ModelScopeSource

TYPED: list[tuple[str, Source]] = [
    ("owner/name", HF("owner/name", "main")),
    ("  owner/name@v1.0 ", HF("owner/name", "v1.0")),
    *(
        (f"{address}/owner/name", HF("owner/name", "main"))
        for address in ("https://huggingface.co", "http://hf-mirror.com", "huggingface.co", "hf.co", "https://HF.co")
    ),
    ("https://huggingface.co/owner/name/", HF("owner/name", "main")),
    ("https://huggingface.co/owner/name?library=x#how", HF("owner/name", "main")),
    ("https://huggingface.co/owner/name/tree/v2", HF("owner/name", "v2")),
    ("https://huggingface.co/owner/name/tree/refs%2Fpr%2F7", HF("owner/name", "refs/pr/7")),
    ("https://huggingface.co/owner/name/tree/main/onnx", HF("owner/name", "main", ("onnx/",))),
    ("https://huggingface.co/owner/name/blob/main/a%20b.bin", HF("owner/name", "main", ("a b.bin",))),
    (
        "https://hf-mirror.com/owner/name/resolve/v1/x/y%5B1%5D.bin?download=true",
        HF("owner/name", "v1", ("x/y[[]1[]].bin",)),
    ),
    ("https://huggingface.co/owner/name/discussions/3", HF("owner/name", "main")),
    ("https://mirror.corp:8443/owner/name/tree/v2", HF("owner/name", "v2")),
    *(
        (f"https://{host}/models/owner/name{rest}", MS("owner/name", "master"))
        for host in ("modelscope.cn", "www.modelscope.cn", "modelscope.ai")
        for rest in ("", "/summary", "/files")
    ),
    ("https://modelscope.cn/models/owner/name/files?Revision=v3", MS("owner/name", "v3")),
    ("https://modelscope.cn/models/owner/name/tree/v3", MS("owner/name", "v3")),
    ("https://modelscope.cn/models/owner/name/file/view/v3/a%2Fb.bin?status=2", MS("owner/name", "v3", ("a/b.bin",))),
    ("https://files.example/x/big%20model.pt", UrlSource("https://files.example/x/big%20model.pt", "big model.pt")),
    ("https://files.example/m.pt?sig=1#frag", UrlSource("https://files.example/m.pt?sig=1", "m.pt")),
]


@pytest.mark.parametrize(("typed", "source"), TYPED, ids=[typed for typed, _ in TYPED])
def test_what_is_typed_or_pasted_names_a_source(typed: str, source: Source) -> None:
    assert source_of(typed, Settings(endpoint="https://mirror.corp:8443")) == source


def test_a_bare_name_is_of_the_hub_that_was_chosen() -> None:
    assert source_of("owner/name", Settings(), "modelscope") == MS("owner/name", "master")


@pytest.mark.parametrize(
    "typed",
    [
        *("", "name", "a b", "owner/name/more", "owner/name@..", "ftp://host/x.bin", "https://", "C:\\models\\x"),
        *("https://huggingface.co", "https://huggingface.co/datasets/owner/name", "https://hf.co/spaces/o/n"),
        *("https://modelscope.cn/datasets/owner/name", "https://modelscope.cn/models/owner"),
        *("https://files.example/", "https://bob:secret@files.example/m.pt", "https://huggingface.co/o/n/tree/..%2Fx"),
        "https://[::1/m.pt",
    ],
)
def test_what_names_no_source_is_refused_without_its_password(typed: str) -> None:
    with pytest.raises(errors.SourceUnreadable) as refused:
        source_of(typed, Settings())
    assert "secret" not in f"{refused.value} {refused.value.next_step}"


class Licensed(Hub):
    """Says under which licence a repository is."""

    licence: Any = "apache-2.0"

    def respond(self, request: Request) -> Reply:
        if request.target == "/api/models/owner/model" and not request.query:
            return _json({"id": "owner/model", "tags": ["onnx", f"license:{self.licence}"]})
        return super().respond(request)


@pytest.fixture
def hub() -> Iterator[Licensed]:
    with Licensed(make_repository(FILES), files={"big.pt": b"b" * 777}) as running:
        yield running


@pytest.fixture
def bench(tmp_path: Path, hub: Licensed) -> Workbench:
    made = workbench(tmp_path, hub.endpoint, model("model", repository("owner/model")))
    return made.with_settings(modelscope_endpoint=hub.endpoint)


def found(bench: Workbench, source: Source) -> Found:
    with bench.opened() as services:
        return look_up(services, source, Control())


def test_a_hub_is_asked_what_it_has(bench: Workbench, hub: Licensed) -> None:
    told = found(bench, HF("owner/model", "main"))
    assert {file.path: file.size for file in told.files} == {path: len(body) for path, body in FILES.items()}
    stored = hub.stored("owner/model")
    assert stored is not None
    assert told.commit in stored.commits
    assert (told.licence, told.key, told.name, told.needs_folder) == ("apache-2.0", "model-2", "model", False)
    assert hub.bytes_served == 0


def test_modelscope_is_asked_too(bench: Workbench) -> None:
    told = found(bench, MS("owner/model", "master"))
    assert {file.path for file in told.files} == set(FILES)
    assert told.licence == ""


def test_a_plain_address_is_asked_for_its_size(tmp_path: Path, bench: Workbench, hub: Licensed) -> None:
    told = found(bench, UrlSource(hub.file_url("big.pt"), "big.pt"))
    assert [(file.path, file.size, file.digest) for file in told.files] == [("big.pt", 777, None)]
    assert (told.needs_folder, told.key) == (True, "big.pt")
    with pytest.raises(errors.FolderUnfit):
        new_model(told, key="big", name="Big")
    assert new_model(told, key="big", name="Big", folder="{home}/models").place.kind == "folder"


@pytest.mark.parametrize("licence", ["x" * 200, "<b>", "", "\x1b[31m"])
def test_a_licence_that_is_none_is_not_shown(bench: Workbench, hub: Licensed, licence: str) -> None:
    hub.licence = licence
    assert found(bench, HF("owner/model", "main")).licence == ""


@pytest.mark.parametrize(
    ("options", "token", "problem"),
    [
        ({"gated": True}, "", errors.RepositoryGated),
        ({"gated": True, "readers": ["t0ken"]}, "t0ken", None),
        ({"private": True}, "", errors.RepositoryPrivate),
        ({}, "wrong", errors.TokenRefused),
    ],
)
def test_who_may_not_read_it_is_told(
    bench: Workbench, hub: Licensed, options: dict[str, Any], token: str, problem: type[errors.Circumstance] | None
) -> None:
    hub.put(make_repository(FILES, "owner/closed", **options))
    bench = replace(bench, tokens=Tokens(huggingface=token) if token else Tokens())
    if problem is None:
        assert found(bench, HF("owner/closed", "main")).files
        return
    with pytest.raises(problem) as refused:
        found(bench, HF("owner/closed", "main"))
    assert refused.value.needs_person


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (HF("owner/absent", "main"), errors.RepositoryPrivate),
        (HF("owner/model", "absent"), errors.RevisionMissing),
        (MS("owner/absent", "master"), errors.RepositoryMissing),
        (MS("owner/model", "absent"), errors.RevisionMissing),
    ],
)
def test_what_is_not_there_is_told(bench: Workbench, source: Source, problem: type[errors.Circumstance]) -> None:
    with pytest.raises(problem):
        found(bench, source)


def test_patterns_are_counted_as_they_are_picked(bench: Workbench) -> None:
    told = found(bench, HF("owner/model", "main"))
    assert chosen(told).bytes == sum(map(len, FILES.values()))
    picked = chosen(told, ["onnx/", "*.json"], ["README*"])
    assert ([file.path for file in picked.files], picked.bytes) == (["config.json", "onnx/m.onnx"], 3002)
    assert chosen(told, ["nothing"]).files == ()
    with pytest.raises(errors.PatternUnfit, match=r"\.\./x"):
        chosen(told, ["onnx/", "../x"])


@pytest.mark.parametrize(
    ("name", "taken", "key"),
    [
        ("Qwen2.5-VL-7B", (), "qwen2.5-vl-7b"),
        ("模型", (), "model"),
        ("__A  b__", (), "a-b"),
        ("x", ("x", "x-2"), "x-3"),
        ("y" * 90, (), "y" * 56),
    ],
)
def test_a_key_is_proposed(name: str, taken: tuple[str, ...], key: str) -> None:
    assert proposed_key(name, taken) == key


# The file


def made(key: str, **more: Any) -> Model:
    return new_model(Found(HF(f"owner/{key}", "main"), "", (), "MIT", key, key), key=key, name=key.title(), **more)


URL = replace(
    made("url", folder="D:\\models"), sources=(UrlSource("https://e.org/a.pt", "a.pt", 7, "0" * 64),), required=True
)
RICH = replace(
    made("rich", include=["*.json", "onnx/"], exclude=["x[[]*"]),
    name=replace(URL.name, en='Quote " and \\', zh="模型"),
    description=replace(URL.name, en="d", zh="d"),
    needs=("url",),
    sources=(
        replace(HF("o/n", "v1"), rename=(("a", "b"),), require=("c/",)),
        MS("o/n", "master"),
    ),
)


def test_models_are_added_edited_and_removed(tmp_path: Path) -> None:
    assert own_models(tmp_path) == ()
    for one in (URL, RICH, made("third")):
        add(tmp_path, Disk(), one)
    assert own_models(tmp_path) == (URL, RICH, made("third"))
    edit(tmp_path, Disk(), "third", made("fourth"))
    remove(tmp_path, Disk(), "rich")
    assert own_models(tmp_path) == (URL, made("fourth"))
    known, problem = whole_catalog(tmp_path)
    assert problem is None
    assert known.models == (*builtin().models, URL, made("fourth"))
    for key in ("url", "fourth"):
        remove(tmp_path, Disk(), key)
    assert own_models(tmp_path) == ()
    assert whole_catalog(tmp_path) == (builtin(), None)
    add(tmp_path, Disk(), URL)
    assert own_models(tmp_path) == (URL,)


HAND = """# mine, do not touch
schema   =   1     # the form

# one
[[model]]
key = "one"   # short
name = 'One'
place = { cache = "huggingface" }
needs = [ "two" , ]
  [[model.source]]
  hub = "huggingface"
  repo = "o/one"

# two, from far away
# (two lines)
[[ model ]]
key = "two"
name = "Two"
place = { folder = "{home}/two" }
[[model.source]]
hub = "url"
url = "https://e.org/two.bin"

[[model]]
key = "three"
name = "Three"
place = { cache = "huggingface" }
[[model.source]]
hub = "modelscope"
repo = "o/three"
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_is_not_changed_stays_byte_for_byte(tmp_path: Path, end: str) -> None:
    file, hand = tmp_path / FILE, HAND.replace("\n", end).encode()
    file.write_bytes(hand)
    add(tmp_path, Disk(), made("four"))
    assert file.read_bytes().startswith(hand)
    assert b"\n" not in file.read_bytes().replace(end.encode(), b"")
    edit(tmp_path, Disk(), "two", made("two"))
    edited = file.read_bytes()
    begin, finish = hand.index(b"[[ model ]]"), hand.index(b"[[model]]" + end.encode() + b'key = "three"')
    assert edited.startswith(hand[:begin])
    assert hand[finish:] in edited
    remove(tmp_path, Disk(), "four")
    remove(tmp_path, Disk(), "three")
    assert file.read_bytes().startswith(hand[:begin])
    assert [one.key for one in own_models(tmp_path)] == ["one", "two"]


def unchanged(home: Path, problem: type[errors.Circumstance], action: Any, *named: str) -> None:
    before = (home / FILE).read_bytes()
    with pytest.raises(problem) as refused:
        action()
    assert all(name in str(refused.value) for name in named), str(refused.value)
    assert (home / FILE).read_bytes() == before


def test_a_change_that_would_be_wrong_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(HAND, encoding="utf-8")
    taken = builtin().models[0].key
    unchanged(tmp_path, errors.ModelUnfit, lambda: add(tmp_path, Disk(), made("one")), "one")
    unchanged(tmp_path, errors.ModelUnfit, lambda: add(tmp_path, Disk(), made(taken)), taken, "built-in")
    unchanged(tmp_path, errors.ModelUnfit, lambda: add(tmp_path, Disk(), made("Not A Key")), "Not A Key")
    unchanged(tmp_path, errors.ModelUnfit, lambda: remove(tmp_path, Disk(), "two"), "one", "needs")
    unchanged(tmp_path, errors.UnknownModel, lambda: remove(tmp_path, Disk(), "absent"), "absent")
    unchanged(tmp_path, errors.UnknownModel, lambda: edit(tmp_path, Disk(), "absent", made("x")), "absent")


@pytest.mark.parametrize(
    "content",
    [
        """schema = 1
        model = [{ key = "a", name = "A", place = { cache = "huggingface" }, source = [
            { hub = "modelscope", repo = "o/a" }] }]
        """,
        HAND.replace("name = 'One'", "name = '''\n[[model]]\n'''"),
    ],
)
def test_a_file_in_another_style_is_read_and_left_alone(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content, encoding="utf-8")
    assert own_models(tmp_path)
    unchanged(tmp_path, errors.CatalogProblem, lambda: add(tmp_path, Disk(), made("new")), "only its author")


@pytest.mark.parametrize("content", ["schema = ", "schema = 2", "[[model]]\nkey = 'x'", HAND.replace("one", "mineru")])
def test_a_broken_file_leaves_the_built_in_models(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content, encoding="utf-8")
    known, problem = whole_catalog(tmp_path)
    assert known == builtin()
    assert problem is not None
    assert str(tmp_path / FILE) in str(problem)
    unchanged(tmp_path, errors.CatalogProblem, lambda: add(tmp_path, Disk(), made("new")))


def test_a_catalog_file_is_imported_whole_or_not_at_all(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(HAND, encoding="utf-8")
    add(tmp_path, Disk(), made("zero"))
    assert import_file(tmp_path, Disk(), other) == ("one", "two", "three")
    assert import_file(tmp_path, Disk(), other) == (), "they are the same"
    assert [one.key for one in own_models(tmp_path)] == ["zero", "one", "two", "three"]
    other.write_text(HAND.replace("o/three", "o/else").replace('"two"', '"zwei"'), encoding="utf-8")
    unchanged(tmp_path, errors.ModelUnfit, lambda: import_file(tmp_path, Disk(), other), "one", "three")
    other.write_text("schema = 1", encoding="utf-8")
    unchanged(tmp_path, errors.CatalogProblem, lambda: import_file(tmp_path, Disk(), other), "other.toml")
