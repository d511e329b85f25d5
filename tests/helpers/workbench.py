"""The core put together in a test's own folders, on a hub of the test's own."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from model_preload.core import catalog
from model_preload.core.events import Control, Event
from model_preload.core.queue import Queue
from model_preload.core.settings import Settings
from model_preload.core.tasks.preload import Mode, RunReport, preload
from model_preload.core.tasks.room import PATIENCE
from model_preload.core.tasks.services import Services, open_services
from model_preload.core.tasks.status import ModelStatus, status


class Tokens:
    """Credentials of a test."""

    def __init__(self, **tokens: str) -> None:
        self._tokens = tokens

    def token(self, hub: str) -> str | None:
        return self._tokens.get(hub)


def model(key: str, source: str, place: str = 'cache = "huggingface"', more: str = "") -> str:
    """One entry of a catalog; `source` and `more` are lines of TOML."""
    head = f'[[model]]\nkey = "{key}"\nname = "{key}"\ndescription = "A model."\nplace = {{ {place} }}\n'
    return f"{head}{more}\n[[model.source]]\n{source}\n"


def repository(repo: str, revision: str = "main", more: str = "") -> str:
    """The lines of a Hugging Face source."""
    return f'hub = "huggingface"\nrepo = "{repo}"\nrevision = "{revision}"\n{more}'


@dataclass
class Workbench:
    """Folders, settings and shortcuts; `opened` puts the core together, as often as the test wants a new process.

    Attributes:
        home: of everything.
        settings: with the hub's endpoint.
        catalog: the text of the catalog file, without the line of its schema.
        environ: what the core sees as the environment.
        events: of all runs.
        proxies: as `core.http` takes them.
    """

    home: Path
    settings: Settings
    catalog: str
    tokens: Tokens = field(default_factory=Tokens)
    environ: dict[str, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    proxies: dict[str, str] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        return self.home / "state"

    @property
    def cache(self) -> Path:
        """The Hugging Face cache."""
        return self.home / "hf" / "hub"

    @contextmanager
    def opened(self) -> Iterator[Services]:
        self.home.mkdir(parents=True, exist_ok=True)
        written = self.home / "catalog.toml"
        written.write_text(f"schema = 1\n{self.catalog}", encoding="utf-8")
        with open_services(
            self.state,
            catalog=catalog.load(written),
            settings=self.settings,
            credentials=self.tokens,
            environ={"HF_HOME": str(self.home / "hf"), **self.environ},
            user_home=self.home,
            proxies=self.proxies,
        ) as services:
            yield services

    def preload(
        self, *keys: str, control: Control | None = None, mode: Mode = Mode.BRING, patience: float = PATIENCE
    ) -> RunReport:
        """A run in a core of its own."""
        control = control or Control()
        with self.opened() as services:
            queue = Queue(self.state, services.disk, services.journal)
            return preload(
                services, queue, keys, control, self.events.append, purpose="test", mode=mode, patience=patience
            )

    def status(self, *keys: str, deep: bool = False) -> Sequence[ModelStatus]:
        """The status by a core of its own."""
        with self.opened() as services:
            return status(services, keys, Control(), deep=deep)

    def with_settings(self, **changes: object) -> "Workbench":
        """The same with other settings."""
        return replace(self, settings=replace(self.settings, **changes))  # type: ignore[arg-type]


def workbench(home: Path, endpoint: str, catalog_: str) -> Workbench:
    """One on a hub."""
    return Workbench(home, Settings(endpoint=endpoint, reserve=0), catalog_)
