"""Worlds without an effect: how often is one claimed?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from calibration.worlds import (
    DETERMINISTIC,
    EVEN,
    METRICS,
    STOCHASTIC,
    Arm,
    effect_of,
    flagged,
    flip,
)
from ceteris.measuring.verdicts import HARMS, HELPS

__all__ = ["AA_SIZES", "KINDS", "METRICS", "aa", "drop"]

KINDS = ("deterministic", "stochastic")

AA_SIZES = ((5, 250), (10, 100), (10, 250), (10, 2000), (20, 250))
"""Seeds and validation rows of the A/A worlds: one world is measured at each size."""
DISCORDANT = 30


def aa(world: int, sizes: Sequence[tuple[int, int]] = AA_SIZES, metrics: Sequence[str] = METRICS) -> dict[str, bool]:
    """One training set, two lists of seeds: the learner's own noise is all that differs."""
    rng = np.random.default_rng([1, world])
    most_seeds, most_rows = (max(size) for size in zip(*sizes, strict=True))
    train, fresh = EVEN.draw(rng, 250), EVEN.draw(rng, most_rows)
    arm = Arm(STOCHASTIC[world % len(STOCHASTIC)], train.features, flip(rng, train.labels, (0.2, 0.2, 0.2)))
    first, second = (arm.predict(range(start, start + most_seeds), fresh) for start in (0, most_seeds))
    found: dict[str, bool] = {}
    for n_seeds, n_rows in sizes:
        parts, row = [one.part(n_seeds, n_rows) for one in (first, second)], f"S {n_seeds}, n {n_rows}"
        effects = {metric: effect_of(metric, fresh.labels[:n_rows], *parts) for metric in metrics}
        found |= {f"{row}/{metric}": flagged(effect) for metric, effect in effects.items()}
        found[f"{row}/told helps or harms"] = effects["accuracy"].verdict in (HELPS, HARMS)
        if effects["accuracy"].n_discordant >= DISCORDANT and n_seeds >= 10:
            found[f"{row}/where {DISCORDANT} rows and more differ"] = flagged(effects["accuracy"])
    return found


def drop(world: int, n_rows: int, kind: str) -> dict[str, bool]:
    """One draw of a random drop, against as many rows of the same classes dropped at random, anew for each seed."""
    rng = np.random.default_rng([2, world, n_rows, KINDS.index(kind)])
    train, fresh = EVEN.draw(rng, n_rows), EVEN.draw(rng, n_rows)
    given = flip(rng, train.labels, (0.2, 0.2, 0.2))
    kept = round(n_rows * (0.95, 0.9, 0.8, 0.7)[world // 2 % 4])
    learners = DETERMINISTIC if kind == "deterministic" else STOCHASTIC
    learner = learners[world % len(learners)]
    counts = np.bincount(given[rng.permutation(n_rows)[:kept]], minlength=3)

    def one_drop(draws: np.random.Generator) -> np.ndarray:
        return np.concatenate([draws.permutation(np.flatnonzero(given == k))[: counts[k]] for k in range(3)])

    rows = one_drop(rng)
    dropped = Arm(learner, train.features[rows], given[rows])
    placebo = Arm(learner, train.features, given, rows=lambda seed: one_drop(np.random.default_rng([3, world, seed])))
    baseline, candidate = placebo.predict(range(10), fresh), dropped.predict(range(10), fresh)
    effect = effect_of("accuracy", fresh.labels, baseline, candidate, redrawn_control=True)
    return {f"{kind} learners, {n_rows} + {n_rows} rows/told apart": flagged(effect)}
