"""The status window on a real desk, with a machine whose facts the test chooses."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from helpers.desk import Desk, make_desk
from helpers.workbench import Workbench
from model_preload.core.tasks.doctor.machine import Gpu, Machine, System
from model_preload.demo.hub import Hub
from model_preload.downloads.background import Background
from model_preload.downloads.examiner import Examiner
from model_preload.downloads.prover import Prover
from model_preload.ui.status.window import StatusWindow


@dataclass
class Scene:
    """A desk and its status window; `close` ends both."""

    desk: Desk
    examiner: Examiner
    prover: Prover
    window: StatusWindow
    close: Callable[[], None]


def machine(temp: Path) -> Machine:
    """A machine on which all is well."""
    temp.mkdir(parents=True, exist_ok=True)
    return Machine(
        temp=temp,
        proxies={},
        filesystem=lambda _path: "NTFS",
        long_paths=lambda: True,
        system=lambda: System("Windows-11-10.0.26100-SP0", 34_000_000_000, 18_500_000_000),
        gpus=lambda: (Gpu("NVIDIA GeForce RTX 3060", "566.36", 12_884_901_888),),
        token_origin=lambda _hub: None,
    )


def make_scene(bench: Workbench, hub: Hub, language: str = "en") -> Scene:
    """One that nobody looked at yet; the window is not shown."""
    desk = make_desk(bench, hub)
    doctor = Background("doctor", desk.core)
    examiner = Examiner(doctor, bench.state, lambda _settings: machine(bench.home / "temp"))
    prover = Prover(desk.backgrounds["long"])
    window = StatusWindow(
        desk.board,
        desk.downloads,
        desk.checks,
        examiner,
        prover,
        desk.backgrounds["quick"],
        bench.state,
        language,
    )
    closing = ExitStack()
    closing.callback(desk.close)
    closing.callback(doctor.stop)
    return Scene(desk, examiner, prover, window, closing.close)
