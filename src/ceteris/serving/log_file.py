"""The door to the log of a served model: one SQLite file in WAL mode, in which every inference is a line.

One server writes it, and `ceteris labels` beside it; any number may read. Times are seconds since 1970 UTC that never go back
within a log, whatever the clock does; what belongs together is cut by `seq`.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from ceteris.errors import BadInputError, BusyError, CeterisError, IntegrityError, counted, some

__all__ = [
    "DDL", "DROPPED", "FORMAT", "INFERENCE", "LABEL", "OUTCOME", "PATIENCE", "REFUSAL", "SOURCES", "Clock", "add_labels",
    "identity", "known_ids",
    "note_classes", "numbered", "open_log", "read_classes", "read_dropped", "read_inferences", "read_labels", "read_outcomes",
    "read_refusals", "reading", "refuse_another", "said_of", "standing", "transaction", "write_labels",
]  # fmt: skip

FORMAT = "1"
PATIENCE = 5.0  # seconds, where another process is writing
SOURCES = ("late", "review", "business")
DDL = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS inferences (seq INTEGER PRIMARY KEY AUTOINCREMENT, request_id TEXT NOT NULL, at REAL NOT NULL,
  row_id TEXT NOT NULL, model TEXT NOT NULL, schema TEXT NOT NULL, inputs TEXT NOT NULL, label TEXT NOT NULL,
  probabilities TEXT, latency_ms REAL NOT NULL);
CREATE INDEX IF NOT EXISTS inferences_row ON inferences(row_id);
CREATE TABLE IF NOT EXISTS refusals (seq INTEGER PRIMARY KEY AUTOINCREMENT, request_id TEXT NOT NULL, at REAL NOT NULL,
  status INTEGER NOT NULL, reason TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS labels (seq INTEGER PRIMARY KEY AUTOINCREMENT, row_id TEXT NOT NULL, label TEXT NOT NULL,
  at REAL NOT NULL, who TEXT NOT NULL, source TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS labels_row ON labels(row_id);
CREATE TABLE IF NOT EXISTS outcomes (seq INTEGER PRIMARY KEY AUTOINCREMENT, row_id TEXT NOT NULL, metric TEXT NOT NULL,
  value REAL NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS dropped (at REAL NOT NULL, rows INTEGER NOT NULL);
"""
INFERENCE = (
    "INSERT INTO inferences (request_id, at, row_id, model, schema, inputs, label, probabilities, latency_ms)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
REFUSAL = "INSERT INTO refusals (request_id, at, status, reason) VALUES (?, ?, ?, ?)"
LABEL = "INSERT INTO labels (row_id, label, at, who, source) VALUES (?, ?, ?, ?, ?)"
OUTCOME = "INSERT INTO outcomes (row_id, metric, value, at) VALUES (?, ?, ?, ?)"
DROPPED = "INSERT INTO dropped (at, rows) VALUES (?, ?)"


_NUMBERS = {"seq": "int64", "at": "float64", "status": "int64", "value": "float64", "rows": "int64", "latency_ms": "float64"}
_LAST_TIME = 253_402_300_799.0  # the end of the year 9999
_TABLES = frozenset({"meta", "inferences", "refusals", "labels", "outcomes", "dropped"})


class Clock:
    """Seconds since 1970 UTC that never go back: the time of day once, and what passed since; never before a log's last line.

    Parameters
    ----------
    last : float
        Of the last line of the log.
    now : float, optional
        The time of day; default: the machine's.
    """

    def __init__(self, last: float, now: float | None = None) -> None:
        self._start = max(time.time() if now is None else now, last)
        self._passed = time.monotonic()

    def __call__(self) -> float:
        return self._start + time.monotonic() - self._passed


def open_log(path: Path, *, full: bool = False, patience: float = PATIENCE) -> sqlite3.Connection:
    """Return a connection that writes a log, made where it is not there yet. Transactions are begun by hand.

    Parameters
    ----------
    full : bool
        Wait for the disk at each commit, so that a power failure loses nothing either.
    patience : float
        Seconds to wait where another process is writing.

    Raises
    ------
    IntegrityError
        The file is no log, or one of a newer ceteris.
    CeterisError
        It cannot be written.
    """
    try:
        connection = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)
        try:
            _prepare(connection, path, full)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise said_of(error, path) from None
    return connection


def identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from another of the same name, None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def refuse_another(path: Path, opened: tuple[int, int] | None) -> None:
    """Refuse to write a log that was moved, removed or replaced since it was opened: nobody would find the lines again."""
    if identity(path) != opened:
        raise IntegrityError(
            f"{path} was moved, removed or replaced under the server, which would write where nobody reads.",
            "Put that file back, or start the server anew.",
        )


