"""Models as engines load them, brought by the command line, and looked at by Hugging Face's own `hf`."""

import hashlib
from pathlib import Path

import pytest

from helpers.hub import hf, make_repository
from helpers.program import program
from helpers.wheels import is_onnx
from helpers.workbench import model, repository
from model_preload.demo.hub import Hub

SILERO = "snakers4/silero-vad"
MAGIKA = "google/magika"
OCR = "RapidAI/RapidOCR"


def files_below(folder: Path, *suffixes: str) -> dict[str, Path]:
    found = (path for path in sorted(folder.rglob("*")) if path.suffix in suffixes)
    return {path.relative_to(folder).as_posix(): path for path in found}


def digests(folder: Path, names: dict[str, Path]) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}


@pytest.mark.parametrize("links", ["with symlinks", "without symlinks"])
def test_real_models_pass_the_checks_of_hf_and_of_their_own_format(tmp_path: Path, wheels: Path, links: str) -> None:
    silero = files_below(wheels / "silero_vad", ".onnx", ".safetensors")
    magika = files_below(wheels / "magika", ".onnx", ".json")
    ocr = files_below(wheels / "rapidocr_onnxruntime", ".onnx", ".yaml")
    assert len(silero) > 4
    assert len(magika) > 4
    assert len(ocr) > 3
    disabled = {} if links == "with symlinks" else {"HF_HUB_DISABLE_SYMLINKS": "1"}
    engine = tmp_path / "engine" / "models"
    catalog = "\n".join(
        [
            model("silero", repository(SILERO)),
            model("magika", repository(MAGIKA, "v1")),
            model("ocr", repository(OCR), f"folder = '{engine.as_posix()}'"),
        ]
    )
    hub = Hub(make_repository(silero, SILERO), make_repository(magika, MAGIKA).tagged("v1"), make_repository(ocr, OCR))
    with hub:
        ours = program(tmp_path, hub, catalog, **disabled)
        done = ours.run("preload", "--json")
        assert (done.code, done.document["success"]) == (0, True), done.err
        snapshots = {key: Path(found["location"]) for key, found in done.document["models"].items()}
        for repo, revision in ((SILERO, "main"), (MAGIKA, "v1")):
            flags = ("--fail-on-missing-files", "--fail-on-extra-files")
            checked = hf(hub, ours.hf_home, "cache", "verify", repo, "--revision", revision, *flags, **disabled)
            assert checked.returncode == 0, checked.stdout + checked.stderr
        listed = hf(hub, ours.hf_home, "cache", "ls", **disabled)
        assert listed.returncode == 0
        assert SILERO in listed.stdout
        assert "warning" not in (listed.stdout + listed.stderr).lower()
    # The hub is gone.
    for key, repo, revision in (("silero", SILERO, "main"), ("magika", MAGIKA, "v1")):
        words = ("download", repo, "--revision", revision, "--format", "json")
        offline = hf(hub, ours.hf_home, *words, HF_HUB_OFFLINE="1", **disabled)
        assert offline.returncode == 0, offline.stderr
        assert str(snapshots[key]) in offline.stdout.replace("\\\\", "\\")
    assert snapshots["ocr"] == engine
    for key, names in (("silero", silero), ("magika", magika), ("ocr", ocr)):
        found = digests(snapshots[key], names)
        assert found == {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in names.items()}
        models = [snapshots[key] / name for name in names if name.endswith(".onnx")]
        assert models
        assert all(is_onnx(path.read_bytes()) for path in models)
        if links == "without symlinks":
            assert not any(path.is_symlink() for path in models)
    assert ours.run("status", "--deep").code == 0


def test_a_cut_model_is_no_onnx_and_a_changed_one_is_found(tmp_path: Path, wheels: Path) -> None:
    magika = files_below(wheels / "magika", ".onnx", ".json")
    (name,) = (name for name in magika if name.endswith(".onnx"))
    with Hub(make_repository(magika, MAGIKA)) as hub:
        ours = program(tmp_path, hub, model("magika", repository(MAGIKA)))
        document = ours.run("preload", "--json").document
        assert document["success"]
    whole = Path(document["models"]["magika"]["location"]) / name
    content = whole.read_bytes()
    assert is_onnx(content)
    assert not is_onnx(content[:-1])
    whole.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert ours.run("status").code == 1
    deep = ours.run("status", "--deep", "--json")
    assert (deep.code, deep.document["models"]["magika"]["verdict"]) == (1, "damaged")
