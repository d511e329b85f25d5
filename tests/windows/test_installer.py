"""The life of the installed program, in this order: each test goes on where the one before it ended."""

import hashlib
import json
import re
import time
from pathlib import Path

import pytest
from windows.conftest import ROOT, Machine, until

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),  # what still runs keeps its pipe
]
UNINSTALL = r"Software\Microsoft\Windows\CurrentVersion\Uninstall\ModelPreload"
RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"
SHORTCUT = "Microsoft/Windows/Start Menu/Programs/Model Preload.lnk"
TRAY = ("--name", "Wine System Tray")  # class names were not found by xdotool here


def is_running(machine: Machine, program: str) -> bool:
    """Whether a Windows program of this machine lives: Wine's processes are this machine's too."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes()
            environ = (process / "environ").read_bytes()
        except OSError:
            continue
        mine = f"WINEPREFIX={machine.prefix}\0".encode() in environ
        if mine and line.split(b"\0")[0].replace(b"\\", b"/").endswith(f"/{program}".encode()):
            return True
    return False


def test_checksums_are_those_of_the_files() -> None:
    for line in (ROOT / "dist/SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((ROOT / "dist" / name).read_bytes()).hexdigest() == digest


def test_silent_install_brings_what_it_promises(machine: Machine) -> None:
    code, told = machine.run(machine.setup, "/S", "/AUTOSTART=1", "/LANG=zh-CN")
    assert code == 0, told
    for name in ("ModelPreload.exe", "model-preload.exe", "uninstall.exe", "licences/LGPL-3.0.txt"):
        assert (machine.program / name).exists()
    assert (machine.roaming / SHORTCUT).exists()
    assert machine.registry(UNINSTALL, "DisplayName") == "Model Preload"
    assert "test build" in (machine.registry(UNINSTALL, "DisplayVersion") or "")
    quiet = machine.registry(UNINSTALL, "QuietUninstallString") or ""
    assert re.fullmatch(r'"C:\\.*\\Model Preload\\uninstall\.exe" /S', quiet)
    assert int(machine.registry(UNINSTALL, "EstimatedSize") or "0", 16) > 50_000
    assert re.fullmatch(r'"C:\\.*\\ModelPreload\.exe" --tray', machine.registry(RUN, "Model Preload") or "")
    assert not list(machine.local.parents[1].glob("Desktop/*.lnk"))


def test_demo_preloads_every_model(machine: Machine) -> None:
    code, told = machine.run(machine.program / "model-preload.exe", "demo", "--json")
    assert code == 0, told
    models = json.loads(told[told.index("{") :])["models"]
    assert len(models) == 3
    assert all(model["ready"] for model in models.values())


def test_command_speaks_chinese_through_a_pipe(machine: Machine) -> None:
    _, told = machine.run(machine.program / "model-preload.exe", "status", "--lang", "zh_CN")
    assert "缺失" in told


def test_tray_icon_and_window_show(machine: Machine) -> None:
    machine.start(machine.program / "ModelPreload.exe", "--tray")
    until(lambda: machine.windows(*TRAY), 60, "a tray icon")
    code, told = machine.run(machine.program / "ModelPreload.exe", seconds=60)  # a second start shows the first's
    assert code == 0, told
    time.sleep(4)
    machine.picture("window")
    assert is_running(machine, "ModelPreload.exe")


def test_upgrade_ends_the_running_program_and_starts_it_again(machine: Machine) -> None:
    left = machine.program / "notes.txt"
    left.write_text("the user's own")
    (machine.program / "_internal/base_library.zip").write_bytes(b"of an older version")
    code, told = machine.run(machine.setup, "/S")
    assert code == 0, told
    assert (machine.program / "_internal/base_library.zip").stat().st_size > 100_000
    assert left.exists()
    assert machine.registry(RUN, "Model Preload")
    until(lambda: is_running(machine, "ModelPreload.exe") and machine.windows(*TRAY), 60, "the tray program again")
    machine.picture("after-upgrade")
    left.unlink()


def test_upgrade_ends_a_command_at_work(machine: Machine) -> None:
    work = machine.start(machine.program / "model-preload.exe", "demo", "--json")
    until(lambda: is_running(machine, "model-preload.exe"), 30, "the command")
    time.sleep(3)
    code, told = machine.run(machine.setup, "/S")
    assert code == 0, told
    assert work.wait(10) == 130


def test_downgrade_is_refused_unless_meant(machine: Machine) -> None:
    machine.run("reg", "add", r"HKCU\Software\ModelPreload", "/v", "Version", "/d", "99.0.0.0", "/f")
    assert machine.run(machine.setup, "/S")[0] == 4
    assert machine.run(machine.setup, "/S", "/DOWNGRADE=1")[0] == 0


def test_uninstall_leaves_settings_and_nothing_else(machine: Machine) -> None:
    state = machine.local / "ModelPreload"
    assert (state / "journal.sqlite3").exists()
    code, told = machine.run(machine.program / "uninstall.exe", "/S")
    assert code == 0, told
    until(lambda: not machine.program.exists(), 60, "the folder is gone")
    until(lambda: machine.registry(UNINSTALL, "DisplayName") is None, 30, "the entry is gone")
    assert not is_running(machine, "ModelPreload.exe")
    assert machine.registry(RUN, "Model Preload") is None
    assert not (machine.roaming / SHORTCUT).exists()
    assert (state / "journal.sqlite3").exists()


def test_long_chinese_folder_and_settings_removed_on_demand(machine: Machine) -> None:
    folder = machine.prefix / "drive_c" / "模型 预加载"
    code, told = machine.run(machine.setup, "/S", "/D=C:\\模型 预加载")
    assert code == 0, told
    assert machine.run(folder / "model-preload.exe", "--version")[1].startswith("model-preload ")
    models = machine.prefix / "drive_c" / "models"
    models.mkdir()
    (models / "weights.bin").write_bytes(b"mine")
    assert machine.run(folder / "uninstall.exe", "/S", "/SETTINGS=1")[0] == 0
    until(lambda: not folder.exists(), 60, "the folder is gone")
    until(lambda: not (machine.local / "ModelPreload").exists(), 30, "the settings are gone")
    assert (models / "weights.bin").exists()
