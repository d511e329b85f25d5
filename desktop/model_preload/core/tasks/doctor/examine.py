"""Which examinations there are."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from model_preload.core.events import Control
from model_preload.core.files import Disk
from model_preload.core.tasks.doctor import access, own, places, service, system, trials, visits
from model_preload.core.tasks.doctor.finding import Examination, Finding, FindingSink, side_by_side
from model_preload.core.tasks.doctor.machine import Machine
from model_preload.core.tasks.services import Services
from model_preload.core.texts import text

_HOLDING_SECONDS = 1.0
_SECONDS = 20.0
"""For each examination: time enough for a slow network, and for ten seconds in which a file is held."""


def examine(
    services: Services,
    home: Path,
    machine: Machine,
    control: Control,
    *,
    journal: Finding,
    seconds: float = _SECONDS,
    holding: float = _HOLDING_SECONDS,
    sink: FindingSink = lambda _finding: None,
) -> tuple[Finding, ...]:
    """Everything, side by side, each for `seconds` at most; the findings in the order of `CHECKS`.

    Args:
        services: on a temporary journal where the real one can't be opened.
        home: the state folder.
        journal: what `examine_journal` found, which comes before the journal is opened.
        holding: for how long, in each place, programs that hold files are looked for.
        sink: told of each finding as it comes, from the calling thread.

    Raises:
        Cancelled: through the control, at once.
    """
    made = [
        *_of_places(services, home, machine, seconds, holding),
        *_of_hosts(services, machine, seconds),
        Examination("token", "", partial(access.token, services, machine.token_origin), seconds),
        Examination("access", "", partial(access.access, services), seconds),
        _single("settings", home, lambda: own.settings(home, services.environ), seconds),
        Examination("environment", "", lambda _: own.environment(services.environ), seconds),
        _single("journal", home, lambda: journal, seconds),
        _single("run", home, lambda: own.run(home, services.disk), seconds),
        _single("system", text("The system"), lambda: system.system(machine), seconds),
        _single("graphics", text("The graphics driver"), lambda: system.graphics(machine), seconds),
        _single("platform", text("The platform's folder"), lambda: system.platform(services), seconds),
        Examination("platform-env", text("The platform's .env"), partial(system.platform_env, services), seconds),
        Examination("platform-service", text("The platform's service"), service.service, seconds),
    ]
    if not any(host.api for host in visits.hosts(services)):
        made = [one for one in made if one.check not in ("token", "access")]  # no hub is needed, so no token is
    return side_by_side(made, control, sink)


def examine_journal(home: Path, disk: Disk) -> Finding:
    """The one check that is made first: opening a damaged journal sets it aside."""
    return own.journal(home, disk)


def _single(
    check: str, subject: object, look: Callable[[], Finding | None], seconds: float, late: Finding | None = None
) -> Examination:
    def run(_control: Control) -> Iterable[Finding]:
        found = look()
        return () if found is None else (found,)

    return Examination(check, subject, run, seconds, late)


def _of_places(
    services: Services, home: Path, machine: Machine, seconds: float, holding: float
) -> Iterable[Examination]:
    found = places.places(services, home, machine.temp)
    yield Examination("space", text("Room on the drives"), lambda _: places.room(services, found), seconds)
    for place in found:
        yield _single("filesystem", place.told, partial(places.file_system, services, machine, place), seconds)
        yield Examination("rights", place.told, partial(trials.trials, place, services.disk, holding), seconds)
    yield _single(
        "long-paths", text("Windows's long paths"), lambda: system.long_path_setting(services, machine), seconds
    )


def _of_hosts(services: Services, machine: Machine, seconds: float) -> Iterable[Examination]:
    found = visits.hosts(services)
    for host in found:
        look_up = partial(visits.resolved, host, machine.proxies)
        yield _single("dns", host.name, look_up, seconds, visits.unresolved(host, seconds))
        look = partial(_of_host, services, machine, host, tells_time=host == found[0])
        yield Examination("hub", host.name, look, seconds, visits.silent(host, seconds))
    yield Examination("proxy", "", lambda _: visits.proxy(found, machine.proxies), seconds)


def _of_host(
    services: Services, machine: Machine, host: visits.Host, control: Control, *, tells_time: bool
) -> Iterable[Finding]:
    seen = visits.visit(services.client, host, control)
    yield visits.reached(seen)
    yield visits.portal(seen)
    yield visits.certificate(seen, machine.proxies)
    if tells_time:
        yield visits.clock(seen)
