"""A journal that is old, newer, damaged, gone or locked: brought forward, left alone, or made anew, and said so."""

import itertools
import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from conftest import ExpectedLog
from helpers.clock import SOON
from model_preload.core import errors
from model_preload.core.files import Disk
from model_preload.core.journal import FORMAT, BlockRecord, Journal, QueuedModel, QueueState, database, migrations
from model_preload.core.values import Digest, Published

pytestmark = pytest.mark.windows
NAME = "journal.sqlite3"
OLD = Path(__file__).parent.parent / "data" / "journal-1.sql"
A = QueuedModel("a", QueueState.WAITING)
ROWS: dict[str, list[tuple[object, ...]]] = {
    "listings": [("huggingface:owner/model", "main", "c" * 40, "2026-03-01T12:00:00Z", '[["a.bin",3,null,""]]')],
    "files": [("/a", 3, 4, "sha256:" + "a" * 64, "2026-03-01T12:00:00Z")],
    "parts": [("/p", 9, "", "[[0,4]]", "[[0,2]]", "boot", "2026-03-01T12:00:00Z")],
    "queue": [("a", 1, "waiting", "2026-03-01T12:00:00Z"), ("b", 2, "failed", "2026-03-01T12:00:00Z")],
    "chosen": [("a", "2026-03-01T12:00:00Z")],
    "runs": [(1, '["a"]', "2026-03-01T12:00:00Z", None, "running", 0, 0, "[]")],
}


def opened(path: Path) -> "closing[Journal]":
    return closing(Journal.open(path, Disk()))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "journal"
    folder.mkdir()
    return folder / NAME


def filled(path: Path) -> None:
    """A journal with the model `a` in its queue, and enough beside it to fill some pages."""
    with opened(path) as journal, journal.transaction():
        journal.queue.append(["a"])
        for number in range(300):
            place = Published(path.parent / f"{number}.bin", number, number)
            journal.files.save(place, Digest("sha256", f"{number:064x}"))


def others(path: Path) -> list[str]:
    """What lies beside the journal, without its kind of lock."""
    return sorted(one.name for one in path.parent.iterdir() if one.name not in (NAME, "journal.lock"))


