"""The square of four cells: its parts by hand arithmetic, and the laws that tie them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceteris.measuring.attribution import attribute


def square(seed: int, n_seeds: int = 6, n_rows: int = 80) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [(rng.random((n_seeds, n_rows)) < share).astype(float) for share in (0.6, 0.7, 0.75, 0.9)]


def test_the_parts_of_a_square_by_hand() -> None:
    levels = (0.5, 0.6, 0.7, 0.9)
    arms = [np.tile(np.arange(10) < 10 * share, (5, 4)).astype(float) for share in levels]
    parts = {name: part.difference for name, part in attribute(*arms).items()}
    expected = {
        "model": 0.1, "data": 0.2, "interaction": 0.1, "model_share": 0.15, "data_share": 0.25, "data_beats_model": 0.1,
        "whole": 0.4,
    }  # fmt: skip
    assert parts == pytest.approx(expected)


@given(st.integers(0, 10_000))
def test_shares_sum_to_the_whole_and_parts_to_it_with_their_interaction(seed: int) -> None:
    parts = {name: part.difference for name, part in attribute(*square(seed)).items()}
    assert parts["model_share"] + parts["data_share"] == pytest.approx(parts["whole"])
    assert parts["model"] + parts["data"] + parts["interaction"] == pytest.approx(parts["whole"])
    assert parts["data"] - parts["model"] == pytest.approx(parts["data_beats_model"])


@given(st.integers(0, 10_000))
def test_exchanging_data_and_model_exchanges_their_parts(seed: int) -> None:
    y00, y10, y01, y11 = square(seed)
    one, other = attribute(y00, y10, y01, y11), attribute(y00, y01, y10, y11)
    assert (one.model.difference, one.data_share.low) == (other.data.difference, other.model_share.low)
    assert one.data_beats_model.difference == pytest.approx(-other.data_beats_model.difference)


def test_intervals_hold_what_the_parts_truly_are() -> None:
    """Rows and seeds are drawn anew in each world; shares .6, .7, .75, .9 are the truth of every one."""
    truth = {
        "model": 0.1,
        "data": 0.15,
        "interaction": 0.05,
        "model_share": 0.125,
        "data_share": 0.175,
        "data_beats_model": 0.05,
    }
    held = dict.fromkeys(truth, 0)
    for seed in range(300):
        for name, part in attribute(*square(seed)).items():
            if name in truth:
                held[name] += part.low <= truth[name] <= part.high
    assert all(count >= 270 for count in held.values()), held
