"""Both hubs with the same repositories, and what their listings must say."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from helpers import faults
from helpers.faults import LISTING, PROMPT, FaultyHub
from helpers.hub import make_repository
from model_preload.core.catalog import HuggingFaceSource, ModelScopeSource, RepositorySource
from model_preload.core.events import Control
from model_preload.core.http import Client
from model_preload.core.hubs.huggingface import HuggingFaceHub
from model_preload.core.hubs.modelscope import ModelScopeHub
from model_preload.core.values import Digest, Listing
from model_preload.demo.repository import File

FILES = {
    "config.json": b'{"model_type": "demo"}\n',
    "weights.safetensors": bytes(range(256)) * 100,
    "deep/er/说明 1.md": "中文\n".encode(),
    "empty.txt": b"",
}
REPOSITORY = make_repository(FILES)
FRIEND, STRANGER = "hf_friend", "hf_stranger"


@dataclass(frozen=True)
class Kind:
    """A kind of hub.

    Attributes:
        main: the branch that a repository has by itself.
        digest: of a file, as a listing tells it.
        where: the answers that list.
        address: of such an answer.
    """

    name: str
    source: Callable[[str, str], RepositorySource]
    client: Callable[[Client, str, str | None], HuggingFaceHub | ModelScopeHub]
    main: str
    digest: Callable[[File], Digest]
    where: faults.Where
    address: str

    def listing(
        self,
        hub: FaultyHub,
        client: Client,
        repo: str = "owner/model",
        revision: str = "",
        *,
        token: str | None = None,
        control: Control | None = None,
    ) -> Listing:
        """What the hub lists; `revision` is the main branch if none is given."""
        made: Any = self.client(client, hub.endpoint, token)
        found: Listing = made.list(self.source(repo, revision or self.main), control or Control())
        return found

    def check(self, found: Listing) -> None:
        """It is REPOSITORY's."""
        identity = self.source("owner/model", self.main).identity
        assert (found.source, found.revision, found.commit) == (identity, self.main, REPOSITORY.main.id)
        expected = {path: (file.content.size, self.digest(file)) for path, file in REPOSITORY.main.files.items()}
        assert {file.path: (file.size, file.digest) for file in found.files} == expected


HUGGING_FACE = Kind(
    "huggingface",
    HuggingFaceSource,
    HuggingFaceHub,
    "main",
    lambda file: Digest("sha256" if file.lfs else "git-sha1", file.etag),
    LISTING,
    "/api/models/owner/model/revision/main?blobs=true",
)
INFO = faults.about("/api/models/owner/model/revision", LISTING)
WITHOUT_SIZES = faults.told(
    lambda info: {**info, "siblings": [{"rfilename": entry["rfilename"]} for entry in info["siblings"]]}
)
"""Only names: sizes and digests have to come from the tree."""
INFO = faults.about("/api/models/owner/model/revision", LISTING)
WITHOUT_SIZES = faults.told(
    lambda info: {**info, "siblings": [{"rfilename": entry["rfilename"]} for entry in info["siblings"]]}
)
"""Only names: sizes and digests have to come from the tree."""
MODELSCOPE = Kind(
    "modelscope",
    ModelScopeSource,
    ModelScopeHub,
    "master",
    lambda file: Digest("sha256", file.content.sha256),
    faults.about("/repo/files", LISTING),
    "/api/v1/models/owner/model/repo/files?Recursive=True",
)


@pytest.fixture
def hub() -> Iterator[FaultyHub]:
    """REPOSITORY, the same gated and private, and two plain files."""
    with FaultyHub(
        REPOSITORY,
        make_repository(FILES, "owner/gated", gated=True, readers=[FRIEND]),
        make_repository(FILES, "owner/private", private=True, readers=[FRIEND]),
        tokens=[STRANGER],
        files={"plain.bin": b"x" * 1000, "empty.bin": b""},
        page_size=3,
    ) as running:
        yield running


@pytest.fixture
def client() -> Iterator[Client]:
    """One with a test's patience."""
    made = Client(patience=PROMPT)
    yield made
    made.close()
