"""The journal remembers the last word, whoever wrote it and however they ended."""

import json
import sqlite3
import subprocess
import sys
import tempfile
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from model_preload.core import errors
from model_preload.core.files import Disk
from model_preload.core.journal import FORMAT, Journal, PartRecord, QueuedModel, QueueState, RunError, clock
from model_preload.core.journal.database import key
from model_preload.core.journal.parts import Spans
from model_preload.core.values import Digest, ListedFile, Listing, Published

pytestmark = pytest.mark.windows
NAME = "journal.sqlite3"
WHEN = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def opened(path: Path) -> "closing[Journal]":
    return closing(Journal.open(path, Disk()))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / NAME


# Any sequence of saves and loads

words = st.text(st.characters(), max_size=6)
digests = st.sampled_from([Digest("sha256", c * 64) for c in "0af"] + [Digest("git-sha1", c * 40) for c in "19e"])
names = ["a", "模型/b", "e\u0301", "é", "A", "x" * 300, "half \ud800", "q'\"; --", "a\0b"]
if sys.platform == "win32":
    names.remove("A")  # the same file as `a` there; the journal knows a file by the name that it was given
places = st.sampled_from(names).map(lambda name: Path("/top") / name)
numbers = st.integers(0, (1 << 63) - 1)
files = st.builds(ListedFile, words, numbers, st.none() | digests, words)
spans = st.lists(st.integers(0, 1 << 40), unique=True, max_size=6).map(
    lambda cuts: tuple(zip(sorted(cuts)[::2], sorted(cuts)[1::2], strict=False))
)
models = st.sampled_from(["a", "b", "c"])


