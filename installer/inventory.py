"""What the bundle is made of: licences for the person who has it, a CycloneDX bill of materials for machines."""

import json
import re
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "installer"
PYTHON_VERSION, PYINSTALLER = "3.11.9", "pyinstaller"
QT_NOTICE = """\
Qt and PySide6 (Qt for Python)

This program uses Qt {version} and PySide6 {version}, (C) The Qt Company Ltd. and other contributors, under the GNU
Lesser General Public License version 3 (LGPL-3.0.txt, which adds to GPL-3.0.txt). They are not changed.

Where the sources are
    Qt        https://download.qt.io/archive/qt/ (submodules qtbase, qtsvg, qttranslations of {version})
    PySide6   https://download.qt.io/official_releases/QtForPython/pyside6/ (PySide6-{version}-src)
They are also in https://code.qt.io. Ask the project if they can't be reached there any more.

How to use a Qt of your own
    Qt is linked dynamically: Qt6Core.dll, Qt6Gui.dll, Qt6Network.dll, Qt6Svg.dll, Qt6Widgets.dll, the plugins below
    plugins and the PySide6 modules (*.pyd, pyside6.abi3.dll, ..\\shiboken6) lie as files of their own in
    _internal\\PySide6 beside ModelPreload.exe. End the program, put your own build of the same version and interface
    in their place, start it. Nothing checks them. Reverse engineering to debug such changes is permitted.
"""


def write_licences(folder: Path, packages: dict[str, str], site_packages: Path) -> None:
    """One file for each part; afresh each time.

    Raises:
        FileNotFoundError: a package that gets into the bundle has no licence text.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copyfile(ROOT / "LICENSE", folder / "Model-Preload.txt")
    for text in sorted((HERE / "licences").glob("*.txt")):
        shutil.copyfile(text, folder / text.name)
    for found in sorted(site_packages.glob("*.dist-info")):
        name = normal(found.name.partition("-")[0])
        if name not in packages and name != PYINSTALLER:  # its loader starts our programs
            continue
        if name in {"pyside6-essentials", "shiboken6"}:
            continue  # their wheel has the commercial text alone; ours is the LGPL
        named = re.compile(r"LICEN[CS]E|COPYING", re.IGNORECASE)
        texts = [path for path in sorted(found.rglob("*")) if path.is_file() and named.search(path.name)]
        if not texts:
            raise FileNotFoundError(f"{found.name} has no licence text")
        words = "\n\n".join(text.read_text(encoding="utf-8", errors="replace") for text in texts)
        (folder / f"{name}.txt").write_text(words, encoding="utf-8")
    notice = QT_NOTICE.format(version=version_of(packages["pyside6-essentials"]))
    (folder / "Qt-and-PySide6.txt").write_text(notice, encoding="utf-8")


def bill_of_materials(version: str, packages: dict[str, str]) -> str:
    """CycloneDX 1.5: the packages of the lock with their hashes, and Python."""
    parts = [component("python", PYTHON_VERSION, "pkg:generic/python@" + PYTHON_VERSION, [])]
    for name, block in packages.items():
        if applies(block):
            number = version_of(block)
            hashes = re.findall(r"--hash=sha256:([0-9a-f]{64})", block)
            parts.append(component(name, number, f"pkg:pypi/{name}@{number}", hashes if len(hashes) == 1 else []))
    own = component("model-preload", version, f"pkg:pypi/model-preload@{version}", [])
    own["type"] = "application"
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": own},
        "components": parts,
    }
    return json.dumps(document, indent=2) + "\n"


def component(name: str, version: str, purl: str, hashes: list[str]) -> dict[str, object]:
    """One part, as CycloneDX writes it."""
    entry: dict[str, object] = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
    if hashes:
        entry["hashes"] = [{"alg": "SHA-256", "content": digest} for digest in hashes]
    return entry


def applies(block: str) -> bool:
    """Whether a block of the lock is for Windows and CPython 3.11."""
    from packaging.markers import Marker

    marker = re.match(r"[^;\\\n]+;([^\\\n]+)", block)
    windows = {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt", "platform_machine": "AMD64"}
    python = {"python_version": "3.11", "python_full_version": PYTHON_VERSION}
    return marker is None or Marker(marker[1].strip()).evaluate({**windows, **python})


def version_of(block: str) -> str:
    """The version that a block of the lock pins."""
    return re.split(r"[ ;\\\n]", block.partition("==")[2], maxsplit=1)[0]


def normal(name: str) -> str:
    """A distribution's name as the lock writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()
