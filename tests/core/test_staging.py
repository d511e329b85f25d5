"""Parts that nobody will go on with go away after a while; those that someone may go on with stay."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers import faults
from helpers.faults import BODY, FaultyHub, cancelling, random_bytes
from helpers.hub import make_repository
from helpers.workbench import Workbench, model, repository, workbench
from model_preload.core.events import Control, Progress
from model_preload.core.files import Disk, boot_id
from model_preload.core.files import disk as disk_module
from model_preload.core.journal import PartRecord
from model_preload.core.tasks import staging as tasks
from model_preload.core.tasks.services import Due, fresh_pin, keep, stored_pin

pytestmark = pytest.mark.windows
DAY = 24 * 3600.0
WEIGHTS = random_bytes(12 << 20)


@pytest.fixture
def hub() -> Iterator[FaultyHub]:
    with FaultyHub(make_repository({"weights.bin": WEIGHTS}), make_repository({"a.bin": b"a"}, "owner/other")) as hub:
        yield hub


@pytest.fixture
def bench(tmp_path: Path, hub: FaultyHub) -> Workbench:
    place = (tmp_path / "models").as_posix()
    catalog = model("tiny", repository("owner/model")) + model(
        "other", repository("owner/other"), f"folder = '{place}/other'"
    )
    return workbench(tmp_path / "bench", hub.endpoint, catalog)


def aged(path: Path, days: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_bytes(b"some")
    moment = time.time() - days * DAY
    os.utime(path, (moment, moment))
    return path


def clean(bench: Workbench, *queued: str) -> set[Path]:
    with bench.opened() as services:
        return set(tasks.clean_parts(services, queued))


def known(bench: Workbench) -> set[Path]:
    with bench.opened() as services:
        return set(services.journal.parts.paths())


def interrupted(bench: Workbench, hub: FaultyHub) -> Path:
    """A run that was cancelled in the middle, and the part it left."""
    hub.fail(BODY, faults.stalled(1 << 20))
    control = Control()
    helper = cancelling(control, lambda: any(isinstance(one, Progress) and one.bytes_done for one in bench.events))
    assert bench.preload("tiny", control=control).outcome == "interrupted"
    helper.join()
    hub.heal()
    (part,) = staging(bench).glob("*.part")
    assert known(bench) == {part}
    return part


def staging(bench: Workbench) -> Path:
    return bench.home / "hf" / ".model-preload"


@pytest.mark.parametrize(
    ("in_journal", "queued", "days", "kept"),
    [
        (False, False, 0, True),
        (False, False, 0.9, True),
        (False, False, 1.1, False),
        (False, True, 1.1, False),
        (True, False, 1.1, True),
        (True, False, 29, True),
        (True, False, 31, False),
        (True, True, 31, True),
        (True, True, 3000, True),
        (True, True, -400, True),
    ],
)
def test_what_stays_and_what_goes(
    bench: Workbench, hub: FaultyHub, in_journal: bool, queued: bool, days: float, kept: bool
) -> None:
    part = aged(interrupted(bench, hub), days)
    if not in_journal:
        with bench.opened() as services:
            services.journal.parts.forget([part])
    assert clean(bench, *["tiny"] * queued) == (set() if kept else {part})
    assert part.exists() is kept
    assert known(bench) == ({part} if kept and in_journal else set())


def test_staging_of_folders_is_cleaned_and_other_files_stay(bench: Workbench, tmp_path: Path) -> None:
    folder = tmp_path / "models" / ".model-preload"
    gone = aged(folder / "orphan.part", 2)
    others = [
        aged(folder / "notes.txt", 99),
        aged(folder / "deep" / "x.part", 99),
        aged(tmp_path / "models" / "x.part", 99),
    ]
    assert clean(bench) == {gone}
    assert all(other.exists() for other in others)


@pytest.mark.parametrize(
    ("queued", "days", "younger", "kept"),
    [
        (False, 29, None, True),
        (False, 31, None, False),
        (False, 31, "file", True),
        (False, 31, "folder", True),
        (True, 400, None, True),
    ],
)
def test_folders_that_never_became_whole_go(
    tmp_path: Path, hub: FaultyHub, queued: bool, days: float, younger: str | None, kept: bool
) -> None:
    bench = workbench(tmp_path / "bench", hub.endpoint, model("whole", repository("owner/model"), 'engine = "paddlex"'))
    with bench.opened() as services:
        (entry,) = services.catalog.models
        pinned = fresh_pin(services, entry, entry.sources[0], Control())
        keep(services, pinned, Due.NOW)
        part = aged(pinned.staging / "x.part", 0)
        (published,) = pinned.cache.publish(part, pinned.files[0], Control())
    build = published.path.parent
    (build / "deep").mkdir()
    aged(build / "deep" / "more.bin", days if younger != "file" else 1)
    for path in (published.path, build / "deep", build, build.parent):
        aged(path, days if younger != "folder" or path != build / "deep" else 1)
    others = [
        aged(build.parent / "old" / "kept.bin", 99),  # after a run that was killed it may be all there is
        aged(build.parent.with_name("not-ours") / build.name / "x.bin", 99),
        aged(build.parent / "notes" / "x.bin", 99),
    ]
    assert clean(bench, *["whole"] * queued) == (set() if kept else {build})
    assert build.exists() is kept
    assert all(other.exists() for other in others)


def test_what_another_installation_builds_stays(bench: Workbench) -> None:
    build = staging(bench) / "model-0123abcd" / "0123abcd-4567ef89"
    aged(build / "a.bin", 99)
    aged(build, 99)
    with tasks.alone_in(staging(bench), Disk(), "another", None):
        assert clean(bench) == set()
    assert (build / "a.bin").exists()


def test_what_was_left_aside_is_put_back_by_who_is_alone_there(tmp_path: Path, hub: FaultyHub) -> None:
    bench = workbench(tmp_path / "bench", hub.endpoint, model("whole", repository("owner/model"), 'engine = "paddlex"'))
    bench.preload("whole")
    with bench.opened() as services:
        pinned = stored_pin(services, services.catalog.models[0])
    assert pinned is not None
    pinned.cache.publish(aged(pinned.staging / "x.part", 0), pinned.files[0], Control())
    build = pinned.cache.destination(pinned.files[0]).parent
    Disk().remove_tree(build)
    left = aged(build.parent / "old" / "mine.txt", 99)
    with tasks.alone_in(pinned.staging, Disk(), "another", None):
        assert bench.preload("whole").outcome == "done"
        assert left.exists()
    assert bench.preload("whole").outcome == "done"
    assert not build.parent.exists()
    assert (pinned.cache.location / "mine.txt").read_bytes() == b"some"


def test_an_empty_folder_goes_with_what_was_built_in_it(bench: Workbench) -> None:
    build = staging(bench) / "model-0123abcd" / "0123abcd-4567ef89"
    aged(build / "a.bin", 99)
    aged(build, 99)
    assert clean(bench) == {build}
    assert not build.parent.exists()


def test_records_of_lost_parts_go_but_not_those_of_a_drive_that_is_away(bench: Workbench, tmp_path: Path) -> None:
    lost, away = staging(bench) / "lost.part", tmp_path / "drive" / ".model-preload" / "away.part"
    lost.parent.mkdir(parents=True)
    with bench.opened() as services:
        spans = ((0, 10),)
        services.journal.parts.save(PartRecord(path, 10, "", spans, spans, boot_id()) for path in (lost, away))
    assert clean(bench) == set()
    assert known(bench) == {away}


def test_a_part_that_can_not_be_deleted_stops_no_run(
    bench: Workbench, hub: FaultyHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_module, "_HELD_SECONDS", 0.3)
    part = aged(staging(bench) / "orphan.part", 2)
    part.unlink()
    aged(part, 2)
    if os.name == "nt":
        with part.open("rb"):
            assert clean(bench) == set()
    else:
        part.unlink()
        (tmp_path / "elsewhere").write_bytes(b"not ours")
        part.symlink_to(tmp_path / "elsewhere")
        assert clean(bench) == set()
        assert (tmp_path / "elsewhere").read_bytes() == b"not ours"


def test_a_run_cleans_before_it_begins_and_goes_on_with_its_own_part(bench: Workbench, hub: FaultyHub) -> None:
    part = aged(interrupted(bench, hub), 400)
    orphan = aged(staging(bench) / "orphan.part", 2)
    before = hub.bytes_served
    assert bench.preload("other").outcome == "done"
    assert (part.exists(), orphan.exists()) == (True, False)  # the first model is queued still
    assert bench.preload("tiny").outcome == "done"
    assert hub.bytes_served - before < len(WEIGHTS)
    assert (part.exists(), known(bench)) == (False, set())
