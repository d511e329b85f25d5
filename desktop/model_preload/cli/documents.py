"""Results as JSON values: the form that the outside relies on (docs/command-line.md)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from model_preload.core import errors
from model_preload.core.catalog import Model
from model_preload.core.engines.packages import ASSUMED
from model_preload.core.journal import Proof
from model_preload.core.plan import Plan
from model_preload.core.tasks.apply_env import EnvChange
from model_preload.core.tasks.doctor.finding import Finding, Level
from model_preload.core.tasks.preload import RunReport
from model_preload.core.tasks.remove_models import Removable
from model_preload.core.tasks.services import Services, stored_pin
from model_preload.core.tasks.status import ModelStatus
from model_preload.core.tasks.verify_engines import Verified
from model_preload.core.texts import size, text


def moment(value: datetime | None) -> str | None:
    """RFC 3339 in UTC."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if value else None


def problem(found: errors.Circumstance) -> dict[str, Any]:
    """A command that could not do its work."""
    return {
        "success": False,
        "error": {"code": found.code, "message": str(found.title), "next_step": str(found.next_step)},
    }


def status(statuses: Sequence[ModelStatus], models: Sequence[Model], language: str, success: bool) -> dict[str, Any]:
    """`models` are all of the catalog, for the dashboard's list of them."""
    missing = any(not found.ready for found in statuses)
    return {
        "success": success,
        "models": {found.model.key: _model_status(found, language) for found in statuses},
        "catalog": [
            {
                "key": model.key,
                "name": model.name.in_language(language),
                "required": model.required,
                "auto_download": model.auto_download,
                "description": model.description.in_language(language),
            }
            for model in models
        ],
        "any_ready": any(found.ready for found in statuses),
        "any_missing": missing,
        "first_use_tip": str(text("Run “model-preload preload” to bring what is missing.")) if missing else "",
        "timestamp": moment(datetime.now(UTC)),
    }


def _model_status(found: ModelStatus, language: str) -> dict[str, Any]:
    reasons = [str(reason) for reason in found.reasons]
    return {
        "ready": found.ready,
        "name": found.model.name.in_language(language),
        "cache_hint": str(found.location) if found.location else "",
        "message": "; ".join(reasons) or str(found.verdict.label),
        "verdict": found.verdict.value,
        "reasons": reasons,
        "files": found.files,
        "bytes": found.bytes,
        "location": str(found.location) if found.location else None,
        "checked_at": moment(found.checked_at),
        "proof": proof(found.proof),
    }


def proof(found: Proof | None) -> dict[str, Any] | None:
    """Which engine was seen to find the model, whether it loaded it too, and when."""
    if found is None:
        return None
    return {
        "engine": found.engine,
        "version": found.version,
        "loaded": found.loaded,
        "proved_at": moment(found.proved_at),
    }


def verified(found: Sequence[Verified], language: str, success: bool) -> dict[str, Any]:
    """What engines' own code finds."""
    return {
        "success": success,
        "models": {
            one.model.key: {
                "name": one.model.name.in_language(language),
                "evidence": one.evidence.value,
                "proof": proof(one.proof),
                "reasons": [str(reason) for reason in one.reasons],
            }
            for one in found
        },
        "timestamp": moment(datetime.now(UTC)),
    }


def run(report: RunReport) -> dict[str, Any]:
    """The `run` of a preload's document."""
    return {
        "id": report.id,
        "started_at": moment(report.started_at),
        "finished_at": moment(report.finished_at),
        "outcome": report.outcome,
        "bytes_fetched": report.bytes_fetched,
        "bytes_total": report.bytes_total,
        "errors": [
            {"key": error.key, "file": error.file, "code": error.code, "message": error.message}
            for error in report.errors
        ],
    }


def plan(found: Plan) -> dict[str, Any]:
    """What would be fetched."""
    return {
        "success": not found.refusals,
        "bytes_to_fetch": found.bytes_to_fetch,
        "files": {
            "fetch": [
                {"model": wanted.model, "file": wanted.state.file.path, "bytes": wanted.left} for wanted in found.fetch
            ],
            "check": [{"model": wanted.model, "file": wanted.state.file.path} for wanted in found.check],
            "ready": len(found.here),
        },
        "drives": [
            {"drive": drive.volume, "bytes_needed": drive.needed, "bytes_free": drive.free} for drive in found.drives
        ],
        "refusals": [str(reason) for reason in found.refusals],
    }


def removed(found: Removable, kept: Sequence[errors.DiskProblem], *, done: bool) -> dict[str, Any]:
    """What can go, or went; `size` comes first: the uninstaller reads no further."""
    return {
        "size": size(found.bytes),
        "success": not kept,
        "deleted": done,
        "bytes": found.bytes,
        "files": len(found.files),
        "behind_links": found.behind_links,
        "kept": [{"file": str(problem.path), "message": str(problem)} for problem in kept],
    }


def doctor(findings: Sequence[Finding]) -> dict[str, Any]:
    """What was found on the machine."""
    return {
        "success": not any(found.level is Level.PROBLEM for found in findings),
        "findings": [
            {
                "check": found.check,
                "level": found.level.value,
                "message": str(found.told),
                "next_step": str(found.next_step) if found.next_step else None,
            }
            for found in findings
        ],
        "timestamp": moment(datetime.now(UTC)),
    }


def env_change(change: EnvChange, backup: Path | None, success: bool) -> dict[str, Any]:
    """What stands in the way in the platform's `.env`; `backup` is there if the change was made."""
    return {
        "success": success,
        "file": str(change.file),
        "findings": [
            {
                "code": found.code,
                "setting": found.setting or None,
                "level": (Level.PROBLEM if found.blocks else Level.NOTE).value,
                "message": str(found.told),
                "next_step": str(found.next_step),
                "changes": dict(found.changes),
            }
            for found in change.found
        ],
        "diff": change.diff,
        "applied": backup is not None,
        "undone": False,
        "backup": str(backup) if backup else None,
        "timestamp": moment(datetime.now(UTC)),
    }


def env_undone(file: Path) -> dict[str, Any]:
    """The platform's `.env` was put back; the same keys."""
    return {
        "success": True,
        "file": str(file),
        "findings": [],
        "diff": "",
        "applied": False,
        "undone": True,
        "backup": None,
        "timestamp": moment(datetime.now(UTC)),
    }


def catalog(services: Services, language: str) -> dict[str, Any]:
    """The models, as far as is known without the network."""
    versions = services.packages.versions
    return {
        "success": True,
        "packages": {
            "assumed": services.packages.assumed,
            "versions": {name: versions[name] for name in ASSUMED if name in versions},
        },
        "models": [_entry(services, model, language) for model in services.catalog.models],
    }


def _entry(services: Services, model: Model, language: str) -> dict[str, Any]:
    pinned, location, why = None, None, None
    try:
        location, why = str(services.place_of(model)), str(services.why(model))
        pinned = stored_pin(services, model)
    except errors.Circumstance:
        pass  # its place can't be told on this machine, or its listing does not do any more; the rest can
    return {
        "key": model.key,
        "name": model.name.in_language(language),
        "description": model.description.in_language(language),
        "required": model.required,
        "licence": model.licence,
        "needs": list(model.needs),
        "place": model.place.name,
        "location": str(pinned.cache.location) if pinned else location,
        "why": why,
        "sources": [source.name for source in model.sources],
        "files": len(pinned.files) if pinned else None,
        "bytes": sum(file.size for file in pinned.files) if pinned else None,
    }
