"""Every family of the built-in catalog, imitated on a loopback hub, into the places where its engine reads."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from conftest import ExpectedLog
from helpers import faults
from helpers.families import KEYS, LAMA, LANGUAGES, OTHER, family_bench, family_hub, imitation
from helpers.faults import BODY, FaultyHub, random_bytes
from helpers.hub import make_repository
from helpers.workbench import Workbench, model, repository
from model_preload.core import catalog, errors
from model_preload.core.catalog import Catalog, HuggingFaceSource, Model, RepositorySource
from model_preload.core.engines.packages import ASSUMED
from model_preload.core.events import Control, Notice
from model_preload.core.files import Disk
from model_preload.core.queue import Queue
from model_preload.core.tasks import room
from model_preload.core.tasks.preload import Mode, preload
from model_preload.core.transfer.ranges import BLOCK
from model_preload.core.values import ListedFile, Published, Verdict
from model_preload.demo.repository import File

SETS = [ASSUMED, {"mineru": "3.4.5", "paddleocr": "3.5.0"}, {"mineru": "2.7.6", "paddleocr": "3.3.1"}]


def data_of(file: File) -> bytes:
    assert isinstance(file.content.source, bytes)
    return file.content.source


def builtin(packages: Mapping[str, str] = ASSUMED) -> Catalog:
    return catalog.builtin().applicable(packages)


@pytest.fixture
def hub() -> Iterator[FaultyHub]:
    with family_hub() as running:
        yield running


@pytest.fixture
def platform(tmp_path: Path) -> Path:
    folder = tmp_path / "平台 tianshu"
    (folder / "backend").mkdir(parents=True)
    return folder


@pytest.fixture
def bench(tmp_path: Path, hub: FaultyHub, platform: Path) -> Workbench:
    return family_bench(tmp_path / "bench", hub.endpoint).with_settings(platform=platform)


def verdicts(bench: Workbench) -> dict[str, Verdict]:
    return {found.model.key: found.verdict for found in bench.status()}


def places(bench: Workbench) -> dict[str, Path]:
    with bench.opened() as services:
        return {model.key: services.place_of(model) for model in services.catalog.models}


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".model-preload" not in path.parts
    }


# The catalog by itself


@pytest.mark.parametrize("packages", SETS)
def test_every_key_has_its_set_for_every_known_version(packages: dict[str, str]) -> None:
    found = {model.key: model for model in builtin(packages).models}
    assert set(KEYS) <= set(found)
    assert [key for key, model in found.items() if model.required] == ["mineru", "sensevoice", "fsmn-vad"]
    assert [key for key, model in found.items() if model.auto_download and key in KEYS] == ["paddleocr", "lama"]
    assert found["paddleocr"].needs == ("paddleocr-layout", "paddleocr-orientation", "paddleocr-unwarping")
    assert found["sensevoice"].needs == ("fsmn-vad",)
    assert found["paraformer"].needs == ("fsmn-vad", "ct-punc", "campplus")


@pytest.mark.parametrize(
    ("packages", "folders"),
    [
        ({"paddleocr": "3.7.0"}, ["PaddleOCR-VL-1.6", "PP-DocLayoutV3", "PP-LCNet_x1_0_doc_ori", "UVDoc"]),
        ({"paddleocr": "3.6.0"}, ["PaddleOCR-VL-1.6", "PP-DocLayoutV3", "PP-LCNet_x1_0_doc_ori", "UVDoc"]),
        ({"paddleocr": "3.5.9"}, ["PaddleOCR-VL-1.5", "PP-DocLayoutV3", "PP-LCNet_x1_0_doc_ori", "UVDoc"]),
        ({"paddleocr": "3.4.0"}, ["PaddleOCR-VL-1.5", "PP-DocLayoutV3", "PP-LCNet_x1_0_doc_ori", "UVDoc"]),
        ({"paddleocr": "3.3.2"}, ["PaddleOCR-VL", "PP-DocLayoutV2", "PP-LCNet_x1_0_doc_ori", "UVDoc"]),
        ({"paddleocr": "3.2.0"}, []),
        ({"mineru": "2.6.2"}, []),
    ],
)
def test_paddlex_s_folders_follow_the_version(packages: dict[str, str], folders: list[str]) -> None:
    found = [model.folder_name for model in builtin(packages).models if model.place.name == "paddlex"]
    assert found == folders


def test_mineru_s_set_follows_the_version() -> None:
    def includes(version: str) -> str:
        sources = builtin({"mineru": version}).model("mineru").sources
        return "\n".join(path for source in sources if isinstance(source, RepositorySource) for path in source.include)

    assert "YOLO" in includes("2.6.2")
    assert "layout_reader" in includes("2.7.6")
    assert "PP-DocLayoutV2" in includes("3.4.5")
    assert "YOLO" not in includes("3.4.5")
    assert all(model.place.name != "mineru" for model in builtin({"mineru": "4.0.12"}).models)


def every_source() -> list[tuple[Model, RepositorySource]]:
    pairs = [(model, source) for model in catalog.builtin().models for source in model.sources]
    return [(model, source) for model, source in pairs if isinstance(source, RepositorySource)]


@pytest.mark.parametrize(("model", "source"), every_source(), ids=lambda one: getattr(one, "key", None) or one.identity)
def test_each_source_s_patterns_are_consistent(model: Model, source: RepositorySource) -> None:
    """What is required is let through, nothing useless is, and each pattern that includes finds something."""
    files = tuple(ListedFile(path, 1, None) for path in imitation(source))
    chosen = [file.remote_path for file in source.choose(files)]  # raises if a required path is not among them
    assert not set(chosen) & {"README.md", ".gitattributes"}
    assert "fig/a.png" not in chosen or model.place.name == "paddlex"
    assert "requirements.txt" not in chosen or model.place.name == "paddlex"
    for pattern in source.include:
        assert any(path.startswith(pattern) if pattern.endswith("/") else path == pattern for path in chosen), pattern
    assert len(set(source.require)) == len(source.require)
    assert source.revision == ("main" if isinstance(source, HuggingFaceSource) else "master")


def test_sources_of_one_model_bring_the_same_folder() -> None:
    """Whichever hub answers, the engine finds it; that is the first one's name."""
    for packages in SETS:
        for one in builtin(packages).models:
            if one.place.name in ("paddlex", "funasr"):
                names = {s.repo.rpartition("/")[2] for s in one.sources if isinstance(s, RepositorySource)}
                assert names == {one.folder_name}


