"""What stands in the way of an engine, and the two ways in which a path of the `.env` is not what it looks like."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from model_preload.core.engines.situation import Situation
from model_preload.core.texts import Text

_ESCAPED = re.compile(r"[\a\b\f\n\r\t\v]")
_STARTS_AS_WINDOWS_PATH = re.compile(r"[A-Za-z]:\\|\\\\")


@dataclass(frozen=True)
class Obstacle:
    """A setting that stands in the way.

    Attributes:
        code: stable name of the rule.
        setting: the variable; "" if it is about the file as a whole.
        blocks: an engine misses its models by it; False: it is only worth knowing.
        told: what is so, and why that matters.
        next_step: what would be changed, or what the person can do.
        changes: of the `.env`, as `DotEnv.with_values` takes them; empty if nothing can be changed there.
    """

    code: str
    setting: str
    blocks: bool
    told: Text
    next_step: Text
    changes: Mapping[str, str | None] = field(default_factory=dict)


def mangled(situation: Situation, name: str) -> str:
    """What a path was meant to be that double quotes changed; "" if they did not."""
    if name in situation.environ:
        return ""
    written = situation.dotenv.written(name)
    inner = written[1:-1]
    if not written.startswith('"') or not _STARTS_AS_WINDOWS_PATH.match(inner) or "${" in inner:
        return ""
    share = re.match(r"\\\\[^\\]", inner)
    if not share and not _ESCAPED.search(situation.dotenv.values[name]):
        return ""
    start = 2 if share else 0
    return inner[:start] + inner[start:].replace("\\\\", "\\")


def is_in_container(situation: Situation, path: str) -> bool:
    """Whether a path is one of a container's, which Windows itself does not have."""
    return situation.windows and path.startswith("/") and not path.startswith("//")
