"""Every window in a state worth a picture; `python3 dev.py screenshots` draws them all."""

import logging
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from helpers import catalog_pictures, status_pictures
from model_preload.downloads.log_buffer import LogBuffer
from model_preload.ui.log_window import LogWindow

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
    for number, (part, level, message, model) in enumerate(said):
        record = logging.LogRecord(f"model_preload.{part}", level, __file__, 1, message, None, None)
        record.created = 1795509125.25 + number * 0.117
        if model:
            record.model = model
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


WINDOWS: dict[str, Callable[[Path], QWidget]] = {
    "log": log,
    "log-chosen": log_chosen,
    "log-empty": log_empty,
    "log-no-hit": log_no_hit,
    **catalog_pictures.PICTURES,
    **status_pictures.PICTURES,
}
"""Name and maker of each; a maker gets an empty folder, and the window owns all that it needs."""
