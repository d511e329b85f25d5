"""Facts of this machine for the doctor (`core.tasks.doctor.Machine`)."""

import csv
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from model_preload.core.tasks.doctor.machine import Gpu, Machine, System, Untold
from model_preload.core.texts import Text

_GPU_SECONDS = 8.0
_MIB = 1 << 20


def this_machine(proxies: Mapping[str, str], token_origin: Callable[[str], Text | None]) -> Machine:
    """The machine that this program runs on.

    Args:
        proxies, token_origin: as in `Machine`.
    """
    return Machine(
        temp=Path(tempfile.gettempdir()),
        proxies=proxies,
        filesystem=filesystem,
        long_paths=long_paths,
        system=system,
        gpus=gpus,
        token_origin=token_origin,
    )


def filesystem(path: Path) -> str | None:
    """The type of file system where the path is, or would be; None if the system does not tell."""
    here = os.path.normcase(path.resolve())
    best: tuple[int, str] | None = None
    for partition in psutil.disk_partitions(all=True):
        mount = os.path.normcase(partition.mountpoint)
        inside = here == mount or here.startswith(mount.rstrip(os.sep) + os.sep)
        if inside and partition.fstype and (best is None or len(mount) >= best[0]):
            best = (len(mount), partition.fstype)
    return best[1] if best else None


def long_paths() -> bool | None:
    """Whether Windows lets programs that ask for it use paths of over 260 characters; None elsewhere.

    Source: Microsoft, "Maximum Path Length Limitation".
    """
    if sys.platform == "win32":
        import winreg

        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SYSTEM\CurrentControlSet\Control\FileSystem") as key:
                return bool(winreg.QueryValueEx(key, "LongPathsEnabled")[0])
        except FileNotFoundError:
            return False  # Windows before 1607, or the value was taken out
    return None


def system() -> System:
    """Name and version of the system, and its memory."""
    memory = psutil.virtual_memory()
    return System(platform.platform(), memory.total, memory.available)


def gpus(search: str | None = None) -> Sequence[Gpu] | None:
    """What nvidia-smi tells; None if there is no such program on PATH (or on `search`). Raises Untold."""
    program = shutil.which("nvidia-smi", path=search)
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader,nounits"],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            encoding="utf-8",
            errors="replace",
            timeout=_GPU_SECONDS,
            check=False,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except subprocess.TimeoutExpired:
        raise Untold(f"nvidia-smi did not answer within {_GPU_SECONDS:g} s") from None
    except OSError as error:
        raise Untold(error.strerror or str(error)) from error
    if done.returncode:
        told = (done.stdout + done.stderr).strip().splitlines()
        raise Untold(told[0][:200] if told else f"nvidia-smi ended with {done.returncode}")
    return tuple(_gpu(row) for row in csv.reader(done.stdout.splitlines()) if len(row) == 3)


def _gpu(row: Sequence[str]) -> Gpu:
    name, driver, memory = (cell.strip() for cell in row)
    return Gpu(name, driver, int(memory) * _MIB if memory.isdecimal() else 0)  # some cards have "[N/A]"
