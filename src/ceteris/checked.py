"""What answers say of the labels of one contrast: how many were wrong where its arms differ, and where they agree."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ceteris.disagreement import NOT_ANSWERED, UNSURE, Disagreement
from ceteris.intervals import clopper_pearson

__all__ = ["Checked", "Review", "noted", "review_of"]


@dataclass(frozen=True)
class Checked:
    """Rows that a person was asked for.

    Attributes
    ----------
    asked, left, unsure : int
        Rows asked for; those that nobody answered; those whose answer leaves the label open.
    wrong : int
        Answered rows whose given label the answer contradicts.
    confidence : float in (0, 1)
    """

    asked: int = 0
    left: int = 0
    unsure: int = 0
    wrong: int = 0
    confidence: float = 0.95

    @property
    def told(self) -> int:
        """Rows whose answer names a class."""
        return self.asked - self.left - self.unsure

    @property
    def rate(self) -> tuple[float, float]:
        """Exact bounds on the share of wrong labels among rows like these; (0, 1) where nothing was told.

        References
        ----------
        Clopper & Pearson (1934), The use of confidence or fiducial limits.
        """
        return clopper_pearson(self.wrong, self.told, self.confidence) if self.told else (0.0, 1.0)


@dataclass(frozen=True)
class Review:
    """How far the review of one contrast is, and what it found.

    Attributes
    ----------
    differing : int
        Rows on which the arms predict differently in any seed.
    disputed : Checked
        Those of them that were asked for: all, or a sample in which a row's chance grows with how often the arms differ.
    decoys : Checked
        The agreeing rows mixed in. They are the first by a number that knows no label, so a random sample of the rows on which
        the arms agree. That holds for all of them only: those answered for the sake of other contrasts are hard ones.
    against, favour : float
        The effect with every unsure row counted against the candidate, and with every one counted for it; NaN where none is.
    """

    differing: int
    disputed: Checked = field(default_factory=Checked)
    decoys: Checked = field(default_factory=Checked)
    against: float = np.nan
    favour: float = np.nan

    @property
    def sampled(self) -> bool:
        """Whether some of the differing rows are left to chance."""
        return self.disputed.asked < self.differing

    @property
    def begun(self) -> bool:
        """Whether anybody answered for a row on which the arms differ."""
        return self.disputed.left < self.disputed.asked

    @property
    def agreeing_known(self) -> bool:
        """Whether every decoy is answered, so that they tell how many labels are wrong where the arms agree."""
        return self.decoys.told > 0 and not self.decoys.left


def noted(reason: str, review: Review | None) -> str:
    """Return the reason of a verdict, with what unsure answers did to its interval."""
    if review is None or not review.disputed.unsure:
        return reason
    unsure = review.disputed.unsure
    return f"{reason}; {unsure:,} unsure row{'s' * (unsure > 1)} counted for and against"


def review_of(given: np.ndarray, answers: np.ndarray, chosen: Disagreement, confidence: float = 0.95) -> Review:
    """Return what answers say of the given labels of one contrast's rows.

    Parameters
    ----------
    given : array of int, shape (n_rows,)
    answers : array of int, shape (n_rows,)
        The verified label's code, NOT_ANSWERED or UNSURE.
    chosen : Disagreement
        The set of this contrast. Which rows were decoys follows from the predictions and ids alone, so it is known later, too.
    """
    differing = chosen.weights > 0
    asked = differing if (answers[differing] != NOT_ANSWERED).all() else chosen.asked

    def checked(rows: np.ndarray) -> Checked:
        said = answers[rows]
        wrong = (said >= 0) & (said != given[rows])
        left, unsure = int((said == NOT_ANSWERED).sum()), int((said == UNSURE).sum())
        return Checked(len(said), left, unsure, int(wrong.sum()), confidence)

    return Review(chosen.size, checked(asked), checked(chosen.decoys))
