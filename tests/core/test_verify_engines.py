"""The platform's own Python is asked, in a real process: what it says, what it may not do, and what is made of it.

The engines' real packages are asked in tests/engines; here small ones stand for them.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from conftest import ExpectedLog
from helpers.checkout import checkout, give_python
from helpers.families import family_bench, family_hub
from helpers.faults import FaultyHub
from helpers.workbench import Workbench
from model_preload.cli import main
from model_preload.core.engines import proof
from model_preload.core.engines.formats import carries_code
from model_preload.core.engines.surroundings import Surroundings
from model_preload.core.events import Control
from model_preload.core.journal import Proof
from model_preload.core.tasks.verify_engines import Evidence, Verified, code_carriers, verify_engines

NOTHING: Mapping[str, str] = {}


@pytest.fixture(scope="module")
def hub() -> Iterator[FaultyHub]:
    with family_hub() as running:
        yield running


@pytest.fixture
def bench(tmp_path: Path, hub: FaultyHub) -> Workbench:
    made = family_bench(tmp_path / "bench", hub.endpoint, modelscope=True)
    kept = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "LD_LIBRARY_PATH")
    made.environ.update({name: os.environ[name] for name in kept if name in os.environ})
    made.environ.update({"HOME": str(made.home), "USERPROFILE": str(made.home)})
    return made


def platform(bench: Workbench) -> Path:
    assert bench.settings.platform is not None
    return bench.settings.platform


def verify(bench: Workbench, key: str, *, load: bool = False) -> Verified:
    with bench.opened() as services:
        (found,) = verify_engines(services, [key], Control(), lambda _event: None, load=load)
    return found


def proof_of(bench: Workbench, key: str) -> Proof | None:
    (found,) = bench.status(key)
    return found.proof


def file_of(bench: Workbench, key: str) -> Path:
    with bench.opened() as services:
        return services.place_of(services.catalog.model(key))


def with_platform(
    bench: Workbench, modules: Mapping[str, str] = NOTHING, *, newer: bool = False, imports: str = ""
) -> Workbench:
    """A platform whose Python has these modules; what they are part of is said to be installed."""
    folder = checkout(bench.home / "平台", newer=newer, imports=imports)
    give_python(folder, {"simple-lama-inpainting": "0.1.2", "mineru": "2.6.2"}, modules)
    return bench.with_settings(platform=folder)


# The platform's own watermark remover


@pytest.mark.parametrize(
    ("newer", "dotenv", "place"),
    [
        (False, "", "models/watermark_models"),
        (True, "", "models-offline/watermark_models"),
        (False, "TIANSHU_MODEL_CACHE_DIR=weights", "backend/weights"),
        (True, "TIANSHU_WATERMARK_CACHE_DIR=weights", "backend/weights"),
    ],
)
def test_the_platform_s_own_code_finds_the_watermark_model(
    bench: Workbench, newer: bool, dotenv: str, place: str
) -> None:
    bench = with_platform(bench, newer=newer)
    (platform(bench) / "backend" / ".env").write_text(dotenv)
    assert not bench.preload("yolo11").errors
    before = sorted(platform(bench).rglob("*"))
    found = verify(bench, "yolo11")
    assert (found.evidence, found.reasons) == (Evidence.PROOF, ())
    assert found.proof is not None
    assert (found.proof.engine, len(found.proof.version), found.proof.loaded) == ("watermark", 8, False)
    assert found.proof.place == platform(bench) / place / "yolo11x_watermark.pt"
    assert proof_of(bench, "yolo11") == found.proof
    assert sorted(platform(bench).rglob("*")) == before


def test_its_version_is_that_of_its_code(bench: Workbench) -> None:
    bench = with_platform(bench)
    bench.preload("yolo11")
    first = verify(bench, "yolo11").proof
    code = platform(bench) / "backend" / "remove_watermark" / "watermark_remover.py"
    code.write_text(code.read_text() + "\n# changed\n")
    second = verify(bench, "yolo11").proof
    assert first is not None
    assert second is not None
    assert first.version != second.version


def test_a_package_that_the_platform_s_code_lacks_is_named_and_the_rule_stands_in(bench: Workbench) -> None:
    bench = with_platform(bench, imports="import package_of_nobody.part")
    bench.preload("yolo11")
    found = verify(bench, "yolo11")
    assert (found.evidence, found.proof) == (Evidence.RULE, None)
    assert "package_of_nobody is not installed" in str(found.reasons[0])


def test_a_platform_without_that_code_is_a_rule_too(bench: Workbench) -> None:
    bench = with_platform(bench)
    bench.preload("yolo11")
    shutil.rmtree(platform(bench) / "backend" / "remove_watermark")
    found = verify(bench, "yolo11")
    assert found.evidence is Evidence.RULE
    assert "watermark_remover.py" in str(found.reasons[0])


def test_code_that_looks_elsewhere_is_no_proof_though_the_bytes_be_the_same(bench: Workbench) -> None:
    bench = with_platform(bench)
    bench.preload("yolo11")
    place = file_of(bench, "yolo11")
    elsewhere = platform(bench) / "elsewhere"
    elsewhere.mkdir()
    os.link(place, elsewhere / place.name)
    code = platform(bench) / "backend" / "remove_watermark" / "watermark_remover.py"
    code.write_text(code.read_text().replace('os.getenv("TIANSHU_MODEL_CACHE_DIR")', repr(str(elsewhere))))
    found = verify(bench, "yolo11")
    assert found.evidence is Evidence.NONE
    assert str(elsewhere) in str(found.reasons[0])


# What a proof is about


def test_a_proof_does_not_follow_a_moved_place(bench: Workbench) -> None:
    bench = with_platform(bench)
    bench.preload("yolo11")
    proved = verify(bench, "yolo11").proof
    assert proof_of(bench, "yolo11") == proved is not None
    dotenv = platform(bench) / "backend" / ".env"
    dotenv.write_text("TIANSHU_WATERMARK_CACHE_DIR=moved")
    bench.preload("yolo11")
    (found,) = bench.status("yolo11")
    assert (found.ready, found.proof) == (True, None)


# The child


def around(bench: Workbench, dotenv: dict[str, str], *, newer: bool = False) -> Surroundings:
    root = bench.home / "models-offline" if newer else None
    return Surroundings({}, dotenv, {}, bench.home, bench.home, root)


@pytest.mark.parametrize(
    ("dotenv", "newer", "source"),
    [
        ({}, False, None),
        ({}, True, "modelscope"),
        ({"MODEL_DOWNLOAD_SOURCE": "auto"}, False, None),
        ({"MODEL_DOWNLOAD_SOURCE": "Auto"}, True, "modelscope"),
        ({"MODEL_DOWNLOAD_SOURCE": "ModelScope"}, False, "modelscope"),
        ({"MODEL_DOWNLOAD_SOURCE": "huggingface", "MINERU_MODEL_SOURCE": "local"}, True, "local"),
        ({"MODEL_DOWNLOAD_SOURCE": ""}, True, None),
    ],
)
def test_the_child_is_told_the_source_that_the_worker_would_choose(
    bench: Workbench, dotenv: dict[str, str], newer: bool, source: str | None
) -> None:
    told = proof.environment(around(bench, dotenv, newer=newer))
    assert told.get("MINERU_MODEL_SOURCE") == source
    assert "HF_HOME" not in told  # the platform's own code sets it


_ASKING = """
import socket

