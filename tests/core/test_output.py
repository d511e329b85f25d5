"""The platform's offline folder: every family under its promised name, proven, and told by the manifest."""

import errno
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from conftest import ExpectedLog
from helpers import faults
from helpers.families import KEYS, LAMA, family_bench, family_catalog, family_hub
from helpers.faults import BODY, FaultyHub, about, random_bytes
from helpers.hub import make_repository
from helpers.workbench import Workbench, model, repository, workbench
from model_preload.cli import main
from model_preload.core import errors
from model_preload.core.events import Control, Event, ModelStarted, Progress
from model_preload.core.files import Disk
from model_preload.core.files.disk import translated
from model_preload.core.queue import Queue
from model_preload.core.tasks.output import OutputReport, fill, output_services, usual_keys
from model_preload.core.tasks.preload import Mode
from model_preload.core.tasks.status import status
from model_preload.core.values import Verdict

MODEL_KEYS = {"name", "status", "path", "size_mb", "description", "error"}
PARTS = {
    "paddleocr": ["paddleocr-layout", "paddleocr-orientation", "paddleocr-unwarping"],
    "sensevoice": ["fsmn-vad"],
    "paraformer": ["fsmn-vad", "ct-punc", "campplus"],
}
VAD = "speech_fsmn_vad_zh-cn-16k-common-pytorch"
KIT = "models--opendatalab--PDF-Extract-Kit-1.0"


@pytest.fixture
def hub() -> Iterator[FaultyHub]:
    with family_hub() as running:
        yield running


@pytest.fixture
def bench(tmp_path: Path, hub: FaultyHub) -> Workbench:
    return family_bench(tmp_path / "bench", hub.endpoint)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "离线 模型 $HOME" / "models-offline"


def filled(
    bench: Workbench, folder: Path, *keys: str, mode: Mode = Mode.BRING, control: Control | None = None
) -> OutputReport:
    """A run in a core of its own; the manifest is read back from the folder."""
    with bench.opened() as services:
        queue = Queue(bench.state, services.disk, services.journal)
        report = fill(
            output_services(services, folder),
            queue,
            keys or usual_keys(services.catalog),
            control or Control(),
            bench.events.append,
            purpose="test",
            language="en",
            mode=mode,
        )
    assert manifest(folder) == report.manifest
    return report


def manifest(folder: Path) -> Any:
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def words(folder: Path) -> dict[str, str]:
    return {key: entry["status"] for key, entry in manifest(folder)["models"].items()}


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not {".model-preload", ".locks"} & set(path.parts) and path.name != "manifest.json"
    }


def verdicts(bench: Workbench, folder: Path) -> dict[str, Verdict]:
    with bench.opened() as services:
        return {found.model.key: found.verdict for found in status(output_services(services, folder), (), Control())}


# What lies where


def test_every_family_lies_under_the_name_that_the_platform_promised(
    bench: Workbench, hub: FaultyHub, folder: Path
) -> None:
    """No platform folder is known: none is needed."""
    report = filled(bench, folder)
    assert (report.run.outcome, report.run.errors) == ("done", ())
    commit = hub._repositories["opendatalab/PDF-Extract-Kit-1.0"].main.id
    places = {
        f"huggingface/hub/{KIT}/snapshots/{commit}/models/TabRec/UnetStructure/unet.onnx",
        f"huggingface/hub/{KIT}/refs/main",
        ".paddleocr/models/PaddleOCR-VL-1.6/model.safetensors",
        ".paddleocr/models/PP-DocLayoutV3/inference.yml",
        ".paddleocr/models/PP-LCNet_x1_0_doc_ori/inference.yml",
        ".paddleocr/models/UVDoc/inference.yml",
        "sensevoice/iic/SenseVoiceSmall/model.pt",
        f"sensevoice/iic/{VAD}/model.pt",
        "paraformer/iic/speech_seaco_paraformer_large_asr_nat-zh-cn-16k-common-vocab8404-pytorch/model.pt",
        f"paraformer/iic/{VAD}/model.pt",
        "paraformer/iic/punc_ct-transformer_cn-en-common-vocab471067-large/model.pt",
        "paraformer/iic/speech_campplus_sv_zh-cn_16k-common/campplus_cn_common.bin",
        "watermark_models/yolo11x_watermark.pt",
        "torch/hub/checkpoints/big-lama.pt",
    }
    found = content(folder)
    assert places - set(found) == set()
    assert found["torch/hub/checkpoints/big-lama.pt"] == LAMA
    assert found[f"huggingface/hub/{KIT}/refs/main"].decode() == commit
    assert not [path for path in found if path.endswith(("README.md", ".gitattributes"))]
    assert not [path for path in folder.rglob("*") if path.is_symlink()]  # a stick may know none
    assert {path.name for path in folder.iterdir()} == {
        *("huggingface", ".paddleocr", "sensevoice", "paraformer", "watermark_models", "torch"),
        *("manifest.json", ".model-preload"),
    }


