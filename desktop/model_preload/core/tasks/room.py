"""A drive that is full stops nothing for good: the run waits for room and goes on from where it was."""

import logging
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from model_preload.core import errors
from model_preload.core.events import Control, EventSink, Notice
from model_preload.core.tasks.plan import plan_for
from model_preload.core.tasks.services import Pinned, Services
from model_preload.core.texts import Text, size, text

log = logging.getLogger("model_preload.tasks")

PATIENCE = 600.0
"""Seconds that a run waits for room before it gives the model up."""
POLL_SECONDS = 2.0
ROOM_AGAIN = "room-again"
"""The code of the notice that ends one with the code of DiskFull."""
_LONGEST_PAUSE = 60.0
_LEAST = 4 << 20
"""Bytes that have to be free beside those still to come: the journal, folders, names."""

Attempt = Callable[[], Mapping[str, errors.Circumstance]]


class Room:
    """The patience of one run; its thread calls.

    Args:
        patience: seconds to wait in all without getting further; time in which the user paused does not count.
        unreadable: what the run found so far; see `plan_for`.
    """

    def __init__(
        self,
        services: Services,
        control: Control,
        sink: EventSink,
        patience: float,
        unreadable: Collection[Path],
    ) -> None:
        self._services = services
        self._control = control
        self._sink = sink
        self._patience = patience
        self._unreadable = unreadable
        self._waited = 0.0
        self._pause = POLL_SECONDS
        self._left: tuple[str, int] | None = None

    def attempt(self, pinned: Pinned, attempt: Attempt) -> Mapping[str, errors.Circumstance]:
        """Try to bring a model, again whenever there is room after a drive was full.

        Returns:
            What the last attempt returned, or {"": DiskFull} if it ended by that.

        Raises:
            What `attempt` raises but DiskFull. Cancelled.
        """
        while True:
            try:
                failed = attempt()
            except errors.DiskFull as problem:
                failed = {"": problem}
            full = next((problem for problem in failed.values() if isinstance(problem, errors.DiskFull)), None)
            if full is None or not self._wait(pinned, full):
                return failed

    def _wait(self, pinned: Pinned, full: errors.DiskFull) -> bool:
        """True as soon as there is room, False when patience ends."""
        self._measure(pinned)
        told = self._shortage(pinned, full) or text("No room left for {path}. Waiting for room.", path=full.path)
        log.warning("%s: %s", pinned.model.key, told)
        self._sink(Notice(pinned.model.key, told, errors.DiskFull.code))
        while self._waited < self._patience:
            pause = min(self._pause, self._patience - self._waited)
            self._control.sleep(pause)
            self._control.check()
            self._waited += pause
            if self._shortage(pinned, full) is None:
                self._sink(Notice(pinned.model.key, text("There is room again; going on."), ROOM_AGAIN))
                return True
        return False

    def _measure(self, pinned: Pinned) -> None:
        """Begin with new patience if something came since the last time, else look less often.

        A quota can be used up while the drive shows free bytes: each attempt would end at once.
        """
        left = pinned.model.key, plan_for(self._services, [pinned], self._unreadable).bytes_to_fetch
        if self._left is None or left[0] != self._left[0] or left[1] < self._left[1]:
            self._waited = 0.0
            self._pause = POLL_SECONDS
        else:
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        self._left = left

    def _shortage(self, pinned: Pinned, full: errors.DiskFull) -> Text | None:
        """What is missing where, or None if there is room: found by counting, then by trying."""
        disk = self._services.disk
        folder = full.path.parent
        short = [
            (pinned.staging, drive.needed + self._services.settings.reserve + _LEAST, drive.free)
            for drive in plan_for(self._services, [pinned], self._unreadable).drives
        ]
        short += [(folder, _LEAST, disk.free_bytes(folder))]
        for place, needed, free in short:
            if free < needed:
                return text(
                    "The drive of {folder} is full: needs {needed}, has {free}. Waiting for room.",
                    folder=place,
                    needed=size(needed),
                    free=size(free),
                )
        probe = folder / ".room"
        try:
            disk.write_text(probe, " " * 65536)
            disk.remove(probe)
        except errors.DiskFull:
            return text("No room left for {path}. Waiting for room.", path=full.path)
        return None
