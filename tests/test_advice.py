"""Which lever to pull next: right where one dominates, silent where neither does or nothing was tried."""

from __future__ import annotations

import numpy as np
import pytest

from ceteris.advice import Advice, advise, labels_forecast, trials_forecast
from ceteris.effect import Effect, paired_effect
from ceteris.errors import BadInputError

N_ROWS = 800


def measured(rng: np.random.Generator, gain: float, base: float = 0.75) -> Effect:
    """Return the effect of a candidate that is truly better by `gain`, as validation rows show it."""
    easy = rng.random(N_ROWS)
    baseline = np.tile(easy < base, (5, 1))
    candidate = np.tile(easy < base + gain, (5, 1)) ^ (rng.random((5, N_ROWS)) < 0.01)
    return paired_effect(baseline.astype(float), candidate.astype(float))


def world(seed: int, per_100_labels: float, spread_of_trials: float, n_trials: int = 8) -> Advice:
    rng = np.random.default_rng(seed)
    stretch = measured(rng, per_100_labels)
    trials = [measured(rng, gain) for gain in rng.normal(0, spread_of_trials, n_trials)]
    return advise(labels_forecast(stretch, 100), trials_forecast(trials, ceiling=0.25))


def test_reviewing_is_advised_where_labels_gain_and_models_do_not() -> None:
    told = [world(seed, per_100_labels=0.05, spread_of_trials=0.004).verdict for seed in range(40)]
    assert told.count("review") >= 32
    assert "tune" not in told


def test_tuning_is_advised_where_models_differ_and_labels_gain_nothing() -> None:
    told = [world(seed, per_100_labels=0.0, spread_of_trials=0.03).verdict for seed in range(40)]
    assert told.count("tune") >= 32
    assert "review" not in told


def test_where_neither_lever_moves_anything_little_is_told() -> None:
    told = [world(seed, per_100_labels=0.0, spread_of_trials=0.0).verdict for seed in range(40)]
    assert told.count("review") <= 4


def test_a_lever_that_was_never_tried_tells_nothing() -> None:
    labels = labels_forecast(measured(np.random.default_rng(0), 0.05), 100)
    assert advise(labels, None).verdict == advise(None, None).verdict == "cannot tell"


def test_the_rate_of_labels_is_that_of_the_last_stretch() -> None:
    stretch = measured(np.random.default_rng(0), 0.05)
    one, other = labels_forecast(stretch, 100), labels_forecast(stretch, 200)
    assert one.expected == pytest.approx(stretch.difference, abs=0.001)
    assert other.expected == pytest.approx(one.expected / 2)
    assert one.interval == pytest.approx((stretch.low, stretch.high), abs=0.004)


def test_more_trials_gain_more_and_never_less_than_nothing() -> None:
    rng = np.random.default_rng(1)
    trials = [measured(rng, gain) for gain in (-0.02, 0.0, 0.01, 0.03)]
    few, many = trials_forecast(trials, more=5), trials_forecast(trials, more=500)
    assert 0 <= few.expected < many.expected
    assert trials_forecast(trials, more=500, ceiling=0.01).draws.max() <= 0.01


def test_too_little_evidence_is_refused() -> None:
    with pytest.raises(BadInputError, match="no spread"):
        trials_forecast([measured(np.random.default_rng(0), 0.0)])
    with pytest.raises(BadInputError, match="no rate"):
        labels_forecast(measured(np.random.default_rng(0), 0.0), 0)
