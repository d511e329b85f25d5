"""Every window in a state worth a picture; `python3 dev.py screenshots` draws them all."""

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEventLoop
from PySide6.QtWidgets import QWidget

from helpers import catalog_pictures, own_model_pictures, status_pictures
from helpers.status_pictures import PICTURES
from helpers.workbench import model, repository, workbench
from model_preload.core.texts import Text, text
from model_preload.demo.hub import Hub
from model_preload.downloads.background import Background
from model_preload.downloads.log_buffer import LogBuffer
from model_preload.downloads.open_core import OpenCore
from model_preload.system.autostart import AutostartRefused
from model_preload.system.credentials import SystemCredentials
from model_preload.ui.first_run import FirstRun
from model_preload.ui.forms.choices import HubField, OwnChoiceField
from model_preload.ui.forms.platform import PlatformField
from model_preload.ui.log_window import LogWindow
from model_preload.ui.preferences import Preferences
from model_preload.ui.settings import SettingsWindow
from model_preload.ui.settings.folders import FoldersPage

_NAMES = {"mineru-vlm": "MinerU 2.5", "paddleocr-vl": "PaddleOCR-VL", "silero-vad": "Silero VAD"}


def _log(buffer: LogBuffer) -> None:
    """Records as a morning's run has them."""
    said = [
        ("tasks", logging.INFO, "mineru-vlm: another program moved the cache, so the hub is asked again", ""),
        ("transfer", logging.INFO, "mineru-vlm: published config.json", ""),
        ("transfer", logging.INFO, "mineru-vlm: published tokenizer/分词器.json", ""),
        ("http", logging.DEBUG, "2 of 8 connections are free", ""),
        (
            "transfer",
            logging.WARNING,
            "model.safetensors: The hub is busy (429); again in 4.0 s (1 of 8)",
            "mineru-vlm",
        ),
        ("tasks", logging.ERROR, "paddleocr-vl: The drive is full: 812 MB are missing on /srv/models.", ""),
        ("tasks", logging.WARNING, "a name from a hub: \u202egnp.exe, and one over\ntwo lines", ""),
        *[
            ("transfer", logging.INFO, f"silero-vad: published onnx/model-{n:03}-of-400.onnx", "")
            for n in range(1, 401)
        ],
        (
            "transfer",
            logging.WARNING,
            "thrown away: sha256 " + "0f" * 32 + ", listed is sha256 " + "a0" * 32,
            "silero-vad",
        ),
    ]
    for number, (part, level, message, key) in enumerate(said):
        record = logging.LogRecord(f"model_preload.{part}", level, __file__, 1, message, None, None)
        record.created = 1795509125.25 + number * 0.117
        if key:
            record.model = key
        buffer.handler.handle(record)
    while not buffer.entries or buffer.entries[-1].number < len(said):
        QCoreApplication.processEvents()


def log(folder: Path) -> QWidget:
    """While a run goes on."""
    buffer = LogBuffer()
    window = LogWindow(buffer, folder, _NAMES)
    buffer.setParent(window)
    _log(buffer)
    return window


def log_chosen(folder: Path) -> QWidget:
    """One model's warnings, one of them chosen."""
    window = log(folder)
    assert isinstance(window, LogWindow)
    window._levels.setCurrentIndex(2)
    window._table.selectRow(0)
    return window


def log_empty(folder: Path) -> QWidget:
    """Before the first record."""
    buffer = LogBuffer()
    window = LogWindow(buffer, folder, _NAMES)
    buffer.setParent(window)
    return window


def log_no_hit(folder: Path) -> QWidget:
    """A search that finds nothing."""
    window = log(folder)
    assert isinstance(window, LogWindow)
    window._search.setText("nowhere")
    return window


class _NoAutostart:
    """A session that starts nothing, since Task Manager says so."""

    def enabled(self) -> bool:
        return False

    def overruled(self) -> Text | None:
        return text("It is switched off in Task Manager or Settings, under startup apps. Switch it on there.")

    def enable(self) -> None:
        raise AutostartRefused("Access is denied")

    def disable(self) -> None:
        raise AutostartRefused("Access is denied")


def _until(done: Callable[[], bool]) -> None:
    ends = time.monotonic() + 10
    while not done() and time.monotonic() < ends:
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)


def _background(folder: Path, environ: dict[str, str]) -> tuple[Background, Callable[[QWidget], None]]:
    """One with a core of its own, and what makes it end with a window."""
    bench = workbench(folder / "bench", "https://huggingface.co", model("a", repository("demo/a")))
    bench = bench.with_settings(platform=folder / "tianshu" if (folder / "tianshu").exists() else None)
    bench.environ.update(environ)
    core = OpenCore(bench.opened, bench.state)
    background = Background("settings", core)

    def owned_by(window: QWidget) -> None:
        window.destroyed.connect(background.stop)
        window.destroyed.connect(core.close)

    return background, owned_by


