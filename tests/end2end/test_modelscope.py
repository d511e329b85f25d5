"""Our ModelScope API under its own client: what we imitate is what that understands; and our command line under it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from helpers.hub import hf, make_repository
from helpers.program import program
from helpers.workbench import model
from model_preload.demo.hub import Hub

FILES = {"config.json": b"{}", "deep/weights.safetensors": bytes(range(256)) * 9000, "deep/说明 1.md": b"x"}
TOKEN = "ms-friend"


def client(folder: Path, hub: Hub, home: Path, script: str, token: str = "") -> Any:
    """Run a script with modelscope_hub in a fresh interpreter; what it prints as its last line is JSON."""
    inherited = {name: text for name, text in os.environ.items() if not name.upper().endswith("_PROXY")}
    own = {"MODELSCOPE_ENDPOINT": hub.endpoint, "MODELSCOPE_CACHE": str(home / "cache"), "PYTHONPATH": str(folder)}
    tokens = {"MODELSCOPE_API_TOKEN": token} if token else {}
    done = subprocess.run(
        [sys.executable, "-c", f"import json, pathlib\nfrom modelscope_hub import HubApi\n{script}"],
        env={**inherited, **own, **tokens, "HOME": str(home), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        cwd=home,
        encoding="utf-8",
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


LIST = (
    "found = HubApi().list_repo_files('owner/model', 'model')\n"
    "print(json.dumps([[f.path, f.size, f.sha256] for f in found if f.sha256]))"
)
FETCH = "print(json.dumps(str(HubApi().download_repo('owner/model', 'model'))))"
TRY = """
from modelscope_hub.errors import HubError
try:
    HubApi().list_repo_files('owner/model', 'model')
    print(json.dumps("seen"))
except HubError as error:
    print(json.dumps(type(error).__name__))
"""


def expected(files: dict[str, bytes]) -> list[list[object]]:
    tree = make_repository(files).main.files
    return [[path, file.content.size, file.content.sha256] for path, file in tree.items()]


def test_it_lists_and_fetches(modelscope_client: Path, tmp_path: Path) -> None:
    with Hub(make_repository(FILES)) as hub:
        found = client(modelscope_client, hub, tmp_path, LIST)
        assert sorted(found) == sorted(expected(FILES))
        place = Path(client(modelscope_client, hub, tmp_path, FETCH))
        assert {name: (place / name).read_bytes() for name in FILES} == FILES


def test_it_walks_past_the_cap(modelscope_client: Path, tmp_path: Path) -> None:
    files = {f"{folder}/{n}.txt": b"%d" % n for folder in "ab" for n in range(1700)}
    with Hub(make_repository(files)) as hub:
        found = client(modelscope_client, hub, tmp_path, LIST)
        assert {path for path, _, _ in found} == set(files)


@pytest.mark.parametrize(("token", "found"), [(TOKEN, "seen"), ("ms-stranger", "NotExistError"), ("", "NotExistError")])
def test_it_shows_its_token(modelscope_client: Path, tmp_path: Path, token: str, found: str) -> None:
    with Hub(make_repository(FILES, private=True, readers=[TOKEN])) as hub:
        assert client(modelscope_client, hub, tmp_path, TRY, token) == found


def test_the_command_line_brings_from_it_what_hf_finds_offline(tmp_path: Path) -> None:
    source = 'hub = "modelscope"\nrepo = "Owner/Model"\n'
    with Hub(make_repository(FILES, "Owner/Model", private=True, readers=[TOKEN])) as hub:
        ours = program(tmp_path, hub, model("tiny", source), MODELSCOPE_ENDPOINT=hub.endpoint)
        refused = ours.run("preload", "--json")
        assert (refused.code, refused.document["run"]["errors"][0]["code"]) == (1, "repository-private")
        done = ours.with_environ(MODELSCOPE_API_TOKEN=TOKEN).run("preload", "--json", "--log-level", "debug")
        assert (done.code, done.document["models"]["tiny"]["verdict"]) == (0, "ready"), done.err
        assert TOKEN not in done.out + done.err
    offline = hf(hub, ours.hf_home, "download", "Owner/Model", "--format", "json", HF_HUB_OFFLINE="1")
    assert offline.returncode == 0, offline.stderr
    assert ours.run("status").code == 0
