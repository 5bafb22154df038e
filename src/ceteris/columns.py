"""What a column is: exact text for ids, labels and groups; float64 or text for features. Nothing is guessed in silence.

A CSV column is numeric where every text that is not missing spells a finite number, else it is text. A Parquet column
is what its file declares: integers, floats, decimals and booleans become float64; timestamps, dates, times and
durations become seconds (since 1970-01-01 UTC, or since midnight); strings and categories are text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ceteris.errors import BadInputError, some

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["exact_text", "feature_frame", "is_blank"]

_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_DECIMAL_COMMA = r"^[+-]?[0-9]+,[0-9]+$"
_TOLD_FROM = 0.05  # share of numbers from which a text column is called mixed
_PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}


def exact_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column as text: integers digit by digit, booleans and floats as Python writes them, null where null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
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


def feature_frame(
    table: pa.Table, names: list[str], *, spelled: bool, missing: tuple[str, ...], infinite: str, ids: np.ndarray
) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Return the feature columns, sorted by name, notes on columns that deserve a look, and examples for them.

    Parameters
    ----------
    table : Table
    names : list of str
        The columns that are features.
    spelled : bool
        Whether numbers are spelled as text (CSV), so that columns are to be typed by what they hold.
    missing : tuple of str
        Texts that mean "no value", compared without surrounding white space.
    infinite : {"refuse", "missing"}
    ids : ndarray of str objects, shape (n_rows,)
        For refusals.

    Returns
    -------
    frame : DataFrame, shape (n_rows, n_features)
        float64 columns (NaN where missing) and text columns (object, None where missing).
    notes : list of str
        Without a single value, since some rows are about to be sealed.
    examples : list of str
        With values: for the terminal, never for a file that git keeps.
    """
    columns: dict[str, Any] = {}
    notes: list[str] = []
    examples: list[str] = []
    for name in sorted(names):
        values, note, example = _feature(table.column(name), name, spelled, missing)
        if values.dtype != object:
            values = _finite(values, name, infinite, ids)
        columns[name] = pd.Series(values, dtype=values.dtype)
        notes += [note] if note else []
        examples += [example] if example else []
    frame = pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows))
    return frame, notes + _dull(frame), examples


def _feature(column: pa.ChunkedArray, name: str, spelled: bool, missing: tuple[str, ...]) -> tuple[np.ndarray, str, str]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type)):
        return _numbers(column, name), "", ""
    trimmed = pc.utf8_trim_whitespace(column)
    no_value = pc.is_in(trimmed, value_set=pa.array(missing, column.type))
    known = pc.if_else(no_value, pa.scalar(None, column.type), trimmed)
    if spelled:
        try:
            parsed = pc.cast(known, pa.float64())
            if not pc.any(pc.is_nan(parsed)).as_py():
                return _floats(parsed), "", ""
        except pa.ArrowInvalid:
            pass
    texts = pc.if_else(no_value, pa.scalar(None, column.type), column).to_numpy(zero_copy_only=False)
    return texts, *(_mixed(known, name) if spelled else ("", ""))


def _mixed(known: pa.ChunkedArray, name: str) -> tuple[str, str]:
    """Return what to say of a text column that holds many numbers, and what else it holds; "" where it does not."""
    import pyarrow.compute as pc

    held = known.drop_null()
    number = pc.match_substring_regex(held, _NUMBER)
    share = pc.mean(number).as_py() or 0.0
    if share >= _TOLD_FROM:
        others = pc.unique(held.filter(pc.invert(number))).to_pylist()
        note = (
            f"column {name!r} is read as text: {share:.1%} of its {len(held)} values are numbers;"
            " where the others mean 'no value', list them under ingest.missing"
        )
        return note, f"column {name!r} holds, beside numbers, {some(others, 3)}"
    if (pc.mean(pc.match_substring_regex(held, _DECIMAL_COMMA)).as_py() or 0.0) > 0.5:
        return f"column {name!r} is read as text: its numbers have a decimal comma; write them with a point to have numbers", ""
    return "", ""


def _numbers(column: pa.ChunkedArray, name: str) -> np.ndarray:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_time(kind) or pa.types.is_duration(kind):
        whole = pc.cast(pc.cast(column, pa.int32() if pa.types.is_time32(kind) else pa.int64()), pa.int64())
        return _floats(pc.cast(whole, pa.float64(), safe=False)) / _PER_SECOND[kind.unit]
    if pa.types.is_date(kind):
        return _floats(pc.cast(pc.cast(pc.cast(column, pa.timestamp("s")), pa.int64()), pa.float64(), safe=False))
    if pa.types.is_null(kind) or pa.types.is_boolean(kind) or pa.types.is_decimal(kind):
        return _floats(pc.cast(column, pa.float64()))
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return _floats(pc.cast(column, pa.float64(), safe=False))
    raise BadInputError(f"Column {name!r} holds {kind}, which is no number and no text.", f"List {name!r} under ingest.drop.")


def _floats(column: pa.ChunkedArray) -> np.ndarray:
    return np.array(column.to_numpy(), dtype=np.float64)


def _finite(values: np.ndarray, name: str, infinite: str, ids: np.ndarray) -> np.ndarray:
    unbounded = np.isinf(values)
    if not unbounded.any():
        return values
    if infinite == "refuse":
        raise BadInputError(
            f"Column {name!r} holds infinite numbers, or numbers too large to hold, at the ids {some(ids[unbounded])}.",
            "Correct them, or read them as missing: params.yaml `ingest.infinite: missing`.",
        )
    return np.where(unbounded, np.nan, values)


def _dull(frame: pd.DataFrame) -> list[str]:
    held = {name: frame[name].nunique(dropna=True) for name in frame.columns}
    found = {
        "all missing": [name for name, count in held.items() if count == 0],
        "constant": [name for name, count in held.items() if count == 1],
    }
    return [f"columns that are {what}: {some(names)}" for what, names in found.items() if names]
