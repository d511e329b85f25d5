"""The catalog window in the states worth a picture."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QEventLoop, QLocale
from PySide6.QtWidgets import QWidget

from helpers.desk import Desk
from helpers.rows import model as made_model
from helpers.rows import row
from helpers.workbench import repository, workbench
from model_preload.core import catalog, errors, paths
from model_preload.core.catalog import Catalog
from model_preload.core.settings import Settings
from model_preload.core.values import Verdict
from model_preload.demo.hub import Hub
from model_preload.demo.repository import Repository
from model_preload.downloads.values import Activity
from model_preload.ui.catalog.window import CatalogWindow

_MODELS = {
    "mineru": ("MinerU document parsing", "MinerU 文档解析", True, ["layout"]),
    "layout": ("Layout detection", "版面检测", False, []),
    "sensevoice": ("SenseVoice speech recognition", "SenseVoice 语音识别", True, []),
    "paraformer": ("Paraformer speaker diarization", "Paraformer 说话人分离", False, []),
    "lama": ("LaMa inpainting", "LaMa 图像修复", False, []),
}
_FILES = 40
_BYTES = 100_000
_SLOW = 300_000
"""Bytes a second of a connection."""
_VERDICTS = (Verdict.READY, Verdict.PARTIAL, Verdict.MISSING, Verdict.READY, Verdict.DAMAGED, Verdict.UNVERIFIED)


def _scene(folder: Path) -> tuple[CatalogWindow, Desk]:
    """Several models, one with a part; hub and desk end with the window."""
    ending = ExitStack()
    hub = ending.enter_context(Hub(*(Repository.of(f"demo/{key}", _contents(key)) for key in _MODELS)))
    entries = "\n".join(_entry(key, *facts) for key, facts in _MODELS.items())
    desk = Desk(workbench(folder / "bench", hub.endpoint, entries), hub)
    ending.callback(desk.close)
    window = CatalogWindow(desk.board, desk.downloads, desk.checks, desk.quick, QLocale().name(), Settings())
    window.preload_wanted.connect(desk.downloads.preload)
    window.destroyed.connect(lambda: ending.close())  # noqa: PLW0108  a bound method would be held weakly
    return window, desk


def _contents(key: str) -> dict[str, bytes]:
    return {"config.json": b"{}"} | {
        f"weights/part-{number:03}-of-{_FILES:03}.bin": f"{key}{number}".encode() * _BYTES for number in range(_FILES)
    }


def _entry(key: str, en: str, zh: str, required: bool, needs: list[str]) -> str:
    return (
        f'[[model]]\nkey = "{key}"\nname = {{ en = "{en}", zh = "{zh}" }}\n'
        'description = { en = "What it does, in one sentence.", zh = "一句话说明它的用途。" }\n'
        f'licence = "Apache-2.0"\nrequired = {str(required).lower()}\nplace = {{ cache = "huggingface" }}\n'
        f"needs = {needs}\n[[model.source]]\n{repository(f'demo/{key}')}\n"
    )


def _until(condition: Callable[[], bool]) -> None:
    deadline = QDeadlineTimer(60_000)
    while not condition():
        if deadline.hasExpired():
            raise TimeoutError
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 50)


def _imagined(desk: Desk, models: Catalog) -> None:
    """Those models, with one verdict after the other."""
    desk.downloads.use(models)
    desk.board.use(models)
    found = [
        row(m.key, v, of=m, files=n + 3, location=Path(f"/srv/models/{m.key}")).status
        for n, m in enumerate(models.models)
        for v in [_VERDICTS[n % len(_VERDICTS)]]
    ]
    desk.checks.found.emit(tuple(found))


def built_in(folder: Path) -> QWidget:
    """The models that the program comes with."""
    window, desk = _scene(folder)
    _imagined(desk, catalog.load(paths.resource("catalog/tianshu.toml")))
    window.select("paddleocr")
    return window


def many(folder: Path) -> QWidget:
    """Two hundred, of which some are selected."""
    window, desk = _scene(folder)
    _imagined(desk, Catalog(tuple(made_model(f"model-{n:03}", required=not n % 3, licence="MIT") for n in range(200))))
    window._view.select("model-003", "model-005", "model-007")
    return window


def working(folder: Path) -> QWidget:
    """One is fetched, one rests, others wait."""
    window, desk = _scene(folder)
    desk.hub.rate = _SLOW
    desk.checks.look()
    _until(lambda: all(one.status is not None for one in desk.board.rows()))
    desk.downloads.preload(["mineru", "sensevoice", "paraformer", "lama"])
    desk.downloads.pause(["sensevoice"])
    window.show()
    window.select("mineru")
    _until(lambda: desk.downloads.work("mineru").bytes_done > 5_000_000)
    return window


def files(folder: Path) -> QWidget:
    """All files of one, and of its part."""
    window, desk = _scene(folder)
    desk.downloads.preload(["mineru"])
    _until(lambda: desk.board.row("mineru").ready)
    window.show()
    window.select("mineru")
    window._details.tabs.setCurrentIndex(1)
    _until(lambda: window._details._files.rowCount() > _FILES)
    return window


def ready(folder: Path) -> QWidget:
    """What is known of one that is ready."""
    window, desk = _scene(folder)
    desk.downloads.preload(["lama"])
    _until(lambda: desk.board.row("lama").ready)
    window.show()
    window.select("lama")
    _until(lambda: window._details._files.rowCount() > 0)
    return window


def failed(folder: Path) -> QWidget:
    """A hub that shows a model to no one without a token."""
    window, desk = _scene(folder)
    desk.hub.put(Repository.of("demo/lama", {"model.bin": b"l"}, private=True))
    desk.downloads.preload(["lama"])
    _until(lambda: desk.downloads.work("lama").activity is Activity.FAILED)
    window.select("lama")
    return window


def empty(folder: Path) -> QWidget:
    """No model at all."""
    window, desk = _scene(folder)
    desk.board.use(Catalog(()))
    return window


def error(folder: Path) -> QWidget:
    """Nothing can be said, and no model is known."""
    window, desk = _scene(folder)
    desk.board.use(Catalog(()))
    desk.checks.failed.emit(errors.JournalUnusable(folder / "journal.sqlite3", "file is not a database"))
    return window


def no_match(folder: Path) -> QWidget:
    """A search that finds nothing."""
    window, _ = _scene(folder)
    window._search.setText("nowhere")
    return window


PICTURES: dict[str, Callable[[Path], QWidget]] = {
    "catalog": built_in,
    "catalog-many": many,
    "catalog-working": working,
    "catalog-files": files,
    "catalog-ready": ready,
    "catalog-failed": failed,
    "catalog-empty": empty,
    "catalog-error": error,
    "catalog-no-match": no_match,
}
