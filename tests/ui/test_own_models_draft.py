"""What is filled in for a model, and what can be done about a look-up that failed; no window."""

from dataclasses import replace

import pytest

from model_preload.core import errors
from model_preload.core.catalog import HuggingFaceSource, Model, ModelScopeSource, Place, Source, UrlSource, Wording
from model_preload.core.settings import Settings
from model_preload.core.tasks.look_up import Found
from model_preload.core.values import ListedFile
from model_preload.ui.own_models.choice import Choice
from model_preload.ui.own_models.draft import (
    Draft,
    Field,
    Where,
    findings,
    is_ambiguous,
    model_of,
    source_for,
    typed_for,
)
from model_preload.ui.own_models.trouble import trouble_of

HF, MS = HuggingFaceSource, ModelScopeSource
GOOD = Draft("Voice", "voice", Where.CACHE)
KEY = "Lower-case letters and digits, between them also - _ and dots; 64 at most."


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, {}),
        ({"name": ""}, {Field.NAME: "Give it a name."}),
        ({"key": ""}, {Field.KEY: KEY}),
        ({"key": "Voice"}, {Field.KEY: KEY}),
        ({"key": "voice-"}, {Field.KEY: KEY}),
        ({"key": "taken"}, {Field.KEY: "Another model has this key."}),
        ({"where": Where.FOLDER}, {Field.FOLDER: "Choose a folder."}),
        ({"where": Where.FOLDER, "folder": "models"}, {Field.FOLDER: "Give the full path of a folder."}),
        ({"where": Where.FOLDER, "folder": "D:\\models\\x"}, {}),
        ({"where": Where.FOLDER, "folder": "{platform}/models"}, {}),
        ({"where": Where.CACHE, "folder": "models"}, {}),
        ({"sha256": "0F" * 32}, {}),
        ({"sha256": "0f"}, {Field.SHA256: "A SHA-256 has 64 of the signs 0-9 and a-f."}),
    ],
)
def test_findings(changes: dict[str, object], found: dict[Field, str]) -> None:
    draft = replace(GOOD, **changes)  # type: ignore[arg-type]
    assert {field: str(told) for field, told in findings(draft, {"taken"}).items()} == found


@pytest.mark.parametrize(
    ("typed", "ambiguous"),
    [
        ("owner/name", True),
        (" owner/name@v1 ", True),
        ("https://hf.co/owner/name", False),
        ("owner", False),
        ("", False),
    ],
)
def test_only_a_name_is_ambiguous(typed: str, ambiguous: bool) -> None:
    assert is_ambiguous(typed) == ambiguous


SOURCES: list[tuple[Source, str]] = [
    (HF("owner/name", "main"), "owner/name"),
    (HF("owner/name", "v1"), "owner/name@v1"),
    (MS("owner/name", "master"), "owner/name"),
    (MS("owner/name", "main"), "owner/name@main"),
    (UrlSource("https://x.example/m.pt", "m.pt"), "https://x.example/m.pt"),
]


@pytest.mark.parametrize(("source", "typed"), SOURCES)
def test_what_stands_in_the_field_means_the_source(source: Source, typed: str) -> None:
    assert typed_for(source) == typed
    assert source_for(typed, source.hub, Settings(), None) == source


def own(*sources: Source, place: Place | None = None) -> Model:
    return Model(
        "voice",
        Wording("Voice", "语音"),
        Wording("A model.", "模型。"),
        False,
        True,
        "MIT",
        place or Place("cache", "huggingface"),
        sources,
        ("part",),
    )


def found_of(source: Source) -> Found:
    return Found(source, "c" * 40, (ListedFile("m.pt", 5, None),), "apache-2.0", "proposed", "proposed")


def test_a_new_model() -> None:
    draft = Draft("Voice", "voice", Where.FOLDER, "D:\\models", required=True)
    made = model_of(draft, found_of(HF("a/b", "main")), Choice(("*.pt",), ("x/",)), None, "en")
    assert made == Model(
        "voice",
        Wording("Voice", "Voice"),
        Wording("", ""),
        True,
        False,
        "apache-2.0",
        Place("folder", "D:/models"),
        (HF("a/b", "main", ("*.pt",), ("x/",)),),
    )


def test_an_edit_keeps_what_the_form_does_not_show() -> None:
    first = HF("a/b", "main", rename=(("m.pt", "n.pt"),), require=("m.pt",))
    before = own(first, MS("a/b", "master"))
    source = source_for("a/b@v2", "huggingface", Settings(), before)
    assert source == replace(first, revision="v2")
    draft = Draft("Stimme", "voice", Where.CACHE, required=True)
    made = model_of(draft, found_of(source), Choice(("*.pt",)), before, "en")
    assert made == replace(
        before,
        name=Wording("Stimme", "语音"),
        required=True,
        sources=(replace(first, revision="v2", include=("*.pt",)), MS("a/b", "master")),
    )


