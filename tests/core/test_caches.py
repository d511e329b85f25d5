"""Caches: the folder, and Hugging Face's with links and without, exactly where its own client looks."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import filelock
import pytest

from model_preload.core.caches import Cache
from model_preload.core.caches.folder import FolderCache
from model_preload.core.caches.huggingface import HuggingFaceCache, default_root, links_disabled
from model_preload.core.caches.single import SingleFileCache
from model_preload.core.events import Cancelled, Control
from model_preload.core.files import Disk
from model_preload.core.values import Digest, ListedFile, Published

pytestmark = pytest.mark.windows
COMMIT = "c" * 40
OLDER = "a" * 40
NEWER = "f" * 40
DEEP = {
    "plain": "hub",
    "Chinese": "缓存 目录/hub",
    "over 260 characters": "/".join(["deep" * 10] * 8),
    "both": "/".join(["深" * 50] * 6),
}


def listed(path: str = "onnx/模型.onnx", content: bytes = b"weights") -> ListedFile:
    return ListedFile(path, len(content), Digest("sha256", hashlib.sha256(content).hexdigest()))


def hf(root: Path, *, no_links: bool = False, revision: str = "main", commit: str = COMMIT) -> HuggingFaceCache:
    return HuggingFaceCache(root, "owner/name", revision, commit, disk=Disk(), no_links=no_links)


@pytest.fixture
def links(tmp_path: Path) -> None:
    if not Disk().has_symlinks(tmp_path):
        pytest.skip("this user may not make symbolic links")


@pytest.fixture(params=list(DEEP.values()), ids=list(DEEP))
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / str(request.param)


def part(cache: Cache, content: bytes = b"weights") -> Path:
    """A whole part in the cache's staging folder."""
    path = cache.staging / f"{hashlib.sha256(content).hexdigest()}.part"
    opened = Disk().open_part(path)
    opened.write_at(0, memoryview(content))
    opened.close()
    return path


def tree(folder: Path) -> dict[str, str]:
    """Everything below a folder but lock files: contents, or where a link leads."""
    disk = Disk()
    found = {}

    def walk(here: Path, below: str) -> None:
        for name in disk.subfolders(here):
            if name != ".locks" and not (here / name).is_symlink():
                walk(here / name, f"{below}{name}/")
        with os.scandir(here) as entries:
            for entry in entries:
                if entry.is_symlink():
                    found[below + entry.name] = f"-> {Path(entry.path).readlink().as_posix()}"
                elif entry.is_file():
                    found[below + entry.name] = Path(entry.path).read_text(encoding="utf-8")

    walk(folder, "")
    return found


def true(published: tuple[Published, ...]) -> bool:
    """Whether what is told of each file is what a look at it says, and no temporary name is left beside it."""
    found = [Disk().stat(one.path) for one in published]
    return all(
        stat is not None and (stat.st_size, stat.st_mtime_ns) == (one.size, one.mtime_ns)
        for one, stat in zip(published, found, strict=True)
    ) and not any(name.name.endswith(".new") for one in published for name in one.path.parent.iterdir())


# A plain folder


def test_a_folder_holds_each_file_under_its_own_path(root: Path) -> None:
    cache = FolderCache(root, Disk())
    assert cache.location == root
    assert cache.staging == root.parent / ".model-preload"
    assert list(cache.candidates(listed())) == []
    published = cache.publish(part(cache), listed(), Control())
    assert [one.path for one in published] == [cache.destination(listed())] == [root / "onnx" / "模型.onnx"]
    assert true(published)
    adopted = cache.adopt(cache.destination(listed()), listed("copy.onnx"), Control())
    assert true(adopted)
    cache.complete([listed()], Control())
    assert (cache.foreign_ref(), cache.announced()) == (None, True)
    assert tree(root) == {"onnx/模型.onnx": "weights", "copy.onnx": "weights"}
    assert tree(cache.staging) == {}


