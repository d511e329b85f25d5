"""How the API writes repositories and files as JSON.

The names are those which huggingface_hub 2.4 reads: `siblings` with `rfilename` in a model's info, `path` and `oid` in
its tree, where LFS's `oid` is the sha256.
"""

from collections.abc import Iterable
from typing import Any

from model_preload.demo.repository import Commit, File, Repository

Json = dict[str, Any]
_DATE = "2026-01-01T00:00:00.000Z"


def info(repository: Repository, commit: Commit, *, blobs: bool) -> Json:
    """A model; with `blobs` each file's size and digests are in it."""
    files = commit.files.values()
    return {
        "_id": commit.id[:24],
        "id": repository.id,
        "modelId": repository.id,
        "author": repository.id.rpartition("/")[0] or None,
        "sha": commit.id,
        "lastModified": _DATE,
        "createdAt": _DATE,
        "private": repository.private,
        "gated": "manual" if repository.gated else False,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": [],
        "usedStorage": sum(file.content.size for file in files),
        "siblings": [_sibling(file) if blobs else {"rfilename": file.path} for file in files],
    }


def tree(commit: Commit, folder: str, *, recursive: bool) -> list[Json]:
    """What is below a folder ("" is the root): folders first, then files, each by path."""
    prefix = f"{folder}/" if folder else ""

    def shown(path: str) -> bool:
        return path.startswith(prefix) and (recursive or "/" not in path[len(prefix) :])

    folders = [_folder(path, oid) for path, oid in commit.folders.items() if shown(path)]
    return folders + [_file(file) for path, file in commit.files.items() if shown(path)]


def paths(commit: Commit, wanted: Iterable[str]) -> list[Json]:
    """Those of the wanted files and folders which exist."""
    entries = []
    for path in wanted:
        if path in commit.files:
            entries.append(_file(commit.files[path]))
        elif path in commit.folders:
            entries.append(_folder(path, commit.folders[path]))
    return entries


def refs(repository: Repository) -> Json:
    """Branches, tags and pull requests."""
    groups: dict[str, list[Json]] = {"branches": [], "tags": [], "converts": [], "pullRequests": []}
    kinds = {"refs/heads/": "branches", "refs/tags/": "tags", "refs/convert/": "converts", "refs/pr/": "pullRequests"}
    for ref, commit in repository.refs.items():
        for prefix, kind in kinds.items():
            if ref.startswith(prefix):
                groups[kind].append({"name": ref.removeprefix(prefix), "ref": ref, "targetCommit": commit})
    return {**groups}


def _sibling(file: File) -> Json:
    entry: Json = {"rfilename": file.path, "blobId": file.blob_id, "size": file.content.size}
    if file.lfs:
        entry["lfs"] = {
            "sha256": file.content.sha256,
            "size": file.content.size,
            "pointerSize": len(file.pointer),
        }
    return entry


def _file(file: File) -> Json:
    entry: Json = {"type": "file", "oid": file.blob_id, "size": file.content.size, "path": file.path}
    if file.lfs:
        entry["lfs"] = {"oid": file.content.sha256, "size": file.content.size, "pointerSize": len(file.pointer)}
    return entry


def _folder(path: str, oid: str) -> Json:
    return {"type": "directory", "oid": oid, "size": 0, "path": path}
