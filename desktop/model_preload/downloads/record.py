"""The agenda in the journal: what the user sees, and what the next start finds."""

import threading
from collections.abc import Sequence

from model_preload.core.catalog import Catalog
from model_preload.core.queue import Queue
from model_preload.downloads.agenda import Agenda, Standing
from model_preload.downloads.open_core import Opened


class Record:
    """Writes where models stand at the moment of writing, so that whoever writes last writes what is so now.

    The clerk writes what the user changed, the lane what became of a turn; neither knows which of them comes first.
    Any thread may call.
    """

    def __init__(self, agenda: Agenda) -> None:
        self._agenda = agenda
        self._writing = threading.Lock()

    def write(self, opened: Opened, keys: Sequence[str]) -> None:
        """Bring those models' rows in line with the agenda. Raises JournalUnusable, DiskProblem."""
        with self._writing:
            gone = [key for key in keys if not self._put(opened.queue, key)]
            if gone:
                forget(opened.queue, opened.services.catalog, gone)
            self._arrange(opened.queue)

    def _put(self, queue: Queue, key: str) -> bool:
        """False if the model is off the agenda."""
        match self._agenda.standing(key):
            case None:
                return False
            case Standing.WAITING:
                queue.add([key])
            case Standing.PAUSED:
                queue.add([key], sparing=[key])
                queue.hold([key])
            case Standing.FAILED:
                queue.add([key])
                queue.failed(key)
            case Standing.RUNNING:
                pass  # the run that it is writes for itself
        return True

    def _arrange(self, queue: Queue) -> None:
        wanted = [key for key, _ in self._agenda.lines()]
        here = [entry.model for entry in queue.entries() if entry.model in wanted]
        if here != [key for key in wanted if key in here]:
            queue.move(wanted, None)


def forget(queue: Queue, catalog: Catalog, keys: Sequence[str]) -> None:
    """Take models out of the queue, and their parts that nothing else in it needs."""
    others = [entry.model for entry in queue.entries()]
    known = {model.key for model in catalog.models}
    queue.remove([*keys, *catalog.with_own_parts(known.intersection(keys), others)])
