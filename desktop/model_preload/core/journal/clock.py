"""Times in the journal: RFC 3339 in UTC, as text that sorts."""

from datetime import UTC, datetime
from functools import lru_cache


def now() -> datetime:
    """This moment, aware, in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def written(moment: datetime) -> str:
    """As stored: `2026-03-01T12:00:00Z`."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


@lru_cache(maxsize=256)  # thousands of files are often checked within seconds
def read(text: str) -> datetime:
    """What `written` wrote."""
    return datetime.fromisoformat(text)
