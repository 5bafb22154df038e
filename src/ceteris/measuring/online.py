"""A false discovery rate held over a history of tests: each gets its level when it is run, and keeps it for good."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import zeta

from ceteris.errors import BadInputError

__all__ = ["LEVEL", "level", "levels"]

LEVEL = 0.05
_DECAY = 1.6


def level(index: int, rejected: Sequence[int], alpha: float = LEVEL) -> float:
    """Return the level of the test at this place of the history, by LORD++.

    ::

        alpha_t = gamma_t W0 + (alpha - W0) gamma_(t - tau_1) + alpha * sum over j >= 2 of gamma_(t - tau_j)

    with W0 = alpha / 2, tau_j the place of the j-th rejection and gamma_t = t^-1.6 / zeta(1.6). Each level depends on earlier
    tests alone, so a new one changes no earlier verdict; the price of a long history without findings is smaller levels,
    and each finding earns some back.

    Parameters
    ----------
    index : int >= 1
        Place of the test, counted from 1; tests that were removed since stay in the count.
    rejected : sequence of int
        Places of the earlier tests whose p was at or below their level.
    alpha : float in (0, 1)
        The false discovery rate to hold.

    References
    ----------
    Ramdas, Yang, Wainwright & Jordan (2017), Online control of the false discovery rate with decaying memory, eq. 10.
    The rate of decay is that of Ramdas, Zrnic, Wainwright & Jordan (2018), SAFFRON, section 4.
    """
    if index < 1 or any(not 1 <= place < index for place in rejected):
        raise BadInputError(f"The test {index} after the rejections {list(rejected)} has no place.", "Count tests from 1.")
    found = sorted(rejected)
    earned = [alpha / 2 * _gamma(index)]
    earned += [alpha / 2 * _gamma(index - place) for place in found[:1]]
    earned += [alpha * _gamma(index - place) for place in found[1:]]
    return float(sum(earned))


def levels(p_values: Sequence[float] | np.ndarray, alpha: float = LEVEL) -> np.ndarray:
    """Return the level of each test of a history, shape (n_tests,); a test is a finding where its p is at or below it."""
    found: list[int] = []
    given = np.empty(len(p_values))
    for place, p in enumerate(p_values, start=1):
        given[place - 1] = level(place, found, alpha)
        if p <= given[place - 1]:
            found.append(place)
    return given


def _gamma(place: int) -> float:
    return float(place**-_DECAY / zeta(_DECAY))
