"""Each engine's own resolution code finds what we brought, offline, and nothing less is ever called ready.

`python3 dev.py test --engines`; the results are the table of docs/engines.md.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import ExpectedLog
from helpers.checkout import checkout
from helpers.families import KEYS, family_bench, family_hub
from helpers.faults import FaultyHub
from helpers.hub import make_repository
from helpers.workbench import Workbench
from model_preload.core.engines.proof import platform_python
from model_preload.core.events import Control
from model_preload.core.tasks.verify_engines import Evidence, Verified, verify_engines
from model_preload.core.values import Verdict

Installed = Callable[..., Path]


@dataclass(frozen=True)
class Consumer:
    """A package, the models that it loads, and what else stands in the platform's Python."""

    requirement: str
    engine: str
    models: tuple[str, ...]
    versions: Mapping[str, str]
    dotenv: str = ""


_PADDLE = ("paddleocr", "paddleocr-layout", "paddleocr-orientation", "paddleocr-unwarping")
_AUDIO = ("sensevoice", "fsmn-vad", "paraformer", "ct-punc", "campplus")
CONSUMERS = [
    Consumer("mineru==2.6.2", "mineru", ("mineru",), {"mineru": "2.6.2"}),
    # Without a source told, 3.x looks for the hub and, offline, falls back to ModelScope, where it finds nothing.
    Consumer("mineru==3.4.5", "mineru", ("mineru",), {"mineru": "3.4.5"}, "MINERU_MODEL_SOURCE=huggingface\n"),
    Consumer("paddlex==3.3.13", "paddlex", _PADDLE, {"paddleocr": "3.3.1"}),
    Consumer("paddlex==3.7.2", "paddlex", _PADDLE, {"paddleocr": "3.7.0"}),
    Consumer("funasr==1.2.7", "funasr", _AUDIO, {}),
    Consumer("funasr==1.4.16", "funasr", _AUDIO, {}),
    Consumer("simple-lama-inpainting==0.1.2", "simple-lama", ("lama",), {}),
]
consumers = pytest.mark.parametrize("consumer", CONSUMERS, ids=lambda consumer: consumer.requirement)


@pytest.fixture
def hub() -> Iterator[FaultyHub]:
    with family_hub() as running:
        yield running


@pytest.fixture
def bench(tmp_path: Path, hub: FaultyHub, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    """A platform without a Python yet; the program's home is the engines' one."""
    folder = tmp_path / "平台 tianshu"
    (folder / "backend").mkdir(parents=True)
    made = family_bench(tmp_path / "bench", hub.endpoint, modelscope=True).with_settings(platform=folder)
    kept = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "LD_LIBRARY_PATH", "LANG")
    made.environ.update({name: os.environ[name] for name in kept if name in os.environ})
    made.environ.update({"HOME": str(made.home), "USERPROFILE": str(made.home)})
    return made


def settle(bench: Workbench, consumer: Consumer, environment: Path) -> Workbench:
    """The platform has this consumer in its environment, where uv would have put it."""
    backend = platform(bench) / "backend"
    (backend / ".venv").symlink_to(environment, target_is_directory=True)
    (backend / ".env").write_text(consumer.dotenv)
    return bench.with_settings(packages=dict(consumer.versions))


def platform(bench: Workbench) -> Path:
    assert bench.settings.platform is not None
    return bench.settings.platform


def verify(bench: Workbench, *keys: str) -> dict[str, Verified]:
    with bench.opened() as services:
        found = verify_engines(services, keys, Control(), lambda _event: None)
    return {one.model.key: one for one in found}


def verdicts(bench: Workbench) -> dict[str, Verdict]:
    return {found.model.key: found.verdict for found in bench.status()}


def place(bench: Workbench, key: str) -> Path:
    with bench.opened() as services:
        found = services.place_of(services.catalog.model(key))
        if services.catalog.model(key).place.name == "mineru":
            (found,) = found.glob("models--*/snapshots/*")
        return found


@consumers
def test_the_consumer_s_own_code_finds_every_file(
    consumer: Consumer, bench: Workbench, hub: FaultyHub, installed: Installed
) -> None:
    bench = settle(bench, consumer, installed(consumer.requirement))
    assert not bench.preload(*consumer.models).errors
    hub.close()
    try:
        found = verify(bench, *consumer.models)
    finally:
        hub.start()
    assert {one.evidence for one in found.values()} == {Evidence.PROOF}, {k: v.reasons for k, v in found.items()}
    version = consumer.requirement.rpartition("=")[2]
    assert {(one.proof.engine, one.proof.version) for one in found.values() if one.proof} == {
        (consumer.engine, version)
    }
    shown = {one.model.key: one.proof for one in bench.status() if one.model.key in found}
    assert shown == {key: one.proof for key, one in found.items()}


