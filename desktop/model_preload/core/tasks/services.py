"""What every task works with, made by a composition root, and the two choices that follow from a catalog entry."""

import hashlib
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path, PurePath
from typing import Any, Protocol, assert_never

from model_preload.core import errors
from model_preload.core.caches import Cache
from model_preload.core.caches.elsewhere import ElsewhereCache
from model_preload.core.caches.folder import FolderCache
from model_preload.core.caches.huggingface import HuggingFaceCache, default_root, links_disabled
from model_preload.core.caches.mineru import MinerUConfig
from model_preload.core.caches.single import SingleFileCache
from model_preload.core.caches.whole import WholeFolderCache
from model_preload.core.catalog import Catalog, HuggingFaceSource, Model, ModelScopeSource, Source, UrlSource
from model_preload.core.engines.dotenv import read_platform
from model_preload.core.engines.output import reading_in
from model_preload.core.engines.packages import Packages, packages
from model_preload.core.engines.places import HUB_VARIABLES, Reading, reading
from model_preload.core.engines.surroundings import MODEL_CACHE, Surroundings
from model_preload.core.events import Control
from model_preload.core.files import Disk
from model_preload.core.http import Client, RateLimiter, system_proxies
from model_preload.core.hubs import Hub
from model_preload.core.hubs.huggingface import HuggingFaceHub
from model_preload.core.hubs.modelscope import ModelScopeHub
from model_preload.core.hubs.url import UrlHub
from model_preload.core.journal import Journal
from model_preload.core.readiness import proven, survey
from model_preload.core.settings import Settings
from model_preload.core.tasks.entry import entry_of
from model_preload.core.tasks.released import released
from model_preload.core.texts import Text, text
from model_preload.core.values import FileStatus, ListedFile, Listing

log = logging.getLogger("model_preload.tasks")


class Credentials(Protocol):
    """Where tokens come from."""

    def token(self, hub: str) -> str | None:
        """The user's token for a hub such as `huggingface`; None if there is none."""


