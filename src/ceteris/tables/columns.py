"""What a column is: exact text for ids, labels and groups; float64 or text for features. Nothing is guessed in silence.

A CSV column is numeric where every text that is not missing spells a finite number, else it is text. A Parquet column
is what its file declares: integers, floats, decimals and booleans become float64; timestamps, dates, times and
durations become seconds (since 1970-01-01 UTC, or since midnight); strings and categories are text; lists of numbers are
arrays. What `ingest.kinds` declares of a column comes first. Structs, bytes and their like are nothing, and are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from ceteris.errors import Problems, counted, some
from ceteris.kinds import ARRAYS, array_kind
from ceteris.tables.arrays import array_cells, is_array
from ceteris.tables.dates import read_dates, seconds_of
from ceteris.tables.labels import number_text
from ceteris.tables.measures import measured

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Features", "exact_text", "feature_frame", "has_decimal_comma", "is_blank", "is_plain"]

LARGEST = float(np.finfo(np.float32).max)  # forests and boosting compute in single precision
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_DECIMAL_COMMA = r"^[+-]?([0-9]*|[0-9]{1,3}([. ][0-9]{3})+),[0-9]+([eE][+-]?[0-9]+)?$"
_COMMA_NUMBER = r"^[+-]?([0-9]+(,[0-9]+)?|[1-9][0-9]{0,2}([. ][0-9]{3})+(,[0-9]+)?|,[0-9]+)([eE][+-]?[0-9]+)?$"
_TOLD_FROM = 0.05  # share of numbers from which a text column is called mixed
_PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}


@dataclass(frozen=True)
class Features:
    """The feature columns of a source.

    Attributes
    ----------
    frame : DataFrame, shape (n_rows, n_features)
        Sorted by name: float64 columns (NaN where missing), text columns (object, None where missing), columns of arrays.
    notes : tuple of str
        What deserves a look, without a single value, since some rows are about to be sealed.
    examples : tuple of str
        With values: for the terminal, never for a file that git keeps.
    moments : tuple of str
        The columns that the source itself declares as points in time.
    """

    frame: pd.DataFrame
    notes: tuple[str, ...]
    examples: tuple[str, ...]
    moments: tuple[str, ...] = ()


class _Read(NamedTuple):
    values: np.ndarray
    note: str = ""
    example: str = ""
    commas: str = ""
    repaired: tuple[int, int, int] = (0, 0, 0)  # cells that are no value, had a unit, had a decimal comma


class _Asked(NamedTuple):
    """How all columns are to be read, and where what hinders it is noted."""

    spelled: bool
    missing: tuple[str, ...]
    dates: str
    ids: np.ndarray
    problems: Problems
    sentinels: Mapping[str, tuple[str, ...]]
    units: Mapping[str, str | dict[str, float]]
    decimal: str

    def refuse(self, name: str, kind: str, what: str) -> None:
        self.problems.add(
            f"Column {name!r} is declared as {kind}, and {what}.",
            f"Correct `ingest.kinds` for {name!r} in params.yaml, or list what means 'no value' under `ingest.missing`.",
        )


def is_plain(kind: pa.DataType) -> bool:
    """Return whether values of an Arrow type are texts, numbers, truth values or times."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return is_plain(kind.value_type)
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    time = pa.types.is_timestamp(kind) or pa.types.is_date(kind) or pa.types.is_time(kind) or pa.types.is_duration(kind)
    return _is_text(kind) or number or time or pa.types.is_boolean(kind) or pa.types.is_null(kind)


def exact_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column as text: integers digit by digit, booleans and floats as Python writes them, null where null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_timestamp(column.type) and column.type.tz is not None:
        column = column.cast(pa.timestamp(column.type.unit, "UTC"))
    if pa.types.is_floating(column.type) or pa.types.is_boolean(column.type):
        if pa.types.is_floating(column.type):
            column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
        values = column.combine_chunks().dictionary_encode()
        texts = pa.array([repr(value) for value in values.dictionary.to_pylist()], pa.string())
        return pa.chunked_array([texts.take(values.indices)])
    return pc.cast(column, pa.string())


