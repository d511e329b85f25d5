"""The platform's own watermark remover: the file that it would hand to ultralytics.

What it imports for pictures and weights is replaced by stand-ins, so that nothing but its own search is run.
"""

import hashlib
import importlib.util
import os
import pathlib
import sys
import types

_CODE = os.path.join("remove_watermark", "watermark_remover.py")
_CACHES = os.path.join("utils", "model_cache.py")


def version():
    """The platform has none; the beginning of its code's digest stands for it."""
    digest = hashlib.sha256()
    for file in (_CODE, _CACHES):
        if os.path.exists(file):
            digest.update(pathlib.Path(file).read_bytes())
    return digest.hexdigest()[:8]


def resolve(_name):
    opened = []
    _stand_ins(opened.append)
    pathlib.Path.mkdir = lambda *_arguments, **_options: None  # it would make the folder that it looks in
    _remover()._load_yolo()  # noqa: SLF001
    if not os.path.isfile(opened[0]):
        raise FileNotFoundError(opened[0])
    return opened[0]


def load(_name):
    import ultralytics  # noqa: F401  so that it is named if it is missing

    _remover()._load_yolo()  # noqa: SLF001


def _remover():
    sys.path.insert(0, os.getcwd())
    spec = importlib.util.spec_from_file_location("_watermark_remover", os.path.abspath(_CODE))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.WatermarkRemover(device="cpu", use_lama=False)


def _stand_ins(record):
    made = {
        "ultralytics": {"YOLO": lambda path, *_arguments, **_options: record(str(path))},
        "simple_lama_inpainting": {"SimpleLama": lambda *_arguments, **_options: None},
        "huggingface_hub": {"hf_hub_download": _refuse},
        "cv2": {},
        "torch": {},
    }
    for name, content in made.items():
        sys.modules[name] = types.ModuleType(name)
        vars(sys.modules[name]).update(content)


def _refuse(*_arguments, **_options):
    raise FileNotFoundError("it is not there, and would be fetched from a hub")
