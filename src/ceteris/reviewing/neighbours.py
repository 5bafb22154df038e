"""The nearest train rows of a row: what else looks like it, and how that was labelled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ceteris.training.preparation import preparation

__all__ = ["Neighbourhood", "points_of"]


def points_of(rows: pd.DataFrame, kinds: Mapping[str, str] | None = None) -> Any:
    """Return what makes points of rows, fitted: as `scaled` models have them.

    Numbers are standardised, categories are indicators, and texts are TF-IDF weights, of which the nearest are those of the
    largest cosine.
    """
    return preparation("scaled", rows, kinds).fit(rows)


class Neighbourhood:
    """Rows to look among, as points.

    Parameters
    ----------
    rows : DataFrame, shape (n_rows, n_features)
        Indexed by id.
    labels : Series of str, shape (n_rows,)
        Their given labels, indexed by id.
    kinds : mapping of str to str, optional
        `ingest.kinds`.
    """

    def __init__(self, rows: pd.DataFrame, labels: pd.Series, kinds: Mapping[str, str] | None = None) -> None:
        self.rows, self.labels, self._prepare = rows, labels, points_of(rows, kinds)
        self._ids, self._given = rows.index.to_numpy(dtype=object), labels.to_numpy(dtype=object)
        self._points = self._prepare.transform(rows).astype(np.float32)

    def nearest(self, row: pd.DataFrame, labels: Sequence[str], most: int) -> list[list[str]]:
        """Return the ids of the nearest rows of each label, then of the nearest rows of all others, nearest first.

        Parameters
        ----------
        row : DataFrame, shape (1, n_features)
            Indexed by its id, which is not among the answers.
        """
        point = self._prepare.transform(row).astype(np.float32)
        order = np.argsort(_squares(self._points, point), kind="stable")
        order = order[self._ids[order] != row.index[0]]
        groups = [self._given[order] == label for label in labels]
        groups.append(~np.any(groups, axis=0))
        return [[str(id) for id in self._ids[order[group][:most]]] for group in groups]


def _squares(points: Any, point: Any) -> np.ndarray:
    """Return the squared distance of each point to one, up to what is the same for all of them, shape (n_points,)."""
    if not hasattr(points, "toarray"):
        return np.square(points - point).sum(axis=1)
    return np.asarray(points.multiply(points).sum(axis=1)).ravel() - 2 * np.asarray((points @ point.T).todense()).ravel()
