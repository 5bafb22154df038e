"""Errors shaped like those that a data set seems to hold, planted on top of its given labels."""

from __future__ import annotations

import numpy as np

__all__ = ["FEWEST", "MOST", "chances_of", "planted", "rate_of"]

FEWEST, MOST = 0.02, 0.3  # shares of rows: under it nothing can be told, beyond it no class is left
_FLOOR = 0.05  # added to each row's doubt, so that sure rows are mistaken too, though less often


def rate_of(joint: np.ndarray) -> float:
    """Return the share of rows whose given label is estimated to be wrong: what a joint holds beside its diagonal."""
    return float(joint.sum() - np.trace(joint))


def chances_of(joint: np.ndarray, pred_probs: np.ndarray, rate: float) -> np.ndarray:
    """Return how often a row of each true class (row) is given each class (column), with errors in `rate` of all rows.

    Their shape is that of the joint; where it holds no error, that of what the model confuses.

    Parameters
    ----------
    joint : ndarray, shape (n_classes, n_classes)
        From `issues.confident.noise_joint`: given class (row), true class (column).
    pred_probs : ndarray, shape (n_rows, n_classes)
    rate : float

    Returns
    -------
    ndarray, shape (n_classes, n_classes)
        The diagonal is 0; a row sums to 0.5 at most, so that no class is lost.
    """
    errors = joint.T * (1 - np.eye(len(joint)))
    if errors.sum() <= 0:
        likely = pred_probs.argmax(axis=1)
        confused = np.stack([pred_probs[likely == code].sum(axis=0) for code in range(len(joint))])
        errors = confused * (1 - np.eye(len(joint))) + 1e-12 * (1 - np.eye(len(joint)))
    shares = np.maximum(joint.sum(axis=0), 1e-12)  # of each true class
    chances = errors / shares[:, None] * (rate / errors.sum())
    least = np.maximum(chances.sum(axis=1, keepdims=True) / 0.5, 1.0)
    return np.asarray(chances / least)


def planted(given: np.ndarray, unsure: np.ndarray, chances: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the codes with errors, as many of each class to each other one as its chance says.

    Of a class, the rows that become another one are drawn without replacement with weights `unsure[row, other]` + 0.05
    (Efraimidis & Spirakis 2006), so that what looks like the other class is mistaken for it more often.

    Parameters
    ----------
    given : ndarray of int, shape (n_rows,)
    unsure : ndarray, shape (n_rows, n_classes)
        Probabilities of a model that is none of the detectors', out of fold.
    chances : ndarray, shape (n_classes, n_classes)
        From `chances_of`.
    """
    wrong = given.copy()
    for code in range(len(chances)):
        free = np.flatnonzero(given == code)
        counts = _whole(len(free) * chances[code], rng)
        for other in rng.permutation(len(chances)):
            keys = np.log(rng.random(len(free))) / (unsure[free, other] + _FLOOR)
            order = np.argsort(keys, kind="stable")[::-1]
            wrong[free[order[: counts[other]]]] = other
            free = free[np.sort(order[counts[other] :])]
    return wrong


def _whole(expected: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return whole numbers whose mean these are."""
    return np.asarray(np.floor(expected + rng.random(len(expected))), dtype=np.int64)
