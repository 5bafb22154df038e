"""The one thread that writes the log of a served model: a bounded queue, and many requests in one transaction.

Room in the queue is reserved before a model is asked, so that no row is predicted which could not be logged. Where the log
cannot be written (locked, disk full) each batch is tried once, within the patience of its connection, and its fate is told.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ceteris.errors import CeterisError
from ceteris.serving.log_file import (
    DROPPED,
    INFERENCE,
    REFUSAL,
    Clock,
    identity,
    open_log,
    refuse_another,
    said_of,
    standing,
    transaction,
)
from ceteris.serving.remarks import remark

__all__ = ["Line", "Refusal", "Work", "Writer"]

Lines = list[tuple[Any, ...]]


@dataclass
class Work:
    """Something to be written: `write(connection, at)` runs inside a transaction, and `done` holds what it returned.

    Attributes
    ----------
    rows : int
        The room in the queue that was reserved for it.
    """

    write: Callable[[sqlite3.Connection, float], Any]
    rows: int = 0
    done: Future[Any] = field(default_factory=Future)


def Line(request_id: str, model: str, schema: str, rows: Sequence[tuple[str, str, str, str | None]], ms: float) -> Work:  # noqa: N802
    """Return the work of logging one request: (row id, inputs, label, probabilities) of each row."""

    def write(connection: sqlite3.Connection, at: float) -> None:
        lines = [(request_id, at, one[0], model, schema, *one[1:], ms) for one in rows]
        connection.executemany(INFERENCE, lines)

    return Work(write, len(rows))


def Refusal(request_id: str, status: int, reason: str) -> Work:  # noqa: N802
    """Return the work of logging what was refused, without its body."""
    return Work(lambda connection, at: connection.execute(REFUSAL, (request_id, at, status, reason[:2000])), 1)


class Writer:
    """Owns the log while a model is served.

    Parameters
    ----------
    room : int
        Rows that may wait: reserved, or in the queue.
    full, patience : as of `open_log`

    Attributes
    ----------
    fault : str
        What hinders the log from being written, "" where nothing does.
    """

    def __init__(self, path: Path, room: int, *, full: bool = False, patience: float = 5.0) -> None:
        self._path, self._room = path, room
        self._connection = open_log(path, full=full, patience=patience)
        self._file = identity(path)
        self._clock = Clock(standing(self._connection))
        self._queue: deque[tuple[float, Work]] = deque()
        self._reserved, self._dropped, self._closing = 0, 0, False
        self._changed = threading.Condition()
        self.fault = ""
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Rows that are predicted or logged just now."""
        return self._reserved

    def reserve(self, rows: int) -> bool:
        """Take room for rows, and return whether there was any; `put` and `release` give it back."""
        with self._changed:
            if self._closing or self._reserved + rows > self._room:
                return False
            self._reserved += rows
            return True

    def release(self, rows: int) -> None:
        """Give back room that was reserved and will not be used."""
        with self._changed:
            self._reserved -= rows

    def drop(self, rows: int) -> None:
        """Count rows that were answered and are not logged; the count is logged when the log can be written again."""
        with self._changed:
            self._dropped += rows
            self._changed.notify()

    def put(self, work: Work) -> Future[Any]:
        """Queue work whose room was reserved; what is returned is done once it is committed, or fails with the refusal."""
        work.done.set_running_or_notify_cancel()  # whoever waits for it may go away; it is written all the same
        with self._changed:
            self._queue.append((self._clock(), work))
            self._changed.notify()
        return work.done

    def close(self) -> None:
        """Write what waits, and let go of the log; once."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._closing or (self._dropped and not self.fault))
                batch, dropped, closing = list(self._queue), self._dropped, self._closing
                self._queue.clear()
            if batch or dropped:
                self._write(batch, dropped)
            with self._changed:
                self._reserved -= sum(work.rows for _, work in batch)
                if closing and not self._queue:
                    return

    def _write(self, batch: list[tuple[float, Work]], dropped: int) -> None:
        """Commit a batch as one transaction; where something in it cannot be written on any disk, one by one."""
        try:
            found = self._committed(batch, dropped)
        except sqlite3.OperationalError as error:
            self._fail(batch, said_of(error, self._path))
        except CeterisError as refusal:
            self._fail(batch, refusal)
        except Exception as error:
            if len(batch) > 1:
                for one in batch:
                    self._write([one], 0)
                return
            self._fail(batch, CeterisError(f"The log cannot hold this: {error}.", "Send another request."))
        else:
            with self._changed:
                self._dropped -= dropped
            self.fault = ""
            for (_, work), value in zip(batch, found, strict=True):
                work.done.set_result(value)

    def _committed(self, batch: list[tuple[float, Work]], dropped: int) -> list[Any]:
        refuse_another(self._path, self._file)
        with transaction(self._connection):
            found = [work.write(self._connection, at) for at, work in batch]
            if dropped:
                self._connection.execute(DROPPED, (self._clock(), dropped))
        return found

    def _fail(self, batch: list[tuple[float, Work]], refusal: CeterisError) -> None:
        if not self.fault:
            remark(f"The log is not written: {refusal}")
        self.fault = str(refusal)
        for _, work in batch:
            work.done.set_exception(refusal)
