"""The built-in catalog's repositories, imitated on a loopback hub."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpers.faults import FaultyHub
from helpers.hub import make_repository
from helpers.workbench import Workbench, workbench
from model_preload.core import catalog, paths
from model_preload.core.catalog import RepositorySource

LAMA = b"TorchScript of LaMa " * 40
USELESS = {"README.md": b"# readme", ".gitattributes": b"* text", "requirements.txt": b"evil", "fig/a.png": b"png"}
LANGUAGES = "models/OCR/paddleocr_torch/"
OTHER = {f"{LANGUAGES}th_PP-OCRv5_rec_infer.pth": b"thai", "models/MFR/pp_formulanet_plus_m/model.bin": b"formula"}


def imitation(source: RepositorySource) -> dict[str, bytes]:
    """What a repository must have by the catalog, and what no engine loads."""
    names = source.require or ("config.json", "model.safetensors")
    files = {name + "model.safetensors" if name.endswith("/") else name: b"" for name in names}
    files |= {f"{name}config.json": b"" for name in names if name.endswith("/")}
    made = {name: f"{source.repo.rpartition('/')[2]} {name} ".encode() * 9 for name in files}
    return {**made, **USELESS, **(OTHER if "PDF-Extract" in source.repo else {})}


@contextmanager
def family_hub() -> Iterator[FaultyHub]:
    """Every repository of the built-in catalog."""
    with FaultyHub(files={"big-lama.pt": LAMA}) as running:
        files: dict[str, dict[str, bytes]] = {}
        for model in catalog.builtin().models:
            for source in model.sources:
                if isinstance(source, RepositorySource):
                    files.setdefault(source.repo, {}).update(imitation(source))
        for repo, content in files.items():
            running.put(make_repository(content, repo))
        yield running


def family_catalog(endpoint: str) -> str:
    """The built-in catalog with that hub as the only one, without the line of its schema."""
    written = paths.resource("catalog/tianshu.toml").read_text(encoding="utf-8")
    written = written.replace('hub = "modelscope"', 'hub = "huggingface"').replace('"master"', '"main"')
    written = re.sub(r"https://github\S+/big-lama.pt", f"{endpoint}/files/big-lama.pt", written)
    written = re.sub(r'sha256 = "\w+"', f'sha256 = "{hashlib.sha256(LAMA).hexdigest()}"', written)
    return written.replace("schema = 1\n", "", 1)


def family_bench(home: Path, endpoint: str) -> Workbench:
    """The core with that catalog."""
    return workbench(home, endpoint, family_catalog(endpoint))
