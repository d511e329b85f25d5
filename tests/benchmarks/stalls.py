"""How long the windows see to nothing else while models come at full speed, beside an idle Qt program under that load.

    python3 dev.py bench stalls [SECONDS]

200 models of 25 files each come over 8 connections from a hub in another process; catalog and log are open. Two things
are measured: the gaps between ticks of a timer of 1 ms in the main thread, and how long an event takes to get there
that another thread posts, as the system posts a click. Beside an idle program, the same models come by the command
line in a process of its own. Files lie on a RAM disk, and what was brought is removed at once by a third process.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from _desktop import load, missing, screen
from _measure import FAST, MiB, environment, hub
from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication, QWidget

MODELS, FILES = 200, 25
SIZES = (64 * MiB, *[MiB] * (FILES - 1))
SECONDS = 60
WARM = 5
SHARES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999, "max": 1.0}
TARGETS = {"p99": 16, "p99.9": 50}
MODEL = """[[model]]
key = "{key}"
name = "{key}"
required = true
place = {{ cache = "huggingface" }}
[[model.source]]
hub = "huggingface"
repo = "bench/{key}"
"""


class Ticks(QObject):
    """Measures the main thread from its making on; `result` ends that."""

    _posted = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self._gaps: list[float] = []
        self._delays: list[float] = []
        self._ended = threading.Event()
        self._posted.connect(self._arrived, Qt.ConnectionType.QueuedConnection)
        self._last = time.perf_counter()
        self._timer = QTimer(self, interval=1, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start()
        self._thread = threading.Thread(target=self._post, daemon=True)
        self._thread.start()

    def result(self) -> dict[str, dict[str, float]]:
        """In milliseconds."""
        self._timer.stop()
        self._ended.set()
        self._thread.join()
        return {"gaps": _shares(self._gaps), "events": _shares(self._delays)}

    @Slot()
    def _tick(self) -> None:
        now = time.perf_counter()
        self._gaps.append(now - self._last)
        self._last = now

    @Slot(float)
    def _arrived(self, posted: float) -> None:
        self._delays.append(time.perf_counter() - posted)

    def _post(self) -> None:
        while not self._ended.wait(random.uniform(0.002, 0.01)):
            self._posted.emit(time.perf_counter())


def _shares(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    found = {name: 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))] for name, share in SHARES.items()}
    return {**found, "over 50 ms": sum(one > 0.05 for one in ordered), "count": len(ordered)}


def idle(seconds: float) -> None:
    """The program beside: a window that shows nothing. Prints what it found."""
    app = QApplication(["idle"])
    window = QWidget()
    window.show()
    ticks: list[Ticks] = []
    QTimer.singleShot(WARM * 1000, lambda: ticks.append(Ticks()))
    QTimer.singleShot(int((WARM + seconds) * 1000), app.quit)
    app.exec()
    print(json.dumps(ticks[0].result()), flush=True)


def ours(home: Path, seconds: float) -> None:
    """The tray app as it is, watched. Prints each model that came, then what it found."""
    from model_preload.app import program, start

    class Watched(program.Program):
        """Opens the windows, preloads all, and does so again when that is over."""

        def begin(self) -> None:
            super().begin()
            self._windows.show("log")
            self._windows.show("catalog")
            downloads = self._desk.downloads
            downloads.finished.connect(lambda result: print(result.key, flush=True))
            downloads.batch_finished.connect(self.preload_all)
            downloads.working_changed.connect(self._measure)
            downloads.changed.connect(self._count_change)
            self._told = self._changes = 0
            downloads._lane.progressed.connect(self._count, Qt.ConnectionType.QueuedConnection)
            self._ticks: Ticks | None = None
            self.preload_all()

        @Slot(object)
        def _count(self, _event: object) -> None:
            self._told += 1

        @Slot(object)
        def _count_change(self, _keys: object) -> None:
            self._changes += 1

        @Slot(bool)
        def _measure(self, working: bool) -> None:
            if working and self._ticks is None:
                self._desk.downloads.working_changed.disconnect(self._measure)
                QTimer.singleShot(WARM * 1000, self._begin_to_measure)

        def _begin_to_measure(self) -> None:
            self._ticks = Ticks()
            self._told = self._changes = 0
            QTimer.singleShot(int(seconds * 1000), self._stop)

        def _stop(self) -> None:
            assert self._ticks is not None
            found = self._ticks.result()
            told = {"events": self._told / seconds, "changes": self._changes / seconds}
            widgets = len(QApplication.allWidgets())
            print(json.dumps({**found, "per second": told, "widgets": widgets}), flush=True)
            QApplication.quit()

    program.Program = Watched  # type: ignore[misc]
    start.run(home / "state", os.environ, home, home / "catalog.toml", direct=True, hidden=True)


def main() -> None:
    """Both, one after the other."""
    if lacking := missing():
        print(f"  left out: {', '.join(lacking)} not on this machine")
        return
    seconds = float(sys.argv[1]) if sys.argv[1:] else SECONDS
    with tempfile.TemporaryDirectory(prefix="bench-", dir=FAST, ignore_cleanup_errors=True) as folder:
        source = Path(folder) / "source"
        _fill(source)
        with hub(source) as endpoint:
            found = {
                "idle program": _beside(Path(folder) / "beside", endpoint, seconds),
                "catalog and log": _watched(Path(folder) / "ours", endpoint, seconds),
            }
    print(f"\n{MODELS} models, {MODELS * FILES} files, {seconds:.0f} s, ms ({load()})")
    for name, values in found.items():
        for what, measured in (("between two ticks", values["gaps"]), ("until an event", values["events"])):
            told = ", ".join(
                f"{share} {measured[share]:.1f}" + (f" (target {TARGETS[share]})" if share in TARGETS else "")
                for share in SHARES
            )
            print(f"  {name:<16} {what:<18} {told}; {measured['over 50 ms']:.0f} of {measured['count']:.0f} over 50 ms")
        print(f"  {name:<16} {values['models']} models came")
    rates = found["catalog and log"]["per second"]
    print(f"  the core told {rates['events']:.1f} times a second, models changed {rates['changes']:.1f} times a second")
    print(f"  {found['catalog and log']['widgets']} widgets in the program")


def _fill(source: Path) -> None:
    """Files that are different, and take no room: all but their beginning is a hole."""
    for model in range(MODELS):
        place = source / f"model-{model:03}"
        place.mkdir(parents=True)
        for number, size in enumerate(SIZES):
            with (place / f"part-{number:02}.safetensors").open("wb") as file:
                file.write(model.to_bytes(4, "little") + number.to_bytes(4, "little"))
                file.truncate(size)


@contextmanager
def _prepared(home: Path, endpoint: str) -> Iterator[Mapping[str, str]]:
    """Catalog, settings and a screen; gives the environment."""
    state = home / "state"
    state.mkdir(parents=True)
    entries = [MODEL.format(key=f"model-{number:03}") for number in range(MODELS)]
    (home / "catalog.toml").write_text("schema = 1\n" + "\n".join(entries), encoding="utf-8")
    settings = (
        'first_run_done = true\nreserve = 0\nconnections = 8\nwhen_metered = "go-on"\nwhen_on_battery = "go-on"\n'
    )
    (state / "settings.toml").write_text(settings, encoding="utf-8")
    with screen(home, "1920x1080") as shown:
        yield {
            **environment(),
            **shown.environ,
            "MODEL_PRELOAD_HOME": str(state),
            "HF_HOME": str(home / "hf"),
            "HF_ENDPOINT": endpoint,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        }


def _watched(home: Path, endpoint: str, seconds: float) -> dict[str, Any]:
    with _prepared(home, endpoint) as environ:
        return _result(["ours", str(home), str(seconds)], environ, lambda key: _remove(home, key))


def _beside(home: Path, endpoint: str, seconds: float) -> dict[str, Any]:
    came: list[str] = []
    with _prepared(home, endpoint) as environ, ExitStack() as ending:
        over = threading.Event()
        bringing = threading.Thread(target=_bring, args=(home, environ, over, came))
        bringing.start()
        ending.callback(bringing.join)
        ending.callback(over.set)
        return {**_result(["idle", str(seconds)], environ, lambda _key: None), "models": len(came)}


def _bring(home: Path, environ: Mapping[str, str], over: threading.Event, came: list[str]) -> None:
    """By the command line, again and again; what is here is removed as it comes."""
    command = [sys.executable, "-P", "-m", "model_preload", "preload", "--catalog", str(home / "catalog.toml")]
    while not over.is_set():
        process = subprocess.Popen(command, env=environ, cwd=home, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        ended = False
        while not ended and not over.wait(0.2):
            ended = process.poll() is not None
            # A ref is written last: what has one is whole.
            for ref in (home / "hf" / "hub").glob("models--bench--*/refs/main"):
                key = ref.parts[-3].rpartition("--")[2]
                came.append(key)
                _remove(home, key)
        process.terminate()
        process.wait()


def _remove(home: Path, key: str) -> None:
    shutil.rmtree(home / "hf" / "hub" / f"models--bench--{key}", ignore_errors=True)


def _result(words: Sequence[str], environ: Mapping[str, str], came: Callable[[str], None]) -> dict[str, Any]:
    """Run this file in a process of its own; what it prints at last."""
    command = [sys.executable, str(Path(__file__)), *words]
    models = 0
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("{"):
                return {"models": models, **json.loads(line)}
            models += 1
            came(line.strip())
    raise AssertionError("the program told nothing")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["ours", home, seconds]:
            ours(Path(home), float(seconds))
        case ["idle", seconds]:
            idle(float(seconds))
        case _:
            main()
