"""The life of the installed program, in this order: each test goes on where the one before it ended."""

import hashlib
import json
import random
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from model_preload.demo import models
from model_preload.demo.hub import Hub
from windows.machines import ROOT, Machine, WineMachine, until

pytestmark = pytest.mark.timeout(200)
UNINSTALL = r"Software\Microsoft\Windows\CurrentVersion\Uninstall\ModelPreload"
RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"
OWN = r"Software\ModelPreload"
LOG = "state/logs/model-preload.log"
SHORTCUT = "Microsoft/Windows/Start Menu/Programs/Model Preload.lnk"
TRAY, COMMAND = "ModelPreload.exe", "model-preload.exe"
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

    def __init__(self, hub: Hub, made: models.Demo, catalog: str, folder: str) -> None:
        self.hub = hub
        self.options = ("--json", "--catalog", catalog)
        self.words = ("preload", *self.options)
        self.environ: Mapping[str, str] = {"HF_ENDPOINT": hub.endpoint, "HF_HOME": f"{folder}\\huggingface"}
        self.size = sum(
            file.content.size for repository in made.repositories for file in repository.main.files.values()
        )


@contextmanager
def work_in(machine: Machine, folder: str, home: Path, rate: int | None) -> Iterator[Work]:
    """Args: folder: of the machine, for models. home: here, for what the hub serves."""
    made = models.make(home, f"{folder}/platform".replace("\\", "/"))
    catalog = home / "catalog.toml"
    catalog.write_text(made.catalog, encoding="utf-8")
    with Hub(*made.repositories, tokens=[TOKEN], rate=rate) as hub:
        yield Work(hub, made, machine.named(catalog), folder)


