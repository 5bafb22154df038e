"""A number for each row by a model that has not seen the row: `ceteris.training.pred_probs` where labels are numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ceteris.errors import BadInputError, ParamsError, some
from ceteris.training.fits import Fits
from ceteris.training.models import seeded
from ceteris.training.pred_probs import fit, guarded

__all__ = ["assign_folds", "out_of_fold_numbers", "predict_numbers"]


def assign_folds(n_rows: int, folds: int, seed: int, groups: np.ndarray | None = None) -> np.ndarray:
    """Return the fold that judges each row, shape (n_rows,), no group cut.

    Raises
    ------
    ParamsError
        There are fewer rows (or groups) than folds.
    """
    from sklearn.model_selection import GroupKFold, KFold

    units = n_rows if groups is None else len(np.unique(groups))
    if units < folds:
        what = "rows" if groups is None else "groups"
        raise ParamsError(f"audit.folds is {folds}, and there are {units} {what}.", f"Set audit.folds: {max(units, 2)}.")
    splitter: Any = (KFold if groups is None else GroupKFold)(folds, shuffle=True, random_state=seed)
    assigned = np.full(n_rows, -1)
    for fold, (_, judged) in enumerate(splitter.split(np.zeros(n_rows), groups=groups)):
        assigned[judged] = fold
    return assigned


def predict_numbers(estimator: Any, features: Any, who: str) -> np.ndarray:
    """Return what a fitted estimator predicts, checked to be one finite number a row, shape (n_rows,)."""
    with guarded(who, "predict", features):
        found = np.asarray(estimator.predict(features))
    if found.shape != (features.shape[0],) or found.dtype.kind not in "iuf":
        raise BadInputError(
            f"{who} predicted an array of shape {found.shape} and type {found.dtype}.", "Return one number a row."
        )
    bad = np.flatnonzero(~np.isfinite(found))
    if len(bad):
        raise BadInputError(f"{who} predicted what is no finite number in rows {some(bad)}.", "Correct its parameters.")
    return found.astype(np.float64)


def out_of_fold_numbers(
    estimator: Any,
    features: Any,
    values: np.ndarray,
    *,
    folds: int = 5,
    repeats: int = 1,
    seed: int = 0,
    groups: np.ndarray | None = None,
    blocks: tuple[np.ndarray, list[np.ndarray]] | None = None,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """Return what models that were fitted without a row predict for it, averaged over repeats, shape (n_rows,).

    Parameters
    ----------
    estimator : scikit-learn regressor, unfitted
    features : DataFrame or ndarray, shape (n_rows, n_features)
    values : ndarray of float, shape (n_rows,)
    groups : ndarray, shape (n_rows,), optional
        Rows of one group are judged by the same fold.
    blocks : (ndarray of int, shape (n_rows,), list of masks), optional
        As for `ceteris.training.pred_probs.out_of_fold`.
    """
    if blocks is None:
        draws = [assign_folds(len(values), folds, seed + repeat, groups) for repeat in range(repeats)]
    else:
        draws, folds = [blocks[0]] * repeats, len(blocks[1])
    fits = Fits(_judge, (estimator, features, values, draws, None if blocks is None else blocks[1], seed), workers)
    for repeat in range(repeats):
        for fold in range(folds):
            fits.add((repeat, fold), "fold")
    total = np.zeros(len(values))
    for done, ((repeat, fold), predicted) in enumerate(fits, start=1):
        total[draws[repeat] == fold] += predicted
        if progress:
            progress(done, folds * repeats)
    mean: np.ndarray = total / repeats
    return mean


def _judge(shared: Any, task: tuple[int, int]) -> np.ndarray:
    estimator, features, values, draws, trained, seed = shared
    judged = draws[task[0]] == task[1]
    trains = ~judged if trained is None else trained[task[1]]
    rows = features.iloc if hasattr(features, "iloc") else features
    with guarded("The audit model", "its constructor"):
        fresh = seeded(estimator, seed + task[0])
    return predict_numbers(fit(fresh, rows[trains], values[trains], "The audit model"), rows[judged], "The audit model")