class ModelPath:
    one = "models/one"
    two = "models/two.onnx"

def tried():
    plain = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    yield lambda: plain.connect(("127.0.0.1", 9))
    yield lambda: plain.sendto(b"x", ("127.0.0.1", 9))
    if hasattr(plain, "sendmsg"):
        yield lambda: plain.sendmsg([b"x"], [], 0, ("127.0.0.1", 9))
    for ask in (socket.gethostbyname, socket.gethostbyname_ex, socket.gethostbyaddr):
        yield lambda: ask("127.0.0.1")
    yield lambda: socket.getaddrinfo("127.0.0.1", 9)
    yield lambda: socket.create_connection(("127.0.0.1", 9))

def is_closed(one):
    try:
        one()
    except OSError as error:
        return "closed during a proof" in str(error)
    return False
"""
_RESOLVER = """
import os
from mineru.utils.enum_class import is_closed, tried

def auto_download_and_get_model_root_path(path):
    with open("asked.txt", "a") as file:
        file.write(path + "\\n")
    if os.path.exists("refuse"):
        raise OSError("the hub does not answer")
    assert all(is_closed(one) for one in tried())
    return os.path.abspath("root")
"""
_MINERU = {"mineru.utils.enum_class": _ASKING, "mineru.utils.models_download_utils": _RESOLVER}


@pytest.fixture
def mineru(bench: Workbench) -> Workbench:
    return with_platform(bench, _MINERU)


def resolved(bench: Workbench, *names: str) -> proof.Resolved:
    with bench.opened() as services:
        return proof.ask("mineru", names, platform(bench), services.around, 60.0, Control())


def test_the_network_is_closed_and_mineru_asked_once_for_each_of_its_paths(mineru: Workbench) -> None:
    backend = platform(mineru) / "backend"
    names = ("models/one/a", "models/one/b/c", "models/two.onnx", "models/three.bin")
    for name in names:
        (backend / "root" / name).parent.mkdir(parents=True, exist_ok=True)
        (backend / "root" / name).touch()
    found = resolved(mineru, *names)
    assert (found.version, found.problems, set(found.paths)) == ("2.6.2", {}, set(names))
    assert (backend / "asked.txt").read_text().split() == ["models/one", "models/two.onnx", "models/three.bin"]


def test_the_first_refusal_ends_the_asking_with_its_reason(mineru: Workbench) -> None:
    backend = platform(mineru) / "backend"
    (backend / "refuse").touch()
    found = resolved(mineru, "models/one/a", "models/two.onnx", "models/three.bin")
    assert set(found.problems.values()) == {"OSError: the hub does not answer"}
    assert len(found.problems) == 3
    assert (backend / "asked.txt").read_text().split() == ["models/one"]


# Loading


_LAMA = """
import os
import torch

