"""The loopback hub for tests: repositories from plain dicts, a fixture, and questions to what was requested."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import pytest

from model_preload.demo.hub import Hub
from model_preload.demo.messages import Origin, Request
from model_preload.demo.repository import AnyContent, Repository

DEFAULT_REPOSITORY = "owner/model"


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A hub that is up, and empty."""
    with Hub() as running:
        yield running


def make_repository(files: Mapping[str, AnyContent], name: str = DEFAULT_REPOSITORY, **options: Any) -> Repository:
    """A repository with one commit. `options` as in `Repository.of`."""
    return Repository.of(name, files, **options)


class Requests(tuple[Request, ...]):
    """Some of a hub's requests, in their order; each method gives those that fit."""

    __slots__ = ()

    @classmethod
    def of(cls, hub: Hub) -> Self:
        """All so far."""
        return cls(hub.requests)

    def to(self, origin: Origin) -> Self:
        return type(self)(request for request in self if request.origin == origin)

    def by(self, method: str) -> Self:
        return type(self)(request for request in self if request.method == method)

    def about(self, fragment: str) -> Self:
        """Those with that text in their path."""
        return type(self)(request for request in self if fragment in request.path)

    @property
    def ranges(self) -> list[str]:
        """The Range header of each, or ""."""
        return [request.range for request in self]

    @property
    def connections(self) -> int:
        """On how many connections they came."""
        return len({(request.origin, request.connection) for request in self})


def fetch(url: str, method: str = "GET", **headers: str) -> tuple[int, Mapping[str, str], bytes]:
    """One request, redirects not followed; `_` in given names stands for `-`, names come back in lower case."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=20)
    try:
        target = f"{address.path}?{address.query}" if address.query else address.path
        connection.request(method, target, headers={name.replace("_", "-"): text for name, text in headers.items()})
        response = connection.getresponse()
        return response.status, {name.lower(): text for name, text in response.getheaders()}, response.read()
    finally:
        connection.close()


def client_environment(hub: Hub, home: Path, **more: str) -> dict[str, str]:
    """The environment in which huggingface_hub and `hf` talk to the hub and keep everything below `home`."""
    inherited = {name: text for name, text in os.environ.items() if not name.upper().endswith("_PROXY")}
    inherited = {name: text for name, text in inherited.items() if not name.startswith(("HF_", "HUGGING_FACE_"))}
    return {
        **inherited,
        "HF_ENDPOINT": hub.endpoint,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "PYTHONIOENCODING": "utf-8",
        **more,
    }


def real_client(hub: Hub, home: Path, script: str, **environment: str) -> Any:
    """Run a script with huggingface_hub in a fresh interpreter, since it reads its environment when imported.

    The script prints JSON as its last line, which is returned.
    """
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=client_environment(hub, home, **environment),
        capture_output=True,
        cwd=home,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def hf(hub: Hub, home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the real `hf` command; the caller looks at its exit code."""
    return subprocess.run(
        [sys.executable, "-c", "from huggingface_hub.cli.hf import main; main()", *arguments],
        env=client_environment(hub, home, **environment),
        capture_output=True,
        cwd=home,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
