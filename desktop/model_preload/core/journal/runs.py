"""History: what was asked for, when, and how it ended."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from model_preload.core.journal import clock
from model_preload.core.journal.database import Database


@dataclass(frozen=True, slots=True)
class RunError:
    """What a run could not do: the model, the file ("" if none), and the circumstance."""

    key: str
    file: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run; `outcome` is running, done, failed or interrupted, byte counts are of the network."""

    id: int
    models: tuple[str, ...]
    started_at: datetime
    finished_at: datetime | None
    outcome: str
    bytes_fetched: int
    bytes_total: int
    errors: tuple[RunError, ...]


class Runs:
    """Runs by number, and the models that were ever chosen."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, models: Sequence[str], *, chosen: bool = True) -> int:
        """Open a run and remember its models as chosen, if they are for this machine; returns its number."""
        moment = clock.written(clock.now())
        with self._database.transaction():
            self._database.write("UPDATE runs SET outcome = 'interrupted' WHERE outcome = 'running'", ())
            remembered = models if chosen else ()
            self._database.write("INSERT OR IGNORE INTO chosen VALUES (?, ?)", *((m, moment) for m in remembered))
            return self._database.write(
                "INSERT INTO runs VALUES (NULL, ?, ?, NULL, 'running', 0, 0, '[]')", (json.dumps(list(models)), moment)
            )

    def finish(self, run: int, outcome: str, bytes_fetched: int, bytes_total: int, errors: Iterable[RunError]) -> None:
        stored = json.dumps([[e.key, e.file, e.code, e.message] for e in errors])
        self._database.write(
            "UPDATE runs SET finished_at = ?, outcome = ?, bytes_fetched = ?, bytes_total = ?, errors = ? WHERE id = ?",
            (clock.written(clock.now()), outcome, bytes_fetched, bytes_total, stored, run),
        )

    def load(self, run: int) -> RunSummary | None:
        return next(iter(self._read("WHERE id = ?", run)), None)

    def latest(self, count: int) -> tuple[RunSummary, ...]:
        """The last runs, the newest first."""
        return self._read("ORDER BY id DESC LIMIT ?", count)

    def _read(self, which: str, value: int) -> tuple[RunSummary, ...]:
        columns = "id, models, started_at, finished_at, outcome, bytes_fetched, bytes_total, errors"
        rows = self._database.rows(f"SELECT {columns} FROM runs {which}", (value,))  # noqa: S608  written above
        with self._database.decoding():
            return tuple(
                RunSummary(
                    number,
                    tuple(json.loads(models)),
                    clock.read(started),
                    clock.read(finished) if finished else None,
                    outcome,
                    fetched,
                    total,
                    tuple(RunError(*error) for error in json.loads(errors)),
                )
                for number, models, started, finished, outcome, fetched, total, errors in rows
            )

    def chosen(self) -> frozenset[str]:
        """Keys of models that were ever asked for."""
        return frozenset(str(key) for (key,) in self._database.rows("SELECT model FROM chosen"))
