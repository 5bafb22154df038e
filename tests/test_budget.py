"""Budget curves: steps, points and the area between two curves by hand, and where review pays."""

from __future__ import annotations

import numpy as np
import pytest

from ceteris.budget import budget_curve, steps_up_to
from ceteris.errors import BadInputError

ROWS = 200


def right(share: float) -> np.ndarray:
    return np.tile(np.arange(ROWS) < share * ROWS, (6, 1)).astype(float)


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
    assert curve.last_stretch is not None
    assert curve.last_stretch.difference == pytest.approx(0.1)


def test_review_pays_from_the_first_number_that_is_told_to_help() -> None:
    curve = budget_curve(right(0.5), {25: right(0.51), 50: right(0.62), 100: right(0.7)})
    assert curve.pays_from == 50
    assert budget_curve(right(0.5), {25: right(0.5)}).pays_from is None


def test_without_random_reviews_nothing_is_said_of_the_ranking() -> None:
    curve = budget_curve(right(0.5), {25: right(0.6)})
    assert (curve.area, curve.points[0].random, curve.points[0].ranking, curve.last_stretch) == (None, None, None, None)
