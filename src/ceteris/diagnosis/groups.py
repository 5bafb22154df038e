"""Groups of like rows that the audit model is worst on, in words of the columns that set them apart."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtri

from ceteris.diagnosis.judged import Judged, not_judged, of_rows
from ceteris.measuring.estimates import wilson

__all__ = ["LEAST_GAP", "underperforming"]

LEAST_GAP = 0.1  # of accuracy, below that of all rows
_FEWEST = 30  # rows of a group
_A_GROUP = 100  # rows a group, on average
_MOST_GROUPS = 20
_TOLD = 3  # columns


def underperforming(points: np.ndarray, right: np.ndarray, names: list[str], seed: int = 0) -> Judged:
    """Return the groups of like rows on which the audit model agrees with the given labels surely less than on all rows.

    Rows fall into groups by k-means. A group is told where the upper end of its Wilson interval (Bonferroni over the groups)
    lies 10 points or more below the share of all rows. Such rows are hard, or their labels are wrong: only a person can say.

    Parameters
    ----------
    points : ndarray of float, shape (n_rows, n_dims)
    right : ndarray of bool, shape (n_rows,)
        Where the given label is the most probable one, out of fold.
    names : list of str
        What the dimensions are called; empty where nothing can be said of them.
    """
    from sklearn.cluster import KMeans

    unlike = len(np.unique(points, axis=0))
    n_groups = min(_MOST_GROUPS, len(points) // _A_GROUP, unlike)
    if n_groups < 2:
        few = f"{len(points):,} rows, {unlike:,} of them unlike, are too few for groups of {_A_GROUP}"
        return not_judged("underperforming_group", few)
    groups = KMeans(n_groups, n_init=1, random_state=seed).fit_predict(points)
    overall, z = float(right.mean()), float(ndtri(1 - 0.05 / n_groups))
    flags, scores, told = np.zeros(len(points), dtype=bool), np.ones(len(points)), []
    for group in range(n_groups):
        inside = groups == group
        scores[inside] = share = float(right[inside].mean())
        if inside.sum() >= _FEWEST and wilson(share, int(inside.sum()), z)[1] <= overall - LEAST_GAP:
            flags |= inside
            told.append((share, f"{int(inside.sum()):,} rows at {100 * share:.0f} %{_apart(points, inside, names)}"))
    about = "; ".join(text for _, text in sorted(told))
    return of_rows("underperforming_group", flags, scores, f"{about}; all rows: {100 * overall:.0f} %" if told else "")


def _apart(points: Any, inside: np.ndarray, names: list[str]) -> str:
    """Return the dimensions in which a group lies farthest from all rows."""
    if not names:
        return ""
    spread = points.std(axis=0)
    shift = (points[inside].mean(axis=0) - points.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    first = np.argsort(-np.abs(shift), kind="stable")[:_TOLD]
    return " (" + ", ".join(f"{names[place]} {'high' if shift[place] > 0 else 'low'}" for place in first) + ")"
