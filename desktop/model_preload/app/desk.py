"""What stands behind the windows: the core, the threads that work with it, and the board that shows it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject

from model_preload.core import catalog, errors, settings
from model_preload.core.tasks.doctor.machine import Machine
from model_preload.core.tasks.own_catalog import own_models, whole_catalog
from model_preload.core.tasks.services import Services, open_services, proxies_of
from model_preload.downloads.background import Background
from model_preload.downloads.board import Board
from model_preload.downloads.checks import Checks
from model_preload.downloads.downloads import Downloads
from model_preload.downloads.examiner import Examiner
from model_preload.downloads.forecast import Forecasts
from model_preload.downloads.open_core import OpenCore
from model_preload.downloads.prover import Prover
from model_preload.system.credentials import SystemCredentials, hf_home
from model_preload.system.machine import this_machine


@dataclass(frozen=True)
class Surroundings:
    """What the app stands on.

    Attributes:
        home: the state folder.
        environ: the environment.
        user_home: the user's own folder.
        catalog: a file instead of the built-in catalog and the user's own models.
        direct: the system's proxies are left out.
    """

    home: Path
    environ: Mapping[str, str]
    user_home: Path
    catalog: Path | None = None
    direct: bool = False

    @contextmanager
    def opened(self) -> Iterator[Services]:
        """The core by the settings and the own catalog of this moment. Raises what they raise; any thread."""
        chosen = settings.load(self.home, self.environ)
        with open_services(
            self.home,
            catalog=catalog.load(self.catalog) if self.catalog else whole_catalog(self.home)[0],
            settings=chosen,
            credentials=SystemCredentials(self.environ, hf_home(self.environ)),
            environ=self.environ,
            user_home=self.user_home,
            proxies={} if self.direct else proxies_of(chosen),
        ) as services:
            yield services

    def machine(self, chosen: settings.Settings) -> Machine:
        """What only the system can tell, by these settings. Any thread."""
        proxies = {} if self.direct else proxies_of(chosen)
        return this_machine(proxies, SystemCredentials(self.environ, hf_home(self.environ)).origin)

    def own_keys(self) -> tuple[frozenset[str], errors.CatalogProblem | None]:
        """Of the models that the user may edit; of a file that can't be used none, and what is wrong with it."""
        try:
            return frozenset(() if self.catalog else (model.key for model in own_models(self.home))), None
        except errors.CatalogProblem as problem:
            return frozenset(), problem


class Desk(QObject):
    """Made in the GUI thread, and closed there.

    Args:
        opening: opens the core, in any thread.
        home: the state folder.
        machine: what only the system can tell; called in another thread.

    Attributes:
        quick: for what takes a moment. long: for what takes minutes. forms: for what a form asks, as a hub's answer.
    """

    def __init__(
        self,
        opening: Callable[[], AbstractContextManager[Services]],
        home: Path,
        machine: Callable[[settings.Settings], Machine],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.core = OpenCore(opening, home)
        self._clerk = Background("clerk", self.core, self)
        self.quick = Background("quick", self.core, self)
        self.long = Background("long", self.core, self)
        self.downloads = Downloads(self.core, self._clerk, self)
        self.checks = Checks(self.quick, self.long, self)
        self.forms = Background("forms", self.core, self)
        self._doctor = Background("doctor", self.core, self)
        self.examiner = Examiner(self._doctor, home, machine, self)
        self.prover = Prover(self.long, self)
        self.board = Board(self.downloads, self.checks, Forecasts(self.quick, self), self)

    def use(self, known: catalog.Catalog) -> None:
        """From now on these are the models."""
        self.downloads.use(known)
        self.board.use(known)

    def close(self) -> None:
        """End every thread; what was queued goes on next time. It takes half a second as a rule."""
        self.downloads.stop()
        for background in (self._clerk, self.quick, self.long, self.forms, self._doctor):
            background.stop()
        self.core.close()
