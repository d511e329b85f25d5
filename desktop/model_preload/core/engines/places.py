"""Where each engine reads its models: rules over values, each with the engine's source that it comes from.

docs/engines.md tells the same to people.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from model_preload.core.engines.mineru_json import asks_settings_first, is_snapshot, mineru_settings
from model_preload.core.engines.surroundings import MODEL_CACHE, Surroundings
from model_preload.core.errors import PlaceUnknown
from model_preload.core.texts import Text, text

Layout = Literal["huggingface", "whole", "file"]
"""The Hugging Face cache · a folder that has to appear whole · one file under a name of the engine's own."""

Read = Callable[[PurePath], str | None]
"""A small text file's content, None if there is none."""

HUB_VARIABLES = ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME")
"""What moves the Hugging Face cache, the first that is set. Source: huggingface_hub's `constants.py`."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Where an engine reads one model.

    Attributes:
        layout: how files lie there.
        path: the folder, or the file; None for the Hugging Face cache, whose rules are its own.
        why: what decided, in words.
        config: a file of MinerU's that has to name the folder.
    """

    layout: Layout
    path: PurePath | None
    why: Text
    config: PurePath | None = None


def reading(engine: str, model: str, folder_name: str, around: Surroundings, read: Read) -> Reading:
    """Where that engine reads that model.

    Args:
        engine: a name of `catalog.ENGINES`.
        model: key, for what is raised.
        folder_name: the model's repository without its owner, by which PaddleX and FunASR find it.
        read: for MinerU's settings.

    Raises:
        PlaceUnknown: it is in the platform's folder, which is not known.
    """
    match engine:
        case "mineru":
            return _mineru(model, around, read)
        case "paddlex":
            return _paddlex(model, folder_name, around)
        case "funasr":
            below = _platform(model, around, "backend/iic") / folder_name
            return Reading("whole", below, text("FunASR looks there before it asks a hub"))
        case "watermark":
            return _watermark(model, around)
        case "simple-lama":
            return _lama(model, around)
    raise ValueError(f"{engine!r} is no engine")


def _mineru(model: str, around: Surroundings, read: Read) -> Reading:
    """`utils/models_download_utils.py` and `utils/config_reader.py`, 2.6.2 and 3.4.5."""
    source = around.first("MINERU_MODEL_SOURCE")
    local = source if source is not None and source.value.strip().lower() == "local" else None
    cached = Reading("huggingface", None, around.why(*HUB_VARIABLES))
    if local is None and not asks_settings_first(around.packages):
        return cached
    named = around.first("MINERU_TOOLS_CONFIG_JSON")
    config = around.home / (named.value if named else "mineru.json")  # an absolute one stays as it is
    root = mineru_settings(read(config)).root
    path = None if root is None else _path(model, root, around)
    if path is not None and (local is not None or not is_snapshot(path)):
        return Reading("whole", path, text("{config} names it", config=config), config)
    return cached if local is None else Reading("whole", config.parent / "mineru-models", local.why, config)


def _paddlex(model: str, folder_name: str, around: Surroundings) -> Reading:
    """`utils/cache.py` and `inference/utils/official_models.py`, 3.3 to 3.7."""
    named = around.first("PADDLE_PDX_CACHE_HOME")
    root = _path(model, named.value, around, expanded=False) if named else around.home / ".paddlex"
    return Reading("whole", root / "official_models" / folder_name, around.why("PADDLE_PDX_CACHE_HOME"))


def _watermark(model: str, around: Surroundings) -> Reading:
    """The platform's `watermark_remover.py`; the newer one asks `model_cache.py` for the folder."""
    names = ("TIANSHU_WATERMARK_CACHE_DIR", "TIANSHU_MODEL_CACHE_DIR")
    named = around.first(*names)
    why = around.why(*names)
    if named is not None:
        folder = _path(model, named.value, around)
    elif around.offline_root is not None:
        folder, why = (
            around.offline_root / "watermark_models",
            text("the platform's own {file} says so", file=MODEL_CACHE),
        )
    else:
        folder = _platform(model, around, "models/watermark_models")
    return Reading("file", folder / "yolo11x_watermark.pt", why)


def _lama(model: str, around: Surroundings) -> Reading:
    """`models/model.py` of simple-lama-inpainting, and torch's `hub.py`, `_get_torch_home`."""
    named = around.first("LAMA_MODEL")
    if named is not None:
        return Reading("file", _path(model, named.value, around, expanded=False), named.why)
    home, cache = around.first("TORCH_HOME"), around.first("XDG_CACHE_HOME")
    if home is not None:
        root = _path(model, home.value, around)
    else:
        root = (_path(model, cache.value, around) if cache else around.home / ".cache") / "torch"
    return Reading("file", root / "hub" / "checkpoints" / "big-lama.pt", around.why("TORCH_HOME", "XDG_CACHE_HOME"))


def _path(model: str, written: str, around: Surroundings, *, expanded: bool = True) -> PurePath:
    found = around.path(written, expanded=expanded)
    if found is None:
        raise PlaceUnknown(model, written)
    return found


def _platform(model: str, around: Surroundings, below: str) -> PurePath:
    if around.platform is None:
        raise PlaceUnknown(model, f"{{platform}}/{below}")
    return around.platform.joinpath(*below.split("/"))
