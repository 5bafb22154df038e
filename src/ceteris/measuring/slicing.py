"""Rows cut into groups by a column: numbers at the quartiles of the train rows, all else by its values."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from ceteris.errors import BadInputError
from ceteris.kinds import array_kind, is_number

__all__ = ["FEWEST", "MOST", "MISSING", "sliced"]

FEWEST = 30  # rows under which nothing is said of a group
MOST = 50  # groups of one column
MISSING = "(missing)"


def sliced(values: pd.Series, train: pd.Series, where: str) -> np.ndarray:
    """Return the group of each row, shape (n_rows,), text.

    Parameters
    ----------
    values : Series, shape (n_rows,)
    train : Series
        The same column of the train rows: its quartiles cut numbers, so that no judging row moves a border.
    where : str
        The line of params that names the column, for a refusal.

    Raises
    ------
    BadInputError
        The column holds arrays, or more than 50 different texts.
    """
    column = str(values.name)
    if array_kind(train):
        raise BadInputError(f"{where} names {column!r}, whose cells are arrays.", "Name a number, a category or the group.")
    if is_number(train):
        return _quartiles(values, train)
    groups = np.array([MISSING if value is None or value != value else str(value) for value in values], dtype=object)
    if len(set(groups)) > MOST:
        raise BadInputError(
            f"{where} names {column!r}, which has {len(set(groups)):,} different values, and {MOST} groups are the most.",
            "Name a column with fewer.",
        )
    return groups


def _quartiles(values: pd.Series, train: pd.Series) -> np.ndarray:
    known = train.to_numpy(dtype=float)
    known = known[~np.isnan(known)]
    found = values.to_numpy(dtype=float)
    edges = np.unique(np.quantile(known, [0.25, 0.5, 0.75])) if len(known) else np.empty(0)
    texts = [f"{edge:g}" for edge in edges]
    between = [f"{low} to {high}" for low, high in itertools.pairwise(texts)]
    names = [f"up to {texts[0]}", *between, f"over {texts[-1]}"] if texts else ["any number"]
    groups = np.array(names, dtype=object)[np.searchsorted(edges, found, side="left")]
    groups[np.isnan(found)] = MISSING
    return groups
