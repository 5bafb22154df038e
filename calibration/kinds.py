"""Worlds that ask of a kind of fix (E2): does the interval over re-splits hold what the fix is worth on fresh samples?"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from sklearn.linear_model import LogisticRegression

from calibration.worlds import EVEN, LEARNERS, STOCHASTIC, Learner, flip
from ceteris.measuring.resampled import Chain, replay, split_difference
from ceteris.sections import Step

__all__ = ["kind", "shuffled"]

N_ROWS, REVIEWED, SPLITS = 400, 60, 15
HELD_OUT, TRAINED = 0.25, 300
FRESH_SAMPLES, FRESH_ROWS = 300, 4000
CLASSES = ("0", "1", "2")


def kind(world: int) -> dict[str, bool]:
    """The 60 most doubted labels are reviewed by a simulated reviewer: audit, queue and review run anew in each re-split."""
    which = world % len(LEARNERS)
    chain = _chain(np.random.default_rng([11, world]), LEARNERS[which], N_ROWS)
    effect = replay(chain, splits=SPLITS, held_out=HELD_OUT, seed=SPLITS * world, workers=1)
    return {
        "60 reviews, replayed/covered": effect.low <= _worth(which) <= effect.high,
        "60 reviews, replayed/told helps": effect.verdict == "helps",
    }


def shuffled(world: int) -> dict[str, bool]:
    """The fix is the given rows in another order: worth nothing to a learner whose seeds make a difference."""
    chain = _chain(np.random.default_rng([12, world]), STOCHASTIC[world % len(STOCHASTIC)], N_ROWS)
    chain = replace(chain, fix=_in_another_order)
    effect = replay(chain, splits=SPLITS, held_out=HELD_OUT, seed=SPLITS * world, workers=1)
    return {"another order of the rows/told apart": not effect.low <= 0 <= effect.high}


@cache
def _worth(which: int) -> float:
    """Return what the review is worth on average over fresh samples of as many rows as a re-split trains on."""
    found = []
    for sample in range(FRESH_SAMPLES):
        chain = _chain(np.random.default_rng([13, which, sample]), LEARNERS[which], TRAINED + FRESH_ROWS)
        found.append(split_difference(chain, np.arange(TRAINED), np.arange(TRAINED, TRAINED + FRESH_ROWS), sample))
    return float(np.mean(found))


def _in_another_order(features: np.ndarray, labels: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    order = np.random.default_rng([14, seed]).permutation(len(labels))
    return order, labels[order]


def _chain(rng: np.random.Generator, learner: Learner, n_rows: int) -> Chain:
    rows, names = EVEN.draw(rng, n_rows), np.array(CLASSES, dtype=object)
    given = flip(rng, rows.labels, (0.3, 0.3, 0.3))
    review = (Step(step="simulate_review", rows=REVIEWED),)
    judge = LogisticRegression(max_iter=300)
    return Chain(rows.features, names[given], CLASSES, learner.make(0), judge, review, true=names[rows.labels])