@dataclass(frozen=True)
class Services:
    """Everything made once in a process; any thread may use it.

    Attributes:
        environ: the environment, as read at the start.
        user_home: the user's own folder, `{home}` in a catalog.
        packages: what sets of models were chosen by.
        around: what decides where engines read.
        output: the folder that takes the engines' places in a run that fills one for other machines.
    """

    catalog: Catalog
    settings: Settings
    journal: Journal
    disk: Disk
    client: Client
    credentials: Credentials
    environ: Mapping[str, str]
    user_home: Path
    packages: Packages
    around: Surroundings
    output: Path | None = None

    def hub_for(self, source: Source) -> Hub[Any]:
        """The hub that serves a source. Raises SettingsProblem for a token that can't be one."""
        match source:
            case HuggingFaceSource():
                return HuggingFaceHub(self.client, self.settings.endpoint, self.credentials.token("huggingface"))
            case ModelScopeSource():
                token = self.credentials.token("modelscope")
                return ModelScopeHub(self.client, self.settings.modelscope_endpoint, token)
            case UrlSource():
                return UrlHub(self.client)
            case _:
                assert_never(source)

    def sources_of(self, model: Model) -> tuple[Source, ...]:
        """The model's sources in the order in which the user wants hubs to be asked; else in the catalog's.

        The catalog's own order stays as it is, since names of folders and cache entries follow from it.
        """
        return tuple(sorted(model.sources, key=self._rank))

    def _rank(self, source: Source) -> int:
        hubs = self.settings.hubs
        return hubs.index(source.hub) if source.hub in hubs else len(hubs)

    def preferred_to(self, model: Model, source: Source) -> tuple[Source, ...]:
        """The sources of hubs that the user put before that source's."""
        return tuple(one for one in self.sources_of(model) if self._rank(one) < self._rank(source))

    def listing(self, source: str) -> Listing | None:
        """The last one of a source, by its identity, for these places. Raises JournalUnusable."""
        return self.journal.listings.load(source, self.output)

    def cache_for(self, model: Model, source: Source, listing: Listing) -> Cache:
        """Where the engine reads the model. Raises PlaceUnknown, PlaceUnfit, NameClash."""
        place = model.place
        if place.kind == "folder":
            return FolderCache(self.folder_of(model), self.disk)
        if place.kind == "engine":
            found = self.reading_of(model)
            if found.path is not None:
                return self._engine_cache(found, Path(found.path), model, source, listing)
        if isinstance(source, UrlSource):
            raise errors.PlaceUnfit(model.key, source.name, place.name)
        entry = entry_of(model, source, listing, self.listing)
        return HuggingFaceCache(
            self.cache_root,
            entry.repository,
            entry.revision,
            entry.commit,
            disk=self.disk,
            no_links=links_disabled(self.environ),
        )

    def _engine_cache(self, found: Reading, path: Path, model: Model, source: Source, listing: Listing) -> Cache:
        if found.layout == "file":
            if len(source.choose(listing.files)) > 1:
                raise errors.PlaceUnfit(model.key, source.name, model.place.name)
            return SingleFileCache(path, self.disk)
        config = MinerUConfig(Path(found.config), path, self.disk) if found.config else None
        version = f"{source.identity} {listing.commit}"
        return WholeFolderCache(path, model.key, version, disk=self.disk, announcement=config)

    @property
    def cache_root(self) -> Path:
        """The Hugging Face cache of this user and platform."""
        platform = self.settings.platform
        return default_root(self.around.variables, self.user_home, platform and platform / "backend")

    def reading_of(self, model: Model) -> Reading:
        """Where the engine of an engine place reads the model, and why there. Raises PlaceUnknown."""
        if self.output is not None:
            return reading_in(self.output, model.place.name, model.key, model.folder_name)
        found = reading(model.place.name, model.key, model.folder_name, self.around, self._small_file)
        self._require_platform(found.path)
        return found

    def place_of(self, model: Model) -> Path:
        """The folder, or the file, where the model belongs, without its listing; the cache for Hugging Face's layout.

        Raises PlaceUnknown.
        """
        if model.place.kind == "folder":
            return self.folder_of(model)
        path = self.reading_of(model).path if model.place.kind == "engine" else None
        return self.cache_root if path is None else Path(path)

    def folder_for(self, model: Model) -> Path:
        """The folder of that place, if it is a file the one it is in. Raises PlaceUnknown."""
        is_file = model.place.kind == "engine" and self.reading_of(model).layout == "file"
        return self.place_of(model).parent if is_file else self.place_of(model)

    def why(self, model: Model) -> Text:
        """What decided where the model belongs, in words. Raises PlaceUnknown."""
        if model.place.kind == "folder":
            return text("the catalog says so")
        return self.reading_of(model).why if model.place.kind == "engine" else self.around.why(*HUB_VARIABLES)

    def elsewhere(self, file: ListedFile) -> Iterator[Path]:
        """Where on this machine the bytes of a file are known to be. Raises DiskProblem, JournalUnusable."""
        if file.digest is not None:
            for path in self.journal.files.holding(file.digest):
                if proven(path, file.digest, self.disk, self.journal):
                    yield path

    def _small_file(self, path: PurePath) -> str | None:
        return self.disk.read_text(Path(path), exact=True)

    def folder_of(self, model: Model) -> Path:
        """A folder place, filled in. Raises PlaceUnknown."""
        if self.output is not None:
            return self.output / model.key
        folder = model.folder(self.user_home, self.settings.platform)
        self._require_platform(folder)
        return folder

    def _require_platform(self, place: PurePath | None) -> None:
        """A platform is never made up to have a place for its models. Raises PlatformGone."""
        platform = self.settings.platform
        if platform is not None and place is not None and place.is_relative_to(platform):
            require_there(platform)


def require_there(platform: Path) -> None:
    """Raises PlatformGone if the platform's folder is not there."""
    if not os.path.isdir(platform):  # noqa: PTH112  Path.is_dir raises where one may not look
        raise errors.PlatformGone(platform)


