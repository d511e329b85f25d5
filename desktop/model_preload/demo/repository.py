"""What a demo hub has to give: contents, commits and repositories, as values.

Imitated is how huggingface.co keeps a repository: a git tree in which large files are Git LFS pointers. A regular file
is known by its git blob id, a large one by the sha256 of its content, while its own blob id is that of the pointer.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from types import MappingProxyType

LfsRule = Callable[[str, int], bool]
"""Tells from path and size in bytes whether a file is kept as LFS."""

_LFS_SUFFIXES = frozenset({".safetensors", ".onnx", ".bin", ".pt"})
_LFS_SIZE = 1 << 20
_BUFFER = 1 << 20


def large(path: str, size: int) -> bool:
    """The usual rule: weights by their suffix, and all of more than 1 MiB."""
    return size > _LFS_SIZE or PurePosixPath(path).suffix in _LFS_SUFFIXES


class Content:
    """Bytes in memory, or a file on disk that is never held in memory and must not change; hashed when asked, once.

    Any thread may use it.

    Raises:
        OSError: the file can't be read.
    """

    def __init__(self, source: bytes | Path) -> None:
        self.source = source
        self.size = len(source) if isinstance(source, bytes) else source.stat().st_size

    @cached_property
    def sha256(self) -> str:
        """In hex, as everything named by LFS."""
        return self._hash(b"", "sha256")

    @cached_property
    def blob_id(self) -> str:
        """The git blob id."""
        return self._hash(b"blob %d\0" % self.size, "sha1")

    @cached_property
    def version(self) -> str:
        """What a plain web server takes for an ETag: of a file, time and size as nginx does it."""
        if isinstance(self.source, bytes):
            return self.sha256[:32]
        return f"{self.source.stat().st_mtime_ns:x}-{self.size:x}"

    def _hash(self, prefix: bytes, algorithm: str) -> str:
        digest = hashlib.new(algorithm, prefix, usedforsecurity=False)
        if isinstance(self.source, bytes):
            digest.update(self.source)
        else:
            buffer = memoryview(bytearray(_BUFFER))
            with self.source.open("rb", buffering=0) as file:
                while count := file.readinto(buffer):
                    digest.update(buffer[:count])
        return digest.hexdigest()


AnyContent = bytes | Path | Content


def content_of(given: AnyContent) -> Content:
    """The content itself, made where only bytes or a file were given. Raises OSError."""
    return given if isinstance(given, Content) else Content(given)


@dataclass(frozen=True)
class File:
    """One file of a commit.

    Attributes:
        path: relative, with `/`.
        content: what it holds.
        lfs: whether git knows only a pointer to it.
    """

    path: str
    content: Content
    lfs: bool

    @cached_property
    def pointer(self) -> bytes:
        """What git has instead of a large file's content."""
        lines = "version https://git-lfs.github.com/spec/v1", f"oid sha256:{self.content.sha256}"
        return "\n".join((*lines, f"size {self.content.size}\n")).encode()

    @cached_property
    def blob_id(self) -> str:
        """The git blob id: of the pointer for a large file, else of the content."""
        return Content(self.pointer).blob_id if self.lfs else self.content.blob_id

    @property
    def etag(self) -> str:
        """By what the hub names the content, without quotes: sha256 of a large file, else the git blob id."""
        return self.content.sha256 if self.lfs else self.blob_id


@dataclass(frozen=True)
class Commit:
    """A whole tree of files, by path and in the order of their paths, and the 40 hex digits that name it."""

    id: str
    files: Mapping[str, File]

    @cached_property
    def folders(self) -> Mapping[str, str]:
        """Every folder by its path, with an id that changes with what is in it."""
        inside: dict[str, list[File]] = {}
        for path, file in self.files.items():
            for end in (found.start() for found in re.finditer("/", path)):
                inside.setdefault(path[:end], []).append(file)
        return {folder: _name(files) for folder, files in sorted(inside.items())}


@dataclass(frozen=True)
class Repository:
    """A model repository with its history; a change makes a new value, which is put into the hub in its place.

    Attributes:
        id: `owner/name`, or a name alone.
        commits: by id.
        refs: commit ids by git ref (`refs/heads/main`, `refs/tags/v1`, `refs/pr/1`).
        gated: everyone sees the listing, only `readers` get files.
        private: only `readers` see that it exists.
        readers: tokens.
        lfs: what further commits keep as LFS.
    """

    id: str
    commits: Mapping[str, Commit]
    refs: Mapping[str, str]
    gated: bool = False
    private: bool = False
    readers: frozenset[str] = frozenset()
    lfs: LfsRule = large

    @classmethod
    def of(
        cls,
        name: str,
        files: Mapping[str, AnyContent],
        *,
        gated: bool = False,
        private: bool = False,
        readers: Iterable[str] = (),
        lfs: LfsRule = large,
    ) -> "Repository":
        """With one commit on `main`; the same name and contents always give the same ids.

        Hashes every file. Raises OSError.
        """
        empty: Mapping[str, str] = MappingProxyType({})
        return cls(name, MappingProxyType({}), empty, gated, private, frozenset(readers), lfs).committed(files)

    @property
    def main(self) -> Commit:
        """Where the default branch is."""
        return self.commits[self.refs["refs/heads/main"]]

    def committed(self, files: Mapping[str, AnyContent], branch: str = "main") -> "Repository":
        """With a further commit, which holds exactly these files, and the branch moved to it. Raises OSError."""
        contents = {path: content_of(given) for path, given in files.items()}
        tree = {path: File(path, content, self.lfs(path, content.size)) for path, content in sorted(contents.items())}
        parent = self.refs.get(f"refs/heads/{branch}", "")
        commit = Commit(_name(tree.values(), f"{self.id} {parent}"), MappingProxyType(tree))
        return replace(
            self,
            commits=MappingProxyType({**self.commits, commit.id: commit}),
            refs=MappingProxyType({**self.refs, f"refs/heads/{branch}": commit.id}),
        )

    def tagged(self, tag: str, revision: str = "main") -> "Repository":
        """With a tag on that revision. Raises KeyError."""
        commit = self.find(revision)
        if commit is None:
            raise KeyError(revision)
        return replace(self, refs=MappingProxyType({**self.refs, f"refs/tags/{tag}": commit.id}))

    def find(self, revision: str) -> Commit | None:
        """The commit behind a branch, a tag, a whole ref or a commit id."""
        names = revision, f"refs/heads/{revision}", f"refs/tags/{revision}"
        return self.commits.get(next((self.refs[name] for name in names if name in self.refs), revision))


def _name(files: Iterable[File], salt: str = "") -> str:
    """40 hex digits that change with the files and the salt."""
    entries = sorted(f"{file.blob_id} {file.path}" for file in files)
    return hashlib.sha1("\n".join([salt, *entries]).encode(), usedforsecurity=False).hexdigest()
