"""The instrument is checked against worlds whose answer is known: real learners, 200 worlds a gate, fixed seeds.

A gate that fails says that the interval is wrong; another seed is no remedy. Limits are those of 200 trials at the nominal
level and a little more than chance allows: at most 18 false alarms, at least 180 intervals that hold the truth.
"""

from __future__ import annotations

import numpy as np
import pytest
from worlds import DETERMINISTIC, STOCHASTIC, Arm, draw, flip

from ceteris.disagreement import NOT_ANSWERED, disagreement_set, permanent_numbers, usable_labels, verified_effect
from ceteris.effect import Effect, paired_effect
from ceteris.scoring import row_scores

SEEDS = range(10)
TRUTH_ROWS = 20_000  # the error of the truth must be small beside the interval it is held against
WORLDS, MOST_FLAGGED, FEWEST_COVERED = 200, 18, 180


def measured(labels: np.ndarray, baseline: np.ndarray, candidate: np.ndarray, **settings: object) -> Effect:
    differs = (baseline != candidate).any(axis=0)
    return paired_effect(baseline == labels, candidate == labels, discordant=differs, **settings)


def flagged(effect: Effect) -> bool:
    return not effect.low <= 0 <= effect.high


def test_arms_that_differ_by_their_seeds_alone_are_rarely_told_apart():
    """A/A: one training set, two lists of seeds, four learners with seed noise of their own."""
    alarms = []
    for world in range(WORLDS):
        rng = np.random.default_rng([1, world])
        features, true = draw(rng, 250)
        fresh, labels = draw(rng, 300)
        arm = Arm(list(STOCHASTIC.values())[world % 4], features, flip(rng, true, (0.2, 0.2, 0.2)))
        first, second = arm.predict(range(10), fresh)[0], arm.predict(range(10, 20), fresh)[0]
        alarms.append(flagged(measured(labels, first, second)))
    print(f"flagged {sum(alarms)} of {WORLDS}")
    assert sum(alarms) <= MOST_FLAGGED


def test_a_random_drop_is_rarely_told_from_its_placebo():
    """One draw of a random drop against as many rows dropped at random, anew for each seed, within the same classes."""
    alarms = []
    learners = [(one, True) for one in DETERMINISTIC.values()] + [(one, False) for one in STOCHASTIC.values()]
    for world in range(WORLDS):
        rng = np.random.default_rng([2, world])
        features, true = draw(rng, 400)
        fresh, labels = draw(rng, 400)
        given = flip(rng, true, (0.2, 0.2, 0.2))
        kept = round(400 * (0.95, 0.9, 0.8, 0.7)[world % 4])
        learner, deterministic = learners[world % len(learners)]
        shares = np.bincount(given[rng.permutation(400)[:kept]], minlength=3)

        def one_drop(draws: np.random.Generator, given=given, shares=shares) -> np.ndarray:
            return np.concatenate([draws.permutation(np.flatnonzero(given == k))[: shares[k]] for k in range(3)])

        rows = one_drop(rng)
        dropped = Arm(learner, features[rows], given[rows], deterministic=deterministic)
        placebo = Arm(
            learner, features, given, rows=lambda seed, w=world, one=one_drop: one(np.random.default_rng([3, w, seed]))
        )
        baseline, candidate = placebo.predict(SEEDS, fresh)[0], dropped.predict(SEEDS, fresh)[0]
        alarms.append(flagged(measured(labels, baseline, candidate, redrawn_control=True)))
    print(f"flagged {sum(alarms)} of {WORLDS}")
    assert sum(alarms) <= MOST_FLAGGED


def fix(rng: np.random.Generator, which: int, rates: tuple[float, float, float], n_rows: int, share: float) -> tuple[Arm, Arm]:
    """Two arms of one learner: the labels as given, and a share of their errors put right."""
    learners = [(one, False) for one in STOCHASTIC.values()] + [(one, True) for one in DETERMINISTIC.values()]
    learner, deterministic = learners[which % len(learners)]
    features, true = draw(rng, n_rows)
    given = flip(rng, true, rates)
    fixed = np.where(rng.random(n_rows) < share, true, given)
    return Arm(learner, features, given, deterministic=deterministic), Arm(
        learner, features, fixed, deterministic=deterministic
    )