class SimpleLama:
    def __init__(self, device=None):
        path = os.path.join(torch.hub.get_dir(), "checkpoints", "big-lama.pt")
        self.model = torch.jit.load(path)
"""
_TORCH = """
import os, types

hub = types.SimpleNamespace(get_dir=lambda: os.path.join(os.environ["TORCH_HOME"], "hub"))
device = str

class jit:
    @staticmethod
    def load(path):
        if os.environ.get("TORCH_BREAKS"):
            raise RuntimeError("PytorchStreamReader failed")
        with open(path, "rb") as file, open("loaded.txt", "w") as told:
            told.write(str(len(file.read())))
"""
_WITHOUT_TORCH = {"simple_lama_inpainting.models.model": _LAMA}
_WITH_TORCH = {**_WITHOUT_TORCH, "torch": _TORCH}


def with_lama(bench: Workbench, modules: dict[str, str], dotenv: str = "") -> Workbench:
    bench = with_platform(bench, modules)
    (platform(bench) / "backend" / ".env").write_text(f"TORCH_HOME=torch\n{dotenv}")
    assert not bench.preload("lama").errors
    return bench


def test_the_engine_loads_what_is_proven(bench: Workbench) -> None:
    bench = with_lama(bench, _WITH_TORCH)
    told = platform(bench) / "backend" / "loaded.txt"
    found = verify(bench, "lama")
    assert found.proof is not None
    assert (found.proof.loaded, told.exists()) == (False, False)
    found = verify(bench, "lama", load=True)
    assert found.proof is not None
    assert (found.evidence, found.reasons, found.proof.loaded) == (Evidence.PROOF, (), True)
    assert int(told.read_text()) == bench.status("lama")[0].bytes
    assert proof_of(bench, "lama") == found.proof


def test_a_package_that_loading_lacks_is_no_fault_of_the_model(bench: Workbench) -> None:
    bench = with_lama(bench, _WITHOUT_TORCH)
    found = verify(bench, "lama", load=True)
    assert found.proof is not None
    assert (found.evidence, found.proof.loaded) == (Evidence.PROOF, False)
    assert "torch is not installed" in " ".join(map(str, found.reasons))


def test_what_the_engine_can_t_load_is_not_proven(bench: Workbench, expected_log: ExpectedLog) -> None:
    expected_log("can't load it")
    bench = with_lama(bench, _WITH_TORCH, "TORCH_BREAKS=1")
    assert verify(bench, "lama").evidence is Evidence.PROOF
    found = verify(bench, "lama", load=True)
    assert (found.evidence, found.proof, proof_of(bench, "lama")) == (Evidence.UNLOADABLE, None, None)
    assert "PytorchStreamReader failed" in str(found.reasons[0])


def test_nothing_is_loaded_that_is_not_proven(bench: Workbench) -> None:
    bench = with_lama(bench, _WITH_TORCH)
    place = file_of(bench, "lama")
    place.write_bytes(place.read_bytes()[::-1])
    os.utime(place, ns=(1, 1))
    with bench.opened() as services:
        assert code_carriers(services, ["lama"], Control()) == {}
    assert verify(bench, "lama", load=True).evidence is Evidence.NONE
    assert not (platform(bench) / "backend" / "loaded.txt").exists()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        *((f"a/model{suffix}", True) for suffix in (".pt", ".PTH", ".bin", ".pkl", ".ckpt", ".py", ".pdparams", ".so")),
        ("requirements.txt", True),
        *((f"a/model{suffix}", False) for suffix in (".safetensors", ".onnx", ".json", ".pdiparams", ".txt", "")),
    ],
)
def test_formats_that_carry_code_are_known_by_name(path: str, expected: bool) -> None:
    assert carries_code(path) is expected


# The command line asks first


Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(bench: Workbench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    bench = with_lama(bench, _WITH_TORCH)
    with bench.opened():
        pass
    for name, value in {**bench.environ, "HF_HOME": str(bench.home / "hf")}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MODEL_PRELOAD_HOME", str(bench.state))
    monkeypatch.setenv("MODEL_PRELOAD_PLATFORM", str(platform(bench)))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")

    def run(*words: str) -> tuple[int, str, str]:
        code = main(["verify-engines", "lama", *words, "--catalog", str(bench.home / "catalog.toml")])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


def test_without_a_terminal_loading_needs_a_yes(call: Call, expected_log: ExpectedLog) -> None:
    expected_log("nobody can be asked")
    code, _, told = call("--load")
    assert code == 2
    assert "lama: big-lama.pt" in told
    assert "--yes" in told
    code, written, _ = call("--load", "--json")
    assert (code, json.loads(written)["error"]["code"]) == (2, "usage")


def test_with_a_yes_it_is_loaded_and_told(call: Call) -> None:
    code, written, _ = call("--load", "--yes", "--json")
    assert code == 0
    (found,) = json.loads(written)["models"].values()
    assert (found["evidence"], found["proof"]["loaded"]) == ("proof", True)
    code, shown, told = call("--load", "--yes")
    assert (code, "Proven and loaded" in shown, "big-lama.pt" in told) == (0, True, True)
    code, shown, _ = call()
    assert (code, "loaded" in shown) == (0, False)


@pytest.mark.skipif(os.name == "nt", reason="a terminal of POSIX")
@pytest.mark.parametrize(("answer", "expected"), [("y", 0), ("n", 2), ("", 2)])
def test_on_a_terminal_the_person_is_asked(bench: Workbench, call: Call, answer: str, expected: int) -> None:
    """In a process of its own, on a pseudo-terminal."""
    import pty
    import subprocess
    import sys

    words = ["verify-engines", "lama", "--load", "--catalog", str(bench.home / "catalog.toml")]
    here, there = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "model_preload", *words], stdin=there, stdout=subprocess.PIPE, stderr=there
    )
    os.close(there)
    shown = b""
    while b"[y/N]" not in shown:
        shown += os.read(here, 1024)
    os.write(here, f"{answer}\n".encode())
    output, _ = process.communicate(timeout=60)
    os.close(here)
    assert b"big-lama.pt" in shown
    assert (process.returncode, b"Proven and loaded" in output) == (expected, expected == 0)
