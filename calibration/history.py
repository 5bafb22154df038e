"""Histories of 60 experiments on one validation part, 10 of them real: which share of what is told as found is false?"""

from __future__ import annotations

import numpy as np

from calibration.worlds import EVEN, STOCHASTIC, Arm, effect_of, flip
from ceteris.measuring.online import levels
from ceteris.measuring.verdicts import HARMS, HELPS

__all__ = ["history"]

N_NULL, N_REAL = 50, 10


def history(world: int) -> dict[str, float]:
    """Every experiment is measured against one baseline: nulls are the baseline with other seeds, real ones mend labels.

    As in `ceteris experiments`, the p of a test that could be no finding whatever its level is 1.
    """
    rng = np.random.default_rng([10, world])
    learner = STOCHASTIC[world % 2]
    train, fresh = EVEN.draw(rng, 250), EVEN.draw(rng, 400)
    given = flip(rng, train.labels, (0.3, 0.3, 0.3))
    before = Arm(learner, train.features, given).predict(range(10), fresh)
    real = rng.permutation(np.arange(N_NULL + N_REAL) < N_REAL)
    p_values = []
    for place, is_real in enumerate(real, start=1):
        mended = (rng.random(len(given)) < rng.uniform(0.3, 1.0)) & is_real
        candidate = Arm(learner, train.features, np.where(mended, train.labels, given))
        seeds = range(10) if is_real else range(10 * place, 10 * place + 10)
        effect = effect_of("accuracy", fresh.labels, before, candidate.predict(seeds, fresh))
        p_values.append(effect.p_value if effect.verdict in (HELPS, HARMS) else 1.0)
    found = np.array(p_values) <= levels(p_values)
    return {
        "60 experiments/false share of what was found": float((found & ~real).sum() / max(found.sum(), 1)),
        "60 experiments/share of the real ones that was found": float(found[real].mean()),
    }
