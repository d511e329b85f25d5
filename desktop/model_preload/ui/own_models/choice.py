"""Which files of a listing count, as patterns: typed, chosen quickly, or ticked one by one."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from model_preload.core.catalog import HuggingFaceSource
from model_preload.core.texts import Text, text
from model_preload.core.values import ListedFile

MOST_PATTERNS = 100
"""More than these are made for no one: who ticks like that is told to write patterns."""
_SUFFIXES_OFFERED = 8
_WEIGHTS = frozenset(
    {".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack", ".onnx", ".gguf", ".tflite", ".pdparams"}
)
"""The same weights often lie in several of these forms."""
_SET = r"\[[^]]*\]"


@dataclass(frozen=True, slots=True)
class Choice:
    """Patterns, as `RepositorySource` has them."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QuickChoice:
    """One that many want."""

    label: Text
    choice: Choice


def patterns_of(typed: str) -> tuple[str, ...]:
    """What stands between commas or semicolons; in a name they are written `[,]` and `[;]`."""
    found = (pattern.strip() for pattern in re.findall(rf"(?:{_SET}|[^,;])+", typed))
    return tuple(pattern for pattern in found if pattern)


def written(patterns: Iterable[str]) -> str:
    """As `patterns_of` reads them."""
    return ", ".join(re.sub(rf"{_SET}|[,;]", _kept_together, pattern) for pattern in patterns)


def _kept_together(found: re.Match[str]) -> str:
    return found[0] if len(found[0]) > 1 else f"[{found[0]}]"


class Files:
    """A listing, and what patterns choose of it; each pattern is tried once.

    Attributes:
        paths: in the hub's order.
    """

    def __init__(self, files: Sequence[ListedFile]) -> None:
        self._files = files
        self.paths = tuple(file.path for file in files)
        self._hits: dict[str, frozenset[str]] = {}

    def hits(self, pattern: str) -> frozenset[str]:
        """The paths that it matches."""
        found = self._hits.get(pattern)
        if found is None:
            found = frozenset(file.path for file in HuggingFaceSource("", "", (pattern,)).choose(self._files))
            self._hits[pattern] = found
        return found

    def chosen(self, choice: Choice) -> frozenset[str]:
        """The paths that count."""
        included = self._any(choice.include) if choice.include else frozenset(self.paths)
        return included - self._any(choice.exclude)

    def idle(self, choice: Choice) -> tuple[str, ...]:
        """Patterns that match nothing."""
        return tuple(pattern for pattern in (*choice.include, *choice.exclude) if not self.hits(pattern))

    def ticked(self, choice: Choice, target: str, on: bool) -> Choice | None:
        """The choice with a file, or a folder (its path ends in `/`), put in or left out.

        The patterns stay as they are as far as possible. None if it would take more than `MOST_PATTERNS`.
        """
        touched = frozenset(path for path in self.paths if path == target or _is_below(path, target))
        before = self.chosen(choice)
        made = self._put_in(choice, touched, target) if on else self._left_out(choice, touched, target)
        wanted = before | touched if on else before - touched
        if self.chosen(made) != wanted:
            made = self.spelled_out(wanted)
        return made if len(made.include) + len(made.exclude) <= MOST_PATTERNS else None

    def spelled_out(self, wanted: frozenset[str]) -> Choice:
        """Just these, by name: folders where all of them is wanted; what is shorter, the wanted or the unwanted."""
        named, left = _cover(self.paths, wanted), _cover(self.paths, frozenset(self.paths) - wanted)
        return Choice(exclude=left) if not named or len(left) <= len(named) else Choice(include=named)

    def quick_choices(self) -> tuple[QuickChoice, ...]:
        """Those that make a difference, the usual ones first."""
        sizes: Counter[str] = Counter()
        for file in self._files:
            sizes[_suffix(file.path)] += file.size
        suffixes = [suffix for suffix, _ in sizes.most_common() if suffix]
        weights = [suffix for suffix in suffixes if suffix in _WEIGHTS]
        offered = [QuickChoice(text("Everything"), Choice())]
        if 0 < sum("/" in path for path in self.paths) < len(self.paths):
            offered.append(QuickChoice(text("Only the top level"), Choice(exclude=("*/*",))))
        if len(weights) > 1:
            offered += [
                QuickChoice(
                    text("Weights only as {pattern}", pattern=f"*{suffix}"),
                    Choice(exclude=tuple(f"*{other}" for other in weights if other != suffix)),
                )
                for suffix in weights
            ]
        if len(suffixes) > 1:
            offered += [
                QuickChoice(text("Nothing but {pattern}", pattern=f"*{suffix}"), Choice((f"*{suffix}",)))
                for suffix in suffixes[:_SUFFIXES_OFFERED]
            ]
        return tuple(offered)

    def _any(self, patterns: Iterable[str]) -> frozenset[str]:
        return frozenset[str]().union(*map(self.hits, patterns))

    def _within(self, pattern: str, touched: frozenset[str]) -> bool:
        """Whether it is about nothing else."""
        hits = self.hits(pattern)
        return bool(hits) and hits <= touched

    def _put_in(self, choice: Choice, touched: frozenset[str], target: str) -> Choice:
        exclude = tuple(pattern for pattern in choice.exclude if not self._within(pattern, touched))
        include = choice.include
        if include and not touched <= self._any(include):
            include = (*(one for one in include if not self._within(one, touched)), literal(target))
        return Choice(include, exclude)

    def _left_out(self, choice: Choice, touched: frozenset[str], target: str) -> Choice:
        include = tuple(pattern for pattern in choice.include if not self._within(pattern, touched)) or choice.include
        if not self.chosen(Choice(include, choice.exclude)) & touched:
            return Choice(include, choice.exclude)
        exclude = (*(one for one in choice.exclude if not self._within(one, touched)), literal(target))
        return Choice(include, exclude)


def literal(path: str) -> str:
    """The pattern that matches that name, or everything below a folder; a `?` stands for what no pattern may have."""
    return re.sub(r"[\\:\x00-\x1f\x7f-\x9f]", "?", re.sub(r"([*?\[\],;])", r"[\1]", path))


def _is_below(path: str, target: str) -> bool:
    return target.endswith("/") and path.startswith(target)


def _suffix(path: str) -> str:
    found = re.search(r"[^/](\.[\w+-]{1,15})$", path)
    return found[1] if found else ""


def _cover(paths: Sequence[str], some: frozenset[str]) -> tuple[str, ...]:
    """Patterns that match just those: whole folders where they can."""
    there, inside = Counter[str](), Counter[str]()
    for path in paths:
        folders = _folders(path)
        there.update(folders)
        if path in some:
            inside.update(folders)
    named: dict[str, None] = {}
    for path in paths:
        if path in some:
            whole = next((folder for folder in _folders(path) if there[folder] == inside[folder]), path)
            named[literal(whole)] = None
    return tuple(named)


def _folders(path: str) -> list[str]:
    """Each with `/` at its end, the outermost first."""
    return [f"{folder}/" for folder in accumulate(path.split("/")[:-1], lambda above, name: f"{above}/{name}")]
