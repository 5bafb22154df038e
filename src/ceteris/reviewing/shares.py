"""A share of answers, and a count that is expected, each with its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import ndtri

from ceteris.measuring.estimates import wilson

__all__ = ["Range", "Share", "difference", "share_of"]


@dataclass(frozen=True)
class Range:
    """A number with the interval that it is known to."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Share:
    """k of n, with bounds on the share of which these are a sample; NaN and [0, 1] where n is 0."""

    k: int
    n: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share k / n."""
        return self.k / self.n if self.n else math.nan

    def told(self, what: str = "") -> str:
        """Return it in words: "31 of 60, 52 % [39, 64]", or of something, "31 of 60 random rows, 52 % [39, 64]"."""
        of = f" {what}" if what else ""
        if not self.n:
            return f"no{of} answered yet" if what else "none"
        return f"{self.k:,} of {self.n:,}{of}, {100 * self.value:.0f} % [{100 * self.low:.0f}, {100 * self.high:.0f}]"


def share_of(k: int, n: int, confidence: float = 0.95) -> Share:
    """Return k of n with Wilson's interval."""
    return Share(k, n, *wilson(k / n if n else 0.0, n, float(ndtri((1 + confidence) / 2))))


def difference(one: Share, other: Share) -> Range:
    """Return one share minus another, of independent answers, with Newcombe's interval.

    ::

        [d - sqrt((p1 - l1)^2 + (u2 - p2)^2), d + sqrt((u1 - p1)^2 + (p2 - l2)^2)]

    NaN and [-1, 1] where one of them is of no answer.

    References
    ----------
    Newcombe (1998), Interval estimation for the difference between independent proportions, method 10.
    """
    if not (one.n and other.n):
        return Range(math.nan, -1.0, 1.0)
    d = one.value - other.value
    low = math.hypot(one.value - one.low, other.high - other.value)
    return Range(d, d - low, d + math.hypot(one.high - one.value, other.value - other.low))
