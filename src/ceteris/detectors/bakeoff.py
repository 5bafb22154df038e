"""The bake-off: errors planted on top of the given labels, again and again, and what each detector makes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ceteris.detectors.planting import planted
from ceteris.detectors.scores import STANDING, Detector, Judged, scores_of
from ceteris.errors import CeterisError
from ceteris.training.fits import Fits
from ceteris.training.models import runs_alone, seeded
from ceteris.training.pred_probs import assign_folds, fit, out_of_fold, predict

__all__ = ["HELD_OUT", "REVIEWS", "World", "bake_off", "doubted_before"]

HELD_OUT = 4  # one part of so many judges
REVIEWS = 100
_BY_CHANCE = 0.05
_RANDOM = 3  # random reviews, whose mean a ranking is compared with


@dataclass(frozen=True, eq=False)
class World:
    """The rows of a bake-off, and what is tried on them.

    Attributes
    ----------
    rows : Judged
        With their given labels.
    judge : estimator, unfitted
        The audit's model: judges rows out of fold, and is trained after a review.
    detectors : mapping of str to Detector
    chances : ndarray, shape (n_classes, n_classes)
        From `planting.chances_of`.
    unsure : ndarray, shape (n_rows, n_classes)
        Probabilities of a model that none of the detectors knows.
    doubted : ndarray of bool, shape (n_rows,)
        From `doubted_before`.
    folds : int
    seed : int
    """

    rows: Judged
    judge: Any = field(repr=False)
    detectors: Mapping[str, Detector]
    chances: np.ndarray
    unsure: np.ndarray
    doubted: np.ndarray
    folds: int = 5
    seed: int = 0


def doubted_before(scores: Mapping[str, np.ndarray], n_wrong: int) -> np.ndarray:
    """Return the rows that some detector doubts most before anything is planted, shape (n_rows,).

    Each names as many rows as are estimated to be wrong. Whether they are, nobody knows: unless an error is planted in it, such
    a row counts neither for nor against any detector. One that names no more of what the standing detector names than chance
    would has no say: a reversed one would take out the rows that nobody doubts, and leave nothing to tell detectors apart by.
    """
    from scipy.stats import hypergeom

    n_rows = len(next(iter(scores.values())))
    named = {name: np.argsort(found, kind="stable")[:n_wrong] for name, found in scores.items()}
    doubted = np.zeros(n_rows, dtype=bool)
    for rows in named.values():
        shared = len(np.intersect1d(rows, named.get(STANDING, rows)))
        if STANDING not in named or hypergeom.sf(shared - 1, n_rows, n_wrong, n_wrong) < _BY_CHANCE:
            doubted[rows] = True
    return doubted


def bake_off(
    world: World, draws: int, workers: int | None = None, progress: Callable[[int, int], None] | None = None
) -> pd.DataFrame:
    """Return one line for every draw and detector.

    Columns: draw, detector, failed (why; "" where it did not), base (the share of errors among the rows that count), precision
    (at as many rows as errors were planted), average_precision, first and second (the same on each half of the rows), found
    (errors in the first 100 rows, or fewer where there are few rows, as of 100), gain (percentage points of accuracy that 100
    reviews in this order bring beyond 100 reviews of random rows).

    Parameters
    ----------
    workers : int, optional
        Processes at most.
    """
    workers = 1 if runs_alone(world.judge) else workers
    fits = Fits(_draw, world, workers)
    for draw in range(draws):
        fits.add(draw, "draw")
    lines: list[dict[str, Any]] = []
    if progress:
        progress(0, draws)
    for done, (_, found) in enumerate(fits, start=1):
        lines += found
        if progress:
            progress(done, draws)
    names = list(world.detectors)
    return pd.DataFrame(lines).sort_values(
        ["draw", "detector"], key=lambda one: one.map(names.index) if one.name == "detector" else one, ignore_index=True
    )


def _draw(world: World, draw: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng([world.seed, draw])
    part = assign_folds(world.rows.given, HELD_OUT, world.seed + draw, world.rows.groups)
    searched, judged = np.flatnonzero(part > 0), np.flatnonzero(part == 0)
    given = world.rows.given[searched]
    wrong = planted(given, world.unsure[searched], world.chances, rng)
    rows, counted = _judged(world, searched, wrong, draw), (wrong != given) | ~world.doubted[searched]
    units = np.arange(len(searched)) if rows.groups is None else np.unique(rows.groups, return_inverse=True)[1]
    half = (rng.random(units.max() + 1) < 0.5)[units]
    random = [rng.permutation(np.flatnonzero(counted)) for _ in range(_RANDOM)]
    review = _Review(world, searched, judged, given, wrong, draw)
    by_chance = float(np.mean([review.score(order) for order in random]))
    return [
        {"draw": draw, "detector": name} | _line(name, detector, rows, wrong != given, counted, half, review, by_chance)
        for name, detector in world.detectors.items()
    ]  # fmt: skip


def _judged(world: World, places: np.ndarray, labels: np.ndarray, draw: int) -> Judged:
    """Return some rows with other labels, and what the judge says of them out of fold."""
    rows, n_classes = world.rows, world.unsure.shape[1]
    groups = None if rows.groups is None else rows.groups[places]
    features = rows.features.iloc[places]
    pred_probs = out_of_fold(
        world.judge, features, labels, n_classes, folds=world.folds, seed=world.seed + draw, groups=groups, workers=1
    )
    return Judged(features, rows.points[places], rows.coded[places], labels, pred_probs, groups, world.seed + draw)


def _line(
    name: str,
    detector: Detector,
    rows: Judged,
    wrong: np.ndarray,
    counted: np.ndarray,
    half: np.ndarray,
    review: _Review,
    by_chance: float,
) -> dict[str, Any]:
    from sklearn.metrics import average_precision_score

    try:
        scores = scores_of(name, detector, rows)
    except CeterisError as error:
        return {"failed": error.what}
    order = np.argsort(scores, kind="stable")
    order = order[counted[order]]
    first, second = (average_precision_score(wrong[part], -scores[part]) for part in (counted & half, counted & ~half))
    k = review.most
    return {
        "failed": "",
        "base": float(wrong[counted].mean()),
        "precision": float(wrong[order[: int(wrong.sum())]].mean()),
        "average_precision": float(average_precision_score(wrong[counted], -scores[counted])),
        "first": float(first),
        "second": float(second),
        "found": REVIEWS / k * float(wrong[order[:k]].sum()),
        "gain": 100 * REVIEWS / k * (review.score(order) - by_chance),
    }


@dataclass(frozen=True, eq=False)
class _Review:
    """A review of some rows by somebody who answers rightly, and the judge trained after it."""

    world: World
    searched: np.ndarray
    judged: np.ndarray
    given: np.ndarray
    wrong: np.ndarray
    draw: int

    @property
    def most(self) -> int:
        """How many rows are looked at: 100, but a fifth of all rows at most."""
        return min(REVIEWS, max(1, len(self.given) // 5))

    def score(self, order: np.ndarray) -> float:
        """Return the accuracy on the rows that judge, on their given labels, once the first rows of an order are answered."""
        rows, answered = self.world.rows, order[: self.most]
        labels = self.wrong.copy()
        labels[answered] = self.given[answered]
        fresh = seeded(self.world.judge, self.world.seed + self.draw, "detectors")
        fitted = fit(fresh, rows.features.iloc[self.searched], labels, "The audit model")
        found = predict(fitted, rows.features.iloc[self.judged], self.world.unsure.shape[1], "The audit model")
        return float(np.mean(found.argmax(axis=1) == rows.given[self.judged]))
