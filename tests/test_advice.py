"""Which lever to pull next: right where one dominates, with real learners too, silent where neither does."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from calibration.worlds import EVEN, flip
from ceteris.errors import BadInputError
from ceteris.measuring.advice import Advice, advise, labels_forecast, trials_forecast
from ceteris.measuring.effect import Effect, paired_effect

N_ROWS = 800


def measured(rng: np.random.Generator, gain: float, base: float = 0.75) -> Effect:
    """Return the effect of a candidate that is truly better by `gain`, as validation rows show it."""
    easy = rng.random(N_ROWS)
    baseline = np.tile(easy < base, (5, 1))
    candidate = np.tile(easy < base + gain, (5, 1)) ^ (rng.random((5, N_ROWS)) < 0.01)
    return paired_effect(baseline.astype(float), candidate.astype(float))


def simulated(seed: int, per_100_labels: float, spread_of_trials: float, n_trials: int = 8) -> Advice:
    rng = np.random.default_rng(seed)
    stretches = [measured(rng, per_100_labels) for _ in range(2)]
    trials = [measured(rng, gain) for gain in rng.normal(0, spread_of_trials, n_trials)]
    return advise(labels_forecast(stretches, [100, 200]), trials_forecast(trials, ceiling=0.25))


def test_reviewing_is_advised_where_labels_gain_and_models_do_not() -> None:
    told = [simulated(seed, per_100_labels=0.05, spread_of_trials=0.004).verdict for seed in range(40)]
    assert told.count("review") >= 32
    assert "tune" not in told


def test_tuning_is_advised_where_models_differ_and_labels_gain_nothing() -> None:
    told = [simulated(seed, per_100_labels=0.0, spread_of_trials=0.03).verdict for seed in range(40)]
    assert told.count("tune") >= 32
    assert "review" not in told


def test_where_neither_lever_moves_anything_little_is_told() -> None:
    told = [simulated(seed, per_100_labels=0.0, spread_of_trials=0.0).verdict for seed in range(40)]
    assert told.count("review") <= 4


Learner = Callable[[np.random.Generator], Any]


@dataclass(frozen=True)
class World:
    """Rows with label errors, a learner that is held fixed, and the other settings that a person tries.

    Attributes
    ----------
    rows : draws features and true labels of fresh rows
    noise : the share of each class that is labelled as the next one
    """

    rows: Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]
    noise: tuple[float, float, float]
    held: Learner
    tried: Learner


@dataclass(frozen=True)
class Lived:
    """What was advised in a world, and what the labels gain more there than the trials in truth, on fresh rows."""

    advice: Advice
    lead: float


def live(world: World, seed: int, more: int) -> Lived:
    """Return what is advised after 200 reviews and 8 trials, and what 100 reviews and `more` trials then gain."""
    rng = np.random.default_rng(seed)
    (features, true), (validation, judged), (fresh, certain) = (world.rows(rng, size) for size in (800, N_ROWS, 1000))
    given = flip(rng, true, world.noise)
    sure = cross_val_predict(LogisticRegression(max_iter=300), features, given, cv=3, method="predict_proba")
    queue = np.argsort(sure[np.arange(len(given)), given])

    def fitted(learner: Learner, reviewed: int = 0) -> Any:
        labels = given.copy()
        labels[queue[:reviewed]] = true[queue[:reviewed]]
        return learner(rng).fit(features, labels)

    def seen(model: Any) -> np.ndarray:
        return np.tile((model.predict(validation) == judged).astype(float), (5, 1))

    def truly(model: Any) -> float:
        return float((model.predict(fresh) == certain).mean())

    ks = [25, 50, 100, 200]
    curve = [fitted(world.held, k) for k in (0, *ks)]
    tried = [fitted(world.tried) for _ in range(8)]
    stretches = [paired_effect(seen(one), seen(other)) for one, other in itertools.pairwise(curve)]
    trials = [paired_effect(seen(curve[0]), seen(model)) for model in tried]
    left = 1 - float(seen(curve[0]).mean())
    best, better = (max(models, key=lambda model: seen(model).mean()) for models in ([curve[0], *tried], tried))
    later = max([better, *(fitted(world.tried) for _ in range(more))], key=lambda model: seen(model).mean())
    return Lived(
        advise(labels_forecast(stretches, ks), trials_forecast(trials, ceiling=left)),
        truly(fitted(world.held, 300)) - truly(curve[-1]) - (truly(later) - truly(best)),
    )


def blobs(rng: np.random.Generator, n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return three clouds that lie into each other."""
    rows = EVEN.draw(rng, n_rows)
    return rows.features, rows.labels


