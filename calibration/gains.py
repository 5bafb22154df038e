"""Worlds with an effect: do the intervals hold it?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from calibration.worlds import (
    EVEN,
    GROUPED,
    LEARNERS,
    METRICS,
    MINORITY,
    TRUTH_ROWS,
    TRUTH_SEEDS,
    Arm,
    Population,
    Truth,
    covers,
    effect_of,
    flip,
    truth_of,
)

__all__ = ["FIX_SIZES", "METRICS", "RARE", "SAID", "TRIALS", "fix", "fixes", "grouped", "minority"]

TRIALS = 10
SAID, UNSAID = "S 10, n 500 in groups of 5", "the same, groups unsaid"
FIX_SIZES = ((5, 250), (10, 100), (10, 250), (10, 2000), (20, 250), (20, 2000))
"""Seeds and validation rows of the trials: one trial is measured at each size."""
RARE, RARE_SIZES = "3 % in one class", ((10, 2000), (10, 1000), (10, 250))


def fix(rng: np.random.Generator, which: int, population: Population, n_rows: int, share: float) -> tuple[Arm, Arm]:
    """Return two arms of one learner: the labels as given, three in ten wrong, and a share of the errors put right."""
    learner = LEARNERS[which % len(LEARNERS)]
    train = population.draw(rng, n_rows)
    given = flip(rng, train.labels, (0.3, 0.3, 0.3))
    fixed = np.where(rng.random(n_rows) < share, train.labels, given)
    return Arm(learner, train.features, given), Arm(learner, train.features, fixed)


def fixes(
    block: int,
    sizes: Sequence[tuple[int, int]] = FIX_SIZES,
    metrics: Sequence[str] = METRICS,
    truth_seeds: int = TRUTH_SEEDS,
) -> list[dict[str, bool]]:
    """One fix on one data set, tried ten times: fresh seeds and fresh rows judge it, many of both are its truth (E1)."""
    rng = np.random.default_rng([4, block])
    arms = fix(rng, block, EVEN, 250, 0.7)
    truths = truth_of(arms, EVEN.draw(rng, TRUTH_ROWS), metrics, truth_seeds)
    return [_trial(rng, arms, truths, EVEN, sizes, trial) for trial in range(TRIALS)]


def minority(block: int) -> list[dict[str, bool]]:
    """The same where one class holds 3 % of the rows: 60 of 2000, 30 of 1000, and 7 of 250, which ceteris warns of."""
    rng = np.random.default_rng([5, block])
    arms = fix(rng, block, MINORITY, 600, 0.7)
    truths = truth_of(arms, MINORITY.draw(rng, TRUTH_ROWS), METRICS)
    return [_trial(rng, arms, truths, MINORITY, RARE_SIZES, trial, f"{RARE}, ") for trial in range(TRIALS)]


def grouped(block: int) -> list[dict[str, bool]]:
    """The same where rows come in groups of five that share label and offset; once more with the groups left unsaid."""
    rng = np.random.default_rng([6, block])
    arms = fix(rng, block, GROUPED, 300, 0.7)
    truths = truth_of(arms, GROUPED.draw(rng, TRUTH_ROWS), METRICS)
    found = []
    for trial in range(TRIALS):
        fresh, seeds = GROUPED.draw(rng, 500), range(10 * trial, 10 * trial + 10)
        baseline, candidate = (arm.predict(seeds, fresh) for arm in arms)
        outcomes = {}
        for metric in METRICS:
            for how, groups in ((SAID, fresh.groups), (UNSAID, None)):
                effect = effect_of(metric, fresh.labels, baseline, candidate, groups)
                outcomes[f"{how}/{metric}"] = covers(effect, truths[metric])
        found.append(outcomes)
    return found


def _trial(
    rng: np.random.Generator,
    arms: tuple[Arm, Arm],
    truths: dict[str, Truth],
    population: Population,
    sizes: Sequence[tuple[int, int]],
    trial: int,
    where: str = "",
) -> dict[str, bool]:
    most_seeds, most_rows = (max(size) for size in zip(*sizes, strict=True))
    fresh = population.draw(rng, most_rows)
    seeds = range(most_seeds * trial, most_seeds * (trial + 1))
    baseline, candidate = (arm.predict(seeds, fresh) for arm in arms)
    found = {}
    for n_seeds, n_rows in sizes:
        rows, parts = fresh.first(n_rows), [arm.part(n_seeds, n_rows) for arm in (baseline, candidate)]
        for metric in truths:
            found[f"{where}S {n_seeds}, n {n_rows}/{metric}"] = covers(effect_of(metric, rows.labels, *parts), truths[metric])
    return found
