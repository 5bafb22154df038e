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
_DRAWS = 4000
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

    Trials are taken for draws from one population of true effects, normal around their mean with the spread that is left
    when the noise of measuring is taken out (empirical Bayes, DerSimonian & Laird 1986). The best so far is shrunken to that
    mean, since it was picked for being large. Gain = max(0, best of `more` new ones - best so far), no higher than `ceiling`.

    Parameters
    ----------
    trials : Effects of models against one baseline, on one data set
    ceiling : float
        What is left to gain: 1 - the best score, for accuracy.
    """
    if len(trials) < 2:
        raise BadInputError(f"{len(trials)} trials have no spread.", "Run two other models or settings first.")
    rng = np.random.default_rng(seed)
    seen = np.array([trial.difference for trial in trials])
    noise = np.array([trial.variance for trial in trials])
    chosen = rng.integers(0, len(seen), (_DRAWS, len(seen)))
    mean, spread = _populations(seen[chosen], noise[chosen])
    weight = spread[:, None] / np.maximum(spread[:, None] + noise, 1e-12)
    known = rng.normal(mean[:, None] + weight * (seen - mean[:, None]), np.sqrt(weight * noise))
    # The largest of n standard normals is the quantile of U^(1/n).
    best_new = mean + np.sqrt(spread) * ndtri(rng.random(_DRAWS) ** (1 / more))
    gains = np.clip(best_new - np.maximum(known.max(axis=1), 0.0), 0.0, ceiling)
    return Forecast(gains, f"{len(trials):,} trials of models")


def _populations(seen: np.ndarray, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the true variance of each row of trials, the variance of measuring taken out."""
    spread = np.maximum(0.0, seen.var(axis=1, ddof=1) - noise.mean(axis=1))
    weights = 1 / np.maximum(noise + spread[:, None], 1e-12)
    return (weights * seen).sum(axis=1) / weights.sum(axis=1), spread


def advise(labels: Forecast | None, trials: Forecast | None) -> Advice:
    """Return which lever is likely to gain more, where its chance is 90 % or more; one that was never tried tells nothing."""
    if labels is None or trials is None:
        return Advice(CANNOT_TELL, float("nan"), labels, trials)
    n = min(len(labels.draws), len(trials.draws))
    better = labels.draws[:n] > trials.draws[:n]
    ties = labels.draws[:n] == trials.draws[:n]
    chance = float((better + 0.5 * ties).mean())
    return Advice(REVIEW if chance >= _SURE else TUNE if chance <= 1 - _SURE else CANNOT_TELL, chance, labels, trials)
