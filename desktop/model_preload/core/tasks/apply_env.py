"""Change the platform's `.env` so that its engines find their models: proposed, shown, written with a backup, undone.

A backup lies beside the file: `.env.model-preload-<UTC time>-<digest of what was written>.bak`. The digest tells
whether the file is still as it was left, and the ending keeps it out of git, as the platform's .gitignore has it.
"""

import difflib
import hashlib
import logging
import os
import re
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from model_preload.core import errors
from model_preload.core.catalog import HuggingFaceSource
from model_preload.core.engines.dotenv import DotEnv, read_platform
from model_preload.core.engines.obstacle import Obstacle
from model_preload.core.engines.obstacles import obstacles
from model_preload.core.engines.packages import installed_packages
from model_preload.core.engines.situation import Situation
from model_preload.core.events import Control
from model_preload.core.files import Disk
from model_preload.core.settings import is_address
from model_preload.core.tasks.services import Services, require_there
from model_preload.core.tasks.status import status
from model_preload.core.texts import Text

log = logging.getLogger("model_preload.tasks")

_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True)
class EnvChange:
    """What stands in the way, and the file as it is and as it would be.

    Attributes:
        after: the same as `before` if there is nothing to change.
    """

    file: Path
    found: tuple[Obstacle, ...]
    before: DotEnv
    after: DotEnv

    @property
    def is_needed(self) -> bool:
        return self.before.text != self.after.text

    @property
    def remaining(self) -> tuple[Obstacle, ...]:
        """What still keeps engines from their models when this is written."""
        return tuple(one for one in self.found if one.blocks and not one.changes)

    @property
    def diff(self) -> str:
        """A unified diff without surrounding lines, since passwords stand in them; "" if there is nothing to change."""
        name = str(self.file)
        return "\n".join(difflib.unified_diff(_lines(self.before), _lines(self.after), name, name, lineterm="", n=0))


def look(services: Services, control: Control) -> tuple[Path, DotEnv, tuple[Obstacle, ...]]:
    """The platform's file, its content, and what in it stands in the way.

    The network is asked only where a proxy may stand between the platform and its hub.
    Raises PlatformUnknown, EnvFileMissing, DiskProblem, Cancelled.
    """
    file, dotenv = platform_file(services)
    return file, dotenv, obstacles_of(services, dotenv, control)


def obstacles_of(services: Services, dotenv: DotEnv, control: Control) -> tuple[Obstacle, ...]:
    """What would stand in the way if the platform's file were this one; see `look`."""
    platform = services.settings.platform
    assert platform is not None
    situation = Situation(
        dotenv,
        services.environ,
        str(platform),
        str(services.user_home),
        windows=sys.platform == "win32",
        packages=installed_packages(platform),
        hub_models_ready=_hub_models_ready(services, control),
        there=os.path.exists,  # what this user can't look at is not there, which Path.exists tells by an error
        read=lambda path: services.disk.read_text(Path(path)),
    )
    return obstacles(replace(situation, refusal=_refusal(services, situation, control)))


def propose(services: Services, control: Control) -> EnvChange:
    """What would be changed; nothing is written.

    Raises PlatformUnknown, EnvFileMissing, EnvFileUnsound, DiskProblem, Cancelled.
    """
    file, dotenv, found = look(services, control)
    changes = {name: value for one in found for name, value in one.changes.items()}
    return EnvChange(file, found, dotenv, dotenv.with_values(changes) if changes else dotenv)


def apply(change: EnvChange, disk: Disk) -> Path:
    """Write it, and return where the former content is kept. Raises EnvFileChanged, DiskProblem."""
    if disk.read_bytes(change.file) != change.before.encoded:
        raise errors.EnvFileChanged(change.file)
    content = change.after.encoded
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    backup = change.file.with_name(f"{_backup_prefix(change.file)}{moment}-{_digest(content)}.bak")
    disk.write_bytes(backup, change.before.encoded, like=change.file)
    disk.write_bytes(change.file, content, like=change.file)
    log.info("changed %s, kept the former one as %s", change.file, backup.name)
    return backup


def undo(services: Services) -> Path:
    """Put back what the newest backup of the file as it is holds, take that away, and return the file.

    Raises PlatformUnknown, EnvFileMissing, NothingToUndo; EnvFileChanged if it is not as we left it; DiskProblem.
    """
    file, dotenv = platform_file(services)
    disk = services.disk
    backups = [path for path in disk.files(file.parent, ".bak") if path.name.startswith(_backup_prefix(file))]
    if not backups:
        raise errors.NothingToUndo(file)
    # One of another state than the file's is left from a write that was interrupted, or from before an edit.
    fitting = [path for path in backups if path.name.endswith(f"-{_digest(dotenv.encoded)}.bak")]
    content = disk.read_bytes(fitting[-1]) if fitting else None
    if content is None:
        raise errors.EnvFileChanged(file)
    disk.write_bytes(file, content, like=file)
    disk.remove(fitting[-1])
    log.info("put back %s from %s", file, fitting[-1].name)
    return file


def platform_file(services: Services) -> tuple[Path, DotEnv]:
    """The platform's file and its content. Raises PlatformUnknown, PlatformGone, EnvFileMissing, DiskProblem."""
    platform = services.settings.platform
    if platform is None:
        raise errors.PlatformUnknown
    file, dotenv = read_platform(platform, services.disk, services.environ)
    if file is None:
        require_there(platform)
        raise errors.EnvFileMissing(platform)
    return file.resolve() if file.is_symlink() else file, dotenv  # a link stays one: what it points to is written


def _lines(dotenv: DotEnv) -> list[str]:
    lines = _LINE_END.split(dotenv.text.removeprefix("\ufeff"))
    return lines[:-1] if lines[-1] == "" else lines


def _backup_prefix(file: Path) -> str:
    return f"{file.name}.model-preload-"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _hub_models_ready(services: Services, control: Control) -> bool:
    """Whether huggingface_hub would find all it may be asked for without the network."""
    keys = [
        model.key
        for model in services.catalog.models
        if any(isinstance(source, HuggingFaceSource) for source in model.sources)
    ]
    return bool(keys) and all(found.ready for found in status(services, keys, control))


def _refusal(services: Services, situation: Situation, control: Control) -> Text | None:
    """What a proxy says when the platform's hub is asked through it."""
    hub = situation.hub()
    if situation.offline or not is_address(hub) or services.client.proxy_of(hub) is None:
        return None
    try:
        with services.client.stream(hub, control=control, headers={"Range": "bytes=0-0"}):
            return None
    except (errors.ProxyProblem, errors.ProxyCannotReach) as refused:
        return refused.title
    except (errors.HubProblem, errors.TransferProblem):
        return None  # the proxy let us through; how the hub is, is told elsewhere
