"""Repositories that are real enough for the engines' own readers, on a loopback hub, by the built-in catalog."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from helpers.faults import FaultyHub
from helpers.hub import make_repository
from helpers.workbench import Workbench, workbench
from model_preload.core import catalog, paths
from model_preload.core.catalog import RepositorySource

KEYS = ("mineru", "paddleocr", "sensevoice", "paraformer", "yolo11", "lama")
LAMA = b"TorchScript of LaMa " * 40
_CLASSES = {
    "SenseVoiceSmall": "SenseVoiceSmall",
    "speech_fsmn_vad_zh-cn-16k-common-pytorch": "FsmnVADStreaming",
    "speech_seaco_paraformer_large_asr_nat-zh-cn-16k-common-vocab8404-pytorch": "SeacoParaformer",
    "punc_ct-transformer_cn-en-common-vocab471067-large": "CTTransformer",
    "speech_campplus_sv_zh-cn_16k-common": "CAMPPlus",
}


def _funasr(name: str) -> Mapping[str, bytes]:
    """What FunASR's resolution reads: where the files are, and of which class the model is."""
    metas = {"file_path_metas": {"init_param": "model.pt", "config": "config.yaml"}}
    return {
        "configuration.json": json.dumps(metas).encode(),
        "config.yaml": f"model: {_CLASSES[name]}\n".encode(),
        "model.pt": b"weights of " + name.encode() * 20,
    }


def _paddlex(name: str) -> Mapping[str, bytes]:
    """A model's own name, and the kind of weights that PaddleX looks for."""
    asked = f"{name}-0.9B" if name.startswith("PaddleOCR-VL") else name
    files = {"inference.yml": f"Global:\n  model_name: {asked}\n".encode(), "config.json": b"{}"}
    if name.startswith("PaddleOCR-VL"):
        return {**files, "model.safetensors": b"weights of " + name.encode() * 20}
    return {**files, "inference.json": b"{}", "inference.pdiparams": b"weights of " + name.encode() * 20}


def _repository(source: RepositorySource) -> dict[str, bytes]:
    owner, _, name = source.repo.rpartition("/")
    made: dict[str, bytes] = {"README.md": b"# readme"}
    for path in source.require or ("config.json", "model.safetensors"):
        made[f"{path}model.safetensors" if path.endswith("/") else path] = f"{name} {path} ".encode() * 9
    if name in _CLASSES or owner == "iic":
        made |= _funasr(name)
    elif owner == "PaddlePaddle":
        made |= _paddlex(name)
    return made


@contextmanager
def imitated() -> Iterator[FaultyHub]:
    """A hub with every repository of the built-in catalog, on both APIs."""
    files: dict[str, dict[str, bytes]] = {}
    for model in catalog.builtin().models:
        for source in model.sources:
            if isinstance(source, RepositorySource):
                files.setdefault(source.repo, {}).update(_repository(source))
    with FaultyHub(files={"big-lama.pt": LAMA}) as hub:
        for repo, content in files.items():
            hub.put(make_repository(content, repo))
        yield hub


def built_in(home: Path, hub: FaultyHub) -> Workbench:
    """The built-in catalog's own text; only the plain address and its digest are the test's."""
    written = paths.resource("catalog/tianshu.toml").read_text(encoding="utf-8")
    written = re.sub(r"https://github\S+/big-lama.pt", f"{hub.endpoint}/files/big-lama.pt", written)
    written = re.sub(r'sha256 = "\w+"', f'sha256 = "{hashlib.sha256(LAMA).hexdigest()}"', written)
    made = workbench(home, hub.endpoint, written.replace("schema = 1\n", "", 1))
    return made.with_settings(modelscope_endpoint=hub.endpoint)
