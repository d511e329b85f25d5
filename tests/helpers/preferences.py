"""What a form over the settings stands on, in a test's own folders."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from helpers.workbench import Workbench, model, repository, workbench
from model_preload.core.tasks.find_platform import SIGN
from model_preload.core.texts import Text
from model_preload.downloads.background import Background
from model_preload.downloads.open_core import OpenCore
from model_preload.system.autostart import AutostartRefused
from model_preload.system.credentials import SystemCredentials
from model_preload.ui.preferences import Preferences


@dataclass
class Session:
    """Autostart of a session that keeps it here; with `refused`, of one that does not take it."""

    on: bool = False
    why: Text | None = None
    refused: str = ""

    def enabled(self) -> bool:
        return self.on

    def overruled(self) -> Text | None:
        return self.why

    def enable(self) -> None:
        self._set(on=True)

    def disable(self) -> None:
        self._set(on=False)

    def _set(self, *, on: bool) -> None:
        if self.refused:
            raise AutostartRefused(self.refused)
        self.on = on


@dataclass
class Standing:
    """All of it.

    Attributes:
        saved: the names of each `Preferences.changed`.
    """

    home: Path
    environ: dict[str, str]
    bench: Workbench
    core: OpenCore
    background: Background
    preferences: Preferences
    credentials: SystemCredentials
    session: Session
    saved: list[frozenset[str]] = field(default_factory=list)

    @property
    def file(self) -> Path:
        return self.home / "settings.toml"

    @property
    def written(self) -> str:
        return self.file.read_text(encoding="utf-8") if self.file.exists() else ""


def platform(folder: Path) -> Path:
    """A folder that is the platform's, as far as anybody looks."""
    (folder / SIGN).parent.mkdir(parents=True)
    (folder / SIGN).touch()
    (folder / ".env").touch()
    return folder


@contextmanager
def standing(
    folder: Path, environ: dict[str, str] | None = None, written: str = "", session: Session | None = None
) -> Iterator[Standing]:
    """One whose settings file has that content."""
    environ = environ or {}
    home = folder / "state"
    home.mkdir(exist_ok=True)
    (home / "settings.toml").write_text(written, encoding="utf-8")
    preferences = Preferences(home, environ)
    bench = workbench(folder / "bench", "http://127.0.0.1:9", model("a", repository("demo/a")))
    bench = bench.with_settings(platform=preferences.value.platform)
    bench.environ.update(environ)
    core = OpenCore(bench.opened, bench.state)
    background = Background("settings", core)
    credentials = SystemCredentials(environ, folder / "hf")
    made = Standing(home, environ, bench, core, background, preferences, credentials, session or Session())
    preferences.changed.connect(made.saved.append)
    try:
        yield made
    finally:
        background.stop()
        core.close()
