"""Worlds whose validation labels are as wrong as the training labels, and more so in one class: do verified labels cover?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from calibration.worlds import (
    EVEN,
    LEARNERS,
    TRUTH_ROWS,
    TRUTH_SEEDS,
    Arm,
    Predictions,
    Rows,
    covers,
    effect_of,
    flip,
    truth_of,
)
from ceteris.measuring.disagreement import NOT_ANSWERED, disagreement_set, permanent_numbers, usable_labels, verified_effect
from ceteris.measuring.effect import Effect

__all__ = ["ASKED", "FULL_ROWS", "RATES", "SAMPLED_ROWS", "noisy"]

RATES = (0.55, 0.0, 0.0)
FULL_ROWS, SAMPLED_ROWS, ASKED = 250, 700, 60
TRIALS = 10


def noisy(block: int, seeds: Sequence[int] = (5, 10, 20), truth_seeds: int = TRUTH_SEEDS) -> list[dict[str, bool]]:
    """One fix of every label, tried ten times on given labels, on all verified disagreements, and on a sample of 60."""
    rng = np.random.default_rng([7, block])
    train = EVEN.draw(rng, 300)
    given = flip(rng, train.labels, RATES)
    learner = LEARNERS[block % len(LEARNERS)]
    arms = Arm(learner, train.features, given), Arm(learner, train.features, train.labels)
    truth = truth_of(arms, EVEN.draw(rng, TRUTH_ROWS), ("accuracy",), truth_seeds)["accuracy"]
    found = []
    for trial in range(TRIALS):
        fresh = EVEN.draw(rng, SAMPLED_ROWS)
        noisy_labels = flip(rng, fresh.labels, RATES)
        baseline, candidate = (arm.predict(range(max(seeds) * trial, max(seeds) * (trial + 1)), fresh) for arm in arms)
        outcomes: dict[str, bool] = {}
        for n_seeds in seeds:
            for how, n_rows, most in (("full", FULL_ROWS, FULL_ROWS), ("sampled", SAMPLED_ROWS, ASKED)):
                one, other = (arm.part(n_seeds, n_rows) for arm in (baseline, candidate))
                rows, labels = fresh.first(n_rows), noisy_labels[:n_rows]
                naive = effect_of("accuracy", labels, one, other)
                name = f"{how} review, S {n_seeds}"
                outcomes |= {
                    f"{name}/given labels: wrong sign": naive.difference < 0 < truth.value,
                    f"{name}/given labels: covered": covers(naive, truth),
                    f"{name}/verified labels: covered": covers(
                        reviewed(rows, labels, one, other, most, f"{block}-{trial}"), truth
                    ),
                }
        found.append(outcomes)
    return found


def reviewed(rows: Rows, given: np.ndarray, baseline: Predictions, candidate: Predictions, most: int, name: str) -> Effect:
    """Return the effect when a person has answered, rightly, the disagreements that the queue asks for."""
    one, other = baseline.classes, candidate.classes
    numbers = permanent_numbers("fix", [f"{name}-{row}" for row in range(len(given))])
    chosen = disagreement_set(one, other, numbers, most=most)
    answers = np.where(chosen.asked, rows.labels, NOT_ANSWERED)
    assert usable_labels(one, other, answers, chosen).startswith("verified")
    return verified_effect(given, one, other, answers, chosen)
