"""What answers say of labels: counts, exact bounds, and decoys that stand for every row on which the arms agree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from ceteris.checked import Checked, Review, noted, review_of
from ceteris.disagreement import NOT_ANSWERED, UNSURE, disagreement_set, permanent_numbers


@given(st.integers(1, 200), st.data())
def test_bounds_are_those_of_an_exact_binomial_test(told: int, data: st.DataObject) -> None:
    wrong = data.draw(st.integers(0, told))
    known = binomtest(wrong, told).proportion_ci(0.95, "exact")
    assert Checked(asked=told, wrong=wrong).rate == pytest.approx((known.low, known.high))


def test_three_of_sixteen_may_be_four_to_forty_six_percent() -> None:
    low, high = Checked(asked=16, wrong=3).rate
    assert (round(100 * low), round(100 * high)) == (4, 46)


def test_nothing_told_bounds_nothing() -> None:
    assert Checked(asked=5, left=3, unsure=2).rate == (0.0, 1.0)


def world(n_rows: int = 100, differing: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Given labels 0, and two arms of one seed that differ on the first rows."""
    arms = np.zeros((2, 1, n_rows), dtype=int)
    arms[1, 0, :differing] = 1
    return np.zeros(n_rows, dtype=int), arms[0], arms[1]


def test_answers_are_counted_where_the_arms_differ_and_where_they_agree() -> None:
    labels, one, other = world()
    chosen = disagreement_set(one, other, permanent_numbers("a", map(str, range(100))))
    answers = np.full(100, NOT_ANSWERED)
    answers[:40] = [1] * 5 + [UNSURE] * 3 + [0] * 30 + [NOT_ANSWERED] * 2
    answers[np.flatnonzero(chosen.decoys)] = [0, 1, 2, UNSURE]
    review = review_of(labels, answers, chosen)
    assert (review.differing, review.disputed) == (40, Checked(asked=40, left=2, unsure=3, wrong=5))
    assert review.decoys == Checked(asked=4, left=0, unsure=1, wrong=2)
    assert review.begun and review.agreeing_known and not review.sampled
    answers[np.flatnonzero(chosen.decoys)[0]] = NOT_ANSWERED
    assert not review_of(labels, answers, chosen).agreeing_known


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
