"""Python's collector, kept to the main thread.

It runs in whichever thread happens to allocate; in a worker it may end a widget that nothing refers to any more but a
cycle, and Qt does not survive that. So it is switched off and run here: when something was shown, and after a job.
"""

import gc

from PySide6.QtCore import QObject, Slot


class Collector(QObject):
    """GUI thread; from its making on it is the process's only one."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        gc.freeze()  # what was imported so far stays: it need not be looked at again

    @Slot()
    def collect(self) -> None:
        """Do what Python would have done by now: the oldest generation that is due, if any."""
        counts = list(zip(gc.get_count(), gc.get_threshold(), strict=True))
        for generation, (count, most) in reversed(list(enumerate(counts))):
            if count > most:
                gc.collect(generation)
                return
