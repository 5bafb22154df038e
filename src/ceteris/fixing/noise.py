"""Label errors put in on purpose, so that a fix can be scored on labels that are known to be true. Nothing here finds them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ceteris.sections import ModelRecipe, Plant
from ceteris.training.models import build

__all__ = ["plant", "shifted", "uniform", "confusable", "weak_pred_probs", "WEAK"]

WEAK = ModelRecipe(estimator="sklearn.naive_bayes.GaussianNB", prepare="scaled", params={"var_smoothing": 0.3})
_FOLDS = 5
_FLOOR = 0.05  # added to each row's doubt, so that sure rows are mistaken too, though less often


def plant(
    labels: np.ndarray, features: pd.DataFrame, how: Plant, kinds: Mapping[str, str] | None = None, numbers: bool = False
) -> np.ndarray:
    """Return the labels with errors in exactly round(rate * n_rows) rows; what came in is the truth.

    Parameters
    ----------
    labels : ndarray of str objects, shape (n_rows,)
        Of rows in canonical order (sorted by id), on which alone the draw depends.
    features : DataFrame, shape (n_rows, n_features)
    how : Plant
        `uniform`: any row, any other class; where labels are numbers, what another row holds. `confusable`: what a weak model
        takes the row for, more often where it doubts.
    kinds : mapping of str to str, optional
        `ingest.kinds`.
    numbers : bool
        Whether labels are numbers.

    Returns
    -------
    ndarray of str objects, shape (n_rows,)
    """
    count = round(how.rate * len(labels))
    if how.kind == "none" or count == 0:
        return labels.copy()
    rng = np.random.default_rng(how.seed)
    if numbers:
        return shifted(labels, count, rng)
    classes, codes = np.unique(labels.astype(str), return_inverse=True)
    if how.kind == "uniform":
        given = uniform(codes, len(classes), count, rng)
    else:
        given = confusable(codes, weak_pred_probs(codes, features, rng, kinds), count, rng)
    named: np.ndarray = classes[given].astype(object)
    return named


def uniform(codes: np.ndarray, n_classes: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return the codes with `count` rows, any of them, moved to any other class, each as likely.

    Parameters
    ----------
    codes : ndarray of int, shape (n_rows,), in [0, n_classes)
    """
    rows = rng.permutation(len(codes))[:count]
    given = codes.copy()
    given[rows] = (codes[rows] + rng.integers(1, n_classes, size=count)) % n_classes
    return given


def shifted(labels: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return the labels with `count` rows, any of them, holding what another row holds, never what they held.

    Parameters
    ----------
    labels : ndarray of str objects, shape (n_rows,)
        Of two values or more.
    """
    given = labels.copy()
    for row in rng.permutation(len(labels))[:count]:
        others = labels[labels != labels[row]]
        given[row] = others[rng.integers(len(others))]
    return given


def confusable(codes: np.ndarray, pred_probs: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return the codes with `count` rows moved to their most probable other class, doubted rows more often.

    Rows are drawn without replacement, with weights 1 - pred_probs[row, label] + 0.05 (Efraimidis & Spirakis 2006: the
    largest of u ** (1 / weight), u uniform on (0, 1)).

    Parameters
    ----------
    codes : ndarray of int, shape (n_rows,)
    pred_probs : ndarray, shape (n_rows, n_classes)
        Out of fold.
    """
    everyone = np.arange(len(codes))
    weights = 1.0 - pred_probs[everyone, codes] + _FLOOR
    rows = np.argsort(np.log(rng.random(len(codes))) / weights, kind="stable")[::-1][:count]
    others = pred_probs.copy()
    others[everyone, codes] = -np.inf
    given = codes.copy()
    given[rows] = others[rows].argmax(axis=1)
    return given


def weak_pred_probs(
    codes: np.ndarray, features: pd.DataFrame, rng: np.random.Generator, kinds: Mapping[str, str] | None = None
) -> np.ndarray:
    """Return out-of-fold probabilities of a deliberately weak and fast model, shape (n_rows, n_classes).

    Folds are drawn at random; a class that a fold's training rows lack has probability 0 there.
    """
    n_rows, n_classes = len(codes), int(codes.max()) + 1
    fold = rng.permutation(n_rows) % min(_FOLDS, n_rows)
    pred_probs = np.zeros((n_rows, n_classes))
    weak = WEAK.model_copy(update={"kinds": dict(kinds) if kinds else None})
    for held in np.unique(fold):
        judged = np.flatnonzero(fold == held)
        fitted = build(weak, features).fit(features[fold != held], codes[fold != held])
        pred_probs[np.ix_(judged, fitted.classes_)] = fitted.predict_proba(features.iloc[judged])
    return pred_probs