@pytest.fixture(scope="module")
def trials() -> list[tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]]:
    """20 fixes x 10 trials of fresh seeds and fresh rows: (labels, baseline, candidate) of the trial, and of the truth.

    The effect asked for is that of this fix on this data (E1), so a fix is trained once with many seeds and scored on many
    rows for the truth, and tried ten times.
    """
    found = []
    for world in range(WORLDS // 10):
        rng = np.random.default_rng([4, world])
        arms = fix(rng, world, (0.3, 0.3, 0.3), 250, 0.7)
        many, truth = draw(rng, TRUTH_ROWS)
        samples = [draw(rng, 250) for _ in range(10)]
        exact = tuple(arm.predict(range(1000, 1060), many)[0] for arm in arms)
        for trial, (fresh, labels) in enumerate(samples):
            seeds = range(10 * trial, 10 * trial + 10)
            tried = tuple(arm.predict(seeds, fresh)[0] for arm in arms)
            found.append(((labels, *tried), (truth, *exact)))
    return found


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "macro_f1"])
def test_intervals_hold_the_true_effect(metric, trials):
    covered, gains, truths = [], [], {}
    for (labels, *tried), (truth, *exact) in trials:
        first, second = (row_scores(metric, labels, arm, None, 3) for arm in tried)
        if id(truth) not in truths:
            truths[id(truth)] = np.subtract(*(row_scores(metric, truth, arm, None, 3).mean() for arm in exact[::-1]))
        effect, gain = paired_effect(first, second), truths[id(truth)]
        covered.append(effect.low <= gain <= effect.high)
        gains.append(gain)
    print(f"{metric}: covered {sum(covered)} of {WORLDS}")
    assert np.mean(gains) > 0.01
    assert sum(covered) >= FEWEST_COVERED


def test_noise_that_depends_on_the_class_turns_the_naive_sign_and_verified_labels_cover():
    """Half of the worlds are small enough for every differing row to be reviewed, in the others 60 of them are sampled."""
    rates = (0.45, 0.0, 0.0)
    wrong_sign, naive_covered, covered, sampled = [], [], [], []
    for world in range(WORLDS // 10):
        rng = np.random.default_rng([5, world])
        arms = fix(rng, world // 2, rates, 300, 1.0)
        many, truth = draw(rng, TRUTH_ROWS)
        exact = [(arm.predict(range(1000, 1060), many)[0] == truth).mean() for arm in arms]
        for trial in range(10):
            n_rows = (250, 700)[world % 2]
            fresh, true = draw(rng, n_rows)
            given = flip(rng, true, rates)
            baseline, candidate = (arm.predict(range(10 * trial, 10 * trial + 10), fresh)[0] for arm in arms)
            ids = [f"{world}-{trial}-{row}" for row in range(n_rows)]
            chosen = disagreement_set(baseline, candidate, permanent_numbers("fix", ids), most=(n_rows, 60)[world % 2])
            answers = np.where(chosen.asked, true, NOT_ANSWERED)
            assert usable_labels(baseline, candidate, answers, chosen) == "verified (disagreements)"
            naive, gain = measured(given, baseline, candidate), exact[1] - exact[0]
            verified = verified_effect(given, baseline, candidate, answers, chosen)
            wrong_sign.append(naive.difference < 0 < gain)
            naive_covered.append(naive.low <= gain <= naive.high)
            covered.append(verified.low <= gain <= verified.high)
            sampled.append(chosen.sampled)
    for name, found in {
        "wrong_sign": wrong_sign,
        "naive_covered": naive_covered,
        "covered": covered,
        "sampled": sampled,
    }.items():
        print(f"{name} {sum(found)} of {WORLDS}")
    assert sum(wrong_sign) >= FEWEST_COVERED
    assert sum(covered) >= FEWEST_COVERED
    assert 0 < sum(sampled) < WORLDS