def test_a_single_file_has_the_name_that_its_engine_reads(root: Path) -> None:
    cache = SingleFileCache(root / "大 model.pt", Disk())
    assert cache.location == root
    published = cache.publish(part(cache), listed(), Control())
    assert [one.path for one in published] == [cache.destination(listed())] == [root / "大 model.pt"]
    assert true(published)
    assert true(cache.publish(part(cache, b"newer"), listed(), Control()))
    assert tree(root) == {"大 model.pt": "newer"}
    assert tree(cache.staging) == {}


# The Hugging Face cache


@pytest.mark.usefixtures("links")
def test_with_links_the_bytes_lie_in_blobs(root: Path) -> None:
    cache = hf(root)
    file = listed()
    assert file.digest
    published = cache.publish(part(cache), file, Control())
    blob = root / "models--owner--name" / "blobs" / file.digest.hex
    assert [one.path for one in published] == [cache.destination(file), blob]
    assert true(published)
    cache.complete([listed()], Control())
    assert tree(root) == {
        f"models--owner--name/blobs/{file.digest.hex}": "weights",
        f"models--owner--name/snapshots/{COMMIT}/onnx/模型.onnx": f"-> ../../../blobs/{file.digest.hex}",
        "models--owner--name/refs/main": COMMIT,
    }
    assert tree(cache.staging) == {}


def test_without_links_the_bytes_lie_in_the_snapshot(root: Path) -> None:
    cache = hf(root, no_links=True)
    published = cache.publish(part(cache), listed(), Control())
    assert [one.path for one in published] == [cache.destination(listed())]
    assert true(published)
    cache.complete([listed()], Control())
    assert tree(root) == {
        f"models--owner--name/snapshots/{COMMIT}/onnx/模型.onnx": "weights",
        "models--owner--name/refs/main": COMMIT,
    }


@pytest.mark.parametrize("no_links", [False, True])
def test_publishing_again_replaces_what_was_damaged(tmp_path: Path, no_links: bool) -> None:
    cache = hf(tmp_path / "hub", no_links=no_links)
    cache.publish(part(cache), listed(), Control())
    cache.destination(listed()).write_bytes(b"damaged")
    assert true(cache.publish(part(cache), listed(), Control()))
    assert cache.destination(listed()).read_bytes() == b"weights"


@pytest.mark.usefixtures("links")
@pytest.mark.parametrize("before", [False, True])
def test_a_cache_may_change_between_links_and_none(tmp_path: Path, before: bool) -> None:
    hf(tmp_path / "hub", no_links=before).publish(part(hf(tmp_path / "hub")), listed(), Control())
    after = hf(tmp_path / "hub", no_links=not before)
    assert true(after.publish(part(after), listed(), Control()))
    assert after.destination(listed()).is_symlink() is before
    assert after.destination(listed()).read_bytes() == b"weights"


def test_candidates_are_the_blob_and_other_commits(tmp_path: Path) -> None:
    cache = hf(tmp_path / "hub")
    home = tmp_path / "hub" / "models--owner--name"
    file = listed()
    assert file.digest
    assert list(cache.candidates(file)) == [home / "blobs" / file.digest.hex]
    for commit in (NEWER, OLDER, COMMIT):
        (home / "snapshots" / commit).mkdir(parents=True)
    (home / "snapshots" / "a file").touch()
    others = [home / "snapshots" / commit / "onnx" / "模型.onnx" for commit in (OLDER, NEWER)]
    assert list(cache.candidates(file)) == [home / "blobs" / file.digest.hex, *others]
    assert list(cache.candidates(ListedFile(file.path, 7, None))) == others