def test_the_manifest_has_the_platform_s_keys(bench: Workbench, folder: Path) -> None:
    filled(bench, folder)
    found = manifest(folder)
    assert set(found) == {"created", "platform", "output_dir", "models", "total_size_mb"}
    assert datetime.fromisoformat(found["created"]).tzinfo is not None
    assert (found["platform"], found["output_dir"]) == ("cpu", str(folder))
    assert tuple(found["models"]) == KEYS
    for key, entry in found["models"].items():
        assert set(entry) == MODEL_KEYS | {"parts"}
        assert (entry["status"], entry["error"]) == ("downloaded", None)
        assert Path(entry["path"]).is_dir()
        assert sorted(entry["parts"]) == sorted(PARTS.get(key, []))
        assert all(set(part) == MODEL_KEYS and part["status"] == "downloaded" for part in entry["parts"].values())
    assert found["models"]["sensevoice"]["name"] == "SenseVoice speech recognition"


def test_sizes_are_those_of_the_files(tmp_path: Path, folder: Path) -> None:
    """In MiB; what two models share counts once."""
    files = {"a.bin": random_bytes(3 << 20), "b.bin": random_bytes(1 << 20, 1)}
    with FaultyHub(make_repository(files)) as hub:
        one = model("one", repository("owner/model", more='include = ["a.bin"]'))
        both = model("both", repository("owner/model"), more='needs = ["one"]')
        filled(workbench(tmp_path / "own", hub.endpoint, one + both), folder, "one", "both")
    found = manifest(folder)
    assert (found["models"]["one"]["size_mb"], found["models"]["both"]["size_mb"]) == (3.0, 4.0)
    assert (found["models"]["both"]["parts"]["one"]["size_mb"], found["total_size_mb"]) == (3.0, 4.0)


def test_models_of_a_catalog_of_one_s_own_lie_under_their_keys(tmp_path: Path, folder: Path) -> None:
    with FaultyHub(make_repository({"a.bin": b"abc"})) as hub:
        mine = model("mine", repository("owner/model"), 'folder = "{platform}/models"')
        filled(workbench(tmp_path / "own", hub.endpoint, mine), folder)
    assert content(folder) == {"mine/a.bin": b"abc"}
    assert words(folder) == {"mine": "downloaded"}


def test_a_choice_brings_what_it_needs_and_the_manifest_tells_all_that_is_there(bench: Workbench, folder: Path) -> None:
    filled(bench, folder, "paraformer")
    assert {path.name for path in folder.iterdir()} == {"paraformer", "manifest.json"}
    filled(bench, folder, "lama", "mineru-all-languages")
    assert words(folder) == {
        "mineru": "downloaded",  # a part of the other
        "mineru-all-languages": "downloaded",
        "paraformer": "already_exists",
        "lama": "downloaded",
    }


# Again


def test_a_second_run_fetches_nothing(bench: Workbench, hub: FaultyHub, folder: Path) -> None:
    filled(bench, folder)
    before = content(folder)
    hub.close()
    report = filled(bench, folder)
    assert (report.run.outcome, report.run.bytes_fetched) == ("done", 0)
    assert set(words(folder).values()) == {"already_exists"}
    assert content(folder) == before


def test_force_asks_the_hub_and_hashes(bench: Workbench, hub: FaultyHub, folder: Path) -> None:
    filled(bench, folder)
    uvdoc = folder / ".paddleocr" / "models" / "UVDoc" / "inference.pdiparams"
    good, times = uvdoc.read_bytes(), uvdoc.stat()
    uvdoc.write_bytes(good[:-1] + b"!")
    os.utime(uvdoc, ns=(times.st_atime_ns, times.st_mtime_ns))  # so that only hashing finds it
    newer = make_repository({"best.pt": b"better"}, "corzent/yolo11x_watermark_detection")
    hub.put(newer)
    assert filled(bench, folder).run.bytes_fetched == 0
    filled(bench, folder, mode=Mode.RENEW)
    assert uvdoc.read_bytes() == good
    assert (folder / "watermark_models" / "yolo11x_watermark.pt").read_bytes() == b"better"
    changed = {key for key, word in words(folder).items() if word == "downloaded"}
    assert changed == {"paddleocr", "yolo11"}
    assert manifest(folder)["models"]["paddleocr"]["parts"]["paddleocr-layout"]["status"] == "already_exists"


