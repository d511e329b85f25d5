"""What was brought goes again, and nothing else: not what others made, changed, linked or keep on another place."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import ExpectedLog
from helpers.families import family_bench, family_hub
from helpers.faults import FaultyHub
from helpers.hub import hf, hub, make_repository
from helpers.workbench import Workbench, model, repository, workbench
from model_preload.cli import main
from model_preload.core import errors
from model_preload.core.events import Control
from model_preload.core.files import Disk
from model_preload.core.files.disk import translated
from model_preload.core.queue import Queue
from model_preload.core.tasks.output import fill, output_services
from model_preload.core.tasks.preload import Mode
from model_preload.core.tasks.remove_models import Removable, removable, remove_models
from model_preload.core.texts import size
from model_preload.core.values import Verdict
from model_preload.demo.hub import Hub

__all__ = ["hub"]  # a fixture

BIG, SMALL = os.urandom(300_000), b"{}"


@pytest.fixture
def links(tmp_path: Path) -> None:
    if not Disk().has_symlinks(tmp_path):
        pytest.skip("this user may not make symbolic links")


@pytest.fixture
def bench(tmp_path: Path, hub: Hub) -> Workbench:
    """One model in the cache, one in a folder of the user's, both brought."""
    hub.put(make_repository({"model.safetensors": BIG, "deep/config.json": SMALL}))
    hub.put(make_repository({"weights.bin": BIG[::-1]}, "owner/other"))
    folder = f"folder = '{(tmp_path / 'my models' / 'other').as_posix()}'"
    entries = model("cached", repository("owner/model")) + model("plain", repository("owner/other"), folder)
    made = workbench(tmp_path / "bench", hub.endpoint, entries)
    assert made.preload("cached", "plain").outcome == "done"
    return made


def remove(bench: Workbench, *, found: Removable | None = None) -> tuple[errors.DiskProblem, ...]:
    with bench.opened() as services:
        found = found or removable(services.journal, services.disk, Control())
        return remove_models(found, services.journal, services.disk, Control())


def look(bench: Workbench) -> Removable:
    with bench.opened() as services:
        return removable(services.journal, services.disk, Control())


