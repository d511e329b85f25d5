"""PaddleX: the folder of a model, with weights and a configuration of that model's name in it."""

import os


def resolve(name):
    from paddlex.inference.utils.official_models import official_models

    asked = _asked(name)
    folder = str(official_models[asked])
    if not _weights(folder):
        raise FileNotFoundError("no weights in " + folder)
    found = _configuration(folder)["Global"]["model_name"]
    if found != asked:
        raise LookupError(folder + " is " + found + ", asked for is " + asked)
    return folder


def load(name):
    import paddle  # noqa: F401  so that it is named if it is missing
    from paddlex import create_model
    from paddlex.utils.deps import DependencyError

    try:
        create_model(_asked(name), device="cpu")
    except DependencyError as error:  # a sentence, then a package a line
        raise ModuleNotFoundError(str(error), name=str(error).splitlines()[-1]) from error


def _asked(name):
    return name + "-0.9B" if name.startswith("PaddleOCR-VL") else name


def _weights(folder):
    try:
        from paddlex.inference.models.utils.model_paths import get_model_paths
    except ImportError:  # before 3.5
        from paddlex.inference.utils.model_paths import get_model_paths
    from pathlib import Path

    return get_model_paths(Path(folder), "inference") or os.path.exists(os.path.join(folder, "model.safetensors"))


def _configuration(folder):
    from pathlib import Path

    try:
        from paddlex.inference.models.utils.model_config import load_model_config
    except ImportError:  # before 3.5 each predictor reads it by itself
        import yaml

        return yaml.safe_load(Path(folder, "inference.yml").read_text(encoding="utf-8"))
    return load_model_config(Path(folder))
