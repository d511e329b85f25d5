"""Disks of another kind than the machine's."""

from collections.abc import Callable
from pathlib import Path

from model_preload.core.files import Disk
from model_preload.core.values import Published


class Copying(Disk):
    """A drive without hard links; `spoil` is done to each copy."""

    def __init__(self, spoil: Callable[[Path], object] = lambda _: None) -> None:
        self._spoil = spoil

    def link(self, source: Path, target: Path) -> Published | None:
        return None

    def copy(self, source: Path, part: Path, on_bytes: Callable[[memoryview], None]) -> None:
        super().copy(source, part, on_bytes)
        self._spoil(part)
