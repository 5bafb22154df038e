"""Review 100 more labels, or tune 100 more trials? What either lever has earned so far, carried on, with its uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from ceteris.effect import Effect
from ceteris.errors import BadInputError

__all__ = ["Advice", "Forecast", "advise", "labels_forecast", "trials_forecast"]

REVIEW, TUNE, CANNOT_TELL = "review", "tune", "cannot tell"
_DRAWS, _GRID = 4000, 200
_SURE = 0.9


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


def labels_forecast(stretch: Effect, n_labels: int, more: int = 100, seed: int = 0) -> Forecast:
    """Return what more reviewed labels gain, at the rate of the last that were reviewed.

    Later labels gain less than earlier ones, so this is a bound from above as much as a forecast.

    Parameters
    ----------
    stretch : Effect
        The gain of the last `n_labels` reviews.
    """
    if n_labels < 1:
        raise BadInputError(f"{n_labels} reviews have no rate.", "Review some: ceteris queue train")
    rate = more / n_labels
    draws = stretch.difference + np.sqrt(stretch.variance) * np.random.default_rng(seed).standard_t(stretch.df, _DRAWS)
    return Forecast(draws * rate, f"the last {n_labels:,} reviewed labels")


def trials_forecast(trials: Sequence[Effect], more: int = 100, ceiling: float = 1.0, seed: int = 0) -> Forecast:
    """Return what more trials of models gain over the best so far.

    Trials are taken for draws from one population of true effects, normal with an unknown mean and spread, each seen with the
    noise of its own measuring. Gain = max(0, best of `more` new ones - best so far), no higher than `ceiling`; the best so
    far is drawn from what the data allow, since it was picked for being large.

    Parameters
    ----------
    trials : Effects of models against one baseline, on one data set
    ceiling : float
        What is left to gain: 1 - the best score, for accuracy.

    References
    ----------
    Gelman et al. (2013), Bayesian Data Analysis, section 5.4: the normal model with known variances (eq. 5.20, 5.21), its
    spread tau on a grid, with a half-Cauchy prior of the size of the noise (Gelman 2006).
    """
    if len(trials) < 2:
        raise BadInputError(f"{len(trials)} trials have no spread.", "Run two other models or settings first.")
    rng = np.random.default_rng(seed)
    seen = np.array([trial.difference for trial in trials])
    noise = np.maximum(np.array([trial.variance for trial in trials]), 1e-12)
    mean, spread = _population(seen, noise, rng)
    weight = spread[:, None] / (spread[:, None] + noise)
    known = rng.normal(mean[:, None] + weight * (seen - mean[:, None]), np.sqrt(weight * noise))
    # The largest of n standard normals is the quantile of U^(1/n).
    best_new = mean + np.sqrt(spread) * ndtri(rng.random(_DRAWS) ** (1 / more))
    gains = np.clip(best_new - np.maximum(known.max(axis=1), 0.0), 0.0, ceiling)
    return Forecast(gains, f"{len(trials):,} trials of models")


def _population(seen: np.ndarray, noise: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return draws of the mean and the true variance of the population that trials come from, given what was seen."""
    size = float(np.sqrt(noise.mean()))
    tau = size * np.tan(np.pi / 2 * (np.arange(_GRID) + 0.5) / _GRID)  # quantiles of the half-Cauchy prior
    precision = 1 / (noise + tau[:, None] ** 2)
    total = precision.sum(axis=1)
    middle = (precision * seen).sum(axis=1) / total
    fit = 0.5 * (np.log(precision) - precision * (seen - middle[:, None]) ** 2).sum(axis=1) - 0.5 * np.log(total)
    chosen = rng.choice(_GRID, _DRAWS, p=np.exp(fit - fit.max()) / np.exp(fit - fit.max()).sum())
    return rng.normal(middle[chosen], np.sqrt(1 / total[chosen])), tau[chosen] ** 2


def advise(labels: Forecast | None, trials: Forecast | None) -> Advice:
    """Return which lever is likely to gain more, where its chance is 90 % or more; one that was never tried tells nothing."""
    if labels is None or trials is None:
        return Advice(CANNOT_TELL, float("nan"), labels, trials)
    n = min(len(labels.draws), len(trials.draws))
    better = labels.draws[:n] > trials.draws[:n]
    ties = labels.draws[:n] == trials.draws[:n]
    chance = float((better + 0.5 * ties).mean())
    return Advice(REVIEW if chance >= _SURE else TUNE if chance <= 1 - _SURE else CANNOT_TELL, chance, labels, trials)