@pytest.mark.parametrize("consumer", CONSUMERS[:2], ids=lambda consumer: consumer.requirement)
def test_a_proof_changes_nothing_of_the_user_s(consumer: Consumer, bench: Workbench, installed: Installed) -> None:
    """mineru 3.x writes into its settings what it found."""
    bench = settle(bench, consumer, installed(consumer.requirement))
    bench.preload("mineru")
    settings = bench.home / "mineru.json"
    settings.write_text('{"models-dir": {}, "config_version": "1.3.0"}')
    assert verify(bench, "mineru")["mineru"].evidence is Evidence.PROOF
    assert settings.read_text() == '{"models-dir": {}, "config_version": "1.3.0"}'


def _empty(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def _half(folder: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for file in files[: max(1, len(files) // 2)]:
        file.unlink()


def _change(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        file = folder if folder.is_file() else max((p for p in folder.rglob("*") if p.is_file()), key=_size)
        file = file.resolve()
        found = file.stat()
        file.write_bytes(change(file.read_bytes()))
        os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns + 1))

    return spoil


def _size(path: Path) -> int:
    return path.stat().st_size


SPOILED: dict[str, Callable[[Path], None]] = {
    "an empty folder": _empty,
    "half a model": _half,
    "a file of zero bytes": _change(lambda _: b""),
    "a flipped byte": _change(lambda data: bytes([data[0] ^ 1]) + data[1:]),
}


@consumers
def test_less_is_never_ready(
    consumer: Consumer, bench: Workbench, installed: Installed, expected_log: ExpectedLog
) -> None:
    """Whatever the engine itself would take: some are content with a folder."""
    expected_log("could not be asked")
    bench = settle(bench, consumer, installed(consumer.requirement))
    key = consumer.models[0]
    for name, spoil in SPOILED.items():
        bench.preload(key)
        assert verdicts(bench)[key] is Verdict.READY, name
        target = place(bench, key)
        if target.is_file() and spoil in (_empty, _half):
            target.unlink()
        else:
            spoil(target)
        bench.status(deep=True)
        assert not verdicts(bench)[key].ready, name
        assert verify(bench, key)[key].evidence is Evidence.NONE, name
        assert {one.model.key: one.proof for one in bench.status()}[key] is None, name


def test_what_a_failed_call_leaves_is_not_ready(bench: Workbench, installed: Installed) -> None:
    """ModelScope's client leaves empty folders behind, in which the platform's dashboard sees models."""
    consumer = CONSUMERS[4]
    bench = settle(bench, consumer, installed(consumer.requirement))
    for left in ("hub/models/iic/SenseVoiceSmall", "models/iic--SenseVoiceSmall/snapshots/master"):
        (bench.home / ".cache" / "modelscope" / left).mkdir(parents=True)
    assert not any(verdict.ready for verdict in verdicts(bench).values())


def test_without_a_python_of_the_platform_it_is_a_rule(bench: Workbench) -> None:
    assert not bench.preload(*KEYS).errors
    found = verify(bench, *KEYS)
    assert {one.evidence for one in found.values()} == {Evidence.RULE}
    assert all(one.reasons and one.proof is None for one in found.values())


@pytest.mark.parametrize("source", ["modelscope", "ModelScope"])
def test_a_consumer_that_is_told_another_source_is_not_proven(
    source: str, bench: Workbench, installed: Installed
) -> None:
    """The platform's `.env` sends MinerU to ModelScope, whose client tries for long and finds nothing."""
    consumer = CONSUMERS[0]
    bench = settle(bench, consumer, installed(consumer.requirement))
    bench.preload("mineru")
    (platform(bench) / "backend" / ".env").write_text(f"MODEL_DOWNLOAD_SOURCE={source}\n")
    found = verify(bench, "mineru")["mineru"]
    assert found.evidence is Evidence.NONE
    assert "the engine says: " in str(found.reasons[0])  # it was not ended by the time limit


def test_the_platform_s_own_caches_are_where_mineru_reads(bench: Workbench, installed: Installed) -> None:
    """A newer platform names them itself, in the child as in its workers."""
    consumer = CONSUMERS[0]
    checkout(platform(bench), newer=True)
    bench = settle(bench, consumer, installed(consumer.requirement))
    (platform(bench) / "backend" / ".env").write_text("MODEL_DOWNLOAD_SOURCE=huggingface\n")
    bench.preload("mineru")
    assert place(bench, "mineru").is_relative_to(platform(bench) / "models-offline" / "huggingface" / "hub")
    found = verify(bench, "mineru")["mineru"]
    assert (found.evidence, found.reasons) == (Evidence.PROOF, ())


@pytest.mark.parametrize("source", ["huggingface", "modelscope"])
def test_mineru_3_reads_the_folder_of_its_settings_in_every_mode(
    source: str, bench: Workbench, installed: Installed
) -> None:
    consumer = CONSUMERS[1]
    bench = settle(bench, consumer, installed(consumer.requirement))
    (platform(bench) / "backend" / ".env").write_text(f"MINERU_MODEL_SOURCE={source}\n")
    folder = bench.home / "套件 kit"
    bench.home.mkdir()
    (bench.home / "mineru.json").write_text(json.dumps({"models-dir": {"pipeline": str(folder)}}))
    assert not bench.preload("mineru").errors
    assert bench.status("mineru")[0].location == folder
    found = verify(bench, "mineru")["mineru"]
    assert (found.evidence, found.reasons) == (Evidence.PROOF, ())


def test_a_consumer_that_never_answers_is_ended(bench: Workbench, tmp_path: Path, expected_log: ExpectedLog) -> None:
    expected_log("could not be asked")
    fake = tmp_path / "fake"
    (fake / "bin").mkdir(parents=True)
    program = fake / "bin" / "python"
    program.write_text("#!/bin/sh\nsleep 60\n")
    program.chmod(0o755)
    info = fake / "lib" / "python3.11" / "site-packages" / "mineru-2.6.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mineru\nVersion: 2.6.2\n")
    bench = settle(bench, CONSUMERS[0], fake)
    bench.preload("mineru")
    with bench.opened() as services:
        (found,) = verify_engines(services, ["mineru"], Control(), lambda _event: None, seconds=1.0)
    assert found.evidence is Evidence.NONE
    assert "no answer within 1 s" in str(found.reasons[0])


_LOADS = ("paddlepaddle==3.1.0", "pypdfium2", "opencv-contrib-python")
"""What PaddleX needs to load a model on the processor: the one engine whose loading is small enough for a test."""
_CLASSIFIER = """
import sys, paddle
from paddle import nn, static

net = nn.Sequential(nn.Conv2D(3, 4, 1), nn.AdaptiveAvgPool2D(1), nn.Flatten(), nn.Softmax())
net.eval()
paddle.jit.save(net, sys.argv[1], input_spec=[static.InputSpec([None, 3, 224, 224], "float32", name="x")])
"""
_SETTINGS = b"""
Global: {model_name: PP-LCNet_x1_0_doc_ori}
PreProcess:
  transform_ops: [{ResizeImage: {resize_short: 256}}, {CropImage: {size: 224}}, {ToCHWImage: null}]
PostProcess: {Topk: {topk: 1, label_list: ["0", "90", "180", "270"]}}
"""


@pytest.mark.parametrize("sound", [True, False])
def test_paddlex_really_loads_what_it_was_seen_to_find(
    sound: bool, bench: Workbench, hub: FaultyHub, installed: Installed, tmp_path: Path, expected_log: ExpectedLog
) -> None:
    """A small classifier that Paddle itself wrote takes the place of the real one; or one whose weights are none."""
    expected_log("can't load it")
    environment = installed("paddlex==3.7.2", *_LOADS)
    bench = settle(bench, CONSUMERS[3], environment)
    python = platform_python(platform(bench))
    made = tmp_path / "inference"
    subprocess.run([python, "-c", _CLASSIFIER, made], check=True, capture_output=True)
    files = {f"inference.{ending}": made.with_suffix(f".{ending}").read_bytes() for ending in ("json", "pdiparams")}
    if not sound:
        files["inference.pdiparams"] = b"no weights"
    repository = make_repository({**files, "inference.yml": _SETTINGS}, "PaddlePaddle/PP-LCNet_x1_0_doc_ori")
    hub.put(repository)
    key = "paddleocr-orientation"
    assert not bench.preload(key).errors
    with bench.opened() as services:
        (found,) = verify_engines(services, [key], Control(), lambda _event: None, load=True)
    assert (found.evidence, found.proof is not None and found.proof.loaded) == (
        (Evidence.PROOF, True) if sound else (Evidence.UNLOADABLE, False)
    ), found.reasons


def test_a_package_that_paddlex_lacks_for_loading_is_named(bench: Workbench, installed: Installed) -> None:
    consumer = CONSUMERS[3]
    bench = settle(bench, consumer, installed(consumer.requirement))
    bench.preload("paddleocr-orientation")
    with bench.opened() as services:
        (found,) = verify_engines(services, ["paddleocr-orientation"], Control(), lambda _event: None, load=True)
    assert found.evidence is Evidence.PROOF
    assert "paddle is not installed" in str(found.reasons[-1])