@pytest.mark.parametrize("no_links", [False, True])
@pytest.mark.parametrize("where", ["blob", "snapshot"])
def test_bytes_that_are_in_the_cache_are_adopted(tmp_path: Path, no_links: bool, where: str) -> None:
    cache = hf(tmp_path / "hub", no_links=no_links)
    candidate = next(iter(hf(tmp_path / "hub", commit=NEWER).candidates(listed())))
    if where == "snapshot":
        candidate = hf(tmp_path / "hub", commit=OLDER).destination(listed())
    candidate.parent.mkdir(parents=True)
    candidate.write_bytes(b"weights")
    for _ in range(2):
        published = cache.adopt(candidate, listed(), Control())
        assert published[0].path == cache.destination(listed())
        assert true(published)
        assert cache.destination(listed()).read_bytes() == b"weights"
        assert candidate.read_bytes() == b"weights"


@pytest.mark.usefixtures("links")
def test_two_names_of_one_content_share_one_blob(tmp_path: Path) -> None:
    cache = hf(tmp_path / "hub")
    published = cache.publish(part(cache), listed("a.bin"), Control())
    more = cache.adopt(published[-1].path, listed("deep/b.bin"), Control())
    assert true(more)
    assert published[-1] == more[-1]
    assert cache.destination(listed("deep/b.bin")).read_bytes() == b"weights"


# Refs


@pytest.mark.parametrize(
    ("ref", "foreign", "announced"),
    [
        (None, None, False),
        (COMMIT, None, True),
        (f"{COMMIT}\n", None, False),
        (NEWER, NEWER, False),
        (f"{NEWER}\n", NEWER, False),
        ("", None, False),
        (" \n", None, False),
    ],
)
@pytest.mark.parametrize("revision", ["main", "refs/pr/7", "abc1234"])
def test_the_ref_says_what_readers_take(
    tmp_path: Path, ref: str | None, foreign: str | None, announced: bool, revision: str
) -> None:
    cache = hf(tmp_path / "hub", revision=revision)
    path = (tmp_path / "hub" / "models--owner--name" / "refs").joinpath(*revision.split("/"))
    if ref is not None:
        Disk().write_text(path, ref)
    assert (cache.foreign_ref(), cache.announced()) == (foreign, announced)
    for _ in range(2):
        cache.complete([listed()], Control())
        assert path.read_bytes() == COMMIT.encode()
        assert (cache.foreign_ref(), cache.announced()) == (None, True)


def test_a_commit_needs_no_ref(tmp_path: Path) -> None:
    cache = hf(tmp_path / "hub", revision=COMMIT)
    assert (cache.foreign_ref(), cache.announced()) == (None, True)
    cache.complete([listed()], Control())
    assert not (tmp_path / "hub").exists()


# Locks


def test_the_clients_own_lock_is_respected(tmp_path: Path) -> None:
    cache = hf(tmp_path / "hub")
    file = listed()
    assert file.digest
    path = tmp_path / "hub" / ".locks" / "models--owner--name" / f"{file.digest.hex}.lock"
    path.parent.mkdir(parents=True)
    staged = part(cache)
    thread = threading.Thread(target=cache.publish, args=(staged, file, Control()))
    with filelock.FileLock(path):
        thread.start()
        thread.join(0.2)
        assert thread.is_alive()
        assert staged.exists()
        assert not cache.destination(file).exists()
    thread.join(10)
    assert cache.destination(file).read_bytes() == b"weights"


def test_a_cancel_ends_the_wait_for_the_clients_lock(tmp_path: Path) -> None:
    cache = hf(tmp_path / "hub")
    file = listed()
    assert file.digest
    path = tmp_path / "hub" / ".locks" / "models--owner--name" / f"{file.digest.hex}.lock"
    path.parent.mkdir(parents=True)
    control = Control()
    timer = threading.Timer(0.2, control.cancel)
    with filelock.FileLock(path):
        timer.start()
        with pytest.raises(Cancelled):
            cache.publish(part(cache), file, control)
    timer.join()
    assert not cache.destination(file).exists()


# The client's own word


