"""The engines' real packages, each version in an environment of its own below `.engines/`, made once and kept."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_HUB = ["huggingface_hub==0.36.2", "modelscope==1.40.2"]
_PADDLEX = ["aistudio-sdk", "filelock", "requests", "PyYAML==6.0.2", "ruamel.yaml", "colorlog", "pillow", "numpy<2.4"]
_PADDLEX += ["pydantic", "tqdm", "prettytable", "packaging", "ujson", "chardet", "pandas", "py-cpuinfo"]
NEEDS: dict[str, tuple[str, ...]] = {
    "mineru": (*_HUB, "loguru", "requests"),
    "paddlex": (*_HUB, *_PADDLEX),
    "funasr": ("omegaconf", "requests", "modelscope==1.40.2"),
    "simple-lama-inpainting": ("numpy", "pillow", "opencv-python-headless"),
}
"""What the resolution of each package imports; torch and paddle are not among it."""

Installed = Callable[..., Path]
_ENVIRON = dict(os.environ)
"""As it was before the first test: what reaches the packages' registry is no test's matter."""


@pytest.fixture(scope="session")
def installed() -> Installed:
    """Makes the environment of a package and version (`mineru==2.6.2`), and more packages, and returns its folder."""
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    assert uv, "uv is one of the locked tools"

    def make(requirement: str, *more: str) -> Path:
        folder = ROOT / ".engines" / "+".join((requirement, *more))
        stamp = folder / "complete"
        if not stamp.exists():
            python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
            install = [uv, "pip", "install", "--quiet", "--python", str(python)]
            subprocess.run(
                [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)], env=_ENVIRON, check=True
            )
            subprocess.run([*install, "--no-deps", requirement], env=_ENVIRON, check=True)
            subprocess.run([*install, *NEEDS[requirement.partition("=")[0]], *more], env=_ENVIRON, check=True)
            stamp.touch()
        return folder

    return make
