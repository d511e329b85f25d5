"""A platform's folder that behaves as the real one does, as far as engines find their models by it.

It has a Python of its own in `backend/.venv`, in which packages of a test's own stand for engines.
"""

import sys
import venv
from collections.abc import Mapping
from pathlib import Path

_REMOVER = '''
"""Takes watermarks away."""

import os
import shutil
from pathlib import Path

import cv2
{imports}

try:
    from ultralytics import YOLO
except ImportError:
    YOLO = None

try:
    from simple_lama_inpainting import SimpleLama
except ImportError:
    SimpleLama = None


class WatermarkRemover:
    def __init__(self, model_path=None, device="cuda", use_lama=True):
        if YOLO is None:
            raise ImportError("no ultralytics")
        self.repository, self.device, self.yolo = model_path or "corzent/yolo11x_watermark_detection", device, None

    def _weights(self):
        named = os.getenv("TIANSHU_WATERMARK_CACHE_DIR") or os.getenv("TIANSHU_MODEL_CACHE_DIR")
        folder = Path(named) if named else self._usual_folder()
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / "yolo11x_watermark.pt"
        if not target.exists():
            from huggingface_hub import hf_hub_download

            shutil.copy(hf_hub_download(repo_id=self.repository, filename="best.pt", cache_dir=str(folder)), target)
        return str(target)

    def _load_yolo(self):
        if self.yolo is None:
            self.yolo = YOLO(self._weights())
        return self.yolo

    def _usual_folder(self):
        {folder}
'''
_FOLDERS = {
    False: 'return Path(__file__).parent.parent.parent / "models" / "watermark_models"',
    True: 'from utils.model_cache import models_root\n\n        return models_root() / "watermark_models"',
}
_CACHES = '''
"""Caches below the project's own folder, where the user names no other."""

import os
from pathlib import Path


def models_root():
    return Path(__file__).resolve().parents[2] / "models-offline"


def configure_model_cache_env(project_root=None):
    hub = models_root() / "huggingface"
    for name, folder in {"HF_HOME": hub, "HUGGINGFACE_HUB_CACHE": hub / "hub"}.items():
        folder.mkdir(parents=True, exist_ok=True)
        os.environ.setdefault(name, str(folder))
'''


def checkout(folder: Path, *, newer: bool = False, imports: str = "") -> Path:
    """The platform's folder, without a Python.

    Args:
        newer: of the revision that has `utils/model_cache.py`.
        imports: more lines at the top of its watermark remover.
    """
    backend = folder / "backend"
    for package in ("utils", "remove_watermark"):
        (backend / package).mkdir(parents=True, exist_ok=True)
        (backend / package / "__init__.py").touch()
    written = _REMOVER.replace("{imports}", imports).replace("{folder}", _FOLDERS[newer])
    (backend / "remove_watermark" / "watermark_remover.py").write_text(written)
    if newer:
        (backend / "utils" / "model_cache.py").write_text(_CACHES)
    return folder


def give_python(platform: Path, packages: Mapping[str, str], modules: Mapping[str, str]) -> None:
    """Make `backend/.venv`.

    Args:
        packages: version by name of a distribution.
        modules: source by dotted name; a package of which only a module is named is empty.
    """
    environment = platform / "backend" / ".venv"
    venv.EnvBuilder(symlinks=sys.platform != "win32", with_pip=False).create(environment)
    below = "Lib/site-packages" if sys.platform == "win32" else f"lib/python3.{sys.version_info[1]}/site-packages"
    site = environment / below
    for name, version in packages.items():
        info = site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    for name, source in modules.items():
        file = site.joinpath(*name.split(".")).with_suffix(".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        for folder in file.relative_to(site).parents[:-1]:
            (site / folder / "__init__.py").touch()
        file.write_text(source)
