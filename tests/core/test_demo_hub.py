"""The demo's hub is a hub: the real client lists, fetches and is refused as by huggingface.co; bytes are counted."""

import hashlib
import json
import socket
import struct
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.clock import SOON
from helpers.hub import Requests, fetch, hf, make_repository, real_client
from model_preload.demo import models
from model_preload.demo.hub import Hub
from model_preload.demo.messages import Reply, Request, Slice, Wire
from model_preload.demo.repository import Content, Repository

WEIGHTS = bytes(range(256)) * 5000
FILES = {
    "config.json": b'{"model_type": "demo"}\n',
    "weights.safetensors": WEIGHTS,
    "deep/er/说明 1.md": "中文\n".encode(),
    "empty.txt": b"",
}


@pytest.fixture(scope="module")
def served() -> Iterator[Hub]:
    with Hub(make_repository(FILES), files={"plain.bin": WEIGHTS}) as hub:
        yield hub


def location(hub: Hub, path: str = "weights.safetensors") -> str:
    status, headers, _ = fetch(f"{hub.endpoint}/owner/model/resolve/main/{quote(path)}")
    assert status == 302
    return headers["location"]


def until(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.005)
    return condition()


# What the real client sees


def test_model_info_tells_sizes_and_digests(served: Hub, tmp_path: Path) -> None:
    script = """if True:
        import json, huggingface_hub
        api = huggingface_hub.HfApi()
        info = api.model_info("owner/model", files_metadata=True)
        files = {s.rfilename: [s.size, s.blob_id, s.lfs.sha256 if s.lfs else None] for s in info.siblings}
        print(json.dumps([info.sha, info.private, info.gated, files]))"""
    commit = make_repository(FILES).main
    sha, private, gated, files = real_client(served, tmp_path, script)
    assert (sha, private, gated) == (commit.id, False, False)
    assert {path: entry[0] for path, entry in files.items()} == {path: len(data) for path, data in FILES.items()}
    assert files["weights.safetensors"][2] == hashlib.sha256(WEIGHTS).hexdigest()
    blob = b"blob %d\0" % len(FILES["config.json"]) + FILES["config.json"]
    assert files["config.json"][1:] == [hashlib.sha1(blob).hexdigest(), None]


def test_tree_across_pages_refs_and_paths(tmp_path: Path) -> None:
    files = {f"folder {number % 7}/{number:03}.json": b"%d" % number for number in range(100)}
    repository = make_repository(files).tagged("v1").committed({"new.json": b"2"}, "refs-like/branch")
    script = """if True:
        import json, huggingface_hub
        api = huggingface_hub.HfApi()
        tree = list(api.list_repo_tree("owner/model", recursive=True, revision="v1"))
        top = [e.path for e in api.list_repo_tree("owner/model")]
        inside = [e.path for e in api.list_repo_tree("owner/model", "folder 3")]
        refs = api.list_repo_refs("owner/model")
        some = api.get_paths_info("owner/model", ["folder 0/000.json", "folder 1", "missing"])
        branch = api.list_repo_files("owner/model", revision="refs-like/branch")
        print(json.dumps([[e.path for e in tree if hasattr(e, "size")], top, inside,
            [b.name for b in refs.branches], [t.target_commit for t in refs.tags], [e.path for e in some], branch]))"""
    with Hub(repository, page_size=10) as hub:
        tree, top, inside, branches, tags, some, branch = real_client(hub, tmp_path, script)
        pages = Requests.of(hub).about("/tree/v1")
    assert sorted(tree) == sorted(files)
    assert len(pages) == 11  # 100 files and 7 folders
    assert top == [f"folder {number}" for number in range(7)]
    assert inside == sorted(path for path in files if path.startswith("folder 3/"))
    assert sorted(branches) == ["main", "refs-like/branch"]
    assert tags == [repository.main.id]
    assert some == ["folder 0/000.json", "folder 1"]
    assert branch == ["new.json"]


