"""How cases are written down: who adds them, and what most of them do."""

from collections.abc import Callable, Iterable
from typing import Any

from helpers.faults import Change, Where
from reliability.scene import BIG, Case, Scene, contents

Play = Callable[[Scene], object]


class Table(list[Case]):
    """Cases of one kind, in their order."""

    def add(
        self,
        name: str,
        told: str,
        play: Play,
        *ends: str,
        waste: float = 4,
        slow: bool = False,
        posix: bool = False,
    ) -> None:
        self.append(Case(name, told, play, frozenset(ends), waste, slow, posix))


def fault(where: Where, change: Change, times: int | None = None) -> Play:
    """A run on a hub with that fault."""

    def play(scene: Scene) -> None:
        scene.hub.fail(where, change, times)
        scene.preload()

    return play


def each_once(where: Where, changes: Iterable[Change]) -> Play:
    """A run on a hub whose first replies have those faults, one after the other."""
    faults = tuple(changes)

    def play(scene: Scene) -> None:
        for change in faults:
            scene.hub.fail(where, change, 1)
        scene.preload()

    return play


def url_source(scene: Scene, more: str = "") -> None:
    """The model is one file at a plain address, and its place a folder."""
    scene.hub.put_file("plain.bin", contents()[BIG])
    scene.into_folder()
    scene.source = f'hub = "url"\nurl = "{scene.hub.file_url("plain.bin")}"\npath = "plain.bin"\n{more}'
    scene.truth = {"plain.bin": [contents()[BIG]]}


def without_sizes(info: Any) -> Any:
    """A listing that makes us ask for the tree as well."""
    return {**info, "siblings": [{"rfilename": one["rfilename"]} for one in info["siblings"]]}
