"""Worlds whose true effect is the one that ceteris says, after its controls ran, to be just visible: how often does it show?"""

from __future__ import annotations

from functools import cache

import numpy as np

from calibration.worlds import EVEN, LATE, LEARNERS, Arm, Rows, effect_of, flip
from ceteris.measuring.effect import holm, judge, smallest_visible_after
from ceteris.measuring.intervals import hidden_variance
from ceteris.measuring.verdicts import HELPS

__all__ = ["power"]

N_TRAIN, N_VALIDATION, DROPPED = 400, 500, 0.15
TRUTH_ROWS, TRUTH_SEEDS, NEAR = 6000, 40, 0.10


def power(world: int) -> dict[str, bool]:
    """One baseline and its placebo; as many errors put right as make an effect of the printed size; then it is measured.

    Where even the fix of every error is worth less than that, the world cannot ask. One contrast is planned in every second
    world, three in the others, two of which are as if they had shown nothing (p = 1).
    """
    rng = np.random.default_rng([8, world])
    learner = LEARNERS[world % len(LEARNERS)]
    train, fresh = EVEN.draw(rng, N_TRAIN), EVEN.draw(rng, N_VALIDATION)
    given = flip(rng, train.labels, (0.3, 0.3, 0.3))
    baseline = Arm(learner, train.features, given)
    dropped = np.bincount(given[rng.permutation(N_TRAIN)[: round(DROPPED * N_TRAIN)]], minlength=3)

    def one_drop(seed: int) -> np.ndarray:
        draws = np.random.default_rng([9, world, seed])
        members = [np.flatnonzero(given == k) for k in range(3)]
        return np.concatenate([draws.permutation(rows)[count:] for rows, count in zip(members, dropped, strict=True)])

    n_planned = 1 + 2 * (world // 6 % 2)
    before = baseline.predict(range(10), fresh)
    placebo = Arm(learner, train.features, given, rows=one_drop).predict(range(10), fresh)
    same = effect_of("accuracy", fresh.labels, before, baseline.predict(range(10, 20), fresh))
    hidden = hidden_variance(*(arm.scores("accuracy", fresh.labels) for arm in (before, placebo)))
    control = effect_of("accuracy", fresh.labels, before, placebo)
    asked = smallest_visible_after(control, n_planned, hidden=hidden, same=same)
    candidate = _worth(asked, baseline, train.labels, EVEN.draw(rng, TRUTH_ROWS), rng)
    if candidate is None:
        return {}
    effect = effect_of("accuracy", fresh.labels, before, candidate.predict(range(10), fresh))
    adjusted = float(holm([effect.p_value] + [1.0] * (n_planned - 1))[0])
    told = judge(effect, adjusted).verdict == HELPS
    return {
        f"{name}/told helps": told for name in ("every learner", f"{learner.name}{', no seed noise' * learner.deterministic}")
    }


def _worth(asked: float, baseline: Arm, true: np.ndarray, rows: Rows, rng: np.random.Generator) -> Arm | None:
    """Return the arm with as many errors put right, in a random order, as make the true effect that is asked for, if any."""
    wrong = rng.permutation(np.flatnonzero(baseline.labels != true))

    def fixed(count: int) -> Arm:
        labels = baseline.labels.copy()
        labels[wrong[:count]] = true[wrong[:count]]
        return Arm(baseline.learner, baseline.features, labels)

    def accuracy(arm: Arm) -> float:
        seeds = range(LATE, LATE + (TRUTH_SEEDS if arm.varies else 1))
        return float((arm.predict(seeds, rows).classes == rows.labels).mean())

    start = accuracy(baseline)
    worth = cache(lambda count: accuracy(fixed(count)) - start)
    low, high = 0, len(wrong)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if worth(middle) >= asked else (middle, high)
    near = [count for count in (low, high) if abs(worth(count) - asked) <= NEAR * asked]
    return fixed(near[-1]) if near else None