def is_blank(column: pa.ChunkedArray) -> np.ndarray:
    """Return where a text column is null or holds nothing but white space, shape (n_rows,), bool."""
    import pyarrow.compute as pc

    blank = pc.equal(pc.utf8_trim_whitespace(column), "")
    return np.asarray(pc.fill_null(blank, True).to_numpy(), dtype=bool)


def has_decimal_comma(text: str) -> bool:
    """Return whether a text spells a number whose decimals (or thousands) are parted by a comma."""
    return re.match(_DECIMAL_COMMA, text.strip()) is not None


def feature_frame(
    table: pa.Table,
    names: list[str],
    problems: Problems,
    *,
    spelled: bool,
    missing: tuple[str, ...],
    infinite: str,
    ids: np.ndarray,
    kinds: Mapping[str, str] | None = None,
    dates: str = "iso",
    sentinels: Mapping[str, tuple[str, ...]] | None = None,
    units: Mapping[str, str | dict[str, float]] | None = None,
    decimal: str = "point",
) -> Features:
    """Return the feature columns.

    Parameters
    ----------
    table : Table
    names : list of str
        The columns that are features, each of a plain type or of lists of numbers.
    problems : Problems
        Notes the columns that do not hold what they are declared to, and numbers that are infinite or too large.
    spelled : bool
        Whether numbers are spelled as text (CSV), so that columns are to be typed by what they hold.
    missing : tuple of str
        Texts that mean "no value", compared without surrounding white space.
    infinite : {"refuse", "missing"}
    ids : ndarray of str objects, shape (n_rows,)
        For refusals.
    kinds : mapping of str to str, optional
        The kind of each column that is declared; the others are what they hold.
    dates : {"iso", "day_first", "month_first"}
    sentinels : mapping of str to tuple of str, optional
        The values that mean "no value" in one column; a number is the same however it is spelled.
    units : mapping of str to str or mapping, optional
        The columns of numbers that are written with a unit, or with several and a factor for each.
    decimal : {"point", "comma"}
        What parts the decimals of numbers that are spelled as text.
    """
    asked = _Asked(spelled, missing, dates, ids, problems, sentinels or {}, units or {}, decimal)
    found = {name: _feature(table.column(name), name, (kinds or {}).get(name), asked) for name in sorted(names)}
    columns: dict[str, Any] = {}
    for name, read in found.items():
        values = read.values
        if values.dtype != object:
            values = _finite(values, name, infinite, ids, problems)
        columns[name] = pd.Series(values, dtype=values.dtype)
    frame = pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows))
    notes = [read.note for read in found.values() if read.note] + _commas([read.commas for read in found.values()])
    notes += _repaired([read.repaired for read in found.values()])
    moments = tuple(name for name in frame.columns if _is_moment(table.schema.field(name).type))
    return Features(frame, (*notes, *_dull(frame)), tuple(read.example for read in found.values() if read.example), moments)


def _is_moment(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind))


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _feature(column: pa.ChunkedArray, name: str, kind: str | None, asked: _Asked) -> _Read:
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if is_array(column.type):
        return _array(column, name, kind, asked)
    if kind in ARRAYS:
        asked.refuse(name, kind, f"holds {column.type}, no lists of numbers")
        return _Read(np.full(len(column), np.nan))
    if kind in ("category", "text") and not _is_text(column.type):
        column = exact_text(column)
    if name in asked.units and not _is_text(column.type):
        column = exact_text(column)
    if not _is_text(column.type):
        if kind == "date" and (pa.types.is_time(column.type) or pa.types.is_duration(column.type)):
            asked.refuse(name, kind, f"holds {column.type}, a time of no day")
        dated = _is_moment(column.type)
        return _without(_numbers(column), name, asked, dated)
    return _spelled(column, name, kind, asked)