def proxies_of(settings: Settings) -> Mapping[str, str]:
    """The proxies that the user wants, as `open_services` takes them; the system's exceptions hold for one set here."""
    if settings.proxy == "none":
        return {}
    system = system_proxies()
    return {"all": settings.proxy, "no": system.get("no", "")} if settings.proxy else system


@contextmanager
def open_services(
    home: Path,
    *,
    catalog: Catalog,
    settings: Settings,
    credentials: Credentials,
    environ: Mapping[str, str],
    user_home: Path,
    proxies: Mapping[str, str],
) -> Iterator[Services]:
    """Make the services on the state folder `home`, and close journal and connections at the end.

    Models and sources whose `when` does not hold for the platform's packages are left out of the catalog.
    Raises JournalTooNew, JournalUnusable, DiskProblem.
    """
    disk = Disk()
    journal = Journal.open(home / "journal.sqlite3", disk)
    limiter = RateLimiter(settings.limit or None)
    client = Client(proxies=proxies, limiter=limiter, connections=settings.connections)
    try:
        known = packages(settings.platform, settings.packages)
        dotenv: Mapping[str, str] = {}
        with suppress(errors.DiskProblem):  # told by the doctor and by apply-env; the rest goes on without it
            if settings.platform is not None:
                dotenv = read_platform(settings.platform, disk, environ)[1].values
        offline = _offline_root(settings.platform, disk)
        around = Surroundings(environ, dotenv, known.versions, settings.platform, user_home, offline)
        applicable = catalog.applicable(known.versions)
        yield Services(applicable, settings, journal, disk, client, credentials, environ, user_home, known, around)
    finally:
        client.close()
        journal.close()


def _offline_root(platform: Path | None, disk: Disk) -> Path | None:
    """See `Surroundings`; the name is that of the platform's `get_models_offline_root`."""
    with suppress(errors.DiskProblem):
        if platform is not None and disk.stat(platform / MODEL_CACHE) is not None:
            return platform / "models-offline"
    return None


class Due(IntEnum):
    """When a listing that a hub gave takes the place of the stored one, which all verdicts are about.

    A stored one of which every file is proven stays until the other is as true: until all files of the other are here
    or, where they lie in the places of its own files, until the first of them is published.
    """

    NOW = 1
    FIRST_FILE = 2
    ALL_FILES = 3


@dataclass(frozen=True)
class Pinned:
    """A model with the listing that is brought, or judged by.

    Attributes:
        files: those of the listing that the catalog wants, under the names it gives them.
        staging: where the cache wants parts.
        due: when the listing has to be stored, see `keep`; None if it is.
    """

    model: Model
    source: Source
    listing: Listing
    files: tuple[ListedFile, ...]
    cache: Cache
    staging: Path
    due: Due | None = None

    def part(self, file: ListedFile) -> Path:
        """Where the file is written until it is whole: named by its digest, so that any source may go on with it."""
        name = file.digest.hex if file.digest else _name_without_digest(self.source, self.listing, file)
        return self.staging / f"{name}.part"


def stored_pin(services: Services, model: Model) -> Pinned | None:
    """The pin from an earlier run, without the network; None if there is none.

    Of several sources it is the one listed last: a source is only asked when those before it failed.
    Raises PlaceUnknown, UsageProblem, SourceUnfit.
    """
    newest: tuple[Source, Listing] | None = None
    for source in model.sources:
        listing = services.listing(source.identity)
        if listing is not None and (newest is None or listing.listed_at >= newest[1].listed_at):
            newest = (source, listing)
    return _pin(services, model, *newest) if newest else None


def fresh_pin(services: Services, model: Model, source: Source, control: Control) -> Pinned:
    """Ask the hub; what it said is not stored yet. Raises HubProblem, TransferProblem, PlaceUnknown, Cancelled."""
    hub = services.hub_for(source)
    listing = released(lambda: hub.list(source, control), control)
    pinned = _pin(services, model, source, listing)
    return replace(pinned, due=_due(services, pinned))


