"""Errors of predicted numbers, row by row: their mean is the metric, their spread too, and units only scale them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from ceteris.errors import BadInputError
from ceteris.measuring.effect import crossed_variance, paired_effect
from ceteris.measuring.scoring import row_scores, value
from ceteris.metrics import METRICS, NUMBERS, metrics_of

NAMES = metrics_of(NUMBERS)
ORACLE = {"mae": metrics.mean_absolute_error, "rmse": metrics.root_mean_squared_error, "r2": metrics.r2_score}


def world(n_rows: int, n_seeds: int = 4, seed: int = 0, drift: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """Numbers, and what a learner with seed noise predicts for them."""
    rng = np.random.default_rng(seed)
    signal = rng.normal(size=n_rows)
    values = 3 * signal + rng.normal(size=n_rows)
    predicted = 2.5 * signal + 0.3 * rng.normal(size=(n_seeds, n_rows)) + drift * rng.normal(size=(n_seeds, 1))
    return values, predicted


def scores(metric: str, values: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    found = row_scores(metric, values, predicted, None, 0)
    assert found is not None
    return found


@pytest.mark.parametrize("metric", NAMES)
def test_the_mean_of_the_row_scores_is_the_metric_of_each_seed(metric):
    values, predicted = world(300)
    expected = [ORACLE[metric](values, row) * METRICS[metric].sign for row in predicted]
    np.testing.assert_allclose(scores(metric, values, predicted).mean(axis=1), expected, rtol=1e-12)
    assert value(metric, values, predicted, None, 0) == pytest.approx(np.mean(expected) * METRICS[metric].sign)


@pytest.mark.parametrize("metric", NAMES)
def test_the_spread_over_rows_is_that_of_the_metric_over_fresh_rows(metric):
    drawn = [world(400, 1, seed, drift=0.0) for seed in range(3000)]
    told = [crossed_variance(scores(metric, *one))[2] for one in drawn]
    seen = np.var([ORACLE[metric](values, row[0]) for values, row in drawn], ddof=1)
    assert np.mean(told) == pytest.approx(seen, rel=0.1)


@settings(deadline=None)
@given(metric=st.sampled_from(NAMES), seed=st.integers(0, 50), unit=st.floats(1e-3, 1e3), zero=st.floats(-1e3, 1e3))
def test_another_unit_scales_errors_and_leaves_r2_as_it_is(metric, seed, unit, zero):
    values, predicted = world(60, seed=seed)
    moved = scores(metric, zero + unit * values, zero + unit * predicted)
    factor = 1.0 if metric == "r2" else unit
    np.testing.assert_allclose(moved, factor * scores(metric, values, predicted), rtol=1e-6, atol=1e-6 * factor)


@given(metric=st.sampled_from(NAMES), order=st.permutations(range(30)))
def test_the_order_of_rows_commutes_with_scoring(metric, order):
    values, predicted = world(30)
    np.testing.assert_allclose(
        scores(metric, values[order], predicted[:, order]), scores(metric, values, predicted)[:, order], rtol=1e-9
    )


@pytest.mark.parametrize("metric", NAMES)
def test_predictions_without_error_score_best_on_every_row(metric):
    values, _ = world(50)
    assert np.allclose(scores(metric, values, np.tile(values, (3, 1))), METRICS[metric].best)


@pytest.mark.parametrize("metric", NAMES)
def test_swapping_the_arms_flips_the_sign(metric):
    values, predicted = world(200, 10)
    arms = scores(metric, values, predicted), scores(metric, values, 0.9 * predicted)
    there, back = paired_effect(*arms), paired_effect(*arms[::-1])
    assert (there.difference, there.low, there.high) == pytest.approx((-back.difference, -back.high, -back.low))


def test_r2_of_labels_that_are_all_one_number_is_refused():
    with pytest.raises(BadInputError, match="All labels are one number"):
        row_scores("r2", np.ones(5), np.ones((2, 5)), None, 0)


@pytest.mark.parametrize(
    ("values", "predicted", "said"),
    [
        (np.ones(3), np.ones((2, 4)), r"shape \(3,\) and predictions \(2, 4\)"),
        (np.ones(3), np.ones(3), "shape"),
        (np.array([1.0, np.nan, 2.0]), np.ones((2, 3)), "labels are no finite numbers in rows '1'"),
        (np.ones(3), np.array([[1.0, 2.0, np.inf]]), "predictions are no finite numbers in rows '2'"),
    ],
)
def test_what_cannot_be_scored_is_refused_with_its_rows(values, predicted, said):
    with pytest.raises(BadInputError, match=said):
        row_scores("mae", values, predicted, None, 0)


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (12.3456, "12.3"),
        (12345.6, "12346"),
        (0.0123456, "0.0123"),
        (-0.5, "-0.5"),
        (0.0, "0"),
        (1e-9, "0.000000001"),
        (99.96, "100"),
    ],
)
def test_a_number_in_the_unit_of_the_labels_keeps_three_digits(number, told):
    assert METRICS["mae"].digits(number) == told
