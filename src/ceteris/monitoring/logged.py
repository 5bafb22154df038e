"""The door to a log, for reading only: which windows it holds of a model, and the lines of one, with what is known of them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ceteris.monitoring.windows import COLUMNS
from ceteris.serving.log_file import numbered, reading

if TYPE_CHECKING:
    import sqlite3

__all__ = ["Log", "open_log"]

_LINE = ("seq", "at", "row_id", "model", "schema", "inputs", "label", "probabilities", "latency_ms")


class Log:
    """One reading of a log: what is written meanwhile is seen by the next."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows_of(self, model: str) -> tuple[int, int, int]:
        """Return how many lines are of this model, how many of others, and of how many others."""
        counts = dict(self._connection.execute("SELECT model, COUNT(*) FROM inferences GROUP BY model").fetchall())
        own = counts.pop(model, 0)
        return own, sum(counts.values()), len(counts)

    def windows(self, model: str, rows: int) -> list[tuple[int, int]]:
        """Return the first and last line of every whole window of so many lines of a model, from its first line on."""
        places = self._connection.execute(
            "SELECT seq, place FROM (SELECT seq, ROW_NUMBER() OVER (ORDER BY seq) - 1 AS place FROM inferences WHERE model = ?)"
            " WHERE place % ? IN (0, ? - 1) ORDER BY seq",
            (model, rows, rows),
        ).fetchall()
        firsts, lasts = ([seq for seq, place in places if place % rows == end] for end in (0, rows - 1))
        return list(zip(firsts, lasts, strict=False))  # the last lines may fill no window yet

    def newest(self, model: str, rows: int) -> tuple[int, int]:
        """Return the first and last line of the newest so many lines of a model, or of all where they are fewer."""
        return self._connection.execute(
            "SELECT MIN(seq), MAX(seq) FROM (SELECT seq FROM inferences WHERE model = ? ORDER BY seq DESC LIMIT ?)",
            (model, rows),
        ).fetchone()  # type: ignore[no-any-return]

    def lines(self, model: str, first: int, last: int, asked: Mapping[str, tuple[str, float]]) -> pd.DataFrame:
        """Return the lines of a window in the columns of `windows.COLUMNS`.

        Parameters
        ----------
        asked : mapping of str to (source, pi)
            What a queue asked for, by row id.
        """
        inside, bounds = "model = ? AND seq BETWEEN ? AND ?", (model, first, last)
        lines = self._connection.execute(f"SELECT {', '.join(_LINE)} FROM inferences WHERE {inside} ORDER BY seq", bounds)
        found = pd.DataFrame(lines.fetchall(), columns=list(_LINE), dtype=object)
        ids = f"SELECT row_id FROM inferences WHERE {inside}"
        labels = dict(
            self._connection.execute(f"SELECT row_id, label FROM labels WHERE row_id IN ({ids}) ORDER BY seq", bounds)
        )
        came = self._connection.execute(
            f"SELECT seq, row_id, metric, value FROM outcomes WHERE row_id IN ({ids}) ORDER BY seq", bounds
        )
        values = numbered(pd.DataFrame(came.fetchall(), columns=["seq", "row_id", "metric", "value"], dtype=object))
        outcomes: dict[str, dict[str, float]] = {}
        for row_id, metric, value in zip(values["row_id"], values["metric"], values["value"], strict=True):
            outcomes.setdefault(row_id, {})[metric] = value
        found["true"] = pd.Series([labels.get(one) for one in found["row_id"]], dtype=object)
        found["asked"] = pd.Series([asked.get(one, ("", 1.0))[0] for one in found["row_id"]], dtype=object)
        found["pi"] = [asked.get(one, ("", 1.0))[1] for one in found["row_id"]]
        told = [json.dumps(outcomes[one], sort_keys=True) if one in outcomes else "" for one in found["row_id"]]
        found["outcomes"] = pd.Series(told, dtype=object)
        return numbered(found).astype({"pi": float})[list(COLUMNS)]


@contextlib.contextmanager
def open_log(path: Path) -> Iterator[Log]:
    """Give one reading of a log; refusals as of `serving.log_file.reading`."""
    with reading(path) as connection:
        yield Log(connection)
