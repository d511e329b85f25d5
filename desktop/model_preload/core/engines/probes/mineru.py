"""MinerU: a path below the repository is where its resolver says that the repository is."""

import os

_roots = {}
_refusals = []


def resolve(name):
    path = os.path.join(_root(_model_path(name)), name)
    if not os.path.exists(path):  # offline, the resolver also answers for what is not there
        raise FileNotFoundError(path)
    return path


def load(_name):
    import torch  # noqa: F401  so that it is named if it is missing

    _utils()
    from mineru.backend.pipeline.pipeline_analyze import ModelSingleton

    ModelSingleton().get_model(lang="ch", formula_enable=True, table_enable=True)


def _model_path(name):
    """What MinerU would ask its resolver for: the file, or the folder that it is in."""
    from mineru.utils.enum_class import ModelPath

    known = [path for path in vars(ModelPath).values() if isinstance(path, str) and "/" in path]
    return next((path for path in known if name == path or name.startswith(path + "/")), name)


def _root(asked):
    if _refusals:  # no second try: ModelScope's client takes long for each
        raise _refusals[0]
    if asked not in _roots:
        try:
            _roots[asked] = _utils().auto_download_and_get_model_root_path(asked)
        except Exception as error:
            _refusals.append(error)
            raise
    return _roots[asked]


def _utils():
    from mineru.utils import models_download_utils as utils

    for writing in ("persist_downloaded_model_config", "persist_resolved_model_source"):  # 3.x: into mineru.json
        setattr(utils, writing, lambda *_arguments, **_options: None)
    return utils
