"""The folders that engines share, and their change: only by the variables that the engines themselves read."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from model_preload.core import errors
from model_preload.core.engines.places import HUB_VARIABLES, Reading, reading
from model_preload.core.events import Control
from model_preload.core.tasks.apply_env import EnvChange, obstacles_of, platform_file
from model_preload.core.tasks.services import Services
from model_preload.core.texts import Text, text

VARIABLES = (
    *("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "PADDLE_PDX_CACHE_HOME", "TORCH_HOME"),
    *("TIANSHU_WATERMARK_CACHE_DIR", "TIANSHU_MODEL_CACHE_DIR"),
)
"""What may be written; `core.engines.places` tells who reads it."""


@dataclass(frozen=True, slots=True)
class EnginePlace:
    """One folder that engines share.

    Attributes:
        what: whose it is, in words.
        variable: what moves it: the one that does just now, else the one to be written.
        folder: what that variable names, or would name by default; None where that is in the platform's folder,
            which is not known.
        why: what decided, in words.
        fixed: the environment itself sets the variable, or one that goes before it and is not of `VARIABLES`, so
            that nothing in the `.env` can move the folder.
    """

    what: Text
    variable: str
    folder: Path | None
    why: Text
    fixed: bool


def places(services: Services) -> tuple[EnginePlace, ...]:
    """The folders as they are decided now; no network, and no file but those that name folders."""
    return (
        _hub(services),
        _engine(services, text("PaddleX's models"), "paddlex", 2, ("PADDLE_PDX_CACHE_HOME",)),
        _engine(services, text("Torch's models, LaMa among them"), "simple-lama", 3, ("LAMA_MODEL", "TORCH_HOME")),
        _engine(
            services,
            text("The watermark model"),
            "watermark",
            1,
            ("TIANSHU_WATERMARK_CACHE_DIR", "TIANSHU_MODEL_CACHE_DIR"),
        ),
    )


def propose_places(services: Services, folders: Mapping[str, Path | None], control: Control) -> EnvChange:
    """What would be written so that engines read in these folders; nothing is written, nothing is moved.

    Its `found` is what would stand in the way only then.

    Args:
        folders: full paths by variable of `VARIABLES`; None takes the variable away.

    Raises:
        FolderUnfit: no full path.
        EnvVariableOutside: the environment sets one of them.
        PlatformUnknown, EnvFileMissing, EnvFileUnsound, DiskProblem, Cancelled.
    """
    file, dotenv = platform_file(services)
    for name, folder in folders.items():
        if name not in VARIABLES:
            raise ValueError(f"{name} names no folder of an engine")
        if folder is not None and not (folder.is_absolute() and str(folder).isprintable()):
            raise errors.FolderUnfit(str(folder))
    outside = [name for name in folders if name in services.environ]
    if outside:
        raise errors.EnvVariableOutside(outside)
    after = dotenv.with_values({name: None if folder is None else str(folder) for name, folder in folders.items()})
    before = {(one.code, one.setting) for one in obstacles_of(services, dotenv, control)}
    found = obstacles_of(services, after, control)
    return EnvChange(file, tuple(one for one in found if (one.code, one.setting) not in before), dotenv, after)


def _hub(services: Services) -> EnginePlace:
    decided = services.around.first(*HUB_VARIABLES)
    variable = decided.name if decided and decided.name in VARIABLES else "HF_HOME"
    root = services.cache_root
    folder = root.parent if variable == "HF_HOME" else root
    what = text("The Hugging Face cache")
    return EnginePlace(what, variable, folder, services.around.why(*HUB_VARIABLES), variable in services.environ)


def _engine(services: Services, what: Text, engine: str, above: int, variables: tuple[str, ...]) -> EnginePlace:
    """Args: above: how many folders the variable's own is above what the engine reads."""
    decided = services.around.first(*variables)
    variable = decided.name if decided else variables[-1] if engine == "simple-lama" else variables[0]
    fixed = variable in services.environ or variable not in VARIABLES
    found: Reading | None = None
    try:
        found = reading(engine, engine, "model", services.around, lambda _: None)
    except errors.PlaceUnknown:
        return EnginePlace(what, variable, None, services.around.why(*variables), fixed)
    assert found.path is not None, engine
    path = Path(found.path)
    return EnginePlace(what, variable, path if variable == "LAMA_MODEL" else path.parents[above - 1], found.why, fixed)
