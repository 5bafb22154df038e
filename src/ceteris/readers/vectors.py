"""Rows of numbers, all of one length, as one Arrow column: the vectors of an embedding, or the pixels of a picture. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ceteris.errors import BadInputError, some

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["lists_as_vectors", "pixel_column", "vector_column"]

_ROWS = 65_536  # that are turned at a time


def vector_column(rows: np.ndarray, what: str) -> pa.ChunkedArray:
    """Return rows of numbers as vectors of single precision.

    Parameters
    ----------
    rows : ndarray of real numbers, shape (n_rows, width)
        May be mapped from a file; only a block of it is turned at a time.
    what : str
        What it is called in a refusal.

    Raises
    ------
    BadInputError
        A number is missing, infinite or beyond single precision: a vector has all its numbers.
    """
    import pyarrow as pa

    blocks, bad = [], []
    for start in range(0, len(rows), _ROWS):
        with np.errstate(over="ignore"):
            block = np.array(rows[start : start + _ROWS], dtype=np.float32, order="C")
        bad.append(start + 1 + np.flatnonzero(~np.isfinite(block).all(axis=1)))
        blocks.append(pa.FixedSizeListArray.from_arrays(pa.array(block.reshape(-1)), rows.shape[1]))
    places = np.concatenate(bad)
    if len(places):
        raise BadInputError(
            f"{what} holds numbers that are missing, infinite or beyond 3.4e38 in {len(places)} rows: {some(places)}"
            " (counted from the first row as 1).",
            "Compute these rows again, or leave them out: each row needs all numbers of its vector.",
        )
    return pa.chunked_array(blocks)


def pixel_column(rows: np.ndarray) -> pa.ChunkedArray:
    """Return rows of pixels, shape (n_rows, n_pixels), uint8, as one column."""
    import pyarrow as pa

    flat = pa.array(np.ascontiguousarray(rows, dtype=np.uint8).reshape(-1))
    return pa.chunked_array([pa.FixedSizeListArray.from_arrays(flat, rows.shape[1])])


def lists_as_vectors(
    cells: pa.Table, name: str, drop: tuple[str, ...], *, told_by_type: bool = False
) -> tuple[pa.Table, list[str]]:
    """Return a table whose lists of numbers are vectors, and what to say of lists that are none.

    Lists of numbers that are not all of one length become lists of single precision, a type that no kind has, so that the
    column is refused as every other that is no feature.

    Parameters
    ----------
    told_by_type : bool
        Whether the file's own types tell what lists are: bytes in rows of one length are the pixels of images, and lists of
        doubles of several lengths may be rows of a sparse matrix. These stay as they are.
    """
    import pyarrow as pa

    notes = []
    for place, field in enumerate(cells.schema):
        if not _holds_numbers(field.type):
            continue
        if told_by_type and _is_told(cells.column(place)):
            continue
        column, said = _as_vectors(cells.column(place), f"{name} column {field.name!r}", field.name in drop)
        notes += [said] if said else []
        cells = cells.set_column(place, pa.field(field.name, column.type), column)
    return cells, notes


def _as_vectors(column: pa.ChunkedArray, what: str, dropped: bool) -> tuple[pa.ChunkedArray, str]:
    import pyarrow as pa
    import pyarrow.compute as pc

    lengths = pc.list_value_length(column).to_numpy(zero_copy_only=False)
    known = lengths[~np.isnan(lengths.astype(np.float64))]
    if len(set(known)) > 1 or not len(known) or known[0] == 0:
        shortest, longest = (int(known.min()), int(known.max())) if len(known) else (0, 0)
        note = f"{what} holds lists of {shortest} to {longest} numbers: a vector has as many in every row"
        return column.cast(pa.list_(pa.float32()), safe=False), note
    if dropped and len(known) < len(lengths):
        return pa.chunked_array([pa.nulls(len(lengths))]), ""
    if len(known) < len(lengths):
        raise BadInputError(
            f"{what} has no vector in {len(lengths) - len(known)} rows.", "Compute them, or leave these rows out of the file."
        )
    numbers = pc.list_flatten(column).cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return vector_column(numbers.reshape(len(lengths), int(known[0])), what), ""


def _is_told(column: pa.ChunkedArray) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    inside = column.type.value_type
    if pa.types.is_fixed_size_list(column.type):
        return pa.types.is_uint8(inside)
    return pa.types.is_float64(inside) and len(pc.unique(pc.list_value_length(column))) > 1


def _holds_numbers(kind: Any) -> bool:
    import pyarrow as pa

    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)):
        return False
    inside = kind.value_type
    return pa.types.is_integer(inside) or pa.types.is_floating(inside)
