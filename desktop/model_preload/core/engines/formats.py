"""Which files run code when they are loaded: told by name before anything is."""

from pathlib import PurePosixPath

_SUFFIXES = {
    *(".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle", ".joblib", ".pdparams", ".pdopt"),
    *(".py", ".pyc", ".pyd", ".so", ".dll"),
    *(".jit", ".torchscript", ".ptl", ".nemo", ".keras"),
}
"""Pickles and archives of them (pytorch.org, `torch.load`; Paddle's `paddle.load`), Python and native code,
TorchScript. What is in a `.bin` or a `.pt` its name does not tell, so they count."""
_NAMES = {"requirements.txt"}
"""FunASR has pip install what it lists."""


def carries_code(path: str) -> bool:
    """Whether a file of that name may run code when it is loaded; `.safetensors`, `.onnx` and `.json` don't.

    Args:
        path: in a repository.
    """
    name = PurePosixPath(path.lower())
    return name.suffix in _SUFFIXES or name.name in _NAMES
