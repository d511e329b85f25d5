#!/usr/bin/env python3
"""Model Preload from a checkout: one file that sets everything up and runs it. Python 3.11 is all it needs.

    python3 dev.py demo          preload three small models from a hub inside the program
    python3 dev.py test          the tests; --wheel, --without-qt: in a fresh environment; --engines, --installer
    python3 dev.py lint          ruff, mypy, the import contracts and the workflows
    python3 dev.py run status    the program itself, with its own arguments
    python3 dev.py bench NAME    one of tests/benchmarks, or all
    python3 dev.py reliability   every fault of docs/reliability.md, whose figures it rewrites; NAME: only those
    python3 dev.py screenshots   every window in every language, theme and scale into build/screenshots, or NAME
    python3 dev.py lock          resolve requirements.lock again
    python3 dev.py wheel         build the wheel into dist/
    python3 dev.py package       build the Windows installer into dist/, on Windows or, as a test build, on Debian

Further arguments are passed on: `python3 dev.py test -k house`. On Windows say `py` for `python3`.
Everything goes into `.venv` and `.uv` beside this file; a second call finds it done.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent
LOCK = ROOT / "requirements.lock"
WINDOWS = sys.platform == "win32"
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}
SPREAD = ["-n", str((os.cpu_count() or 1) + 1), "--dist", "loadfile"]
"""For pytest: whole suites, which wait more than they compute, in one process more than there are processors."""
PROGRAMS = {
    "test": {
        "microsocks": "microsocks",
        "openssl": "openssl",
        "tinyproxy": "tinyproxy-bin",
        "Xvfb": "xvfb",
        "openbox": "openbox",
        "trayer": "trayer",
        "xdotool": "xdotool",
    },
    "package": {
        "wine": "wine wine64 fonts-wine fonts-noto-cjk",
        "makensis": "nsis",
        "x86_64-w64-mingw32-gcc": "gcc-mingw-w64-x86-64",
        "xvfb-run": "xvfb xauth",
        "xdotool": "xdotool",
        "import": "imagemagick",
        "osslsigncode": "osslsigncode",
    },
    "bench": {"aria2c": "aria2", "curl": "curl", "openssl": "openssl"},
}
"""What tests and benchmarks run beside us, and the Debian packages of each; what is missing is left out and told."""
GROUPS = ("test", "gui-test", "lint", "build", "bench")


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code; 2 is wrong usage, 3 a machine that lacks something."""
    if sys.version_info < (3, 11):  # noqa: UP036 - it is what a person with an older one sees
        sys.exit("Model Preload needs Python 3.11 or newer; this is {}.{}.".format(*sys.version_info))
    commands = {
        "demo": demo,
        "test": test,
        "lint": lint,
        "run": run,
        "bench": bench,
        "reliability": reliability,
        "screenshots": screenshots,
        "lock": lock,
        "wheel": wheel,
        "package": package,
    }
    name, *rest = arguments or ["help"]
    if name not in commands:
        print(__doc__)
        return 0 if name in {"help", "-h", "--help"} else 2
    try:
        return commands[name](rest[1:] if rest[:1] == ["--"] else rest)
    except subprocess.CalledProcessError as failure:
        print(f"dev.py: {Path(failure.cmd[0]).name} failed with exit code {failure.returncode}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        return 130


def demo(arguments: list[str]) -> int:
    """The program's own demo."""
    return run(["demo", *arguments])


def run(arguments: list[str]) -> int:
    """The program as `model-preload` would run."""
    return call(environment(), "-m", "model_preload", *arguments)


def test(arguments: list[str]) -> int:
    """The tests, against the checkout or against what a user would install.

    `--wheel`: the built wheel with its extras, in an environment that knows nothing of the checkout.
    `--without-qt`: the wheel with its plain dependencies, so PySide6 isn't there; the tests of the core.
    `--engines`: the engines' own packages find what we bring; they are installed below `.engines/`, once.
    `--installer`: Setup.exe is built and its whole life played, natively or under Wine, where the tests marked
    `windows` run too.
    """
    system_programs("test")
    if "--wheel" in arguments:
        return test_wheel("[gui,api]", ["test", "gui-test"], [*SPREAD, *(a for a in arguments if a != "--wheel")])
    if "--without-qt" in arguments:
        return test_wheel("", ["test"], [*SPREAD, "tests/core", *(a for a in arguments if a != "--without-qt")])
    if "--engines" in arguments:
        arguments = ["tests/engines", *(a for a in arguments if a != "--engines")]
    if "--installer" in arguments:
        if code := package(["--tests"]):
            return code
        arguments = ["tests/windows", "-p", "no:randomly", *(a for a in arguments if a != "--installer")]
    return call(environment(), "-P", "-m", "pytest", *(arguments or SPREAD))


def lint(arguments: list[str]) -> int:
    """Every check, also after one has failed; arguments go to `ruff check`, such as `--fix`."""
    python = environment()
    workflows = [str(path) for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))]
    return max(
        call(python, "-m", "ruff", "check", *arguments),
        call(python, "-m", "ruff", "format", "--check"),
        call(python, "-m", "mypy"),
        call(python, "-c", "from importlinter.cli import lint_imports_command as check; check(['--no-logo'])"),
        call(python, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows),
        call(python.with_name("zizmor"), "--offline", "--no-progress", *workflows),
    )


