"""The machine: system and memory, graphics, the platform's folder and settings; whether engines can open long paths."""

from collections.abc import Iterable

from model_preload.core import errors
from model_preload.core.catalog import Model
from model_preload.core.engines.packages import installed_packages
from model_preload.core.events import Control
from model_preload.core.tasks.apply_env import look
from model_preload.core.tasks.doctor.finding import Finding, note, ok, problem, untested
from model_preload.core.tasks.doctor.machine import Machine, Untold
from model_preload.core.tasks.doctor.places import stored_pins
from model_preload.core.tasks.services import Services
from model_preload.core.texts import size, text

_OLD_LIMIT = 259
"""Characters of a path in Windows's old calls, without the closing NUL. Microsoft: "Maximum Path Length Limitation"."""


def system(machine: Machine) -> Finding:
    """Name, version, memory."""
    found = machine.system()
    return ok(
        "system",
        text(
            "{name}, {memory} memory, {free} of it free",
            name=found.name,
            memory=size(found.memory),
            free=size(found.memory_free),
        ),
    )


def graphics(machine: Machine) -> Finding:
    """Cards and driver, as the driver's own program tells them."""
    try:
        gpus = machine.gpus()
    except Untold as error:
        return note(
            "graphics",
            text("The NVIDIA driver does not work: {reason}", reason=error),
            text("Restart the machine; if that does not help, install the driver again."),
        )
    if not gpus:
        return note(
            "graphics",
            text("No NVIDIA driver was found."),
            text(
                "Fetching needs none. Engines work without one too, but slowly; install the driver if there is a card."
            ),
        )
    shown = "; ".join(f"{gpu.name}, {size(gpu.memory)}" for gpu in gpus)
    return ok("graphics", text("{cards}, driver {driver}", cards=shown, driver=gpus[0].driver))


def long_path_setting(services: Services, machine: Machine) -> Finding | None:
    """Whether engines can open the longest path of the stored listings; None where the system has no such setting."""
    enabled = machine.long_paths()
    if enabled is None:
        return None
    if enabled:
        return ok("long-paths", text("Windows lets every program use long paths."))
    paths = [str(pinned.cache.destination(file)) for pinned in stored_pins(services) for file in pinned.files]
    longest = max(paths, key=len, default="")
    step = text("Have an administrator set LongPathsEnabled to 1, or choose a place with a shorter path.")
    if len(longest) > _OLD_LIMIT:
        told = text(
            "Windows's long paths are off, so engines can't open {path} ({n} characters).", path=longest, n=len(longest)
        )
        return problem("long-paths", told, step)
    return note("long-paths", text("Windows's long paths are off; no file known so far needs them."), step)


def platform(services: Services) -> Finding:
    """Whether the platform's folder is known and there; a problem only if a model's place is in it."""
    folder = services.settings.platform
    step = text("Set MODEL_PRELOAD_PLATFORM, or platform in the settings, to the platform's folder.")
    if folder is None:
        needed = [model.key for model in services.catalog.models if not _is_placed(services, model)]
        if needed:
            told = text(
                "The platform's folder is not known, and the place of {models} is in it.", models=", ".join(needed)
            )
            return problem("platform", told, step)
        return note("platform", text("The platform's folder is not known; no model of the catalog needs it."), step)
    if not folder.is_dir():
        return problem("platform", text("The platform's folder {path} is not there.", path=folder), step)
    packages = installed_packages(folder)
    if not packages:
        return untested(
            "platform",
            folder,
            text("it has no Python environment in backend/.venv"),
            text("Install the platform's backend, if it is to run on this machine."),
        )
    return ok("platform", text("{path}: its Python has {count} packages", path=folder, count=len(packages)))


def _is_placed(services: Services, model: Model) -> bool:
    try:
        services.place_of(model)
    except (errors.PlaceUnknown, errors.DiskProblem):
        return False
    return True


def platform_env(services: Services, control: Control) -> Iterable[Finding]:
    """What in the platform's settings keeps its engines from their models."""
    folder = services.settings.platform
    if folder is None or not folder.is_dir():
        yield untested("platform-env", text("The platform's .env"), text("its folder is not known, or not there"))
        return
    file, _, obstacles = look(services, control)
    for found in obstacles:
        step = found.next_step
        if found.changes:
            step = text("{step} “model-preload apply-env” shows the change.", step=step)
        yield (problem if found.blocks else note)("platform-env", found.told, step)
    if not obstacles:
        yield ok("platform-env", text("{path}: nothing stands in the engines' way", path=file))
