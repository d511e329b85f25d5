"""Models from ModelScope, whole: in the Hugging Face cache as engines ask for them, and together with Hugging Face."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from conftest import ExpectedLog
from helpers import faults
from helpers.faults import BODY, PROMPT, FaultyHub, random_bytes
from helpers.hub import make_repository, real_client
from helpers.workbench import Tokens, Workbench, model, repository
from model_preload.core.http import Client
from model_preload.core.settings import Settings
from model_preload.core.tasks.preload import Mode
from model_preload.core.tasks.services import Services
from model_preload.core.values import Verdict

WEIGHTS = random_bytes(20 << 20)
FILES = {"config.json": b'{"a": 1}', "deep/weights.safetensors": WEIGHTS, "empty.txt": b""}
ON_HUGGINGFACE = make_repository(FILES)
ON_MODELSCOPE = make_repository({**FILES, "configuration.json": b"{}"}, "Owner/Model")
SOURCE = 'hub = "modelscope"\nrepo = "Owner/Model"\n'
BOTH = f"{repository('owner/model')}\n[[model.source]]\n{SOURCE}"


class Bench(Workbench):
    """A workbench whose client has a test's patience."""

    @contextmanager
    def opened(self) -> Iterator[Services]:
        with super().opened() as services:
            client = Client(connections=self.settings.connections, patience=PROMPT)
            try:
                yield replace(services, client=client)
            finally:
                client.close()

    @property
    def verdict(self) -> Verdict:
        (found,) = self.status()
        return found.verdict

    def ref(self, repo: str = "owner/model", revision: str = "main") -> str:
        return (self.cache / f"models--{repo.replace('/', '--')}" / "refs" / revision).read_text(encoding="utf-8")


@pytest.fixture
def huggingface() -> Iterator[FaultyHub]:
    with FaultyHub() as running:
        yield running


@pytest.fixture
def scope() -> Iterator[FaultyHub]:
    with FaultyHub(ON_MODELSCOPE) as running:
        yield running


@pytest.fixture
def bench(tmp_path: Path, huggingface: FaultyHub, scope: FaultyHub) -> Bench:
    addresses = Settings(endpoint=huggingface.endpoint, modelscope_endpoint=scope.endpoint, reserve=0)
    return Bench(tmp_path / "bench", addresses, model("tiny", BOTH))


def found_offline(bench: Bench, hub: FaultyHub, repo: str = "owner/model", revision: str = "main") -> dict[str, str]:
    """What huggingface_hub finds without a network: the digest of each file of the snapshot."""
    script = (
        "import hashlib, json, pathlib, huggingface_hub\n"
        f"folder = huggingface_hub.snapshot_download({repo!r}, revision={revision!r}, local_files_only=True)\n"
        "found = [p for p in pathlib.Path(folder).rglob('*') if p.is_file()]\n"
        "digests = [hashlib.sha256(p.read_bytes()).hexdigest() for p in found]\n"
        "names = [p.relative_to(folder).as_posix() for p in found]\n"
        "print(json.dumps(dict(zip(names, digests))))"
    )
    found: dict[str, str] = real_client(hub, bench.home / "hf", script, HF_HUB_OFFLINE="1")
    return found