class Memory(RuleBasedStateMachine):
    """Beside the journal, dicts in memory; the journal is closed and opened again at any time."""

    @initialize()
    def begin(self) -> None:
        self.path = Path(tempfile.mkdtemp(dir=self.home)) / NAME
        self.journal = Journal.open(self.path, Disk())
        self.listings: dict[str, Listing] = {}
        self.files: dict[Path, tuple[int, int, Digest]] = {}
        self.brought: dict[Path, Published] = {}
        self.parts: dict[Path, PartRecord] = {}
        self.queue: dict[str, QueueState] = {}
        self.runs: dict[int, tuple[Any, ...]] = {}
        self.chosen: set[str] = set()

    home: Path

    @rule()
    def reopen(self) -> None:
        self.journal.close()
        self.journal = Journal.open(self.path, Disk())

    @rule(source=models, revision=words, listed=st.lists(files, max_size=4))
    def save_listing(self, source: str, revision: str, listed: list[ListedFile]) -> None:
        revision = revision.encode("utf-8", "ignore").decode()
        self.listings[source] = Listing(source, revision, "c" * 40, tuple(listed), WHEN)
        self.journal.listings.save(self.listings[source])

    @rule(source=models)
    def forget_listing(self, source: str) -> None:
        self.listings.pop(source, None)
        self.journal.listings.forget(source)

    @rule(source=models)
    def load_listing(self, source: str) -> None:
        assert self.journal.listings.load(source) == self.listings.get(source)

    @rule(place=places, size=numbers, mtime=st.integers(-(1 << 63), (1 << 63) - 1), digest=digests)
    def save_file(self, place: Path, size: int, mtime: int, digest: Digest) -> None:
        self.files[place] = (size, mtime, digest)
        self.journal.files.save(Published(place, size, mtime), digest)

    @rule(some=st.lists(places, max_size=3))
    def forget_files(self, some: list[Path]) -> None:
        for place in some:
            self.files.pop(place, None)
        self.journal.files.forget(some)

    @rule(some=st.lists(places))
    def load_files(self, some: list[Path]) -> None:
        found = {p: (r.size, r.mtime_ns, r.digest) for p, r in self.journal.files.load(some).items()}
        assert found == {place: self.files[place] for place in some if place in self.files}

    @rule(place=places, size=numbers)
    def bring(self, place: Path, size: int) -> None:
        self.brought[place] = Published(place, size, size)
        self.journal.brought.save(self.brought[place])

    @rule(some=st.lists(places, max_size=3))
    def forget_brought(self, some: list[Path]) -> None:
        for place in some:
            self.brought.pop(place, None)
        self.journal.brought.forget(some)

    @rule(before=places, after=places)
    def move(self, before: Path, after: Path) -> None:
        if before in self.files:
            self.files[after] = self.files.pop(before)
        if before in self.brought:
            one = self.brought.pop(before)
            self.brought[after] = Published(after, one.size, one.mtime_ns)
        self.journal.moved([(before, after)])

    @rule()
    def load_brought(self) -> None:
        written = {Published(Path(key(path)), one.size, one.mtime_ns) for path, one in self.brought.items()}
        assert self.journal.brought.all() == written

    @rule(place=places, size=numbers, version=st.sampled_from(["", '"etag"']), done=spans, synced=spans)
    def save_part(self, place: Path, size: int, version: str, done: Spans, synced: Spans) -> None:
        self.parts[place] = PartRecord(place, size, version, done, synced, "boot")
        self.journal.parts.save([self.parts[place]])

    @rule(place=places)
    def load_part(self, place: Path) -> None:
        assert self.journal.parts.load(place) == self.parts.get(place)

    @rule(place=places)
    def forget_part(self, place: Path) -> None:
        self.parts.pop(place, None)
        self.journal.parts.forget([place])

    @rule(some=st.lists(models, max_size=4))
    def queue_models(self, some: list[str]) -> None:
        self.queue |= dict.fromkeys(some, QueueState.WAITING)
        self.journal.queue.append(some)

    @rule(model=models, state=st.sampled_from(QueueState))
    def mark_model(self, model: str, state: QueueState) -> None:
        if model in self.queue:
            self.queue[model] = state
        self.journal.queue.mark(state, model)

    @rule(model=models)
    def remove_model(self, model: str) -> None:
        self.queue.pop(model, None)
        self.journal.queue.remove(model)

    @rule()
    def load_queue(self) -> None:
        assert self.journal.queue.load() == tuple(QueuedModel(model, state) for model, state in self.queue.items())

    @rule(some=st.lists(models, max_size=3))
    def start_run(self, some: list[str]) -> None:
        self.runs = {
            n: (*run[:1], "interrupted", *run[2:]) if run[1] == "running" else run for n, run in self.runs.items()
        }
        number = self.journal.runs.start(some)
        assert number not in self.runs
        self.runs[number] = (tuple(some), "running", 0, 0, ())
        self.chosen.update(some)

    @rule(data=st.data(), outcome=st.sampled_from(["done", "failed"]), count=numbers, message=words)
    def finish_run(self, data: st.DataObject, outcome: str, count: int, message: str) -> None:
        if not self.runs:
            return
        number = data.draw(st.sampled_from(sorted(self.runs)))
        problem = RunError("a", message, "code", message)
        self.journal.runs.finish(number, outcome, count, count, [problem])
        self.runs[number] = (self.runs[number][0], outcome, count, count, (problem,))

    @rule()
    def load_runs(self) -> None:
        for number, expected in self.runs.items():
            run = self.journal.runs.load(number)
            assert run is not None
            assert (run.models, run.outcome, run.bytes_fetched, run.bytes_total, run.errors) == expected
            assert (run.finished_at is None) == (expected[1] in ("running", "interrupted"))
        assert self.journal.runs.chosen() == self.chosen

    def teardown(self) -> None:
        if hasattr(self, "journal"):
            self.journal.close()


