"""The app's parts between core and windows, on a hub of the test's own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from helpers.workbench import Workbench, model, repository, workbench
from model_preload.app.desk import Desk as AppDesk
from model_preload.core.tasks.doctor.machine import Gpu, Machine, System
from model_preload.core.values import Verdict
from model_preload.demo.hub import Hub
from model_preload.demo.repository import Repository

MODELS = ("a", "b", "c")
BYTES = 3_000_000
"""Of each model."""


class Desk(AppDesk):
    """The app's, in a test's own folders, with a machine on which all is well; its board knows the models."""

    def __init__(self, bench: Workbench, hub: Hub) -> None:
        super().__init__(bench.opened, bench.state, lambda _settings: machine(bench.home / "temp"))
        self.bench = bench
        self.hub = hub
        with self.core.lease() as opened:
            self.use(opened.services.catalog)

    @property
    def verdicts(self) -> list[Verdict | None]:
        return [row.verdict for row in self.board.rows()]


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
            desk = Desk(demo_bench(folder, hub), hub)
            closing.callback(desk.close)
            return desk

        yield make
