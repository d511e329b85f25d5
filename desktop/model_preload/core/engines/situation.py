"""What decides where the platform's engines look: its `.env`, the environment, the system, and what is there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath, PurePosixPath, PureWindowsPath

from model_preload.core.engines.dotenv import DotEnv
from model_preload.core.texts import Text

MIRROR = "https://hf-mirror.com"
"""Asked where MODEL_DOWNLOAD_SOURCE is huggingface and HF_ENDPOINT is not set (platform: litserve_worker.py)."""

_TRUE = {"1", "ON", "YES", "TRUE"}


@dataclass(frozen=True)
class Situation:
    """What the rules go by.

    Attributes:
        dotenv: the platform's.
        environ: the environment in which it is started; what it sets goes before the file.
        platform, user_home: the two folders.
        windows: whether the platform runs on Windows itself.
        there: whether a file or folder exists.
        packages: of the platform's Python, version by canonical name.
        hub_models_ready: everything that engines would otherwise fetch from Hugging Face is ready.
        read: a small text file's content, None if there is none.
        refusal: why a proxy did not let the platform's Hugging Face address be asked; None if none stood in the way.
    """

    dotenv: DotEnv
    environ: Mapping[str, str]
    platform: str
    user_home: str
    windows: bool
    there: Callable[[str], bool]
    packages: Mapping[str, str] = field(default_factory=dict)
    hub_models_ready: bool = False
    read: Callable[[str], str | None] = lambda _path: None
    refusal: Text | None = None

    def value(self, name: str) -> str | None:
        """What the engine would find in its environment."""
        return self.environ[name] if name in self.environ else self.dotenv.values.get(name)

    def is_on(self, name: str) -> bool:
        """Whether a switch of huggingface_hub is on."""
        return (self.value(name) or "").upper() in _TRUE

    @property
    def offline(self) -> bool:
        """Whether huggingface_hub asks no hub."""
        return self.is_on("HF_HUB_OFFLINE") or self.is_on("TRANSFORMERS_OFFLINE")

    def path(self, *parts: str) -> PurePath:
        """A path of the platform's system."""
        return (PureWindowsPath if self.windows else PurePosixPath)(*parts)

    def hub(self) -> str:
        """Where the platform's huggingface_hub asks."""
        mirrored = (self.value("MODEL_DOWNLOAD_SOURCE") or "").lower() == "huggingface"
        return self.value("HF_ENDPOINT") or (MIRROR if mirrored else "https://huggingface.co")
