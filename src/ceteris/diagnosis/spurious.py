"""Whether a property that should not tell the label tells it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtri

from ceteris.diagnosis.judged import Judged, not_judged
from ceteris.measuring.estimates import wilson

__all__ = ["LEAST_GAIN", "spurious_correlation"]

LEAST_GAIN = 0.3  # of what the most frequent class leaves to gain
_BINS = 5
_FOLDS = 5


def spurious_correlation(labels: np.ndarray, properties: dict[str, np.ndarray], seed: int = 0) -> Judged:
    """Return which properties tell the label by themselves, out of fold, and how the rows fall into groups by each of these.

    A property is cut into fifths (its own values, where they are few). It is told where the classes that are most frequent in
    each group are right on more rows than the most frequent class is, by 30 % of what is left to gain, and surely so.

    Parameters
    ----------
    labels : ndarray of str, shape (n_rows,)
    properties : mapping of str to ndarray of float, shape (n_rows,)
    """
    if not properties:
        return not_judged("spurious_correlation", "no value is missing, and there are no texts or pictures: nothing to look at")
    codes = pd.factorize(labels, sort=True)[0]
    base = float(np.bincount(codes).max()) / len(codes)
    if base == 1.0:
        return not_judged("spurious_correlation", "there is one class alone")
    folds = np.random.default_rng(seed).permutation(len(codes)) % _FOLDS
    z = float(ndtri(1 - 0.025 / len(properties)))
    told, groups = [], {}
    for name, values in properties.items():
        cut = _groups(values)
        right = _right(cut, codes, folds)
        low, _ = wilson(float(right.mean()), len(right), z)
        gain = (right.mean() - base) / (1 - base)
        if low > base and gain >= LEAST_GAIN:
            told.append(f"{name} tells {100 * right.mean():.0f} % of labels alone ({100 * base:.0f} % without it)")
            groups[name] = cut
    return Judged("spurious_correlation", found=bool(told), about="; ".join(told), groups=groups)


def _groups(values: np.ndarray) -> np.ndarray:
    """Return the group of each row as text."""
    known = np.unique(values)
    if len(known) <= _BINS:
        return np.array([f"{value:g}" for value in values], dtype=object)
    edges = np.unique(np.quantile(values, np.arange(1, _BINS) / _BINS))
    return np.array([str(place + 1) for place in np.searchsorted(edges, values, side="left")], dtype=object)


def _right(groups: np.ndarray, codes: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Return where the most frequent class of a row's group, among the other folds, is its own."""
    cells = pd.factorize(groups)[0]
    right = np.zeros(len(codes), dtype=bool)
    for fold in range(_FOLDS):
        judged = folds == fold
        counts = np.zeros((cells.max() + 1, codes.max() + 1))
        np.add.at(counts, (cells[~judged], codes[~judged]), 1)
        right[judged] = counts.argmax(axis=1)[cells[judged]] == codes[judged]
    return right
