"""Writes safetensors files, in the format of huggingface/safetensors.

8 bytes         length of the header, little-endian
header          JSON: per tensor `dtype`, `shape` and `data_offsets` (from the end of the header); `__metadata__`
                holds words; filled up with spaces so that the data begins at a multiple of 8
data            the tensors one after another, without gaps

No more than 1 MiB of a file is ever held in memory.
"""

import json
import random
import struct
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Literal

Kind = Literal["I8", "F16", "F32"]
Tensors = Mapping[str, tuple[Kind, tuple[int, ...]]]
"""Data type and shape of each tensor, in the order in which their data lies in the file."""

_WIDTHS: Mapping[Kind, int] = {"I8": 1, "F16": 2, "F32": 4}
_CHUNK = 1 << 20


def size_of(tensors: Tensors) -> int:
    """Bytes of data that tensors take."""
    return sum(_size(kind, shape) for kind, shape in tensors.values())


def write(path: Path, tensors: Tensors, seed: int) -> None:
    """Write a file with pseudo-random data that follows from the seed alone. Raises OSError."""
    numbers = random.Random(seed)
    with path.open("wb") as file:
        file.write(_header(tensors))
        left = size_of(tensors)
        while left:
            count = min(left, _CHUNK)
            file.write(numbers.randbytes(count))
            left -= count


def _header(tensors: Tensors) -> bytes:
    entries: dict[str, object] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, (kind, shape) in tensors.items():
        begin, end = end, end + _size(kind, shape)
        entries[name] = {"dtype": kind, "shape": shape, "data_offsets": (begin, end)}
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text


def _size(kind: Kind, shape: tuple[int, ...]) -> int:
    return _WIDTHS[kind] * prod(shape)
