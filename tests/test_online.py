"""The level of each test of a history: LORD++ by hand, by its law, and on histories of null and real effects."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceteris.errors import BadInputError
from ceteris.measuring.online import level, levels

GAMMA = np.arange(1, 8) ** -1.6 / 2.2857656  # zeta(1.6) = 2.2857656...


def test_levels_by_hand() -> None:
    assert level(1, []) == pytest.approx(0.025 * GAMMA[0])
    assert level(3, []) == pytest.approx(0.025 * GAMMA[2])
    assert level(4, [2]) == pytest.approx(0.025 * GAMMA[3] + 0.025 * GAMMA[1])
    assert level(5, [1, 4]) == pytest.approx(0.025 * GAMMA[4] + 0.025 * GAMMA[3] + 0.05 * GAMMA[0])


def test_the_shares_of_a_history_without_findings_sum_to_half_the_level() -> None:
    told = levels(np.ones(2000))
    assert 0.024 < told.sum() < 0.025


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.floats(0, 1))
def test_a_new_test_changes_no_earlier_level(p_values: list[float], later: float) -> None:
    assert levels([*p_values, later])[:-1].tolist() == levels(p_values).tolist()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_the_estimated_false_discovery_proportion_never_passes_the_level(p_values: list[float]) -> None:
    """The law that LORD++ is built on: sum of levels so far <= alpha * max(findings so far, 1)."""
    told = levels(p_values)
    findings = np.cumsum(np.array(p_values) <= told)
    assert (np.cumsum(told) <= 0.05 * np.maximum(findings, 1) + 1e-12).all()


def test_false_discoveries_are_held_over_fifty_null_and_ten_real_experiments() -> None:
    rng = np.random.default_rng(0)
    shares, found = [], []
    for _ in range(400):
        real = rng.permutation(np.r_[np.ones(10, dtype=bool), np.zeros(50, dtype=bool)])
        p = np.where(real, rng.beta(0.05, 10, 60), rng.random(60))
        told = p <= levels(p)
        shares.append((told & ~real).sum() / max(told.sum(), 1))
        found.append((told & real).sum())
    assert np.mean(shares) <= 0.05
    assert np.mean(found) >= 6


@pytest.mark.parametrize(("index", "rejected"), [(0, []), (2, [2]), (3, [0])])
def test_a_test_without_a_place_is_refused(index: int, rejected: list[int]) -> None:
    with pytest.raises(BadInputError, match="has no place"):
        level(index, rejected)