def test_download_verify_and_offline(served: Hub, tmp_path: Path) -> None:
    served.forget()
    script = """if True:
        import json, pathlib, huggingface_hub
        one = huggingface_hub.hf_hub_download("owner/model", "weights.safetensors")
        home = pathlib.Path(huggingface_hub.snapshot_download("owner/model"))
        print(json.dumps([str(home), pathlib.Path(one).name, sorted(
            p.relative_to(home).as_posix() for p in home.rglob("*") if p.is_file())]))"""
    home, name, files = real_client(served, tmp_path, script)
    assert name == "weights.safetensors"
    assert files == sorted(FILES)
    assert {path: (Path(home) / path).read_bytes() for path in files} == FILES
    assert served.bytes_by_file == {f"owner/model/{path}": len(data) for path, data in FILES.items() if data}
    strict = "--fail-on-missing-files", "--fail-on-extra-files"
    verified = hf(served, tmp_path, "cache", "verify", "owner/model", *strict)
    assert verified.returncode == 0, verified.stderr
    assert hf(served, tmp_path, "download", "owner/model", HF_HUB_OFFLINE="1").returncode == 0


def test_a_moved_branch_is_seen_and_the_old_commit_stays(tmp_path: Path) -> None:
    old = make_repository(FILES)
    new = old.committed({**FILES, "config.json": b"{}"})
    script = f"""if True:
        import json, pathlib, huggingface_hub
        get = huggingface_hub.hf_hub_download
        paths = [get("owner/model", "config.json", revision=r) for r in ("main", "{old.main.id}")]
        print(json.dumps([pathlib.Path(p).read_text() for p in paths]))"""
    with Hub(old) as hub:
        assert fetch(f"{hub.endpoint}/owner/model/resolve/main/config.json")[2] == FILES["config.json"]
        hub.put(new)
        assert real_client(hub, tmp_path, script) == ["{}", FILES["config.json"].decode()]


def test_refusals_are_told_apart(tmp_path: Path) -> None:
    hub = Hub(
        make_repository(FILES, "owner/open"),
        make_repository(FILES, "owner/gated", gated=True, readers=["hf_friend"]),
        make_repository(FILES, "owner/private", private=True, readers=["hf_friend"]),
        tokens=["hf_stranger"],
    )
    script = """if True:
        import json, huggingface_hub
        def told(call, *arguments, **named):
            try:
                call(*arguments, **named)
            except Exception as error:
                response = getattr(error, "response", None)
                return [type(error).__name__, getattr(response, "status_code", None)]
            return "done"
        api, get, results = huggingface_hub.HfApi(), huggingface_hub.hf_hub_download, {}
        for token in (False, "hf_stranger", "hf_friend", "hf_wrong"):
            results[str(token)] = {name: [
                told(api.model_info, f"owner/{name}", token=token),
                told(get, f"owner/{name}", "config.json", token=token, cache_dir=str(token)),
                told(api.auth_check, f"owner/{name}", token=token),
            ] for name in ("open", "gated", "private", "missing")}
        results["revision"] = told(api.model_info, "owner/open", revision="none", token=False)
        results["entry"] = told(get, "owner/open", "none.json", token=False)
        results["folder"] = told(lambda: list(api.list_repo_tree("owner/open", "none", token=False)))
        results["whoami"] = [told(api.whoami, token=token) for token in ("hf_stranger", "hf_wrong")]
        print(json.dumps(results))"""
    with hub:
        results = real_client(hub, tmp_path, script)
    missing, hidden = ["RepositoryNotFoundError", 401], ["RepositoryNotFoundError", 404]
    assert results["False"] == {
        "open": ["done"] * 3,
        "gated": ["done", *[["GatedRepoError", 401]] * 2],
        "private": [missing] * 3,
        "missing": [missing] * 3,
    }
    assert results["hf_stranger"] == {
        "open": ["done"] * 3,
        "gated": ["done", *[["GatedRepoError", 403]] * 2],
        "private": [hidden] * 3,
        "missing": [hidden] * 3,
    }
    assert results["hf_friend"] == {
        **{name: ["done"] * 3 for name in ("open", "gated", "private")},
        "missing": [hidden] * 3,
    }
    wrong = {status for outcomes in results["hf_wrong"].values() for _, status in outcomes}
    assert wrong == {401}
    assert results["revision"] == ["RevisionNotFoundError", 404]
    assert results["entry"] == ["RemoteEntryNotFoundError", 404]
    assert results["folder"][1] == 404
    assert results["whoami"][0] == "done"
    assert results["whoami"][1] != "done"


