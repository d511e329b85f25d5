"""Each engine's own resolution code finds what we brought, offline, and nothing less is ever called ready.

`python3 dev.py test --engines`; the results are the table of docs/engines.md.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import ExpectedLog
from helpers.families import KEYS, family_bench, family_hub
from helpers.faults import FaultyHub
from helpers.workbench import Workbench
from model_preload.core.events import Control
from model_preload.core.tasks.verify_engines import Evidence, Verified, verify_engines
from model_preload.core.values import Verdict

Installed = Callable[[str], Path]


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
    platform = tmp_path / "平台 tianshu"
    (platform / "backend").mkdir(parents=True)
    made = family_bench(tmp_path / "bench", hub.endpoint, modelscope=True).with_settings(platform=platform)
    kept = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "LD_LIBRARY_PATH", "LANG")
    made.environ.update({name: os.environ[name] for name in kept if name in os.environ})
    made.environ.update({"HOME": str(made.home), "USERPROFILE": str(made.home)})
    return made


def settle(bench: Workbench, consumer: Consumer, environment: Path) -> Workbench:
    """The platform has this consumer in its environment, where uv would have put it."""
    platform = bench.settings.platform
    assert platform is not None
    (platform / "backend" / ".venv").symlink_to(environment, target_is_directory=True)
    (platform / "backend" / ".env").write_text(consumer.dotenv)
    return bench.with_settings(packages=dict(consumer.versions))


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


def test_a_consumer_that_is_told_another_source_is_not_proven(
    bench: Workbench, installed: Installed, expected_log: ExpectedLog
) -> None:
    """The platform's `.env` sends MinerU to ModelScope, whose client tries for long and finds nothing."""
    expected_log("could not be asked")
    consumer = CONSUMERS[0]
    bench = settle(bench, consumer, installed(consumer.requirement))
    assert bench.settings.platform is not None
    bench.preload("mineru")
    (bench.settings.platform / "backend" / ".env").write_text("MODEL_DOWNLOAD_SOURCE=modelscope\n")
    with bench.opened() as services:
        (found,) = verify_engines(services, ["mineru"], Control(), lambda _event: None, seconds=10.0)
    assert found.evidence is Evidence.NONE
    assert found.reasons


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
