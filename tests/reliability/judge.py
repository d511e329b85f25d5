"""The pass rule, the same for every case, and a case from its beginning to its verdict."""

import hashlib
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model_preload.core.errors import Circumstance
from reliability.scene import MIB, TOKEN, Case, Run, Scene

SECONDS = 90.0
BESIDE_OTHERS = 15.0
"""More of them, where cases and other tests run side by side."""
MEMORY_MB = 300.0
_READY, _NOT_READY, _WRONG, _REFUSED = 0, 1, 2, 3


def findings(scene: Scene, ends: frozenset[str], waste_mib: float) -> list[str]:
    """What is wrong with how a case ended; empty if nothing is. `ends` are the ways in which its last run may end."""
    found: list[str] = []
    for run in scene.runs:
        found += _of_run(run)
    last = scene.runs[-1]
    if outcome_of(last) not in ends:
        found.append(f"ended as {outcome_of(last)} (exit {last.done.code}), allowed: {', '.join(sorted(ends))}")
    if last.done.code == _READY:
        found += _missing(scene)
    found += [*_wrong_bytes(scene), *_outside(scene), *_tokens(scene)]
    if waste_of(scene) > waste_mib:
        found.append(f"{waste_of(scene):.1f} MiB wasted, {waste_mib:g} allowed")
    return found


def outcome_of(run: Run) -> str:
    """`ready`, the codes of the errors, or the verdict where there is no error."""
    try:
        document = run.done.document
    except ValueError:
        return f"no document, exit {run.done.code}"
    if run.done.code == _READY:
        return "ready"
    return ", ".join(sorted(run.codes)) or str(document["models"]["m"]["verdict"])


def waste_of(scene: Scene) -> float:
    """MiB that were served beyond one copy of what is in place or on its way."""
    folders = scene.home / "hf", scene.folder, scene.home / ".model-preload"
    here = {path.name: _stored(path) for folder in folders for path in _files(folder) if not path.is_symlink()}
    return max(0, scene.hub.bytes_served + scene.other.bytes_served - sum(here.values())) / MIB


def _stored(path: Path) -> int:
    """Bytes of a file; the holes of one that came in ranges are none."""
    found = path.stat()
    return min(found.st_size, getattr(found, "st_blocks", found.st_size) * 512)


def _of_run(run: Run) -> list[str]:
    found = []
    if run.done.code not in (_READY, _NOT_READY, _WRONG, _REFUSED):
        found.append(f"exit code {run.done.code}")
    if "Traceback" in run.done.err:
        found.append(f"a stack trace: {run.done.err[-600:]}")
    try:
        unknown = run.codes - _known_codes(Circumstance)
        if unknown:
            found.append(f"codes that no circumstance has: {sorted(unknown)}")
        if run.done.code != _READY and not run.codes and not _verdict_tells(run.done.document):
            found.append("not ready, and no word why")
    except ValueError:
        found.append(f"no JSON document but {run.done.out[:200]!r}")
    if run.seconds > SECONDS + BESIDE_OTHERS:
        found.append(f"{run.seconds:.0f} s, {SECONDS:.0f} allowed")
    if run.peak_mb > MEMORY_MB:
        found.append(f"{run.peak_mb:.0f} MB of memory, {MEMORY_MB:.0f} allowed")
    if TOKEN in run.done.out + run.done.err:
        found.append("the token is in the output")
    return found


def _verdict_tells(document: Any) -> bool:
    return all(one["ready"] or one["reasons"] for one in document["models"].values())


def _known_codes(kind: type[Circumstance]) -> frozenset[str]:
    below = (_known_codes(sub) for sub in kind.__subclasses__())
    return frozenset([kind.code]).union(*below)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_symlink() or path.is_file()]


def _location(scene: Scene) -> Path:
    return Path(scene.runs[-1].done.document["models"]["m"]["location"])


def _missing(scene: Scene) -> list[str]:
    location = _location(scene)
    return [f"ready, but {path} is not there" for path in scene.truth if not (location / path).is_file()]


