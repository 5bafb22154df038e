"""Per-row scores: their mean is the metric, their spread is the metric's, and class names mean nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from ceteris.errors import BadInputError
from ceteris.measuring.effect import crossed_variance
from ceteris.measuring.scoring import row_scores, thin_classes, value
from ceteris.metrics import CLASSES, metrics_of

METRICS = metrics_of(CLASSES)
ORACLE = {
    "accuracy": lambda y, yhat, p: metrics.accuracy_score(y, yhat),
    "balanced_accuracy": lambda y, yhat, p: metrics.recall_score(y, yhat, labels=np.unique(y), average="macro"),
    "macro_f1": lambda y, yhat, p: metrics.f1_score(y, yhat, labels=np.unique(y), average="macro", zero_division=0),
    "log_loss": lambda y, yhat, p: metrics.log_loss(y, p, labels=range(p.shape[1])),
    "roc_auc": lambda y, yhat, p: (
        metrics.roc_auc_score(y, p[:, 1])
        if p.shape[1] == 2
        else np.mean([metrics.roc_auc_score(y == k, p[:, k]) for k in np.unique(y)])
    ),
}


def world(n_rows, n_classes, n_seeds=4, seed=0, signal=1.0, seed_noise=0.6, steps=None):
    """Labels, predicted classes and probabilities of a noisy learner; `steps` rounds the probabilities, for ties."""
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(n_classes), rng.integers(0, n_classes, n_rows - n_classes)])
    logits = signal * np.eye(n_classes)[labels] + rng.normal(size=(n_rows, n_classes))
    logits = (
        logits + rng.normal(scale=seed_noise, size=(n_seeds, n_rows, n_classes)) + rng.normal(size=(n_seeds, 1, n_classes)) / 5
    )
    probs = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    if steps:
        probs = np.round(probs * steps) / steps + 1e-9
        probs /= probs.sum(axis=2, keepdims=True)
    return labels, probs.argmax(axis=2), probs


@pytest.mark.parametrize("n_classes", [2, 3, 7])
@pytest.mark.parametrize("metric", METRICS)
def test_mean_over_rows_is_the_metric_of_scikit_learn(metric, n_classes):
    labels, predicted, probs = world(150, n_classes)
    expected = [ORACLE[metric](labels, predicted[s], probs[s]) for s in range(4)]
    scores = row_scores(metric, labels, predicted, probs, n_classes)
    np.testing.assert_allclose(scores.mean(axis=1), np.array(expected) * (-1 if metric == "log_loss" else 1))
    assert value(metric, labels, predicted, probs, n_classes) == pytest.approx(np.mean(expected))


@pytest.mark.parametrize("n_classes", [2, 4])
def test_tied_probabilities_count_half(n_classes):
    labels, predicted, probs = world(120, n_classes, steps=4)
    assert len(np.unique(probs[0, :, 0])) < 30
    expected = [ORACLE["roc_auc"](labels, predicted[s], probs[s]) for s in range(4)]
    np.testing.assert_allclose(row_scores("roc_auc", labels, predicted, probs, n_classes).mean(axis=1), expected)


@pytest.mark.parametrize("metric", METRICS)
def test_a_class_without_rows_is_left_out(metric):
    labels, predicted, probs = world(150, 4)
    kept = labels != 2
    labels, predicted, probs = labels[kept], predicted[:, kept], probs[:, kept]
    expected = [ORACLE[metric](labels, predicted[s], probs[s]) for s in range(4)]
    scores = row_scores(metric, labels, predicted, probs, 4)
    np.testing.assert_allclose(scores.mean(axis=1), np.array(expected) * (-1 if metric == "log_loss" else 1))


def test_tiny_tables_score_as_by_hand():
    labels, predicted = np.array([0, 0, 1, 1]), np.array([[0, 1, 1, 1]])
    assert row_scores("accuracy", labels, predicted, None, 2).tolist() == [[1, 0, 1, 1]]
    # recalls 1/2 and 1, metric 3/4, and a row of either class weighs 1 / (2 * 1/2)
    assert row_scores("balanced_accuracy", labels, predicted, None, 2).tolist() == [[1.25, 0.25, 0.75, 0.75]]
    # F = 2/3 (TP 1, P 1, N 2) and 4/5 (TP 2, P 3, N 2); 11/15 + 1/2 * [4/3 (2 - 4/3), -4/3 * 2/3 - 4/5 * 4/5, 4/5 (2 - 8/5)]
    expected = 11 / 15 + np.array([4 / 9, -4 / 9 - 8 / 25, 4 / 25, 4 / 25])
    np.testing.assert_allclose(row_scores("macro_f1", labels, predicted, None, 2), expected[None])
    probs = np.array([[[0.9, 0.1], [0.4, 0.6], [0.5, 0.5], [0.2, 0.8]]])
    np.testing.assert_allclose(row_scores("log_loss", labels, predicted, probs, 2), np.log([[0.9, 0.4, 0.5, 0.8]]))
    # positives .5 and .8 above negatives .1 and .6: V10 = 1/2, 1; V01 = 1, 1/2; AUC 3/4
    np.testing.assert_allclose(row_scores("roc_auc", labels, predicted, probs, 2), [[1.25, 0.25, 0.25, 1.25]])


def weighted_metric(metric, labels, predicted, probs, weight):
    """The metric of one seed where rows carry weights; scikit-learn's own weighting."""
    if metric == "accuracy":
        return metrics.accuracy_score(labels, predicted, sample_weight=weight)
    if metric == "balanced_accuracy":
        return metrics.balanced_accuracy_score(labels, predicted, sample_weight=weight)
    if metric == "macro_f1":
        return metrics.f1_score(labels, predicted, average="macro", sample_weight=weight)
    if metric == "log_loss":
        return -metrics.log_loss(labels, probs, sample_weight=weight)
    return np.mean([metrics.roc_auc_score(labels == k, probs[:, k], sample_weight=weight) for k in range(probs.shape[1])])


