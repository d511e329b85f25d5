"""MinerU's own settings, as far as they decide where it reads: `{"models-dir": {"pipeline": …}, "model-source": …}`.

Source: mineru's `utils/config_reader.py` and `utils/models_download_utils.py`, 2.6.2 and 3.4.5.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from packaging.version import InvalidVersion, Version


@dataclass(frozen=True, slots=True)
class MinerUSettings:
    """What a file says; None for what it does not, or not as MinerU wants it.

    Attributes:
        root: the folder that contains `models/`. Before 3.0 only MINERU_MODEL_SOURCE=local asks for it.
        source: the hub, from 3.0 on, where MINERU_MODEL_SOURCE is not set: `huggingface` or `modelscope`.
    """

    root: str | None = None
    source: str | None = None


def mineru_settings(written: str | None) -> MinerUSettings:
    """What that file's text says; nothing if there is none or it is no JSON."""
    try:
        found: Any = json.loads(written.removeprefix("\ufeff")) if written else None
    except (ValueError, RecursionError):
        return MinerUSettings()
    if not isinstance(found, dict):
        return MinerUSettings()
    folders, source = found.get("models-dir"), found.get("model-source")
    root = folders.get("pipeline") if isinstance(folders, dict) else None
    source = source.strip().lower() if isinstance(source, str) else None
    return MinerUSettings(
        root.strip() or None if isinstance(root, str) else None,
        source if source in ("huggingface", "modelscope") else None,
    )


def asks_settings_first(packages: Mapping[str, str]) -> bool:
    """Whether that MinerU looks for its settings' folder before it asks any hub, and takes the hub from there.

    Args:
        packages: version by canonical name.
    """
    try:
        return Version(packages["mineru"]) >= Version("3")
    except (KeyError, InvalidVersion):
        return False


def is_snapshot(root: PurePath) -> bool:
    """Whether it is a commit's folder in a Hugging Face cache; MinerU writes that down after each download."""
    return root.parent.name == "snapshots" and root.parent.parent.name.startswith("models--")