def test_a_newer_commit_for_the_folder_is_none_for_the_engines(tmp_path: Path, folder: Path) -> None:
    with FaultyHub(make_repository({"a.bin": b"old"})) as hub:
        bench = workbench(tmp_path / "own", hub.endpoint, model("tiny", repository("owner/model")))
        bench.preload("tiny")
        served = hub.bytes_served
        filled(bench, folder, "tiny")
        assert hub.bytes_served == served
        hub.put(make_repository({"a.bin": b"newer"}))
        filled(bench, folder, "tiny", mode=Mode.RENEW)
        assert [found.verdict for found in bench.status()] == [Verdict.READY]
        assert verdicts(bench, folder) == {"tiny": Verdict.READY}
        other = folder.with_name("another")
        filled(bench, other, "tiny")
        bench.preload("tiny", mode=Mode.RENEW)
        assert [path.read_bytes() for path in other.rglob("a.bin")] == [b"old"]
        assert [verdicts(bench, one) for one in (folder, other)] == [{"tiny": Verdict.READY}] * 2


@pytest.mark.parametrize("place", ["folder = '{home}/x'", "engine = 'paddlex'"])
def test_what_lies_there_of_a_model_in_part_is_counted(
    tmp_path: Path, folder: Path, expected_log: ExpectedLog, place: str
) -> None:
    expected_log("HTTP 404", "given up", "failed")
    with FaultyHub(make_repository({"a.bin": random_bytes(3 << 20), "b.bin": random_bytes(1 << 20, 1)})) as hub:
        bench = workbench(tmp_path / "own", hub.endpoint, model("half", repository("owner/model"), place))
        hub.fail(lambda request, reply: BODY(request, reply) and "b.bin" in request.path, faults.status(404))
        filled(bench, folder, "half")
    (told,) = manifest(folder)["models"].values()
    assert (told["status"], told["size_mb"]) == ("download_failed", 3.0 if "folder" in place else 0)
    assert manifest(folder)["total_size_mb"] == told["size_mb"]


def test_files_that_were_there_are_proven_before_they_count(bench: Workbench, folder: Path, tmp_path: Path) -> None:
    """The folder came from another machine, so this one's journal knows nothing of it."""
    filled(bench, folder, "sensevoice", "lama")
    other = replace(bench, home=tmp_path / "other")
    report = filled(other, folder, "sensevoice", "lama")
    assert report.run.bytes_fetched == 0
    assert words(folder) == {"sensevoice": "already_exists", "lama": "already_exists"}


# From the engines' places


