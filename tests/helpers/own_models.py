"""A real core on a loopback hub for the dialogs of the user's own models."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from helpers.workbench import Tokens, Workbench, model, repository, workbench
from model_preload.core.catalog import Model
from model_preload.core.settings import Settings
from model_preload.core.tasks.own_catalog import own_models
from model_preload.demo.hub import Hub
from model_preload.demo.repository import Repository
from model_preload.downloads.background import Background
from model_preload.downloads.open_core import OpenCore

TOKEN = "hf_" + "r" * 30
FILES = {
    "README.md": b"# A model\n",
    "config.json": b"{}",
    "model.safetensors": b"s" * 90_000,
    "pytorch_model.bin": b"p" * 90_000,
    "onnx/model.onnx": b"o" * 70_000,
    "onnx/quantised/model_int8.onnx": b"q" * 20_000,
    "tokenizer/分词器.json": b"[]" * 500,
    "tokenizer/merges, old.txt": b"m" * 900,
}


def repositories() -> list[Repository]:
    """An open one, a gated one, a private one."""
    return [
        Repository.of("acme/voice-small", FILES),
        Repository.of("acme/gated", FILES, gated=True, readers=[TOKEN]),
        Repository.of("acme/private", FILES, private=True, readers=[TOKEN]),
    ]


def own_hub() -> Hub:
    """One with those, and a plain file."""
    return Hub(*repositories(), files={"big-lama.pt": b"l" * 200_000})


@dataclass
class OwnBench:
    """A background on a core of its own.

    Attributes:
        home: the state folder.
    """

    bench: Workbench
    core: OpenCore
    background: Background

    @property
    def home(self) -> Path:
        return self.bench.state

    @property
    def settings(self) -> Settings:
        return self.bench.settings

    @property
    def own(self) -> tuple[Model, ...]:
        """What the own catalog has."""
        return own_models(self.home)

    def close(self) -> None:
        self.background.stop()
        self.core.close()


def own_bench(folder: Path, endpoint: str, **tokens: str) -> OwnBench:
    """On a hub that is both Hugging Face and ModelScope."""
    catalog = model("known", repository("acme/voice-small"))
    bench = workbench(folder / "bench", endpoint, catalog).with_settings(modelscope_endpoint=endpoint)
    bench.tokens = Tokens(**tokens)
    core = OpenCore(bench.opened, bench.state)
    return OwnBench(bench, core, Background("quick", core))


@contextmanager
def own_benches(folder: Path, hub: Hub, **tokens: str) -> Iterator[OwnBench]:
    """One that is closed at the end."""
    bench = own_bench(folder, hub.endpoint, **tokens)
    try:
        yield bench
    finally:
        bench.close()
