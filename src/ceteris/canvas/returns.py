"""What labelling cost and what it returns a month, each with the interval of the effect; and whether two metrics move together.

Nothing here is known better than the effect is: cost is a product of what was set, gain a product with what was measured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

__all__ = ["FEWEST", "Returns", "Together", "together"]

FEWEST = 4  # windows: Fisher's interval divides by n - 3


@dataclass(frozen=True)
class Returns:
    """What a number of labels cost and what they bring.

    Attributes
    ----------
    difference, low, high : float
        Errors avoided a prediction, with the bounds of the interval: of classes a share, of numbers in the unit of the labels.
    labels, label_cost, label_minutes : float
        How many, what each costs, and the minutes of a person's time that it takes.
    volume : float
        Predictions a month.
    error_cost : float
        What an error costs; of numbers, a unit of it.
    """

    difference: float
    low: float
    high: float
    labels: float
    label_cost: float
    label_minutes: float
    volume: float
    error_cost: float

    @property
    def cost(self) -> float:
        """What all labels cost."""
        return self.labels * self.label_cost

    @property
    def hours(self) -> float:
        """The time that people spent on them."""
        return self.labels * self.label_minutes / 60

    @property
    def gain(self) -> tuple[float, float, float]:
        """What is gained a month, and between which bounds: difference x volume x error_cost."""
        scale = self.volume * self.error_cost
        return self.difference * scale, self.low * scale, self.high * scale

    @property
    def told_apart(self) -> bool:
        """Whether the interval of the gain leaves zero out, so that a break-even can be told."""
        _, low, high = self.gain
        return low > 0 or high < 0

    @property
    def months(self) -> tuple[float, float, float] | None:
        """After how many months the gain has paid the labels, and its bounds; None where that is never, or cannot be told."""
        gain, low, high = self.gain
        return (self.cost / gain, self.cost / high, self.cost / low) if low > 0 else None


@dataclass(frozen=True)
class Together:
    """The correlation of two metrics over windows, with its interval; NaN where it cannot be told."""

    correlation: float
    low: float
    high: float
    windows: int

    @property
    def known(self) -> bool:
        """Whether there is a number at all."""
        return not math.isnan(self.low)


def together(business: np.ndarray, model: np.ndarray, confidence: float = 0.95) -> Together:
    """Return Pearson's correlation of two metrics over windows, with Fisher's interval.

    z = artanh(r), interval tanh(z +- q / sqrt(n - 3)) with q the normal quantile (Fisher 1921). Windows that lack one of
    the two are left out. Windows that follow each other are alike, so the interval is rather too narrow than too wide.

    Parameters
    ----------
    business, model : ndarray, shape (n_windows,)

    Returns
    -------
    Together
        NaN where fewer than `FEWEST` windows have both, or one of the two never moves.
    """
    one, other = np.asarray(business, dtype=float), np.asarray(model, dtype=float)
    if one.shape != other.shape or one.ndim != 1:
        raise ValueError(f"one value a window is needed of both, and the shapes are {one.shape} and {other.shape}")
    whole = np.isfinite(one) & np.isfinite(other)
    one, other, count = one[whole], other[whole], int(whole.sum())
    if count < FEWEST or np.ptp(one) == 0 or np.ptp(other) == 0:
        return Together(math.nan, math.nan, math.nan, count)
    r = float(np.clip(np.corrcoef(one, other)[0, 1], -1.0, 1.0))
    half = NormalDist().inv_cdf(0.5 + confidence / 2) / math.sqrt(count - 3)
    with np.errstate(divide="ignore"):
        z = float(np.arctanh(r))
    return Together(r, math.tanh(z - half), math.tanh(z + half), count)