def _without(values: np.ndarray, name: str, asked: _Asked, dated: bool = False, already: int = 0) -> _Read:
    """Return numbers (or seconds, of dates) without those that are declared to mean "no value"."""
    spelled = asked.sentinels.get(name, ())
    meant = [seconds_of(text, asked.dates) if dated else number_text(text) for text in spelled]
    gone = np.isin(values, [float(one) for one in meant if one is not None])
    return _Read(np.where(gone, np.nan, values), repaired=(already + int(gone.sum()), 0, 0))


def _array(column: pa.ChunkedArray, name: str, kind: str | None, asked: _Asked) -> _Read:
    if kind is not None and kind not in ARRAYS:
        asked.refuse(name, kind, "holds lists of numbers")
        return _Read(np.full(len(column), None, dtype=object))
    return _Read(array_cells(column, name, kind, asked.ids, asked.problems)[0])


def _spelled(column: pa.ChunkedArray, name: str, kind: str | None, asked: _Asked) -> _Read:
    """Return a column of texts as what it is declared to be, or, of a CSV file, as what its texts spell."""
    import pyarrow as pa
    import pyarrow.compute as pc

    trimmed = pc.utf8_trim_whitespace(column)
    no_value = pc.is_in(trimmed, value_set=pa.array(asked.missing, column.type))
    gone = pc.is_in(trimmed, value_set=pa.array(asked.sentinels.get(name, ()), column.type))
    n_gone = pc.sum(pc.and_not(gone, no_value)).as_py() or 0
    no_value = pc.or_(no_value, gone)
    known = pc.if_else(no_value, pa.scalar(None, column.type), trimmed)
    if name in asked.units:
        numbers, n_units = measured(
            known.to_numpy(zero_copy_only=False), name, asked.units[name], asked.decimal, asked.problems
        )
        read = _without(numbers, name, asked, already=n_gone)
        return read._replace(repaired=(read.repaired[0], n_units, 0))
    if kind == "date":
        dates = read_dates(known.to_numpy(zero_copy_only=False), name, asked.dates, asked.problems)
        return _without(dates, name, asked, dated=True, already=n_gone)
    spelled = asked.spelled or name in asked.sentinels
    n_commas = 0
    if kind == "number" or (kind is None and spelled):
        read_as, n_commas = _with_points(known) if asked.decimal == "comma" else (known, 0)
        try:
            parsed = pc.cast(read_as, pa.float64())
            if not pc.any(pc.is_nan(parsed)).as_py():
                read = _without(_floats(parsed), name, asked, already=n_gone)
                return read._replace(repaired=(read.repaired[0], 0, n_commas))
        except pa.ArrowInvalid:
            pass
    texts = pc.if_else(no_value, pa.scalar(None, column.type), column).to_numpy(zero_copy_only=False)
    if kind == "number":
        others = pc.unique(known.filter(pc.invert(pc.match_substring_regex(known, _NUMBER)))).drop_null().to_pylist()
        asked.refuse(name, kind, f"holds {some(others, 3)}")
    read = _mixed(texts, known, name) if kind is None and asked.spelled else _Read(texts)
    return read._replace(repaired=(n_gone, 0, 0))


def _with_points(texts: pa.ChunkedArray) -> tuple[pa.ChunkedArray, int]:
    """Return texts whose numbers have a decimal point, and how many had a comma; as they are where one is no such number."""
    import pyarrow.compute as pc

    if not pc.all(pc.match_substring_regex(texts, _COMMA_NUMBER)).as_py():
        return texts, 0
    n_commas = pc.sum(pc.match_substring(texts, ",")).as_py() or 0
    return pc.replace_substring(pc.replace_substring_regex(texts, "[. ]", ""), ",", "."), n_commas


