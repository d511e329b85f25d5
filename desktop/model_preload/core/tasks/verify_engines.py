"""Proof: each engine's own code, in the platform's own Python and offline, finds the files that we brought.

Two things have to hold for *Proven*: every listed file is in its place with its digest checked (our own verdict), and
the engine's code, asked where it would read, names those very places. Where there is no platform to ask, the rules of
`core.engines.places` stand in, and the result says that they are rules. Loading the weights is a second step, for which
a front end asks the person first: `code_carriers` tells what of.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from model_preload.core import errors
from model_preload.core.catalog import Model
from model_preload.core.engines import proof as engine_proof
from model_preload.core.engines.formats import carries_code
from model_preload.core.engines.proof import DISTRIBUTIONS, PLATFORM_CODE, Resolved
from model_preload.core.events import Control, EventSink, Notice
from model_preload.core.journal import Proof, clock
from model_preload.core.tasks.services import Pinned, Services, stored_pin
from model_preload.core.tasks.status import status
from model_preload.core.texts import Text, text

log = logging.getLogger("model_preload.tasks")

SECONDS = 120.0
"""For each engine: what importing it takes on a slow disk, several times over."""


class Evidence(Enum):
    """How it is known that an engine finds a model."""

    PROOF = "proof"
    """Its own code named the places of all files."""
    RULE = "rule"
    """There is none to ask; by our rules it reads there."""
    UNLOADABLE = "unloadable"
    """Its own code named the places, and could not load what is there."""
    NONE = "none"
    """It does not find it, or the model is not ready."""


@dataclass(frozen=True, slots=True)
class Verified:
    """One model.

    Attributes:
        proof: given with PROOF.
        reasons: in words: why there is no proof, or why it was not loaded.
    """

    model: Model
    evidence: Evidence
    proof: Proof | None
    reasons: tuple[Text, ...]


_Members = list[tuple[Model, Pinned]]


def verify_engines(
    services: Services,
    keys: Sequence[str],
    control: Control,
    sink: EventSink,
    seconds: float = SECONDS,
    *,
    load: bool = False,
) -> tuple[Verified, ...]:
    """The evidence for those models and their parts; what is proven is journaled, and shown by `status`.

    Args:
        sink: told which engine is asked, from the calling thread.
        seconds: for each engine, and for each model that is loaded.
        load: have engines load what is proven, which may run code of the files; the person was asked.

    Raises:
        UnknownModel, DiskProblem, JournalUnusable, Cancelled.
    """
    found, asked = _sorted_out(services, keys, control)
    for engine, members in asked.items():
        found |= _ask(services, engine, members, control, sink, seconds)
        for model, _ in members if load else ():
            found[model.key] = _load(services, found[model.key], control, sink, seconds)
    for one in found.values():
        if one.proof is not None:
            services.journal.proofs.save(one.model.key, one.proof)
        elif one.evidence is not Evidence.RULE:
            services.journal.proofs.forget(one.model.key)
    return tuple(found[model.key] for model in services.catalog.with_parts(keys))


def code_carriers(services: Services, keys: Sequence[str], control: Control) -> Mapping[str, Sequence[str]]:
    """What may run code if those models and their parts were loaded: files by model, of models that would be.

    Raises as `verify_engines` does.
    """
    _, asked = _sorted_out(services, keys, control)
    members = [member for members in asked.values() for member in members]
    found = {model.key: [file.path for file in pinned.files if carries_code(file.path)] for model, pinned in members}
    return {key: files for key, files in found.items() if files}


def _sorted_out(
    services: Services, keys: Sequence[str], control: Control
) -> tuple[dict[str, Verified], dict[str, _Members]]:
    """The verdicts on models of which no engine can be asked, and the others by their engine."""
    models = services.catalog.with_parts(keys)
    found: dict[str, Verified] = {}
    asked: dict[str, _Members] = {}
    ready = {one.model.key: one for one in status(services, [model.key for model in models], control)}
    for model in models:
        own = ready[model.key]
        pinned = stored_pin(services, model) if own.verdict.ready else None
        if pinned is None:
            found[model.key] = _without(model, own.reasons or (text("its files are not ready"),))
        elif (reason := _nobody_to_ask(services, model)) is not None:
            found[model.key] = Verified(model, Evidence.RULE, None, (reason,))
        else:
            asked.setdefault(model.place.name, []).append((model, pinned))
    return found, asked


def _nobody_to_ask(services: Services, model: Model) -> Text | None:
    """Why it has to be a rule; None if the engine can be asked."""
    platform = services.settings.platform
    if model.place.kind != "engine":
        return text("the catalog names no engine that reads it")
    if platform is None:
        return text("the platform's folder is not known")
    if not engine_proof.platform_python(platform).exists():
        return text("the platform has no Python in {folder}", folder=engine_proof.platform_python(platform).parent)
    code = PLATFORM_CODE.get(model.place.name)
    if code is not None:
        file = platform / "backend" / code
        return None if file.exists() else text("the platform has no {file}", file=file)
    package = DISTRIBUTIONS[model.place.name]
    if package not in services.packages.versions:
        return text("{package} is not installed in the platform's Python", package=package)
    return None


def _ask(
    services: Services, engine: str, members: _Members, control: Control, sink: EventSink, seconds: float
) -> Mapping[str, Verified]:
    platform = services.settings.platform
    assert platform is not None  # else there is nobody to ask
    places = {model.key: _places(model, pinned) for model, pinned in members}
    names = sorted({name for wanted in places.values() for name in wanted})
    sink(Notice("", text("Asking the platform's {engine} where it reads.", engine=engine)))
    try:
        answer = engine_proof.ask(engine, names, platform, services.around, seconds, control)
    except errors.ProofFailed as problem:
        log.warning("%s", problem)
        return {model.key: _without(model, (problem.title,)) for model, _ in members}
    result = {}
    for model, pinned in members:
        result[model.key] = one = _judged(services, model, pinned, places[model.key], answer)
        log.info("%s: %s", model.key, "; ".join(map(str, one.reasons)) or f"proven by {engine} {answer.version}")
    return result


def _judged(services: Services, model: Model, pinned: Pinned, places: Mapping[str, Path], answer: Resolved) -> Verified:
    packages = [answer.missing[name] for name in places if name in answer.missing]
    if packages:
        return Verified(model, Evidence.RULE, None, (_missing(packages[0]),))
    reasons = tuple(_problems(places, answer))
    if reasons:
        return _without(model, reasons)
    place, commit = services.place_of(model), pinned.listing.commit
    proof = Proof(model.place.name, answer.version, commit, place, loaded=False, proved_at=clock.now())
    return Verified(model, Evidence.PROOF, proof, ())


def _load(services: Services, found: Verified, control: Control, sink: EventSink, seconds: float) -> Verified:
    """Have it loaded if it is proven. A package that loading lacks is no fault of the model: the proof stays."""
    platform, model = services.settings.platform, found.model
    if found.proof is None or platform is None:
        return found
    name, engine = model.folder_name, model.place.name
    sink(Notice(model.key, text("The platform's {engine} loads it.", engine=engine)))
    try:
        answer = engine_proof.load(engine, name, platform, services.around, seconds, control)
    except errors.ProofFailed as problem:
        log.warning("%s: %s", model.key, problem)
        return Verified(model, Evidence.UNLOADABLE, None, (problem.title,))
    if name in answer.missing:
        return replace(found, reasons=(text("it was not loaded"), _missing(answer.missing[name])))
    if name in answer.problems:
        log.warning("%s: %s can't load it: %s", model.key, engine, answer.problems[name])
        told = text("{name}: the engine says: {problem}", name=model.key, problem=answer.problems[name])
        return Verified(model, Evidence.UNLOADABLE, None, (told,))
    return replace(found, proof=replace(found.proof, loaded=True))


def _missing(package: str) -> Text:
    return text("{package} is not installed in the platform's Python", package=package)


def _places(model: Model, pinned: Pinned) -> Mapping[str, Path]:
    """What the engine's probe is asked for, and where it should say that it is."""
    if model.place.name == "mineru":
        return {file.path: pinned.cache.destination(file) for file in pinned.files}
    if model.place.name in ("simple-lama", "watermark"):
        return {file.path: pinned.cache.destination(file) for file in pinned.files[:1]}
    return {model.folder_name: pinned.cache.location}


_TOLD = 3


def _problems(places: Mapping[str, Path], answer: Resolved) -> Sequence[Text]:
    """What keeps it from being a proof; of many files the first few."""
    found = []
    for name, place in places.items():
        if name in answer.problems:
            found.append(text("{name}: the engine says: {problem}", name=name, problem=answer.problems[name]))
        elif name not in answer.paths:
            found.append(text("{name}: the engine says nothing of it", name=name))
        elif not _is_same(answer.paths[name], place):
            found.append(
                text(
                    "{name}: the engine reads {theirs}, its files are in {ours}",
                    name=name,
                    theirs=answer.paths[name],
                    ours=place,
                )
            )
    return found[:_TOLD]


def _is_same(one: Path, other: Path) -> bool:
    """Whether both name one place, however they are written; a second name of the same bytes elsewhere is none."""
    try:
        return one.resolve(strict=True) == other.resolve(strict=True)  # on Windows in any case of letters
    except OSError:
        return False


def _without(model: Model, reasons: Sequence[Text]) -> Verified:
    return Verified(model, Evidence.NONE, None, tuple(reasons))
