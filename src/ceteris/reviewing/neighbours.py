"""The nearest train rows of a row: what else looks like it, and how that was labelled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["Neighbourhood", "preparation"]


def preparation(rows: pd.DataFrame) -> Any:
    """Return what makes points of rows, fitted: numbers standardised (missing ones at the median), categories as indicators."""
    from sklearn.dummy import DummyClassifier

    from ceteris.models import prepared

    return prepared(DummyClassifier(), "scaled", rows)[:-1].fit(rows)


class Neighbourhood:
    """Rows to look among, as points.

    Parameters
    ----------
    rows : DataFrame, shape (n_rows, n_features)
        Indexed by id.
    labels : Series of str, shape (n_rows,)
        Their given labels, indexed by id.
    """

    def __init__(self, rows: pd.DataFrame, labels: pd.Series) -> None:
        self.rows, self.labels, self._prepare = rows, labels, preparation(rows)
        self._ids, self._given = rows.index.to_numpy(dtype=object), labels.to_numpy(dtype=object)
        self._points = np.asarray(self._prepare.transform(rows), dtype=np.float32)

    def nearest(self, row: pd.DataFrame, labels: Sequence[str], most: int) -> list[list[str]]:
        """Return the ids of the nearest rows of each label, then of the nearest rows of all others, nearest first.

        Parameters
        ----------
        row : DataFrame, shape (1, n_features)
            Indexed by its id, which is not among the answers.
        """
        point = np.asarray(self._prepare.transform(row), dtype=np.float32)
        order = np.argsort(np.square(self._points - point).sum(axis=1), kind="stable")
        order = order[self._ids[order] != row.index[0]]
        groups = [self._given[order] == label for label in labels]
        groups.append(~np.any(groups, axis=0))
        return [[str(id) for id in self._ids[order[group][:most]]] for group in groups]
