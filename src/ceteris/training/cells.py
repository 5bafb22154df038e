"""The cell, one model on one version: what it was trained on, and what it predicts for the validation rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Cell", "Draw"]


@dataclass(frozen=True)
class Draw:
    """The training rows of one draw: positions in the job's table (None: all), label codes, weights (None: all equal)."""

    rows: np.ndarray | None
    labels: np.ndarray
    weights: np.ndarray | None = None


@dataclass(frozen=True)
class Cell:
    """What a model predicts for the validation rows.

    Attributes
    ----------
    predicted : ndarray of int, shape (n_fits, n_rows)
        Class codes, or numbers; n_fits is the number of seeds, or 1 for a learner that is deterministic.
    pred_probs : ndarray, shape (n_fits, n_rows, n_classes), or None
        None where the model gives no probabilities.
    n_seeds : int
    deterministic : bool
        Two seeds gave exactly equal outputs, so that one fit stands for all.
    kept : what the job's `keep` made of the fitted estimator of the first seed, or None
    """

    predicted: np.ndarray
    pred_probs: np.ndarray | None
    n_seeds: int
    deterministic: bool
    kept: Any = None
    fits: int = 0
    cpu_seconds: float = 0.0

    def over_seeds(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the predictions and probabilities with one row a seed, as views where one fit stands for all."""
        predicted = np.broadcast_to(self.predicted, (self.n_seeds, self.predicted.shape[1]))
        if self.pred_probs is None:
            return predicted, None
        return predicted, np.broadcast_to(self.pred_probs, (self.n_seeds, *self.pred_probs.shape[1:]))
