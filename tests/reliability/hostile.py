"""Names, digests, commits, sizes and ETags that mean harm, and what was planted in the place."""

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from helpers import faults
from helpers.faults import ANYTHING, LISTING
from helpers.hub import make_repository
from reliability.scene import BIG, MIB, REPO, Scene, contents
from reliability.table import Table, fault, url_source

CASES = Table()
_case = CASES.add


# Hostile names, digests, commits and sizes


def _more(**changes: Any) -> Callable[[Scene], object]:
    """A run on a hub whose listing has one file more, made of its first one."""
    return fault(
        LISTING,
        faults.told(
            lambda info: {**info, "siblings": [*info["siblings"], {**info["siblings"][0], "rfilename": "m", **changes}]}
        ),
    )


def _info(**changes: Any) -> Callable[[Scene], object]:
    return fault(LISTING, faults.told(lambda info: {**info, **changes}))


_NAMES = {
    "parent": "../../../../outside/evil.bin",
    "parent-inside": "a/../../../../../outside/evil.bin",
    "absolute": "/tmp/evil.bin",
    "drive": "C:/outside/evil.bin",
    "backslash": "..\\..\\outside\\evil.bin",
    "device": "con",
    "device-with-suffix": "sub/AUX.json",
    "stream": "config.json:evil",
    "trailing-dot": "evil.",
    "300-characters": "e" * 300,
    "surrogate": "evil\ud800.bin",
    "newline": "evil\nfile.bin",
    "nul": "evil\0.bin",
    "escape": "\x1b[2Jevil.bin",
    "empty": "",
    "case-clash": "CONFIG.JSON",
    "file-and-folder": "deep",
}
for _name, _path in _NAMES.items():
    _case(
        f"name-{_name}",
        f"the listing has a file {_path[:40]!a}{'…' * (len(_path) > 40)}",
        _more(rfilename=_path),
        "plan-refused",
        "answer-invalid",
    )
_DIGESTS = {
    "not-hex": "z" * 64,
    "too-long": "a" * 65,
    "path": "../../../../outside/evil",
    "upper-case": "A" * 64,
    "number": 5,
    "missing": None,
}
for _name, _digest in _DIGESTS.items():
    _case(
        f"digest-{_name}",
        f"a file's sha256 is {_digest if _digest is None else repr(_digest)[:30]}",
        _more(lfs={"sha256": _digest, "size": 1, "pointerSize": 1}),
        "answer-invalid",
    )
_case(
    "blob-id-path",
    "a file's blob id is a path",
    _more(blobId="../../evil"),
    "answer-invalid",
)
for _name, _commit in {"not-hex": "main", "path": "../../../../outside", "too-long": "a" * 41, "none": None}.items():
    _case(f"commit-{_name}", f"the commit is {_commit!r}"[:60], _info(sha=_commit), "answer-invalid")
for _name, _size in {"negative": -1, "text": "12", "huge": 1 << 60, "beyond": 1 << 70, "fraction": 1.5}.items():
    _case(
        f"size-{_name}",
        f"a file's size is {_size!r}",
        _more(blobId="0" * 40, size=_size),
        "answer-invalid",
        "plan-refused",
    )
_case(
    "size-contradicts",
    "two files have one digest and two sizes",
    _more(size=1 << 60),
    "answer-invalid",
)


def _hostile_etag(scene: Scene, etag: str) -> None:
    url_source(scene)
    scene.hub.fail(ANYTHING, faults.header("ETag", etag))
    scene.preload()


for _name, _etag in {"path": '"../../../../outside/evil"', "long": f'"{"e" * 8000}"', "garbage": "W/\x01\x7f"}.items():
    _case(
        f"etag-{_name}",
        f"a plain file's ETag is {_etag[:30]!r}",
        partial(_hostile_etag, etag=_etag),
        "unverified",
        "answer-invalid",
    )


# What lies in the place already


def _plant(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _bytes(name: str = BIG, *, flip: bool = False, share: float = 1) -> bytes:
    source = contents()[name].source
    assert isinstance(source, bytes)
    data = bytearray(source[: int(len(source) * share)])
    if flip:
        data[len(data) // 2] ^= 1
    return bytes(data)


def _planted(path: Callable[[Scene], Path], data: Callable[[], bytes]) -> Callable[[Scene], object]:
    def play(scene: Scene) -> None:
        _plant(path(scene), data())
        scene.preload()

    return play


def _blob(scene: Scene) -> Path:
    return scene.cache / "blobs" / contents()[BIG].sha256


def _snapshot(scene: Scene) -> Path:
    return scene.cache / "snapshots" / make_repository(contents(), REPO).main.id / BIG


def _part(scene: Scene) -> Path:
    return scene.staging / f"{contents()[BIG].sha256}.part"


_PLACES: Mapping[str, tuple[str, Callable[[Scene], Path]]] = {
    "blob": ("the cache's blob", _blob),
    "snapshot": ("a plain file in the snapshot", _snapshot),
    "incomplete": ("hf's .incomplete", lambda scene: _blob(scene).with_suffix(".incomplete")),
    "part": ("our part, unknown to the journal", _part),
}
for _name, (_told, _where_to) in _PLACES.items():
    _case(
        f"planted-half-{_name}",
        f"half a file is planted as {_told}",
        _planted(_where_to, partial(_bytes, share=0.5)),
        "ready",
    )
    _case(
        f"planted-flipped-{_name}",
        f"a flipped file is planted as {_told}",
        _planted(_where_to, partial(_bytes, flip=True)),
        "ready",
    )


def _flipped_part(scene: Scene) -> None:
    """A run is killed, what it has of the big file is damaged, and the next run goes on with it."""
    scene.hub.rate = 3 * MIB
    first = scene.start()
    first.wait_until(lambda: scene.hub.bytes_served > 9 * MIB)
    first.kill()
    first.finish()
    scene.runs.clear()
    with _part(scene).open("r+b") as part:
        part.seek(1000)
        part.write(b"\0" * 1000)
    scene.hub.rate = None
    scene.preload()


def _flipped_behind(scene: Scene) -> None:
    """The clock of the file does not tell."""
    scene.preload()
    blob = _snapshot(scene).resolve()
    before = blob.stat()
    blob.write_bytes(_bytes(flip=True))
    os.utime(blob, ns=(before.st_atime_ns, before.st_mtime_ns))
    scene.preload("--force")


def _flipped_folder(scene: Scene) -> None:
    scene.into_folder()
    _plant(scene.folder / BIG, _bytes(flip=True))
    _plant(scene.folder / "config.json", b"half")
    scene.preload()


def _link_outside(scene: Scene) -> None:
    link = _snapshot(scene)
    link.parent.mkdir(parents=True)
    link.symlink_to(scene.outside / "guarded.bin")
    scene.preload()


_case("part-damaged", "the part of a killed run is damaged before the next one", _flipped_part, "ready", waste=30)
_case("flipped-behind", "a ready file is flipped, size and time kept, then --force", _flipped_behind, "ready", waste=21)
_case("planted-folder", "wrong files are planted in a folder place", _flipped_folder, "ready")
_case("planted-link", "a snapshot's file is planted as a link that leads outside", _link_outside, "ready", posix=True)
