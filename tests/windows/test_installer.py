"""The life of the installed program, in this order: each test goes on where the one before it ended."""

import hashlib
import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from installer import wine

from model_preload.demo import models
from model_preload.demo.hub import Hub
from windows.conftest import ROOT, Machine, until

pytestmark = [
    pytest.mark.timeout(200),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),  # what still runs keeps its pipe
]
UNINSTALL = r"Software\Microsoft\Windows\CurrentVersion\Uninstall\ModelPreload"
RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"
OWN = r"Software\ModelPreload"
SHORTCUT = "Microsoft/Windows/Start Menu/Programs/Model Preload.lnk"
TRAY, COMMAND = "ModelPreload.exe", "model-preload.exe"
TRAY_ICONS = "Wine System Tray"
MIB = 1 << 20
TOKEN = "hf_of_the_tests"
STORE = "import sys; sys.path.insert(0, sys.argv[1]); from model_preload.system.credentials import {call}"
KEEP = "SystemCredentials as c; c({}, None).store('huggingface', sys.argv[2])"
READ = "_from_keyring as read; print(read('huggingface'))"


class Work:
    """A hub whose models a command of the machine is to bring, slowly until `hub.rate` is taken away.

    Attributes:
        size: bytes of all.
        words: of the command.
        environ: for it.
    """

    def __init__(self, hub: Hub, made: models.Demo, catalog: Path, folder: str) -> None:
        self.hub = hub
        self.words = ("preload", "--json", "--catalog", wine.windows_path(catalog))
        self.environ: Mapping[str, str] = {"HF_ENDPOINT": hub.endpoint, "HF_HOME": f"{folder}\\huggingface"}
        self.size = sum(
            file.content.size for repository in made.repositories for file in repository.main.files.values()
        )


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    home = tmp_path_factory.mktemp("hub")
    made = models.make(home, "C:/models/platform")
    catalog = home / "catalog.toml"
    catalog.write_text(made.catalog, encoding="utf-8")
    with Hub(*made.repositories, tokens=[TOKEN], rate=1_500_000) as hub:
        yield Work(hub, made, catalog, "C:\\models")


@pytest.fixture(scope="module")
def fresh(machine: Machine) -> set[Path]:
    """The user's files before anything was installed."""
    return files_of_user(machine)


def files_of_user(machine: Machine) -> set[Path]:
    users = machine.drive / "users"
    return {path.relative_to(users) for path in users.rglob("*") if "Temp" not in path.parts and not path.is_dir()}


def credential(machine: Machine, what: str, *words: str) -> str:
    """Ask the Credential Manager from a Windows Python."""
    call = STORE.format(call=what)
    code, told = machine.run(wine.PYTHON / "python.exe", "-c", call, wine.windows_path(ROOT / "desktop"), *words)
    assert code == 0, told
    return told.strip()


def install(machine: Machine, *words: str) -> int:
    code, told = machine.run(machine.setup, "/S", *words, seconds=150)
    print(told)
    return code


