"""Proof: each engine's own code, in the platform's own Python and offline, finds the files that we brought.

Two things have to hold for *Proven*: every listed file is in its place with its digest checked (our own verdict), and
the engine's code, asked where it would read, names those very places. Where there is no platform to ask, the rules of
`core.engines.places` stand in, and the result says that they are rules.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from model_preload.core import errors
from model_preload.core.catalog import Model
from model_preload.core.engines import proof as engine_proof
from model_preload.core.engines.proof import DISTRIBUTIONS, Resolved
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
    NONE = "none"
    """It does not find it, or the model is not ready."""


@dataclass(frozen=True, slots=True)
class Verified:
    """One model.

    Attributes:
        proof: given with PROOF.
        reasons: in words: why there is no proof.
    """

    model: Model
    evidence: Evidence
    proof: Proof | None
    reasons: tuple[Text, ...]


def verify_engines(
    services: Services, keys: Sequence[str], control: Control, sink: EventSink, seconds: float = SECONDS
) -> tuple[Verified, ...]:
    """The evidence for those models and their parts; what is proven is journaled, and shown by `status`.

    Args:
        sink: told which engine is asked, from the calling thread.
        seconds: for each engine.

    Raises:
        UnknownModel, DiskProblem, JournalUnusable, Cancelled.
    """
    models = services.catalog.with_parts(keys)
    found: dict[str, Verified] = {}
    asked: dict[str, list[tuple[Model, Pinned]]] = {}
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
    for engine, members in asked.items():
        found |= _ask(services, engine, members, control, sink, seconds)
    for one in found.values():
        if one.proof is not None:
            services.journal.proofs.save(one.model.key, one.proof)
        elif one.evidence is Evidence.NONE:
            services.journal.proofs.forget(one.model.key)
    return tuple(found[model.key] for model in models)


def _nobody_to_ask(services: Services, model: Model) -> Text | None:
    """Why it has to be a rule; None if the engine can be asked."""
    platform = services.settings.platform
    if model.place.kind != "engine":
        return text("the catalog names no engine that reads it")
    if model.place.name not in DISTRIBUTIONS:
        return text("its engine is a part of the platform, of which only the rule is known")
    if platform is None:
        return text("the platform's folder is not known")
    if not engine_proof.platform_python(platform).exists():
        return text("the platform has no Python in {folder}", folder=engine_proof.platform_python(platform).parent)
    package = DISTRIBUTIONS[model.place.name]
    if package not in services.packages.versions:
        return text("{package} is not installed in the platform's Python", package=package)
    return None


def _ask(
    services: Services,
    engine: str,
    members: Sequence[tuple[Model, Pinned]],
    control: Control,
    sink: EventSink,
    seconds: float,
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
        reasons = tuple(_problems(places[model.key], answer))
        proof = Proof(engine, answer.version, pinned.listing.commit, clock.now())
        result[model.key] = _without(model, reasons) if reasons else Verified(model, Evidence.PROOF, proof, ())
        log.info("%s: %s", model.key, "; ".join(map(str, reasons)) or f"proven by {engine} {answer.version}")
    return result


def _places(model: Model, pinned: Pinned) -> Mapping[str, Path]:
    """What the engine's probe is asked for, and where it should say that it is."""
    if model.place.name == "mineru":
        return {file.path: pinned.cache.destination(file) for file in pinned.files}
    if model.place.name == "simple-lama":
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
    """Whether both name one place, however they are written."""
    try:
        return one.samefile(other)
    except OSError:
        return False


def _without(model: Model, reasons: Sequence[Text]) -> Verified:
    return Verified(model, Evidence.NONE, None, tuple(reasons))
