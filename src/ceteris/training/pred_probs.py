"""Class probabilities for each row by a model that has not seen the row: folds, repeats, groups, time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from ceteris.errors import BadInputError, CeterisError, LeakageError, ParamsError, some
from ceteris.training.fits import Fits
from ceteris.training.models import runs_alone, seeded

__all__ = ["out_of_fold", "assign_folds", "check", "fit", "positions_of", "predict", "refuse_cut"]


def check(pred_probs: np.ndarray, n_rows: int, n_classes: int, who: str, first: int = 0) -> np.ndarray:
    """Return probabilities of shape (n_rows, n_classes) whose rows sum to 1, or refuse them.

    Parameters
    ----------
    first : int
        The number of the first of these rows, where they are a part of more.

    Raises
    ------
    BadInputError
        Another shape, NaN or infinite values, values outside [0, 1], or rows that do not sum to 1 within 1e-6.
    """
    probabilities = np.asarray(pred_probs, dtype=np.float64)
    fix = f"Correct predict_proba of {who}."
    if probabilities.shape != (n_rows, n_classes):
        raise BadInputError(f"{who} gave probabilities of shape {probabilities.shape}, not {(n_rows, n_classes)}.", fix)
    if not probabilities.size or (probabilities.min() >= -1e-9 and np.abs(np.einsum("ij->i", probabilities) - 1).max() <= 1e-6):
        return probabilities  # the whole at once; which row is to blame costs more
    bad = first + np.flatnonzero(~np.isfinite(probabilities).all(axis=1))
    if len(bad):
        raise BadInputError(f"{who} gave NaN or infinite probabilities in rows {some(bad)}.", fix)
    bad = first + np.flatnonzero((probabilities < -1e-9).any(axis=1) | (np.abs(probabilities.sum(axis=1) - 1) > 1e-6))
    if len(bad):
        raise BadInputError(f"{who} gave probabilities that are no distribution over the classes in rows {some(bad)}.", fix)
    return probabilities


def positions_of(estimator: Any, n_classes: int, who: str) -> np.ndarray:
    """Return which of the n_classes each probability column of a fitted estimator stands for, shape (n_columns,)."""
    columns = np.asarray(getattr(estimator, "classes_", np.arange(n_classes)))
    if (
        columns.dtype.kind not in "iu"
        or len(set(columns.tolist())) != len(columns)
        or columns.min() < 0
        or columns.max() >= n_classes
    ):
        raise BadInputError(
            f"{who} has classes_ {some(columns)}, which are not the label codes 0 to {n_classes - 1} it was fitted on.",
            "Set classes_ to np.unique(y) in fit.",
        )
    return columns.astype(np.int64)


def fit(estimator: Any, features: Any, labels: np.ndarray, who: str, **weights: np.ndarray) -> Any:
    """Return the estimator, fitted; what it raises becomes a refusal that says which model it was."""
    with guarded(who, "fit", features):
        return estimator.fit(features, labels, **weights)


@contextlib.contextmanager
def guarded(who: str, doing: str, features: Any = None) -> Iterator[None]:
    """Turn whatever a model raises, an exit included, into a refusal that says which model it was, where, and on what.

    Parameters
    ----------
    features : DataFrame, ndarray or sparse matrix, optional
        What the model is given: columns of it that many models refuse are named.
    """
    try:
        yield
    except CeterisError:
        raise
    except (Exception, SystemExit) as error:
        said = "".join(letter for letter in str(error).strip().split("\n")[0][:300] if letter.isprintable()).rstrip(".")
        doubted = _doubted(features, said)
        raise BadInputError(
            f"{who} fails in {doing}: {type(error).__name__}: {said}.{doubted}",
            ("Mend these columns, or correct" if doubted else "Correct")
            + " the model's parameters (in the pipeline: its `params` in params.yaml) or its class.",
        ) from error


def _doubted(features: Any, said: str) -> str:
    """Return a sentence on the columns whose values may be what a model refused; "" where none is doubted."""
    if isinstance(features, np.ndarray) and features.ndim == 2:
        features = pd.DataFrame(features)
    if not isinstance(features, pd.DataFrame):
        return ""
    largest = float(np.finfo(np.float32).max)
    numbers = features.select_dtypes("number", exclude=[np.timedelta64, np.complexfloating])
    huge = [name for name, column in numbers.items() if (np.abs(column.to_numpy(np.float64, na_value=np.nan)) > largest).any()]
    missing = [name for name, column in features.items() if column.isna().any()] if "NaN" in said else []
    told = f" Numbers that are infinite or beyond {largest:.1e} stand in the columns {some(huge)}." if huge else ""
    return told + (f" Values are missing in the columns {some(missing)}." if missing else "")


def predict(estimator: Any, features: Any, n_classes: int, who: str) -> np.ndarray:
    """Return the checked probabilities of a fitted estimator, columns in class order, shape (n_rows, n_classes)."""
    columns = positions_of(estimator, n_classes, who)
    with guarded(who, "predict_proba", features):
        found = np.asarray(estimator.predict_proba(features), dtype=np.float64)
    given = check(found, features.shape[0], len(columns), who)
    if len(columns) == n_classes and np.array_equal(columns, np.arange(n_classes)):
        return given
    probabilities = np.zeros((features.shape[0], n_classes))
    probabilities[:, columns] = given
    return probabilities


def assign_folds(
    labels: np.ndarray, folds: int, seed: int, groups: np.ndarray | None = None, names: tuple[str, ...] = ()
) -> np.ndarray:
    """Return the fold that judges each row, shape (n_rows,): stratified by label, no group cut.

    Raises
    ------
    ParamsError
        A class has fewer rows (or groups) than there are folds.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    values, counts = np.unique(labels, return_counts=True)
    units = "rows"
    if groups is not None:
        counts, units = np.array([len(np.unique(groups[labels == value])) for value in values]), "groups"
    if counts.min() < folds:
        rare = [
            f"{names[value] if names else value} ({count})"
            for value, count in zip(values, counts, strict=True)
            if count < folds
        ]
        least = int(counts.min())
        do = (
            f"Set audit.folds: {least} in params.yaml"
            if least >= 2
            else "Add rows of these classes, or drop them from the data"
        )
        raise ParamsError(f"audit.folds is {folds}, but these classes have fewer {units}: {some(rare)}.", do + ".")
    splitter: Any = (StratifiedKFold if groups is None else StratifiedGroupKFold)(folds, shuffle=True, random_state=seed)
    assigned = np.full(len(labels), -1)
    for fold, (_, judged) in enumerate(splitter.split(np.zeros(len(labels)), labels, groups)):
        assigned[judged] = fold
    if groups is not None:
        refuse_cut(groups, assigned)
    return assigned


