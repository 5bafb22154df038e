"""Review 100 more labels, or tune 100 more trials? What either lever has earned so far, carried on, with its uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from ceteris.errors import BadInputError
from ceteris.measuring.effect import Effect

__all__ = ["Advice", "Forecast", "advise", "labels_forecast", "trials_forecast"]

REVIEW, TUNE, CANNOT_TELL = "review", "tune", "cannot tell"
_DRAWS, _GRID, _BINS = 4000, 60, 8
_MOST_SEEN, _POWERS, _WIDEST = 20, (1.0, 2.0, 4.0), 8.0
_SURE = 0.8


@dataclass(frozen=True)
class Forecast:
    """What 100 more of something are expected to gain.

    Attributes
    ----------
    draws : ndarray of float, shape (n_draws,)
        Gains that the evidence allows.
    evidence : str
        What it rests on, in words.
    """

    draws: np.ndarray
    evidence: str

    @property
    def expected(self) -> float:
        """The mean gain."""
        return float(self.draws.mean())

    @property
    def interval(self) -> tuple[float, float]:
        """The middle 95 % of the gains that the evidence allows."""
        low, high = np.quantile(self.draws, [0.025, 0.975])
        return float(low), float(high)


@dataclass(frozen=True)
class Advice:
    """Which lever to pull next: "review", "tune" or "cannot tell", with the chance that reviewing gains more."""

    verdict: str
    chance: float
    labels: Forecast | None
    trials: Forecast | None


def labels_forecast(
    stretches: Sequence[Effect], reviews: Sequence[int], more: int = 100, seed: int = 0, of: int = 0
) -> Forecast:
    """Return what more reviewed labels gain, carrying on the curve of those that were reviewed.

    The curve is a power of the number of reviews, so that later labels gain no more than earlier ones::

        gain(k) = scale (k / last)^b,   b from 1/4 to 1

    Scale (flat) and b (even over its range) are drawn from what the stretches allow, taken for independent of each other.

    Parameters
    ----------
    stretches : Effects
        The gain of each stretch: from nothing to the first number of reviews, from there to the second, ...
    reviews : rising numbers of reviews at which the stretches end
    of : int
        How many labels were reviewed, where the curve holds some of them only.

    References
    ----------
    Hestness et al. (2017), Deep learning scaling is predictable, empirically: learning curves are power laws.
    """
    if not stretches or reviews[0] < 1:
        raise BadInputError(f"{reviews[0] if len(reviews) else 0} reviews have no rate.", "Review some: ceteris queue train")
    rng, last = np.random.default_rng(seed), reviews[-1]
    seen = np.array([stretch.difference for stretch in stretches])
    precision = 1 / np.maximum([stretch.variance for stretch in stretches], 1e-12)
    powers = np.linspace(0.25, 1.0, 16)
    parts = np.diff((np.array([0, *reviews]) / last) ** powers[:, None], axis=1)
    total = (precision * parts**2).sum(axis=1)
    scale = (precision * parts * seen).sum(axis=1) / total
    fit = -0.5 * (precision * (seen - scale[:, None] * parts) ** 2).sum(axis=1) - 0.5 * np.log(total)
    weight = np.exp(fit - fit.max())
    chosen = rng.choice(len(powers), _DRAWS, p=weight / weight.sum())
    drawn = rng.normal(scale[chosen], np.sqrt(1 / total[chosen]))
    known = f"{last:,} of the {of:,} labels reviewed so far" if of > last else f"the {last:,} labels reviewed so far"
    return Forecast(drawn * ((1 + more / last) ** powers[chosen] - 1), known)


def trials_forecast(trials: Sequence[Effect], more: int = 100, ceiling: float = 1.0, seed: int = 0) -> Forecast:
    """Return what more trials of models gain over the best so far.

    The better half of the trials (20 at most) are draws from the upper end of a population of true gains; how bad the worse
    ones are says nothing of how much better the best can get. Where a score falls off with the square of the distance from the
    best settings of d that matter, the share of settings within g of that end is::

        P(end - gain < g) = (g / width)^(d / 2),   0 <= g <= width

    End (flat), width (flat in its logarithm, from an eighth of the noise to eight times what was seen) and d in {2, 4, 8} are
    unknown, and each trial is seen with the noise of its own measuring. Gain = max(0, best of
    `more` new ones - best so far), no higher than `ceiling`; the best so far is drawn from what the data allow, since it was
    picked for being large.

    Where each of n trials lost, that the baseline is as good as these settings get has the chance (n + 1) / (n + 2) before one
    looks at how much they lost by (Laplace's rule of succession): little is expected then.

    Parameters
    ----------
    trials : Effects of models against one baseline, on one data set
    ceiling : float
        What is left to gain: 1 - the best score, for accuracy.

    References
    ----------
    de Haan (1981), Estimation of the minimum of a function using order statistics: the tail of random search.
    """
    if len(trials) < 2:
        raise BadInputError(f"{len(trials)} trials have no spread.", "Run two other models or settings first.")
    rng = np.random.default_rng(seed)
    better = sorted(trials, key=lambda trial: -trial.difference)[: min(max((len(trials) + 1) // 2, 2), _MOST_SEEN)]
    seen = np.array([trial.difference for trial in better])
    noise = np.sqrt(np.maximum([trial.variance for trial in better], 1e-12))
    lost = len(trials) if seen.max() <= 0 else 0
    end, width, power = _upper_end(seen, noise, lost, rng)
    edges = width[:, None] * (np.arange(_BINS + 1) / _BINS) ** (1 / power[:, None])
    known = _true_gains(seen, noise, end[:, None] - edges, rng)
    # The smallest of n uniform draws is 1 - U^(1/n), and the gap below the end is a power of it.
    drawn = more * len(better) / len(trials)
    best_new = end - width * (1 - rng.random(_DRAWS) ** (1 / drawn)) ** (1 / power)
    gains = np.clip(best_new - np.maximum(known.max(axis=1), 0.0), 0.0, ceiling)
    return Forecast(gains, f"{len(trials):,} trials of models{', none of which beat the baseline' if lost else ''}")


def _upper_end(
    seen: np.ndarray, noise: np.ndarray, lost: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return draws of the end, the width and the power d / 2 of the population, given what was seen; shape (n_draws,) each."""
    size = float(np.sqrt(np.square(noise).mean()))
    steps = (np.arange(_GRID) + 0.5) / _GRID
    widths = np.geomspace(size, size + np.ptp(seen), _GRID) * np.geomspace(1 / _WIDEST, _WIDEST, _GRID)
    low, high = seen.min() - 3 * size, seen.max() + 3 * size + widths
    ends = low + (high - low)[:, None] * steps
    fit = np.stack([_log_fit(seen, noise, ends, widths, power) for power in _POWERS]) + np.log(high - low)[:, None]
    fit += _doubt(ends, lost) if lost else 0.0
    weight = np.exp(fit - fit.max()).ravel()
    chosen = np.unravel_index(rng.choice(weight.size, _DRAWS, p=weight / weight.sum()), fit.shape)
    return ends[chosen[1:]], widths[chosen[1]], np.array(_POWERS)[chosen[0]]


def _doubt(ends: np.ndarray, lost: int) -> np.ndarray:
    """Return the logarithm of what the ends of each width are weighed with, after so many trials that all lost."""
    beaten, chance = ends > 0, 1 / (lost + 2)
    share = beaten.mean(axis=1, keepdims=True)
    return np.log(np.where(beaten, chance / np.maximum(share, 1e-9), (1 - chance) / np.maximum(1 - share, 1e-9)))


def _log_fit(seen: np.ndarray, noise: np.ndarray, ends: np.ndarray, widths: np.ndarray, power: float) -> np.ndarray:
    """Return the log-likelihood of each end (column) of each width (row): a histogram of equal shares, blurred by the noise."""
    gaps = widths[:, None] * (np.arange(_BINS + 1) / _BINS) ** (1 / power)
    edges = ends[..., None] - gaps[:, None, :]
    below = ndtr((edges[..., None] - seen) / noise)
    density = ((below[..., :-1, :] - below[..., 1:, :]) / np.diff(gaps)[:, None, :, None]).mean(axis=2)
    return np.asarray(np.log(np.maximum(density, 1e-300)).sum(axis=-1))


def _true_gains(seen: np.ndarray, noise: np.ndarray, edges: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a draw of the true gain of each trial, shape (n_draws, n_trials): from a bin of its population, and within it."""
    below = ndtr((edges[:, :, None] - seen) / noise)
    share = np.diff(-below, axis=1) / np.diff(-edges, axis=1)[:, :, None] + 1e-300
    reached = np.cumsum(share, axis=1) / share.sum(axis=1, keepdims=True)
    bin = (reached < rng.random((len(edges), 1, len(seen)))).sum(axis=1).clip(max=_BINS - 1)
    high, low = (np.take_along_axis(below, bin[:, None] + place, axis=1)[:, 0] for place in (0, 1))
    inside = seen + noise * ndtri(np.clip(low + (high - low) * rng.random(bin.shape), 1e-12, 1 - 1e-12))
    ends = (np.take_along_axis(edges, bin + place, axis=1) for place in (1, 0))
    return np.clip(inside, *ends)


def advise(labels: Forecast | None, trials: Forecast | None) -> Advice:
    """Return which lever is likely to gain more, where its chance is 80 % or more; one that was never tried tells nothing."""
    if labels is None or trials is None:
        return Advice(CANNOT_TELL, float("nan"), labels, trials)
    n = min(len(labels.draws), len(trials.draws))
    better = labels.draws[:n] > trials.draws[:n]
    ties = labels.draws[:n] == trials.draws[:n]
    chance = float((better + 0.5 * ties).mean())
    return Advice(REVIEW if chance >= _SURE else TUNE if chance <= 1 - _SURE else CANNOT_TELL, chance, labels, trials)
