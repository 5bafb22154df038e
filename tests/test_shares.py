"""Shares and differences of shares have the intervals of the books, as an independent library computes them."""

from __future__ import annotations

import math

import pytest
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from ceteris.reviewing.shares import difference, share_of


@pytest.mark.parametrize(("k", "n"), [(0, 5), (1, 5), (5, 5), (31, 60), (3, 400)])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_a_share_has_wilsons_interval(k: int, n: int, confidence: float) -> None:
    share = share_of(k, n, confidence)
    assert (share.low, share.high) == pytest.approx(proportion_confint(k, n, 1 - confidence, method="wilson"), abs=1e-12)
    assert share.value == k / n


@pytest.mark.parametrize(("one", "other"), [((31, 60), (1, 15)), ((0, 10), (0, 20)), ((7, 7), (2, 9)), ((2, 9), (7, 7))])
def test_a_difference_has_newcombes_interval(one: tuple[int, int], other: tuple[int, int]) -> None:
    found = difference(share_of(*one), share_of(*other))
    low, high = confint_proportions_2indep(*one, *other, method="newcomb", compare="diff")
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)
    assert found.value == pytest.approx(one[0] / one[1] - other[0] / other[1])


def test_of_no_answers_nothing_is_known() -> None:
    nothing = share_of(0, 0)
    assert math.isnan(nothing.value) and (nothing.low, nothing.high) == (0.0, 1.0) and nothing.told() == "none"
    found = difference(nothing, share_of(1, 2))
    assert math.isnan(found.value) and (found.low, found.high) == (-1.0, 1.0)


def test_a_share_is_told_with_its_n_and_interval() -> None:
    assert share_of(31, 60).told() == "31 of 60, 52 % [39, 64]"
