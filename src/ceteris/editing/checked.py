"""What answers say of the labels of one contrast: counts, and exact bounds on how many of all such labels are wrong."""

from __future__ import annotations

import numpy as np

from ceteris.editing.reviewed import Checked, Review
from ceteris.measuring.disagreement import NOT_ANSWERED, UNSURE, Disagreement
from ceteris.measuring.intervals import clopper_pearson

__all__ = ["review_of"]


def review_of(given: np.ndarray, answers: np.ndarray, chosen: Disagreement, confidence: float = 0.95) -> Review:
    """Return what answers say of the given labels of one contrast's rows.

    Parameters
    ----------
    given : array of int, shape (n_rows,)
    answers : array of int, shape (n_rows,)
        The verified label's code, NOT_ANSWERED or UNSURE.
    chosen : Disagreement
        The set of this contrast. Which rows were decoys follows from the predictions and ids alone, so it is known later, too.
    confidence : float in (0, 1)
        Of the bounds on the shares of wrong labels.
    """
    differing = chosen.weights > 0
    asked = differing if (answers[differing] != NOT_ANSWERED).all() else chosen.asked

    def checked(rows: np.ndarray) -> Checked:
        said = answers[rows]
        wrong = int(((said >= 0) & (said != given[rows])).sum())
        left, unsure = int((said == NOT_ANSWERED).sum()), int((said == UNSURE).sum())
        told = len(said) - left - unsure
        low, high = clopper_pearson(wrong, told, confidence) if told else (0.0, 1.0)
        return Checked(len(said), left, unsure, wrong, low, high)

    return Review(chosen.size, checked(asked), checked(chosen.decoys))
