"""Each ranking orders every row once, by what its name says; values are those of hand arithmetic and of the definition."""

from __future__ import annotations

import math
from itertools import combinations
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceteris.detectors.followed import BEST
from ceteris.errors import BadInputError
from ceteris.reviewing.learning import LEARNED
from ceteris.reviewing.rankings import (
    RANKINGS,
    SCORED,
    by_scores,
    doubted,
    expected_gain,
    flipped,
    knn_agreement,
    order,
    undoubted,
)
from ceteris.sections import Ranking, Review


def issues(
    quality: list[float], labels: list[str] | None = None, suggested: list[str] | None = None, flagged: list[bool] | None = None
) -> pd.DataFrame:
    n_rows = len(quality)
    labels = labels or ["a"] * n_rows
    columns = {
        "id": [f"r{row}" for row in range(n_rows)],
        "given_label": labels,
        "suggested_label": suggested or labels,
        "label_quality": quality,
        "is_label_issue": flagged or [False] * n_rows,
    }
    return pd.DataFrame(columns).astype({"label_quality": float, "is_label_issue": bool})


def test_label_quality_asks_for_the_lowest_first_and_ties_by_id() -> None:
    table = issues([0.9, 0.1, 0.5, 0.1])
    assert list(order("label_quality", table)) == [1, 3, 2, 0]
    assert list(doubted(table, 2)) == [1, 3]


def test_combined_is_the_rank_average_of_quality_and_agreement_over_the_most_doubted() -> None:
    table = issues([0.1, 0.2, 0.3, 0.05, 0.9])
    # most doubted: rows 3, 0, 1 (quality ranks 1, 2, 3); agreement ranks 3, 1, 2: sums 4, 3, 5
    assert list(order("combined", table, agreement=np.array([0.9, 0.0, 0.4]))) == [0, 3, 1, 2, 4]


def test_by_class_takes_a_doubted_row_of_each_class_in_turn_and_sure_rows_last() -> None:
    table = issues(
        [0.05, 0.1, 0.2, 0.3, 0.01, 0.4],
        labels=["a", "a", "a", "b", "c", "c"],
        suggested=["b", "b", "b", "a", "c", "a"],
    )
    assert list(order("by_class", table)) == [0, 3, 5, 1, 2, 4]
    flagged = [False, False, False, False, True, False]
    assert list(order("by_class", table.assign(is_label_issue=flagged))) == [4, 0, 3, 1, 5, 2]


def test_what_a_detector_scored_comes_first_and_then_the_others_by_label_quality() -> None:
    table = issues([0.4, 0.1, 0.3, 0.2, 0.9])
    assert list(by_scores(table, np.array([0, 2, 4]), np.array([0.5, 0.5, -1.0]))) == [4, 2, 0, 1, 3]


def test_expected_gain_asks_for_the_highest_first() -> None:
    assert list(order("expected_gain", issues([0.3, 0.1, 0.2, 0.9]), gain=np.array([0.0, -0.1, 0.2]))) == [0, 1, 2, 3]


@pytest.mark.parametrize("how", ["combined", "expected_gain"])
def test_a_ranking_without_its_scores_is_refused_with_the_line_of_params(how: str) -> None:
    with pytest.raises(BadInputError, match=rf"'{how}' has no score .* review\.rankings in params\.yaml"):
        order(how, issues([0.1, 0.2]))


def test_an_unknown_ranking_is_refused_with_the_nearest() -> None:
    with pytest.raises(BadInputError, match=r"'by_clas' is no ranking\. Did you mean 'by_class'\?"):
        order("by_clas", issues([0.1]))


def test_params_know_these_rankings_and_no_others() -> None:
    assert set(get_args(Ranking)) == {BEST, LEARNED, *RANKINGS}
    assert Review().rankings[0] == BEST


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.5, 1.0]), st.integers(0, 3), st.integers(0, 3), st.booleans()), max_size=40)
)
def test_every_order_holds_every_row_once(rows: list[tuple[float, int, int, bool]]) -> None:
    quality, labels, suggested, flagged = (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [], [])
    table = issues(quality, [f"c{code}" for code in labels], [f"c{code}" for code in suggested], flagged)
    scores = np.linspace(1, 0, len(doubted(table, 10)))
    places = np.arange(len(rows))[::2]
    assert sorted(by_scores(table, places, np.zeros(len(places)))) == list(range(len(rows)))
    for how in set(RANKINGS) - set(SCORED):
        assert sorted(order(how, table, agreement=scores, gain=scores)) == list(range(len(rows)))
    chance = np.random.default_rng(0).permutation(len(rows))
    sure = undoubted(table, chance)
    assert not (set(sure) & {row for row in range(len(rows)) if flagged[row] or labels[row] != suggested[row]})