@pytest.mark.parametrize("metric", METRICS)
def test_influence_is_the_derivative_of_the_metric_in_the_weight_of_a_row(metric):
    labels, predicted, probs = world(60, 3, n_seeds=1)
    scores = row_scores(metric, labels, predicted, probs, 3)[0]
    step = 1e-5
    for row in range(0, 60, 7):
        up, down = np.ones(60), np.ones(60)
        up[row] += step
        down[row] -= step
        above, below = (weighted_metric(metric, labels, predicted[0], probs[0], weight) for weight in (up, down))
        assert scores[row] - scores.mean() == pytest.approx(60 * (above - below) / (2 * step), abs=1e-5)


@pytest.mark.parametrize("metric", METRICS)
def test_interval_width_is_that_of_a_bootstrap_of_seeds_and_rows_apart(metric):
    """Owen's pigeonhole bootstrap over both factors; its expected variance exceeds the truth by at most v_err's share."""
    n_rows, n_seeds, n_classes, draws = 240, 12, 3, 300
    labels, base, base_probs = world(n_rows, n_classes, n_seeds, seed=1, signal=1.0)
    _, cand, cand_probs = world(n_rows, n_classes, n_seeds, seed=2, signal=1.0)
    cand_labels = world(n_rows, n_classes, n_seeds, seed=2)[0]
    at = np.argsort(cand_labels, kind="stable")[np.argsort(np.argsort(labels, kind="stable"), kind="stable")]
    cand, cand_probs = cand[:, at], cand_probs[:, at]
    arms = [row_scores(metric, labels, *arm, n_classes) for arm in ((base, base_probs), (cand, cand_probs))]
    variance = crossed_variance(arms[1] - arms[0])[0]
    rng = np.random.default_rng(3)
    resampled = []
    for _ in range(draws):
        seeds, rows = rng.integers(0, n_seeds, n_seeds), rng.integers(0, n_rows, n_rows)
        pick = np.ix_(seeds, rows)
        values = [
            value(metric, labels[rows], yhat[pick], probs[pick], n_classes)
            for yhat, probs in ((base, base_probs), (cand, cand_probs))
        ]
        resampled.append(values[1] - values[0])
    assert np.std(resampled) == pytest.approx(np.sqrt(variance), rel=0.25)