def digests(files: dict[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


# ModelScope alone


@pytest.mark.parametrize("links", ["with links", "without links"])
def test_it_ends_in_the_hugging_face_cache_under_its_own_name(bench: Bench, scope: FaultyHub, links: str) -> None:
    bench = replace(bench, catalog=model("tiny", SOURCE))
    bench.environ["HF_HUB_DISABLE_SYMLINKS"] = "1" if links == "without links" else ""
    report = bench.preload()
    assert (report.outcome, report.bytes_fetched) == ("done", scope.bytes_served)
    assert bench.verdict is Verdict.READY
    assert bench.ref("Owner/Model") == ON_MODELSCOPE.main.id
    scope.close()
    assert found_offline(bench, scope, "Owner/Model") == digests({**FILES, "configuration.json": b"{}"})
    assert bench.preload().bytes_fetched == 0


def test_it_ends_in_a_folder(bench: Bench, tmp_path: Path) -> None:
    place = tmp_path / "模型"
    more = 'include = ["config.json", "deep/"]\nrename = { "deep/weights.safetensors" = "weights.bin" }\n'
    bench = replace(bench, catalog=model("tiny", SOURCE + more, f"folder = '{place.as_posix()}'"))
    assert bench.preload().outcome == "done"
    assert bench.verdict is Verdict.READY
    found = {path.name: path.read_bytes() for path in place.iterdir() if path.is_file()}
    assert found == {"config.json": FILES["config.json"], "weights.bin": WEIGHTS}


def test_a_private_repository_needs_the_token_of_modelscope(
    bench: Bench, scope: FaultyHub, expected_log: ExpectedLog
) -> None:
    expected_log("without a token")
    scope.put(make_repository(FILES, "Owner/Model", private=True, readers=["ms-friend"]))
    bench = replace(bench, catalog=model("tiny", SOURCE), tokens=Tokens(huggingface="hf_other"))
    assert [error.code for error in bench.preload().errors] == ["repository-private"]
    bench = replace(bench, tokens=Tokens(modelscope="ms-friend"))
    assert bench.preload().outcome == "done"


# After Hugging Face


def test_what_only_modelscope_has_stands_under_the_name_that_the_engine_asks_for(
    bench: Bench, huggingface: FaultyHub, expected_log: ExpectedLog
) -> None:
    expected_log("huggingface:owner/model")
    bench = replace(bench, catalog=model("tiny", BOTH.replace('"main"', '"v1"')))
    report = bench.preload()
    assert (report.outcome, report.errors, bench.verdict) == ("done", (), Verdict.READY)
    assert found_offline(bench, huggingface, revision="v1") == digests({**FILES, "configuration.json": b"{}"})


def test_a_part_goes_on_from_the_other_hub(
    bench: Bench, huggingface: FaultyHub, scope: FaultyHub, expected_log: ExpectedLog
) -> None:
    expected_log("weights.safetensors", "another program moved")
    huggingface.put(ON_HUGGINGFACE)
    cut = huggingface.fail(faults.about("weights"), faults.ended(6 << 20), times=1)
    huggingface.fail(lambda request, _: cut.happened > 0 and "weights" in request.path, faults.status(404))
    bench.settings = replace(bench.settings, connections=1)  # one range after the other
    report = bench.preload()
    assert (report.outcome, bench.verdict) == ("done", Verdict.READY)
    there = huggingface.bytes_by_file["owner/model/deep/weights.safetensors"]
    here = scope.bytes_by_file["Owner/Model/deep/weights.safetensors"]
    assert there >= 5 << 20
    assert here <= len(WEIGHTS) - (4 << 20)  # watermarks are kept every 4 MiB
    assert "Owner/Model/config.json" not in scope.bytes_by_file  # equal content is found by hashing
    assert found_offline(bench, huggingface) == digests({**FILES, "configuration.json": b"{}"})


def test_hugging_face_finds_what_modelscope_brought_and_fetches_nothing(
    bench: Bench, huggingface: FaultyHub, expected_log: ExpectedLog
) -> None:
    expected_log("huggingface:owner/model")
    bench.preload()
    time.sleep(1.1)  # of two listings the later one counts, and their times have whole seconds
    huggingface.put(ON_HUGGINGFACE)
    report = bench.preload(mode=Mode.RENEW)
    assert (report.outcome, report.bytes_fetched, bench.verdict) == ("done", 0, Verdict.READY)
    assert huggingface.bytes_served == 0
    assert bench.ref() == ON_HUGGINGFACE.main.id
    assert found_offline(bench, huggingface) == digests(FILES)


@pytest.mark.parametrize("same", [True, False], ids=["the same digests", "other digests"])
def test_where_all_digests_are_those_of_the_hugging_face_listing_its_commit_is_kept(
    bench: Bench, huggingface: FaultyHub, scope: FaultyHub, expected_log: ExpectedLog, same: bool
) -> None:
    expected_log("given up")
    weights = {"weights.safetensors": WEIGHTS[: 1 << 20], "more.bin": b"more"}
    first = make_repository(weights)
    huggingface.put(first)
    scope.put(make_repository(weights if same else {**weights, "more.bin": b"less"}, "Owner/Model"))
    huggingface.fail(BODY, faults.status(404))
    assert bench.preload().outcome == "done"
    assert (bench.ref() == first.main.id) is same
    assert bench.verdict is Verdict.READY


def test_a_commit_that_the_engine_asks_for_names_the_snapshot(
    bench: Bench, huggingface: FaultyHub, expected_log: ExpectedLog
) -> None:
    expected_log("huggingface:owner/model")
    commit = "c" * 40
    bench = replace(bench, catalog=model("tiny", BOTH.replace('"main"', f'"{commit}"')))
    assert bench.preload().outcome == "done"
    assert bench.verdict is Verdict.READY
    assert found_offline(bench, huggingface, revision=commit).keys() >= FILES.keys()


def test_a_plain_file_has_no_name_in_the_hugging_face_cache(bench: Bench, expected_log: ExpectedLog) -> None:
    expected_log("huggingface:owner/model", "tiny")
    plain = f'{repository("owner/model")}\n[[model.source]]\nhub = "url"\nurl = "http://127.0.0.1:1/a"\n'
    known = f'size = 1\nsha256 = "{"0" * 64}"\n'
    bench = replace(bench, catalog=model("tiny", plain + known))
    assert [error.code for error in bench.preload().errors] == ["place-unfit"]
