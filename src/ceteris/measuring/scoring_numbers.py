"""How far each prediction of a number was off, row by row: per-row scores whose mean is the metric, more is better.

As in `measuring.scoring`, a metric that is no mean over rows is given by its influence values, c[s, i] = metric_s + IF[s, i].
"""

from __future__ import annotations

import numpy as np

from ceteris.errors import BadInputError, some

__all__ = ["number_scores"]


def number_scores(metric: str, values: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Return per-row scores c[s, i], oriented so that more is better, whose mean over rows is the metric of seed s.

    With e = predicted - value, and V the variance of the values over the rows::

        mae    c = -|e|
        rmse   c = -(RMSE + (e^2 - MSE) / (2 RMSE))
        r2     c = R^2 - (e^2 - MSE) / V + MSE ((value - mean)^2 - V) / V^2,     R^2 = 1 - MSE / V

    Parameters
    ----------
    metric : {"mae", "rmse", "r2"}
    values : array of float, shape (n_rows,)
        The labels, in their own unit.
    predicted : array of float, shape (n_seeds, n_rows)

    Raises
    ------
    BadInputError
        Shapes that do not fit, values that are no finite numbers, or labels that are all one number where r2 is asked for.

    References
    ----------
    van der Vaart (1998), Asymptotic Statistics, chapter 20: influence functions and the delta method.
    """
    values, predicted = np.asarray(values, dtype=float), np.asarray(predicted, dtype=float)
    if values.ndim != 1 or predicted.ndim != 2 or predicted.shape[1] != len(values) or not predicted.size:
        raise BadInputError(
            f"labels have shape {values.shape} and predictions {predicted.shape}.",
            "Pass (n_rows,) and (n_seeds, n_rows), neither empty.",
        )
    for name, found in (("labels", values[None]), ("predictions", predicted)):
        bad = np.flatnonzero(~np.isfinite(found).all(axis=0))
        if len(bad):
            raise BadInputError(f"The {name} are no finite numbers in rows {some(bad)}.", "Leave these rows out, or mend them.")
    error = predicted - values
    return -np.abs(error) if metric == "mae" else _of_squares(metric, values, error)


def _of_squares(metric: str, values: np.ndarray, error: np.ndarray) -> np.ndarray:
    squares = np.square(error)
    mse = squares.mean(axis=1, keepdims=True)
    if metric == "rmse":
        root = np.sqrt(mse)
        scores: np.ndarray = -(root + np.divide(squares - mse, 2 * root, out=np.zeros_like(squares), where=root > 0))
        return scores
    spread = np.square(values - values.mean())
    variance = float(spread.mean())
    if not variance > 0:
        raise BadInputError("All labels are one number, against which r2 means nothing.", "Set compare.metric: mae.")
    scores = 1 - mse / variance - (squares - mse) / variance + mse * (spread - variance) / variance**2
    return scores
