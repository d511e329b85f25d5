"""Three small models, always the same to the byte, and the catalog that names them: about 100 MB in all.

    demo/large      one big file of weights, 64 MiB
    demo/sharded    weights in three files with an index, and a folder below
    demo/folder     a few files that an engine reads from a plain folder

They have the form of real ones (a transformers model of int8 weights with the files that go with it), but no sense.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model_preload.demo import safetensors
from model_preload.demo.repository import AnyContent, Repository

FOLDER = "{home}/model-preload-demo"
"""Where the model of the plain folder belongs by default; `{home}` is the catalog's word."""

RATE = 5_000_000
"""Bytes a second of each connection of the hub: slow enough to be seen, and to be interrupted in the middle."""

_WIDTH = 2048
_VOCABULARY = 2048
_LARGE_LAYERS = 16
_SHARD_LAYERS = 8
_SHARDS = 3


@dataclass(frozen=True)
class Demo:
    """What the demo runs on.

    Attributes:
        repositories: for the hub.
        catalog: TOML, as `--catalog` takes it.
    """

    repositories: tuple[Repository, ...]
    catalog: str


def make(home: Path, folder: str = FOLDER) -> Demo:
    """Write the models below `home`, where they must stay as long as a hub serves them. Takes about a second.

    Args:
        home: is made if need be; what is in it by the same names is overwritten.
        folder: the place of the model of the plain folder, absolute or below `{home}`, with `/`.

    Raises:
        OSError: no room, or no right to write there.
    """
    repositories = (
        Repository.of("demo/large", _large(home / "large")),
        Repository.of("demo/sharded", _sharded(home / "sharded")),
        Repository.of("demo/folder", _folder(home / "folder")),
    )
    return Demo(repositories, _CATALOG.replace("FOLDER", json.dumps(folder, ensure_ascii=False)))


def _large(home: Path) -> Mapping[str, AnyContent]:
    home.mkdir(parents=True, exist_ok=True)
    weights = home / "model.safetensors"
    safetensors.write(weights, _layers(range(_LARGE_LAYERS), _WIDTH), seed=1)
    return {"model.safetensors": weights, **_companions("Demo large", _LARGE_LAYERS)}


def _sharded(home: Path) -> Mapping[str, AnyContent]:
    home.mkdir(parents=True, exist_ok=True)
    files: dict[str, AnyContent] = {}
    places: dict[str, str] = {}
    total = 0
    for shard in range(_SHARDS):
        tensors = _layers(range(shard * _SHARD_LAYERS, (shard + 1) * _SHARD_LAYERS), _WIDTH // 2)
        name = f"model-{shard + 1:05}-of-{_SHARDS:05}.safetensors"
        safetensors.write(home / name, tensors, seed=10 + shard)
        files[name] = home / name
        places.update(dict.fromkeys(tensors, name))
        total += safetensors.size_of(tensors)
    return {
        **files,
        "model.safetensors.index.json": _json({"metadata": {"total_size": total}, "weight_map": places}),
        "1_Pooling/config.json": _json({"word_embedding_dimension": _WIDTH // 2, "pooling_mode_mean_tokens": True}),
        **_companions("Demo sharded", _SHARDS * _SHARD_LAYERS),
    }


def _folder(home: Path) -> Mapping[str, AnyContent]:
    home.mkdir(parents=True, exist_ok=True)
    voices = {name: home / f"{name}.safetensors" for name in ("alto", "tenor")}
    for seed, path in enumerate(voices.values(), start=20):
        safetensors.write(path, {"voice": ("I8", (2, _WIDTH // 2, _WIDTH // 2))}, seed)
    return {
        "README.md": _readme("Demo folder"),
        "voices.json": _json({name: f"voices/{name}.safetensors" for name in voices}),
        **{f"voices/{name}.safetensors": path for name, path in voices.items()},
    }


def _layers(numbers: Sequence[int], width: int) -> safetensors.Tensors:
    """A square of weights and a row of scales for each layer."""
    tensors: dict[str, tuple[safetensors.Kind, tuple[int, ...]]] = {}
    for number in numbers:
        tensors[f"model.layers.{number}.weight"] = ("I8", (width, width))
        tensors[f"model.layers.{number}.scale"] = ("I8", (width,))
    return tensors


def _companions(title: str, layers: int) -> Mapping[str, AnyContent]:
    """The small files that go with the weights of a transformers model."""
    config = {
        "architectures": ["DemoModel"],
        "model_type": "demo",
        "num_hidden_layers": layers,
        "vocab_size": _VOCABULARY,
    }
    vocabulary = {"<unk>": 0, **{f"token{number}": number for number in range(1, _VOCABULARY)}}
    tokenizer = {
        "version": "1.0",
        "added_tokens": [],
        "pre_tokenizer": {"type": "Whitespace"},
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "<unk>"},
    }
    return {
        "README.md": _readme(title),
        "config.json": _json(config),
        "tokenizer.json": _json(tokenizer),
        "tokenizer_config.json": _json({"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "<unk>"}),
    }


def _readme(title: str) -> bytes:
    text = "Random numbers in the form of a model, for a demonstration."
    return f"---\nlicense: cc0-1.0\n---\n# {title}\n\n{text}\n".encode()


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2) + "\n").encode()


_CATALOG = """\
schema = 1

[[model]]
key = "demo-large"
name = { en = "Demo: one big file", zh = "演示：单个大文件" }
description = { en = "Weights in a single file of 64 MiB.", zh = "权重在一个 64 MiB 的文件中。" }
required = true
licence = "CC0-1.0"
place = { cache = "huggingface" }
[[model.source]]
hub = "huggingface"
repo = "demo/large"
revision = "main"

[[model]]
key = "demo-sharded"
name = { en = "Demo: several parts", zh = "演示：分片模型" }
description = { en = "Weights in three files with an index.", zh = "权重分为三个文件，另有索引。" }
required = true
licence = "CC0-1.0"
place = { cache = "huggingface" }
[[model.source]]
hub = "huggingface"
repo = "demo/sharded"
revision = "main"

[[model]]
key = "demo-folder"
name = { en = "Demo: plain folder", zh = "演示：普通文件夹" }
description = { en = "Files that an engine reads from a folder.", zh = "引擎直接从文件夹读取的文件。" }
licence = "CC0-1.0"
place = { folder = FOLDER }
[[model.source]]
hub = "huggingface"
repo = "demo/folder"
revision = "main"
include = ["*.json", "voices/*"]
"""