def _prepare(connection: sqlite3.Connection, path: Path, full: bool) -> None:
    tables = _tables_of(connection)
    if tables and "meta" not in tables:
        raise _no_log(path)
    # A row of a hundred features fits into such a page; of a file that is there it changes nothing.
    connection.execute("PRAGMA page_size = 8192")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {'FULL' if full else 'NORMAL'}")
    if not tables:
        # Two processes may come to this at once: each statement does nothing where it was done.
        connection.executescript(f"BEGIN IMMEDIATE; {DDL} INSERT OR IGNORE INTO meta VALUES ('format', '{FORMAT}'); COMMIT;")
    _check_format(connection, path)


def _tables_of(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _no_log(path: Path) -> IntegrityError:
    return IntegrityError(f"{path} is a SQLite file, and no log of ceteris.", "Name another file: --log FILE.sqlite")


def _check_format(connection: sqlite3.Connection, path: Path) -> None:
    found = connection.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
    if found is None or found[0] != FORMAT:
        raise IntegrityError(
            f"{path} is a log of form {found and found[0]}, and this ceteris reads {FORMAT}.",
            "Install the ceteris that made it, or name another file: --log FILE.sqlite",
        )
    lacking = sorted(_TABLES - _tables_of(connection))
    if lacking:
        raise IntegrityError(f"{path} is no whole log: it lacks {some(lacking)}.", "Name another file: --log FILE.sqlite")


def standing(connection: sqlite3.Connection) -> float:
    """Return the time of the last line of any table, 0 where there is none."""
    tables = ("inferences", "refusals", "labels", "outcomes")
    last = "SELECT at FROM {} WHERE typeof(at) = 'real' AND at BETWEEN 0 AND ? ORDER BY seq DESC LIMIT 1"
    lasts = [connection.execute(last.format(name), (_LAST_TIME,)).fetchone() for name in tables]
    return max((found[0] for found in lasts if found is not None), default=0.0)


class transaction:  # noqa: N801
    """`with transaction(connection):` all that is written inside, or nothing."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def said_of(error: sqlite3.Error, path: Path, done: str = "written") -> CeterisError:
    """Return what SQLite refused as a sentence; `done` is what was to be done with the log."""
    code = (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return BusyError(f"{path} is locked: another process is writing it.", "Wait for it, or end it, then try again.")
    if code == sqlite3.SQLITE_FULL:
        return CeterisError(f"{path} could not be written: the disk is full.", "Make room, then try again.")
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return IntegrityError(f"{path} is no SQLite file, or a damaged one.", "Name another file: --log FILE.sqlite")
    if code == sqlite3.SQLITE_ERROR:  # a column that a query names
        return IntegrityError(f"{path} is no log as ceteris writes one: {error}.", "Name another file: --log FILE.sqlite")
    return CeterisError(f"{path} could not be {done}: {error}.", f"Give a place that can be {done}: --log FILE.sqlite")


def read_inferences(path: Path, after: int | None = None, last: int | None = None) -> pd.DataFrame:
    """Return the logged rows in the order of `seq`.

    Parameters
    ----------
    after : int, optional
        Only lines with a greater `seq`.
    last : int, optional
        At most so many, the newest of them.

    Returns
    -------
    DataFrame
        seq, request_id, at, row_id, model, schema, inputs (JSON text), label, probabilities (JSON text, or None), latency_ms.
    """
    wanted = "SELECT * FROM inferences WHERE seq > ? ORDER BY seq DESC LIMIT ?"
    found = _table(path, wanted, (after or 0, -1 if last is None else last))
    return found.iloc[::-1].reset_index(drop=True)


def read_labels(path: Path) -> pd.DataFrame:
    """Return every label that came in, in the order of `seq`: seq, row_id, label, at, who, source. The last of a row counts."""
    return _table(path, "SELECT * FROM labels ORDER BY seq")


def read_outcomes(path: Path) -> pd.DataFrame:
    """Return the business metric as it came in: seq, row_id, metric, value, at."""
    return _table(path, "SELECT * FROM outcomes ORDER BY seq")


def read_refusals(path: Path) -> pd.DataFrame:
    """Return what was refused, without its body: seq, request_id, at, status, reason."""
    return _table(path, "SELECT * FROM refusals ORDER BY seq")


def read_dropped(path: Path) -> pd.DataFrame:
    """Return how many answered rows the policy `drop` did not log, and when: at, rows."""
    return _table(path, "SELECT * FROM dropped ORDER BY at")


def read_classes(path: Path) -> tuple[str, ...] | None:
    """Return the classes of the model that was served last, () where it predicts numbers, None where nothing says so."""
    found = _table(path, "SELECT value AS classes FROM meta WHERE key = 'classes'")
    return tuple(json.loads(found["classes"].iloc[0])) if len(found) else None


def note_classes(connection: sqlite3.Connection, classes: Sequence[str]) -> None:
    """Keep the classes of the model that is served from now on."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('classes', ?)", (json.dumps(list(classes), ensure_ascii=False),))


