"""Jobs in the background for a widget that may be gone before they are done."""

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject

from model_preload.core.errors import Circumstance
from model_preload.core.events import Control, EventSink
from model_preload.downloads.background import Background, Job
from model_preload.downloads.open_core import Opened

Result = TypeVar("Result")


class Errands:
    """As `Background.start`, for one owner; what is not done when the owner is destroyed is cancelled."""

    def __init__(self, background: Background, owner: QObject) -> None:
        self._background = background
        self._jobs: list[Callable[[], None]] = []
        owner.destroyed.connect(self.cancel)

    def start(
        self,
        work: Callable[[Opened, Control, EventSink], Result],
        done: Callable[[Result], None],
        failed: Callable[[Circumstance], None],
    ) -> Job[Result]:
        """Do it when those before it are done. Owner's thread."""

        def succeeded(result: Result) -> None:
            self._jobs.remove(cancel)
            done(result)

        def met(problem: Circumstance) -> None:
            self._jobs.remove(cancel)
            failed(problem)

        job = self._background.start(work, succeeded, met)
        cancel = job.cancel
        self._jobs.append(cancel)
        return job

    def cancel(self) -> None:
        """Give up all of them."""
        for cancel in self._jobs:
            cancel()
        self._jobs.clear()