def content(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as connection:
        return {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in ROWS}


# Migrations


@pytest.fixture
def old(path: Path) -> Path:
    """A journal as the first version wrote it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(OLD.read_text(encoding="utf-8"))
        for table, rows in ROWS.items():
            for row in rows:
                connection.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(row))})", row)
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    return path


def test_a_file_of_format_1_is_brought_forward_with_every_row(old: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "model_preload.journal")
    with opened(old) as journal:
        assert journal.database.rows("PRAGMA user_version") == [(FORMAT,)]
        assert journal.recovered is None
        assert journal.queue.load() == (A, QueuedModel("b", QueueState.FAILED))
        assert journal.brought.all() == frozenset(), "nobody wrote down who brought what is known"
        assert journal.listings.ever(["huggingface:owner/model"], "c" * 40)
    assert content(old) == ROWS
    backup = old.with_name(f"{NAME}.v1.backup")
    assert content(backup) == ROWS
    with closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("PRAGMA user_version").fetchall() == [(1,)]
    assert str(backup) in caplog.text
    assert others(old) == [backup.name]
    with opened(old):
        pass
    assert caplog.text.count(str(backup)) == 1


def test_a_new_journal_and_one_brought_forward_have_one_schema(old: Path) -> None:
    def schema(path: Path) -> set[str]:
        with opened(path) as journal:
            return {
                " ".join(row[0].split()) for row in journal.database.rows("SELECT sql FROM sqlite_master") if row[0]
            }

    assert schema(old) == schema(old.with_name("new.sqlite3"))


@pytest.mark.parametrize("broken", ["CREATE TABLE listings (x)", "INSERT INTO nowhere VALUES (1)"])
def test_a_failed_migration_leaves_the_file_as_it_was(old: Path, broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(database, "MIGRATIONS", (*migrations.MIGRATIONS, ("DELETE FROM files", broken)))
        patched.setattr(database, "FORMAT", FORMAT + 1)
        with pytest.raises(errors.JournalUnusable):
            Journal.open(old, Disk())
    with closing(sqlite3.connect(old)) as connection:
        assert connection.execute("PRAGMA user_version").fetchall() == [(1,)]
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'blocks'").fetchone() == (0,)
    assert content(old) == ROWS
    with opened(old) as journal:
        assert journal.queue.load()[0] == A


def test_without_room_for_the_backup_nothing_is_migrated(old: Path) -> None:
    class Full(Disk):
        def replace(self, source: Path, target: Path) -> Published:
            raise errors.DiskFull(target, 0)

    with pytest.raises(errors.DiskFull, match="backup"):
        Journal.open(old, Full())
    assert others(old) == []
    assert content(old) == ROWS


APPEND = """if True:
    import sys
    from pathlib import Path
    from model_preload.core.files import Disk
    from model_preload.core.journal import Journal
    sys.stdin.readline()
    journal = Journal.open(Path(sys.argv[1]), Disk())
    journal.queue.append([sys.argv[2]])
    journal.close()"""


def append_at_once(path: Path, names: str) -> None:
    """Several processes open the journal at once and append a model each."""
    command = [sys.executable, "-c", APPEND, str(path)]
    processes = [subprocess.Popen([*command, name], stdin=subprocess.PIPE, encoding="utf-8") for name in names]
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=30)
        assert process.returncode == 0


def test_processes_that_migrate_at_once_make_one_right_backup(old: Path) -> None:
    append_at_once(old, "cde")
    with opened(old) as journal:
        assert sorted(entry.model for entry in journal.queue.load()) == ["a", "b", "c", "d", "e"]
    assert content(old.with_name(f"{NAME}.v1.backup")) == ROWS
    with closing(sqlite3.connect(old.with_name(f"{NAME}.v1.backup"))) as connection:
        assert connection.execute("PRAGMA user_version").fetchall() == [(1,)]


def test_blocks_are_of_the_bytes_that_the_file_was_known_to_hold(path: Path) -> None:
    """A format that did not say whose blocks they are: of those that can't be told any more none are left."""
    names = known, changed, forgotten = [str(path.parent / name) for name in ("known", "changed", "forgotten")]
    digest = "sha256:" + "a" * 64
    with closing(sqlite3.connect(path)) as connection:
        for statement in itertools.chain(*migrations.MIGRATIONS[:2]):
            connection.execute(statement)
        for name in (known, changed):
            connection.execute("INSERT INTO files VALUES (?, 3, 4, ?, ?)", (name, digest, "2026-03-01T12:00:00Z"))
        for name, mtime_ns in ((known, 4), (changed, 5), (forgotten, 4)):
            connection.execute("INSERT INTO blocks VALUES (?, 3, ?, ?)", (name, mtime_ns, b"d" * 16))
        connection.execute("PRAGMA user_version = 2")
        connection.commit()
    with opened(path) as journal:
        found = [journal.blocks.load(Path(name)) for name in names]
    assert found == [BlockRecord(3, 4, Digest.parse(digest), (b"d" * 16,)), None, None]


def test_blocks_are_kept_by_file(path: Path) -> None:
    some = [bytes([number]) * 16 for number in range(3)]
    found = Published(path.parent / "模型.bin", 20 << 20, 5)
    digest = Digest("sha256", "b" * 64)
    with opened(path) as journal:
        assert journal.blocks.load(found.path) is None
        journal.blocks.save(found, digest, [])
        journal.blocks.save(found, digest, some)
        assert journal.blocks.load(found.path) == BlockRecord(found.size, found.mtime_ns, digest, tuple(some))
        with pytest.raises(ValueError, match="16"):
            journal.blocks.save(found, digest, [b"short"])
        journal.blocks.forget([found.path, path])
        assert journal.blocks.load(found.path) is None


# Damage


def flipped(path: Path) -> None:
    """Some bytes of every page but the first are others now."""
    data = bytearray(path.read_bytes())
    for start in range(4096, len(data), 4096):
        data[start : start + 64] = random.Random(start).randbytes(64)
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


DAMAGE: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "half": cut,
    "flipped": flipped,
    "first page": lambda path: path.write_bytes(bytes(4096) + path.read_bytes()[4096:]),
    "text": lambda path: path.write_bytes(b"no database, but long enough to be taken for one" * 100),
    "short": lambda path: path.write_bytes(b"short"),
    "header only": lambda path: path.write_bytes(b"SQLite format 3\0" + b"\xff" * 5000),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_set_aside_and_a_new_one_made(
    path: Path, damage: Callable[[Path], object], expected_log: ExpectedLog
) -> None:
    expected_log("the journal was damaged")
    filled(path)
    damage(path)
    before = path.read_bytes()
    with opened(path) as journal:
        assert journal.recovered is not None
        assert "new one was made" in str(journal.recovered)
        assert journal.queue.load() == ()
        journal.queue.append(["a"])
        (kept,) = others_kept(path)
        assert kept.name in str(journal.recovered)
    assert kept.read_bytes() == before
    with opened(path) as journal:
        assert (journal.recovered, journal.queue.load()) == (None, (A,))
    assert others(path) == [kept.name]


def others_kept(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{NAME}.damaged-*"))


def test_two_damaged_ones_of_one_second_are_both_kept(path: Path, expected_log: ExpectedLog) -> None:
    expected_log("the journal was damaged")
    for number in range(3):
        path.write_bytes(b"damaged %d" % number)
        with opened(path):
            pass
    assert sorted(kept.read_bytes() for kept in others_kept(path)) == [b"damaged 0", b"damaged 1", b"damaged 2"]


def test_processes_that_find_it_damaged_at_once_set_it_aside_once(path: Path) -> None:
    filled(path)
    flipped(path)
    append_at_once(path, "abc")
    with opened(path) as journal:
        assert sorted(entry.model for entry in journal.queue.load()) == ["a", "b", "c"]
    assert len(others_kept(path)) == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows renames no open file")
def test_who_still_has_the_old_file_open_does_not_speak_of_the_new_one(path: Path, expected_log: ExpectedLog) -> None:
    expected_log("the journal was damaged")
    filled(path)
    with closing(database.Database(path, Disk())) as late:
        flipped(path)
        with opened(path) as healer:
            assert healer.recovered is not None
            healer.queue.append(["a"])
        with pytest.raises(errors.JournalDamaged), late.decoding():
            raise ValueError("no row of ours")
    with opened(path) as journal:
        assert (journal.recovered, journal.queue.load()) == (None, (A,))


def test_the_log_of_a_damaged_file_goes_with_it(path: Path, expected_log: ExpectedLog) -> None:
    expected_log("the journal was damaged")
    filled(path)
    flipped(path)
    path.with_name(f"{NAME}-wal").write_bytes(b"no log")
    with opened(path) as journal:
        assert journal.queue.load() == ()
    assert all(name.startswith(f"{NAME}.damaged-") for name in others(path))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows lets nobody write into or remove an open journal")
def test_damage_that_comes_while_it_is_open_ends_by_name_and_the_next_start_heals(
    path: Path, expected_log: ExpectedLog
) -> None:
    expected_log("the journal was damaged")
    filled(path)
    with opened(path) as journal:
        flipped(path)
        journal.database.rows("PRAGMA cache_size = 0")
        with pytest.raises(errors.JournalDamaged) as caught:
            journal.database.rows("SELECT * FROM files")
        assert (caught.value.code, caught.value.exit_code) == ("journal-damaged", 3)
    with opened(path) as journal:
        assert journal.recovered is not None


@pytest.mark.parametrize(
    ("table", "column", "load"),
    [
        ("listings", "files", lambda journal: journal.listings.load("huggingface:owner/model")),
        ("listings", "listed_at", lambda journal: journal.listings.load("huggingface:owner/model")),
        ("files", "digest", lambda journal: journal.files.load([Path("/a")])),
        ("parts", "done", lambda journal: journal.parts.load(Path("/p"))),
        ("queue", "state", lambda journal: journal.queue.load()),
        ("runs", "errors", lambda journal: journal.runs.load(1)),
    ],
)
@pytest.mark.parametrize("value", ["'garbage'", "'[[1'", "CAST(x'ff41' AS TEXT)"])
@pytest.mark.skipif(sys.platform == "win32", reason="the paths of the rows are those of POSIX")
def test_a_row_that_nobody_wrote_is_damage(
    old: Path, table: str, column: str, load: Callable[[Journal], object], value: str, expected_log: ExpectedLog
) -> None:
    """SQLite finds nothing wrong with it, so the next start could not tell without the mark."""
    expected_log("the journal was damaged")
    with opened(old) as journal:
        journal.database.rows(f"UPDATE {table} SET {column} = {value}")
        with pytest.raises(errors.JournalDamaged):
            load(journal)
    with opened(old) as journal:
        assert journal.recovered is not None
        load(journal)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows lets nobody remove an open file")
def test_one_that_is_deleted_while_open_harms_nobody(path: Path) -> None:
    filled(path)
    with opened(path) as journal:
        for one in path.parent.glob(f"{NAME}*"):
            one.unlink()
        journal.queue.append(["b"])
        assert [entry.model for entry in journal.queue.load()] == ["a", "b"]
    with opened(path) as journal:
        assert journal.queue.load() == ()
        journal.queue.append(["a"])
    with opened(path) as journal:
        assert journal.queue.load() == (A,)


# Newer


NEWER = """if True:
    import os, sqlite3, sys
    connection = sqlite3.connect(sys.argv[1], isolation_level=None)
    connection.execute("PRAGMA user_version = 99")
    connection.execute("INSERT INTO chosen VALUES ('newer', 'now')")
    os._exit(9)"""


def test_what_a_killed_newer_version_left_is_not_touched(path: Path) -> None:
    filled(path)
    subprocess.run([sys.executable, "-c", NEWER, str(path)], check=False, timeout=30)
    log = path.with_name(f"{NAME}-wal")
    before = path.read_bytes(), log.read_bytes()
    assert before[1]
    for _ in range(2):
        with pytest.raises(errors.JournalTooNew) as caught:
            Journal.open(path, Disk())
        assert caught.value.exit_code == 3
        assert (path.read_bytes(), log.read_bytes()) == before


def test_a_damaged_newer_one_is_left_to_the_newer_version(path: Path) -> None:
    filled(path)
    with opened(path) as journal:
        journal.database.rows("PRAGMA user_version = 99")
    flipped(path)
    before = path.read_bytes()
    with pytest.raises(errors.JournalTooNew):
        Journal.open(path, Disk())
    assert path.read_bytes() == before


# Locked


def test_one_that_another_program_locks_is_refused_after_a_while(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_BUSY_SECONDS", 0.5)
    filled(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        with pytest.raises(errors.JournalLocked) as caught:
            Journal.open(path, Disk())
        assert time.monotonic() - began < SOON
        assert caught.value.exit_code == 3
    with opened(path) as journal:
        assert journal.queue.load() == (A,)
    assert others(path) == []


def test_one_that_is_locked_for_a_moment_is_waited_for(path: Path) -> None:
    filled(path)
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    timer = threading.Timer(0.4, other.close)
    timer.start()
    with opened(path) as journal:
        journal.queue.append(["b"])
    timer.join()
    with opened(path) as journal:
        assert [entry.model for entry in journal.queue.load()] == ["a", "b"]


def test_random_damage_is_healed_or_harmless(path: Path, expected_log: ExpectedLog) -> None:
    """A journal with bytes changed at random opens, and afterwards works; whatever was in it."""
    expected_log("the journal was damaged")
    filled(path)
    whole = path.read_bytes()
    chance = random.Random(3)
    for number in range(100):
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 30)):
            data[chance.randrange(100, len(data))] = chance.randrange(256)
        path.write_bytes(data)
        path.with_name(f"{NAME}.suspect").unlink(missing_ok=True)
        for attempt in itertools.count():
            assert attempt < 3
            try:
                with opened(path) as journal:
                    journal.queue.append([str(number)])
                    assert str(number) in [entry.model for entry in journal.queue.load()]
                    journal.files.load([path.parent / f"{n}.bin" for n in range(300)])
                break
            except errors.JournalDamaged:
                continue


def test_a_mark_does_not_outlive_the_journal_it_was_about(tmp_path: Path) -> None:
    """A kill came between setting a damaged journal aside and taking its mark away, or someone deleted the journal."""
    path = tmp_path / "journal.sqlite3"
    database.mark(path).write_text("it was damaged")
    for _ in range(2):
        journal = Journal.open(path, Disk())
        assert journal.recovered is None
        journal.close()
    assert not database.mark(path).exists()
