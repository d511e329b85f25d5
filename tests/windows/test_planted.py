"""DLLs and programs that lie beside Setup.exe, where browsers put what they fetch, stay unloaded.

Wine takes its own DLLs before any other of these names, unless told otherwise for a program: for Setup.exe it is, so
that the order of folders decides as on Windows.
"""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from installer import wine

from windows.machines import ROOT, WineMachine, until

pytestmark = pytest.mark.timeout(200)
SOURCE = Path(__file__).with_name("planted.c")
LIBRARIES = (
    *("apphelp", "cabinet", "clbcatq", "comctl32", "cryptbase", "cscapi", "dbghelp", "dwmapi", "edgegdi", "iphlpapi"),
    *("linkinfo", "mpr", "msi", "msimg32", "netapi32", "ntmarta", "ntshrui", "oleacc", "profapi", "propsys"),
    *("riched20", "riched32", "secur32", "setupapi", "shfolder", "shlwapi", "srvcli", "sspicli", "textshaping"),
    *("userenv", "uxtheme", "version", "winhttp", "wininet", "winmm", "wintrust", "wldp"),
)
PROGRAMS = ("cmd", "reg", "regedit", "taskkill", "ModelPreload", "model-preload", "uninstall")
KEY = r"HKEY_CURRENT_USER\Software\Wine\AppDefaults\Setup.exe\DllOverrides"


class Downloads:
    """The folder with a Setup.exe and what was planted around it."""

    def __init__(self, wine_machine: WineMachine) -> None:
        self.folder = wine_machine.root / "Downloads"
        self.setup = self.folder / "Setup.exe"
        self._machine = wine_machine

    def put(self, program: Path) -> None:
        """Make that program the one that lies there as Setup.exe."""
        shutil.copyfile(program, self.setup)

    def take_those_beside(self, libraries: set[str]) -> None:
        """Of these names Setup.exe gets the first by the order of folders; of the others Wine's own."""
        lines = ["Windows Registry Editor Version 5.00", "", f"[-{KEY}]", "", f"[{KEY}]"]
        lines += [f'"{name}"="native,builtin"' for name in sorted(libraries)]
        settings = self.folder / "overrides.reg"
        settings.write_text("\n".join([*lines, ""]), encoding="utf-16")
        assert self._machine.run("regedit", "/S", wine.windows_path(settings))[0] == 0

    def run(self, *words: str) -> int:
        return self._machine.run(self.setup, *words, seconds=150, folder=self.folder)[0]

    def loaded(self) -> set[str]:
        """What got in since this was asked last."""
        found = set()
        for mark in self.folder.glob("*.loaded"):
            found.add(mark.name.lower().removesuffix(".loaded").rpartition(".")[0])
            mark.unlink()
        return found


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every part of planted.c."""
    folder = tmp_path_factory.mktemp("planted")
    resource = folder / "manifest.o"
    script = f'1 24 "{ROOT / "installer/manifest.xml"}"\n'
    words = ["x86_64-w64-mingw32-windres", "-O", "coff", "-o", str(resource)]
    subprocess.run(words, input=script, text=True, check=True, timeout=60)
    compile_part("LIBRARY", folder / "library.dll", "-shared")
    compile_part("PROGRAM", folder / "program.exe", "-municode")
    compile_part("CARELESS", folder / "careless.exe", "-municode")
    libraries = [f"-l{name}" for name in ("comctl32", "ole32", "gdi32")]
    compile_part("NOTHING", folder / "nothing.exe", "-mwindows", str(resource), *libraries)
    return folder


def compile_part(part: str, target: Path, *flags: str) -> None:
    words = [wine.COMPILER, "-O1", f"-D{part}", "-o", str(target), str(SOURCE), *flags]
    subprocess.run(words, check=True, timeout=60)


@pytest.fixture(scope="module")
def downloads(wine_machine: WineMachine, built: Path) -> Iterator[Downloads]:
    there = Downloads(wine_machine)
    there.folder.mkdir()
    for name in LIBRARIES:
        shutil.copyfile(built / "library.dll", there.folder / f"{name}.dll")
    for name in PROGRAMS:
        shutil.copyfile(built / "program.exe", there.folder / f"{name}.exe")
    yield there
    there.take_those_beside(set())


@pytest.fixture(scope="module")
def to_be_kept_out(wine_machine: WineMachine, downloads: Downloads, built: Path) -> set[str]:
    """All that a program could keep out: not what Wine loads before the first line of any."""
    assert imports(wine_machine.setup) <= imports(built / "nothing.exe")
    names = set(LIBRARIES)
    while True:
        downloads.put(built / "nothing.exe")
        downloads.take_those_beside(names)
        downloads.run()
        if not (before := downloads.loaded()):
            return names
        names -= before


def imports(program: Path) -> set[str]:
    words = ["x86_64-w64-mingw32-objdump", "-p", str(program)]
    told = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout
    return {name.lower() for name in re.findall(r"DLL Name: (\S+)", told)}


def test_a_careless_program_lets_all_of_them_in(downloads: Downloads, built: Path) -> None:
    downloads.put(built / "careless.exe")
    downloads.take_those_beside(set(LIBRARIES))
    assert downloads.run(*(f"{name}.dll" for name in LIBRARIES)) == 0
    assert downloads.loaded() == set(LIBRARIES)


def test_setup_lets_none_of_them_in(wine_machine: WineMachine, downloads: Downloads, to_be_kept_out: set[str]) -> None:
    assert len(to_be_kept_out) > 30
    downloads.put(wine_machine.setup)
    downloads.take_those_beside(to_be_kept_out)
    for _ in ("the first", "an upgrade, which runs the uninstaller"):
        assert downloads.run("/S") == 0
        assert downloads.loaded() == set()


def test_the_wizard_lets_none_of_them_in(
    wine_machine: WineMachine, downloads: Downloads, to_be_kept_out: set[str]
) -> None:
    downloads.put(wine_machine.setup)
    downloads.take_those_beside(to_be_kept_out)
    title = "Model Preload .* Setup"
    wizard = wine_machine.start(downloads.setup, "/LANG=en")
    until(lambda: wine_machine.windows(title), 30, "the wizard")
    for page in ("welcome", "licence", "folder"):
        until(lambda: wine_machine.picture("planted") == wine_machine.picture("planted"), 20, f"{page} is drawn")
        if page != "folder":
            wine_machine.press(title, "Return")
    for process in wine_machine.processes("Setup.exe"):
        os.kill(process, signal.SIGKILL)
    wizard.wait(20)
    assert downloads.loaded() == set()
