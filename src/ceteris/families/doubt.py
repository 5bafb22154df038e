"""How far each given label is doubted, and how far the model itself expects to be of another mind.

A hard region of clean data has many doubted rows, and the model knows: its probabilities there are low. A family of errors
has far more doubted rows than that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ceteris.dataset import codes

__all__ = ["Doubt", "doubt_of", "inflation_of"]


@dataclass(frozen=True, eq=False)
class Doubt:
    """What is doubted, and what was to be expected where labels are as right as elsewhere.

    Attributes
    ----------
    observed : ndarray of bool, shape (n_rows,)
    expected : ndarray of float in (0, 1), shape (n_rows,)
    given, predicted : ndarray of int, shape (n_rows,), or None
        Codes of classes; None where labels are numbers.
    each : ndarray of float, shape (n_rows, n_classes), or None
        The probability that the row bears each other label than the predicted one; 0 for that.
    """

    observed: np.ndarray
    expected: np.ndarray
    given: np.ndarray | None = None
    predicted: np.ndarray | None = None
    each: np.ndarray | None = None


def doubt_of(issues: pd.DataFrame, labels: np.ndarray, pred_probs: np.ndarray | None, classes: tuple[str, ...]) -> Doubt:
    """Return the doubts about train rows.

    A class: a row is doubted where another one is the most probable, out of fold. How often that is to be expected is told by
    the greatest probability, calibrated on all of these rows (isotonic): errors that are everywhere alike raise both. Per
    given label the same is calibrated on its own probability, among the rows of each predicted class.

    A number: a row is doubted where the audit flags it, and as many are expected everywhere.

    Parameters
    ----------
    issues : DataFrame
        One line a row, in their order, with `is_label_issue`.
    labels : ndarray of str objects, shape (n_rows,)
    pred_probs : ndarray, shape (n_rows, n_classes), or None
        Out of fold.
    """
    if not classes or pred_probs is None:
        flagged = issues["is_label_issue"].to_numpy(dtype=bool)
        return Doubt(flagged, np.full(len(flagged), _share(flagged)))
    given, predicted = codes(labels, classes), pred_probs.argmax(axis=1)
    observed, surest = predicted != given, pred_probs.max(axis=1)
    expected = _calibrated(1 - surest, observed)
    return Doubt(observed, expected, given, predicted, _each(given, predicted, pred_probs))


def _calibrated(doubtful: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Return how often rows that the model doubts as much are doubted, each step drawn to the mean by one row."""
    from sklearn.isotonic import IsotonicRegression

    if not len(observed):
        return np.zeros(0)
    steps = IsotonicRegression(y_min=0.0, y_max=1.0).fit_transform(doubtful, observed)
    _, place, counts = np.unique(steps, return_inverse=True, return_counts=True)
    return np.asarray((steps * counts[place] + _share(observed)) / (counts[place] + 1))


def _share(observed: np.ndarray) -> float:
    return float((observed.sum() + 0.5) / (len(observed) + 1))


def _each(given: np.ndarray, predicted: np.ndarray, pred_probs: np.ndarray) -> np.ndarray:
    """Return how often each row bears each label that it is not predicted to, calibrated among the rows of that prediction."""
    each = np.zeros(pred_probs.shape)
    for found in np.unique(predicted):
        rows = np.flatnonzero(predicted == found)
        for label in np.unique(given[rows]):
            if label != found:
                each[rows, label] = _calibrated(pred_probs[rows, label], given[rows] == label)
    return each


def inflation_of(doubt: Doubt, groups: np.ndarray) -> float:
    """Return how many rows of a group tell as much as one row by itself; 1 where they are doubted independently.

    It is the sum of squares of the groups' surplus by that of the rows', the tenth of the groups with the most left out: a
    family may be one of them.

    Source: Rao & Scott (1992), A simple method for the analysis of clustered binary data.
    """
    surplus = doubt.observed - doubt.expected
    place = pd.factorize(groups)[0]
    of_group, of_rows = np.bincount(place, surplus) ** 2, np.bincount(place, surplus**2)
    usual = of_group <= np.quantile(of_group, 0.9)
    return max(1.0, float(of_group[usual].sum() / max(of_rows[usual].sum(), 1e-12)))
