"""Settings that make MinerU miss its models: where it is sent, and which folder its own settings name."""

from collections.abc import Iterable
from pathlib import PurePath

from model_preload.core.engines.mineru_json import MinerUSettings, asks_settings_first, is_snapshot, mineru_settings
from model_preload.core.engines.obstacle import Obstacle, is_in_container, mangled
from model_preload.core.engines.situation import Situation
from model_preload.core.engines.surroundings import MODEL_CACHE, takes_modelscope
from model_preload.core.texts import text

_READS_THE_CACHE = text("With huggingface, MinerU reads the Hugging Face cache, which works without the network.")
_HUGGINGFACE = {"MINERU_MODEL_SOURCE": "huggingface"}


def download_source(situation: Situation) -> Iterable[Obstacle]:
    """The platform's worker sends MinerU to ModelScope; `MODEL_CACHE` tells which worker it is."""
    name = "MODEL_DOWNLOAD_SOURCE"
    source = situation.value(name)
    newer = situation.there(str(situation.path(situation.platform, *MODEL_CACHE.split("/"))))
    if not takes_modelscope(source, newer=newer) or _named_folder_is_read(situation):
        return
    told = (
        text(
            "MODEL_DOWNLOAD_SOURCE=modelscope makes MinerU read ModelScope's cache, which no version of its client "
            "reads without asking the network first."
        )
        if (source or "").lower() == "modelscope"
        else text(
            "MODEL_DOWNLOAD_SOURCE is auto, which this platform takes for modelscope: MinerU reads ModelScope's cache, "
            "which no version of its client reads without asking the network first."
        )
    )
    yield Obstacle(
        "download-source", name, blocks=True, told=told, next_step=_READS_THE_CACHE, changes={name: "huggingface"}
    )


def mineru_source(situation: Situation) -> Iterable[Obstacle]:
    """From 3.0 on a source that is not set is looked up in `mineru.json`, else found out in the network."""
    name = "MINERU_MODEL_SOURCE"
    first = asks_settings_first(situation.packages)
    source = situation.value(name)
    if source is not None and first:
        source = source.strip().lower()
    if source is None and not first:
        return
    if source is None:
        source = _settings(situation).source
        if source is None:
            told = text(
                "Without MINERU_MODEL_SOURCE, MinerU {version} looks whether Hugging Face can be reached, and if not "
                "asks ModelScope, which fails without the network.",
                version=situation.packages["mineru"],
            )
        else:
            told = text(
                "{config} sends MinerU to {source}, since MINERU_MODEL_SOURCE is not set.",
                config=_config(situation),
                source=source,
            )
    elif source == "modelscope":
        told = text("MINERU_MODEL_SOURCE=modelscope makes MinerU ask the network at each start, and fail without it.")
    else:
        told = text("MINERU_MODEL_SOURCE is “{found}”, which MinerU refuses.", found=source)
    if source is None or source not in ("huggingface", "local"):
        blocks = source == "auto" or not _named_folder_is_read(situation)  # which 3.x refuses before it looks there
        yield Obstacle("mineru-source", name, blocks, told, _READS_THE_CACHE, _HUGGINGFACE)


def mineru_config(situation: Situation) -> Iterable[Obstacle]:
    """A relative one is looked for in the user's folder, whatever the current one is."""
    name = "MINERU_TOOLS_CONFIG_JSON"
    named = situation.value(name) or "mineru.json"
    read = _config(situation)
    if is_in_container(situation, named) or mangled(situation, name):
        return  # other rules tell
    blocks = _is_local(situation) and not situation.there(str(read))
    if situation.value(name) and not situation.path(named).is_absolute():
        candidates = (
            read,
            situation.path(situation.platform, "backend", named),
            situation.path(situation.platform, named),
        )
        found = next((str(path) for path in candidates if situation.there(str(path))), None)
        if found or not blocks:  # else there is none to name
            step = text("Name it from the drive on: {path}", path=found or read)
            told = text("{name} is relative, so MinerU looks for {path}.", name=name, path=read)
            yield Obstacle("mineru-config", name, blocks, told, step, {name: found} if found else {})
            return
    if blocks:
        yield Obstacle(
            "mineru-config",
            "MINERU_MODEL_SOURCE",
            blocks=True,
            told=text(
                "MINERU_MODEL_SOURCE is local, but {path}, where MinerU looks for the folder, is not there.", path=read
            ),
            next_step=_READS_THE_CACHE,
            changes=_HUGGINGFACE,
        )


def mineru_folder(situation: Situation) -> Iterable[Obstacle]:
    """From 3.0 on MinerU reads the folder of its settings whatever its source is, and writes there what it fetched."""
    root = _named_folder(situation)
    if root is None or _is_local(situation) or not is_snapshot(root):
        return  # any other folder is where models are preloaded to
    current = (situation.read(str(root.parent.parent / "refs" / "main")) or "").strip()
    if current and current != root.name and situation.there(str(root)):
        yield Obstacle(
            "mineru-folder",
            "MINERU_TOOLS_CONFIG_JSON",
            blocks=True,
            told=text(
                "{config} has MinerU read {folder}, although another version was brought since.",
                config=_config(situation),
                folder=root,
            ),
            next_step=text("Take “pipeline” out of “models-dir” there: MinerU writes it anew."),
        )


def _config(situation: Situation) -> PurePath:
    """MinerU's settings file; a relative one is in the user's folder."""
    return situation.path(situation.user_home, situation.value("MINERU_TOOLS_CONFIG_JSON") or "mineru.json")


def _settings(situation: Situation) -> MinerUSettings:
    return mineru_settings(situation.read(str(_config(situation))))


def _is_local(situation: Situation) -> bool:
    return (situation.value("MINERU_MODEL_SOURCE") or "").strip().lower() == "local"


def _named_folder(situation: Situation) -> PurePath | None:
    """The one that MinerU looks for first, whatever its source is; a relative one is below `backend`."""
    root = _settings(situation).root if asks_settings_first(situation.packages) else None
    if root is None:
        return None
    if root.startswith(("~/", "~\\")):
        return situation.path(situation.user_home, root[2:])
    return situation.path(situation.platform, "backend", root)


def _named_folder_is_read(situation: Situation) -> bool:
    root = _named_folder(situation)
    return root is not None and situation.there(str(root))
