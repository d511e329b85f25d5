"""The app's parts between core and windows, on a hub of the test's own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from helpers.workbench import Workbench, model, repository, workbench
from model_preload.core.values import Verdict
from model_preload.demo.hub import Hub
from model_preload.demo.repository import Repository
from model_preload.downloads.background import Background
from model_preload.downloads.board import Board
from model_preload.downloads.checks import Checks
from model_preload.downloads.downloads import Downloads
from model_preload.downloads.forecast import Forecasts
from model_preload.downloads.open_core import OpenCore

MODELS = ("a", "b", "c")
BYTES = 3_000_000
"""Of each model."""


@dataclass
class Desk:
    """Everything between core and windows, as `app` makes it; `close` ends it."""

    bench: Workbench
    hub: Hub
    core: OpenCore
    backgrounds: dict[str, Background]
    downloads: Downloads
    checks: Checks
    board: Board

    def close(self) -> None:
        self.downloads.stop()
        for background in self.backgrounds.values():
            background.stop()
        self.core.close()

    @property
    def verdicts(self) -> list[Verdict | None]:
        return [row.verdict for row in self.board.rows()]


def make_desk(bench: Workbench, hub: Hub) -> Desk:
    """One whose board knows the models, and nothing else yet."""
    core = OpenCore(bench.opened, bench.state)
    backgrounds = {name: Background(name, core) for name in ("clerk", "quick", "long")}
    downloads = Downloads(core, backgrounds["clerk"])
    checks = Checks(backgrounds["quick"], backgrounds["long"])
    board = Board(downloads, checks, Forecasts(backgrounds["quick"]))
    with core.lease() as opened:
        downloads.use(opened.services.catalog)
        board.use(opened.services.catalog)
    return Desk(bench, hub, core, backgrounds, downloads, checks, board)


def demo_hub() -> Hub:
    """One with a repository for each of `MODELS`."""
    return Hub(*(Repository.of(f"demo/{key}", {"model.bin": key.encode() * BYTES}) for key in MODELS))


def demo_bench(folder: Path, hub: Hub) -> Workbench:
    """Whose catalog has them, all required."""
    catalog = "\n".join(model(key, repository(f"demo/{key}"), more="required = true") for key in MODELS)
    return workbench(folder / "bench", hub.endpoint, catalog)


@contextmanager
def desks(folder: Path) -> Iterator[Callable[[], Desk]]:
    """Makes one desk after the other on the same folders and hub, as new processes would; all are closed at the end."""
    with demo_hub() as hub, ExitStack() as closing:

        def make() -> Desk:
            desk = make_desk(demo_bench(folder, hub), hub)
            closing.callback(desk.close)
            return desk

        yield make