@contextlib.contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Give one reading of a log: what is written meanwhile is seen by the next.

    Raises
    ------
    BadInputError
        It is not there.
    IntegrityError
        It is no log, damaged, or of another form.
    BusyError
        Another process has locked it.
    """
    if not path.is_file():
        raise BadInputError(
            f"{path} is not there: no log was written.", "Serve a model: ceteris serve FOLDER --log FILE.sqlite"
        )
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=PATIENCE, isolation_level=None)
        try:
            connection.execute("BEGIN")
            if "meta" not in _tables_of(connection):
                raise _no_log(path)
            _check_format(connection, path)
            yield connection
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise said_of(error, path, "read") from None


def _table(path: Path, query: str, values: Sequence[int] = ()) -> pd.DataFrame:
    with reading(path) as connection:
        cursor = connection.execute(query, values)
        names = [column[0] for column in cursor.description]
        found = pd.DataFrame(cursor.fetchall(), columns=names, dtype=object)
        return numbered(found)


def numbered(found: pd.DataFrame) -> pd.DataFrame:
    """Return lines of a log, of any table, with their numbers as such.

    Raises
    ------
    IntegrityError
        Something else stands where a finite number or a point in time must.
    """
    kinds = {str(name): _NUMBERS[name] for name in found.columns if name in _NUMBERS}
    for name in kinds:
        values = pd.to_numeric(found[name], errors="coerce").astype("float64")
        wrong = ~(values.between(0, _LAST_TIME) if name == "at" else values.abs() < float("inf"))
        if wrong.any():
            lines = f", as line {found.loc[wrong, 'seq'].iloc[0]} of its table" if "seq" in found else ""
            raise IntegrityError(
                f"{counted(int(wrong.sum()), 'line')} of the log can have no such {name!r} as stands there{lines}.",
                "Whoever wrote it is no `ceteris serve`: take such lines out, or name another log: --log FILE.sqlite",
            )
    return found.astype(kinds)


def known_ids(connection: sqlite3.Connection, ids: Iterable[str]) -> set[str]:
    """Return those of the ids that an inference was logged for."""
    asked = "SELECT 1 FROM inferences WHERE row_id = ? LIMIT 1"
    return {one for one in set(ids) if connection.execute(asked, (one,)).fetchone()}


def write_labels(
    connection: sqlite3.Connection, lines: Iterable[tuple[str, str]], at: float, who: str, source: str
) -> tuple[int, list[str]]:
    """Write (row id, label) lines inside a transaction that the caller began.

    A line that says what the last line of its row says already, by the same person from the same source, is not written again.

    Returns
    -------
    added : int
    unknown : list of str
        Ids that no inference was logged for: their labels are not written.
    """
    last = "SELECT label, who, source FROM labels WHERE row_id = ? ORDER BY seq DESC LIMIT 1"
    found = list(lines)
    known, added = known_ids(connection, (row_id for row_id, _ in found)), 0
    for row_id, label in found:
        if row_id in known and connection.execute(last, (row_id,)).fetchone() != (label, who, source):
            connection.execute(LABEL, (row_id, label, at, who, source))
            added += 1
    return added, list(dict.fromkeys(row_id for row_id, _ in found if row_id not in known))


def add_labels(path: Path, labels: pd.DataFrame, who: str, source: str, *, patience: float = PATIENCE) -> tuple[int, list[str]]:
    """Write the columns row_id and label into a log that is there; returns as of `write_labels`."""
    if not path.is_file():
        raise BadInputError(
            f"{path} is not there: no log was written.", "Serve a model: ceteris serve FOLDER --log FILE.sqlite"
        )
    connection = open_log(path, patience=patience)
    try:
        with transaction(connection):
            now = Clock(standing(connection))()
            pairs = zip(labels["row_id"], labels["label"], strict=True)
            return write_labels(connection, pairs, now, who, source)
    except sqlite3.Error as error:
        raise said_of(error, path) from None
    finally:
        connection.close()