def client(script: str, environment: Mapping[str, str], home: Path) -> Any:
    """What a script prints as JSON in an interpreter that sees only this environment."""
    needed = {
        name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TEMP", "LD_LIBRARY_PATH") if name in os.environ
    }
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import json, huggingface_hub as h\nfrom huggingface_hub import constants, file_download\n" + script,
        ],
        env={
            "PYTHONIOENCODING": "utf-8",
            "HF_HUB_OFFLINE": "1",
            **needed,
            "HOME": str(home),
            "USERPROFILE": str(home),
            **environment,
        },
        capture_output=True,
        encoding="utf-8",
        cwd=Path.cwd(),
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"HF_HOME": "{there}/hf"},
        {"HF_HUB_CACHE": "{there}/cache", "HF_HOME": "{there}/hf"},
        {"HUGGINGFACE_HUB_CACHE": "{there}/old", "HF_HOME": "{there}/hf"},
        {"XDG_CACHE_HOME": "{there}/xdg", "HF_HUB_DISABLE_SYMLINKS": "1"},
        {"HF_HOME": "~/模型 hf", "HF_HUB_DISABLE_SYMLINKS": "yes"},
        {"HF_HOME": "$BASE/hf", "BASE": "{there}", "HF_HUB_DISABLE_SYMLINKS": "0"},
        {"HF_HUB_CACHE": "${{BASE}}/$UNKNOWN", "BASE": "{there}", "HF_HUB_DISABLE_SYMLINKS": "True"},
        {"HF_HOME": "relative/hf", "HF_HUB_DISABLE_SYMLINKS": "off"},
    ],
    ids=lambda environ: ",".join(environ) or "nothing",
)
def test_the_cache_is_where_the_client_has_it(tmp_path: Path, environ: dict[str, str]) -> None:
    environ = {name: text.format(there=tmp_path) for name, text in environ.items()}
    found, disabled = client(
        "print(json.dumps([constants.HF_HUB_CACHE, bool(constants.HF_HUB_DISABLE_SYMLINKS)]))", environ, tmp_path
    )
    assert default_root(environ, tmp_path) == Path(found).absolute()
    assert default_root(environ, tmp_path, tmp_path / "backend") == tmp_path / "backend" / found
    assert links_disabled(environ) == disabled


def test_entries_are_named_as_the_client_names_them(tmp_path: Path) -> None:
    repositories = ["owner/name", "PaddlePaddle/PP-OCRv5_server_det", "a.b/c_d-e.f"]
    script = f"""print(json.dumps([[constants.REPO_ID_SEPARATOR, constants.REPO_TYPE_MODEL],
        [file_download.repo_folder_name(repo_id=r, repo_type="model") for r in {repositories!r}]]))"""
    _, folders = client(script, {}, tmp_path)
    for repository, folder in zip(repositories, folders, strict=True):
        cache = HuggingFaceCache(tmp_path, repository, "main", COMMIT, disk=Disk(), no_links=True)
        assert cache.location == tmp_path / folder / "snapshots" / COMMIT


@pytest.mark.parametrize("no_links", [False, True])
@pytest.mark.parametrize("revision", ["main", "refs/pr/1", COMMIT])
def test_the_client_finds_it_offline_once_it_is_complete(tmp_path: Path, no_links: bool, revision: str) -> None:
    root = tmp_path / "缓存"
    cache = hf(root, no_links=no_links, revision=revision)
    cache.publish(part(cache), listed(), Control())
    script = f"""
def found():
    file = h.try_to_load_from_cache("owner/name", "onnx/模型.onnx", revision={revision!r})
    return file if isinstance(file, str) else None
print(json.dumps(found()))"""
    environ = {"HF_HUB_CACHE": str(root)}
    assert (client(script, environ, tmp_path) is not None) == cache.announced() == (revision == COMMIT)
    cache.complete([listed()], Control())
    script += """
warnings = [str(warning) for warning in h.scan_cache_dir().warnings]
print(json.dumps([found(), h.snapshot_download("owner/name", revision=%r), warnings]))"""
    file, folder, warnings = client(script % revision, environ, tmp_path)
    assert Path(file) == cache.destination(listed())
    assert Path(folder) == cache.location
    assert warnings == []