def bench(arguments: list[str]) -> int:
    """All benchmarks, or the one named first with its own arguments; each is a program of its own."""
    system_programs("bench")
    folder = ROOT / "tests" / "benchmarks"
    names = arguments[:1] or sorted(script.stem for script in folder.glob("[!_]*.py"))
    python = environment()
    return max((call(python, str(folder / f"{name}.py"), *arguments[1:]) for name in names), default=0)


def reliability(arguments: list[str]) -> int:
    """Play the faults and rewrite the document's table; with names only those cases that begin so."""
    start = "import sys; sys.path.insert(0, 'tests'); from reliability.report import main; sys.exit(main(sys.argv[1:]))"
    return call(environment(), "-P", "-c", start, *arguments)


def screenshots(arguments: list[str]) -> int:
    """Draw the windows of tests/ui/gallery.py, or those named, into `build/screenshots`."""
    start = "import sys; sys.path.insert(0, 'tests'); from helpers.screens import main; sys.exit(main(sys.argv[1:]))"
    return call(environment(), "-P", "-c", start, str(ROOT / "build" / "screenshots"), *arguments)


def lock(arguments: list[str]) -> int:
    """Resolve for every platform, with hashes and without naming an index; `--upgrade` takes newer versions."""
    groups = [word for group in GROUPS for word in ("--group", group)]
    options = ["--universal", "--generate-hashes", "--all-extras", "--python-version", "3.11"]
    quiet = ["--quiet", "--no-header", "--no-emit-index-url", "--no-emit-find-links"]
    uv("pip", "compile", *options, *groups, *quiet, "--output-file", LOCK.name, *arguments, "pyproject.toml")
    return 0


def wheel(arguments: list[str]) -> int:
    """Build the wheel into `dist/` or the folder named."""
    build_wheel(ROOT / (arguments[0] if arguments else "dist"))
    return 0


def package(arguments: list[str]) -> int:
    """Build what is not up to date; arguments are those of installer/build.py."""
    if not WINDOWS:
        system_programs("package")
    return call(environment(), "-m", "installer.build", *arguments)


def test_wheel(extras: str, groups: list[str], arguments: list[str]) -> int:
    """Run pytest in a new environment that has the wheel and, by its own metadata, what it needs."""
    with tempfile.TemporaryDirectory(prefix="model-preload-", ignore_cleanup_errors=True) as folder:
        built = build_wheel(Path(folder))
        fresh = Path(folder) / "venv"
        uv("venv", "--quiet", "--python", interpreter(), fresh)
        wanted = [f"{built}{extras}", *(word for group in groups for word in ("--group", group))]
        uv("pip", "install", "--quiet", "--python", python_of(fresh), "--constraint", LOCK, *wanted)
        return call(python_of(fresh), "-P", "-m", "pytest", *arguments)


def build_wheel(folder: Path) -> Path:
    """Build the wheel with the locked tools, offline, and return its path."""
    python = environment()
    uv("build", "--quiet", "--wheel", "--no-build-isolation", "--offline", "--python", python, "--out-dir", folder)
    return max(folder.glob("*.whl"), key=lambda path: path.stat().st_mtime_ns)


def environment() -> Path:
    """Bring `.venv` to the state of the lock, the checkout installed in it; return its Python."""
    venv = ROOT / ".venv"
    python, stamp = python_of(venv), venv / "stamp"
    sources = [LOCK, ROOT / "pyproject.toml", ROOT / "hatch_build.py", ROOT / "desktop/model_preload/__init__.py"]
    digest = hashlib.sha256(f"{ROOT} {sys.version}".encode())
    for source in (*sources, *sorted(ROOT.glob("resources/i18n/**/*.po"))):
        digest.update(source.read_bytes())
    if stamp.exists() and python.exists() and stamp.read_text() == digest.hexdigest():
        return python
    system_packages()
    if not python.exists() or version_of(python) != sys.version_info[:2]:
        uv("venv", "--quiet", "--clear", "--python", interpreter(), venv)
    uv("pip", "sync", "--quiet", "--compile-bytecode", "--python", python, "--require-hashes", LOCK)
    uv("pip", "install", "--quiet", "--python", python, "--no-deps", "--no-build-isolation", "--editable", ROOT)
    stamp.write_text(digest.hexdigest())
    return python


