"""The log window under a burst, beside a window that shows nothing, and how long its filter takes.

python3 dev.py bench log_window
"""

import logging
import threading
import time
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget

from model_preload.downloads.log_buffer import LogBuffer
from model_preload.ui.log_window import LogWindow

RECORDS = 100_000
WORDS = ("m", "mo", "model-1", "MODEL-19", "nothing", "")
log = logging.getLogger("model_preload")


def main() -> None:
    """Both parts."""
    log.setLevel(logging.INFO)
    app = QApplication(["bench"])
    bare = QWidget()
    bare.show()
    nowhere = logging.NullHandler()
    log.addHandler(nowhere)
    _burst(app, "a window that shows nothing")
    bare.close()
    buffer = LogBuffer()
    log.addHandler(buffer.handler)
    window = LogWindow(buffer, Path(), {"bert": "BERT", "vad": "VAD"})
    window.show()
    _burst(app, "the log window")
    _filters(app, window)
    log.removeHandler(buffer.handler)


def _burst(app: QApplication, name: str) -> None:
    """How long the main thread sees to nothing else, while another thread logs as fast as it can."""
    stalls: list[float] = []
    last = time.perf_counter()

    def tick() -> None:
        nonlocal last
        now = time.perf_counter()
        stalls.append(now - last)
        last = now

    timer = QTimer()
    timer.setInterval(1)
    timer.timeout.connect(tick)
    timer.start()
    thread = threading.Thread(target=_write)
    thread.start()
    ends = time.perf_counter() + 2  # the last records are delivered too
    while thread.is_alive() or time.perf_counter() < ends:
        app.processEvents()
    timer.stop()
    worst = sorted(stalls)
    shares = ", ".join(f"{name} {1000 * worst[int(len(worst) * share)]:.1f}" for name, share in _SHARES.items())
    print(f"  {RECORDS} records from a thread beside {name}: ms between two ticks of 1 ms: {shares}")


_SHARES = {"median": 0.5, "p99": 0.99, "p99.9": 0.999}


def _write() -> None:
    for number in range(RECORDS):
        log.info("%s: published onnx/model-%d-of-400.safetensors", ("bert", "vad")[number % 2], number)


def _filters(app: QApplication, window: LogWindow) -> None:
    for word in WORDS:
        began = time.perf_counter()
        window._search.setText(word)
        app.processEvents()
        took = 1000 * (time.perf_counter() - began)
        print(f"  typed {word!r}: {took:.1f} ms until drawn, {window._model.rowCount()} of 20,000 rows; target 50")


if __name__ == "__main__":
    main()
