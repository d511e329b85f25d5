"""The built-in catalog's repositories, imitated on a loopback hub, real enough for the engines' own readers."""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpers.faults import FaultyHub
from helpers.hub import make_repository
from helpers.workbench import Workbench, workbench
from model_preload.core import catalog, paths
from model_preload.core.catalog import RepositorySource

KEYS = ("mineru", "paddleocr", "sensevoice", "paraformer", "yolo11", "lama")
"""What the platform itself names."""
LAMA = b"TorchScript of LaMa " * 40
USELESS = {"README.md": b"# readme", ".gitattributes": b"* text", "requirements.txt": b"evil", "fig/a.png": b"png"}
LANGUAGES = "models/OCR/paddleocr_torch/"
OTHER = {f"{LANGUAGES}th_PP-OCRv5_rec_infer.pth": b"thai", "models/MFR/pp_formulanet_plus_m/model.bin": b"formula"}
_CLASSES = {
    "SenseVoiceSmall": "SenseVoiceSmall",
    "speech_fsmn_vad_zh-cn-16k-common-pytorch": "FsmnVADStreaming",
    "speech_seaco_paraformer_large_asr_nat-zh-cn-16k-common-vocab8404-pytorch": "SeacoParaformer",
    "punc_ct-transformer_cn-en-common-vocab471067-large": "CTTransformer",
    "speech_campplus_sv_zh-cn_16k-common": "CAMPPlus",
}


def imitation(source: RepositorySource) -> dict[str, bytes]:
    """What a repository must have by the catalog, what its engine reads of it, and what no engine loads."""
    owner, _, name = source.repo.rpartition("/")
    required = source.require or ("config.json", "model.safetensors")
    paths_ = {f"{path}model.safetensors" if path.endswith("/") else path for path in required}
    paths_ |= {f"{path}config.json" for path in required if path.endswith("/")}
    made = {path: _filled(name, path) for path in paths_}
    if name in _CLASSES:
        made |= _funasr(name)
    elif owner == "PaddlePaddle":
        made |= _paddlex(name)
    return {**made, **USELESS, **(OTHER if "PDF-Extract" in name else {})}


def _filled(name: str, path: str) -> bytes:
    return f"{name} {path} ".encode() * 9


def _funasr(name: str) -> dict[str, bytes]:
    """What FunASR's resolution reads: where the files are, and of which class the model is."""
    metas = {"file_path_metas": {"init_param": "model.pt", "config": "config.yaml"}}
    configuration, config = json.dumps(metas).encode(), f"model: {_CLASSES[name]}\n".encode()
    return {"configuration.json": configuration, "config.yaml": config, "model.pt": _filled(name, "model.pt")}


def _paddlex(name: str) -> dict[str, bytes]:
    """A model's own name, and the kind of weights that PaddleX looks for."""
    asked = f"{name}-0.9B" if name.startswith("PaddleOCR-VL") else name
    files = {"inference.yml": f"Global:\n  model_name: {asked}\n".encode(), "config.json": b"{}"}
    if name.startswith("PaddleOCR-VL"):
        return {**files, "model.safetensors": _filled(name, "model.safetensors")}
    return {**files, "inference.json": b"{}", "inference.pdiparams": _filled(name, "inference.pdiparams")}


@contextmanager
def family_hub() -> Iterator[FaultyHub]:
    """Every repository of the built-in catalog, on both APIs."""
    with FaultyHub(files={"big-lama.pt": LAMA}) as running:
        files: dict[str, dict[str, bytes]] = {}
        for model in catalog.builtin().models:
            for source in model.sources:
                if isinstance(source, RepositorySource):
                    files.setdefault(source.repo, {}).update(imitation(source))
        for repo, content in files.items():
            running.put(make_repository(content, repo))
        yield running


def family_catalog(endpoint: str, *, modelscope: bool = False) -> str:
    """The built-in catalog with that hub's plain address, without the line of its schema.

    Args:
        modelscope: a model has all its sources; else those of ModelScope are Hugging Face's too.
    """
    written = paths.resource("catalog/tianshu.toml").read_text(encoding="utf-8")
    if not modelscope:
        written = written.replace('hub = "modelscope"', 'hub = "huggingface"').replace('"master"', '"main"')
    written = re.sub(r"https://github\S+/big-lama.pt", f"{endpoint}/files/big-lama.pt", written)
    written = re.sub(r'sha256 = "\w+"', f'sha256 = "{hashlib.sha256(LAMA).hexdigest()}"', written)
    return written.replace("schema = 1\n", "", 1)


def family_bench(home: Path, endpoint: str, *, modelscope: bool = False) -> Workbench:
    """The core with that catalog."""
    made = workbench(home, endpoint, family_catalog(endpoint, modelscope=modelscope))
    return made.with_settings(modelscope_endpoint=endpoint)