def refuse_cut(groups: np.ndarray, folds: np.ndarray, do: str = "Use folds that keep each group whole.") -> None:
    """Refuse folds of which two judge rows of one group: each would have been trained on what the other judges.

    Raises
    ------
    LeakageError
    """
    units, group = np.unique(groups, return_inverse=True)
    fold = np.unique(folds, return_inverse=True)[1]
    places = np.unique(np.column_stack([group, fold]), axis=0)[:, 0]
    cut = units[np.bincount(places) > 1]
    if len(cut):
        raise LeakageError(f"The audit folds cut the groups {some(cut)}.", do)


def out_of_fold(
    estimator: Any,
    features: Any,
    labels: np.ndarray,
    n_classes: int,
    *,
    folds: int = 5,
    repeats: int = 1,
    seed: int = 0,
    groups: np.ndarray | None = None,
    names: tuple[str, ...] = (),
    blocks: tuple[np.ndarray, list[np.ndarray]] | None = None,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """Return class probabilities of each row by models that were fitted without it, averaged over repeats.

    Parameters
    ----------
    estimator : scikit-learn classifier with predict_proba, unfitted
    features : DataFrame or ndarray, shape (n_rows, n_features)
    labels : ndarray of int, shape (n_rows,)
        Codes 0 to n_classes - 1.
    groups : ndarray, shape (n_rows,), optional
        Rows of one group are judged by the same fold.
    names : tuple of str, optional
        The classes behind the codes, for refusals.
    blocks : (ndarray of int, shape (n_rows,), list of masks), optional
        The fold of each row, and which rows train the judge of each fold, the same in each repeat, as `time_folds` makes them.

    Returns
    -------
    ndarray, shape (n_rows, n_classes)
        Rows sum to 1.
    """
    if not hasattr(estimator, "predict_proba"):
        raise ParamsError(
            f"The audit model {type(estimator).__name__} gives no probabilities.",
            "Set audit.model to one that has predict_proba.",
        )
    if blocks is None:
        draws = [assign_folds(labels, folds, seed + repeat, groups, names) for repeat in range(repeats)]
    else:
        draws, folds = [blocks[0]] * repeats, len(blocks[1])
    trained = None if blocks is None else blocks[1]
    workers = 1 if runs_alone(estimator) else workers
    fits = Fits(_judge, (estimator, features, labels, draws, trained, n_classes, seed), workers)
    for repeat in range(repeats):
        for fold in range(folds):
            fits.add((repeat, fold), "fold")
    total = np.zeros((len(labels), n_classes))
    for done, ((repeat, fold), probabilities) in enumerate(fits, start=1):
        total[draws[repeat] == fold] += probabilities
        if progress:
            progress(done, folds * repeats)
    total /= repeats
    return check(total / total.sum(axis=1, keepdims=True), len(labels), n_classes, "The audit model")


def _judge(shared: Any, task: tuple[int, int]) -> np.ndarray:
    estimator, features, labels, draws, trained, n_classes, seed = shared
    judged = draws[task[0]] == task[1]
    trains = ~judged if trained is None else trained[task[1]]
    rows = features.iloc if hasattr(features, "iloc") else features
    with guarded("The audit model", "its constructor"):
        fresh = seeded(estimator, seed + task[0], f"audit/fold-{task[1]}")
    fitted = fit(fresh, rows[trains], labels[trains], "The audit model")
    return predict(fitted, rows[judged], n_classes, "The audit model")