# Preload into the engines' places


@pytest.mark.parametrize("packages", SETS, ids=str)
def test_every_family_lands_where_its_engine_reads(
    bench: Workbench, hub: FaultyHub, platform: Path, packages: dict[str, str]
) -> None:
    bench = bench.with_settings(packages=packages)
    report = bench.preload()
    assert (report.outcome, report.errors) == ("done", ())
    assert set(verdicts(bench).values()) == {Verdict.READY}
    home = bench.home
    (kit,) = (bench.cache / "models--opendatalab--PDF-Extract-Kit-1.0" / "snapshots").iterdir()
    wanted = {s for m in ("mineru", "mineru-all-languages") for s in builtin(packages).model(m).sources[:1]}
    everything = {path for s in every_source() for path in imitation(s[1])} | set(OTHER)
    let_through = {
        path
        for source in wanted
        if isinstance(source, RepositorySource)
        for path in everything
        if any(path == one or (one.endswith("/") and path.startswith(one)) for one in source.include)
    }
    assert set(content(kit)) == let_through
    models = {model.key: model for model in builtin(packages).models}
    official = home / ".paddlex" / "official_models"
    assert {path.name for path in official.iterdir() if path.name != ".model-preload"} == {
        model.folder_name for model in models.values() if model.place.name == "paddlex"
    }
    iic = platform / "backend" / "iic"
    assert {path.name for path in iic.iterdir() if path.name != ".model-preload"} == {
        model.folder_name for model in models.values() if model.place.name == "funasr"
    }
    assert (iic / "SenseVoiceSmall" / "model.pt").read_bytes().startswith(b"SenseVoiceSmall model.pt")
    assert not list(iic.rglob("requirements.txt"))
    assert (platform / "models/watermark_models/yolo11x_watermark.pt").read_bytes().startswith(b"yolo11x")
    assert (home / ".cache/torch/hub/checkpoints/big-lama.pt").read_bytes() == LAMA
    hub.close()
    assert bench.preload().bytes_fetched == 0
    assert set(verdicts(bench).values()) == {Verdict.READY}


