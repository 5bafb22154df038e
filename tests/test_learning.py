"""What is learned from the answers: which rows come first, and that no answer is its own proof."""

from __future__ import annotations

import numpy as np
import pytest

from ceteris.reviewing.learning import Learner, known_of

N_ROWS = 600


def rows(seed: int = 0) -> tuple[Learner, np.ndarray]:
    """Return rows in an order that tells nothing, and which labels are wrong: nearly all of one end of a column."""
    rng = np.random.default_rng(seed)
    column = rng.random(N_ROWS)
    wrong = ((column > 0.85) & (rng.random(N_ROWS) < 0.9)).astype(float)
    labels = np.array(["a", "b"], dtype=object)[rng.integers(0, 2, N_ROWS)]
    known = known_of(labels, labels, np.column_stack([column, rng.normal(size=(N_ROWS, 5))]), rng.random(N_ROWS))
    return Learner(rng.permutation(N_ROWS), lambda: known), wrong


def test_rows_like_those_whose_label_was_wrong_come_first() -> None:
    learner, wrong = rows()
    answered = learner.order[:60]
    order = learner.learned(answered, wrong[answered])
    following = order[~np.isin(order, answered)][:40]
    assert wrong[following].mean() > 0.8 and wrong.mean() < 0.2


def test_every_row_has_one_place_and_the_same_answers_the_same_order() -> None:
    learner, wrong = rows()
    answered = learner.order[:40]
    order = learner.learned(answered, wrong[answered])
    assert sorted(order) == sorted(learner.order)
    assert np.array_equal(order, learner.learned(answered, wrong[answered]))


@pytest.mark.parametrize("changed", [0.0, 1.0])
def test_where_all_answers_are_alike_the_order_stands_as_it_was(changed: float) -> None:
    learner, _ = rows()
    assert np.array_equal(learner.learned(learner.order[:20], np.full(20, changed)), learner.order)
    assert np.array_equal(learner.learned(np.empty(0, dtype=int), np.empty(0)), learner.order)


def test_an_answered_row_stands_where_the_others_would_put_it() -> None:
    """Wrong labels that nothing tells: by trees that had seen them, their rows would stand at the very front."""
    learner, _ = rows()
    answered, wrong = learner.order[:200], np.random.default_rng(1).random(200) < 0.3
    place = np.argsort(learner.learned(answered, wrong.astype(float)))
    assert abs(place[answered[wrong]].mean() - place[answered[~wrong]].mean()) < 0.2 * N_ROWS


def test_only_the_rows_that_may_be_asked_for_are_ordered() -> None:
    learner, wrong = rows()
    some = Learner(learner.order[:100], learner.load)
    outside = learner.order[100:160]
    assert sorted(some.learned(outside, wrong[outside])) == sorted(some.order)


def test_what_is_known_of_rows_is_their_labels_scores_and_features() -> None:
    given, suggested = np.array(["b", "a", "b"], dtype=object), np.array(["b", "b", "b"], dtype=object)
    known = known_of(given, suggested, np.array([[7.0], [8.0], [9.0]]), np.array([0.1, 0.2, 0.3]))
    assert np.allclose(known, [[0, 1, 1, 0.1, 7], [1, 0, 1, 0.2, 8], [0, 1, 1, 0.3, 9]])
    numbers = known_of(np.array([1.5, 2.5]), np.array([1.0, 2.0]), np.zeros((2, 1)))
    assert np.allclose(numbers, [[1.5, 1.0, 0.0], [2.5, 2.0, 0.0]])


def test_a_thousand_classes_and_columns_become_few_columns() -> None:
    labels = np.array([f"class {row % 1_000}" for row in range(2_000)], dtype=object)
    known = known_of(labels, labels, np.random.default_rng(0).normal(size=(2_000, 1_000)))
    assert known.shape == (2_000, 30 + 30 + 50)
