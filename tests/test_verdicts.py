"""Verdicts: four of them, in one order, each with its reason."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from ceteris.errors import BadInputError
from ceteris.measuring.verdicts import VERDICTS, Effect, holm, judge, smallest_visible_after, smallest_visible_before

PLAIN = Effect(
    difference=0.03, low=0.01, high=0.05, p_value=0.004, n_seeds=10, n_rows=400, n_discordant=40, verdict="", reason="",
    df=50.0, variance=1e-4, confidence=0.95, region=0.005, row_variance=6e-5, n_units=400, n_discordant_units=40,
    share_bound=0.13,
)  # fmt: skip


def effect(low, high, **changes):
    return replace(PLAIN, difference=(low + high) / 2, low=low, high=high, **changes)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.010, 0.050, "helps"),
        (-0.050, -0.010, "harms"),
        (-0.004, 0.004, "no practical difference"),
        (0.001, 0.005, "no practical difference"),
        (-0.001, 0.050, "cannot tell"),
        (0.0, 0.05, "cannot tell"),
    ],
)
def test_verdicts_follow_their_order(low, high, verdict):
    assert judge(effect(low, high)).verdict == verdict


def test_where_interval_and_holm_part_the_reason_is_printed():
    judged = judge(PLAIN, 0.06)
    assert judged.verdict == "cannot tell"
    assert "above 0" in judged.reason and "Holm" in judged.reason and "0.060" in judged.reason


def test_a_drop_must_beat_its_placebo_to_help_but_not_to_harm():
    net = effect(-0.01, 0.02)
    judged = judge(PLAIN, net=net)
    assert judged.verdict == "cannot tell" and "+0.5 [\u22121.0, +2.0]" in judged.reason
    assert judge(PLAIN, net=effect(0.001, 0.02)).verdict == "helps"
    assert judge(effect(-0.05, -0.01), net=net).verdict == "harms"


def test_few_discordant_rows_and_few_seeds_forbid_a_side():
    assert judge(effect(0.01, 0.05, n_discordant_units=9)).verdict == "cannot tell"
    assert judge(effect(0.01, 0.05, n_discordant_units=10)).verdict == "helps"
    assert judge(effect(0.01, 0.05, n_seeds=4)).verdict == "cannot tell"
    assert judge(effect(0.01, 0.05, n_seeds=5)).verdict == "helps"


def needed(target: float) -> float:
    """Return the variance at which an effect is seen in 80 of 100 runs, df large."""
    return float((target / (stats.norm.ppf(0.975) + stats.norm.ppf(0.8))) ** 2)


def test_cannot_tell_says_how_many_rows_and_seeds_together_could():
    judged = judge(effect(-0.01, 0.03, df=1e9))
    assert needed(0.01) < 4e-5  # less than the part of either, so that neither alone could
    more = 1e-4 / needed(0.01)
    rows, seeds = (int(np.ceil(now * more)) for now in (400, 10))
    assert judged.reason.endswith(f"about {rows:,} rows (now 400) and {seeds} seeds (now 10) together could tell")
    rows_only = judge(effect(-0.01, 0.03, df=1e9, row_variance=1e-4))
    assert rows_only.reason.endswith(f"about {rows:,} rows (now 400) could tell")


def test_where_the_noise_of_seeds_is_too_large_for_any_number_of_rows_seeds_are_named_with_their_number():
    judged = judge(effect(-0.01, 0.05, df=1e9, row_variance=2e-5))
    assert 2e-5 < needed(0.02) < 8e-5
    seeds = int(np.ceil(10 * 8e-5 / (needed(0.02) - 2e-5)))
    assert judged.reason.endswith(f"about {seeds} seeds (now 10) could tell; more rows alone hardly could: seeds vary too much")


def test_a_number_of_rows_that_nobody_has_is_not_advised_where_both_together_could():
    """Rows alone could, in principle, since what is needed is a hair more than what seeds vary: 100 times as many."""
    of_seeds = needed(0.02) * 0.99
    judged = judge(effect(-0.01, 0.05, df=1e9, row_variance=of_seeds, variance=2 * of_seeds))
    assert 1.9 < 2 * of_seeds / needed(0.02) < 2
    assert judged.reason.endswith("about 793 rows (now 400) and 20 seeds (now 10) together could tell")


def test_numbers_beyond_reason_are_a_sentence():
    judged = judge(effect(-0.0301, 0.03, df=1e9, region=0.001))
    assert judged.reason.endswith(
        "more than 8,000 rows (now 400) and 200 seeds (now 10) would be needed to tell so small an effect"
    )


@settings(deadline=None)
@given(st.floats(-0.1, 0.1), st.floats(1e-8, 1e-2), st.floats(0, 1), st.integers(20, 10**5), st.integers(5, 100))
def test_no_advice_asks_for_more_than_twenty_times_what_there_is(middle, variance, share, rows, seeds):
    judged = judge(
        effect(
            middle - 1, middle + 1, variance=variance, row_variance=share * variance, n_units=rows, n_rows=rows, n_seeds=seeds
        )
    )
    for number, kind in re.findall(r"([\d,]+) (rows|seeds)", judged.reason):
        assert int(number.replace(",", "")) <= 20 * (rows if kind == "rows" else seeds)


def test_few_rows_say_how_many_would_be_enough():
    assert "about 800 rows would hold enough" in judge(effect(-0.01, 0.03, n_discordant_units=5)).reason
    none = judge(effect(-0.01, 0.01, n_discordant_units=0)).reason
    assert "736 rows without a difference" in none
    assert 1 - 0.025 ** (1 / 736) <= 0.005 < 1 - 0.025 ** (1 / 735)


@settings(deadline=None)
@given(
    low=st.floats(-1, 1), width=st.floats(0, 1), p=st.floats(0, 1), seeds=st.integers(1, 20), few=st.integers(0, 30),
    region=st.floats(0, 0.4),
)  # fmt: skip
def test_every_effect_gets_one_of_four_verdicts_and_a_reason(low, width, p, seeds, few, region):
    judged = judge(effect(low, low + width, n_seeds=seeds, n_discordant_units=few, region=region), p)
    assert judged.verdict in VERDICTS and judged.reason
    if judged.verdict in ("helps", "harms"):
        assert p < 0.05 and seeds >= 5 and few >= 10 and not low <= 0 <= low + width


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_that_of_statsmodels(p_values):
    np.testing.assert_allclose(holm(p_values), multipletests(p_values, method="holm")[1], atol=1e-12)


def test_holm_of_nothing_is_nothing_and_of_no_p_value_is_refused():
    assert len(holm([])) == 0
    with pytest.raises(BadInputError, match="no p-values"):
        holm([0.1, float("nan")])
    for no_numbers in (["a"], [None], [0.1j]):
        with pytest.raises(BadInputError, match="no p-values"):
            holm(no_numbers)


@pytest.mark.parametrize(("n_rows", "in_pp"), [(200, 4.4), (500, 2.8), (1000, 2.0), (10_000, 0.6)])
def test_smallest_visible_before_training_is_the_table_of_five_percent(n_rows, in_pp):
    assert round(100 * smallest_visible_before(n_rows, 0.05), 1) == in_pp


def reach(df: float, k: int) -> float:
    return float(stats.t.ppf(1 - 0.05 / (2 * k), df) + stats.t.ppf(0.8, df))


def test_smallest_visible_after_the_controls_is_the_formula():
    """v_row 6e-5 and a seed part of 4e-5 over 400 rows and 10 seeds: df by hand, k planned contrasts."""
    control = replace(PLAIN, row_variance=6e-5, variance=1e-4, n_units=400, n_seeds=10)
    df = 1e-4**2 / (6e-5**2 / 399 + 4e-5**2 / 9)
    for k in (1, 4):
        assert smallest_visible_after(control, k) == pytest.approx(reach(df, k) * 0.01)


def test_what_the_mean_over_draws_hides_is_added_and_the_noise_of_seeds_is_that_of_a_a():
    control = replace(PLAIN, row_variance=2e-5, variance=9e-5, n_units=400, n_seeds=10)
    same = replace(control, row_variance=1e-5, variance=3e-5)
    df = 8e-5**2 / (6e-5**2 / 399 + 2e-5**2 / 9)
    assert smallest_visible_after(control, 1, hidden=4e-5, same=same) == pytest.approx(reach(df, 1) * math.sqrt(8e-5))


def test_on_accuracy_an_effect_must_itself_make_rows_differ():
    """Without noise of seeds: delta^2 = q^2 (v + delta (1 - delta) / n), solved by hand."""
    control = replace(PLAIN, row_variance=5e-5, variance=5e-5, n_units=400, n_seeds=10, metric="accuracy")
    q = reach(399, 1)
    by_hand = max(np.roots([1 + q**2 / 400, -(q**2) / 400, -(q**2) * 5e-5]))
    assert smallest_visible_after(control, 1) == pytest.approx(float(by_hand), rel=1e-6)
    assert smallest_visible_after(control, 1) > smallest_visible_after(replace(control, metric="log_loss"), 1)


def test_sizes_that_cannot_be_are_refused():
    with pytest.raises(BadInputError):
        smallest_visible_before(0, 0.05)
    with pytest.raises(BadInputError):
        smallest_visible_before(100, 1.5)
    with pytest.raises(BadInputError):
        smallest_visible_after(PLAIN, 0)


def test_an_effect_prints_its_interval_counts_and_labels():
    named = replace(
        effect(0.012, 0.046, n_rows=360, n_discordant=41), axis="data", metric="accuracy", scored_on="true", verdict="helps"
    )
    assert str(named) == "data: +2.9 pp accuracy [+1.2, +4.6], 10 seeds x 360 rows, 41 discordant, on true labels: helps"
    assert "], 1 seed (seed noise unknown) x 360 rows, 41 discordant" in str(replace(named, n_seeds=1))
    nats = str(replace(named, metric="log_loss", scored_on="verified (all)"))
    assert "+0.029 nats log_loss" in nats and "on verified labels (all)" in nats
    for metric in ("log_loss", "roc_auc"):
        assert "discordant" not in str(replace(named, metric=metric))
