"""A blocking call that a cancel lets go of."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

from model_preload.core.events import Cancelled, Control

_POLL_SECONDS = 0.1
_GRACE_SECONDS = 0.25

T = TypeVar("T")


def released(call: Callable[[], T], control: Control) -> T:
    """Do the call on a thread of its own and wait for it, after a cancel only for a moment more.

    A look-up of a name, and a connection that nobody answers, can't be ended from outside: then the thread
    is left behind, and what it brings is thrown away.

    Raises:
        Cancelled: through the control, within half a second.
        Exception: whatever the call raises.
    """
    outcome: Future[T] = Future()

    def work() -> None:
        try:
            outcome.set_result(call())
        except BaseException as error:  # noqa: BLE001  it is raised again for the caller
            outcome.set_exception(error)

    thread = threading.Thread(target=work, name="network", daemon=True)
    thread.start()
    while not outcome.done():
        wait([outcome], _POLL_SECONDS)
        if control.cancelled:
            wait([outcome], _GRACE_SECONDS)
            if not outcome.done():
                raise Cancelled
    thread.join()
    return outcome.result()
