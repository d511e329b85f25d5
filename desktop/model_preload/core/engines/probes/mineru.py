"""MinerU: a path below the repository is where its resolver says that the repository is."""

import os


def resolve(name):
    from mineru.utils import models_download_utils as utils

    for writing in ("persist_downloaded_model_config", "persist_resolved_model_source"):  # 3.x: into mineru.json
        setattr(utils, writing, lambda *_arguments, **_options: None)
    path = os.path.join(utils.auto_download_and_get_model_root_path(name), name)
    if not os.path.exists(path):  # offline, the resolver also answers for what is not there
        raise FileNotFoundError(path)
    return path