def test_what_the_env_file_says_moves_the_places(bench: Workbench, platform: Path, tmp_path: Path) -> None:
    moved = tmp_path / "模型"
    (platform / "backend" / ".env").write_text(
        f"PADDLE_PDX_CACHE_HOME='{moved.as_posix()}/paddle'\n"
        f"TIANSHU_WATERMARK_CACHE_DIR='{moved.as_posix()}/marks'\n"
        f"LAMA_MODEL='{moved.as_posix()}/the lama.pt'\n"
        f"MINERU_MODEL_SOURCE=local\nMINERU_TOOLS_CONFIG_JSON='{moved.as_posix()}/m.json'\n",
        encoding="utf-8",
    )
    moved.mkdir()
    (moved / "m.json").write_text('{"latex-delimiter-config": {"a": 1}}')
    assert bench.preload().outcome == "done"
    assert set(verdicts(bench).values()) == {Verdict.READY}
    assert (moved / "paddle" / "official_models" / "UVDoc" / "inference.yml").exists()
    assert (moved / "marks" / "yolo11x_watermark.pt").exists()
    assert (moved / "the lama.pt").read_bytes() == LAMA
    written = json.loads((moved / "m.json").read_text())
    root = Path(written["models-dir"]["pipeline"])
    assert written["latex-delimiter-config"] == {"a": 1}
    assert (root / "models" / "TabRec" / "UnetStructure" / "unet.onnx").exists()
    assert (root / LANGUAGES / "th_PP-OCRv5_rec_infer.pth").exists()
    assert not bench.cache.exists()


def test_settings_of_mineru_s_that_can_t_be_read_are_told_before_its_files_come(
    bench: Workbench, tmp_path: Path, expected_log: ExpectedLog
) -> None:
    expected_log("is not in UTF-8")
    config = tmp_path / "m.json"
    config.write_bytes('{"models-dir": {"pipeline": "D:/模型"}}'.encode("gbk"))
    bench.environ.update(MINERU_MODEL_SOURCE="local", MINERU_TOOLS_CONFIG_JSON=str(config))
    report = bench.preload("mineru", "lama")
    assert [(error.key, error.code) for error in report.errors] == [("mineru", "not-utf-8")]
    assert report.bytes_fetched == len(LAMA)
    assert (verdicts(bench)["mineru"], verdicts(bench)["lama"]) == (Verdict.UNVERIFIED, Verdict.READY)
    assert config.read_bytes() == '{"models-dir": {"pipeline": "D:/模型"}}'.encode("gbk")


def test_a_folder_that_can_t_be_exchanged_is_refused_before_anything_is_fetched(
    bench: Workbench, hub: FaultyHub, expected_log: ExpectedLog
) -> None:
    class Mounted(Disk):
        def volume(self, path: Path) -> str:
            return "mounted" if "UVDoc" in path.parts else super().volume(path)

    expected_log("as a whole")
    with bench.opened() as real:
        services = replace(real, disk=Mounted())
        queue = Queue(bench.state, services.disk, services.journal)
        report = preload(services, queue, ["paddleocr-unwarping"], Control(), print, purpose="test")
    assert [error.code for error in report.errors] == ["place-fixed"]
    assert hub.bytes_served == 0


