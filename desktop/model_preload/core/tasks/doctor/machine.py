"""What only the operating system can tell, as the composition root hands it in (`system.machine`)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from model_preload.core.texts import Text


class Untold(Exception):
    """A fact could not be had; the message says why, in words of the system or of its program."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """One graphics card, memory in bytes."""

    name: str
    driver: str
    memory: int


@dataclass(frozen=True, slots=True)
class System:
    """Attributes: the system's name and version, and its memory in bytes."""

    name: str
    memory: int
    memory_free: int


@dataclass(frozen=True)
class Machine:
    """Facts as callables, since some take their time; each may be called from any thread.

    Attributes:
        temp: the folder for temporary files.
        proxies: by scheme, as the client got them.
        filesystem: the type of file system where a path is, such as `ntfs`, `vfat`; None if the system does not tell.
        long_paths: whether Windows lets every program use long paths; None where there is no such setting.
        system: see `System`.
        gpus: of the NVIDIA driver; None if there is no such driver. Raises Untold.
        token_origin: where the token of a hub comes from; None if there is none. Raises SettingsProblem.
    """

    temp: Path
    proxies: Mapping[str, str]
    filesystem: Callable[[Path], str | None]
    long_paths: Callable[[], bool | None]
    system: Callable[[], System]
    gpus: Callable[[], Sequence[Gpu] | None]
    token_origin: Callable[[str], Text | None]