def test_a_thousand_classes_are_asked_for_in_turn() -> None:
    n_classes = 1000
    labels = [f"class {row % n_classes}" for row in range(3 * n_classes)]
    quality = list(np.random.default_rng(1).random(3 * n_classes))
    places = order("by_class", issues(quality, labels, ["other"] * len(labels)))
    for turn in range(3):
        assert len({labels[place] for place in places[turn * n_classes : (turn + 1) * n_classes]}) == n_classes


def test_controls_are_the_surer_half_of_the_undoubted_rows_from_the_far_end_of_the_random_order() -> None:
    table = issues([0.9, 0.8, 0.7, 0.95, 0.99], suggested=["a", "a", "a", "b", "a"], flagged=[False, False, False, False, True])
    assert list(undoubted(table, np.array([0, 1, 2, 3, 4]))) == [1, 0]


def test_a_flip_is_the_class_that_is_most_easily_taken_for_the_given_one() -> None:
    pred_probs = np.array([[0.7, 0.1, 0.2], [0.1, 0.6, 0.3], [0.0, 0.0, 1.0]])
    assert list(flipped(pred_probs, np.array([0, 2, 2]), np.array([1, 0, 2]))) == [1, 2, 0]


def test_agreement_is_the_share_of_nearest_neighbours_with_the_same_label_and_a_row_is_not_its_own_neighbour() -> None:
    features = np.array([[0.0], [1.0], [2.0], [10.0], [11.0]])
    labels = np.array(["a", "a", "b", "b", "b"])
    assert list(knn_agreement(features, labels, np.array([0, 2, 3]), k=2)) == [0.5, 0.0, 1.0]


def test_agreement_among_more_copies_than_neighbours_leaves_the_row_itself_out() -> None:
    labels = np.array(["a"] + ["b"] * 9)
    assert knn_agreement(np.zeros((10, 2)), labels, np.arange(10), k=3)[0] == 0.0


def test_agreement_of_a_single_row_is_whole() -> None:
    assert list(knn_agreement(np.zeros((1, 2)), np.array(["a"]), np.array([0]))) == [1.0]
    assert list(knn_agreement(np.zeros((0, 2)), np.array([]), np.array([], dtype=int))) == []


def test_agreement_with_a_sample_is_near_that_with_all_rows_and_the_same_each_time() -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 3, 3000)
    features = rng.normal(codes[:, None] * 1.5, 1.0, (3000, 2))
    places = np.arange(200)
    every, sampled, again = (knn_agreement(features, codes, places, k=10, sample=size) for size in (3000, 1500, 1500))
    assert np.corrcoef(every, sampled)[0, 1] > 0.8
    assert (sampled == again).all()


def shapley(features: np.ndarray, labels: np.ndarray, judge: np.ndarray, truth: str, k: int, row: int) -> float:
    """Return a row's Shapley value by the definition: the mean of what it adds over all orders in which rows can come."""
    others = [other for other in range(len(labels)) if other != row]

    def worth(members: tuple[int, ...]) -> float:
        near = sorted(members, key=lambda other: float(np.abs(features[other] - judge).sum()))[:k]
        return sum(labels[other] == truth for other in near) / k

    total = 0.0
    for size in range(len(others) + 1):
        weight = math.factorial(size) * math.factorial(len(others) - size) / math.factorial(len(labels))
        total += sum(weight * (worth((*members, row)) - worth(members)) for members in combinations(others, size))
    return total


@pytest.mark.parametrize("k", [1, 2, 3, 6])
def test_the_gain_is_the_difference_of_the_shapley_values_by_definition(k: int) -> None:
    rng = np.random.default_rng(k)
    features, judges = rng.normal(size=(6, 1)), rng.normal(size=(4, 1))
    labels, suggested = np.array(list("aababb"), dtype=object), np.array(list("babaab"), dtype=object)
    truth, p_wrong = np.array(list("abba"), dtype=object), np.linspace(0.1, 1, 6)
    places = np.array([4, 0, 1, 5])
    found = expected_gain(features, labels, suggested, p_wrong, places, judges, truth, k=k)
    for place, gain in zip(places, found, strict=True):
        other = labels.copy()
        other[place] = suggested[place]
        changes = [
            shapley(features, other, judge, label, k, place) - shapley(features, labels, judge, label, k, place)
            for judge, label in zip(judges, truth, strict=True)
        ]
        assert gain == pytest.approx(p_wrong[place] * np.mean(changes), abs=1e-12)


def test_a_row_whose_label_would_not_change_and_a_queue_without_judges_gain_nothing() -> None:
    labels, ones = np.array(["a", "b"], dtype=object), np.ones(2)
    x = np.array([[0.0], [1.0]])
    assert list(expected_gain(x, labels, labels, ones, np.arange(2), x, labels)) == [0.0, 0.0]
    assert list(expected_gain(x, labels, labels[::-1], ones, np.arange(2), x[:0], labels[:0])) == [0.0, 0.0]
