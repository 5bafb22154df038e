"""What answers say of labels: counts, exact bounds, and decoys that stand for every row on which the arms agree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from ceteris.editing.checked import review_of
from ceteris.editing.reviewed import Checked, Review, minutes_of, noted
from ceteris.measuring.disagreement import NOT_ANSWERED, UNSURE, disagreement_set, permanent_numbers


def world(n_rows: int = 100, differing: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Given labels 0, and two arms of one seed that differ on the first rows."""
    arms = np.zeros((2, 1, n_rows), dtype=int)
    arms[1, 0, :differing] = 1
    return np.zeros(n_rows, dtype=int), arms[0], arms[1]


def counts(rows: Checked) -> tuple[int, int, int, int]:
    return rows.asked, rows.left, rows.unsure, rows.wrong


def test_answers_are_counted_where_the_arms_differ_and_where_they_agree() -> None:
    labels, one, other = world()
    chosen = disagreement_set(one, other, permanent_numbers("a", map(str, range(100))))
    answers = np.full(100, NOT_ANSWERED)
    answers[:40] = [1] * 5 + [UNSURE] * 3 + [0] * 30 + [NOT_ANSWERED] * 2
    answers[np.flatnonzero(chosen.decoys)] = [0, 1, 2, UNSURE]
    review = review_of(labels, answers, chosen)
    assert (review.differing, counts(review.disputed), counts(review.decoys)) == (40, (40, 2, 3, 5), (4, 0, 1, 2))
    assert review.begun and review.agreeing_known and not review.sampled
    answers[np.flatnonzero(chosen.decoys)[0]] = NOT_ANSWERED
    assert not review_of(labels, answers, chosen).agreeing_known


@given(st.integers(1, 60), st.data())
def test_bounds_are_those_of_an_exact_binomial_test(told: int, data: st.DataObject) -> None:
    wrong = data.draw(st.integers(0, told))
    labels, one, other = world(differing=told)
    answers = np.where(np.arange(100) < wrong, 1, np.where(np.arange(100) < told, 0, NOT_ANSWERED))
    found = review_of(labels, answers, disagreement_set(one, other, permanent_numbers("a", map(str, range(100)))), 0.9).disputed
    known = binomtest(wrong, told).proportion_ci(0.9, "exact")
    assert (found.low, found.high) == pytest.approx((known.low, known.high))


def test_nothing_told_bounds_nothing() -> None:
    labels, one, other = world(differing=5)
    chosen = disagreement_set(one, other, permanent_numbers("a", map(str, range(100))))
    found = review_of(labels, np.where(np.arange(100) < 5, UNSURE, NOT_ANSWERED), chosen).disputed
    assert (found.told, found.low, found.high) == (0, 0.0, 1.0)


def test_a_sample_that_was_answered_whole_by_other_reviews_is_no_sample() -> None:
    labels, one, other = world(n_rows=300, differing=200)
    chosen = disagreement_set(one, other, permanent_numbers("a", map(str, range(300))), most=60)
    sample = review_of(labels, np.where(chosen.asked, 0, NOT_ANSWERED), chosen)
    whole = review_of(labels, np.where(chosen.weights > 0, 0, NOT_ANSWERED), chosen)
    assert sample.sampled and sample.disputed.asked == chosen.asked.sum()
    assert not whole.sampled and whole.disputed.asked == 200


def test_decoys_err_as_often_as_all_rows_on_which_the_arms_agree() -> None:
    """And rows that other reviews happened to answer do not: they are hard ones."""
    labels, one, other = world(n_rows=400, differing=100)
    ids = [f"row-{row}" for row in range(400)]
    wrong = np.zeros(400, dtype=bool)
    wrong[100:160] = True  # 20 % of the 300 agreeing rows, all among those that another contrast asks for
    found = []
    for draw in range(150):
        chosen = disagreement_set(one, other, permanent_numbers(str(draw), ids))
        review = review_of(labels, wrong.astype(int), chosen)
        found.append(review.decoys.wrong / review.decoys.asked)
    assert abs(np.mean(found) - 0.20) < 3 * np.std(found) / np.sqrt(len(found))
    elsewhere = np.where(np.arange(400) < 180, wrong, NOT_ANSWERED)
    partly = review_of(labels, elsewhere, disagreement_set(one, other, permanent_numbers("0", ids)))
    assert not partly.agreeing_known


def test_unsure_rows_are_named_in_a_reason_and_nothing_else_is() -> None:
    assert noted("why", None) == noted("why", Review(5, Checked(asked=5))) == "why"
    assert noted("why", Review(5, Checked(asked=5, unsure=1))) == "why; 1 unsure row counted for and against"
    assert noted("why", Review(5, Checked(asked=5, unsure=2))) == "why; 2 unsure rows counted for and against"


def test_minutes_are_those_of_six_seconds_a_label() -> None:
    assert [minutes_of(n) for n in (1, 41, 112)] == ["1 minute", "4 minutes", "11 minutes"]
