"""The demo: the real code on an embedded hub, interrupted once on purpose, in folders that are gone afterwards."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from model_preload.core import catalog
from model_preload.core.events import Control, Event, EventSink, Progress
from model_preload.core.queue import Queue
from model_preload.core.settings import Settings
from model_preload.core.tasks.preload import RunReport, preload
from model_preload.core.tasks.services import Services, open_services
from model_preload.core.tasks.status import ModelStatus, status
from model_preload.core.texts import Text, size, text
from model_preload.demo import models
from model_preload.demo.hub import Hub

_INTERRUPT_AT = 0.4


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What the demo came to.

    Attributes:
        models: as they stand at the end.
        first, second: the interrupted run and the one that went on.
        bytes_served: by the hub for both; the excess over the models' sizes is what the interruption cost.
    """

    models: tuple[ModelStatus, ...]
    first: RunReport
    second: RunReport
    bytes_served: int

    @property
    def success(self) -> bool:
        return all(found.ready for found in self.models)


class _NoCredentials:
    def token(self, hub: str) -> str | None:
        """The embedded hub asks for none."""
        return None


def run(
    control: Control, sink: EventSink, tell: Callable[[Text], None], names: dict[str, str], language: str
) -> DemoReport:
    """Run it, in temporary folders. Calling thread only; takes a few seconds.

    Args:
        control: cancels it.
        sink: told of the events of both runs.
        tell: told in sentences what is going on.
        names: is filled with the models' names by key, before the first event.
        language: of these names.

    Raises:
        Cancelled: through the control.
        Circumstance: no room in the temporary folder, or the like.
    """
    with tempfile.TemporaryDirectory(prefix="model-preload-demo-", ignore_cleanup_errors=True) as folder:
        home = Path(folder).resolve()
        demo = models.make(home / "hub", f"{home.as_posix()}/platform/models")
        written = home / "catalog.toml"
        written.write_text(demo.catalog, encoding="utf-8")
        with Hub(*demo.repositories, rate=models.RATE) as hub:
            tell(text("An embedded hub with three models listens on {endpoint}.", endpoint=hub.endpoint))
            with open_services(
                home / "state",
                catalog=catalog.load(written),
                settings=Settings(endpoint=hub.endpoint, reserve=0),
                credentials=_NoCredentials(),
                environ=_environment(home),
                user_home=home,
                proxies={},
            ) as services:
                names.update({model.key: model.name.in_language(language) for model in services.catalog.models})
                return _show(services, home, hub, control, sink, tell)


def _environment(home: Path) -> Mapping[str, str]:
    return {"HF_HOME": str(home / "huggingface")}


def _show(
    services: Services, home: Path, hub: Hub, control: Control, sink: EventSink, tell: Callable[[Text], None]
) -> DemoReport:
    queue = Queue(home / "state", services.disk, services.journal)
    first_control = Control()

    def interrupting(event: Event) -> None:
        sink(event)
        match event:
            case Progress(model="demo-large", bytes_done=done, bytes_total=total) if done > total * _INTERRUPT_AT:
                first_control.cancel()
            case _:
                pass

    tell(text("First run; it will be interrupted in the middle."))
    with control.interrupting(first_control.cancel):
        first = preload(services, queue, [], first_control, interrupting, purpose="model-preload demo")
    control.check()
    fetched = size(first.bytes_fetched)
    tell(text("Interrupted after {bytes}. Second run; it goes on where the first one stopped.", bytes=fetched))
    second = preload(services, queue, [], control, sink, purpose="model-preload demo")
    control.check()
    found = status(services, [], control)
    total = sum(one.bytes for one in found)
    tell(
        text(
            "The models have {total}; the hub sent {served}, so the interruption cost {waste}.",
            total=size(total),
            served=size(hub.bytes_served),
            waste=size(max(0, hub.bytes_served - total)),
        )
    )
    return DemoReport(found, first, second, hub.bytes_served)