def tree(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def test_all_of_it_goes_with_its_folders(bench: Workbench, tmp_path: Path) -> None:
    found = look(bench)
    assert found.bytes == 2 * len(BIG) + len(SMALL)
    assert remove(bench) == ()
    assert not (tmp_path / "my models").exists()
    assert not (bench.home / "hf").exists()
    assert [one.verdict for one in bench.status()] == [Verdict.MISSING, Verdict.MISSING]
    assert look(bench) == Removable((), 0, 0)
    assert bench.preload("cached", "plain").outcome == "done"
    assert all(one.ready for one in bench.status())


def test_without_symbolic_links_too(bench: Workbench, hub: Hub, tmp_path: Path) -> None:
    remove(bench)
    bench.environ["HF_HUB_DISABLE_SYMLINKS"] = "1"
    bench.preload("cached")
    assert look(bench).bytes == len(BIG) + len(SMALL)
    remove(bench)
    assert not (bench.home / "hf").exists()


def test_what_others_made_or_changed_stays(bench: Workbench, tmp_path: Path) -> None:
    (snapshot,) = bench.cache.glob("models--*/snapshots/*")
    (snapshot / "README.md").write_text("mine")
    weights = tmp_path / "my models/other/weights.bin"
    weights.write_bytes(b"my own weights")
    other = bench.cache / "models--someone--else/snapshots/0/model.bin"
    other.parent.mkdir(parents=True)
    other.write_bytes(BIG)
    remove(bench)
    assert weights.read_bytes() == b"my own weights"
    repo = "models--owner--model"
    assert [path for path in tree(bench.cache) if not path.startswith(".")] == [
        f"{repo}/refs/main",  # a commit of which something is left
        f"{repo}/snapshots/{snapshot.name}/README.md",
        "models--someone--else/snapshots/0/model.bin",
    ]


def test_what_was_found_with_other_bytes_is_not_ours(bench: Workbench, tmp_path: Path, hub: Hub) -> None:
    weights = tmp_path / "my models/other/weights.bin"
    weights.write_bytes(b"x" * len(BIG))
    bench.status("plain", deep=True)  # hashed: the journal knows its digest, which is no listed one
    assert weights not in look(bench).files


def test_what_was_only_hashed_where_it_was_is_not_ours(bench: Workbench, tmp_path: Path) -> None:
    remove(bench)
    folder = tmp_path / "my models/other"
    folder.mkdir(parents=True)
    (folder / "weights.bin").write_bytes(BIG[::-1])
    run = bench.preload("plain")
    assert (run.outcome, run.bytes_fetched) == ("done", 0)
    assert look(bench) == Removable((), 0, 0)
    bench.status("plain", deep=True)
    remove(bench)
    assert (folder / "weights.bin").read_bytes() == BIG[::-1]


def test_what_was_brought_stays_ours_when_it_is_hashed_again(bench: Workbench) -> None:
    before = look(bench)
    bench.status(deep=True)
    bench.preload(mode=Mode.REPAIR)
    assert look(bench) == before


def test_what_a_journal_does_not_know_to_be_brought_stays(bench: Workbench, tmp_path: Path) -> None:
    for file in bench.state.glob("journal.sqlite3*"):
        file.unlink()
    assert bench.preload("cached", "plain").bytes_fetched == 0
    remove(bench)
    assert (tmp_path / "my models/other/weights.bin").exists()
    assert all(one.ready for one in bench.status())


def test_a_folder_that_was_completed_keeps_what_somebody_put_there(hub: Hub, tmp_path: Path) -> None:
    """Every file of it gets a new name when the folder is exchanged as a whole."""
    hub.put(make_repository({"weights.bin": BIG, "config.json": SMALL}))
    entry = model("speech", repository("owner/model"), 'engine = "paddlex"')
    bench = workbench(tmp_path / "bench", hub.endpoint, entry)
    bench.preload("speech")
    (weights,) = bench.home.rglob("weights.bin")
    remove(bench)
    assert not weights.parent.exists()
    weights.parent.mkdir(parents=True)
    weights.write_bytes(BIG)
    assert bench.preload("speech").bytes_fetched == len(SMALL)
    assert look(bench).files == (weights.with_name("config.json"),)
    remove(bench)
    assert tree(weights.parent) == ["weights.bin"]


def test_a_folder_that_was_exchanged_for_a_newer_one_is_ours(hub: Hub, tmp_path: Path) -> None:
    first = make_repository({"weights.bin": BIG, "config.json": SMALL})
    hub.put(first)
    bench = workbench(
        tmp_path / "bench", hub.endpoint, model("speech", repository("owner/model"), 'engine = "paddlex"')
    )
    bench.preload("speech")
    hub.put(first.committed({"weights.bin": BIG, "config.json": b"[]"}))
    assert bench.preload("speech", mode=Mode.RENEW).bytes_fetched == len(SMALL)
    assert look(bench).bytes == len(BIG) + len(SMALL)
    remove(bench)
    assert list(bench.home.rglob("weights.bin")) == []


def linked(hub: Hub, tmp_path: Path) -> tuple[Workbench, Path]:
    """A repository whose tag `v1` shares a file with `main`, and the snapshot of `v1`, where it has to be."""
    tagged = make_repository({"model.bin": BIG}).tagged("v1")
    commit = tagged.find("v1")
    assert commit
    hub.put(tagged.committed({"model.bin": BIG, "config.json": SMALL}))
    bench = workbench(tmp_path / "bench", hub.endpoint, model("cached", repository("owner/model")))
    return bench, bench.cache / "models--owner--model/snapshots" / commit.id / "model.bin"


def test_a_name_that_was_given_to_somebody_s_file_goes_and_the_file_stays(hub: Hub, tmp_path: Path) -> None:
    bench, theirs = linked(hub, tmp_path)
    bench.environ["HF_HUB_DISABLE_SYMLINKS"] = "1"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(BIG)
    assert bench.preload("cached").bytes_fetched == len(SMALL)
    assert len(tree(theirs.parents[1])) == 3
    remove(bench)
    assert tree(theirs.parents[1]) == [f"{theirs.parent.name}/model.bin"]
    assert theirs.read_bytes() == BIG


@pytest.mark.usefixtures("links")
def test_a_blob_that_another_program_brought_stays(hub: Hub, tmp_path: Path) -> None:
    bench, theirs = linked(hub, tmp_path)
    bench.cache.parent.mkdir(parents=True)
    assert hf(hub, bench.cache.parent, "download", "owner/model", "--revision", "v1").returncode == 0
    run = bench.preload("cached")
    assert (run.outcome, run.bytes_fetched) == ("done", len(SMALL))
    found = look(bench)
    assert (len(found.files), found.bytes) == (3, len(SMALL))
    assert remove(bench) == ()
    assert theirs.read_bytes() == BIG
    repo = theirs.parents[2]
    assert [one.name for one in (repo / "snapshots").iterdir()] == [theirs.parent.name]
    assert tree(repo / "refs") == ["v1"]


@pytest.mark.usefixtures("links")
def test_a_blob_stays_while_another_snapshot_links_to_it(hub: Hub, tmp_path: Path) -> None:
    bench, theirs = linked(hub, tmp_path)
    bench.preload("cached")
    assert hf(hub, bench.cache.parent, "download", "owner/model", "--revision", "v1").returncode == 0
    assert look(bench).bytes == len(SMALL)
    assert remove(bench) == ()
    assert theirs.read_bytes() == BIG
    assert look(bench) == Removable((), 0, 0)
    theirs.unlink()
    assert look(bench).bytes == len(BIG)
    remove(bench)
    assert not (theirs.parents[2] / "blobs").exists()


@pytest.mark.usefixtures("links")
def test_a_blob_stays_for_a_link_that_came_meanwhile(hub: Hub, tmp_path: Path) -> None:
    bench, theirs = linked(hub, tmp_path)
    bench.preload("cached")
    found = look(bench)
    theirs.parent.mkdir()
    (blob,) = {path.resolve() for path in bench.cache.rglob("model.bin")}
    theirs.symlink_to(os.path.relpath(blob, theirs.parent))
    assert remove(bench, found=found) == ()
    assert theirs.read_bytes() == BIG


@pytest.mark.usefixtures("links")
def test_somebody_s_own_link_in_a_file_s_place_stays(bench: Workbench, tmp_path: Path) -> None:
    weights = tmp_path / "my models/other/weights.bin"
    weights.rename(tmp_path / "moved.bin")
    weights.symlink_to(tmp_path / "moved.bin")
    assert bench.status("plain")[0].ready
    remove(bench)
    assert weights.read_bytes() == BIG[::-1]


def test_a_file_of_two_names_counts_once(bench: Workbench, tmp_path: Path) -> None:
    before = look(bench).bytes
    name = tmp_path / "second name.bin"
    os.link(tmp_path / "my models/other/weights.bin", name)
    assert look(bench).bytes == before
    remove(bench)
    assert name.read_bytes() == BIG[::-1]


@pytest.mark.skipif(sys.platform == "win32", reason="an ordinary user makes no links to folders")
def test_what_lies_behind_a_link_to_a_folder_stays(bench: Workbench, tmp_path: Path) -> None:
    moved = tmp_path / "drive"
    (tmp_path / "my models").rename(moved)
    (tmp_path / "my models").symlink_to(moved, target_is_directory=True)
    found = look(bench)
    assert (found.behind_links, found.bytes) == (1, len(BIG) + len(SMALL))
    remove(bench)
    assert "other/weights.bin" in tree(moved)


def test_unfinished_parts_go(tmp_path: Path, hub: Hub) -> None:
    hub.put(make_repository({"model.safetensors": BIG * 30}))
    bench = workbench(tmp_path / "bench", hub.endpoint, model("cached", repository("owner/model")))
    control = Control()
    hub.rate = 3_000_000
    timer = threading.Timer(1, control.cancel)
    timer.start()
    assert bench.preload("cached", control=control).outcome == "interrupted"
    timer.join()
    (part,) = bench.home.rglob("*.part")
    assert look(bench).files == (part,)
    remove(bench)
    assert not (bench.home / "hf").exists()


def test_an_output_folder_is_for_other_machines(bench: Workbench, tmp_path: Path) -> None:
    output = tmp_path / "models-offline"
    with bench.opened() as services:
        queue = Queue(bench.state, services.disk, services.journal)
        fill(
            output_services(services, output),
            queue,
            ["plain"],
            Control(),
            bench.events.append,
            purpose="test",
            language="en",
            mode=Mode.BRING,
        )
    before = tree(output)
    remove(bench)
    assert tree(output) == before
    assert not (tmp_path / "my models").exists()


@pytest.fixture
def families() -> Iterator[FaultyHub]:
    with family_hub() as running:
        yield running


def test_every_layout_of_the_engines(tmp_path: Path, families: FaultyHub) -> None:
    bench = family_bench(tmp_path / "bench", families.endpoint)
    platform = tmp_path / "platform"
    (platform / "backend").mkdir(parents=True)
    bench = bench.with_settings(platform=platform)
    bench.preload()
    assert all(one.ready for one in bench.status())
    assert remove(bench) == ()
    left = [path for path in tree(tmp_path) if not path.startswith("bench/state/")]
    assert [path for path in left if "model" in path or "huggingface" in path or path.endswith((".pt", ".bin"))] == []


class Held(Disk):
    """A disk on which another program holds the weights."""

    def remove(self, path: Path) -> None:
        if path.name == "weights.bin":
            with translated(path):
                raise PermissionError(13, "in use")
        super().remove(path)


def test_what_can_not_be_deleted_is_told_and_known(bench: Workbench, tmp_path: Path, expected_log: ExpectedLog) -> None:
    expected_log("in use")
    with bench.opened() as services:
        found = removable(services.journal, services.disk, Control())
        (kept,) = remove_models(found, services.journal, Held(), Control())
    assert kept.path.name == "weights.bin"
    assert [one.verdict for one in bench.status()] == [Verdict.MISSING, Verdict.READY]
    assert look(bench).files == (kept.path,)


class Unwritable(Disk):
    """A disk on which nothing can be taken out of folders of that name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def remove(self, path: Path) -> None:
        if self._name in path.parts:
            with translated(path):
                raise PermissionError(13, "read-only folder")
        super().remove(path)

    def remove_empty(self, path: Path) -> bool:
        return self._name not in path.parts and super().remove_empty(path)


@pytest.mark.usefixtures("links")
@pytest.mark.parametrize("name", ["snapshots", "blobs", "deep"])
def test_a_second_call_deletes_what_the_first_one_could_not(
    bench: Workbench, expected_log: ExpectedLog, name: str
) -> None:
    expected_log("read-only folder")
    with bench.opened() as services:
        found = removable(services.journal, services.disk, Control())
        assert remove_models(found, services.journal, Unwritable(name), Control())
    assert [path for path in bench.cache.rglob("*") if path.is_symlink() and not path.exists()] == []
    assert look(bench).files
    assert remove(bench) == ()
    assert not (bench.home / "hf").exists()
    assert look(bench) == Removable((), 0, 0)


@pytest.mark.usefixtures("links")
def test_links_to_blobs_that_are_gone_go_too(bench: Workbench) -> None:
    (blobs,) = bench.cache.glob("models--*/blobs")
    for blob in blobs.iterdir():
        blob.unlink()
    assert remove(bench) == ()
    assert tree(bench.cache) == []
    assert look(bench) == Removable((), 0, 0)


# The command


def said(bench: Workbench, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    monkeypatch.setenv("MODEL_PRELOAD_HOME", str(bench.state))
    assert main(["remove-models", *words]) == 0
    return capsys.readouterr().out


def test_the_command_shows_first(
    bench: Workbench, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = said(bench, capsys, monkeypatch)
    assert "Nothing was deleted. To delete them: model-preload remove-models --yes" in " ".join(told.split())
    document = json.loads(said(bench, capsys, monkeypatch, "--json"))
    whole = 2 * len(BIG) + len(SMALL)
    assert next(iter(document)) == "size"
    assert (document["size"], document["bytes"], document["deleted"]) == (size(whole), whole, False)
    assert (tmp_path / "my models").exists()
    assert f"{size(whole)} freed." in said(bench, capsys, monkeypatch, "--yes")
    assert not (tmp_path / "my models").exists()
    assert "No file of a model is known" in said(bench, capsys, monkeypatch, "--yes")


def test_the_command_makes_no_journal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = workbench(tmp_path, "http://127.0.0.1:9", "")
    assert json.loads(said(bench, capsys, monkeypatch, "--json"))["bytes"] == 0
    assert not (bench.state / "journal.sqlite3").exists()


def test_the_command_waits_for_no_run(
    bench: Workbench, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, expected_log: ExpectedLog
) -> None:
    expected_log("is at work")
    code = f"""
import sys
from pathlib import Path
from model_preload.core.files import Disk, ProcessLock
lock = ProcessLock(Path({str(bench.state)!r}) / "run.lock", Disk())
assert lock.acquire("another run")
print("held", flush=True)
sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdin
        assert other.stdout
        assert other.stdout.readline()
        monkeypatch.setenv("MODEL_PRELOAD_HOME", str(bench.state))
        assert main(["remove-models", "--yes", "--json"]) == 3
        other.stdin.close()
    document = json.loads(capsys.readouterr().out)
    assert "another run" in document["error"]["message"]
    assert all(one.ready for one in bench.status())