def _due(services: Services, fresh: Pinned) -> Due:
    try:
        stored = _fit_pin(services, fresh.model)
    except errors.UsageProblem:  # of a listing that can't be in this place
        return Due.NOW
    if stored is None or not all(
        state.status is FileStatus.VERIFIED
        for state in survey(stored.cache, stored.files, services.disk, services.journal)
    ):
        return Due.NOW
    beside = fresh.cache.as_a_whole or fresh.cache.location != stored.cache.location
    return Due.ALL_FILES if beside else Due.FIRST_FILE


def keep(services: Services, pinned: Pinned, moment: Due) -> None:
    """Store the listing if it is due at that moment of a run. Raises JournalUnusable, DiskProblem."""
    if pinned.due is not None and pinned.due <= moment:
        services.journal.listings.save(pinned.listing, services.output)


def moved_by_another(services: Services, pinned: Pinned) -> str | None:
    """The commit to which another program moved the cache; None also if it is one that was pinned here before.

    A run that was ended before it came to the ref leaves it at that older commit. Raises DiskProblem, JournalUnusable.
    """
    found = pinned.cache.foreign_ref()
    sources = [source.identity for source in pinned.model.sources]
    ours = found is not None and services.journal.listings.ever(sources, found, services.output)
    return None if ours else found


def pin(services: Services, model: Model, control: Control, *, refresh: bool = False, stay: bool = False) -> Pinned:
    """The stored pin, else the first source that answers; nothing is stored.

    Args:
        refresh: ask the hub even if a pin is stored.
        stay: with the stored pin, also where another program moved the cache, or a hub that the user prefers might
            bring what is missing.

    Raises:
        HubProblem, TransferProblem: the last source's, when none answered.
        PlaceUnknown, Cancelled.
    """
    stored = None if refresh else _fit_pin(services, model)
    if stored is not None:
        if stay:
            return stored
        if moved_by_another(services, stored) is None:
            return _preferred(services, stored, control)
        log.info("%s: another program moved the cache, so the hub is asked again", model.key)
    return first_answer(services, model, services.sources_of(model), control)


def _preferred(services: Services, stored: Pinned, control: Control) -> Pinned:
    """A stored pin, or a fresh one of a hub that the user prefers, if one answers and something has to be fetched."""
    better = services.preferred_to(stored.model, stored.source)
    states = survey(stored.cache, stored.files, services.disk, services.journal) if better else ()
    if all(state.status is FileStatus.VERIFIED for state in states):
        return stored
    try:
        return first_answer(services, stored.model, better, control)
    except (errors.HubProblem, errors.TransferProblem):
        return stored


def _fit_pin(services: Services, model: Model) -> Pinned | None:
    """The stored pin, None also if the catalog wants what that listing has not."""
    try:
        return stored_pin(services, model)
    except errors.SourceUnfit as problem:
        log.info("%s: the stored listing does not do: %s", model.key, problem)
        return None


def first_answer(services: Services, model: Model, sources: Sequence[Source], control: Control) -> Pinned:
    """A fresh pin from the first of the sources that answers.

    When none does, the error of the first where a person can help, such as by a token, else the last one's.
    """
    met: list[errors.Circumstance] = []
    for source in sources:
        try:
            return fresh_pin(services, model, source, control)
        except (errors.HubProblem, errors.TransferProblem) as problem:
            log.warning("%s: %s: %s", model.key, source.name, problem)
            met.append(problem)
    raise next((problem for problem in met if problem.needs_person), met[-1])


def _pin(services: Services, model: Model, source: Source, listing: Listing) -> Pinned:
    files = source.choose(listing.files)
    if not files:
        raise errors.SourceEmpty(source.name)
    cache = services.cache_for(model, source, listing)
    if services.output is not None:
        cache = ElsewhereCache(cache, services.elsewhere)
    return Pinned(model, source, listing, files, cache, cache.staging)


def _name_without_digest(source: Source, listing: Listing, file: ListedFile) -> str:
    told = "\0".join((source.identity, listing.commit, file.path, str(file.size)))
    return hashlib.sha256(told.encode()).hexdigest()
