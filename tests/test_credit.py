"""Credit of batches: shares by hand, the laws of Shapley, and a harmful batch that is found among helpful ones."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceteris.errors import BadInputError
from ceteris.measuring.credit import MOST_FOR_SHAPLEY, Credit, batches_by, chains, coalitions, credits, named, table


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


MANY = [f"b{place}" for place in range(9)]
N_SEEDS = 10
Value = Callable[[frozenset[str]], float]


def sampled(value: Value, batches: list[str] = MANY, seed: int = 0, noise: float = 0.0) -> list[Credit]:
    """Return the credits of many batches, from orders that are drawn; `noise` is that of each fit."""
    rng = np.random.default_rng(seed)
    drawn = chains(batches, N_SEEDS, seed)
    assert drawn is not None
    rows = np.linspace(-0.01, 0.01, 40)

    def fit(step: tuple[frozenset[str], ...]) -> np.ndarray:
        return np.array([[value(one)] for one in step]) + rows + rng.normal(0, noise, (len(step), len(rows)))

    scores = {one: fit((one,) * N_SEEDS) for one in coalitions(batches)}
    return credits(scores, dict.fromkeys(batches, 1), (drawn, [fit(step) for step in drawn.steps]))


def uneven(of: frozenset[str]) -> float:
    """Return the worth of a coalition in a game where b0 is worth more with b1, and less the more are there."""
    return 0.5 + 0.02 * len(of) + 0.05 * ("b0" in of) + 0.06 * ({"b0", "b1"} <= of) - 0.03 * ("b0" in of) * len(of) / len(MANY)


def shapley(value: Value, batch: str, batches: list[str]) -> float:
    """Return the share of a batch by its definition, over every coalition of the others."""
    others, k = [other for other in batches if other != batch], len(batches)
    return sum(
        math.factorial(size) * math.factorial(k - size - 1) / math.factorial(k)
        * (value(frozenset({*chosen, batch})) - value(frozenset(chosen)))
        for size in range(k)
        for chosen in itertools.combinations(others, size)
    )  # fmt: skip


def test_an_order_goes_with_its_reverse_and_each_seed_draws_its_own() -> None:
    drawn = chains(MANY, N_SEEDS)
    assert drawn is not None
    assert (drawn.orders[::2] == drawn.orders[1::2, :, ::-1]).all()
    assert all(sorted(order) == MANY for orders in drawn.orders for order in orders)
    assert len({tuple(order) for order in drawn.orders[0]}) == N_SEEDS
    assert {len(one) for one in drawn.steps[0]} == {1}
    assert len(drawn.steps) == len(drawn.orders) * (len(MANY) - 1)


@pytest.mark.parametrize(("k", "pairs"), [(8, 3), (20, 3), (40, 2), (100, 1)])
def test_the_fits_of_sampled_orders_are_bounded(k: int, pairs: int) -> None:
    drawn = chains([f"b{place:03d}" for place in range(k)], N_SEEDS)
    assert drawn is not None
    assert len(drawn.orders) == 2 * pairs
    assert len(drawn.steps) * N_SEEDS <= 2000


def test_no_order_is_drawn_for_few_batches_and_none_can_be_for_far_too_many() -> None:
    assert chains(MANY[:MOST_FOR_SHAPLEY], N_SEEDS) is None
    assert chains([f"b{place}" for place in range(400)], N_SEEDS) is None


@given(st.dictionaries(st.integers(0, 2**9 - 1), st.floats(0, 1), max_size=40), st.integers(0, 3))
def test_sampled_shares_sum_to_the_effect_of_all_batches(worth: dict[int, float], seed: int) -> None:
    def value(of: frozenset[str]) -> float:
        return worth.get(sum(2**place for place, batch in enumerate(MANY) if batch in of), 0.5)

    shares = [credit.share for credit in sampled(value, seed=seed)]
    assert all(shares)
    total = value(frozenset(MANY)) - value(frozenset())
    assert sum(share.difference for share in shares if share) == pytest.approx(total, abs=1e-9)


def test_where_batches_add_up_a_sampled_share_is_exact_and_the_order_of_harm_too() -> None:
    found = sampled(lambda of: 0.5 + sum(0.01 * (int(batch[1]) - 4) for batch in of))
    assert [credit.batch for credit in found] == MANY
    for credit in found:
        assert credit.share is not None
        assert credit.share.difference == pytest.approx(0.01 * (int(credit.batch[1]) - 4), abs=1e-9)


def test_the_interval_of_a_sampled_share_holds_the_luck_of_its_orders() -> None:
    truth = {batch: shapley(uneven, batch, MANY) for batch in ("b0", "b1")}
    covered = [
        one.share.low <= truth[one.batch] <= one.share.high
        for seed in range(60)
        for one in sampled(uneven, seed=seed, noise=0.02)
        if one.batch in truth and one.share
    ]
    assert len(covered) == 120
    assert sum(covered) >= 108  # 95 % of 120 is 114, less two and a half of its standard errors
    widths = [one.share.high - one.share.low for one in sampled(uneven) if one.share]
    assert max(widths) < 0.1


def test_credits_as_a_table() -> None:
    found = table(credits(game({names(): 0.5, names("a"): 0.6}), {"a": 10}))
    assert found.loc[0, ["batch", "answers"]].tolist() == ["a", 10]
    assert found.loc[0, "share"] == found.loc[0, "alone"] == found.loc[0, "last"] == pytest.approx(0.1)
    many = table(credits(game({one: 0.5 + len(one) / 100 for one in coalitions(MANY)}), dict.fromkeys(MANY, 1)))
    assert many["share"].isna().all() and (many["share_verdict"] == "").all()


DECISIONS = pd.DataFrame(
    {
        "id": ["1", "2"], "reviewer": ["ann", "bob"], "batch": ["x", "x"], "given_label": ["cat", "dog"], "action": "relabel",
        "source": ["queue", "random"], "at": ["2026-01-31T23:30:00-05:00", "2026-01-31T23:30:00.123+00:00"],
        "answer": ["u1", "u2"],
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
        ("round", ["2026-02-01", "2026-01-31"]),
        ("reviewer,class", ["ann/cat", "bob/dog"]),
    ],
)
def test_batches_are_formed_by(by: str, expected: list[str]) -> None:
    assert batches_by(DECISIONS, by, {"1": "dog"}).tolist() == expected


SUGGESTED = {"1": "dog", "2": "dog"}


@pytest.mark.parametrize(
    ("wanted", "by", "expected"),
    [
        (["ann/x"], None, [True, False]),
        (["u2"], None, [False, True]),
        (["ann/x", "u2"], None, [True, True]),
        (["dog"], "class", [False, True]),
        (["cat", "dog"], "class", [True, True]),
        (["bob/dog"], "reviewer,class", [False, True]),
        (["2026-02-01"], "round", [True, False]),
    ],
)
def test_answers_are_named_as_credit_names_them(wanted: list[str], by: str | None, expected: list[bool]) -> None:
    assert named(DECISIONS, wanted, by, SUGGESTED).tolist() == expected


def test_answers_to_other_than_train_rows_are_named_by_their_batch_alone() -> None:
    judging = {"2": "dog"}
    assert named(DECISIONS, ["ann/x"], None, judging).tolist() == [True, False]
    with pytest.raises(BadInputError, match=r"'cat' is no batch of answers by class.*ceteris credit --by class"):
        named(DECISIONS, ["cat"], "class", judging)


def test_a_batch_that_is_none_is_refused_with_the_nearest() -> None:
    with pytest.raises(BadInputError, match=r"'an/x' is no batch of answers and no answer\. Did you mean 'ann/x'"):
        named(DECISIONS, ["ann/x", "an/x"], None, SUGGESTED)


def test_a_batch_without_its_reviewer_names_all_that_are_called_so() -> None:
    with pytest.raises(BadInputError, match=r"'x' is no batch of answers and no answer\. Name whose: 'ann/x'"):
        named(DECISIONS, ["x"], None, SUGGESTED)


def test_another_way_to_form_batches_is_refused_with_the_nearest() -> None:
    with pytest.raises(BadInputError, match="Did you mean 'reviewer'"):
        batches_by(DECISIONS, "reviwer")