@pytest.mark.parametrize(("key", "last"), [("paddleocr-unwarping", "UVDoc"), ("mineru", "mineru.json")])
def test_a_drive_that_is_full_when_a_folder_takes_its_place_is_waited_for(
    bench: Workbench,
    tmp_path: Path,
    expected_log: ExpectedLog,
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    last: str,
) -> None:
    full = [1, 2]  # times

    class Brimful(Disk):
        def replace(self, source: Path, target: Path) -> Published:
            self._take(target)
            return super().replace(source, target)

        def write_bytes(self, path: Path, content: bytes, *, like: Path | None = None) -> None:
            self._take(path)
            super().write_bytes(path, content, like=like)

        def _take(self, target: Path) -> None:
            if target.name == last and full:
                full.pop()
                raise errors.DiskFull(target, 0)

    expected_log("No room left")
    monkeypatch.setattr(room, "POLL_SECONDS", 0.1)
    bench.environ.update(MINERU_MODEL_SOURCE="local", MINERU_TOOLS_CONFIG_JSON=str(tmp_path / "mineru.json"))
    with bench.opened() as real:
        services = replace(real, disk=Brimful())
        queue = Queue(bench.state, services.disk, services.journal)
        report = preload(services, queue, [key], Control(), print, purpose="test")
    assert (report.outcome, report.errors, full) == ("done", (), [])
    assert verdicts(bench)[key] is Verdict.READY
    assert report.bytes_fetched == report.bytes_total


@pytest.mark.parametrize("git", [False, True])
def test_the_checkout_is_announced_once_and_excluded(bench: Workbench, platform: Path, git: bool) -> None:
    exclude = platform / ".git" / "info" / "exclude"
    if git:
        exclude.parent.mkdir(parents=True)
        exclude.write_bytes(b"# mine\r\n*.log")
    bench.preload("sensevoice")
    notices = [e for e in bench.events if isinstance(e, Notice) and "platform's folder" in str(e.message)]
    assert [notice.model for notice in notices] == ["fsmn-vad", "sensevoice"]
    written = exclude.read_bytes() if git else b""
    if git:
        assert written.startswith(b"# mine\r\n*.log\n")
        assert b"\n/backend/iic/SenseVoiceSmall/\n" in written
        assert written.count(b"/backend/iic/.model-preload/\n") == 1
    bench.events.clear()
    (platform / "backend/iic/SenseVoiceSmall/model.pt").write_bytes(b"x")
    bench.preload("sensevoice")
    assert not [e for e in bench.events if isinstance(e, Notice) and "platform's folder" in str(e.message)]
    if git:
        assert exclude.read_bytes() == written


@pytest.mark.parametrize("git", [False, True])
def test_of_a_single_file_s_folder_git_goes_on_to_show_the_rest(bench: Workbench, platform: Path, git: bool) -> None:
    exclude = platform / ".git" / "info" / "exclude"
    if git:
        exclude.parent.mkdir(parents=True)
    bench.environ["TIANSHU_WATERMARK_CACHE_DIR"] = "[my] marks"
    (platform / "backend" / "[my] marks").mkdir(parents=True)
    (platform / "backend" / "[my] marks" / "mine.txt").write_bytes(b"mine")
    for told in (["yolo11"], []):
        bench.events.clear()
        assert bench.preload("yolo11").outcome == "done"
        notices = [e for e in bench.events if isinstance(e, Notice) and "platform's folder" in str(e.message)]
        assert [notice.model for notice in notices] == told
    if git:
        assert exclude.read_text().splitlines() == [
            r"/backend/\[my] marks/yolo11x_watermark.pt",
            "/backend/.model-preload/",
        ]


# A listing that lacks something


def test_a_required_path_that_is_gone_is_named_before_anything_is_fetched(
    bench: Workbench, hub: FaultyHub, expected_log: ExpectedLog
) -> None:
    expected_log("no longer has", "opendatalab")
    for repo in ("opendatalab/PDF-Extract-Kit-1.0", "OpenDataLab/PDF-Extract-Kit-1.0"):
        found = hub._repositories[repo].main.files
        kept = {path: data_of(file) for path, file in found.items() if "layout_reader" not in path}
        hub.put(make_repository(kept, repo))
    report = bench.preload("mineru")
    (error,) = report.errors
    assert (error.key, error.code) == ("mineru", "source-incomplete")
    assert "models/ReadingOrder/layout_reader/" in error.message
    assert hub.bytes_served == 0
    assert verdicts(bench)["mineru"] is Verdict.MISSING


