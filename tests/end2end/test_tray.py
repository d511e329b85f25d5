"""The real tray app on a screen of its own: clicked by mouse and keyboard, killed, started again."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from helpers import xserver
from helpers.desk import MODELS, demo_bench, demo_hub
from helpers.xserver import PROGRAM, Screen, wait_for
from model_preload.demo.hub import Hub

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="the installer's tests click the Windows program"),
    pytest.mark.skipif(bool(xserver.missing()), reason=f"not installed: {', '.join(xserver.missing())}"),
]
_START = """
import os, sys
if sys.argv.pop(1) == "no-console":
    sys.stdout = sys.stderr = None
from pathlib import Path
from model_preload.app.start import run
home, catalog = map(Path, sys.argv[1:])
os._exit(run(home / "state", os.environ, home, catalog, direct=True, hidden=True))
"""
DONE = {"en": "All 3 models are ready", "zh_CN": "全部 3 个模型均已就绪"}


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screen]:
    with xserver.screen(tmp_path_factory.mktemp("screen")) as made:
        yield made


@pytest.fixture
def hub() -> Iterator[Hub]:
    with demo_hub() as made:
        yield made


class App:
    """One installation; `started` as often as the test wants a process."""

    def __init__(self, folder: Path, hub: Hub, screen: Screen, language: str) -> None:
        bench = demo_bench(folder, hub)
        self.home = bench.home
        self.screen = screen
        self.catalog = folder / "catalog.toml"
        self.catalog.write_text(f"schema = 1\n{bench.catalog}", encoding="utf-8")
        state = self.home / "state"
        state.mkdir(parents=True)
        settings = f'language = "{language}"\nreserve = 0\nfirst_run_done = true\nwhen_on_battery = "go-on"\n'
        (state / "settings.toml").write_text(f'{settings}endpoint = "{hub.endpoint}"\n', encoding="utf-8")
        self._environ = {
            **screen.environ,
            "HF_HOME": str(self.home / "hf"),
            "MODEL_PRELOAD_HOME": str(state),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        }

    @contextmanager
    def started(self, console: str = "console", *, icon: bool = True) -> Iterator[subprocess.Popen[bytes]]:
        """Args: console: or `no-console`, as a windowed Windows program is. icon: it is expected to show one."""
        with (self.home / "app.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-P", "-c", _START, console, str(self.home), str(self.catalog)],
                env=self._environ,
                stdout=log,
                stderr=log,
            )
        try:
            if icon:
                wait_for(self.screen.has_icon, "a tray icon")
            yield process
        finally:
            process.kill()
            process.wait(10)
            wait_for(lambda: not self.screen.has_icon(), "the icon gone")

    def log(self) -> str:
        path = self.home / "state" / "logs" / "model-preload.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def output(self) -> str:
        return (self.home / "app.log").read_text(encoding="utf-8")

    def ready(self) -> int:
        """How many models a process of its own finds ready."""
        command = [sys.executable, "-P", "-m", "model_preload", "status", "--json", "--catalog", str(self.catalog)]
        done = subprocess.run(command, env=self._environ, capture_output=True, check=False, timeout=30)
        return sum(one["ready"] for one in json.loads(done.stdout)["models"].values())


def preload_all(screen: Screen) -> None:
    """By the menu: its default is next to the pointer, which is at the top."""
    screen.open_menu()
    screen.keys("Down", "Return")


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_preload_all_by_the_tray_menu(tmp_path: Path, hub: Hub, screen: Screen, language: str) -> None:
    app = App(tmp_path, hub, screen, language)
    with app.started() as process:
        preload_all(screen)
        wait_for(lambda: DONE[language] in app.log(), "the end")
        wait_for(lambda: len(screen.of_program(PROGRAM)) == 2, "the notification beside the icon")
        assert app.ready() == len(MODELS)
        screen.click_icon()
        title = {"en": "Status", "zh_CN": "状态"}[language]
        wait_for(lambda: screen.windows(title), "the status window")
        screen.open_menu()
        screen.keys("Up", "Return")  # Quit is the last one
        assert process.wait(10) == 0


def test_killed_in_the_middle_it_goes_on_by_itself(tmp_path: Path, hub: Hub, screen: Screen) -> None:
    app = App(tmp_path, hub, screen, "en")
    hub.rate = 1_000_000
    with app.started() as process:
        preload_all(screen)
        wait_for(lambda: hub.bytes_served > 1_500_000, "half a model")
        process.kill()
        process.wait(10)
    hub.rate = None
    with app.started() as process:
        wait_for(lambda: DONE["en"] in app.log(), "the end, without a click")
        assert app.ready() == len(MODELS)
        process.send_signal(signal.SIGTERM)


def test_a_second_start_brings_the_first_one_up_and_quit_ends_it(tmp_path: Path, hub: Hub, screen: Screen) -> None:
    app = App(tmp_path, hub, screen, "en")
    command = [sys.executable, "-P", "-m", "model_preload"]
    with app.started() as process:
        for words in ([*command, "--tray"], command):  # as at sign-in, and as a person does
            assert not screen.windows("Status")
            assert subprocess.run(words, env=app._environ, check=False, timeout=20).returncode == 0
        wait_for(lambda: screen.windows("Status"), "the status window")
        assert subprocess.run([*command, "--quit"], env=app._environ, check=False, timeout=20).returncode == 0
        assert process.wait(10) == 0
    assert (app.home / "state" / "journal.sqlite3").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order_without_a_console(
    tmp_path: Path, hub: Hub, screen: Screen, number: signal.Signals
) -> None:
    app = App(tmp_path, hub, screen, "en")
    hub.rate = 1_000_000
    with app.started("no-console") as process:
        preload_all(screen)
        wait_for(lambda: hub.bytes_served > 1_000_000, "a third of a model")
        process.send_signal(number)
        assert process.wait(10) == 0
    assert app.output() == ""
    assert "fault" not in app.log()


def break_settings(state: Path) -> None:
    (state / "settings.toml").write_text("language = [", encoding="utf-8")


def break_log(state: Path) -> None:
    (state / "logs").write_text("a file", encoding="utf-8")


def break_lock(state: Path) -> None:
    (state / "app.lock").mkdir()


@pytest.mark.parametrize(("break_", "code"), [(break_settings, 2), (break_log, 3), (break_lock, 3)])
def test_what_keeps_it_from_starting_is_told_and_leaves_nothing(
    tmp_path: Path, hub: Hub, screen: Screen, break_: Callable[[Path], None], code: int
) -> None:
    app = App(tmp_path, hub, screen, "en")
    break_(app.home / "state")
    with app.started(icon=False) as process:
        wait_for(lambda: screen.windows("^Model Preload$"), "a message")
        wait_for(lambda: len(screen.of_program(PROGRAM)) == 1, "no icon beside it")
        screen.xdotool("windowactivate", "--sync", screen.windows("^Model Preload$")[0])
        screen.keys("Return")
        assert process.wait(10) == code
    assert app.output() == ""
