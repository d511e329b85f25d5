"""From the files that a model lacks to what the transfer works on."""

from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path

from model_preload.core import errors
from model_preload.core.events import Control
from model_preload.core.tasks.services import Due, Pinned, Services, keep
from model_preload.core.transfer import Job
from model_preload.core.values import ListedFile, Published


def jobs(services: Services, pinned: Pinned, files: Sequence[ListedFile], control: Control) -> list[Job]:
    """One job for each distinct content: files of one digest are fetched once.

    Before the first is published its listing is stored if that is due, see `Due`.

    Args:
        control: ends what publishing waits for.
    """
    hub = services.hub_for(pinned.source)
    by_part: dict[Path, list[ListedFile]] = {}
    for file in files:
        by_part.setdefault(pinned.part(file), []).append(file)
    due = cache(partial(keep, services, pinned, Due.FIRST_FILE))
    made = []
    for part, same in by_part.items():
        where = hub.locate(pinned.source, pinned.listing, same[0])
        publish = partial(_publish, pinned, due=due, same=same, control=control)
        made.append(Job(same[0], where.url, where.token, where.version, part, publish))
    return made


def _publish(
    pinned: Pinned, part: Path, *, due: Callable[[], None], same: Sequence[ListedFile], control: Control
) -> tuple[Published, ...]:
    """Publish a part under every name that the listing gives these bytes."""
    due()
    published = pinned.cache.publish(part, same[0], control)
    for file in same[1:]:
        adopted = pinned.cache.adopt(published[-1].path, file, control)
        if not adopted:
            raise errors.DiskFailed(published[-1].path, "other bytes than were written")
        published += adopted
    return published
