"""What lies in the bundle and in Setup.exe and is no package of the lock: names, licences, versions as far as told."""

import json
import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

from installer.dlls import file_version


class Facts(NamedTuple):
    """What facts.py and the compiler of Setup.exe say.

    Attributes:
        markers: environment markers of the Python that builds.
        versions: by a part's name; what can't be told has none.
    """

    markers: dict[str, str]
    versions: dict[str, str]


class Part(NamedTuple):
    """A part.

    Attributes:
        licence: an SPDX expression, or other words if SPDX has none.
        files: what it is or is linked into, as patterns of paths in the bundle in small letters; without any it is in
            Setup.exe and uninstall.exe.
        product: vendor and product, as lists of known weaknesses (CPE) call it.
        text: its file below installer/licences; empty if the package's own is taken.
        inner: parts that it has brought into its files.
    """

    name: str
    licence: str
    files: tuple[str, ...] = ()
    product: str = ""
    text: str = ""
    inner: tuple["Part", ...] = ()


PYTHON_FILES = tuple(
    f"_internal/{name}" for name in ("python3*.dll", "_*.pyd", "pyexpat.pyd", "select.pyd", "unicodedata.pyd")
)
RUNTIME_FILES = ("*/concrt140*.dll", "*/msvcp140*.dll", "*/vcruntime140*.dll")
QT_FILES = ("*/pyside6/qt6*.dll", "*/pyside6/plugins/*.dll")
PUBLIC = "CC0-1.0"
QT_TEXT = "Qt-third-parties.txt"
QT_INNER = (  # by Qt's own files qt_attribution.json, for the five libraries and the plugins that are in the bundle
    Part("Adobe Glyph List For New Fonts", "BSD-3-Clause"),
    Part("Apache Tika MimeType Definitions", "Apache-2.0"),
    Part("BLAKE2", "CC0-1.0 OR Apache-2.0"),
    Part("D3D12 Memory Allocator", "MIT"),
    Part("double-conversion", "BSD-3-Clause"),
    Part("Easing Equations by Robert Penner", "BSD-3-Clause"),
    Part("Emoji Segmenter", "Apache-2.0"),
    Part("FreeType", "FTL OR GPL-2.0-only", product="freetype:freetype"),
    Part("HarfBuzz", "MIT", product="harfbuzz_project:harfbuzz"),
    Part("Keccak", PUBLIC),
    Part("libpng", "libpng-2.0", product="libpng:libpng"),
    Part("libpsl", "BSD-3-Clause"),
    Part("MD4", PUBLIC),
    Part("MD4C", "MIT"),
    Part("MD5", PUBLIC),
    Part("PCRE2", "BSD-3-Clause", product="pcre:pcre2"),
    Part("Public Suffix List", "MPL-2.0"),
    Part("RFC 6234", "BSD-3-Clause"),
    Part("SHA-1", PUBLIC),
    Part("SHA-3 brg_endian", "BSD-2-Clause"),
    Part("SipHash", PUBLIC),
    Part("Smooth Scaling Algorithm", "BSD-2-Clause AND Imlib2"),
    Part("sRGB color profile", "International Color Consortium License"),
    Part("TinyCBOR", "MIT"),
    Part("Unicode Character Database and CLDR", "Unicode-3.0"),
    Part("Vulkan Memory Allocator", "MIT"),
    Part("Wintab API", "LCS-Telegraphics License"),
    Part("X Server helper", "X11 AND HPND"),
    Part("XSVG", "HPND-sell-variant"),
    Part("zlib", "Zlib", product="zlib:zlib"),
)
TOLD_BY_QT = {  # texts inside the libraries
    "PCRE2": ("qt6core.dll", rb"\0(10\.\d+) 20\d\d-\d\d-\d\d\0"),
    "zlib": ("qt6core.dll", rb"\0(1\.\d+(?:\.\d+)*) \(Qt\)\0"),
    "libpng": ("qt6gui.dll", rb"\0(1\.6\.\d+)\0"),
}
PARTS = (
    Part("python", "PSF-2.0", PYTHON_FILES, "python:python", "Python.txt"),
    Part("openssl", "Apache-2.0", ("*/libcrypto-*.dll", "*/libssl-*.dll"), "openssl:openssl", "OpenSSL.txt"),
    Part("sqlite", "blessing", ("*/sqlite3.dll",), "sqlite:sqlite", "SQLite.txt"),
    Part("libffi", "MIT", ("*/libffi-*.dll",), "libffi_project:libffi", "libffi.txt"),
    Part("expat", "MIT", ("*/pyexpat.pyd",), "libexpat_project:libexpat", "Expat.txt"),
    Part("zlib", "Zlib", ("*/python3*.dll",), "zlib:zlib", "zlib.txt"),
    Part("bzip2", "bzip2-1.0.6", ("*/_bz2.pyd",), "bzip:bzip2", "bzip2.txt"),
    Part("xz", "public domain, 0BSD since 5.6", ("*/_lzma.pyd",), "tukaani:xz", "xz.txt"),
    Part("libmpdec", "BSD-2-Clause", ("*/_decimal.pyd",), "", "libmpdec.txt"),
    Part("zstd", "BSD-3-Clause", ("*/_zstd.pyd",), "facebook:zstandard", "Zstandard.txt"),
    Part("microsoft-visual-cpp-runtime", "Microsoft's terms", RUNTIME_FILES, text="Microsoft-runtime.txt"),
    Part("qt", "LGPL-3.0-only", QT_FILES, "qt:qt", "LGPL-3.0.txt", QT_INNER),
    Part("pyinstaller", "GPL-2.0-or-later WITH Bootloader-exception", ("*.exe",)),
    Part("nsis", "Zlib AND bzip2-1.0.6 AND CPL-1.0 WITH LZMA-exception", text="NSIS.txt"),
)


