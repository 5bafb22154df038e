"""Cells that are arrays: embeddings, rows of a sparse matrix, pixels. From Arrow lists to one ndarray a row, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ceteris.errors import Problems, some

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["is_array", "array_cells", "array_digests", "array_type"]

_LARGEST = float(np.finfo(np.float32).max)


def is_array(kind: pa.DataType) -> bool:
    """Return whether the values of an Arrow type are lists of numbers."""
    import pyarrow as pa

    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)):
        return False
    return bool(pa.types.is_integer(kind.value_type) or pa.types.is_floating(kind.value_type))


def array_cells(
    column: pa.ChunkedArray, name: str, declared: str | None, ids: np.ndarray, problems: Problems
) -> tuple[np.ndarray, str]:
    """Return one array a row, shape (n_rows,), and its kind: the declared one, else what its type and values say.

    Lists of single bytes of one length are images; lists of doubles whose every other number is a rising whole number are
    rows of a sparse matrix (index, value, index, value, ...); all others are vectors.
    """
    numbers, ends = _flat(column)
    kind = declared or _guess(column.type, numbers, ends)
    starts = np.concatenate([[0], ends[:-1]])
    what, do = _fault(kind, numbers, ends - starts, _no_value(column), starts, ids)
    if what:
        problems.add(f"Column {name!r} is to hold {_PLURAL[kind]}, and {what}.", do)
        return np.full(len(ends), None, dtype=object), kind
    cells = _sparse(numbers, starts, ends) if kind == "sparse" else list(_rows(numbers, len(ends), kind))
    found = np.empty(len(ends), dtype=object)
    for row, cell in enumerate(cells):
        found[row] = cell
    return found, kind


def array_digests(column: pa.ChunkedArray) -> list[str]:
    """Return a text for each row that is the same for the same numbers, whatever type they are kept as."""
    import hashlib

    numbers, ends = _flat(column)
    starts = np.concatenate([[0], ends[:-1]])
    return [hashlib.sha256(numbers[a:b].tobytes()).hexdigest()[:16] for a, b in zip(starts, ends, strict=True)]


def array_type(cells: np.ndarray, kind: str) -> pa.DataType:
    """Return the Arrow type that a column of arrays is kept as."""
    import pyarrow as pa

    if kind == "sparse":
        return pa.list_(pa.float64())
    return pa.list_(pa.float32() if kind == "vector" else pa.uint8(), len(cells[0]))


_PLURAL = {"vector": "vectors", "sparse": "rows of a sparse matrix", "image": "images"}


def _flat(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Return all numbers, one after the other, and where those of each row end; a row without a value holds none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    whole = column.cast(pa.list_(column.type.value_type)) if pa.types.is_fixed_size_list(column.type) else column
    lengths = pc.fill_null(pc.list_value_length(whole), 0).to_numpy()
    numbers = pc.cast(pc.list_flatten(whole), pa.float64(), safe=False).to_numpy()
    return np.asarray(numbers, dtype=np.float64) + 0.0, np.cumsum(lengths)


def _no_value(column: pa.ChunkedArray) -> np.ndarray:
    import pyarrow.compute as pc

    return np.asarray(pc.is_null(column).to_numpy(), dtype=bool)


def _guess(kind: pa.DataType, numbers: np.ndarray, ends: np.ndarray) -> str:
    import pyarrow as pa

    if pa.types.is_fixed_size_list(kind):
        return "image" if pa.types.is_uint8(kind.value_type) else "vector"
    doubles = pa.types.is_float64(kind.value_type)
    return "sparse" if doubles and not _uneven(numbers, np.concatenate([[0], ends[:-1]]), ends).any() else "vector"


def _uneven(numbers: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return the rows that are no pairs of a rising index and a value, as a mask."""
    odd = (ends - starts) % 2 == 1
    if odd.any():
        return odd
    index = numbers[::2]
    row = np.repeat(np.arange(len(ends)), (ends - starts) // 2)
    with np.errstate(invalid="ignore"):
        bad = ~((index >= 0) & (index < 2**31 - 1) & (np.floor(index) == index))
        bad[1:] |= (row[1:] == row[:-1]) & ~(np.diff(index) > 0)
    return np.isin(np.arange(len(ends)), row[bad])


def _fault(
    kind: str, numbers: np.ndarray, lengths: np.ndarray, none: np.ndarray, starts: np.ndarray, ids: np.ndarray
) -> tuple[str, str]:
    """Return what hinders a column from being of its kind, and what to do; two "" where nothing does."""
    if none.any():
        return f"has none at the ids {some(ids[none])}", "Give every row one, or leave these rows out of the source."
    if kind != "sparse" and len(set(lengths.tolist())) > 1:
        common = int(np.bincount(lengths).argmax())
        return (
            f"most hold {common} numbers, those at the ids {some(ids[lengths != common])} another count",
            "Make all of one length; rows of a sparse matrix (index, value, index, value, ...) are declared as `sparse` in"
            " `ingest.kinds`.",
        )
    if kind != "sparse" and lengths.max(initial=0) == 0:
        return "they hold no numbers at all", "List the column under `ingest.drop`."
    uneven = _uneven(numbers, starts, starts + lengths) if kind == "sparse" else np.zeros(len(ids), dtype=bool)
    if uneven.any():
        return (
            f"those at the ids {some(ids[uneven])} are no pairs of an index and a value with rising indices from 0",
            "Write index, value, index, value, ...; numbers that stand for themselves are declared as `vector`.",
        )
    with np.errstate(invalid="ignore"):
        bad = ~((numbers >= 0) & (numbers <= 255) & (np.floor(numbers) == numbers)) if kind == "image" else _unbounded(numbers)
    rows = np.unique(np.searchsorted(starts + lengths, np.flatnonzero(bad), side="right"))
    if len(rows):
        limit = "whole numbers from 0 to 255" if kind == "image" else f"finite numbers up to {_LARGEST:.1e}"
        return f"those at the ids {some(ids[rows])} hold other than {limit}", "Mend these rows, or leave them out."
    return "", ""


def _unbounded(numbers: np.ndarray) -> np.ndarray:
    return ~(np.abs(numbers) <= _LARGEST)


def _rows(numbers: np.ndarray, count: int, kind: str) -> Any:
    rows = numbers.reshape(count, -1).astype(np.float32 if kind == "vector" else np.uint8)
    rows.flags.writeable = False
    return rows


def _sparse(numbers: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> list[np.ndarray]:
    """Return the rows without zeros that are spelled out, so that equal rows are equal."""
    pairs = numbers.reshape(-1, 2)
    kept = pairs[:, 1] != 0
    before = np.concatenate([[0], np.cumsum(kept)])
    held = np.ascontiguousarray(pairs[kept]).ravel()
    held.flags.writeable = False
    return [held[2 * before[a // 2] : 2 * before[b // 2]] for a, b in zip(starts, ends, strict=True)]