def uv(*arguments: str | Path) -> None:
    """Run uv: the one on the PATH, or the locked one in an environment of its own.

    Raises:
        subprocess.CalledProcessError: it failed, and has said why.
    """
    own = ROOT / ".uv"
    found = shutil.which("uv") or shutil.which("uv", path=str(python_of(own).parent))
    if found is None:
        if importlib.util.find_spec("ensurepip") is None:
            system_packages()
        subprocess.run([interpreter(), "-m", "venv", "--clear", str(own)], check=True)
        pinned = own / "requirements.txt"
        pinned.write_text("uv==" + LOCK.read_text().split("\nuv==")[1].split("    #")[0])
        pip = [str(python_of(own)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "--requirement", str(pinned)], check=True)
        found = str(python_of(own).with_name("uv"))
    subprocess.run([found, *arguments], cwd=ROOT, env=clean_environ(), check=True)


def system_packages() -> None:
    """On Debian and Ubuntu, install what Python packages can't bring; elsewhere nothing.

    Exits with 3 if even a virtual environment can't be made. Missing libraries of Qt are only told: everything
    but the windows works without them.
    """
    if WINDOWS:
        return
    no_venv = importlib.util.find_spec("ensurepip") is None
    missing = ["python3-venv"] * no_venv + [package for name, package in QT_LIBRARIES.items() if not loads(name)]
    if missing and not apt_get(missing) and no_venv and not shutil.which("uv"):
        sys.exit(3)


def system_programs(command: str) -> None:
    """The programs of `PROGRAMS` that are not here, in the same way; never more than told."""
    missing = [p for name, packages in PROGRAMS[command].items() if not shutil.which(name) for p in packages.split()]
    if missing:
        apt_get(missing)


def apt_get(packages: list[str]) -> bool:
    """Install them as root or by a sudo that asks nothing; else, or if that fails, say what to type.

    Returns whether they are there now; on other systems they never come this way.
    """
    if sys.platform == "win32" or not shutil.which("apt-get"):
        return False
    is_root = os.geteuid() == 0
    may_install = is_root or (bool(shutil.which("sudo")) and succeeds("sudo", "-n", "true"))
    apt = [*([] if is_root else ["sudo", "-n"]), "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    install = ("install", "-y", "--no-install-recommends", *packages)
    print(f"Installing {', '.join(packages)}" if may_install else "Some system packages are missing.", flush=True)
    if may_install and succeeds(*apt, "update") and succeeds(*apt, *install):
        return True
    print(f"Please type:  sudo apt-get update && sudo apt-get {' '.join(install)}", file=sys.stderr)
    return False


def call(python: Path, *arguments: str) -> int:
    """Run Python, or a program beside it, in the checkout and return its exit code."""
    environ = clean_environ()
    if not WINDOWS and not environ.keys() & {"DISPLAY", "WAYLAND_DISPLAY"}:
        environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    return subprocess.run([python, *arguments], cwd=ROOT, env=environ, check=False).returncode


def loads(library: str) -> bool:
    """Whether the dynamic linker finds a library, whatever package brought it."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def succeeds(*command: str) -> bool:
    """Whether a program ends well; what it prints is shown only through stderr."""
    return subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == 0


def clean_environ() -> dict[str, str]:
    """The caller's environment without what would bring other Pythons' packages in."""
    foreign = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    return {name: value for name, value in os.environ.items() if name not in foreign}


def interpreter() -> str:
    """The Python behind this one, also when dev.py runs inside a virtual environment."""
    return str(getattr(sys, "_base_executable", sys.executable))


def python_of(venv: Path) -> Path:
    """Where a virtual environment keeps its Python."""
    return venv / ("Scripts/python.exe" if WINDOWS else "bin/python")


def version_of(python: Path) -> tuple[int, ...]:
    """Major and minor version; empty if it doesn't run any more."""
    ask = [str(python), "-c", "import sys; print(*sys.version_info[:2])"]
    return tuple(map(int, subprocess.run(ask, capture_output=True, check=False).stdout.split()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