def _platform(folder: Path) -> Path:
    sign = folder / "tianshu" / "backend" / "api_server.py"
    sign.parent.mkdir(parents=True)
    sign.touch()
    (folder / "tianshu" / ".env").touch()
    return folder / "tianshu"


def _settings(folder: Path, page: str, environ: dict[str, str], **changes: object) -> SettingsWindow:
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    background, owned_by = _background(folder, environ)
    preferences = Preferences(folder, environ)
    preferences.save(**changes)
    credentials = SystemCredentials(environ, folder)
    window = SettingsWindow(preferences, credentials, _NoAutostart(), background)
    preferences.setParent(window)
    owned_by(window)
    window.resize(window.sizeHint())
    window.show_page(page)
    window.refresh()
    asked: list[object] = []
    background.start(lambda *_: None, asked.append, asked.append)
    _until(lambda: bool(asked))
    return window


def settings_general(folder: Path) -> QWidget:
    """A new user's, with something not applied yet."""
    window = _settings(folder, "general", {})
    window._pages[0]._fields[1].propose("dark")
    return window


def settings_platform(folder: Path) -> QWidget:
    """The platform is known, and the environment moves one place."""
    platform = _platform(folder)
    window = _settings(folder, "platform", {"TORCH_HOME": str(folder / "torch")}, platform=platform)
    window.findChildren(FoldersPage)[0]._table.selectRow(1)
    return window


def settings_platform_unknown(folder: Path) -> QWidget:
    """A path is typed where no platform is."""
    window = _settings(folder, "platform", {})
    path = window.findChildren(PlatformField)[0]._path
    path.setText(str(folder / "wrong"))
    _until(lambda: window.findChildren(PlatformField)[0]._looking is None)
    return window


def settings_hubs(folder: Path) -> QWidget:
    """The mirror is set by the environment, there is no store for tokens, and the other hub was tested."""
    with Hub() as hub:
        window = _settings(
            folder,
            "hubs",
            {"HF_ENDPOINT": "https://hf-mirror.com", "MODELSCOPE_API_TOKEN": "not-a-real-one"},
            hubs=("modelscope", "huggingface"),
            modelscope_endpoint=hub.endpoint,
        )
        field = window.findChildren(HubField)[1]
        field._test.click()
        _until(lambda: field._job is None)
    return window


def settings_network(folder: Path) -> QWidget:
    """A proxy with a login in it is typed."""
    window = _settings(folder, "network", {}, limit=2_500_000, proxy="http://proxy.example:8080")
    field = window.findChildren(OwnChoiceField)[2]
    field._own.setText("http://me:word@proxy.example:8080")
    return window


def _first_run(folder: Path, row: int, **changes: object) -> FirstRun:
    platform = _platform(folder)
    background, owned_by = _background(folder, {})
    preferences = Preferences(folder, {})
    preferences.save(platform=platform, **changes)
    window = FirstRun(preferences, _NoAutostart() if row == 2 else _Autostart(), background, mirror=True)
    preferences.setParent(window)
    owned_by(window)
    window.resize(window.sizeHint())
    window._turn(row)
    _until(lambda: window._platform._looking is None)
    return window


class _Autostart(_NoAutostart):
    """One that nothing is in the way of."""

    def overruled(self) -> Text | None:
        return None


def first_run(folder: Path) -> QWidget:
    """Language and mirror."""
    return _first_run(folder, 0)


def first_run_platform(folder: Path) -> QWidget:
    """The platform, found."""
    return _first_run(folder, 1)


def first_run_start(folder: Path) -> QWidget:
    """Start with the session, which Task Manager overrules."""
    return _first_run(folder, 2)


WINDOWS: dict[str, Callable[[Path], QWidget]] = {
    "log": log,
    "log-chosen": log_chosen,
    "log-empty": log_empty,
    "log-no-hit": log_no_hit,
    **PICTURES,
    **catalog_pictures.PICTURES,
    **status_pictures.PICTURES,
    **own_model_pictures.PICTURES,
    "settings-general": settings_general,
    "settings-platform": settings_platform,
    "settings-platform-unknown": settings_platform_unknown,
    "settings-hubs": settings_hubs,
    "settings-network": settings_network,
    "first-run": first_run,
    "first-run-platform": first_run_platform,
    "first-run-start": first_run_start,
}
"""Name and maker of each; a maker gets an empty folder, and the window owns all that it needs."""
