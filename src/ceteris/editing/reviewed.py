"""What a blind review of one contrast came to: how many labels were wrong where its arms differ, and where they agree."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["SECONDS_PER_LABEL", "Checked", "Review", "minutes_of", "noted"]

SECONDS_PER_LABEL = 6.0
NAN = float("nan")


@dataclass(frozen=True)
class Checked:
    """Rows that a person was asked for.

    Attributes
    ----------
    asked, left, unsure : int
        Rows asked for; those that nobody answered; those whose answer leaves the label open.
    wrong : int
        Answered rows whose given label the answer contradicts.
    low, high : float in [0, 1]
        Exact (Clopper-Pearson) bounds on the share of wrong labels among rows like these.
    """

    asked: int = 0
    left: int = 0
    unsure: int = 0
    wrong: int = 0
    low: float = 0.0
    high: float = 1.0

    @property
    def told(self) -> int:
        """Rows whose answer names a class."""
        return self.asked - self.left - self.unsure


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
    came : int
        Of the disputed rows asked for, those whose label came verified with the data.
    """

    differing: int
    disputed: Checked = field(default_factory=Checked)
    decoys: Checked = field(default_factory=Checked)
    against: float = NAN
    favour: float = NAN
    came: int = 0

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
    """Return the reason of a verdict, with what unsure answers did to its interval, and which labels came verified."""
    if review is None:
        return reason
    unsure, came = review.disputed.unsure, review.came
    told = f"; {came:,} of {review.disputed.told + unsure:,} verified labels came with the data" if came else ""
    return reason + (f"; {unsure:,} unsure row{'s' * (unsure > 1)} counted for and against" if unsure else "") + told


def minutes_of(n_labels: int) -> str:
    """Return how long it takes to answer so many labels, at 6 s each: "4 minutes"."""
    minutes = max(1, round(n_labels * SECONDS_PER_LABEL / 60))
    return f"{minutes:,} minute{'s' * (minutes > 1)}"