def rings(rng: np.random.Generator, n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return three rings, which no straight line parts, beside three columns of noise."""
    labels, angle = rng.integers(0, 3, n_rows), rng.uniform(0, 2 * np.pi, n_rows)
    radius = 0.6 + labels + rng.normal(0, 0.3, n_rows)
    return np.c_[radius * np.cos(angle), radius * np.sin(angle), rng.normal(size=(n_rows, 3))], labels


def linear(rng: np.random.Generator) -> Any:
    return LogisticRegression(C=10 ** rng.uniform(-0.5, 1.5), max_iter=300)


def neighbours(rng: np.random.Generator) -> Any:
    return KNeighborsClassifier(int(rng.integers(1, 60)), weights=["uniform", "distance"][rng.integers(2)])


def tree(rng: np.random.Generator) -> Any:
    return DecisionTreeClassifier(
        max_depth=int(rng.integers(1, 14)),
        min_samples_leaf=int(rng.integers(1, 40)),
        max_features=int(rng.integers(1, 6)),
        random_state=int(rng.integers(1_000_000)),
    )


REVIEWING = (
    World(blobs, (0.45, 0.1, 0.0), lambda _: LogisticRegression(max_iter=300), linear),
    World(blobs, (0.4, 0.4, 0.1), lambda _: KNeighborsClassifier(3), neighbours),
)
TUNING = (
    World(rings, (0.02, 0.02, 0.02), lambda _: DecisionTreeClassifier(max_depth=1), tree),
    World(rings, (0.02, 0.02, 0.02), lambda _: KNeighborsClassifier(60), neighbours),
)


@pytest.mark.parametrize(("worlds", "lever"), [(REVIEWING, "review"), (TUNING, "tune")])
def test_with_real_learners_the_lever_that_dominates_is_told(worlds: tuple[World, ...], lever: str) -> None:
    quick, slow = worlds
    places = [(quick, seed) for seed in range(32)] + [(slow, seed) for seed in range(8)]
    lives = [live(world, seed, more=20 if seed < 4 else 0) for world, seed in places]
    lead = np.mean([life.lead for life, (_, seed) in zip(lives, places, strict=True) if seed < 4])
    assert lead > 0.015 if lever == "review" else lead < -0.005  # the worlds are what they are said to be
    told = [life.advice.verdict for life in lives]
    assert told.count(lever) >= 32
    assert set(told) <= {lever, "cannot tell"}


def test_trials_that_were_far_worse_do_not_promise_that_the_best_gets_far_better() -> None:
    rng = np.random.default_rng(3)
    close = [measured(rng, gain) for gain in (0.05, 0.049, 0.048, 0.047)]
    bad = [measured(rng, gain) for gain in (-0.3, -0.35, -0.4, -0.45)]
    assert trials_forecast([*close, *bad], ceiling=0.25).expected < 0.03


BELOW = {
    "a little": lambda rng, n: -rng.uniform(0, 0.02, n),
    "by far": lambda rng, n: -rng.uniform(0.02, 0.15, n),
    "at the end of a bell": lambda rng, n: -0.01 - np.abs(rng.normal(0, 0.03, n)),
}


@pytest.mark.parametrize("n_trials", [2, 3, 8])
@pytest.mark.parametrize("world", list(BELOW))
def test_where_every_trial_lost_little_is_expected_of_more_and_the_interval_is_no_promise(world: str, n_trials: int) -> None:
    rngs = [np.random.default_rng(seed) for seed in range(12)]
    seen = [[measured(rng, gain) for gain in BELOW[world](rng, n_trials)] for rng in rngs]
    found = [trials_forecast(trials, ceiling=0.25) for trials in seen if max(one.difference for one in trials) <= 0]
    assert len(found) >= 8
    assert np.mean([one.expected for one in found]) < 0.016
    assert all(one.interval[0] == 0 and one.expected < one.interval[1] + 0.001 for one in found)
    assert all(one.evidence == f"{n_trials} trials of models, none of which beat the baseline" for one in found)


def test_the_more_trials_lost_the_less_is_expected_and_one_that_won_is_believed() -> None:
    rng = np.random.default_rng(4)
    lost = [measured(rng, -0.03) for _ in range(12)]
    few, many = trials_forecast(lost[:2]), trials_forecast(lost)
    assert many.expected < few.expected < 0.01
    won = trials_forecast([measured(rng, 0.03), *lost[:3]])
    assert won.expected > few.expected
    assert won.evidence == "4 trials of models"


def test_what_a_population_below_the_baseline_may_still_hold_lies_in_the_interval() -> None:
    """Three trials of a bell around -3 pp lose nearly always, and the best of 100 more gains about 2 pp."""
    held = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        trials = [measured(rng, gain) for gain in rng.normal(-0.03, 0.02, 8)]
        held.append(trials_forecast(trials, ceiling=0.25).interval[1] >= max(0, rng.normal(-0.03, 0.02, 100).max()))
    assert sum(held) >= 12


def test_a_lever_that_was_never_tried_tells_nothing() -> None:
    labels = labels_forecast([measured(np.random.default_rng(0), 0.05)], [100])
    assert advise(labels, None).verdict == advise(None, None).verdict == "cannot tell"


def test_a_straight_curve_goes_on_and_one_that_bends_gains_less() -> None:
    rng = np.random.default_rng(0)
    straight = labels_forecast([measured(rng, 0.04) for _ in range(4)], [100, 200, 300, 400])
    bent = labels_forecast([measured(rng, gain) for gain in (0.12, 0.03, 0.01, 0.0)], [100, 200, 300, 400])
    assert 0.02 < straight.expected < 0.04
    assert bent.expected < 0.015 < straight.expected
    assert bent.interval[0] > 0
    first = [measured(rng, 0.05)]
    assert 0 < labels_forecast(first, [100]).expected < labels_forecast(first, [100], more=200).expected


def test_reviews_that_harm_are_not_expected_to_help() -> None:
    found = labels_forecast([measured(np.random.default_rng(2), -0.05)], [100])
    assert found.interval[1] < 0


def test_more_trials_gain_more_and_never_less_than_nothing() -> None:
    rng = np.random.default_rng(1)
    trials = [measured(rng, gain) for gain in (-0.02, 0.0, 0.01, 0.03)]
    few, many = trials_forecast(trials, more=5), trials_forecast(trials, more=500)
    assert 0 <= few.expected < many.expected
    assert trials_forecast(trials, more=500, ceiling=0.01).draws.max() <= 0.01


def test_without_noise_the_tail_is_that_of_a_uniform_population() -> None:
    """The largest of n draws that are even on [0, 0.1] lies about 0.1 / n below its end, and twice as far in a softer tail."""
    one = measured(np.random.default_rng(5), 0.1)
    trials = [replace(one, difference=float(gain), variance=1e-8) for gain in np.linspace(0, 0.1, 41)]
    found = trials_forecast(trials, more=100_000)
    assert 0.1 / 42 / 2 < found.expected < 5 * 0.1 / 42
    assert found.interval[0] >= 0


def test_too_little_evidence_is_refused() -> None:
    with pytest.raises(BadInputError, match="no spread"):
        trials_forecast([measured(np.random.default_rng(0), 0.0)])
    with pytest.raises(BadInputError, match="no rate"):
        labels_forecast([], [])
