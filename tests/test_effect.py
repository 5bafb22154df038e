"""The paired effect: hand arithmetic, exact tests, and the laws that any honest difference obeys."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from ceteris.errors import BadInputError
from ceteris.measuring.effect import paired_effect
from ceteris.measuring.intervals import clopper_pearson, crossed_variance, hidden_variance, sign_flip_p

HITS = arrays(float, (6, 15), elements=st.sampled_from([0.0, 1.0]))


def coin(shape, share, seed):
    return (np.random.default_rng(seed).random(shape) < share).astype(float)


def test_variance_of_a_tiny_table_is_what_the_formula_gives_by_hand():
    # rows of D: seed means 2, 1, 0, 1, 1; unit means 6/5, 4/5; theta 1; deviations from additivity computed below
    values = np.array([[3.0, 1.0], [1.0, 1.0], [0.0, 0.0], [1.0, 1.0], [1.0, 1.0]])
    v_row = ((6 / 5 - 1) ** 2 + (4 / 5 - 1) ** 2) / 1 / 2
    v_seed = (1 + 0 + 1 + 0 + 0) / 4 / 5
    v_err = (2 * 0.8**2 + 4 * 2 * 0.2**2) / (4 * 1 * 2 * 5)
    variance = v_row + v_seed - v_err
    df = max(4, variance**2 / (v_row**2 / 1 + v_seed**2 / 4))
    assert crossed_variance(values) == pytest.approx((variance, df, v_row))


def test_luck_of_a_single_draw_is_added_for_a_redrawn_control():
    values = np.array([[3.0, 1.0], [1.0, 1.0], [0.0, 0.0], [1.0, 1.0], [1.0, 1.0]])
    v_row, v_seed, v_err = 0.04, 0.1, 1.6 / 40
    v_draw = 0.5 - 5 * v_err
    variance = v_row + v_seed - v_err + v_draw
    df = max(4, variance**2 / (v_row**2 / 1 + (v_seed + v_draw) ** 2 / 4))
    assert crossed_variance(values, redrawn_control=True) == pytest.approx((variance, df, v_row))


def test_arms_without_seed_noise_give_the_paired_t_interval_over_rows():
    baseline, candidate = coin(80, 0.6, 1), coin(80, 0.8, 2)
    effect = paired_effect(np.tile(baseline, (10, 1)), np.tile(candidate, (10, 1)))
    expected = stats.ttest_1samp(candidate - baseline, 0)
    assert effect.df == 79
    assert effect.p_value == pytest.approx(expected.pvalue)
    assert (effect.low, effect.high) == pytest.approx(tuple(expected.confidence_interval(0.95)))


def test_rows_that_all_agree_leave_the_paired_t_interval_over_seeds():
    shift = np.random.default_rng(0).normal(0.3, 0.2, 10)
    effect = paired_effect(np.zeros((10, 400)), np.tile(shift[:, None], (1, 400)))
    expected = stats.ttest_1samp(shift, 0)
    assert effect.df == pytest.approx(9)
    assert (effect.low, effect.high) == pytest.approx(tuple(expected.confidence_interval(0.95)))


def test_components_are_those_of_the_two_way_analysis_of_variance():
    import pandas as pd
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    values = np.random.default_rng(5).normal(size=(6, 9)) + np.arange(9)
    table = pd.DataFrame({"d": values.ravel(), "seed": np.repeat(range(6), 9), "row": np.tile(range(9), 6)})
    squares = anova_lm(ols("d ~ C(seed) + C(row)", table).fit())["mean_sq"]
    expected = (squares["C(row)"] + squares["C(seed)"] - squares["Residual"]) / values.size
    assert crossed_variance(values)[0] == pytest.approx(max(expected, squares["C(row)"] / values.size))


def test_one_draw_varies_more_than_the_mean_of_draws_by_what_is_its_own():
    """Two seeds, two rows: the control's rows spread by .5 and 0, the baseline's by 0; (1 - 1/2) * .25 / 2."""
    still = np.zeros((2, 2))
    control = np.array([[1.0, 1.0], [0.0, 1.0]])
    assert hidden_variance(still, control) == pytest.approx(0.5 * 0.25 / 2)
    assert hidden_variance(control, control) == 0.0
    assert hidden_variance(control, still) == 0.0
    assert hidden_variance(still[:1], control[:1]) == 0.0
    assert hidden_variance(still, control, groups=np.array(["a", "b"])) == pytest.approx(0.5 * 0.25 / 2)


def test_what_the_mean_over_draws_hides_is_the_spread_of_a_single_draw():
    """The variance over rows of one draw, averaged, is that of the mean of all plus what is hidden (no learner's noise)."""
    rng = np.random.default_rng(0)
    baseline = np.broadcast_to(rng.random(400) < 0.7, (10, 400)).astype(float)
    control = (rng.random((10, 400)) < 0.6).astype(float)
    difference = control - baseline
    of_mean = difference.mean(axis=0).var(ddof=1) / 400
    of_one = difference.var(axis=1, ddof=1).mean() / 400
    assert of_mean + hidden_variance(baseline, control) == pytest.approx(of_one, rel=0.02)


def test_identical_arms_differ_by_exactly_nothing():
    arm = coin((10, 50), 0.7, 3)
    effect = paired_effect(arm, arm)
    assert (effect.difference, effect.low, effect.high, effect.p_value) == (0, 0, 0, 1)
    assert effect.verdict == "no practical difference"


def test_two_models_that_agree_by_luck_are_not_called_equal():
    arm = np.ones((10, 50))
    effect = paired_effect(arm, arm, identical=False)
    assert effect.high == pytest.approx(1 - 0.025 ** (1 / 50))
    assert effect.low == -effect.high
    assert effect.verdict == "cannot tell"
    many = np.ones((5, 2000))
    assert paired_effect(many, many, identical=False).verdict == "no practical difference"


def test_a_constant_difference_has_an_interval_with_a_width():
    effect = paired_effect(np.zeros((10, 30)), np.ones((10, 30)))
    assert effect.difference == effect.high == 1
    assert effect.low == pytest.approx(2 * 0.025 ** (1 / 30) - 1)
    assert effect.p_value == pytest.approx(2**-29)
    assert effect.verdict == "helps"
    mirrored = paired_effect(np.ones((10, 30)), np.zeros((10, 30)))
    assert (mirrored.low, mirrored.high, mirrored.verdict) == (-effect.high, -effect.low, "harms")


@pytest.mark.parametrize("n_seeds", [1, 2, 4])
def test_under_five_seeds_nothing_helps_or_harms_and_the_reason_says_so(n_seeds):
    baseline, candidate = coin((n_seeds, 200), 0.3, 1), coin((n_seeds, 200), 0.9, 2)
    effect = paired_effect(baseline, candidate)
    assert effect.low > 0 and effect.verdict == "cannot tell"
    assert "seed noise unknown" in effect.reason
    assert effect.df == 199
    assert effect.variance == pytest.approx((candidate - baseline).mean(axis=0).var(ddof=1) / 200)


def test_under_ten_discordant_rows_p_is_the_exact_sign_flip_and_nothing_helps():
    candidate = np.ones((5, 2000))
    baseline = candidate.copy()
    baseline[:, :9] = 0
    effect = paired_effect(baseline, candidate)
    assert effect.low > 0
    assert effect.p_value == pytest.approx(stats.binomtest(9, 9).pvalue)
    assert effect.verdict == "cannot tell" and "9 rows" in effect.reason


def test_no_practical_difference_on_few_rows_asks_for_the_bound_on_their_share():
    def arms(n_rows):
        candidate = np.ones((5, n_rows))
        baseline = candidate.copy()
        baseline[:, 0] = 0
        return baseline, candidate

    narrow, sure = paired_effect(*arms(800)), paired_effect(*arms(1200))
    assert narrow.high < 0.005 < narrow.share_bound
    assert narrow.verdict == "cannot tell"
    assert sure.share_bound < 0.005
    assert sure.verdict == "no practical difference"


def test_sign_flip_agrees_with_enumeration_by_hand_and_with_scipy():
    sums = np.array([0.5, 0.2, -0.4, 0.9])
    by_hand = np.mean([abs(np.dot(s, sums)) >= abs(sums.sum()) - 1e-12 for s in itertools.product([1, -1], repeat=4)])
    assert sign_flip_p(sums) == by_hand
    oracle = stats.permutation_test((sums,), np.sum, permutation_type="samples", n_resamples=np.inf)
    assert sign_flip_p(sums) == pytest.approx(oracle.pvalue)
    assert sign_flip_p(np.array([])) == 1


@pytest.mark.parametrize(("k", "n"), [(0, 40), (3, 40), (40, 40)])
def test_clopper_pearson_is_that_of_scipy(k, n):
    expected = stats.binomtest(k, n).proportion_ci(0.95, method="exact")
    assert clopper_pearson(k, n) == pytest.approx((expected.low, expected.high))


def test_a_group_is_one_unit_however_often_its_row_is_copied():
    baseline, candidate = coin((8, 40), 0.5, 1), coin((8, 40), 0.7, 2)
    one = paired_effect(baseline, candidate)
    copies = np.repeat(np.arange(40), 3)
    same = paired_effect(baseline[:, copies], candidate[:, copies], groups=copies)
    assert (same.difference, same.low, same.high) == pytest.approx((one.difference, one.low, one.high))
    assert (same.n_rows, same.n_units, same.n_discordant_units) == (120, 40, one.n_discordant)


def test_copied_rows_that_are_not_grouped_would_count_as_more_than_they_are():
    baseline, candidate = np.tile(coin(40, 0.5, 1), (8, 1)), np.tile(coin(40, 0.7, 2), (8, 1))
    copies = np.repeat(np.arange(40), 4)
    grouped = paired_effect(baseline[:, copies], candidate[:, copies], groups=copies)
    naive = paired_effect(baseline[:, copies], candidate[:, copies])
    assert naive.variance < 0.3 * grouped.variance


def test_groups_of_differing_size_match_the_formula_by_hand():
    difference = np.tile([1.0, 0.0, 0.0, 1.0, 1.0, 0.0], (5, 1))
    effect = paired_effect(np.zeros((5, 6)), difference, groups=np.array(["a", "b", "a", "b", "b", "c"]))
    units = 0.5 + 3 / 6 * np.array([0.0, 0.5, -0.5])
    assert effect.variance == pytest.approx(units.var(ddof=1) / 3)
    assert effect.df == 2


def test_fewer_than_ten_discordant_groups_never_help_however_many_their_rows():
    candidate = np.ones((5, 300))
    baseline = candidate.copy()
    baseline[:, :90] = 0
    effect = paired_effect(baseline, candidate, groups=np.arange(300) // 30)
    assert effect.n_discordant == 90 and effect.verdict == "cannot tell"
    assert effect.p_value == pytest.approx(2 * 0.5**3)


@pytest.mark.parametrize(
    ("baseline", "candidate", "words"),
    [
        (np.zeros((5, 4)), np.zeros((5, 3)), "shapes"),
        (np.zeros(4), np.zeros(4), "shapes"),
        (np.zeros((5, 4)), np.full((5, 4), np.nan), "candidate's score is not a finite number on 4 rows"),
        (np.zeros((5, 1)), np.ones((5, 1)), "Score 2 rows or more"),
        (np.zeros((0, 4)), np.zeros((0, 4)), "no seed"),
        (np.zeros((5, 0)), np.zeros((5, 0)), "0 rows"),
        (np.zeros((5, 4)), np.full((5, 4), 1j), r"candidate's scores are no table of real numbers \(type complex128\)"),
        (np.full((5, 4), "x"), np.zeros((5, 4)), "baseline's scores are no table of real numbers"),
        (np.full((5, 4), None), np.zeros((5, 4)), r"real numbers \(type object\)"),
        ([[1.0, 2.0], [1.0]], np.zeros((2, 2)), "real numbers"),
        (np.full((5, 4), "2020-01-01", dtype="M8[D]"), np.zeros((5, 4)), "real numbers"),
        (np.zeros((5, 4)), np.full((5, 4), 1e200), r"candidate's scores reach 1e\+200.*stay within"),
        (np.ma.masked_array(np.zeros((5, 4)), mask=np.eye(5, 4)), np.zeros((5, 4)), "baseline's score is not a finite number"),
        (np.full((5, 4), -1e51), np.zeros((5, 4)), r"baseline's scores reach 1e\+51"),
    ],
)
def test_arms_that_cannot_be_paired_are_refused(baseline, candidate, words):
    with pytest.raises(BadInputError, match=words):
        paired_effect(baseline, candidate)


@pytest.mark.parametrize(
    "wrong",
    [
        {"confidence": 1.0},
        {"region": -0.1},
        {"groups": np.arange(3)},
        {"groups": np.zeros(4)},
        {"discordant": np.ones(3, dtype=bool)},
        {"identical": True},
        {"discordant": [[True], [True, False]]},
        {"confidence": None},
        {"confidence": "0.95"},
        {"confidence": float("nan")},
        {"region": float("inf")},
        {"region": float("nan")},
        {"region": None},
        {"groups": np.array(["a", "b", None, "c"])},
        {"groups": np.array([1.0, 2.0, np.nan, 3.0])},
    ],
)
def test_settings_that_do_not_fit_are_refused(wrong):
    with pytest.raises(BadInputError):
        paired_effect(np.zeros((5, 4)), np.ones((5, 4)), **wrong)


@settings(deadline=None)
@given(arm=HITS)
def test_an_arm_against_itself_is_nothing(arm):
    assert paired_effect(arm, arm).high == 0


@settings(deadline=None)
@given(baseline=HITS, candidate=HITS, redrawn=st.booleans())
def test_swapping_the_arms_mirrors_the_interval(baseline, candidate, redrawn):
    one = paired_effect(baseline, candidate, redrawn_control=redrawn)
    other = paired_effect(candidate, baseline, redrawn_control=redrawn)
    assert (one.difference, one.low, one.high) == pytest.approx((-other.difference, -other.high, -other.low))
    assert one.p_value == pytest.approx(other.p_value)
    swapped = {"helps": "harms", "harms": "helps"}
    assert other.verdict == swapped.get(one.verdict, one.verdict)


@settings(deadline=None)
@given(baseline=HITS, candidate=HITS, order=st.randoms(use_true_random=False))
def test_the_order_of_rows_and_seeds_means_nothing(baseline, candidate, order):
    rows, seeds = order.sample(range(15), 15), order.sample(range(6), 6)
    one = paired_effect(baseline, candidate)
    other = paired_effect(baseline[seeds][:, rows], candidate[seeds][:, rows])
    assert (one.low, one.high, one.p_value) == pytest.approx((other.low, other.high, other.p_value))


@settings(deadline=None)
@given(baseline=HITS, candidate=HITS)
def test_the_interval_holds_the_difference_and_has_a_width_unless_the_arms_are_one(baseline, candidate):
    effect = paired_effect(baseline, candidate)
    assert effect.low <= effect.difference <= effect.high
    assert (effect.low < effect.high) == bool((baseline != candidate).any())


@settings(deadline=None)
@given(baseline=HITS, candidate=HITS)
def test_groups_of_one_row_change_nothing(baseline, candidate):
    one, grouped = paired_effect(baseline, candidate), paired_effect(baseline, candidate, groups=np.arange(15))
    assert (one.low, one.high) == pytest.approx((grouped.low, grouped.high))


def test_a_refusal_serves_those_who_pass_arguments_and_those_who_write_params():
    for wrong in ({"confidence": 2}, {"region": -1}):
        with pytest.raises(BadInputError, match=r"Pass a .*number .*\(in the pipeline: compare\.\w+ in params\.yaml\)"):
            paired_effect(np.zeros((5, 4)), np.ones((5, 4)), **wrong)


def test_scores_that_are_large_but_can_be_held_are_measured():
    effect = paired_effect(np.zeros((5, 40)), np.random.default_rng(0).normal(1e50, 1e48, (5, 40)).clip(0, 1e50))
    assert np.isfinite([effect.low, effect.high, effect.df, effect.variance]).all()
