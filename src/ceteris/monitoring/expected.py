"""How accurate the model can be expected to be on rows without labels, by its own probabilities, once these are calibrated.

It sees another mix of easy and hard rows. It does not see that the same rows now have other labels (concept drift), nor that
the model is as sure as ever of rows that are like none it was made of: only labels tell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ceteris.measuring.estimates import Estimate, wilson
from ceteris.monitoring.settings import FEWEST_ROWS

__all__ = ["Calibration", "calibrated", "confidence", "expected_accuracy"]

_LEAST = 1e-6  # a probability that is 0 or 1 is a number too
_SPREAD = 1.5  # standard deviation of what calibration is thought to change, on the scale of log odds


@dataclass(frozen=True)
class Calibration:
    """Log odds of being right = intercept + slope times those that the model states, and how sure that is."""

    coefficients: np.ndarray
    covariance: np.ndarray


def confidence(pred_probs: np.ndarray) -> np.ndarray:
    """Return the log odds of the most probable class of each row, shape (n_rows,)."""
    top = np.clip(pred_probs.max(axis=1), _LEAST, 1 - _LEAST)
    return np.asarray(np.log(top / (1 - top)))


def calibrated(stated: np.ndarray, right: np.ndarray) -> Calibration:
    """Return the calibration by rows whose labels are known and which the model was not fitted on.

    Newton's method on the log likelihood, with a normal prior around what the model states (intercept 0, slope 1): where
    every row is right, as where few are known, there is a best answer all the same.

    Parameters
    ----------
    stated : ndarray of float, shape (n_rows,)
        Of `confidence`.
    right : ndarray of bool, shape (n_rows,)

    References
    ----------
    Platt (1999), Probabilistic outputs for support vector machines.
    """
    design = np.column_stack([np.ones(len(stated)), stated])
    prior, found = np.array([0.0, 1.0]), np.array([0.0, 1.0])
    for _ in range(50):
        odds = _share(design @ found)
        slope = design.T @ (right - odds) - (found - prior) / _SPREAD**2
        curve = design.T @ (design * (odds * (1 - odds))[:, None]) + np.eye(2) / _SPREAD**2
        step = np.linalg.solve(curve, slope)
        found = found + step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < 1e-9:
            break
    return Calibration(found, np.linalg.inv(curve))


def _share(odds: np.ndarray) -> np.ndarray:
    from scipy.special import expit

    return np.asarray(expit(odds))


def expected_accuracy(by: Calibration, stated: np.ndarray) -> Estimate | None:
    """Return the accuracy that is to be expected on these very rows, with its 95 % interval; None under 200 rows.

    Its variance is what the calibration leaves open, by the delta method, and the luck of rows that are right with a
    probability only: g' V g + sum of p (1 - p) / n^2. As luck is lopsided near 1, the interval is Wilson's for as many rows
    as would have that variance.
    """
    if len(stated) < FEWEST_ROWS:
        return None
    design = np.column_stack([np.ones(len(stated)), stated])
    odds = _share(design @ by.coefficients)
    gradient = (design * (odds * (1 - odds))[:, None]).mean(axis=0)
    variance = float(gradient @ by.covariance @ gradient) + float((odds * (1 - odds)).sum()) / len(odds) ** 2
    value = float(odds.mean())
    return Estimate(value, *wilson(value, value * (1 - value) / variance))
