"""The status window in the states worth a picture."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QEventLoop, QLocale
from PySide6.QtWidgets import QWidget

from helpers.status import Scene, make_scene
from helpers.workbench import repository, workbench
from model_preload.demo.hub import Hub
from model_preload.demo.repository import Repository
from model_preload.downloads.values import Activity
from model_preload.ui.status.env_dialog import EnvDialog

_MODELS = {
    "mineru": ("MinerU 2.5 Pipeline", "MinerU 2.5 文档解析", True, ["layout", "ocr"]),
    "layout": ("Layout detection", "版面检测", False, []),
    "ocr": ("Text recognition", "文字识别", False, []),
    "sensevoice": ("SenseVoice Small", "SenseVoice 语音识别", True, []),
    "paraformer": ("Paraformer", "Paraformer 语音识别", False, []),
    "yolo11": ("YOLO11x watermark", "YOLO11x 水印检测", False, []),
}
_BYTES = 400_000
_ENV = "# 天枢\nMODEL_DOWNLOAD_SOURCE=modelscope\nMINERU_MODEL_SOURCE=auto\nPADDLEOCR_HOME=E:\\models\\paddleocr\n"


def _scene(folder: Path) -> tuple[Scene, Hub]:
    """Several models, one with parts; hub and desk end with the window."""
    ending = ExitStack()
    scene, hub = _parts(folder, ending)
    scene.window.destroyed.connect(lambda: ending.close())  # noqa: PLW0108  a bound method is held weakly
    return scene, hub


def _parts(folder: Path, ending: ExitStack) -> tuple[Scene, Hub]:
    hub = ending.enter_context(
        Hub(
            *(
                Repository.of(f"demo/{key}", {"model.bin": key.encode() * _BYTES, "config.json": b"{}"})
                for key in _MODELS
            )
        )
    )
    catalog = "\n".join(_entry(key, *facts) for key, facts in _MODELS.items())
    platform = folder / "tianshu"
    (platform / "backend").mkdir(parents=True)
    (platform / "backend" / ".env").write_text(_ENV, encoding="utf-8")
    bench = workbench(folder / "bench", hub.endpoint, catalog).with_settings(platform=platform)
    scene = make_scene(bench, hub, QLocale().name())
    ending.callback(scene.close)
    return scene, hub


def _entry(key: str, en: str, zh: str, required: bool, needs: list[str]) -> str:
    return (
        f'[[model]]\nkey = "{key}"\nname = {{ en = "{en}", zh = "{zh}" }}\ndescription = "A model."\n'
        f'required = {str(required).lower()}\nplace = {{ cache = "huggingface" }}\nneeds = {needs}\n'
        f"[[model.source]]\n{repository(f'demo/{key}')}\n"
    )


def _until(condition: Callable[[], bool]) -> None:
    deadline = QDeadlineTimer(30_000)
    while not condition():
        if deadline.hasExpired():
            raise TimeoutError
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 50)


def _looked(scene: Scene) -> None:
    scene.window.look()
    _until(lambda: all(row.status is not None for row in scene.desk.board.rows()))


def _brought(scene: Scene, *keys: str) -> None:
    scene.desk.downloads.preload(keys)
    _until(lambda: not scene.desk.downloads.is_working)


def missing(folder: Path) -> QWidget:
    scene, _ = _scene(folder)
    _brought(scene, "sensevoice")
    _looked(scene)
    return scene.window


def ready(folder: Path) -> QWidget:
    scene, _ = _scene(folder)
    _brought(scene, *(row.model.key for row in scene.desk.board.rows()))
    scene.prover.prove()
    _until(lambda: not scene.prover.is_working)
    _looked(scene)
    return scene.window


def damaged(folder: Path) -> QWidget:
    scene, _ = _scene(folder)
    _brought(scene, *(row.model.key for row in scene.desk.board.rows()))
    for path in scene.desk.bench.cache.rglob("model.bin"):
        if "paraformer" in str(path):
            content = path.read_bytes()
            path.resolve().write_bytes(b"?" + content[1:])
    scene.desk.checks.look_deep()
    _until(lambda: not scene.desk.checks.is_deep)
    _looked(scene)
    scene.window.choose("paraformer")
    return scene.window


def working(folder: Path) -> QWidget:
    scene, hub = _scene(folder)
    _looked(scene)
    hub.rate = 300_000
    scene.desk.downloads.preload(["sensevoice", "paraformer", "mineru"])
    _until(lambda: scene.desk.downloads.work("sensevoice").activity is Activity.FETCHING)
    _until(lambda: (scene.desk.board.summary().permille or 0) > 50)
    return scene.window


def machine(folder: Path) -> QWidget:
    scene, _ = _scene(folder)
    _looked(scene)
    scene.window._tabs.setCurrentIndex(1)
    scene.examiner.examine()
    _until(lambda: not scene.examiner.is_working)
    return scene.window


def fix(folder: Path) -> QWidget:
    ending = ExitStack()
    scene, _ = _parts(folder, ending)
    dialog = EnvDialog(scene.desk.quick)
    dialog.destroyed.connect(lambda: ending.close())  # noqa: PLW0108  a bound method is held weakly
    _until(lambda: dialog._job is None)
    return dialog


PICTURES: dict[str, Callable[[Path], QWidget]] = {
    "status-missing": missing,
    "status-ready": ready,
    "status-damaged": damaged,
    "status-working": working,
    "status-machine": machine,
    "status-fix": fix,
}
