"""Rows of a board, made of a few words."""

from datetime import datetime
from pathlib import Path

from model_preload.core.catalog import HuggingFaceSource, Model, Place, Source, Wording
from model_preload.core.journal import Proof
from model_preload.core.tasks.status import ModelStatus
from model_preload.core.texts import Text
from model_preload.core.values import Verdict
from model_preload.downloads.board import Row
from model_preload.downloads.values import Activity, Failure, Work


def model(key: str, *sources: Source, required: bool = False, needs: tuple[str, ...] = (), licence: str = "") -> Model:
    """A model that is called as its key, in capitals."""
    return Model(
        key,
        Wording(key.upper(), f"模型{key}"),
        Wording("Does it.", "能做。"),
        required,
        False,
        licence,
        Place("cache", "huggingface"),
        sources or (HuggingFaceSource(f"demo/{key}", "main"),),
        needs,
    )


def row(
    key: str,
    verdict: Verdict | None = None,
    activity: Activity = Activity.IDLE,
    *,
    of: Model | None = None,
    required: bool = False,
    ready: bool | None = None,
    reasons: tuple[Text, ...] = (),
    location: Path | None = None,
    files: int = 3,
    files_ready: int = 1,
    checked_at: datetime | None = None,
    proof: Proof | None = None,
    failures: tuple[Failure, ...] = (),
) -> Row:
    """One with 1,000 bytes a file; without verdict nobody looked at it yet."""
    which = of or model(key, required=required)
    if verdict is None:
        return Row(which, None, Work(activity, failures=failures))
    is_ready = verdict.ready if ready is None else ready
    found = ModelStatus(
        which, is_ready, verdict, reasons, files, files_ready, 1000 * files, location, checked_at, proof
    )
    return Row(which, found, Work(activity, failures=failures))
