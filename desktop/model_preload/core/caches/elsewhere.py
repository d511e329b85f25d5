"""A layout that also takes over what is known to lie outside of it, so that it does not come over the network again."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from model_preload.core.caches.base import Cache
from model_preload.core.events import Control
from model_preload.core.values import ListedFile, Published


class ElsewhereCache:
    """See `caches.base.Cache`.

    Args:
        cache: the layout, which all is left to.
        elsewhere: where else on this machine the bytes of a file are.
    """

    def __init__(self, cache: Cache, elsewhere: Callable[[ListedFile], Iterable[Path]]) -> None:
        self._cache = cache
        self._elsewhere = elsewhere

    @property
    def location(self) -> Path:
        return self._cache.location

    @property
    def staging(self) -> Path:
        return self._cache.staging

    @property
    def as_a_whole(self) -> bool:
        return self._cache.as_a_whole

    def destination(self, file: ListedFile) -> Path:
        return self._cache.destination(file)

    def candidates(self, file: ListedFile) -> Iterable[Path]:
        yield from self._cache.candidates(file)
        yield from self._elsewhere(file)

    def publish(self, part: Path, file: ListedFile, control: Control) -> tuple[Published, ...]:
        return self._cache.publish(part, file, control)

    def adopt(self, candidate: Path, file: ListedFile, control: Control) -> tuple[Published, ...]:
        return self._cache.adopt(candidate, file, control)

    def foreign_ref(self) -> str | None:
        return self._cache.foreign_ref()

    def announced(self) -> bool:
        return self._cache.announced()

    def left_aside(self) -> bool:
        return self._cache.left_aside()

    def prepare(self) -> None:
        self._cache.prepare()

    def complete(self, files: Sequence[ListedFile], control: Control) -> tuple[tuple[Path, Path], ...]:
        return self._cache.complete(files, control)
