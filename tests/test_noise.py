"""Planted errors: exactly as many as asked for, never the true label again, harder to learn where they are confusable."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceteris.dataset import ID, LABEL
from ceteris.fixing.noise import confusable, plant, uniform, weak_pred_probs
from ceteris.readers.sources import read
from ceteris.sections import Ingest, Plant


@cache
def digits() -> tuple[np.ndarray, pd.DataFrame]:
    frame = read(Ingest(), Path()).frame
    return frame[LABEL].to_numpy(dtype=object), frame.drop(columns=[ID, LABEL])


@pytest.mark.parametrize("kind", ["uniform", "confusable"])
@pytest.mark.parametrize("rate", [0.0, 0.013, 0.2, 0.5])
def test_exactly_the_asked_share_is_changed(kind: str, rate: float) -> None:
    labels, features = digits()
    given_labels = plant(labels, features, Plant(kind=kind, rate=rate, seed=1))
    assert (given_labels != labels).sum() == round(rate * len(labels))
    assert set(given_labels) <= set(labels)


def test_none_changes_nothing_whatever_the_rate() -> None:
    labels, features = digits()
    assert (plant(labels, features, Plant(kind="none", rate=0.3)) == labels).all()


def test_the_seed_alone_decides() -> None:
    labels, features = digits()
    draws = [plant(labels, features, Plant(kind="confusable", rate=0.2, seed=seed)) for seed in (0, 0, 1)]
    assert (draws[0] == draws[1]).all()
    assert (draws[0] != draws[2]).any()


def test_inputs_are_not_changed() -> None:
    labels, features = digits()
    before, table = labels.copy(), features.copy()
    plant(labels, features, Plant(kind="uniform", rate=0.5))
    assert (labels == before).all()
    pd.testing.assert_frame_equal(features, table)


@given(st.integers(2, 6), st.integers(0, 40), st.integers(0, 2**32 - 1))
def test_uniform_errors_are_other_classes(n_classes: int, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, n_classes, size=40)
    given_codes = uniform(codes, n_classes, count, rng)
    assert (given_codes != codes).sum() == count
    assert given_codes.min() >= 0
    assert given_codes.max() < n_classes


def test_uniform_errors_spread_over_all_other_classes() -> None:
    codes = np.zeros(30_000, dtype=int)
    moved = uniform(codes, 4, 30_000, np.random.default_rng(0))
    shares = np.bincount(moved, minlength=4) / len(moved)
    assert shares[0] == 0
    np.testing.assert_allclose(shares[1:], 1 / 3, atol=4 * np.sqrt(2 / 9 / 30_000))


def test_confusable_errors_are_the_second_choice_and_fall_on_doubted_rows() -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 3, size=20_000)
    pred_probs = np.zeros((20_000, 3))
    doubted = rng.random(20_000) < 0.5
    pred_probs[np.arange(20_000), codes] = np.where(doubted, 0.5, 0.95)
    second = (codes + 1) % 3
    pred_probs[np.arange(20_000), second] = np.where(doubted, 0.4, 0.04)
    given_codes = confusable(codes, pred_probs, 1_000, rng)
    moved = given_codes != codes
    assert (given_codes[moved] == second[moved]).all()
    share = doubted[moved].mean()  # weights .55 and .10: the first draws take .85 of doubted rows
    assert 0.80 < share < 0.88


def test_weak_probabilities_are_out_of_fold_and_whole() -> None:
    labels, features = digits()
    codes = np.unique(labels, return_inverse=True)[1]
    pred_probs = weak_pred_probs(codes, features, np.random.default_rng(0))
    np.testing.assert_allclose(pred_probs.sum(axis=1), 1)
    assert 0.75 < (pred_probs.argmax(axis=1) == codes).mean() < 0.95
    lonely = np.r_[codes, 10]  # a class of one row cannot be foreseen by a model that has not seen it
    alone = weak_pred_probs(lonely, pd.concat([features, features.tail(1)], ignore_index=True), np.random.default_rng(0))
    assert alone[-1, 10] == 0


def test_text_and_missing_values_are_no_obstacle() -> None:
    rng = np.random.default_rng(0)
    labels = rng.choice(["a", "b", "c"], size=200).astype(object)
    colour = pd.Series(np.where(rng.random(200) < 0.2, None, np.char.add("c", labels.astype(str))), dtype=object)
    features = pd.DataFrame({"size": np.where(rng.random(200) < 0.2, np.nan, rng.normal(size=200)), "colour": colour})
    assert (plant(labels, features, Plant(kind="confusable", rate=0.25)) != labels).sum() == 50


def test_a_model_learns_confusable_errors_of_digits() -> None:
    """The story of the default: a perfect fix looks like harm on given labels, and is worth a lot on true ones."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import scale

    labels, features = digits()
    given_labels = plant(labels, features, Plant(kind="confusable", rate=0.2, seed=0)).astype(str)
    true_labels = labels.astype(str)
    pixels = scale(features.to_numpy())
    order = np.random.default_rng(0).permutation(len(labels))
    train, held = order[:1078], order[1078:1437]
    taught_given = LogisticRegression(max_iter=1000).fit(pixels[train], given_labels[train]).predict(pixels[held])
    taught_true = LogisticRegression(max_iter=1000).fit(pixels[train], true_labels[train]).predict(pixels[held])
    assert 0.80 < (taught_given == true_labels[held]).mean() < 0.91
    assert (taught_true == true_labels[held]).mean() > 0.94
    assert (taught_true == given_labels[held]).mean() < 0.85