def test_the_next_source_is_tried_where_the_first_lacks_it(
    bench: Workbench, hub: FaultyHub, platform: Path, expected_log: ExpectedLog
) -> None:
    expected_log("no longer has")
    hub.put(make_repository({"README.md": b"moved", "configuration.json": b"{}"}, "iic/SenseVoiceSmall"))
    assert bench.preload("sensevoice").outcome == "done"
    assert (platform / "backend/iic/SenseVoiceSmall/model.pt").exists()


def test_a_stored_listing_that_does_not_do_any_more_is_asked_for_anew(bench: Workbench, hub: FaultyHub) -> None:
    strict = bench.catalog
    bench.catalog = strict.replace(', "campplus_cn_common.bin"]', "]")
    good = hub._repositories["iic/speech_campplus_sv_zh-cn_16k-common"]
    hub.put(make_repository({"configuration.json": b"{}"}, good.id))
    assert bench.preload("campplus").outcome == "done"
    bench.catalog = strict
    assert verdicts(bench)["campplus"] is Verdict.MISSING
    hub.put(good)
    assert bench.preload("campplus").outcome == "done"
    assert verdicts(bench)["campplus"] is Verdict.READY


# Never ready


def half(folder: Path) -> None:
    for path in sorted(folder.rglob("*"))[1:]:
        if path.is_file():
            path.unlink()