def test_any_sequence_of_saves_and_loads_gives_the_last_word(tmp_path: Path) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    machine = type("Memory", (Memory,), {"home": tmp_path})
    few = settings(max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    run_state_machine_as_test(machine, settings=few)


def test_more_files_than_one_query_takes_are_all_found(path: Path) -> None:
    some = [path.parent / f"{number}.bin" for number in range(1203)]
    with opened(path) as journal:
        with journal.database.transaction():
            for number, place in enumerate(some):
                journal.files.save(Published(place, number, number), Digest("git-sha1", f"{number:040x}"))
        found = journal.files.load([*some, path.parent / "other"])
    assert {place: record.size for place, record in found.items()} == {place: n for n, place in enumerate(some)}


def test_a_part_is_trusted_with_what_was_synced_after_a_restart_of_the_machine() -> None:
    part = PartRecord(Path("p"), 10, "", ((0, 8),), ((0, 4),), "this start")
    assert part.trusted("this start") == ((0, 8),)
    assert part.trusted("another start") == ((0, 4),)


# The clock


@given(
    st.datetimes(
        datetime(1, 1, 2),  # noqa: DTZ001  bounds are naive
        datetime(9999, 12, 30),  # noqa: DTZ001
        timezones=st.integers(-1439, 1439).map(lambda m: timezone(timedelta(minutes=m))),
    )
)
def test_a_time_comes_back_to_the_second(moment: datetime) -> None:
    found = clock.read(clock.written(moment))
    assert found == moment.replace(microsecond=0)
    assert found.utcoffset() == timedelta(0)


@given(st.lists(st.datetimes(timezones=st.just(UTC)), min_size=2))
def test_written_times_sort_as_times(moments: list[datetime]) -> None:
    seconds = [moment.replace(microsecond=0) for moment in moments]
    assert [clock.read(text) for text in sorted(map(clock.written, seconds))] == sorted(seconds)


def test_a_time_is_written_as_rfc_3339_in_utc() -> None:
    assert (
        clock.written(datetime(2026, 3, 1, 13, 5, 9, 999, tzinfo=timezone(timedelta(hours=8))))
        == "2026-03-01T05:05:09Z"
    )
    now = clock.now()
    assert clock.read(clock.written(now)) == now


# The file


def test_a_newer_file_is_refused_and_not_touched(path: Path) -> None:
    with opened(path) as journal:
        journal.queue.append(["kept"])
        journal.database.rows(f"PRAGMA user_version = {FORMAT + 1}")
    before = path.read_bytes()
    for _ in range(2):
        with pytest.raises(errors.JournalTooNew) as caught:
            Journal.open(path, Disk())
        assert caught.value.exit_code == 3
        assert str(path) in str(caught.value)
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.glob(f"{NAME}*")] == [NAME]


def test_what_a_killed_newer_version_left_is_not_lost_by_the_refusal(path: Path) -> None:
    with opened(path) as journal:
        journal.queue.append(["a"])
    script = """if True:
        import os, sqlite3, sys
        connection = sqlite3.connect(sys.argv[1], isolation_level=None)
        connection.execute("PRAGMA user_version = 99")
        connection.execute("INSERT INTO chosen VALUES ('newer', 'now')")
        os._exit(9)"""
    subprocess.run([sys.executable, "-c", script, str(path)], check=False, timeout=30)
    with pytest.raises(errors.JournalTooNew):
        Journal.open(path, Disk())
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT model FROM chosen").fetchall() == [("newer",)]


