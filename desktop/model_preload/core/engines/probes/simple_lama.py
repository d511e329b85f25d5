"""simple-lama-inpainting: the file that it would load. To resolve, loading is cut off, and torch is not needed."""

import os
import sys
import types


class _Opened(Exception):
    pass


def resolve(_name):
    torch = _torch()
    opened = []

    def load(path, *_arguments, **_options):
        opened.append(path)
        raise _Opened

    torch.jit.load = load
    from simple_lama_inpainting.models.model import SimpleLama

    try:
        SimpleLama(device="cpu")
    except _Opened:
        pass
    if not os.path.isfile(opened[0]):
        raise FileNotFoundError(opened[0])
    return opened[0]


def load(_name):
    import torch
    from simple_lama_inpainting.models.model import SimpleLama

    torch.hub.download_url_to_file = _refuse
    SimpleLama(device=torch.device("cpu"))


def _torch():
    try:
        import torch
    except ImportError:
        torch = _imitation()
    torch.hub.download_url_to_file = _refuse
    return torch


def _refuse(url, *_arguments, **_options):
    raise FileNotFoundError("it is not there, and would be fetched from " + url)


def _imitation():
    """What the resolution needs of torch; the folder by the rule of torch's `hub.py`."""
    torch, hub = types.ModuleType("torch"), types.ModuleType("torch.hub")
    cache = os.environ.get("XDG_CACHE_HOME", os.path.join("~", ".cache"))
    home = os.path.expanduser(os.environ.get("TORCH_HOME", os.path.join(cache, "torch")))
    hub.get_dir = lambda: os.path.join(home, "hub")
    torch.hub, torch.jit = hub, types.ModuleType("torch.jit")
    torch.cuda = types.SimpleNamespace(is_available=lambda: False)
    torch.device = str
    torch.Tensor = object
    torch.inference_mode = lambda: None
    sys.modules.update({"torch": torch, "torch.hub": hub, "torch.jit": torch.jit})
    return torch
