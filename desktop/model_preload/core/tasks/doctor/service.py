"""Whether the platform's own service is at work: worth knowing, and never a problem, since models need none of it."""

from collections.abc import Iterable
from contextlib import closing

from model_preload.core import errors
from model_preload.core.events import Control
from model_preload.core.http import Budget, Client
from model_preload.core.tasks.doctor.finding import Finding, note, ok
from model_preload.core.texts import text

ADDRESS = "http://localhost:18657/api/v1/health"
"""Where the platform's API says how it is."""
_SECONDS = 5.0
_BYTES = 1 << 20


def service(control: Control, address: str = ADDRESS) -> Iterable[Finding]:
    """Whether it answers, asked directly: no proxy leads to this machine. Raises Cancelled."""
    try:
        with closing(Client(connections=1)) as client:
            answer = client.fetch(address, Budget(_SECONDS, _BYTES), control=control)
    except errors.HubBusy as busy:
        status = busy.status
    except (errors.HubProblem, errors.TransferProblem):
        yield note(
            "platform-service",
            text("The platform's service does not run: nothing answers at {address}.", address=address),
            text("Start the platform when the models are ready; fetching them needs no service."),
        )
        return
    else:
        status = answer.status
    if status == 200:
        yield ok("platform-service", text("The platform's service runs and is well: {address}.", address=address))
        return
    yield note(
        "platform-service",
        text("At {address} somebody answers with HTTP {status}.", address=address, status=status),
        text("Look into the platform's own log, or see whether another program has taken its port."),
    )