def _repaired(counts: list[tuple[int, int, int]]) -> list[str]:
    """Return what the lines of `ingest` on single cells did: counts alone, since some rows are about to be sealed."""
    said = (
        "read as missing (ingest.sentinels)", "read as numbers without their unit or marks (ingest.units)",
        "read as numbers with a decimal comma (ingest.decimal)",
    )  # fmt: skip
    columns = [[count for count in of_kind if count] for of_kind in zip(*counts, strict=True)] if counts else []
    return [
        f"{counted(sum(held), 'cell')} of {counted(len(held), 'column')} {what}"
        for held, what in zip(columns, said, strict=False)
        if held
    ]


def _mixed(texts: np.ndarray, known: pa.ChunkedArray, name: str) -> _Read:
    """Return a text column, with what to say of it where it holds many numbers, with a point or with a comma."""
    import pyarrow.compute as pc

    held = known.drop_null()
    number = pc.match_substring_regex(held, _NUMBER)
    numbers, commas = pc.sum(number).as_py() or 0, pc.sum(pc.match_substring_regex(held, _DECIMAL_COMMA)).as_py() or 0
    if commas >= _TOLD_FROM * len(held) and 2 * (numbers + commas) > len(held):
        return _Read(texts, commas=f"{name!r} ({commas} of {len(held)} values)")
    if numbers == 0 or numbers < _TOLD_FROM * len(held):
        return _Read(texts)
    others = pc.unique(held.filter(pc.invert(number))).to_pylist()
    note = (
        f"column {name!r} is read as text: {numbers / len(held):.1%} of its {len(held)} values are numbers;"
        " where the others mean 'no value', list them under ingest.missing"
    )
    return _Read(texts, note, f"column {name!r} holds, beside numbers, {some(others, 3)}")


def _commas(columns: list[str]) -> list[str]:
    """Return what to say of all columns whose numbers have a comma: most often a whole file is written like that."""
    named = [column for column in columns if column]
    if not named:
        return []
    more = f" and {len(named) - 12} more" if len(named) > 12 else ""
    return [
        f"columns that are read as text, since their numbers hold a comma: {', '.join(named[:12])}{more};"
        " read them with params.yaml `ingest.decimal: comma` (or `ingest.units` where the comma parts thousands), or list them"
        " under ingest.drop"
    ]


def _numbers(column: pa.ChunkedArray) -> np.ndarray:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_time(kind) or pa.types.is_duration(kind):
        whole = pc.cast(pc.cast(column, pa.int32() if pa.types.is_time32(kind) else pa.int64()), pa.int64())
        return _floats(pc.cast(whole, pa.float64(), safe=False)) / _PER_SECOND[kind.unit]
    if pa.types.is_date(kind):
        return _floats(pc.cast(pc.cast(pc.cast(column, pa.timestamp("s")), pa.int64()), pa.float64(), safe=False))
    return _floats(pc.cast(column, pa.float64(), safe=False))


def _floats(column: pa.ChunkedArray) -> np.ndarray:
    return np.array(column.to_numpy(), dtype=np.float64)


def _finite(values: np.ndarray, name: str, infinite: str, ids: np.ndarray, problems: Problems) -> np.ndarray:
    """Return the values, after noting or taking out those beyond what every model can compute with."""
    unbounded = np.abs(values) > LARGEST
    if not unbounded.any():
        return values
    if infinite == "refuse":
        problems.add(
            f"Column {name!r} holds infinite numbers, or numbers too large for models to compute with (beyond {LARGEST:.1e}),"
            f" at the ids {some(ids[unbounded])}.",
            "Correct or rescale them, or read them as missing: params.yaml `ingest.infinite: missing`.",
        )
        return values
    return np.where(unbounded, np.nan, values)


def _dull(frame: pd.DataFrame) -> list[str]:
    held = {name: frame[name].nunique(dropna=True) for name in frame.columns if not array_kind(frame[name])}
    found = {
        "all missing": [name for name, count in held.items() if count == 0],
        "constant": [name for name, count in held.items() if count == 1],
    }
    return [f"columns that are {what}: {some(names)}" for what, names in found.items() if names]