# The wire


def test_headers_of_a_large_and_a_regular_file(served: Hub) -> None:
    commit = make_repository(FILES).main
    status, headers, body = fetch(f"{served.endpoint}/owner/model/resolve/main/weights.safetensors", "HEAD")
    digest = hashlib.sha256(WEIGHTS).hexdigest()
    assert (status, body) == (302, b"")
    assert headers["location"].startswith(f"{served.cdn}/")
    assert headers["x-repo-commit"] == commit.id
    assert headers["x-linked-etag"] == f'"{digest}"'
    assert headers["x-linked-size"] == str(len(WEIGHTS))
    status, headers, body = fetch(headers["location"], "HEAD")
    assert (status, headers["etag"], headers["content-length"]) == (200, f'"{digest}"', str(len(WEIGHTS)))
    status, headers, body = fetch(f"{served.endpoint}/owner/model/resolve/main/config.json", Range="bytes=2-5")
    assert (status, body, headers["content-range"]) == (206, b"mode", f"bytes 2-5/{len(FILES['config.json'])}")
    assert headers["etag"] == f'"{commit.files["config.json"].blob_id}"'


@settings(deadline=None, max_examples=60)
@given(
    first=st.none() | st.integers(0, len(WEIGHTS) + 10),
    last=st.none() | st.integers(0, len(WEIGHTS) + 10),
    on_disk=st.booleans(),
)
def test_every_range_is_the_slice(
    tmp_path_factory: pytest.TempPathFactory, served: Hub, first: int | None, last: int | None, on_disk: bool
) -> None:
    name = "disk.bin" if on_disk else "plain.bin"
    if on_disk:
        path = tmp_path_factory.getbasetemp() / name
        if not path.exists():
            path.write_bytes(WEIGHTS)
        served.put_file(name, path)
    written = f"bytes={'' if first is None else first}-{'' if last is None else last}"
    status, headers, body = fetch(served.file_url(name), Range=written)
    size = len(WEIGHTS)
    if (first is None and last is None) or (first is not None and last is not None and last < first):
        assert (status, body) == (200, WEIGHTS)
    elif (first is not None and first >= size) or (first is None and last == 0):
        assert (status, body, headers["content-range"]) == (416, b"", f"bytes */{size}")
    else:
        start = max(0, size - (last or 0)) if first is None else first
        end = size if first is None or last is None else min(last + 1, size)
        assert (status, headers["content-range"]) == (206, f"bytes {start}-{end - 1}/{size}")
        assert headers["content-length"] == str(end - start)
        assert body == WEIGHTS[start:end]


def test_if_range_that_names_other_content_gets_the_whole(served: Hub) -> None:
    url = served.file_url("plain.bin")
    etag = fetch(url, "HEAD")[1]["etag"]
    assert fetch(url, Range="bytes=0-9", If_Range=etag)[0] == 206
    assert fetch(url, Range="bytes=0-9", If_Range='"other"')[0] == 200
    assert fetch(url, Range="bytes=0-1,4-5")[0] == 200


@pytest.mark.parametrize("spoil", ["signature", "path", "expires"])
def test_spoiled_signature_is_denied(served: Hub, spoil: str) -> None:
    address = location(served)
    old, new = {
        "signature": ("Signature=", "Signature=x"),
        "path": ("weights", "config"),
        "expires": ("Expires=", "Expires=9"),
    }[spoil]
    assert fetch(address)[0] == 200
    assert fetch(address.replace(old, new))[0] == 403
    assert fetch(address.partition("?")[0])[0] == 403


def test_signature_expires() -> None:
    with Hub(make_repository(FILES), link_seconds=0.2) as hub:
        address = location(hub)
        assert fetch(address)[0] == 200
        time.sleep(0.25)
        status, _, body = fetch(address)
        assert (status, b"expired" in body) == (403, True)
        assert fetch(location(hub))[0] == 200


def test_hostless_names_and_unknown_paths(served: Hub) -> None:
    with Hub(Repository.of("gpt", FILES)) as hub:
        assert json.loads(fetch(f"{hub.endpoint}/api/models/gpt")[2])["id"] == "gpt"
        assert fetch(f"{hub.endpoint}/gpt/resolve/main/config.json")[2] == FILES["config.json"]
    assert fetch(f"{served.endpoint}/nothing/here")[0] == 404
    assert fetch(f"{served.endpoint}/files/none")[0] == 404
    assert fetch(f"{served.endpoint}/api/models/owner/model", "DELETE")[0] == 404


