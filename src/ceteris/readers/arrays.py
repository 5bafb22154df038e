"""Numbers that stand beside a table, a row for each of its rows: an embedding, pictures as an array, a sparse matrix."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ceteris.errors import BadInputError, ParamsError, some
from ceteris.readers.vectors import pixel_column, vector_column
from ceteris.tables.columns import exact_text

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["SUFFIXES", "with_array"]

SUFFIXES = (".npy", ".npz")
_PLAIN = "Save it as plain numbers: numpy.save(FILE, array.astype('float32')), or scipy.sparse.save_npz."


def with_array(
    cells: pa.Table, path: Path, name: str, *, ids: tuple[Path, str] | None, id_column: str | None
) -> tuple[pa.Table, list[str], tuple[int, ...] | None]:
    """Return a table with the rows of an array file as one more column, named like the file; notes; the pictures' shape.

    Parameters
    ----------
    cells : Table
    path, name : Path, str
        Of a .npy or .npz file.
    ids : tuple of (Path, str), optional
        A .npy file with the id of each row of the array; default: they stand in the order of the table.
    id_column : str, optional
        The column of the table that holds its ids.

    Raises
    ------
    BadInputError
        Rows are too many, too few, or not known by their ids; numbers are missing; the array is of another shape.
    """
    import pyarrow as pa

    column = path.name.removesuffix(path.suffix)
    if column in cells.column_names:
        raise BadInputError(f"{name} would be the column {column!r}, which the table has already.", "Rename one of them.")
    rows = _loaded(path, name)
    order, notes = (None, []) if ids is None else _order(cells, id_column, *ids, name, rows.shape[0])
    if order is None and rows.shape[0] != cells.num_rows:
        raise BadInputError(
            f"{name} holds {rows.shape[0]:,} rows, and the table {cells.num_rows:,}.",
            "Write one row for each row of the table, in its order, or name the file of their ids: `ingest.features_ids`.",
        )
    rows = rows if order is None else rows[order]
    if not isinstance(rows, np.ndarray):
        return cells.append_column(column, _sparse_column(rows, name)), notes, None
    if rows.ndim > 2:
        return cells.append_column(column, pixel_column(rows.reshape(len(rows), -1))), notes, tuple(map(int, rows.shape[1:]))
    if rows.dtype == np.float64:
        notes.append(f"{name} holds numbers of double precision, which are read in single precision")
    made: pa.ChunkedArray = vector_column(rows, name)
    return cells.append_column(pa.field(column, made.type), made), notes, None


def _loaded(path: Path, name: str) -> Any:
    """Return an array of two dimensions (of pictures: three or four), mapped from its file, or a sparse matrix by rows."""
    try:
        found = _from_archive(path, name) if path.suffix == ".npz" else np.lib.format.open_memmap(path, mode="r")
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, SyntaxError, TypeError) as error:
        raise BadInputError(f"{name} cannot be read: {_reason(path, error)}.", _PLAIN) from None
    if not isinstance(found, np.ndarray):
        return found
    pictures = found.dtype == np.uint8 and (found.ndim == 3 or (found.ndim == 4 and found.shape[-1] == 3))
    if found.dtype.kind not in "fiu" or not (found.ndim == 2 or pictures) or 0 in found.shape:
        raise BadInputError(
            f"{name} holds an array of the shape {found.shape} and the type {found.dtype}.",
            "Save numbers of the shape (rows, dimensions), or pictures as uint8 of the shape (rows, height, width) or"
            " (rows, height, width, 3).",
        )
    return found


def _reason(path: Path, error: Exception) -> str:
    """Return why numpy did not open a file; objects, which only pickle could bring back, are told as such."""
    with path.open("rb") as file:
        pickled = file.read(1) == b"\x80" or any(word in str(error) for word in ("Python objects", "Object arrays"))
    return "it holds Python objects, which are never opened" if pickled else str(error).split("\n")[0][:200].rstrip(".")


def _from_archive(path: Path, name: str) -> Any:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        names = list(archive.files)
        if "format" not in names and len(names) == 1:
            return archive[names[0]]
    if "format" not in names:
        raise BadInputError(f"{name} holds {len(names)} arrays: {some(names)}.", "Save the one to be read as .npy.")
    from scipy import sparse

    matrix = sparse.csr_array(sparse.load_npz(path))
    matrix.check_format(full_check=True)
    if matrix.dtype.kind not in "fiub":
        raise BadInputError(f"{name} holds a sparse matrix of the type {matrix.dtype}.", "Save real numbers.")
    matrix.sum_duplicates()
    matrix.sort_indices()
    matrix.eliminate_zeros()
    return matrix


def _sparse_column(matrix: Any, name: str) -> pa.ChunkedArray:
    """Return the rows of a sparse matrix, each a list index, value, index, value, ... with rising indices."""
    import pyarrow as pa

    values = matrix.data.astype(np.float64)
    bad = np.unique(
        np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))[~(np.abs(values) <= np.finfo(np.float32).max)]
    )
    if len(bad):
        raise BadInputError(
            f"{name} holds numbers that are missing, infinite or beyond 3.4e38 in {len(bad)} rows: {some(bad + 1)} (counted"
            " from the first row as 1).",
            "Compute these rows again.",
        )
    flat = np.empty(2 * len(values))
    flat[0::2], flat[1::2] = matrix.indices, values
    if len(flat) < 2**31:
        return pa.chunked_array([pa.ListArray.from_arrays(pa.array(2 * matrix.indptr, pa.int32()), pa.array(flat))])
    raise BadInputError(f"{name} holds {len(values):,} numbers; at most {2**30:,} are read.", "Leave out columns.")


def _order(
    cells: pa.Table, id_column: str | None, path: Path, ids_name: str, name: str, rows: int
) -> tuple[np.ndarray, list[str]]:
    """Return the place in the array of each row of the table, by its id, and a note on rows that the table has not."""
    import pandas as pd

    if id_column is None or id_column not in cells.column_names:
        raise ParamsError(
            f"ingest.features_ids is {ids_name!r}, and no column of the table is named as the one that holds ids.",
            "Write `ingest.id: COLUMN`, or `ingest.features_ids: null` where rows stand in the order of the table.",
        )
    try:
        known = np.lib.format.open_memmap(path, mode="r")
    except (ValueError, OSError, EOFError) as error:
        raise BadInputError(
            f"{ids_name} cannot be read: {_reason(path, error)}.", "Save it by numpy.save(FILE, ids.astype(str))."
        ) from None
    if known.shape != (rows,) or known.dtype.kind not in "UiuS":
        raise BadInputError(
            f"{ids_name} holds an array of the shape {known.shape} and the type {known.dtype}; {name} has {rows:,} rows.",
            "Save one text or whole number for each row of the array: numpy.save(FILE, ids.astype(str)).",
        )
    texts = pd.Index([value.decode() if isinstance(value, bytes) else str(value) for value in known.tolist()], dtype=object)
    if texts.has_duplicates:
        raise BadInputError(
            f"{ids_name} holds ids more than once: {some(texts[texts.duplicated()].unique())}.", "Keep one row of each."
        )
    wanted = exact_text(cells.column(id_column)).to_numpy(zero_copy_only=False)
    order = texts.get_indexer(pd.Index(wanted, dtype=object))
    if (order < 0).any():
        raise BadInputError(
            f"{name} has no row for {int((order < 0).sum())} of {len(wanted)} ids of the table: {some(wanted[order < 0])}.",
            "Compute them, or leave these rows out of the table.",
        )
    spare = len(texts) - len(set(order))
    return order, [f"{name} holds {spare} rows whose ids the table does not have; they are left out"] if spare else []
