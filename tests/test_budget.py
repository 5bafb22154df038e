"""The exchange rate: steps, points and the area between two curves by hand, where review pays, and what trials cost."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ceteris.errors import BadInputError
from ceteris.measuring.budget import PEOPLE, Board, Trial, budget_curve, steps_up_to, table
from ceteris.measuring.effect import paired_effect

ROWS = 200


def right(share: float) -> np.ndarray:
    return np.tile(np.arange(ROWS) < round(share * ROWS), (6, 1)).astype(float)


@pytest.mark.parametrize(
    ("most", "expected"),
    [(10, (10,)), (25, (25,)), (50, (25, 50)), (100, (25, 50, 100)), (300, (25, 50, 100, 200, 300)), (26, (25, 26))],
)
def test_steps_double_and_end_at_the_budget(most: int, expected: tuple[int, ...]) -> None:
    assert steps_up_to(most) == expected


def test_a_budget_of_nothing_is_refused() -> None:
    with pytest.raises(BadInputError, match="buys nothing"):
        steps_up_to(0)


def test_points_and_area_by_hand() -> None:
    ranked, random = {100: right(0.7), 200: right(0.8)}, {100: right(0.6), 200: right(0.65)}
    curve = budget_curve(right(0.5), ranked, random)
    assert [point.ranked.difference for point in curve.points] == pytest.approx([0.2, 0.3])
    assert [point.ranking.difference for point in curve.points if point.ranking] == pytest.approx([0.1, 0.15])
    assert curve.points[0].per_100[0] == pytest.approx(0.2)
    assert curve.points[1].per_100[0] == pytest.approx(0.15)
    assert curve.area is not None
    assert curve.area.difference == pytest.approx((100 * 0.1 / 2 + 100 * (0.1 + 0.15) / 2) / 200)
    assert [stretch.difference for stretch in curve.stretches] == pytest.approx([0.2, 0.1])
    assert curve.compared_to == 200


def test_review_pays_from_the_first_number_that_is_told_to_help() -> None:
    curve = budget_curve(right(0.5), {25: right(0.51), 50: right(0.62), 100: right(0.7)})
    assert curve.pays_from == 50
    assert budget_curve(right(0.5), {25: right(0.5)}).pays_from is None


def test_without_random_reviews_nothing_is_said_of_the_ranking() -> None:
    curve = budget_curve(right(0.5), {25: right(0.6)})
    assert (curve.area, curve.points[0].random, curve.points[0].ranking, curve.compared_to) == (None, None, None, 0)


def test_fewer_random_reviews_are_compared_as_far_as_they_go() -> None:
    curve = budget_curve(right(0.5), {25: right(0.6), 50: right(0.7)}, {25: right(0.55)})
    assert curve.compared_to == 25
    assert curve.points[1].random is None
    assert curve.area is not None
    assert curve.area.difference == pytest.approx(0.05 / 2)


def board(*trials: tuple[str, float, float], curve: bool = True) -> Board:
    found = budget_curve(right(0.5), {100: right(0.7), 200: right(0.8)}, {100: right(0.6)}) if curve else None
    tried = tuple(Trial(name, paired_effect(right(0.5), right(0.5 + gain)), seconds) for name, gain, seconds in trials)
    return Board(found, PEOPLE, tried, 0.5, metric="accuracy", model="linear", scored_on="given")


def test_what_is_spent_adds_up_and_the_best_so_far_never_falls() -> None:
    found = board(("a", -0.1, 2.0), ("b", 0.2, 3.0), ("c", 0.1, math.nan), ("d", 0.3, 5.0))
    assert found.spent == pytest.approx([2, 5, math.nan, 10], nan_ok=True)
    best = [effect.difference if effect else None for effect in found.best_so_far]
    assert best[0] is None
    assert best[1:] == pytest.approx([0.2, 0.2, 0.3])


def test_a_board_as_a_table() -> None:
    found = table(board(("a", 0.1, 2.0), ("b", 0.2, 3.0)))
    assert found["arm"].tolist() == ["ranked", "random", "ranking", "ranked", "a", "b"]
    assert found["minutes"].tolist()[:4] == pytest.approx([10, 10, 10, 20])
    assert found["cpu_seconds"].tolist()[4:] == pytest.approx([2, 5])
    assert found["difference"].tolist() == pytest.approx([0.2, 0.1, 0.1, 0.3, 0.1, 0.2])


def test_a_lever_without_evidence_is_left_out_of_the_advice() -> None:
    assert board(curve=False).advice.labels is None
    assert board(("a", 0.1, 2.0)).advice.trials is None
    both = board(("a", 0.0, 2.0), ("b", 0.0, 2.0)).advice
    assert both.verdict == "review"
