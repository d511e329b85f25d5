"""What a Windows library tells about itself, on any system."""

import struct
from pathlib import Path


def file_version(library: Path) -> tuple[int, ...]:
    """The four numbers in its resource; empty without one."""
    content = library.read_bytes()
    start = content.find(b"\xbd\x04\xef\xfe\x00\x00\x01\x00")  # VS_FIXEDFILEINFO
    if start < 0:
        return ()
    high, low = struct.unpack_from("<II", content, start + 8)
    return high >> 16, high & 0xFFFF, low >> 16, low & 0xFFFF