def test_another_repository_has_its_own_licence_and_none_of_the_old_sources() -> None:
    before = own(HF("a/b", "main", require=("m.pt",)), MS("a/b", "master"))
    source = source_for("c/d", "huggingface", Settings(), before)
    made = model_of(replace(GOOD, name="Voice"), found_of(source), Choice(), before, "en")
    assert (made.sources, made.licence, made.needs) == ((HF("c/d", "main"),), "apache-2.0", ("part",))


def test_a_pasted_folder_takes_the_place_of_the_patterns() -> None:
    before = own(HF("a/b", "main", ("*.pt",), ("x/",), require=("m.pt",)))
    source = source_for("https://huggingface.co/a/b/tree/main/onnx", "huggingface", Settings(), before)
    assert source == HF("a/b", "main", ("onnx/",), require=("m.pt",))


def test_an_engines_place_stays() -> None:
    before = own(HF("a/b", "main"), place=Place("engine", "paddlex"))
    draft = replace(GOOD, where=Where.ENGINE)
    assert model_of(draft, found_of(before.sources[0]), Choice(), before, "zh_CN").place == before.place


@pytest.mark.parametrize(
    ("language", "name"),
    [("en", Wording("New", "语音")), ("zh_CN", Wording("Voice", "New"))],
)
def test_a_name_is_that_of_one_language(language: str, name: Wording) -> None:
    before = own(HF("a/b", "main"))
    assert model_of(replace(GOOD, name="New"), found_of(before.sources[0]), Choice(), before, language).name == name


def test_an_address_keeps_its_size_and_gets_its_digest() -> None:
    source = UrlSource("https://x.example/m.pt", "m.pt", 5)
    before = own(source, place=Place("folder", "/m"))
    draft = Draft("Voice", "voice", Where.FOLDER, "/m", "0F" * 32)
    made = model_of(draft, found_of(source_for(source.url, "huggingface", Settings(), before)), Choice(), before, "en")
    assert made.sources == (replace(source, sha256="0f" * 32),)


HOST, REPO = "huggingface.co", HF("a/b", "main")
TROUBLES: list[tuple[errors.Circumstance, str, str, bool]] = [
    (errors.RepositoryGated(HOST, "a/b"), "https://huggingface.co/a/b", "hubs", True),
    (errors.RepositoryPrivate(HOST, "a/b"), "", "hubs", True),
    (errors.RepositoryMissing(HOST, "a/b"), "", "hubs", True),
    (errors.TokenRefused(HOST), "", "hubs", True),
    (errors.RevisionMissing(HOST, "a/b", "v9"), "", "", True),
    (errors.HubRefused("https://x.example/m.pt", 410), "", "", True),
    (errors.HubUnreachable(HOST, "no route"), "", "network", True),
    (errors.HubTimeout(HOST, 20), "", "network", True),
    (errors.HubBusy(HOST, 503), "", "", True),
]


@pytest.mark.parametrize(("problem", "page", "settings", "retry"), TROUBLES, ids=[one[0].code for one in TROUBLES])
def test_troubles_and_their_ways_out(problem: errors.Circumstance, page: str, settings: str, retry: bool) -> None:
    trouble = trouble_of(problem, REPO, Settings())
    assert trouble.title == problem.title
    assert "HF_TOKEN" not in str(trouble.next_step)
    assert "catalog" not in str(trouble.next_step)
    assert (trouble.page, trouble.settings, trouble.retry) == (page, settings, retry)


def test_what_could_not_be_read_is_not_tried_again() -> None:
    problem = errors.SourceUnreadable("x", errors.TokenUnfit().title)
    assert not trouble_of(problem, None, Settings()).retry


@pytest.mark.parametrize(
    ("source", "settings", "page"),
    [
        (REPO, Settings(endpoint="https://hf-mirror.com"), "https://huggingface.co/a/b"),
        (REPO, Settings(endpoint="https://hub.corp/"), "https://hub.corp/a/b"),
        (MS("a/b", "master"), Settings(), "https://modelscope.cn/models/a/b"),
    ],
)
def test_the_licence_is_accepted_where_accounts_are(source: Source, settings: Settings, page: str) -> None:
    assert trouble_of(errors.RepositoryGated(HOST, "a/b"), source, settings).page == page
