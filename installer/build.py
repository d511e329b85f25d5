"""`python3 dev.py package`: the folder of the program, its Setup.exe, bill of materials and checksums.

    build/bundle/ModelPreload/                         ModelPreload.exe, model-preload.exe and what they share
    dist/ModelPreload-<version>-Setup.exe              the installer
    dist/ModelPreload-<version>.cdx.json, SHA256SUMS   CycloneDX, and the digests of both

On Windows with its Python and NSIS; elsewhere under Wine, and then version and names say `test build`: such a build
proves the program and is never published. Every program of ours is signed
if MODEL_PRELOAD_SIGN says how, see installer/sign.py.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from installer import bill, inventory, locked, parts, sign, wine

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "installer"
WINDOWS = sys.platform == "win32"
BUNDLE = ROOT / "build/bundle/ModelPreload"
DIST = ROOT / "dist"
PROGRAMS = ("ModelPreload.exe", "model-preload.exe")
MOST_ON_DISK, MOST_TO_FETCH = 90_000_000, 30_000_000
"""Bytes of the folder and of Setup.exe."""


def main(arguments: list[str]) -> int:
    """Build what is not up to date; 1 if the result is larger than promised."""
    parser = argparse.ArgumentParser(prog="dev.py package", description="Build the Windows installer.")
    parser.add_argument("--bundle", action="store_true", help="only the folder, no Setup.exe")
    parser.add_argument("--tests", action="store_true", help="also what tests run by Wine's Python import")
    chosen = parser.parse_args(arguments)
    version = release() + ("" if WINDOWS else " test build")
    packages = locked.for_bundle()
    bundle(version, packages)
    if chosen.tests and not WINDOWS:
        wine.make_tests(list(locked.for_tests().values()))
    present = parts.present(BUNDLE)
    inventory.write_licences(BUNDLE / "licences", packages, site_packages(), present)
    size = report(BUNDLE)
    if chosen.bundle or size > MOST_ON_DISK:
        return int(size > MOST_ON_DISK)
    DIST.mkdir(exist_ok=True)
    name = f"ModelPreload-{version.replace(' ', '-')}"
    setup = DIST / f"{name}-Setup.exe"
    make_setup(setup, version, size)
    materials = DIST / f"{name}.cdx.json"
    others = {"nsis": nsis_version(), "pyinstaller": locked.pinned(HERE / "requirements.lock", "pyinstaller")}
    facts = parts.ask(told, python(), BUNDLE, others)
    words = bill.bill_of_materials(release(), packages, present, facts, site_packages())
    materials.write_text(words, encoding="utf-8", newline="\n")
    lines = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in (setup, materials))
    (DIST / "SHA256SUMS").write_text("".join(lines), encoding="utf-8", newline="\n")
    print(
        f"{setup.stat().st_size / 1e6:8.1f} MB  {setup.relative_to(ROOT)}; "
        f"at most {MOST_TO_FETCH / 1e6:.0f} MB are promised"
    )
    return int(setup.stat().st_size > MOST_TO_FETCH)


def release() -> str:
    """The version in the program's `__init__`."""
    line = (ROOT / "desktop/model_preload/__init__.py").read_text(encoding="utf-8").split("__version__ = ")[1]
    return line.split('"')[1]


def bundle(version: str, packages: dict[str, str]) -> None:
    """Make the folder, unless it was made of the same."""
    digest = digest_of(version, sys.version, sign.command(), *packages.values(), files=sources())
    stamp = BUNDLE.parent / "stamp"
    if stamp.exists() and stamp.read_text() == digest and BUNDLE.exists():
        return
    stamp.unlink(missing_ok=True)
    if WINDOWS:
        make_native_python(packages)
    else:
        wine.make(list(packages.values()))
    print("PyInstaller makes the folder, which takes some minutes", flush=True)
    installed = {
        found.name.split("-")[0].replace("_", "-").replace(".", "-").lower()
        for found in site_packages().glob("*.dist-info")
    }
    environ = {
        "MODEL_PRELOAD_VERSION": version,
        "MODEL_PRELOAD_LIBRARIES": " ".join(name for name in packages if name in installed),
        "PYTHONHASHSEED": "1",
        "SOURCE_DATE_EPOCH": "1600000000",
    }
    paths = ["--distpath", "build/bundle", "--workpath", "build/pyinstaller", "installer/model-preload.spec"]
    level = "WARN" if WINDOWS else "ERROR"  # Wine lacks the names by which Windows calls its own DLLs: 100 warnings
    command = [str(python()), "-m", "PyInstaller", "--noconfirm", "--log-level", level, *paths]
    print(told(command, environ, 1800), end="")
    for program in PROGRAMS:
        sign.sign(BUNDLE / program)
    stamp.write_text(digest)


