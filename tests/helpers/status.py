"""The status window on a real desk, with a machine whose facts the test chooses."""

from collections.abc import Callable
from dataclasses import dataclass

from helpers.desk import Desk
from helpers.workbench import Workbench
from model_preload.demo.hub import Hub
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


def make_scene(bench: Workbench, hub: Hub, language: str = "en") -> Scene:
    """One that nobody looked at yet; the window is not shown."""
    desk = Desk(bench, hub)
    window = StatusWindow(
        desk.board, desk.downloads, desk.checks, desk.examiner, desk.prover, desk.quick, bench.state, language
    )
    return Scene(desk, desk.examiner, desk.prover, window, desk.close)