# Bookkeeping and behaviour of the servers


def test_requests_and_bytes_are_recorded(served: Hub) -> None:
    served.forget()
    fetch(f"{served.endpoint}/owner/model/resolve/main/config.json?x=1", Authorization="Bearer no", Range="bytes=1-")
    fetch(served.file_url("plain.bin"), Range="bytes=10-109")
    fetch(served.file_url("plain.bin"), "HEAD")
    refused, ranged, head = Requests.of(served)
    assert (refused.authorization, refused.range, refused.query) == ("Bearer no", "bytes=1-", {"x": "1"})
    assert (ranged.origin, ranged.method, ranged.path) == ("api", "GET", "/files/plain.bin")
    assert head.method == "HEAD"
    assert until(lambda: served.bytes_by_file == {"files/plain.bin": 100})  # counted after they were sent
    assert served.bytes_served == 100


def test_latency_and_rate() -> None:
    with Hub(files={"a": b"x" * 200_000}, latency=0.1, rate=1_000_000) as hub:
        began = time.monotonic()
        assert len(fetch(hub.file_url("a"))[2]) == 200_000
        assert 0.28 < time.monotonic() - began < SOON
        hub.latency, hub.rate = 0.0, None
        times = []
        for _ in range(5):
            began = time.monotonic()
            fetch(hub.file_url("a"))
            times.append(time.monotonic() - began)
        assert min(times) < 0.2


@pytest.mark.parametrize("abruptly", [False, True])
def test_client_that_leaves_in_the_middle(tmp_path: Path, capfd: pytest.CaptureFixture[str], abruptly: bool) -> None:
    path = tmp_path / "big.bin"
    with path.open("wb") as file:
        file.truncate(64 << 20)
    with Hub(files={"big.bin": path, "held.bin": bytes(64 << 20)}) as hub:
        for name in ("big.bin", "held.bin"):
            client = socket.create_connection(("127.0.0.1", int(hub.endpoint.rpartition(":")[2])))
            client.sendall(f"GET /files/{name} HTTP/1.1\r\nHost: hub\r\n\r\n".encode())
            while not client.recv(1 << 16).endswith(bytes(1000)):
                pass
            if abruptly:
                linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            client.close()
            assert until(lambda: not connections())
            assert 0 < hub.bytes_by_file[f"files/{name}"] < 64 << 20
        assert fetch(hub.file_url("big.bin"), Range="bytes=5-6")[2] == bytes(2)
    assert capfd.readouterr() == ("", "")


def connections() -> list[str]:
    """Names of the threads that serve a connection."""
    names = [thread.name for thread in threading.enumerate()]
    return [name for name in names if name.startswith("demo-") and name[-1].isdigit()]


def threads() -> set[threading.Thread]:
    """Those of Python; one of Qt's that an earlier test had stays in its list until another takes its number."""
    return {thread for thread in threading.enumerate() if not isinstance(thread, threading._DummyThread)}


def test_closing_breaks_off_and_leaves_no_thread() -> None:
    before = threads()
    with Hub(files={"slow": bytes(10 << 20)}, rate=1000.0) as hub, socket.socket() as idle, socket.socket() as reading:
        port = int(hub.endpoint.rpartition(":")[2])
        idle.connect(("127.0.0.1", port))
        reading.connect(("127.0.0.1", port))
        reading.sendall(b"GET /files/slow HTTP/1.1\r\nHost: hub\r\n\r\n")
        assert until(lambda: len(connections()) == 2 and hub.bytes_served > 0)
        began = time.monotonic()
        hub.close()
        assert time.monotonic() - began < SOON
        assert threads() <= before
        hub.rate = None
        hub.start()
        assert len(fetch(f"http://127.0.0.1:{port}/files/slow")[2]) == 10 << 20
    assert threads() <= before


