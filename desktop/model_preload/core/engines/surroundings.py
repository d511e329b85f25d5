"""What decides where engines read: values, so that a rule over them can be tried for any machine."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from model_preload.core.texts import Text, text

MODEL_CACHE = "backend/utils/model_cache.py"
"""The file by which the platform itself names caches below its `models-offline`; older revisions have none."""

_NO_WHY = text("that is its default")


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable that is set, and not empty."""

    name: str
    value: str
    origin: Literal["environment", "file", "platform"]

    @property
    def why(self) -> Text:
        """It decided."""
        match self.origin:
            case "environment":
                return text("{name} in the environment says so", name=self.name)
            case "file":
                return text("{name} in the platform's .env says so", name=self.name)
            case "platform":
                return text("the platform's own {file} sets {name}", file=MODEL_CACHE, name=self.name)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A machine, as far as it matters.

    Attributes:
        environ: of this process; the engines' one is taken to be the same.
        dotenv: the platform's `.env`; `load_dotenv` leaves alone what the environment has, be it empty.
        packages: version by canonical name.
        platform: the platform's folder, None if not known.
        home: the user's folder.
        offline_root: the folder below which a platform that has MODEL_CACHE puts caches; None for an older one.
    """

    environ: Mapping[str, str]
    dotenv: Mapping[str, str]
    packages: Mapping[str, str]
    platform: PurePath | None
    home: PurePath
    offline_root: PurePath | None = None

    @property
    def given(self) -> Mapping[str, str]:
        """What the platform's processes are started with."""
        return {**self.dotenv, **self.environ}

    @property
    def variables(self) -> Mapping[str, str]:
        """What the engines see: the platform's own code sets only what is not set, be it empty (MODEL_CACHE)."""
        return {**self._caches, **self.given}

    @property
    def takes_modelscope(self) -> bool:
        """Whether the worker tells MinerU to ask ModelScope."""
        return takes_modelscope(self.given.get("MODEL_DOWNLOAD_SOURCE"), newer=self.offline_root is not None)

    @property
    def _caches(self) -> Mapping[str, str]:
        if self.offline_root is None:
            return {}
        home = self.offline_root / "huggingface"
        return {"HF_HOME": str(home), "HUGGINGFACE_HUB_CACHE": str(home / "hub")}

    def first(self, *names: str) -> Variable | None:
        """The first of those variables that is set, and not empty."""
        for name in names:
            value = self.variables.get(name)
            if value and name in self.environ:
                return Variable(name, value, "environment")
            if value:
                return Variable(name, value, "file" if name in self.dotenv else "platform")
        return None

    def why(self, *names: str) -> Text:
        """Which of those variables decided, or that none did."""
        variable = self.first(*names)
        return _NO_WHY if variable is None else variable.why

    def path(self, written: str, *, expanded: bool = False) -> PurePath | None:
        """A path as an engine takes it; None if it is a relative one and the platform's folder is not known.

        Engines work in `<platform>/backend` (platform: start_all.py).

        Args:
            expanded: the engine fills in a `~`.
        """
        folder = type(self.home)
        if expanded and (written == "~" or written.startswith(("~/", "~\\"))):
            return self.home / folder(written[2:])
        found = folder(written)
        if found.is_absolute():
            return found
        return None if self.platform is None else self.platform / "backend" / found


def takes_modelscope(source: str | None, *, newer: bool) -> bool:
    """Whether the platform's worker sets MINERU_MODEL_SOURCE to modelscope (platform: litserve_worker.py, setup).

    It does so where the package modelscope is there, which MinerU itself requires.

    Args:
        source: MODEL_DOWNLOAD_SOURCE; None if it is not set, which is `auto`.
        newer: the platform has MODEL_CACHE; before, `auto` changed nothing.
    """
    named = "auto" if source is None else source.lower()
    return named == "modelscope" or (newer and named == "auto")
