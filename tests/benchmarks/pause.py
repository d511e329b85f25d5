"""From pause and cancel until they are seen, and until no byte moves any more, while a model comes at full speed.

    python3 dev.py bench pause [TRIES]

The table of the catalog window says what is seen. The last byte is the last one that came out of a socket, and the
last one that was written: what the process handed to the system, sampled each millisecond.
"""

import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from _desktop import load
from _measure import FAST, MiB, fill, hub
from PySide6.QtWidgets import QApplication

from helpers.desk import machine
from helpers.workbench import model, repository, workbench
from model_preload.app.desk import Desk
from model_preload.core.settings import Settings
from model_preload.core.transfer import meter
from model_preload.downloads.values import Activity
from model_preload.ui.catalog.window import CatalogWindow
from model_preload.ui.models.cells import Column

TRIES = 20
TARGETS = {"shown": 100, "last byte came": 500, "last one written": 500}
_WATCHED = 1.0
_LITTLE = 64 << 10
"""What journal and log write after all."""


class Traffic:
    """When the last byte came, and when the last one was written."""

    def __init__(self) -> None:
        self.came = self.wrote = 0.0
        add = meter.Meter.add

        def note(of: meter.Meter, count: int) -> None:
            self.came = time.perf_counter()
            add(of, count)

        meter.Meter.add = note  # type: ignore[method-assign, assignment]
        self._over = threading.Event()
        threading.Thread(target=self._sample, daemon=True).start()

    def close(self) -> None:
        self._over.set()

    def _sample(self) -> None:
        before = _written()
        while not self._over.wait(0.001):
            now = _written()
            if now - before > _LITTLE:
                before, self.wrote = now, time.perf_counter()


def _written() -> int:
    lines = Path("/proc/self/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("wchar"))


def main() -> None:
    """In turn: pause, go on, cancel, ask anew."""
    tries = int(sys.argv[1]) if sys.argv[1:] else TRIES
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication(["bench"])
    with ExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir=FAST)))
        source = folder / "source"
        source.mkdir()
        fill(source, 8, 256 * MiB)
        endpoint = ending.enter_context(hub(source))
        traffic = Traffic()
        ending.callback(traffic.close)
        found: dict[str, list[tuple[float, float, float]]] = {"pause": [], "cancel": []}
        for number in range(2 * tries):
            deed = ("pause", "cancel")[number % 2]
            found[deed].append(_try(app, deed, folder / str(number), endpoint, traffic))
    print(f"\n{tries} tries each, ms: median and worst ({load()})")
    for deed, results in found.items():
        for (what, target), values in zip(TARGETS.items(), zip(*results, strict=True), strict=True):
            ordered = sorted(1000 * value for value in values)
            print(f"  {deed:<7} {what:<17} {ordered[len(ordered) // 2]:6.1f} {ordered[-1]:6.1f}  target {target}")


def _try(app: QApplication, deed: str, folder: Path, endpoint: str, traffic: Traffic) -> tuple[float, float, float]:
    bench = workbench(folder, endpoint, model("bench", repository("bench/model")))
    bench.settings = Settings(endpoint=endpoint, reserve=0, connections=8)
    desk = Desk(bench.opened, bench.state, lambda _settings: machine(folder / "temp"))
    with desk.core.lease() as opened:
        desk.use(opened.services.catalog)
    window = CatalogWindow(desk.board, desk.downloads, desk.checks, desk.quick, "en", bench.settings)
    window.show()
    try:
        desk.downloads.preload(["bench"])
        _until(app, lambda: desk.downloads.work("bench").bytes_done > 300 * MiB)
        cell = window._table.index(0, Column.PROGRESS)
        before = cell.data()
        began = time.perf_counter()
        getattr(desk.downloads, deed)(["bench"])
        _until(app, lambda: cell.data() != before and not desk.downloads.work("bench").activity.working)
        window.repaint()
        shown = time.perf_counter() - began
        _until(app, lambda: time.perf_counter() - began > _WATCHED)
        assert desk.downloads.work("bench").activity in (Activity.PAUSED, Activity.IDLE)
        return shown, max(0.0, traffic.came - began), max(0.0, traffic.wrote - began)
    finally:
        window.close()
        desk.close()
        shutil.rmtree(folder, ignore_errors=True)


def _until(app: QApplication, condition: Callable[[], object]) -> None:
    ends = time.perf_counter() + 60
    while not condition():
        assert time.perf_counter() < ends
        app.processEvents()
        time.sleep(0.001)


if __name__ == "__main__":
    main()
