"""Credit of batches: shares by hand, the laws of Shapley, and a harmful batch that is found among helpful ones."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceteris.credit import MOST_FOR_SHAPLEY, batches_by, coalitions, credits
from ceteris.errors import BadInputError


def game(worth: dict[frozenset[str], float]) -> dict[frozenset[str], np.ndarray]:
    """Return scores of 5 seeds and 40 rows whose mean is what each coalition is worth."""
    rows = np.linspace(0, 0.01, 40) - 0.005
    return {coalition: np.tile(value + rows * (1 + value), (5, 1)) for coalition, value in worth.items()}


def names(*batches: str) -> frozenset[str]:
    return frozenset(batches)


def test_shares_by_hand() -> None:
    worth = {names(): 0.5, names("a"): 0.6, names("b"): 0.5, names("a", "b"): 0.8}
    found = {credit.batch: credit for credit in credits(game(worth), {"a": 10, "b": 20})}
    assert found["a"].share is not None
    assert found["a"].share.difference == pytest.approx((0.1 + 0.3) / 2, abs=1e-9)
    assert found["b"].alone.difference == pytest.approx(0.0, abs=1e-9)
    assert found["b"].last.difference == pytest.approx(0.2, abs=1e-9)
    assert (found["b"].answers, [credit.batch for credit in credits(game(worth), {"a": 1, "b": 2})]) == (20, ["b", "a"])


@given(st.lists(st.floats(0, 1), min_size=8, max_size=8))
def test_shares_sum_to_the_effect_of_all_batches(values: list[float]) -> None:
    sets = [frozenset(chosen) for size in range(4) for chosen in itertools.combinations("abc", size)]
    scores = game(dict(zip(sets, values, strict=True)))
    total = scores[names("a", "b", "c")].mean() - scores[names()].mean()
    shares = [credit.share for credit in credits(scores, dict.fromkeys("abc", 1))]
    assert sum(share.difference for share in shares if share) == pytest.approx(total, abs=1e-9)


def test_a_batch_that_changes_nothing_has_no_share_and_twins_share_alike() -> None:
    sets = [frozenset(chosen) for size in range(4) for chosen in itertools.combinations("abn", size)]
    scores = game({one: 0.5 + 0.1 * len(one - {"n"}) for one in sets})
    found = {credit.batch: credit.share.difference for credit in credits(scores, dict.fromkeys("abn", 1)) if credit.share}
    assert found["n"] == pytest.approx(0, abs=1e-9)
    assert found["a"] == pytest.approx(found["b"])


def test_every_coalition_is_trained_for_few_batches_and_the_ends_for_many() -> None:
    assert len(coalitions(list("abc"))) == 8
    many = [f"b{place}" for place in range(MOST_FOR_SHAPLEY + 1)]
    assert len(coalitions(many)) == 2 + 2 * len(many)
    found = credits(game({one: 0.5 + len(one) / 100 for one in coalitions(many)}), dict.fromkeys(many, 1))
    assert all(credit.share is None for credit in found)
    assert coalitions(["a"]) == [names(), names("a")]


DECISIONS = pd.DataFrame(
    {
        "id": ["1", "2"], "reviewer": ["ann", "bob"], "batch": ["x", "x"], "given_label": ["cat", "dog"],
        "source": ["queue", "random"],
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("batch", ["ann/x", "bob/x"]),
        ("reviewer", ["ann", "bob"]),
        ("class", ["cat", "dog"]),
        ("source", ["queue", "random"]),
        ("issue", ["cat -> dog", "dog -> nothing suggested"]),
    ],
)
def test_batches_are_formed_by(by: str, expected: list[str]) -> None:
    assert batches_by(DECISIONS, by, {"1": "dog"}).tolist() == expected


def test_another_way_to_form_batches_is_refused_with_the_nearest() -> None:
    with pytest.raises(BadInputError, match="Did you mean 'reviewer'"):
        batches_by(DECISIONS, "reviwer")