@settings(max_examples=25, deadline=None)
@given(metric=st.sampled_from(METRICS), order=st.permutations(range(4)), seed=st.integers(0, 50))
def test_renaming_the_classes_commutes_with_scoring(metric, order, seed):
    labels, predicted, probs = world(40, 4, seed=seed)
    names = np.array(order)
    renamed = np.empty_like(probs)
    renamed[:, :, names] = probs
    np.testing.assert_allclose(
        row_scores(metric, names[labels], names[predicted], renamed, 4), row_scores(metric, labels, predicted, probs, 4)
    )


@settings(max_examples=25, deadline=None)
@given(metric=st.sampled_from(METRICS), seed=st.integers(0, 50))
def test_the_order_of_rows_commutes_with_scoring(metric, seed):
    labels, predicted, probs = world(40, 3, seed=seed, steps=5)
    order = np.random.default_rng(seed).permutation(40)
    np.testing.assert_allclose(
        row_scores(metric, labels[order], predicted[:, order], probs[:, order], 3),
        row_scores(metric, labels, predicted, probs, 3)[:, order],
    )


def test_a_model_without_probabilities_leaves_probability_metrics_blank():
    labels, predicted, _ = world(40, 3)
    for metric in METRICS:
        blank = metric in ("log_loss", "roc_auc")
        assert (row_scores(metric, labels, predicted, None, 3) is None) == blank
        assert (value(metric, labels, predicted, None, 3) is None) == blank


def test_a_probability_of_zero_costs_much_but_not_without_end():
    scores = row_scores("log_loss", np.array([0, 1]), np.array([[1, 1]]), np.array([[[0.0, 1.0], [0.0, 1.0]]]), 2)
    assert scores[0].tolist() == [np.log(np.finfo(float).eps), 0]


def test_small_integer_codes_do_not_overflow():
    labels, predicted, probs = world(300, 3)
    for metric in METRICS:
        small = row_scores(metric, labels.astype(np.uint8), predicted.astype(np.uint8), probs, 3)
        np.testing.assert_array_equal(small, row_scores(metric, labels, predicted, probs, 3))


def test_thin_classes_are_those_under_twenty_rows():
    assert thin_classes(np.repeat([0, 1, 4], [20, 19, 1])).tolist() == [1, 4]


@pytest.mark.parametrize(
    ("metric", "change", "words"),
    [
        ("acuracy", {}, "Did you mean 'accuracy'"),
        ("accuracy", {"predicted": np.zeros((1, 3), dtype=int)}, "shape"),
        ("accuracy", {"labels": np.array([0, 1, 2, 3])}, "codes from 0 to 3"),
        ("accuracy", {"predicted": np.full((1, 4), -1)}, "codes from -1"),
        ("log_loss", {"pred_probs": np.full((1, 4, 2), 0.5)}, "pred_probs has shape"),
        ("roc_auc", {"pred_probs": np.full((1, 4, 3), np.nan)}, "not finite"),
        ("roc_auc", {"labels": np.zeros(4, dtype=int)}, "two classes"),
    ],
)
def test_what_cannot_be_scored_is_refused(metric, change, words):
    plain = {
        "labels": np.array([0, 1, 2, 0]),
        "predicted": np.zeros((1, 4), dtype=int),
        "pred_probs": np.full((1, 4, 3), 1 / 3),
    }
    with pytest.raises(BadInputError, match=words):
        row_scores(metric, n_classes=3, **(plain | change))
