"""Which rows of two tables are one and the same, whatever container, type and precision they came in."""

from __future__ import annotations

import hashlib
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_complex_dtype, is_numeric_dtype

from ceteris.dataset import row_digests
from ceteris.errors import BadInputError

__all__ = ["copied_rows"]


def copied_rows(train: Any, judged: Any, name: str) -> np.ndarray:
    """Return the positions of the judged rows that stand among the train rows as well.

    1, 1.0 and true are one value. Numbers are compared in single precision where those of either table fit it, since a
    table that was saved narrower is still the same table; else in double.

    Parameters
    ----------
    train, judged : DataFrame, ndarray or sparse matrix of two dimensions
    name : str
        What the train rows are called in a refusal.

    Raises
    ------
    BadInputError
        The tables differ in their columns, or one of them alone is sparse.
    """
    _refuse_other_columns(train, judged, name)
    sparse = hasattr(train, "toarray")
    if sparse:
        trained, asked = _sparse_digests(train, judged)
    elif all(isinstance(table, np.ndarray) and table.dtype.kind in "biuf" for table in (train, judged)):
        trained, asked = (_row_digests(table) for table in _same_precision(*map(_double, (train, judged))))
    else:
        trained, asked = _dense_digests(_frame(train), _frame(judged))
    return np.flatnonzero(pd.Index(asked).isin(trained))


def _refuse_other_columns(train: Any, judged: Any, name: str) -> None:
    if train.shape[1] != judged.shape[1] or hasattr(train, "toarray") != hasattr(judged, "toarray"):
        raise BadInputError(
            f"{name} has X of {train.shape[1]} columns ({type(train).__name__}), validation of {judged.shape[1]} "
            f"({type(judged).__name__}).",
            "Pass the same columns in the same kind of table.",
        )
    if hasattr(train, "iloc") and hasattr(judged, "iloc") and list(train.columns) != list(judged.columns):
        raise BadInputError(f"validation has other columns than {name}, or another order of them.", "Pass the same columns.")


def _frame(table: Any) -> pd.DataFrame:
    frame = table if hasattr(table, "iloc") else pd.DataFrame(table)
    return frame.set_axis(range(frame.shape[1]), axis=1).infer_objects()


def _double(table: np.ndarray) -> np.ndarray:
    return np.asarray(table, dtype=np.float64)


def _row_digests(numbers: np.ndarray) -> np.ndarray:
    """Return a digest of each row of a table of numbers; what `row_digests` tells apart, without a frame around it."""
    whole = np.ascontiguousarray(numbers + 0.0)
    whole[np.isnan(whole)] = np.nan
    return np.array([hashlib.blake2b(row, digest_size=16).digest() for row in whole], dtype=object)


def _dense_digests(*tables: pd.DataFrame) -> list[np.ndarray]:
    kinds = [[is_numeric_dtype(kind) and not is_complex_dtype(kind) for kind in table.dtypes] for table in tables]
    numeric = [place for place, of_both in enumerate(zip(*kinds, strict=True)) if all(of_both)]
    others = [place for place in range(len(kinds[0])) if place not in set(numeric)]
    numbers = _same_precision(*(table[numeric].to_numpy(np.float64, na_value=np.nan) for table in tables))
    return [
        row_digests(pd.DataFrame(matrix, columns=numeric).assign(**{f"o{place}": _values(table[place]) for place in others}))
        for matrix, table in zip(numbers, tables, strict=True)
    ]


def _same_precision(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return two tables of numbers, each column in single precision where all of its values in either table fit it."""
    with np.errstate(over="ignore"):
        narrow = [values.astype(np.float32).astype(np.float64) for values in (one, other)]
    fits = [((single == double) | np.isnan(double)).all(axis=0) for single, double in zip(narrow, (one, other), strict=True)]
    return np.where(fits[0] | fits[1], narrow[0], one), np.where(fits[0] | fits[1], narrow[1], other)


def _values(column: pd.Series) -> pd.Series:
    """Return the values of a column that is not all numbers, those that are numbers in one form."""
    return pd.Series([_value(value) for value in column.to_numpy(dtype=object)], dtype=object)


def _value(value: Any) -> Any:
    if isinstance(value, Real | np.bool_):
        return float(value)
    numbers = np.asarray(value) if isinstance(value, list | tuple | np.ndarray) else None
    # An embedding is one in whatever precision it was saved.
    return value if numbers is None or numbers.dtype.kind not in "biuf" else numbers.astype(np.float32) + np.float32(0)


def _sparse_digests(*tables: Any) -> list[np.ndarray]:
    matrices = [table.tocsr().astype(np.float64) for table in tables]
    for matrix in matrices:
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
    held = _same_precision(*(matrix.data[:, None] for matrix in matrices))
    return [
        np.array(
            [
                hashlib.sha256(matrix.indices[a:b].astype(np.int64).tobytes() + values[a:b].tobytes()).digest()
                for a, b in zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True)
            ],
            dtype=object,
        )
        for matrix, values in zip(matrices, held, strict=True)
    ]