def test_another_programs_database_is_refused_and_keeps_its_rows(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE files (theirs TEXT)")
        connection.execute("INSERT INTO files VALUES ('precious')")
    with pytest.raises(errors.JournalUnusable):
        Journal.open(path, Disk())
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT * FROM files").fetchall() == [("precious",)]
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (1,)


def test_a_folder_in_the_journals_place_is_refused(path: Path) -> None:
    path.mkdir()
    with pytest.raises(errors.JournalUnusable):
        Journal.open(path, Disk())


@pytest.mark.parametrize(
    "below", ["模型 预载/状态", "/".join(["long" * 10] * 7)], ids=["Chinese", "over 260 characters"]
)
def test_the_journal_may_lie_anywhere(tmp_path: Path, below: str) -> None:
    path = tmp_path / below / NAME
    with opened(path) as journal:
        journal.queue.append(["a"])
    with opened(path) as journal:
        assert journal.queue.load() == (QueuedModel("a", QueueState.WAITING),)
    assert Disk().stat(path) is not None


# Transactions


def test_a_transaction_keeps_everything_or_nothing(path: Path) -> None:
    with opened(path) as journal:

        def half() -> None:
            with journal.database.transaction():
                journal.queue.append(["a", "b"])
                journal.runs.start(["a"])
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            half()
        assert journal.queue.load() == ()
        assert journal.runs.chosen() == frozenset()
        journal.queue.append(["c"])
    with opened(path) as journal:
        assert [entry.model for entry in journal.queue.load()] == ["c"]


def test_what_could_not_be_committed_takes_nothing_later_with_it(path: Path) -> None:
    """SQLite leaves a transaction open whose COMMIT failed: what came later would join it and be lost in the end."""
    with opened(path) as journal:
        rows = journal.database.rows
        rows("PRAGMA foreign_keys = ON")
        rows("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        rows("CREATE TABLE child (id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")
        with pytest.raises(errors.JournalUnusable, match="FOREIGN KEY"):
            journal.database.write("INSERT INTO child VALUES (?)", (1,))
        journal.queue.append(["later"])
        with opened(path) as other:
            assert [entry.model for entry in other.queue.load()] == ["later"]


def test_a_full_journal_says_so_and_works_again_when_there_is_room(path: Path) -> None:
    with opened(path) as journal:
        (pages,) = journal.database.rows("PRAGMA page_count")[0]
        journal.database.rows(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(errors.DiskFull, match=NAME):
            journal.queue.append([f"model-{number}" * 100 for number in range(100)])
        journal.database.rows("PRAGMA max_page_count = 100000")
        assert journal.queue.load() == ()
        journal.queue.append(["later"])
    with opened(path) as journal:
        assert [entry.model for entry in journal.queue.load()] == ["later"]


def test_threads_share_one_journal(path: Path) -> None:
    with opened(path) as journal:

        def work(name: str) -> None:
            for number in range(40):
                with journal.database.transaction():
                    journal.queue.append([f"{name}-{number}"])
                    journal.files.save(Published(path, number, number), Digest("sha256", "a" * 64))

        threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = [entry.model for entry in journal.queue.load()]
    assert sorted(found) == sorted(f"{name}-{number}" for name in "abcd" for number in range(40))
    for name in "abcd":
        assert [one for one in found if one.startswith(name)] == [f"{name}-{number}" for number in range(40)]


WRITER = """if True:
    import sys
    from pathlib import Path
    from model_preload.core.files import Disk
    from model_preload.core.journal import Journal
    from model_preload.core.values import Digest, Published
    path, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    print("ready", flush=True)
    sys.stdin.readline()
    journal = Journal.open(path, Disk())
    for number in range(count):
        with journal.database.transaction():
            journal.queue.append([f"{name}-{number}"])
            journal.files.save(Published(Path(f"{name}-{number}"), number, number), Digest("sha256", "a" * 64))
        print(number, flush=True)
    journal.close()"""


def writer(path: Path, name: str, count: int) -> "subprocess.Popen[str]":
    """Another process that begins to write when it is told to."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), name, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: "subprocess.Popen[str]") -> None:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()


@pytest.mark.parametrize("_round", range(5))
def test_processes_that_make_and_write_it_at_once_lose_nothing(path: Path, _round: int) -> None:
    processes = [writer(path, name, 30) for name in "abcd"]
    for process in processes:
        go(process)
    for process in processes:
        _, said = process.communicate(timeout=30)
        assert process.returncode == 0, said
    with opened(path) as journal:
        found = [entry.model for entry in journal.queue.load()]
    for name in "abcd":
        assert [one for one in found if one.startswith(name)] == [f"{name}-{number}" for number in range(30)]


@pytest.mark.parametrize("after", [0, 7, 150])
def test_what_a_killed_writer_leaves_is_a_whole_beginning_of_what_it_wrote(path: Path, after: int) -> None:
    process = writer(path, "a", 1_000_000)
    go(process)
    assert process.stdout
    said = -1
    while said < after:
        said = int(process.stdout.readline())
    process.kill()
    rest, _ = process.communicate(timeout=30)
    said = max([said, *(int(line) for line in rest.splitlines(keepends=True) if line.endswith("\n"))])
    with opened(path) as journal:
        found = [entry.model for entry in journal.queue.load()]
        files = journal.files.load([Path(model) for model in found])
    assert found == [f"a-{number}" for number in range(len(found))]
    assert len(found) > said
    assert len(files) == len(found), "half a transaction"


def test_a_listing_is_kept_to_the_letter(path: Path) -> None:
    listing = Listing(
        "huggingface:owner/模型",
        "main",
        "c" * 40,
        (
            ListedFile("模型/é.bin", 1 << 50, Digest("sha256", "a" * 64)),
            ListedFile("e\u0301.bin", 0, None, remote="x y"),
            ListedFile("half \ud800 and \0", 3, Digest("git-sha1", "b" * 40)),
        ),
        WHEN,
    )
    with opened(path) as journal:
        journal.listings.save(listing)
        assert journal.listings.load(listing.source) == listing
        assert journal.listings.load("other") is None
        assert json.loads(journal.database.rows("SELECT files FROM listings")[0][0])[0][0] == "模型/é.bin"


def test_commits_that_were_pinned_are_known_when_newer_ones_are(path: Path, tmp_path: Path) -> None:
    with opened(path) as journal:
        for letter, output in (("a", None), ("b", None), ("c", tmp_path)):
            journal.listings.save(Listing("url:m", "main", letter * 40, (), WHEN), output)
        known = {letter for letter in "abc" if journal.listings.ever(["url:other", "url:m"], letter * 40)}
        assert known == {"a", "b"}
        assert journal.listings.ever(["url:m"], "c" * 40, tmp_path)
        assert not journal.listings.ever(["url:other"], "a" * 40)
