"""MinerU: a path below the repository is where its resolver says that the repository is."""

import os


def resolve(name):
    from mineru.utils.models_download_utils import auto_download_and_get_model_root_path

    path = os.path.join(auto_download_and_get_model_root_path(name), name)
    if not os.path.exists(path):  # offline, the resolver also answers for what is not there
        raise FileNotFoundError(path)
    return path