def emptied(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            path.unlink()


def zeroed(folder: Path) -> None:
    next(path for path in sorted(folder.rglob("*")) if path.is_file()).write_bytes(b"")


def flipped(folder: Path) -> None:
    path = next(path for path in sorted(folder.rglob("*")) if path.is_file())
    data = bytearray(path.read_bytes())
    data[1] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("harm", [half, emptied, zeroed, flipped])
@pytest.mark.parametrize("key", ["mineru", "paddleocr", "sensevoice", "yolo11", "lama", "paddleocr-unwarping"])
def test_what_is_not_whole_is_never_ready_and_is_healed(bench: Workbench, key: str, harm: object) -> None:
    bench.environ["HF_HUB_DISABLE_SYMLINKS"] = "1"
    bench.preload(key)
    place = places(bench)[key]
    folder = place.parent if place.suffix == ".pt" else place
    if key == "mineru":
        folder = next((place / "models--opendatalab--PDF-Extract-Kit-1.0" / "snapshots").iterdir())
    before = content(folder)
    harm(folder)  # type: ignore[operator]
    if content(folder) != before:
        for deep in (False, True):
            (found,) = bench.status(key, deep=deep)
            assert not found.ready
    bench.preload(key, mode=Mode.RENEW)
    assert content(folder) == before
    assert bench.status(key)[0].ready


@pytest.mark.parametrize("junk", [{}, {"a.bin": b"x"}, {"configuration.json": b"{}"}, {"model.pt": b""}])
def test_what_others_left_behind_is_not_ready(bench: Workbench, junk: dict[str, bytes]) -> None:
    for place in places(bench).values():
        folder = place.parent if place.suffix == ".pt" else place
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in junk.items():
            (folder / name).write_bytes(data)
    for place in places(bench).values():
        if place.suffix == ".pt":
            place.write_bytes(b"")  # all that the engines ask is whether it exists
    assert not any(found.ready for found in bench.status())
    assert bench.preload().outcome == "done"
    assert all(found.ready for found in bench.status())


def test_a_folder_filled_by_hand_is_adopted(bench: Workbench, hub: FaultyHub, platform: Path) -> None:
    place = places(bench)["fsmn-vad"]
    place.mkdir(parents=True)
    for name, file in hub._repositories[f"iic/{place.name}"].main.files.items():
        if "/" not in name:
            (place / name).write_bytes(data_of(file))
    assert bench.preload("fsmn-vad").bytes_fetched == 0
    assert verdicts(bench)["fsmn-vad"] is Verdict.READY
    assert (place / "README.md").exists()


@pytest.mark.parametrize("key", ["paddleocr-unwarping", "sensevoice"])
def test_what_came_of_an_unfinished_model_is_not_in_its_place_and_not_fetched_again(
    bench: Workbench, hub: FaultyHub, key: str, expected_log: ExpectedLog
) -> None:
    expected_log("given up", "HTTP 404", "failed")
    last = "inference.pdiparams" if key == "paddleocr-unwarping" else "config.yaml"
    repo = "UVDoc" if key == "paddleocr-unwarping" else "SenseVoiceSmall"
    hub.fail(lambda request, reply: repo in request.path and BODY(request, reply) and last in request.path,
             faults.status(404))  # fmt: skip
    assert bench.preload(key).outcome == "failed"
    place = places(bench)[key]
    assert not place.exists()
    found = {one.model.key: one for one in bench.status()}[key]
    assert (found.verdict, found.files_ready > 0) == (Verdict.PARTIAL, True)
    hub.heal()
    hub.forget()
    assert bench.preload(key).outcome == "done"
    assert {Path(request.path).name for request in hub.requests if "/resolve/" in request.path} == {last}
    assert bench.status(key)[0].ready


def test_a_newer_commit_is_exchanged_whole(bench: Workbench, hub: FaultyHub) -> None:
    whole = hub._repositories["PaddlePaddle/UVDoc"]
    place = places(bench)["paddleocr-unwarping"]
    bench.preload("paddleocr-unwarping")
    first = content(place)
    newer = {name: data_of(file) + b"!" for name, file in whole.main.files.items()}
    hub.put(whole.committed(newer))
    assert bench.preload("paddleocr-unwarping", mode=Mode.RENEW).outcome == "done"
    assert content(place) == {name: data + b"!" for name, data in first.items()}


def test_of_a_damaged_big_file_only_the_bad_block_comes_again(bench: Workbench, hub: FaultyHub) -> None:
    """What is known of a file's blocks goes with it into its place."""
    big = random_bytes(BLOCK + 1000)
    required = ("inference.yml", "inference.json")
    hub.put(make_repository({**dict.fromkeys(required, b"{}"), "inference.pdiparams": big}, "PaddlePaddle/UVDoc"))
    bench.preload("paddleocr-unwarping")
    path = places(bench)["paddleocr-unwarping"] / "inference.pdiparams"
    path.write_bytes(b"\0" + big[1:])
    bench.status("paddleocr-unwarping", deep=True)
    hub.forget()
    assert bench.preload("paddleocr-unwarping").outcome == "done"
    assert (path.read_bytes(), hub.bytes_served) == (big, BLOCK)


def test_a_place_of_one_file_takes_one_file(bench: Workbench, expected_log: ExpectedLog) -> None:
    expected_log("can't hold files")
    bench.catalog = model("many", repository("PaddlePaddle/UVDoc"), 'engine = "simple-lama"')
    (error,) = bench.preload().errors
    assert error.code == "place-unfit"


@pytest.mark.parametrize("also_missing", [False, True])
def test_repair_exchanges_a_damaged_folder_whole(bench: Workbench, hub: FaultyHub, also_missing: bool) -> None:
    bench.preload("paddleocr-layout")
    place = places(bench)["paddleocr-layout"]
    before = content(place)
    flipped(place)
    if also_missing:
        (place / "inference.pdiparams").unlink()
    assert bench.preload("paddleocr-layout", mode=Mode.REPAIR).outcome == "done"
    assert content(place) == before
    assert verdicts(bench)["paddleocr-layout"] is Verdict.READY


def test_what_lies_behind_a_link_in_the_old_folder_is_not_lost(bench: Workbench, tmp_path: Path) -> None:
    """A user moved a part of a model to another drive; then another of its files got lost."""
    assert not bench.preload("sensevoice").errors
    folder = places(bench)["sensevoice"]
    before = content(folder)
    first, second = sorted(path for path in before if "/" not in path)[:2]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (folder / first).rename(elsewhere / first)
    (folder / first).symlink_to(elsewhere / first)
    (folder / "broken").symlink_to(elsewhere / "nothing")
    (folder / second).unlink()
    assert not bench.preload("sensevoice").errors
    assert verdicts(bench)["sensevoice"] is Verdict.READY
    assert content(folder) == before


def test_an_env_that_can_not_be_read_stops_nothing(bench: Workbench, platform: Path) -> None:
    (platform / "backend" / ".env").mkdir()
    assert not bench.preload("lama").errors
    assert verdicts(bench)["lama"] is Verdict.READY
