"""Issues that counting finds: rows that repeat, that a validation row equals, that are empty, and classes that are rare."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ceteris.diagnosis.judged import Judged, of_rows
from ceteris.errors import counted

__all__ = ["RARE", "class_imbalance", "leaking_rows", "missing_rows", "repeated_rows"]

RARE = 0.1  # of its even share, below which a class is rare: Datalab's rule


def repeated_rows(digests: np.ndarray) -> Judged:
    """Return which rows equal an earlier one.

    Parameters
    ----------
    digests : ndarray, shape (n_rows,)
        From `dataset.row_digests`.
    """
    later = pd.Series(digests).duplicated().to_numpy()
    sets = len(set(digests[later]))
    return of_rows("exact_duplicate", later, np.where(later, 0.0, 1.0), sets_told(sets))


def leaking_rows(leaking: np.ndarray) -> Judged:
    """Return the rows that nearly equal a validation row, as the mask `leaking` has them."""
    return of_rows("leakage", leaking, np.where(leaking, 0.0, 1.0))


def missing_rows(absent: np.ndarray) -> Judged:
    """Return which rows have no value at all; the score of a row is the share of its values that are there.

    Parameters
    ----------
    absent : ndarray of bool, shape (n_rows, n_features)
    """
    there = 1 - absent.mean(axis=1)
    return of_rows("missing", there == 0, there)


def class_imbalance(labels: np.ndarray) -> Judged:
    """Return the rows of classes that have less than a tenth of their even share; the score is the share of the class.

    Parameters
    ----------
    labels : ndarray of str, shape (n_rows,)
    """
    codes, classes = pd.factorize(labels, sort=True)
    counts = np.bincount(codes)
    rare = counts / len(codes) < RARE / len(classes)
    told = ", ".join(f"{classes[code]}: {counted(int(counts[code]), 'row')}" for code in np.flatnonzero(rare))
    scores = np.where(rare, counts / len(codes), 1.0)
    return of_rows("class_imbalance", rare[codes], scores[codes], told)


def sets_told(sets: int) -> str:
    """Return how many sets of copies there are, in words."""
    return f"{sets:,} set{'s' * (sets != 1)} of copies" if sets else ""