@pytest.mark.parametrize("links", [True, False])
def test_what_engines_have_is_taken_over_and_not_fetched(
    bench: Workbench, hub: FaultyHub, folder: Path, tmp_path: Path, links: bool
) -> None:
    platform = tmp_path / "platform"
    (platform / "backend").mkdir(parents=True)
    (platform / ".git" / "info").mkdir(parents=True)
    bench = bench.with_settings(platform=platform)
    if not links:
        bench.environ["HF_HUB_DISABLE_SYMLINKS"] = "1"
    assert bench.preload(*KEYS).outcome == "done"
    excluded = (platform / ".git" / "info" / "exclude").read_bytes()
    hub.close()
    within = platform / folder.name
    for target in (folder, within):
        report = filled(bench, target)
        assert (report.run.outcome, report.run.bytes_fetched) == ("done", 0)
        assert set(words(target).values()) == {"downloaded"}
        assert set(verdicts(bench, target).values()) <= {Verdict.READY, Verdict.MISSING, Verdict.PARTIAL}
    assert content(folder) == content(within)
    model_pt = folder / "sensevoice" / "iic" / "SenseVoiceSmall" / "model.pt"
    assert model_pt.samefile(platform / "backend" / "iic" / "SenseVoiceSmall" / "model.pt")  # no second copy
    assert (platform / ".git" / "info" / "exclude").read_bytes() == excluded


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder on another drive."""
    shared = Path("/dev/shm")
    if not shared.is_dir() or shared.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no other drive")
    with TemporaryDirectory(dir=shared) as made:
        yield Path(made) / "stick"


def test_on_another_drive_it_is_copied(bench: Workbench, hub: FaultyHub, elsewhere: Path) -> None:
    bench.preload("lama")
    hub.close()
    assert filled(bench, elsewhere, "lama").run.bytes_fetched == 0
    assert content(elsewhere) == {"torch/hub/checkpoints/big-lama.pt": LAMA}


def test_room_for_the_copy_is_asked_for_before_anything_is_begun(
    bench: Workbench, hub: FaultyHub, elsewhere: Path
) -> None:
    bench.preload("lama")
    with pytest.raises(errors.PlanRefused, match="lama"):
        filled(bench.with_settings(reserve=10**18), elsewhere, "lama")
    assert content(elsewhere) == {}


def test_what_changed_where_an_engine_reads_is_not_taken_over(bench: Workbench, hub: FaultyHub, folder: Path) -> None:
    bench.preload("lama")
    lama = bench.home / ".cache" / "torch" / "hub" / "checkpoints" / "big-lama.pt"
    lama.write_bytes(LAMA[:-1] + b"!")
    hub.forget()
    filled(bench, folder, "lama")
    assert (folder / "torch/hub/checkpoints/big-lama.pt").read_bytes() == LAMA
    assert hub.bytes_served == len(LAMA)


def test_force_takes_nothing_over_that_was_not_hashed_again(bench: Workbench, hub: FaultyHub, folder: Path) -> None:
    bench.preload("lama")
    lama = bench.home / ".cache" / "torch" / "hub" / "checkpoints" / "big-lama.pt"
    times = lama.stat()
    lama.write_bytes(LAMA[:-1] + b"!")
    os.utime(lama, ns=(times.st_atime_ns, times.st_mtime_ns))
    filled(bench, folder, "lama", mode=Mode.RENEW)
    assert (folder / "torch/hub/checkpoints/big-lama.pt").read_bytes() == LAMA


def test_queue_and_choice_of_this_machine_stay_as_they_are(
    bench: Workbench, hub: FaultyHub, folder: Path, expected_log: ExpectedLog
) -> None:
    expected_log("HTTP 404")
    hub.fail(about("big-lama"), faults.status(404))
    filled(bench, folder, "lama", "yolo11")
    with bench.opened() as services:
        assert services.journal.runs.chosen() == frozenset()
        assert services.journal.queue.load() == ()
    assert not any(found.ready for found in bench.status())


# What fails


def test_a_failure_is_told_and_the_others_come(
    bench: Workbench, hub: FaultyHub, folder: Path, expected_log: ExpectedLog
) -> None:
    expected_log("HTTP 404", "given up", "failed", "campplus", "big-lama")
    hub.fail(lambda request, reply: BODY(request, reply) and "campplus" in request.path, faults.status(404))
    hub.fail(lambda request, reply: "big-lama" in request.path, faults.flipped())
    report = filled(bench, folder)
    assert report.run.outcome == "failed"
    found = manifest(folder)["models"]
    assert {key: entry["status"] for key, entry in found.items()} == {
        **dict.fromkeys(KEYS, "downloaded"),
        "paraformer": "download_failed",
        "lama": "verification_failed",
    }
    paraformer = found["paraformer"]
    assert paraformer["parts"]["campplus"]["status"] == "download_failed"
    assert paraformer["parts"]["ct-punc"]["status"] == "downloaded"
    assert "paraformer/campplus: " in paraformer["error"]
    assert "404" in paraformer["error"]
    assert found["lama"]["size_mb"] == 0
    assert not (folder / "torch" / "hub" / "checkpoints").exists()
    assert not (folder / "paraformer" / "iic" / "speech_campplus_sv_zh-cn_16k-common").exists()
    hub.heal()
    assert filled(bench, folder).run.outcome == "done"
    assert words(folder) == {
        **dict.fromkeys(KEYS, "already_exists"),
        **dict.fromkeys(("paraformer", "lama"), "downloaded"),
    }


def test_a_place_that_is_taken_is_an_error_of_this_machine(
    bench: Workbench, folder: Path, expected_log: ExpectedLog
) -> None:
    expected_log("a file stands where a folder has to be")
    folder.mkdir(parents=True)
    (folder / "watermark_models").write_bytes(b"")
    filled(bench, folder, "yolo11", "lama")
    assert words(folder) == {"yolo11": "error", "lama": "downloaded"}


def test_after_an_interruption_the_manifest_tells_what_is_there(bench: Workbench, hub: FaultyHub, folder: Path) -> None:
    control = Control()

    def cancelling(event: Event) -> None:
        if isinstance(event, ModelStarted) and event.model == "lama":
            control.cancel()

    with bench.opened() as services:
        queue = Queue(bench.state, services.disk, services.journal)
        made = output_services(services, folder)
        report = fill(made, queue, KEYS, control, cancelling, purpose="test", language="zh")
    assert report.run.outcome == "interrupted"
    assert words(folder) == {**dict.fromkeys(KEYS, "downloaded"), "lama": "download_failed"}
    assert manifest(folder)["models"]["sensevoice"]["name"] == "SenseVoice 语音识别"
    hub.forget()
    assert filled(bench, folder).run.outcome == "done"
    assert hub.bytes_served == len(LAMA)


def test_an_interrupted_file_goes_on_from_where_it_was(tmp_path: Path, folder: Path) -> None:
    data = random_bytes(24 << 20)
    control = Control()

    def cancelling(event: Event) -> None:
        if isinstance(event, Progress) and event.bytes_done >= 4 << 20:
            control.cancel()

    with FaultyHub(make_repository({"big.bin": data})) as hub:
        bench = workbench(tmp_path / "own", hub.endpoint, model("big", repository("owner/model")))
        hub.fail(BODY, faults.stalled(6 << 20))
        with bench.opened() as services:
            queue = Queue(bench.state, services.disk, services.journal)
            made = output_services(services, folder)
            report = fill(made, queue, ["big"], control, cancelling, purpose="test", language="en")
        assert (report.run.outcome, words(folder)) == ("interrupted", {"big": "download_failed"})
        assert "1 file is missing" in manifest(folder)["models"]["big"]["error"]
        hub.heal()
        second = filled(bench, folder)
    assert (second.run.outcome, words(folder)) == ("done", {"big": "downloaded"})
    assert second.run.bytes_fetched <= len(data) - (4 << 20)


def test_an_unknown_key_begins_nothing(bench: Workbench, folder: Path) -> None:
    with pytest.raises(errors.UnknownModel):
        filled(bench, folder, "mineru", "nothing")
    assert not folder.exists()


@pytest.mark.parametrize("hostile", ["file", "below a file", "link into itself"])
def test_a_folder_that_can_t_be_made_is_named(bench: Workbench, hub: FaultyHub, tmp_path: Path, hostile: str) -> None:
    taken = tmp_path / "taken"
    if hostile == "link into itself":
        taken.symlink_to(taken)
    else:
        taken.write_bytes(b"mine")
    target = taken / "below" if hostile == "below a file" else taken
    with pytest.raises(errors.DiskProblem) as caught:
        filled(bench, target)
    assert str(taken) in str(caught.value.title)
    assert hub.bytes_served == 0


def test_a_folder_that_can_t_be_written_is_named(bench: Workbench, folder: Path) -> None:
    class ReadOnly(Disk):
        def write_text(self, path: Path, content: str) -> None:
            with translated(path):
                raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with bench.opened() as services:
        queue = Queue(bench.state, services.disk, services.journal)
        made = output_services(replace(services, disk=ReadOnly()), folder)
        with pytest.raises(errors.AccessDenied, match="Read-only"):
            fill(made, queue, KEYS, Control(), print, purpose="test", language="en")


def test_another_run_is_not_disturbed(bench: Workbench, folder: Path) -> None:
    with bench.opened() as services:
        queue = Queue(bench.state, services.disk, services.journal)
        with queue.running("the other"), pytest.raises(errors.HeldByAnother):
            filled(bench, folder, "lama")
    assert not (folder / "manifest.json").exists()


# By the command line


def test_parts_are_told_by_their_names(
    hub: FaultyHub,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    written = tmp_path / "catalog.toml"
    written.write_text(f"schema = 1\n{family_catalog(hub.endpoint)}", encoding="utf-8")
    assert main(["preload", "--output", str(folder), "--models", "paraformer", "--catalog", str(written)]) == 0
    shown = capsys.readouterr()
    assert "FSMN voice activity detection (1 of 4)\n" in shown.err
    assert f"paraformer: {folder / 'paraformer' / 'iic'}" in shown.out
    assert words(folder) == {"paraformer": "downloaded"}
