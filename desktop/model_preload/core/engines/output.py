"""The folder that the platform's own download script makes for machines without a network.

    <folder>/huggingface/hub/                  the Hugging Face cache
    <folder>/.paddleocr/models/<repository>/
    <folder>/<key>/iic/<repository>/           FunASR: `sensevoice` and `paraformer`, each with its parts
    <folder>/watermark_models/yolo11x_watermark.pt
    <folder>/torch/hub/checkpoints/big-lama.pt
    <folder>/<key>/                            whatever has a folder of its own in a catalog
    <folder>/manifest.json

Source: the platform's `backend/download_models.py`, `scripts/init-models.sh`. It names no place for LaMa. What is
below the names that it does promise has the form that engines ask for: FunASR `iic/<repository>`, torch its
`hub/checkpoints`. docs/engines.md tells which of them a container reads.
"""

from pathlib import Path

from model_preload.core.engines.places import Reading
from model_preload.core.texts import text

KEYS = ("mineru", "paddleocr", "sensevoice", "paraformer", "yolo11", "lama")
"""The models that the platform's script knows."""

HUB = "huggingface/hub"
MANIFEST = "manifest.json"

_WHY = text("the platform's offline folder has it there")


def reading_in(folder: Path, engine: str, key: str, folder_name: str) -> Reading:
    """Where that folder has a model.

    Args:
        engine: a name of `catalog.ENGINES`.
        key: of the model; of a part that lies in its model's folder `<model>/<part>`.
        folder_name: the model's repository without its owner.
    """
    match engine:
        case "mineru":
            return Reading("huggingface", None, _WHY)
        case "paddlex":
            return Reading("whole", folder / ".paddleocr" / "models" / folder_name, _WHY)
        case "funasr":
            return Reading("whole", folder / key.partition("/")[0] / "iic" / folder_name, _WHY)
        case "watermark":
            return Reading("file", folder / "watermark_models" / "yolo11x_watermark.pt", _WHY)
        case "simple-lama":
            return Reading("file", folder / "torch" / "hub" / "checkpoints" / "big-lama.pt", _WHY)
    raise ValueError(f"{engine!r} is no engine")
