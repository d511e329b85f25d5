"""One archive for those who help: what is here, what was done, what went wrong; without names, tokens and logins.

report.md       the status and the machine
settings.toml   as the file is
catalog.toml    the user's own models, if there are any
journal.json    the last runs and the queue
versions.json   the program, its libraries, Python, the system
logs/…          the program's log, the older files too
"""

import getpass
import importlib.metadata
import io
import json
import platform
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from model_preload import __version__
from model_preload.core import errors
from model_preload.core.events import Control
from model_preload.core.journal import RunSummary
from model_preload.core.settings import FILE as SETTINGS
from model_preload.core.tasks import own_catalog
from model_preload.core.tasks.redaction import Redaction, secrets_in
from model_preload.core.tasks.report import Redact
from model_preload.core.tasks.services import Services

_RUNS = 50
_LIBRARIES = (
    *("huggingface_hub", "urllib3", "httpx2", "truststore", "pydantic", "keyring", "filelock", "python-dotenv"),
    *("PySide6_Essentials", "wakepy", "tomlkit"),
)
_HUBS = ("huggingface", "modelscope")


def redaction_for(services: Services) -> Redaction:
    """What is to be taken out on this machine."""
    environ, around = services.environ, services.around
    names = {environ.get(name, "") for name in ("USERNAME", "USER", "LOGNAME")} | {services.user_home.name}
    with suppress(OSError, ImportError, KeyError):
        names.add(getpass.getuser())
    proxy = services.client.proxy_of(services.settings.endpoint) or ""
    secrets = secrets_in({**around.dotenv, **environ}) | secrets_in({"proxy": proxy})
    for hub in _HUBS:
        with suppress(errors.SettingsProblem):
            secrets.add(services.credentials.token(hub) or "")
    return Redaction(names, secrets)


def save(services: Services, home: Path, target: Path, report: Callable[[Redact], str], control: Control) -> None:
    """Write the archive, atomically.

    Args:
        home: the state folder.
        target: the file to be, over one that may be there.
        report: makes it, as `report.markdown` does.

    Raises:
        DiskProblem, JournalUnusable, Cancelled; nothing was written.
    """
    redact = redaction_for(services)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("report.md", report(redact).encode("utf-8", "replace"))
        for name, lines in _members(services, home):
            with archive.open(name, "w") as member:
                for line in lines:
                    control.check()
                    member.write(redact(line).encode("utf-8", "replace"))
    services.disk.write_bytes(target, packed.getvalue())


def _members(services: Services, home: Path) -> Iterator[tuple[str, Iterable[str]]]:
    """All but the report."""
    for name in (SETTINGS, own_catalog.FILE):
        content = services.disk.read_bytes(home / name)
        if content is not None:
            yield name, content.decode("utf-8", "replace").splitlines(keepends=True)
    yield "journal.json", _written(_journal(services))
    yield "versions.json", _written(_versions(services))
    for path in sorted((home / "logs").glob("*.log*")):
        yield f"logs/{path.name}", _lines(path)


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            yield from file
    except OSError as error:
        yield f"{type(error).__name__}\n"  # the rest is worth having without it


def _written(values: Mapping[str, Any]) -> list[str]:
    return json.dumps(values, ensure_ascii=False, indent=1).splitlines(keepends=True)


def _journal(services: Services) -> dict[str, Any]:
    journal = services.journal
    return {
        "queue": [{"model": entry.model, "state": entry.state.value} for entry in journal.queue.load()],
        "runs": [_run(run) for run in journal.runs.latest(_RUNS)],
    }


def _run(run: RunSummary) -> dict[str, Any]:
    return {
        "id": run.id,
        "models": run.models,
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "outcome": run.outcome,
        "bytes_fetched": run.bytes_fetched,
        "bytes_total": run.bytes_total,
        "errors": [
            {"model": error.key, "file": error.file, "code": error.code, "message": error.message}
            for error in run.errors
        ],
    }


def _versions(services: Services) -> dict[str, Any]:
    libraries = {}
    for name in _LIBRARIES:
        with suppress(importlib.metadata.PackageNotFoundError):
            libraries[name] = importlib.metadata.version(name)
    return {
        "program": __version__,
        "frozen": bool(getattr(sys, "frozen", False)),
        "python": platform.python_version(),
        "system": platform.platform(),
        "machine": platform.machine(),
        "libraries": libraries,
        "platform_packages": dict(services.packages.versions),
    }
