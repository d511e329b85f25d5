"""FunASR: the folder that its resolution takes, by the names that the platform passes, with a model that it knows."""

import importlib.util
import os
import sys
import types

ALIASES = {
    "speech_fsmn_vad_zh-cn-16k-common-pytorch": "fsmn-vad",
    "punc_ct-transformer_cn-en-common-vocab471067-large": "ct-punc",
}


def resolve(name):
    if "funasr" not in sys.modules:  # the package itself would bring torch, of which the resolution needs nothing
        package = types.ModuleType("funasr")
        package.__path__ = list(importlib.util.find_spec("funasr").submodule_search_locations)
        sys.modules["funasr"] = package
    from funasr.download.download_model_from_hub import download_model

    asked = _asked(name)
    found = download_model(model=asked)
    folder = found["model_path"]
    if not os.path.isdir(folder):
        raise FileNotFoundError(asked + " is not found without a hub")
    if str(found["model"]) == asked:
        raise LookupError("no configuration names the model in " + folder)
    if not os.path.exists(found["init_param"]):
        raise FileNotFoundError(found["init_param"])
    return folder


def load(name):
    import torch  # noqa: F401  so that it is named if it is missing
    from funasr import AutoModel

    AutoModel(model=_asked(name), device="cpu", disable_update=True)


def _asked(name):
    return ALIASES.get(name, "iic/" + name)