def make_setup(setup: Path, version: str, size: int) -> None:
    """Compile setup.nsi, unless this very Setup.exe came of the same."""
    numbers = f"{release()}.0"
    listed = ROOT / "build/installer/files.nsh"
    listed.parent.mkdir(parents=True, exist_ok=True)
    listed.write_text(files_script(BUNDLE), encoding="utf-8")
    side = listed.with_name("side.bmp")
    subprocess.run([sys.executable, HERE / "icon.py", "--side", side], check=True)
    inputs = [HERE / "setup.nsi", listed, side, *sorted(p for p in BUNDLE.rglob("*") if p.is_file())]
    command = sign.command()
    digest = digest_of(version, command, files=inputs)
    stamp = listed.with_name("stamp")
    if setup.exists() and stamp.exists() and stamp.read_text() == digest:
        return
    values = {
        "VERSION": version,
        "NUMBERS": numbers,
        "OUTPUT": str(setup),
        "BUNDLE": str(BUNDLE),
        "FILES": str(listed),
        "SIZE": str(size // 1000),
        "SIDE": str(side),
        **({"SIGN": sign.nsis_command()} if command else {}),
    }
    words = [f"-D{name}={value}" for name, value in values.items()]
    subprocess.run([makensis(), "-V2", "-WX", "-INPUTCHARSET", "UTF8", *words, HERE / "setup.nsi"], check=True)
    sign.sign(setup)
    stamp.write_text(digest)


def files_script(folder: Path) -> str:
    """Two macros: bring every file of the folder, and take exactly these away again, never a file that isn't ours.

    DEEPEST is how many characters the longest of their paths has below the folder.
    """
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    folders = sorted({parent for path in files for parent in path.parents} - {Path()})
    bring, take = ["!macro INSTALL_FILES"], ["!macro REMOVE_FILES"]
    for place in [Path(), *folders]:
        bring.append(f'SetOutPath "$INSTDIR\\{backslashed(place)}"' if place.parts else 'SetOutPath "$INSTDIR"')
        bring += [f'File "${{BUNDLE}}{os.sep}{path}"' for path in files if path.parent == place]
    take += [f'Delete "$INSTDIR\\{backslashed(path)}"' for path in files]
    take += [f'RMDir "$INSTDIR\\{backslashed(place)}"' for place in reversed(folders)]
    deepest = max(len(backslashed(path)) for path in files)
    return "\n".join([f"!define DEEPEST {deepest}", *bring, "!macroend", *take, "!macroend", ""])


def backslashed(path: Path) -> str:
    """A path as Windows writes it; NSIS wants a dollar doubled."""
    return path.as_posix().replace("/", "\\").replace("$", "$$")


def makensis() -> str:
    """NSIS's compiler.

    Raises:
        FileNotFoundError: it isn't installed.
    """
    places = [Path(os.environ[name]) / "NSIS" for name in ("ProgramFiles(x86)", "ProgramFiles") if name in os.environ]
    found = shutil.which("makensis") or next((w for p in places if (w := shutil.which("makensis", path=str(p)))), None)
    if found is None:
        raise FileNotFoundError("makensis: install NSIS 3.08 or newer")
    return found


def nsis_version() -> str:
    """That of makensis, without what a distribution adds to it."""
    said = subprocess.run([makensis(), "-VERSION"], capture_output=True, text=True, check=True).stdout
    return said.strip().removeprefix("v").partition("-")[0]


def home() -> Path:
    """The folder of the Python that builds."""
    return ROOT / ".installer/venv" if WINDOWS else wine.PYTHON


def python() -> Path:
    """That Python."""
    return home() / ("Scripts/python.exe" if WINDOWS else "python.exe")


def site_packages() -> Path:
    """Where the bundle's packages lie unpacked."""
    return home() / "Lib/site-packages"


def make_native_python(packages: dict[str, str]) -> None:
    """On Windows: an environment beside Wine's place, with the same locks."""
    lock = home() / "bundle.lock"
    uv = Path(sys.executable).with_name("uv.exe")
    base = getattr(sys, "_base_executable", sys.executable)
    subprocess.run([uv, "venv", "--quiet", "--clear", "--python", base, home()], check=True)
    lock.write_text("".join(packages.values()), encoding="utf-8")
    locks = (HERE / "requirements.lock", lock)
    subprocess.run([uv, "pip", "sync", "--quiet", "--require-hashes", "--python", python(), *locks], check=True)


def told(command: list[str], environ: dict[str, str] | None = None, seconds: float = 120) -> str:
    """Run a Windows program in the checkout, here or under Wine, and return what it says.

    Raises:
        subprocess.CalledProcessError, wine.WineFailed: it failed.
    """
    if not WINDOWS:
        return wine.checked(command, cwd=ROOT, environ=environ, seconds=seconds)
    full = {**os.environ, "PYTHONUTF8": "1", **(environ or {})}
    ran = subprocess.run(
        command, cwd=ROOT, env=full, check=True, timeout=seconds, stdout=subprocess.PIPE, encoding="utf-8"
    )
    return ran.stdout


def sources() -> Iterator[Path]:
    """Every file that a bundle is made of, besides the packages."""
    for name in ("model-preload.spec", "dlls.py", "one_archive.py", "manifest.xml", "requirements.lock", "wine.lock"):
        yield HERE / name
    for folder, ending in (("desktop", ".py"), ("resources", "")):
        yield from sorted(p for p in (ROOT / folder).rglob(f"*{ending}") if p.is_file() and p.suffix != ".pyc")


def digest_of(*words: str, files: Iterable[Path]) -> str:
    """One digest over words, names and contents."""
    digest = hashlib.sha256("\0".join(words).encode())
    for path in files:
        digest.update(f"\0{path.relative_to(ROOT).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def report(folder: Path) -> int:
    """Print the ten biggest files and return the sum in bytes."""
    sizes = sorted(((p.stat().st_size, p) for p in folder.rglob("*") if p.is_file()), reverse=True)
    for size, path in sizes[:10]:
        print(f"{size / 1e6:8.1f} MB  {path.relative_to(folder).as_posix()}")
    total = sum(size for size, _ in sizes)
    print(f"{total / 1e6:8.1f} MB  in {len(sizes)} files; at most {MOST_ON_DISK / 1e6:.0f} MB are promised")
    return total


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