def test_faults_are_added_by_overriding_respond() -> None:
    class Cut:
        """Half of what it promises, then a reset."""

        def __init__(self, whole: Slice) -> None:
            self._whole = whole

        @property
        def length(self) -> int:
            return self._whole.length

        def send(self, wire: Wire) -> None:
            Slice(self._whole.content, self._whole.offset, self.length // 2).send(wire)
            wire.wait(0.01)
            wire.reset()

    class Faulty(Hub):
        def respond(self, request: Request) -> Reply:
            reply = super().respond(request)
            if request.path.endswith("stalled"):
                self.wait(60)
            if isinstance(reply.body, Slice) and request.path.endswith("cut"):
                return Reply(reply.status, reply.headers, Cut(reply.body), reply.subject)
            return reply

    with Faulty(files={"cut": b"x" * 1000, "stalled": b""}) as hub, socket.socket() as stalled:
        with pytest.raises(ConnectionResetError):
            fetch(hub.file_url("cut"))
        assert hub.bytes_served == 500
        stalled.connect(("127.0.0.1", int(hub.endpoint.rpartition(":")[2])))
        stalled.sendall(b"GET /files/stalled HTTP/1.1\r\n\r\n")
        assert until(lambda: bool(Requests.of(hub).about("stalled")))
        assert len(Requests.of(hub).by("GET").to("api")) == 2
        began = time.monotonic()
    assert time.monotonic() - began < SOON


def test_a_file_is_hashed_like_bytes(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    path.write_bytes(WEIGHTS)
    assert Content(path).sha256 == Content(WEIGHTS).sha256 == hashlib.sha256(WEIGHTS).hexdigest()
    assert Content(path).blob_id == Content(WEIGHTS).blob_id
    assert Repository.of("a/b", {"w.bin": path}).main.id == Repository.of("a/b", {"w.bin": WEIGHTS}).main.id
    with pytest.raises(KeyError):
        make_repository(FILES).tagged("v1", "none")


# The demo's models


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> models.Demo:
    return models.make(tmp_path_factory.mktemp("demo"), folder="/opt/演示 models")


def test_models_are_about_100_mb_and_always_the_same(demo: models.Demo, tmp_path: Path) -> None:
    assert [repository.id for repository in demo.repositories] == ["demo/large", "demo/sharded", "demo/folder"]
    files = [file for repository in demo.repositories for file in repository.main.files.values()]
    assert 90e6 < sum(file.content.size for file in files) < 110e6
    digests = {file.content.sha256 for file in files if file.lfs}
    assert len(digests) == sum(file.lfs for file in files) == 6
    again = models.make(tmp_path)
    assert [repository.main.id for repository in again.repositories] == [r.main.id for r in demo.repositories]


def test_weights_are_valid_safetensors(demo: models.Demo) -> None:
    for repository in demo.repositories:
        shapes: dict[str, str] = {}
        for path, file in repository.main.files.items():
            if not path.endswith(".safetensors"):
                continue
            assert isinstance(file.content.source, Path)
            with file.content.source.open("rb") as opened:
                (length,) = struct.unpack("<Q", opened.read(8))
                header = json.loads(opened.read(length))
                assert (8 + length) % 8 == 0
                assert len(set(opened.read(1 << 16))) == 256
            end = 0
            for name, tensor in header.items():
                if name == "__metadata__":
                    assert all(isinstance(text, str) for text in tensor.values())
                    continue
                size = {"I8": 1, "F16": 2, "F32": 4}[tensor["dtype"]]
                for dimension in tensor["shape"]:
                    size *= dimension
                assert tensor["data_offsets"] == [end, end + size]
                end += size
                shapes[name] = path
            assert 8 + length + end == file.content.size
        index = repository.main.files.get("model.safetensors.index.json")
        if index:
            assert isinstance(index.content.source, bytes)
            assert json.loads(index.content.source)["weight_map"] == shapes


def test_catalog_names_the_models(demo: models.Demo) -> None:
    listed = tomllib.loads(demo.catalog)["model"]
    assert [model["key"] for model in listed] == ["demo-large", "demo-sharded", "demo-folder"]
    assert [model["source"][0]["repo"] for model in listed] == [repository.id for repository in demo.repositories]
    assert listed[2]["place"] == {"folder": "/opt/演示 models"}
    assert all(set(model["name"]) == {"en", "zh"} for model in listed)