@pytest.fixture(scope="module")
def work(machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with work_in(machine, f"{machine.root_name}\\models", tmp_path_factory.mktemp("hub"), 1_500_000) as made:
        yield made


@pytest.fixture(scope="module")
def fresh(machine: Machine) -> set[Path]:
    """The user's files before anything was installed."""
    return files_of_user(machine)


def files_of_user(machine: Machine) -> set[Path]:
    found = (path for place in machine.places for path in place.rglob("*"))
    return {path for path in found if "Temp" not in path.parts and not path.is_dir()}


def credential(machine: Machine, what: str, *words: str) -> str:
    """Ask the Credential Manager from a Windows Python."""
    call = STORE.format(call=what)
    code, told = machine.run(machine.python, "-c", call, machine.named(ROOT / "desktop"), *words)
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
    assert (machine.roaming / SHORTCUT).exists()  # Wine's shortcuts keep no application id
    assert machine.registry(UNINSTALL, "DisplayName") == "Model Preload"
    version = (machine.registry(UNINSTALL, "DisplayVersion") or "").replace(" ", "-")
    assert machine.setup.name == f"ModelPreload-{version}-Setup.exe"
    quiet = machine.registry(UNINSTALL, "QuietUninstallString") or ""
    assert re.fullmatch(r'"C:\\.*\\Model Preload\\uninstall\.exe" /S', quiet)
    assert int(machine.registry(UNINSTALL, "EstimatedSize") or "0", 16) > 50_000
    assert re.fullmatch(r'"C:\\.*\\ModelPreload\.exe" --tray', machine.registry(RUN, "Model Preload") or "")
    assert not list(machine.profile.glob("Desktop/*.lnk"))


def test_demo_preloads_every_model(machine: Machine) -> None:
    code, told = machine.run(machine.program / COMMAND, "demo", "--json")
    assert code == 0, told
    brought = json.loads(told[told.index("{") :])["models"]
    assert len(brought) == 3
    assert all(model["ready"] for model in brought.values())


def test_preload_all_by_the_tray_menu(wine_machine: WineMachine) -> None:
    """In the demo, whose hub is inside the program; a person who looks at a window gets no notification."""
    wine_machine.start(wine_machine.program / TRAY, "demo", "--gui")
    until(lambda: wine_machine.windows("^Model Preload$"), 60, "what the demo says first")

    def closed(title: str, key: str) -> bool:
        wine_machine.press(title, key)
        time.sleep(1)
        return not wine_machine.windows(title)

    until(lambda: closed("^Model Preload$", "Escape"), 30, "it is closed")
    until(lambda: closed("^Status", "alt+F4"), 30, "the status window is closed")
    until(wine_machine.balloons, 10, "the note about the tray")
    wine_machine.picture("closed-to-the-tray")
    until(lambda: not wine_machine.balloons(), 40, "the note about the tray is gone")
    wine_machine.choose(
        "bottom"
    )  # next to the pointer: Wine does not tell where the icon is, and most are at the bottom
    until(lambda: "All 3 models are ready" in demo_log(wine_machine), 60, "the end")
    until(wine_machine.balloons, 10, "the notification")
    wine_machine.picture("notification")
    wine_machine.choose("top")  # Quit is at the far end
    until(lambda: not wine_machine.processes(TRAY), 30, "the program is over")


def demo_log(machine: WineMachine) -> str:
    return "".join(
        path.read_text(encoding="utf-8") for path in machine.profile.glob(f"Temp/model-preload-demo-*/{LOG}")
    )


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
    machine.kill(COMMAND)
    process.wait(20)
    process = at_work()
    assert install(machine) == 0
    assert process.wait(10) == 130
    work.hub.rate = None
    code, told = machine.run(machine.program / COMMAND, *work.words, more=work.environ)
    assert code == 0, told
    assert (machine.root / "models/platform").is_dir()
    assert work.hub.bytes_served < work.size + 20 * MIB  # most of the 20 before was kept


def test_ten_kills_at_random_moments(machine: Machine, tmp_path: Path) -> None:
    """From the first moment of its start to the middle of a file; in the end all is ready, and little came twice."""
    chance = random.Random(6)
    with work_in(machine, f"{machine.root_name}\\killed", tmp_path, 3_000_000) as work:
        for _ in range(10):
            process = machine.start(machine.program / COMMAND, *work.words, more=work.environ)
            time.sleep(chance.uniform(0.2, 7))
            machine.kill(COMMAND)
            process.wait(20)
        work.hub.rate = None
        code, told = machine.run(machine.program / COMMAND, *work.words, more=work.environ)
        assert code == 0, told
        code, told = machine.run(machine.program / COMMAND, "status", "--deep", *work.options, more=work.environ)
        assert code == 0, told
        assert work.hub.bytes_served < work.size + 10 * 3 * MIB  # a second each, and what was on its way
    assert not list((machine.root / "killed").rglob("*.part"))


def test_folders_of_over_260_characters(machine: Machine, tmp_path: Path) -> None:
    """For models and state; the program itself must lie where Windows loads DLLs from, and Setup says so."""
    deep = f"{machine.root_name}\\" + "\\".join(["很长的 文件夹 " + "x" * 80] * 3)
    with work_in(machine, f"{deep}\\models", tmp_path, None) as work:
        environ = {**work.environ, "MODEL_PRELOAD_HOME": f"{deep}\\state"}
        code, told = machine.run(machine.program / COMMAND, *work.words, more=environ)
        assert code == 0, told
        code, told = machine.run(machine.program / COMMAND, "status", "--deep", *work.options, more=environ)
        assert code == 0, told
        document = json.loads(told[told.index("{") :])["models"]
        assert all(len(model["location"]) > 260 and model["ready"] for model in document.values())
    assert install(machine, *f"/D={deep}\\program".split(" ")) == 2
    assert not list(machine.root.rglob("x*/program"))


def test_tray_icon_shows_and_a_second_start_opens_the_window(machine: Machine) -> None:
    (machine.state / "settings.toml").write_text("first_run_done = true\n")
    machine.start(machine.program / TRAY, "--tray")
    until(machine.has_icon, 60, "a tray icon")
    machine.picture("tray")
    assert not machine.windows("Model Preload")
    code, told = machine.run(machine.program / TRAY, seconds=60)
    assert code == 0, told
    until(lambda: machine.windows("Model Preload"), 30, "the first one's window")
    time.sleep(2)  # it is drawn after it shows
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
    until(lambda: machine.processes(TRAY) and machine.has_icon(), 60, "the tray again")
    assert not machine.processes(TRAY) & before
    machine.picture("after-upgrade")


def test_downgrade_is_refused_unless_meant(machine: Machine) -> None:
    machine.run("reg", "add", f"HKCU\\{OWN}", "/v", "Version", "/d", "99.0.0.0", "/f")
    assert install(machine) == 4
    assert install(machine, "/DOWNGRADE=1") == 0
    assert machine.registry(OWN, "Version") != "99.0.0.0"


def test_silent_uninstall_leaves_settings_models_and_what_is_not_ours(machine: Machine, fresh: set[Path]) -> None:
    until(lambda: machine.processes(TRAY) and machine.has_icon(), 60, "the tray")
    assert machine.run(machine.program / "uninstall.exe", "/S")[0] == 0
    until(lambda: machine.registry(UNINSTALL, "DisplayName") is None, 60, "the entry is gone")
    until(lambda: not machine.processes(TRAY), 10, "the tray is over")
    assert not machine.has_icon()
    assert machine.registry(RUN, "Model Preload") is None
    assert machine.registry(OWN, "Version") is None
    left = {path for path in files_of_user(machine) - fresh if "ModelPreload" not in path.parts}
    assert {path.name for path in left} == {"notes.txt"}
    assert (machine.state / "journal.sqlite3").exists()
    assert (machine.state / "settings.toml").exists()
    assert (machine.root / "models/platform").is_dir()
    assert credential(machine, READ) == TOKEN


def test_chinese_folder_and_settings_removed_on_demand(machine: Machine) -> None:
    folder = machine.root / "模型 预加载"
    desktop = machine.profile / "Desktop/Model Preload.lnk"
    assert install(machine, "/DESKTOP=1", *f"/D={machine.root_name}\\模型 预加载".split(" ")) == 0
    assert desktop.exists()
    assert machine.run(folder / COMMAND, "--version")[1].startswith("model-preload ")
    assert machine.run(folder / "uninstall.exe", "/S", "/SETTINGS=1")[0] == 0
    until(lambda: not folder.exists(), 60, "the folder is gone")
    until(lambda: not machine.state.exists(), 30, "the settings are gone")
    assert not desktop.exists()
    assert (machine.root / "models/platform").is_dir()
    assert credential(machine, READ) == "None"


@pytest.mark.parametrize(("language", "title"), [("en", "Model Preload .* Setup"), ("zh-CN", "Model Preload .* 安装")])
def test_wizard_by_keyboard(wine_machine: WineMachine, language: str, title: str) -> None:
    older = "0.0.1.0"
    wine_machine.run("reg", "add", f"HKCU\\{OWN}", "/v", "Version", "/d", older, "/f")
    wizard = wine_machine.start(wine_machine.setup, f"/LANG={language}")
    until(lambda: wine_machine.windows(title), 30, "the wizard")
    for page in ("welcome", "licence", "folder", "options"):
        name = f"wizard-{language}-{page}"
        until(lambda: wine_machine.picture(name) == wine_machine.picture(name), 20, f"{page} is drawn")  # noqa: B023  at once
        shown = wine_machine.picture(name)
        wine_machine.press(title, *(["space"] if page == "options" and language == "en" else []), "Return")
        until(lambda: wine_machine.picture(f"wizard-{language}-next") != shown, 20, f"what follows {page}")  # noqa: B023
    name = f"wizard-{language}-finish"
    until(lambda: wine_machine.registry(OWN, "Version") != older, 90, "it is installed")
    until(lambda: wine_machine.picture(name) == wine_machine.picture(name), 20, "the end is drawn")

    def is_over() -> bool:
        wine_machine.press(title, "Return")
        return wizard.poll() is not None

    until(is_over, 30, "the wizard is over")
    assert wizard.returncode == 0
    until(lambda: wine_machine.windows("Model Preload"), 60, "the first run of the program that it starts")
    wine_machine.picture(f"wizard-{language}-started")
    assert wine_machine.registry(RUN, "Model Preload")
    assert wine_machine.run(wine_machine.program / TRAY, "--quit")[0] == 0
    until(lambda: not wine_machine.processes(TRAY), 20, "the program is over")


def test_uninstaller_asks_about_settings_and_models(wine_machine: WineMachine, work: Work) -> None:
    """By keyboard: the models go, without what somebody else put there, and the settings stay."""
    title = "Model Preload .*(Uninstall|卸载)"
    shutil.rmtree(wine_machine.root / "models")  # whose journal is gone: nobody knows any more who brought them
    code, told = wine_machine.run(wine_machine.program / COMMAND, *work.words, more=work.environ)
    assert code == 0, told
    own = wine_machine.root / "models/platform/mine.bin"
    own.write_bytes(b"the user's own")
    (wine_machine.state / "settings.toml").write_text("first_run_done = true\n")

    def uninstaller(language: str) -> None:
        wine_machine.start(wine_machine.program / "uninstall.exe", f"/LANG={language}")
        until(lambda: wine_machine.windows(title), 30, "the uninstaller")
        shown(f"uninstall-{language}-confirm")
        wine_machine.press(title, "Return")
        shown(f"uninstall-{language}-options")

    def shown(name: str) -> None:
        time.sleep(2)  # the page with the size asks the program first
        until(lambda: wine_machine.picture(name) == wine_machine.picture(name), 20, f"{name} is drawn")

    uninstaller("en")
    wine_machine.press(title, "Escape")
    time.sleep(1)
    wine_machine.type("y")  # really cancel
    until(lambda: not wine_machine.windows(title), 20, "it is cancelled")
    assert (wine_machine.program / TRAY).exists()
    uninstaller("zh-CN")
    wine_machine.press(title, "Tab", "space")
    wine_machine.picture("uninstall-zh-CN-models")
    wine_machine.press(title, "Return")
    until(lambda: wine_machine.registry(UNINSTALL, "DisplayName") is None, 60, "it is removed")

    def closed() -> bool:
        wine_machine.press(title, "Return")
        return not wine_machine.windows(title)

    until(closed, 30, "the uninstaller is over")
    assert [path.name for path in wine_machine.program.iterdir()] == ["notes.txt"]
    left = {path.name for path in (wine_machine.root / "models").rglob("*") if path.is_file()}
    assert left == {"mine.bin"}
    assert (wine_machine.state / "settings.toml").exists()
