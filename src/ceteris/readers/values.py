"""Python values to Arrow columns, for sources whose cells have a type each: JSON lines, Excel, a database. Pure.

A column is what all of its values are. Where they differ, numbers written as text are numbers, texts that mean "no value"
are none, and everything else is text, spelled exactly; each is told.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from ceteris.errors import BadInputError, counted, some
from ceteris.readers.vectors import vector_column

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["table_of"]

_NUMBER = re.compile(r"^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$")
_NUMBERS = {int, float, Decimal}
_NAMES = {
    str: "texts", int: "whole numbers", float: "numbers", Decimal: "numbers", bool: "truth values", list: "lists",
    date: "dates", datetime: "times", time: "times of day", timedelta: "durations", bytes: "bytes", dict: "objects",
}  # fmt: skip


def table_of(
    columns: dict[str, list[Any]],
    name: str,
    *,
    exact: Collection[str] = (),
    drop: Collection[str] = (),
    missing: Collection[str] = (),
    places: Sequence[str] | None = None,
    leave_out: str = "leave it out: params.yaml `ingest.drop`",
) -> tuple[pa.Table, list[str]]:
    """Return the table that columns of Python values make, and what to say of columns of several types.

    Parameters
    ----------
    columns : dict of str to list
        All of one length; None: no value.
    name : str
        What the source is called in a refusal.
    exact : collection of str
        Columns to spell exactly, as ids and labels are.
    drop : collection of str
        Columns that are no features: what they hold is refused nowhere.
    missing : collection of str
        Texts that mean "no value" beside numbers.
    places : sequence of str, optional
        What each row is called in a refusal; default: "row 1", "row 2", ...
    leave_out : str
        How a column is left out of this source.

    Raises
    ------
    BadInputError
        A column holds what is neither text, number, time nor vector.
    """
    import pyarrow as pa

    arrays, notes = {}, []
    for column, values in columns.items():
        what = f"{name} column {column!r}"
        try:
            arrays[column], said = _column(values, what, column in exact, column in drop, missing, places)
        except UnicodeEncodeError:
            raise _half_a_character(values, what, places) from None
        except BadInputError as refusal:
            raise BadInputError(
                refusal.what, f"Write it as plain text, numbers, or vectors of one length, or {leave_out}."
            ) from None
        notes += [said] if said else []
    return pa.table(arrays), notes


def _column(
    values: list[Any], what: str, exact: bool, drop: bool, missing: Collection[str], places: Sequence[str] | None
) -> tuple[Any, str]:
    import pyarrow as pa

    kinds = set(map(type, values)) - {type(None)}
    odd = kinds - _NAMES.keys() | kinds & {dict, bytes}
    if odd and drop:
        return pa.nulls(len(values)), ""
    if odd:
        row = next(row for row, value in enumerate(values) if type(value) in odd)
        found = _NAMES.get(type(values[row]), type(values[row]).__name__)
        raise BadInputError(
            f"{what} holds {found}, first in {_place(row, places)}.",
            "",
        )
    if list in kinds:
        return _lists(values, what, kinds, drop, places)
    if exact:
        return pa.array([_spelled(value) for value in values], pa.string()), ""
    if str in kinds and len(kinds) > 1 and kinds - {str} <= _NUMBERS:
        return _numbers_and_words(values, what, missing)
    array = _plain(values, kinds)
    return (array, "") if array is not None else _as_text(values, what)


def _plain(values: list[Any], kinds: set[type]) -> Any:
    """Return values of one type, or of types that are one in kind, as an Arrow array; None where they are neither."""
    import pyarrow as pa

    if kinds == {datetime}:
        zoned = {value.tzinfo is not None for value in values if value is not None}
        return None if len(zoned) > 1 else pa.array(values, pa.timestamp("us", "UTC" if zoned == {True} else None))
    if kinds == {date, datetime} and all(getattr(value, "tzinfo", None) is None for value in values):
        midnight = [datetime.combine(value, time()) if type(value) is date else value for value in values]
        return pa.array(midnight, pa.timestamp("us"))
    if kinds == {int} and all(value is None or -(2**63) <= value < 2**63 for value in values):
        return pa.array(values, pa.int64())
    if kinds == {Decimal}:
        try:
            return pa.array(values)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            pass
    if kinds and kinds <= _NUMBERS:
        return pa.array([None if value is None else _float(value) for value in values], pa.float64())
    one: dict[type, Any] = {str: pa.string(), bool: pa.bool_(), date: pa.date32(), time: pa.time64("us")}
    one |= {timedelta: pa.duration("us")}
    return pa.array(values, one[next(iter(kinds))] if kinds else pa.null()) if len(kinds) <= 1 else None


def _float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.copysign(math.inf, value)


def _spelled(value: Any) -> str | None:
    """Return a value as exact text; None where there is none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() and value.tzinfo is None else value.isoformat(" ")
    return value if isinstance(value, str) else repr(value) if isinstance(value, float) else str(value)


def _numbers_and_words(values: list[Any], what: str, missing: Collection[str]) -> tuple[Any, str]:
    """Return numbers where every text beside them is a number or means that there is none, else text."""
    import pyarrow as pa

    words = [value.strip() for value in values if isinstance(value, str)]
    others = [word for word in words if word not in missing]
    if not all(map(_NUMBER.match, others)):
        return _as_text(values, what)
    held = [None if isinstance(value, str) and value.strip() in missing else value for value in values]
    numbers = pa.array([None if value is None else _float(value) for value in held], pa.float64())
    return numbers, f"{what} holds {len(others)} numbers that are written as text; they are read as numbers" if others else ""


def _as_text(values: list[Any], what: str) -> tuple[Any, str]:
    import pyarrow as pa

    names = [_NAMES[type(value)] for value in values if value is not None]
    told = ", ".join(f"{kind} in {counted(names.count(kind), 'row')}" for kind in sorted(set(names)))
    return pa.array([_spelled(value) for value in values], pa.string()), f"{what} is read as text, since it holds {told}"


def _lists(values: list[Any], what: str, kinds: set[type], drop: bool, places: Sequence[str] | None) -> tuple[Any, str]:
    import pyarrow as pa

    held = [value for value in values if isinstance(value, list)]
    numbers = all(type(number) in _NUMBERS for value in held for number in value)
    lengths = {len(value) for value in held}
    whole = kinds == {list} and len(held) == len(values) and numbers and len(lengths) == 1 and lengths != {0}
    if whole:
        rows = np.array([[_float(number) for number in value] for value in values], dtype=np.float64)
        return vector_column(rows, what), ""
    if drop:
        return pa.nulls(len(values)), ""
    usual = max(lengths, key=lambda length: sum(len(value) == length for value in held))
    bad = [
        _place(row, places) for row, value in enumerate(values)
        if not isinstance(value, list) or len(value) != usual or any(type(number) not in _NUMBERS for number in value)
    ]  # fmt: skip
    raise BadInputError(
        f"{what} holds lists, which are read as vectors: {usual} numbers in every row. {len(bad)} rows hold something else:"
        f" {some(bad)}.",
        "",
    )


def _half_a_character(values: list[Any], what: str, places: Sequence[str] | None) -> BadInputError:
    row = next(row for row, value in enumerate(values) if isinstance(value, str) and not _is_whole(value))
    return BadInputError(f"{what} holds a lone surrogate (half a character) in {_place(row, places)}.", "Write it again.")


def _is_whole(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _place(row: int, places: Sequence[str] | None) -> str:
    return places[row] if places is not None else f"row {row + 1}"