def test_checksums_are_those_of_the_files() -> None:
    for line in (ROOT / "dist/SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((ROOT / "dist" / name).read_bytes()).hexdigest() == digest


@pytest.mark.usefixtures("fresh")
def test_silent_install_brings_what_it_promises(machine: Machine) -> None:
    assert install(machine, "/AUTOSTART=1", "/LANG=zh-CN") == 0
    for name in (TRAY, COMMAND, "uninstall.exe", "licences/LGPL-3.0.txt"):
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
    code, told = machine.run(machine.program / COMMAND, "demo", "--json")
    assert code == 0, told
    brought = json.loads(told[told.index("{") :])["models"]
    assert len(brought) == 3
    assert all(model["ready"] for model in brought.values())


def test_command_speaks_chinese_through_a_pipe(machine: Machine) -> None:
    _, told = machine.run(machine.program / COMMAND, "status", "--lang", "zh_CN")
    assert "缺失" in told


def test_token_is_read_from_the_credential_manager(machine: Machine, work: Work) -> None:
    credential(machine, KEEP, TOKEN)
    _, told = machine.run(machine.program / COMMAND, "doctor", "--json", *work.words[2:], more=work.environ)
    assert "the system's credential store; the hub accepts it." in told
    assert TOKEN not in told


def test_killed_command_and_one_ended_by_an_upgrade_go_on(machine: Machine, work: Work) -> None:
    def at_work() -> subprocess.Popen[bytes]:
        process = machine.start(machine.program / COMMAND, *work.words, more=work.environ)
        before = work.hub.bytes_served
        until(lambda: work.hub.bytes_served > before + 10 * MIB or process.poll() is not None, 60, "some of it")
        assert process.poll() is None
        return process

    process = at_work()
    for killed in machine.processes(COMMAND):
        os.kill(killed, signal.SIGKILL)
    process.wait(20)
    process = at_work()
    assert install(machine) == 0
    assert process.wait(10) == 130
    work.hub.rate = None
    code, told = machine.run(machine.program / COMMAND, *work.words, more=work.environ)
    assert code == 0, told
    assert (machine.drive / "models/platform").is_dir()
    assert work.hub.bytes_served < work.size + 20 * MIB  # most of the 20 before was kept


def test_tray_icon_shows_and_a_second_start_opens_the_window(machine: Machine) -> None:
    (machine.state / "settings.toml").write_text("first_run_done = true\n")
    machine.start(machine.program / TRAY, "--tray")
    until(lambda: machine.windows(TRAY_ICONS), 60, "a tray icon")
    machine.picture("tray")
    assert not machine.windows("Model Preload")
    code, told = machine.run(machine.program / TRAY, seconds=60)
    assert code == 0, told
    until(lambda: machine.windows("Model Preload"), 30, "the first one's window")
    machine.picture("window")
    assert len(machine.processes(TRAY)) == 1


def test_upgrade_ends_the_tray_and_starts_it_again(machine: Machine) -> None:
    before = machine.processes(TRAY)
    (machine.program / "notes.txt").write_text("the user's own")
    (machine.program / "licences/LGPL-3.0.txt").write_bytes(b"of an older version")
    assert install(machine) == 0
    assert (machine.program / "licences/LGPL-3.0.txt").stat().st_size > 5_000
    assert (machine.program / "notes.txt").exists()
    assert machine.registry(RUN, "Model Preload")
    until(lambda: machine.processes(TRAY) and machine.windows(TRAY_ICONS), 60, "the tray again")
    assert not machine.processes(TRAY) & before
    machine.picture("after-upgrade")


def test_downgrade_is_refused_unless_meant(machine: Machine) -> None:
    machine.run("reg", "add", f"HKCU\\{OWN}", "/v", "Version", "/d", "99.0.0.0", "/f")
    assert install(machine) == 4
    assert install(machine, "/DOWNGRADE=1") == 0
    assert machine.registry(OWN, "Version") != "99.0.0.0"


def test_silent_uninstall_leaves_settings_models_and_what_is_not_ours(machine: Machine, fresh: set[Path]) -> None:
    until(lambda: machine.processes(TRAY) and machine.windows(TRAY_ICONS), 60, "the tray")
    assert machine.run(machine.program / "uninstall.exe", "/S")[0] == 0
    until(lambda: machine.registry(UNINSTALL, "DisplayName") is None, 60, "the entry is gone")
    until(lambda: not machine.processes(TRAY), 10, "the tray is over")
    assert not machine.windows(TRAY_ICONS)
    assert machine.registry(RUN, "Model Preload") is None
    assert machine.registry(OWN, "Version") is None
    left = {path for path in files_of_user(machine) - fresh if "ModelPreload" not in path.parts}
    assert {path.name for path in left} == {"notes.txt"}
    assert (machine.state / "journal.sqlite3").exists()
    assert (machine.state / "settings.toml").exists()
    assert (machine.drive / "models/platform").is_dir()
    assert credential(machine, READ) == TOKEN


def test_chinese_folder_and_settings_removed_on_demand(machine: Machine) -> None:
    folder = machine.drive / "模型 预加载"
    assert install(machine, "/D=C:\\模型", "预加载") == 0  # as two words, or Wine puts quotes around them
    assert machine.run(folder / COMMAND, "--version")[1].startswith("model-preload ")
    assert machine.run(folder / "uninstall.exe", "/S", "/SETTINGS=1")[0] == 0
    until(lambda: not folder.exists(), 60, "the folder is gone")
    until(lambda: not machine.state.exists(), 30, "the settings are gone")
    assert (machine.drive / "models/platform").is_dir()
    assert credential(machine, READ) == "None"


@pytest.mark.parametrize(("language", "title"), [("en", "Model Preload .* Setup"), ("zh-CN", "Model Preload .* 安装")])
def test_wizard_by_keyboard(machine: Machine, language: str, title: str) -> None:
    older = "0.0.1.0"
    machine.run("reg", "add", f"HKCU\\{OWN}", "/v", "Version", "/d", older, "/f")
    wizard = machine.start(machine.setup, f"/LANG={language}")
    until(lambda: machine.windows(title), 30, "the wizard")
    for page in ("welcome", "licence", "folder", "options"):
        name = f"wizard-{language}-{page}"
        until(lambda: machine.picture(name) == machine.picture(name), 20, f"{page} is drawn")  # noqa: B023  at once
        shown = machine.picture(name)
        machine.press(title, *(["space"] if page == "options" and language == "en" else []), "Return")
        until(lambda: machine.picture(f"wizard-{language}-next") != shown, 20, f"what follows {page}")  # noqa: B023
    name = f"wizard-{language}-finish"
    until(lambda: machine.registry(OWN, "Version") != older, 90, "it is installed")
    until(lambda: machine.picture(name) == machine.picture(name), 20, "the end is drawn")

    def is_over() -> bool:
        machine.press(title, "Return")
        return wizard.poll() is not None

    until(is_over, 30, "the wizard is over")
    assert wizard.returncode == 0
    until(lambda: machine.windows("Model Preload"), 60, "the first run of the program that it starts")
    machine.picture(f"wizard-{language}-started")
    assert machine.registry(RUN, "Model Preload")
    assert machine.run(machine.program / TRAY, "--quit")[0] == 0
    until(lambda: not machine.processes(TRAY), 20, "the program is over")
