"""Asks an engine's own code, in the platform's own Python, where it would read its models, or lets it load one.

The child process gets the platform's variables, is told to stay offline, finds a proxy that nobody answers at, and has
its `socket` functions closed: a guard against mistakes, not a sandbox.
"""

import ctypes
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import psutil

from model_preload.core.engines.surroundings import Surroundings
from model_preload.core.errors import ProofFailed
from model_preload.core.events import Control

DISTRIBUTIONS = {
    "mineru": "mineru",
    "paddlex": "paddlex",
    "funasr": "funasr",
    "simple-lama": "simple-lama-inpainting",
}
"""Engines that are packages, and the one whose version a proof names."""
PLATFORM_CODE = {"watermark": "remove_watermark/watermark_remover.py"}
"""Engines that are a part of the platform, and their file below `backend`; the version is made of its digest."""

_NOWHERE = "http://127.0.0.1:9"  # the discard port: refused at once
_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK": "True",
    "YOLO_OFFLINE": "true",
    **{name: _NOWHERE for base in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY") for name in (base, base.lower())},
}
_FOREIGN = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "NO_PROXY", "no_proxy")
_SECRET = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "MODELSCOPE_API_TOKEN")
_BOOT = "import sys; exec(compile(sys.argv.pop(1), '<proof>', 'exec'))"
_TOLD = 2000
"""Characters at the end of what a child printed that a failure quotes."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """What an engine's code said.

    Attributes:
        version: of the engine's package, or of its code.
        paths: where it reads, by name.
        problems: what its code raised, by name.
        missing: the package without which its code could not run, by name.
    """

    version: str
    paths: Mapping[str, Path]
    problems: Mapping[str, str]
    missing: Mapping[str, str]


def platform_python(platform: Path) -> Path:
    """The interpreter of the platform's environment, be it there or not (platform: start_dev.py)."""
    below = "Scripts/python.exe" if sys.platform == "win32" else "bin/python"
    return platform.joinpath("backend", ".venv", *below.split("/"))


def environment(around: Surroundings) -> Mapping[str, str]:
    """The variables of the child: what an engine's process has, and what keeps it offline."""
    found = {name: value for name, value in around.given.items() if name not in _FOREIGN + _SECRET}
    if around.takes_modelscope:
        found["MINERU_MODEL_SOURCE"] = "modelscope"
    return {**found, **_OFFLINE}


def ask(
    engine: str, names: Sequence[str], platform: Path, around: Surroundings, seconds: float, control: Control
) -> Resolved:
    """Run an engine's resolution in the platform's `backend` folder, as its workers do. No weights are loaded.

    Args:
        names: what to resolve; what a name is depends on the engine.
        seconds: after which the child and all that it started are ended.

    Raises:
        ProofFailed: it could not be started, did not end in time or gave no answer.
        Cancelled: through `control`.
    """
    return _answer(engine, "resolve", names, platform, around, seconds, control)


def load(engine: str, name: str, platform: Path, around: Surroundings, seconds: float, control: Control) -> Resolved:
    """The same for having the engine load one model, which may run code that its files carry.

    Returns:
        An answer without paths; the model is loaded if neither `problems` nor `missing` has it.

    Raises as `ask` does.
    """
    return _answer(engine, "load", [name], platform, around, seconds, control)


def _answer(
    engine: str,
    function: str,
    names: Sequence[str],
    platform: Path,
    around: Surroundings,
    seconds: float,
    control: Control,
) -> Resolved:
    job = {
        "probe": _source(engine.replace("-", "_")),
        "distribution": DISTRIBUTIONS.get(engine),
        "function": function,
        "names": list(names),
    }
    _own_libraries_aside()
    command = [str(platform_python(platform)), "-I", "-B", "-X", "utf8", "-c", _BOOT, _source("_run")]
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=platform / "backend",
            env=dict(environment(around)),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError as error:
        raise ProofFailed(engine, error.strerror or str(error)) from error
    with control.interrupting(lambda: _end(process.pid) if control.cancelled else None):  # a pause changes nothing
        try:
            output, told = process.communicate(json.dumps(job).encode(), seconds)
        except subprocess.TimeoutExpired as error:
            _end(process.pid)
            process.communicate()
            raise ProofFailed(engine, f"no answer within {seconds:.0f} s") from error
    control.check()
    try:
        answer = json.loads(output)
        found = answer["found"].items()
        paths = {name: Path(one["path"]) for name, one in found if "path" in one}
        problems = {name: str(one["error"]) for name, one in found if "error" in one}
        missing = {name: str(one["missing"]) for name, one in found if "missing" in one}
        return Resolved(str(answer["version"]), paths, problems, missing)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        last = told.decode("utf-8", "replace").strip()[-_TOLD:].splitlines()
        raise ProofFailed(engine, last[-1] if last else f"exit code {process.returncode}") from error


def _source(name: str) -> str:
    return resources.files("model_preload.core.engines.probes").joinpath(f"{name}.py").read_text(encoding="utf-8")


def _own_libraries_aside() -> None:
    """A frozen program has Windows look for DLLs in its own folder, which children inherit: theirs must find theirs."""
    if sys.platform == "win32" and getattr(sys, "frozen", False):
        ctypes.windll.kernel32.SetDllDirectoryW(None)  # what we load from there, we name by path


def _end(pid: int) -> None:
    """The process and what it started; gone already is fine. Any thread may call."""
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in (*process.children(recursive=True), process):
            with suppress(psutil.Error):
                one.kill()
