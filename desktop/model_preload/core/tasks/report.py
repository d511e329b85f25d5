"""What is here and what stands in the way, as Markdown that a person can send to another one."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from model_preload import __version__
from model_preload.core.tasks.doctor.finding import Finding, Level
from model_preload.core.tasks.status import ModelStatus
from model_preload.core.texts import Text, plural, size, text

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~])")

Redact = Callable[[str], str]
"""Takes out of a text what is nobody else's business."""


def summary(statuses: Sequence[ModelStatus]) -> Text:
    """One sentence for all of them; it counts those that it is given."""
    ready = sum(status.ready for status in statuses)
    if not statuses:
        return text("There are no models in the catalog.")
    if ready == len(statuses):
        return plural("Ready: {n} of {n} model.", "Ready: {n} of {n} models.", ready)
    return plural(
        "Not ready yet: {n} of {count} models is missing something.",
        "Not ready yet: {n} of {count} models are missing something.",
        len(statuses) - ready,
        count=len(statuses),
    )


def markdown(
    statuses: Sequence[ModelStatus],
    findings: Iterable[Finding],
    language: str,
    redact: Redact,
    *,
    moment: datetime | None = None,
) -> str:
    """The report, in the language in use.

    Args:
        statuses: of the models that count, mostly `Catalog.whole`.
        findings: of the machine; what is well goes without its next step.
        language: of the models' names.
        redact: is given every text before a sign of it is escaped, which would hide a name or a secret with that sign.
        moment: when this was so; by default now.
    """

    def plain(value: object) -> str:
        """On one line, and nothing in it means anything to Markdown."""
        return _SPECIAL.sub(r"\\\1", " ".join(redact(str(value)).split()))

    def row(cells: Iterable[object]) -> str:
        return "| " + " | ".join(map(plain, cells)) + " |"

    now = (moment or datetime.now(UTC)).astimezone()
    made = text("Model Preload {version}, {moment}", version=__version__, moment=f"{now:%Y-%m-%d %H:%M %z}")
    heads = (text("Model"), text("Verdict"), text("Files"), text("Size"), text("Checked"), text("Place"))
    lines = [f"**{plain(summary(statuses))}**", "", plain(made), ""]
    lines += [row(heads), "|---" * len(heads) + "|"]
    lines += [row(_cells(status, language)) for status in statuses]
    reasons = [(status, reason) for status in statuses for reason in status.reasons]
    if reasons:
        lines += ["", f"## {text('Reasons')}", ""]
        lines += [f"- {plain(status.model.name.in_language(language))}: {plain(reason)}" for status, reason in reasons]
    told = list(findings)
    if told:
        lines += ["", f"## {text('The machine')}", ""]
        lines += [f"- {finding.level.label}: {' → '.join(map(plain, _told(finding)))}" for finding in told]
    return "\n".join(lines) + "\n"


def _cells(status: ModelStatus, language: str) -> tuple[object, ...]:
    verdict: object = status.verdict.label
    if status.verdict.ready and not status.ready:
        verdict = text("a part is missing")
    checked = f"{status.checked_at.astimezone():%Y-%m-%d %H:%M}" if status.checked_at else "–"
    return (
        status.model.name.in_language(language),
        verdict,
        f"{status.files_ready}/{status.files}" if status.files else "–",
        size(status.bytes) if status.files else "–",
        checked,
        status.location or "–",
    )


def _told(finding: Finding) -> tuple[Text, ...]:
    if finding.level is Level.OK or finding.next_step is None:
        return (finding.told,)
    return finding.told, finding.next_step
