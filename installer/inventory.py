"""The licences of what the bundle is made of, for the person who has it."""

import re
import shutil
import sys
from pathlib import Path

from installer import parts
from installer.locked import version_of
from installer.parts import Part

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "installer"
PYTHON = Path(sys.base_prefix) / "LICENSE.txt"
"""Only Python's own installer for Windows brings it: of the version that builds, with what is linked into it."""
PYINSTALLER = "pyinstaller"
QT_NOTICE = """\
Qt and PySide6 (Qt for Python)

Model Preload uses the libraries Qt {version} and PySide6 {version}, with Shiboken6 {version}, (C) The Qt Company Ltd.
and other contributors. They and their use are covered by the GNU Lesser General Public License version 3: the text is
in LGPL-3.0.txt, which adds to GPL-3.0.txt. They are the files of the wheels on PyPI, not changed. What Qt has of others
is listed in Qt-third-parties.txt.

Where the sources are
    Qt        https://download.qt.io/archive/qt/{series}/{version}/submodules/
              qtbase, qtsvg and qttranslations, each -everywhere-src-{version}.tar.xz
    PySide6   https://download.qt.io/official_releases/QtForPython/pyside6/PySide6-{version}-src/
    Shiboken6 pyside-setup-everywhere-src-{version}.tar.xz, which has both
Both are also in https://code.qt.io under the tag v{version}. If neither can be reached, the project gives them: ask it.

How to use a Qt of your own
    Qt is linked dynamically: Qt6Core.dll, Qt6Gui.dll, Qt6Network.dll, Qt6Svg.dll, Qt6Widgets.dll, the plugins below
    plugins and the PySide6 modules (*.pyd, pyside6.abi3.dll, ..\\shiboken6) lie as files of their own in
    _internal\\PySide6 beside ModelPreload.exe. End the program, put your own build of the same version and interface
    in their place, start it. Nothing checks them. You may change these libraries for your own use, and reverse
    engineer the program to debug such changes. The program's own source is open too (Apache License 2.0), so that it
    can be built anew with another Qt.
"""


def write_licences(folder: Path, packages: dict[str, str], site_packages: Path, present: list[Part]) -> None:
    """One file for each part; afresh each time.

    Raises:
        FileNotFoundError: a package or a part that is in the bundle has no licence text.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copyfile(ROOT / "LICENSE", folder / "Model-Preload.txt")
    for name in sorted(parts.texts(present)):
        shutil.copyfile(HERE / "licences" / name, folder / name)
    if PYTHON.exists():
        shutil.copyfile(PYTHON, folder / "Python.txt")
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
    version = version_of(packages["pyside6-essentials"])
    notice = QT_NOTICE.format(version=version, series=version.rpartition(".")[0])
    (folder / "Qt-and-PySide6.txt").write_text(notice, encoding="utf-8")


def normal(name: str) -> str:
    """A distribution's name as the lock writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()
