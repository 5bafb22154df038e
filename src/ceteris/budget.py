"""What reviewing buys: the gain at each number of reviewed labels, in ranked against random order, and where ranking pays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ceteris.effect import Effect, paired_effect
from ceteris.errors import BadInputError

__all__ = ["Curve", "Point", "budget_curve", "steps_up_to"]


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
        Mean gap between the ranked and the random curve over the range of reviews.
    last_stretch : Effect or None
        The gain of the last step: the last point minus the one before.
    """

    points: tuple[Point, ...]
    area: Effect | None
    last_stretch: Effect | None

    @property
    def pays_from(self) -> int | None:
        """The first number of reviews at which ranked review is told to help, or None."""
        return next((point.reviews for point in self.points if point.ranked.verdict == "helps"), None)


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
    ks = sorted(ranked)
    points = []
    for k in ks:
        drawn = random.get(k) if random else None
        points.append(
            Point(
                k,
                paired_effect(nothing, ranked[k], **settings),
                None if drawn is None else paired_effect(nothing, drawn, **settings),
                None if drawn is None else paired_effect(drawn, ranked[k], redrawn_control=True, **settings),
            )
        )
    stretch = paired_effect(ranked[ks[-2]], ranked[ks[-1]], **settings) if len(ks) > 1 else None
    return Curve(tuple(points), _area(ks, ranked, random, settings), stretch)


def _area(
    ks: list[int], ranked: Mapping[int, np.ndarray], random: Mapping[int, np.ndarray] | None, settings: dict[str, Any]
) -> Effect | None:
    if not random or any(k not in random for k in ks):
        return None
    places = np.array([0, *ks], dtype=float)
    widths = np.diff(places)
    weights = (np.r_[widths, 0] + np.r_[0, widths])[1:] / 2 / places[-1]
    above, below = (sum(weight * arms[k] for weight, k in zip(weights, ks, strict=True)) for arms in (ranked, random))
    return paired_effect(np.asarray(below), np.asarray(above), redrawn_control=True, **settings)
