"""The exchange rate: what reviewed labels buy, ranked and random, beside what trials of models buy, each with its cost."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ceteris.errors import BadInputError
from ceteris.measuring.advice import Advice, advise, labels_forecast, trials_forecast
from ceteris.measuring.effect import Effect, paired_effect

__all__ = [
    "PEOPLE",
    "SECONDS_A_LABEL",
    "SIMULATED",
    "Board",
    "Curve",
    "Point",
    "Trial",
    "budget_curve",
    "steps_up_to",
    "table",
]

SECONDS_A_LABEL = 6
SIMULATED, PEOPLE = "a simulated reviewer", "people"


@dataclass(frozen=True)
class Point:
    """What a number of reviewed labels is worth.

    Attributes
    ----------
    reviews : int
    ranked : Effect
        Reviewed from the top of the queue, minus nothing reviewed.
    random : Effect or None
        As many reviewed at random, minus nothing reviewed.
    ranking : Effect or None
        Ranked minus random: what the ranking is worth.
    """

    reviews: int
    ranked: Effect
    random: Effect | None = None
    ranking: Effect | None = None

    @property
    def per_100(self) -> tuple[float, float, float]:
        """Gain per 100 reviewed labels, with its interval."""
        rate = 100 / self.reviews
        return self.ranked.difference * rate, self.ranked.low * rate, self.ranked.high * rate


@dataclass(frozen=True)
class Curve:
    """A budget curve. Chosen from validation, so whatever is read off it is exploratory.

    Attributes
    ----------
    points : by number of reviews, rising
    area : Effect or None
        Mean gap between the ranked and the random curve, up to the last number of reviews that both hold.
    stretches : tuple of Effect
        The gain of each step: from nothing to the first point, from there to the second, ...
    drawn_from : int
        How many answered rows the random reviews of each seed were drawn from; 0: all train rows.
    """

    points: tuple[Point, ...]
    area: Effect | None
    stretches: tuple[Effect, ...]
    drawn_from: int = 0

    @property
    def compared_to(self) -> int:
        """The last number of reviews that both curves hold, or 0."""
        return max((point.reviews for point in self.points if point.random is not None), default=0)

    @property
    def pays_from(self) -> int | None:
        """The first number of reviews at which ranked review is told to help, or None."""
        return next((point.reviews for point in self.points if point.ranked.verdict == "helps"), None)


@dataclass(frozen=True)
class Trial:
    """A model that was tried on the given labels.

    Attributes
    ----------
    name : str
    effect : Effect
        This model minus the one held fixed.
    cpu_seconds : float
        Of its fits, NaN where they were measured elsewhere.
    """

    name: str
    effect: Effect
    cpu_seconds: float = math.nan


@dataclass(frozen=True)
class Board:
    """The exchange-rate board: both levers from one baseline, the model held fixed on the given labels.

    Attributes
    ----------
    curve : Curve or None
        None where nobody reviewed and no true label is known.
    answered_by : SIMULATED or PEOPLE
    trials : in the order they were run
    left_to_gain : float
        From the baseline to a perfect score.
    metric, model, scored_on : str
        What was measured, the model that reviews hold fixed, and the labels it was scored on.
    unread : how many trials could not be read
    reviewed : int
        How many train labels people reviewed, whether the curve holds them or not; 0 where the reviewer is simulated.
    """

    curve: Curve | None
    answered_by: str
    trials: tuple[Trial, ...]
    left_to_gain: float
    metric: str
    model: str
    scored_on: str
    unread: int = 0
    reviewed: int = 0

    @property
    def spent(self) -> list[float]:
        """CPU seconds of each trial and all before it; those of unknown cost count as nothing and are NaN themselves."""
        seconds = np.array([trial.cpu_seconds for trial in self.trials], dtype=float)
        return np.where(np.isnan(seconds), np.nan, np.nancumsum(seconds)).tolist()

    @property
    def advice(self) -> Advice:
        """Which lever to pull next: the curve of reviews carried on, against what the trials promise."""
        labels = trials = None
        if self.curve is not None:
            steps = [point.reviews for point in self.curve.points]
            labels = labels_forecast(self.curve.stretches, steps, of=self.reviewed)
        if len(self.trials) > 1:
            trials = trials_forecast([trial.effect for trial in self.trials], ceiling=self.left_to_gain)
        return advise(labels, trials)

    @property
    def best_so_far(self) -> list[Effect | None]:
        """After each trial, the largest gain yet, None while none beats the baseline. Picked for being large: it flatters."""
        best: list[Effect | None] = []
        for trial in self.trials:
            before = best[-1] if best else None
            better = trial.effect.difference > (before.difference if before else 0.0)
            best.append(trial.effect if better else before)
        return best


def steps_up_to(most: int) -> tuple[int, ...]:
    """Return 25, 50, 100, 200, 400, ... up to a number of reviews, which comes last."""
    if most < 1:
        raise BadInputError(f"A budget of {most} reviews buys nothing.", "Name 1 or more.")
    found = [25]
    while found[-1] * 2 < most:
        found.append(found[-1] * 2)
    return (*(step for step in found if step < most), most)


def budget_curve(
    nothing: np.ndarray, ranked: Mapping[int, np.ndarray], random: Mapping[int, np.ndarray] | None = None, **settings: Any
) -> Curve:
    """Return what each number of reviews is worth.

    The area is the trapezoid rule over the gaps G(k) = ranked(k) - random(k), G(0) = 0, divided by the range: linear in the
    per-(seed, row) scores, as every point is, so that the interval of `paired_effect` serves it.

    Parameters
    ----------
    nothing : array of float, shape (n_seeds, n_rows)
        Per-row scores, more is better, of training on the given labels.
    ranked, random : arrays of the same shape, by number of reviews
        Random reviews are drawn anew for each seed.
    settings
        As for `paired_effect`: confidence, groups, region.
    """
    ks, drawn = sorted(ranked), random or {}
    points = []
    for k in ks:
        of_random = paired_effect(nothing, drawn[k], **settings) if k in drawn else None
        ranking = paired_effect(drawn[k], ranked[k], redrawn_control=True, **settings) if k in drawn else None
        points.append(Point(k, paired_effect(nothing, ranked[k], **settings), of_random, ranking))
    steps = itertools.pairwise([nothing, *(ranked[k] for k in ks)])
    stretches = tuple(paired_effect(one, other, **settings) for one, other in steps)
    return Curve(tuple(points), _area([k for k in ks if k in drawn], ranked, drawn, settings), stretches)


def _area(
    ks: list[int], ranked: Mapping[int, np.ndarray], random: Mapping[int, np.ndarray], settings: dict[str, Any]
) -> Effect | None:
    if not ks:
        return None
    places = np.array([0, *ks], dtype=float)
    widths = np.diff(places)
    weights = (np.r_[widths, 0] + np.r_[0, widths])[1:] / 2 / places[-1]
    above, below = (sum(weight * arms[k] for weight, k in zip(weights, ks, strict=True)) for arms in (ranked, random))
    return paired_effect(np.asarray(below), np.asarray(above), redrawn_control=True, **settings)


def table(board: Board) -> pd.DataFrame:
    """Return the board as a table: each arm at each number of reviews, then each trial, in the order they were run.

    Columns: lever (labels, trials), arm (ranked, random, ranking, or the trial's name), reviews, minutes, cpu_seconds (spent up
    to here), difference, low, high, p_value, verdict.
    """
    points = board.curve.points if board.curve else ()
    arms = [
        (("labels", arm, point.reviews, point.reviews * SECONDS_A_LABEL / 60, math.nan), effect)
        for point in points
        for arm, effect in (("ranked", point.ranked), ("random", point.random), ("ranking", point.ranking))
    ]
    arms += [
        (("trials", trial.name, 0, math.nan, spent), trial.effect)
        for trial, spent in zip(board.trials, board.spent, strict=True)
    ]
    columns = ["lever", "arm", "reviews", "minutes", "cpu_seconds", "difference", "low", "high", "p_value", "verdict"]
    rows = [(*of, one.difference, one.low, one.high, one.p_value, one.verdict) for of, one in _measured(arms)]
    return pd.DataFrame(rows, columns=columns)


def _measured(arms: Sequence[tuple[tuple[Any, ...], Effect | None]]) -> list[tuple[tuple[Any, ...], Effect]]:
    return [(of, effect) for of, effect in arms if effect is not None]
