"""All features together: can a small classifier tell rows of the window from rows of the reference that it did not see?

Kernel ridge regression on random Fourier features beside the columns themselves, out of fold. Its p is by permutation: the
features are prepared without a look at the sides, folds stay, and sides are dealt anew, so p holds for whatever data, where a
normal interval around a cross-validated AUC does not: errors of folds go together.

References: Lopez-Paz & Oquab (2017), Revisiting classifier two-sample tests; Rahimi & Recht (2007), Random features for
large-scale kernel machines; Besag & Clifford (1991), Sequential Monte Carlo p-values.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ceteris.monitoring.drift import Test
from ceteris.serving.schema import Feature

__all__ = ["classifier_test", "prepared"]

_FOLDS, _RIDGE, _FOURIER, _WIDEST, _LEVELS = 5, 0.1, 100, 50, 30
_BATCH, _ENOUGH = 100, 20  # permutations at a time; as many as good ones end the count early


def classifier_test(
    features: Sequence[Feature], reference: pd.DataFrame, window: pd.DataFrame, *, level: float, sample: int, seed: int
) -> Test:
    """Return the test of window against reference, at most `sample` rows of each.

    Parameters
    ----------
    level : float
        What p is to be held against: so many permutations are drawn that it can lie well below.
    """
    rng = np.random.default_rng([20, seed])
    sides = [part.iloc[np.sort(rng.permutation(len(part))[:sample])] for part in (reference, window)]
    truth = np.repeat([0.0, 1.0], [len(side) for side in sides])
    matrix = prepared(features, pd.concat(sides, ignore_index=True), rng)
    if matrix.shape[1] == 0:
        return Test("all features", "classifier", "rows", 0.0, math.nan, told="no feature varies")
    order = rng.permutation(len(truth))
    matrix, truth = matrix[order], truth[order]
    folds = [_Fold(matrix, fold) for fold in np.array_split(np.arange(len(truth)), _FOLDS)]
    seen = float(_out_of_fold(folds, truth[:, None])[0])
    as_good, drawn, most = 0, 0, math.ceil(4 / level)
    while drawn < most and as_good < _ENOUGH:
        dealt = rng.permuted(np.repeat(truth[:, None], min(_BATCH, most - drawn), axis=1), axis=0)
        as_good += int((_out_of_fold(folds, dealt) >= seen - 1e-12).sum())
        drawn += dealt.shape[1]
    shift = max(0.0, 2 * seen - 1)
    return Test("all features", "classifier", "rows", shift, (as_good + 1) / (drawn + 1), told=f"AUC {seen:.3f} out of fold")


class _Fold:
    """Some rows, and what turns the sides of all others into scores for them: the same for every deal of the sides."""

    def __init__(self, matrix: np.ndarray, fold: np.ndarray) -> None:
        self.fold, self.rest = fold, np.setdiff1d(np.arange(len(matrix)), fold, assume_unique=True)
        others = matrix[self.rest]
        gram = others.T @ others + _RIDGE * len(others) * np.eye(matrix.shape[1])
        self._inside, self._weigh = matrix[fold], np.linalg.solve(gram, others.T)

    def auc(self, truth: np.ndarray) -> np.ndarray:
        """Return the AUC within the fold for each column of `truth`; where scores tie, the order of rows, which was drawn."""
        known = truth[self.rest]
        scores = self._inside @ (self._weigh @ (known - known.mean(axis=0)))
        sorted_ = np.take_along_axis(truth[self.fold], scores.argsort(axis=0, kind="stable"), axis=0)
        ones, n_rows = sorted_.sum(axis=0), len(self.fold)
        ranks = np.arange(1, n_rows + 1) @ sorted_
        return np.asarray((ranks - ones * (ones + 1) / 2) / np.maximum(ones * (n_rows - ones), 1.0))


def _out_of_fold(folds: Sequence[_Fold], truth: np.ndarray) -> np.ndarray:
    """Return the mean AUC over folds of each column of `truth`, shape (n_columns,)."""
    return np.asarray(np.mean([fold.auc(truth) for fold in folds], axis=0))


def prepared(features: Sequence[Feature], rows: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Return rows as numbers of one size, made without a look at which side each is on, shape (n_rows, n_numbers)."""
    parts = [_columns(one.kind, rows[one.name]) for one in features]
    matrix = np.column_stack(parts) if parts else np.zeros((len(rows), 0))
    matrix = _alike(matrix)
    if matrix.shape[1] > _WIDEST:
        matrix = _alike(_projected(matrix))
    if matrix.shape[1] == 0:
        return matrix
    some = matrix[:200]
    distances = ((some[:, None, :] - some[None, :, :]) ** 2).sum(axis=2)
    width = math.sqrt(float(np.median(distances[np.triu_indices(len(some), 1)])) or 1.0)
    ways = rng.normal(0, 1 / width, (matrix.shape[1], _FOURIER))
    waves = np.cos(matrix @ ways + rng.uniform(0, 2 * np.pi, _FOURIER))
    return np.column_stack([matrix, _alike(waves)])


def _alike(matrix: np.ndarray) -> np.ndarray:
    """Return the columns that vary, each with mean 0 and variance 1."""
    spread = matrix.std(axis=0)
    varies = spread > 1e-9
    return (matrix[:, varies] - matrix[:, varies].mean(axis=0)) / spread[varies]


def _columns(kind: str, cells: pd.Series) -> np.ndarray:
    from scipy.stats import rankdata

    missing = cells.isna().to_numpy()
    if kind in ("number", "date"):
        values = cells.to_numpy(dtype=np.float64)
        ranks = np.zeros(len(values))
        ranks[~missing] = rankdata(values[~missing]) / max((~missing).sum(), 1) - 0.5  # no far value outweighs the others
        return np.column_stack([ranks, missing])
    if kind == "category":
        common = cells.value_counts().head(_LEVELS).index
        return np.column_stack([missing, *(cells == level for level in common)]).astype(np.float64)
    if kind == "text":
        return _words(cells.fillna("").to_numpy(dtype=object))
    return _projected(np.stack(list(cells)).reshape(len(cells), -1).astype(np.float64))


def _projected(matrix: np.ndarray) -> np.ndarray:
    """Return the coordinates of rows along the directions in which they vary most."""
    from sklearn.decomposition import TruncatedSVD

    matrix = matrix - matrix.mean(axis=0)
    if matrix.shape[1] <= _WIDEST:
        return matrix
    return np.asarray(TruncatedSVD(_WIDEST, n_iter=2, random_state=0).fit_transform(matrix))


def _words(texts: np.ndarray) -> np.ndarray:
    """Return the topics of texts: their words, hashed and projected."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import HashingVectorizer

    counts = HashingVectorizer(n_features=1 << 12, alternate_sign=False).transform(texts)
    if counts.nnz == 0:
        return np.zeros((len(texts), 0))
    return np.asarray(TruncatedSVD(30, n_iter=2, random_state=0).fit_transform(counts))
