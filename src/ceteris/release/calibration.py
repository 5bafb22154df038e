"""How far a model's confidence is from how often it is right, with an interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Calibration", "calibration_of"]

_BINS, _DRAWS = 10, 2000


@dataclass(frozen=True)
class Calibration:
    """The calibration error of the label that is predicted, and its 95 % interval, all in [0, 1]."""

    error: float
    low: float
    high: float


def calibration_of(confidence: np.ndarray, right: np.ndarray, seed: int = 0) -> Calibration:
    """Return the root mean square, over ten bins of equally many rows, of how far mean confidence and accuracy part.

    With d the difference in a bin, v its sampling variance and w the bin's share of rows, the sum of w d^2 is too large by the
    sum of w v, which is taken off (Kumar, Liang and Ma 2019). The interval comes from draws of each d, normal with variance v,
    from whose sum of squares the same bias is taken off twice, since they vary about what varies itself.

    Parameters
    ----------
    confidence : array of float in [0, 1], shape (n_rows,)
        The probability of the label that was predicted.
    right : array of bool, shape (n_rows,)
    """
    bins = np.array_split(np.argsort(confidence, kind="stable"), max(1, min(_BINS, len(confidence) // 10)))
    apart = right.astype(float) - confidence
    difference = np.array([apart[rows].mean() for rows in bins])
    variance = np.array([apart[rows].var(ddof=1) / len(rows) if len(rows) > 1 else 0.25 for rows in bins])
    weight = np.array([len(rows) for rows in bins]) / len(confidence)
    bias = float(weight @ variance)
    drawn = difference + np.random.default_rng(seed).normal(size=(_DRAWS, len(bins))) * np.sqrt(variance)
    low, high = np.quantile(drawn**2 @ weight - 2 * bias, [0.025, 0.975])
    error, low, high = (float(np.sqrt(max(0.0, square))) for square in (weight @ difference**2 - bias, low, high))
    return Calibration(error, min(low, error), max(high, error))
