"""What a bag of decision trees says of rows that it has not seen: the votes that out-of-bag valuation counts."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["out_of_bag_votes"]

TREES = 100
MOST_DRAWN = 20_000  # rows that a tree is grown on


def out_of_bag_votes(
    features: Any, given: np.ndarray, n_classes: int, groups: np.ndarray | None = None, *, trees: int = TREES, seed: int = 0
) -> np.ndarray:
    """Return how many of the trees that were grown without a row take it for each class, shape (n_rows, n_classes).

    Each tree is grown on a bootstrap sample of the groups (of the rows, where there are none), and asked of all others: the
    copies of a row tell no tree its label. A row that every tree has seen has no votes.

    Parameters
    ----------
    features : array or sparse matrix of float, shape (n_rows, n_features)
    given : ndarray of int, shape (n_rows,)
    """
    from sklearn.tree import DecisionTreeClassifier

    units = np.arange(len(given)) if groups is None else np.unique(groups, return_inverse=True)[1]
    n_units = int(units.max()) + 1
    drawn = min(n_units, MOST_DRAWN)
    votes, rng = np.zeros((len(given), n_classes)), np.random.default_rng([seed, 1])
    for _ in range(trees):
        times = np.bincount(rng.integers(0, n_units, drawn), minlength=n_units)[units]
        inside, outside = np.flatnonzero(times), np.flatnonzero(times == 0)
        tree = DecisionTreeClassifier(max_features="sqrt", random_state=int(rng.integers(2**31)))
        tree.fit(features[inside], given[inside], sample_weight=times[inside])
        if len(outside):
            votes[outside, tree.predict(features[outside])] += 1
    return votes