def present(bundle: Path) -> list[Part]:
    """The parts that this bundle has."""
    paths = [path.relative_to(bundle) for path in bundle.rglob("*") if path.is_file()]
    return [part for part in PARTS if not part.files or any(owns(part, path) for path in paths)]


def owns(part: Part, path: Path) -> bool:
    """Whether a file, by its path in the bundle, is of that part."""
    return any(fnmatch(path.as_posix().lower(), pattern) for pattern in part.files)


def ask(run: Callable[[list[str]], str], python: Path, bundle: Path, others: dict[str, str]) -> Facts:
    """The facts.

    Args:
        run: runs a Windows program in the checkout and returns what it says.
        others: versions that the caller knows.
    """
    said = run([str(python), "installer/facts.py"])
    told = json.loads(said[said.index("{") :])
    versions = {**told["versions"], **dict(_of_files(bundle)), **others}
    return Facts(told["markers"], {name: version for name, version in versions.items() if version})


def _of_files(bundle: Path) -> Iterator[tuple[str, str]]:
    files = {path.name.lower(): path for path in bundle.rglob("*.dll")}
    if runtime := files.get("vcruntime140.dll"):
        yield "microsoft-visual-cpp-runtime", dotted(file_version(runtime))
    if core := files.get("qt6core.dll"):
        yield "qt", dotted(file_version(core)[:3])
    for name, (library, pattern) in TOLD_BY_QT.items():
        if library in files and (found := set(re.findall(pattern, files[library].read_bytes()))) and len(found) == 1:
            yield f"qt/{name}", found.pop().decode()


def dotted(numbers: tuple[int, ...]) -> str:
    """A version as people write it."""
    return ".".join(map(str, numbers))


def texts(found: list[Part]) -> set[str]:
    """Names of the licence texts of these parts, below installer/licences."""
    names = {part.text for part in found if part.text}
    if any(part.inner for part in found):
        names |= {QT_TEXT, "GPL-3.0.txt"}  # the LGPL adds to the GPL
    return names
