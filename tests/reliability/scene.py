"""Where a case plays: a hub with faults, a foreign server, and a program with folders of its own, measured."""

import os
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Self

import psutil

from helpers.faults import FaultyHub, random_bytes
from helpers.hub import make_repository
from helpers.program import Done, Program
from helpers.workbench import model, repository
from model_preload.demo.repository import Content, Repository

MIB = 1 << 20
_STUCK = 100.0
"""Seconds, a little more than any run may take."""
TOKEN = "hf_reliabilityonly"
REPO = "owner/model"
BIG = "model.safetensors"
_FOREIGN = ("MODEL_PRELOAD", "HF_", "HUGGING", "MODELSCOPE", "PADDLE", "TORCH_HOME", "TIANSHU", "XDG_", "SSL_CERT")


@cache
def contents(seed: int = 0) -> Mapping[str, Content]:
    """A small model: a file of several ranges, one of one range, small ones by way of the API; hashed once."""
    return {
        BIG: Content(random_bytes(20 * MIB + 11, seed)),
        "second.bin": Content(random_bytes(3 * MIB + 1, seed + 1)),
        "config.json": Content(b'{"seed": %d}' % seed),
        "deep/er/tokenizer.json": Content(random_bytes(70_000, seed + 2)),
        "empty.txt": Content(b""),
    }


@dataclass(frozen=True)
class Run:
    """A call of the program, and what it cost."""

    done: Done
    seconds: float
    peak_mb: float

    @property
    def codes(self) -> frozenset[str]:
        """Of the errors in its document."""
        document = self.done.document
        found = [one["code"] for one in document.get("run", {}).get("errors", [])]
        return frozenset([*found, *([document["error"]["code"]] if "error" in document else [])])


@dataclass
class Scene:
    """What a case works with. Servers are up while it is a context; what a case changes is its own.

    Attributes:
        base: holds nothing but `home`, the guarded `outside` and a temporary folder.
        truth: contents that a file of that name may have under a final name.
        hf: downloads by the hub's own client that ran beside ours.
        runs: of our program, in order of their end.
    """

    base: Path
    hub: FaultyHub = field(default_factory=lambda: FaultyHub(tokens=[TOKEN]))
    other: FaultyHub = field(default_factory=FaultyHub)
    source: str = repository(REPO)
    place: str = 'cache = "huggingface"'
    settings: str = ""
    environ: dict[str, str] = field(default_factory=dict)
    truth: dict[str, list[Content]] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    _up: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        self._up.enter_context(self.hub)
        self._up.enter_context(self.other)
        for folder in (self.home, self.outside, self.base / "tmp"):
            folder.mkdir(parents=True)
        (self.outside / "guarded.bin").write_bytes(b"untouched")
        self.put(make_repository(contents(), REPO))
        return self

    def __exit__(self, *_: object) -> None:
        self._up.close()

    @property
    def home(self) -> Path:
        return self.base / "home"

    @property
    def outside(self) -> Path:
        """Nobody may write here; every name in it leads out of the program's folders."""
        return self.base / "outside"

    @property
    def cache(self) -> Path:
        return self.home / "hf" / "hub" / "models--owner--model"

    @property
    def staging(self) -> Path:
        return self.home / "hf" / ".model-preload"

    @property
    def folder(self) -> Path:
        """A place of the kind `folder`."""
        return self.home / "models"

    def into_folder(self) -> None:
        """The model's place is a plain folder."""
        self.place = f"folder = '{self.folder.as_posix()}'"

    def put(self, repository: Repository) -> None:
        """Let the hub have it; what it holds counts as right."""
        self.hub.put(repository)
        self.expect({path: file.content for path, file in repository.main.files.items()})

    def expect(self, files: Mapping[str, Content]) -> None:
        """These contents are right as well."""
        for path, content in files.items():
            self.truth.setdefault(path, []).append(content)

    @property
    def program(self) -> Program:
        user = {name: str(self.home / "user") for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA")}
        temporary = {name: str(self.base / "tmp") for name in ("TMPDIR", "TEMP", "TMP")}
        proxies = {name: "" for name in os.environ if name.lower().endswith("_proxy")}
        foreign = {name: "" for name in os.environ if name.startswith(_FOREIGN)}
        own = {"HF_TOKEN": TOKEN, "HF_HUB_DISABLE_TELEMETRY": "1"}
        places = {"HF_HOME": str(self.home / "hf"), "MODEL_PRELOAD_HOME": str(self.home / "state")}
        environ = {**proxies, **foreign, **user, **temporary, **own, **places, "HF_ENDPOINT": self.hub.endpoint}
        catalog = model("m", self.source, self.place)
        return Program(self.home, self.hub.endpoint, catalog, {**environ, **self.environ}, self.settings)

    def start(self, *words: str) -> "Running":
        """`preload --json`, or other words."""
        return Running(self, words or ("preload", "--json"))

    def preload(self, *words: str) -> Run:
        """From beginning to end."""
        return self.start(*(("preload", "--json", *words))).finish()


class Running:
    """A program at work, its output in files, so that nobody has to read it meanwhile."""

    def __init__(self, scene: Scene, words: Iterable[str]) -> None:
        self._scene = scene
        self._out, self._err = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115  closed by finish
        self._began = time.monotonic()
        self._peak = 0.0
        self.process = scene.program.start(*words, stdout=self._out, stderr=self._err)

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Until it holds or the process is over."""
        while self.poll() and not condition():
            time.sleep(0.01)

    def poll(self) -> bool:
        """Whether it is at work; measures its memory."""
        self._peak = max(self._peak, _peak_mb(self.process.pid))
        if time.monotonic() - self._began > _STUCK:
            self.process.kill()
        return self.process.poll() is None

    def kill(self) -> None:
        self.process.kill()

    def finish(self) -> Run:
        """Wait for its end, which comes by force long after its time."""
        while self.poll():
            time.sleep(0.02)
        self.process.wait()
        texts = []
        for stream in (self._out, self._err):
            with stream:
                stream.seek(0)
                texts.append(stream.read().decode("utf-8", "replace"))
        done = Done(self.process.returncode, *texts)
        run = Run(done, time.monotonic() - self._began, self._peak)
        self._scene.runs.append(run)
        return run


def _peak_mb(pid: int) -> float:
    """The most memory the process ever had, as far as it can be asked for."""
    try:
        status = Path(f"/proc/{pid}/status")
        if status.exists():  # Linux; not `ru_maxrss`: it counts the parent's pages before exec
            for line in status.read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024 / 1e6
            return 0.0
        info = psutil.Process(pid).memory_info()
        return float(getattr(info, "peak_wset", info.rss)) / 1e6
    except (OSError, psutil.Error):
        return 0.0


@dataclass(frozen=True)
class Case:
    """A fault, and how the program may end.

    Attributes:
        name: unique.
        told: what is done, one line.
        play: sets the scene and runs the program, at least once.
        ends: how the last run may end: `ready`, or codes of errors as `outcome_of` writes them.
        waste: MiB that may be fetched in vain.
        slow: it is mostly spent waiting, so it is begun first.
        posix: it needs what Windows does not have.
    """

    name: str
    told: str
    play: Callable[[Scene], object]
    ends: frozenset[str]
    waste: float
    slow: bool = False
    posix: bool = False
