"""When a row came to be: a number, or a date in seconds since 1970-01-01 UTC; and the points at which time is cut."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ceteris.errors import ParamsError, Problems, some

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["cut_at", "spelled", "times_of"]

_DAY = 86_400


def times_of(
    column: pa.ChunkedArray, name: str, written: str | None, ids: np.ndarray, problems: Problems
) -> tuple[np.ndarray, bool]:
    """Return the time of each row, NaN where it could not be read and that was noted, and whether the times are dates.

    Parameters
    ----------
    column : ChunkedArray
        Numbers, timestamps or dates as they are; texts that all spell numbers, else dates.
    name : str
        The column's name.
    written : str, optional
        How a text spells a date, as `datetime.strptime` has it; default: as ISO 8601 has it.
    ids : ndarray of str objects, shape (n_rows,)
        For refusals.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    missing = pc.is_null(column, nan_is_null=True)
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        moments = column.cast(pa.timestamp("us", getattr(column.type, "tz", None)), safe=False)
        times, dated = np.array(moments.cast(pa.int64()).to_numpy(), dtype=np.float64) / 1e6, True
    elif pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        texts = pc.utf8_trim_whitespace(column)
        missing = pc.fill_null(pc.equal(texts, ""), True)
        times, dated = _of_texts(pd.Series(texts.to_pylist(), dtype=object), written)
    else:
        times, dated = np.array(column.cast(pa.float64(), safe=False).to_numpy(), dtype=np.float64), False
    blank = np.asarray(missing.to_numpy(), dtype=bool)
    times[blank] = np.nan
    _note(blank, name, "holds no time", "Write a time into each, leave these rows out, or set `split.by: hash`.", ids, problems)
    strange = ~np.isfinite(times) & ~blank
    how = "as 2018-03-31 or 2018-03-31T12:00" if written is None else f"as {written!r} (ingest.time_format) has it"
    do = f"Write numbers, or dates {how}; other dates are declared: `ingest.time_format: '%d.%m.%Y'`."
    _note(strange, name, "holds what is no time", do, ids, problems)
    return times, dated


def _of_texts(texts: pd.Series, written: str | None) -> tuple[np.ndarray, bool]:
    """Return what the texts spell, read as that of which more can be read: numbers, or dates."""
    numbers = pd.to_numeric(texts.where(texts != ""), errors="coerce") if written is None else pd.Series(dtype=float)
    if written is None and numbers.notna().sum() == (texts.fillna("") != "").sum():
        return numbers.to_numpy(dtype=np.float64).copy(), False
    moments = pd.to_datetime(texts, format=written or "ISO8601", utc=True, errors="coerce")
    if numbers.notna().sum() >= max(moments.notna().sum(), 1):
        return numbers.to_numpy(dtype=np.float64).copy(), False
    return _seconds(moments), True


def _seconds(moments: pd.Series) -> np.ndarray:
    since = moments - pd.Timestamp(0, tz="UTC")
    return np.array(since.dt.total_seconds(), dtype=np.float64)


def _note(rows: np.ndarray, name: str, what: str, do: str, ids: np.ndarray, problems: Problems) -> None:
    if rows.any():
        problems.add(f"Column {name!r} {what} in {rows.sum()} rows, at the ids {some(ids[rows])}.", do)


def cut_at(value: float | str, key: str) -> float:
    """Return the point in time that a line of params.yaml names: a number, or a date as ISO 8601 has it.

    Raises
    ------
    ParamsError
    """
    point = float(value) if not isinstance(value, str) else float(_seconds(_dated(value))[0])
    if not math.isfinite(point):
        raise ParamsError(
            f"split.{key} is {value!r}, which is no time.", f"Write a number, or a date: `split.{key}: '2018-03-31'`."
        )
    return point


def _dated(text: str) -> pd.Series:
    return pd.to_datetime(pd.Series([text], dtype=object), format="ISO8601", utc=True, errors="coerce")


def spelled(time: float, dated: bool) -> str | float:
    """Return a time as params.yaml is to hold it, so that `cut_at` finds it again: the shortest date, or the number."""
    if not dated:
        return int(time) if float(time).is_integer() and abs(time) < 2**53 else float(time)
    moment = pd.Timestamp(round(time * 1e6), unit="us")
    return moment.strftime("%Y-%m-%d") if time % _DAY == 0 else moment.isoformat()