def _wrong_bytes(scene: Scene) -> list[str]:
    """Every file that has a final name must hold what belongs there: blobs by their name, the others by their path."""
    blobs = [path for path in _files(scene.cache / "blobs") if len(path.name) in (40, 64)]
    wrong = [f"wrong bytes in blob {blob.name[:12]}" for blob in blobs if blob.name not in _digests(blob)]
    roots = [scene.folder, *(path for path in (scene.cache / "snapshots").glob("*") if path.is_dir())]
    for root in roots:
        for file in _files(root):
            name = file.relative_to(root).as_posix()
            right = [content.sha256 for content in scene.truth.get(name, [])]
            if not file.is_file():
                wrong.append(f"{name} leads nowhere")
            elif _digests(file)[0] not in right:
                wrong.append(f"wrong bytes in {name}" if right else f"a file that nobody listed: {name}")
    return wrong


def _digests(path: Path) -> tuple[str, str]:
    data = path.read_bytes()
    blob = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False)
    return hashlib.sha256(data).hexdigest(), blob.hexdigest()


def _outside(scene: Scene) -> list[str]:
    """Nothing but what belongs there, and what was there is as it was."""
    allowed = {"home", "home/catalog.toml", "home/state", "home/hf", "home/models", "home/.model-preload", "home/user"}
    allowed |= {"outside", "outside/guarded.bin", "tmp"}
    ours = ("state", "hf/hub", "hf/.model-preload", "hf/xet", "models", ".model-preload")
    inside = tuple(f"home/{name}/" for name in ours)
    found = []
    for path in sorted(scene.base.rglob("*")):
        name = path.relative_to(scene.base).as_posix()
        theirs = name.startswith("home/hf/.check_for_")  # hf's own notes
        if name not in allowed and not theirs and not f"{name}/".startswith(inside):
            found.append(f"something new at {name}")
    if (scene.outside / "guarded.bin").read_bytes() != b"untouched":
        found.append("a file outside was written to")
    return found


def _tokens(scene: Scene) -> list[str]:
    """The token goes to the hub's own origin and to no other, nor into a file."""
    asked = [("cdn", request) for request in scene.hub.requests if request.origin == "cdn"]
    asked += [("foreign server", request) for request in scene.other.requests]
    found = [f"the token went to the {who}: {request.target}" for who, request in asked if TOKEN in str(request)]
    for path in (scene.home / "state").rglob("*"):
        if path.is_file() and TOKEN.encode() in path.read_bytes():
            found.append(f"the token is in {path.name}")
        if path.suffix == ".log" and b"Traceback" in path.read_bytes():
            found.append(f"a stack trace in {path.name}: {path.read_text(errors='replace')[-800:]}")
    return found


@dataclass(frozen=True)
class Outcome:
    """How a case went; `findings` is empty if it passed."""

    case: Case
    outcome: str
    seconds: float
    peak_mb: float
    waste_mib: float
    findings: tuple[str, ...]

    def __str__(self) -> str:
        figures = f"{self.seconds:5.1f} s  {self.peak_mb:4.0f} MB  {self.waste_mib:5.1f} MiB waste"
        return f"{self.case.name:34} {self.outcome:28} {figures}{''.join(f'  !! {one}' for one in self.findings)}"


def play(case: Case) -> Outcome:
    """One case in folders of its own, which stay if it failed."""
    base = Path(tempfile.mkdtemp(prefix=f"case-{case.name}-")).resolve()
    try:
        with Scene(base) as scene:
            case.play(scene)
            found = findings(scene, case.ends, case.waste)
            last = scene.runs[-1]
            outcome = Outcome(
                case,
                outcome_of(last),
                max(run.seconds for run in scene.runs),
                max(run.peak_mb for run in scene.runs),
                waste_of(scene),
                tuple(found),
            )
    except (subprocess.SubprocessError, AssertionError, OSError) as error:
        return Outcome(case, "broke", 0, 0, 0, (f"{type(error).__name__}: {error}",))
    if not outcome.findings:
        shutil.rmtree(base, ignore_errors=True)
    return outcome
