"""The disagreement set: who is asked, with which probability, and what the answers say about the effect."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from ceteris.errors import BadInputError
from ceteris.measuring.disagreement import (
    NOT_ANSWERED,
    UNSURE,
    decided_labels,
    disagreement_set,
    disagreement_weights,
    inclusion_probabilities,
    permanent_numbers,
    usable_labels,
    verified_bounds,
    verified_effect,
)
from ceteris.measuring.effect import paired_effect

IDS = [f"row-{i}" for i in range(1000)]


def world(n_rows=1000, n_seeds=8, share=0.3, seed=0):
    """True labels, given labels with 20 % errors, and two arms of which the candidate is better on the true ones."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 3, n_rows)
    noisy = np.where(rng.random(n_rows) < 0.2, (true + 1) % 3, true)
    hard = rng.random(n_rows) < share
    baseline = np.where(hard & (rng.random((n_seeds, n_rows)) < 0.7), (true + 1) % 3, true)
    candidate = np.where(hard & (rng.random((n_seeds, n_rows)) < 0.3), (true + 2) % 3, true)
    return true, noisy, baseline, candidate


def answers_where(mask, true):
    return np.where(mask, true, NOT_ANSWERED)


def test_weights_are_the_share_of_seeds_that_differ():
    assert disagreement_weights(np.array([[0, 1, 2], [0, 1, 2]]), np.array([[0, 0, 2], [0, 1, 0]])).tolist() == [0, 0.5, 0.5]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 10), min_size=61, max_size=400), st.integers(60, 150))
def test_inclusion_probabilities_solve_their_equation(tenths, most):
    weights = np.array(tenths) / 10
    pi = inclusion_probabilities(weights, most)
    differing = int((weights > 0).sum())
    assert pi.sum() == pytest.approx(min(most, differing))
    assert ((pi > 0) == (weights > 0)).all() and pi.max(initial=0) <= 1
    if differing > most:
        c = brentq(lambda c: np.minimum(1, c * weights).sum() - most, 0, 1e4)
        np.testing.assert_allclose(pi, np.minimum(1, c * weights), atol=1e-6)


def test_small_sets_are_asked_for_whole():
    _, _, baseline, candidate = world(share=0.1)
    chosen = disagreement_set(baseline, candidate, permanent_numbers("a", IDS))
    assert 60 < chosen.size <= 150 and not chosen.sampled
    assert (chosen.asked == (baseline != candidate).any(axis=0)).all()


def test_large_sets_are_sampled_to_about_the_size_asked_for():
    _, _, baseline, candidate = world(share=0.5)
    sizes = [disagreement_set(baseline, candidate, permanent_numbers(str(j), IDS)).asked.sum() for j in range(40)]
    chosen = disagreement_set(baseline, candidate, permanent_numbers("0", IDS))
    assert chosen.sampled and chosen.size > 150
    assert abs(np.mean(sizes) - 150) < 3 * np.sqrt((chosen.pi * (1 - chosen.pi)).sum() / 40)


def test_decoys_are_a_tenth_of_what_is_shown_and_agree():
    _, _, baseline, candidate = world()
    chosen = disagreement_set(baseline, candidate, permanent_numbers("a", IDS))
    assert round(100 * chosen.decoys.sum() / len(chosen.order)) == 10
    assert not (chosen.decoys & (chosen.weights > 0)).any()
    assert sorted(chosen.order) == np.flatnonzero(chosen.asked | chosen.decoys).tolist()
    places = np.flatnonzero(chosen.decoys[chosen.order])
    assert places.min() < len(chosen.order) / 2 < places.max()


def test_the_sample_is_a_function_of_contrast_and_id_alone():
    _, _, baseline, candidate = world(share=0.5)
    order = np.random.default_rng(1).permutation(1000)
    numbers = permanent_numbers("svc.given.pruned", IDS)
    chosen = disagreement_set(baseline, candidate, numbers)
    shuffled = disagreement_set(
        baseline[:, order], candidate[:, order], permanent_numbers("svc.given.pruned", np.array(IDS)[order])
    )
    assert (shuffled.asked == chosen.asked[order]).all() and (shuffled.decoys == chosen.decoys[order]).all()
    assert order[shuffled.order].tolist() == chosen.order.tolist()
    assert 0 <= numbers.min() < 0.01 and 0.99 < numbers.max() < 1
    assert not (permanent_numbers("another", IDS) == numbers).any()


def test_reviewing_every_differing_row_equals_scoring_on_clean_labels():
    true, noisy, baseline, candidate = world(share=0.1)
    answers = answers_where((baseline != candidate).any(axis=0), true)
    verified = verified_effect(noisy, baseline, candidate, answers)
    clean = paired_effect(baseline == true, candidate == true)
    assert (verified.difference, verified.low, verified.high) == pytest.approx((clean.difference, clean.low, clean.high))


def test_sampled_answers_are_right_on_average_and_their_interval_covers():
    true, noisy, baseline, candidate = world(share=0.5)
    clean = paired_effect(baseline == true, candidate == true)
    effects = []
    for draw in range(200):
        chosen = disagreement_set(baseline, candidate, permanent_numbers(str(draw), IDS))
        effects.append(verified_effect(noisy, baseline, candidate, answers_where(chosen.asked, true), chosen))
    found = np.array([effect.difference for effect in effects])
    assert abs(found.mean() - clean.difference) < 3 * found.std() / np.sqrt(200)
    # the spread of Z must hold at least the variance that the draw alone adds
    assert np.mean([effect.variance for effect in effects]) > found.var()


def test_a_row_verified_outside_the_sample_does_not_enter_it():
    true, noisy, baseline, candidate = world(share=0.5)
    chosen = disagreement_set(baseline, candidate, permanent_numbers("a", IDS))
    only = verified_effect(noisy, baseline, candidate, answers_where(chosen.asked, true), chosen)
    extra = np.flatnonzero((chosen.weights > 0) & ~chosen.asked)[:20]
    more = answers_where(chosen.asked, true)
    more[extra] = true[extra]
    assert verified_effect(noisy, baseline, candidate, more, chosen) == only


def test_unsure_rows_bound_the_effect_on_either_side():
    true, noisy, baseline, candidate = world(share=0.1)
    differing = (baseline != candidate).any(axis=0)
    answers = answers_where(differing, true)
    decided = verified_effect(noisy, baseline, candidate, answers)
    assert verified_bounds(noisy, baseline, candidate, answers) == (decided, decided)
    unsure = np.flatnonzero(differing)[:3]
    possible = []
    for labels in itertools.product(range(3), repeat=3):
        answers[unsure] = labels
        possible.append(verified_effect(noisy, baseline, candidate, answers).difference)
    answers[unsure] = UNSURE
    against, favour = verified_bounds(noisy, baseline, candidate, answers)
    assert (against.difference, favour.difference) == pytest.approx((min(possible), max(possible)))
    assert against.difference < favour.difference


def test_verified_labels_are_used_only_where_all_that_matters_is_answered():
    true, _, baseline, candidate = world(share=0.5)
    differing = (baseline != candidate).any(axis=0)
    chosen = disagreement_set(baseline, candidate, permanent_numbers("a", IDS))
    one_missing = differing.copy()
    one_missing[np.flatnonzero(differing)[0]] = False
    asked_missing = chosen.asked.copy()
    asked_missing[np.flatnonzero(chosen.asked)[0]] = False
    other = disagreement_set(baseline, np.where(differing, baseline, candidate), permanent_numbers("a", IDS))
    for mask, drawn, expected in [
        (np.ones(1000, dtype=bool), None, "verified (all)"),
        (differing, None, "verified (disagreements)"),
        (one_missing, None, "given"),
        (chosen.asked, chosen, "verified (disagreements)"),
        (chosen.asked, None, "given"),
        (asked_missing, chosen, "given"),
        (chosen.asked, other, "given"),
        (np.zeros(1000, dtype=bool), None, "given"),
    ]:
        assert usable_labels(baseline, candidate, answers_where(mask, true), drawn) == expected


def test_decided_labels_give_every_pair_of_arms_the_difference_on_clean_ones():
    true, noisy, baseline, candidate = world(share=0.3)
    arms = [baseline, candidate, np.where(np.arange(1000) < 40, 0, candidate)]
    differing = np.logical_or.reduce([(arm != baseline).any(axis=0) for arm in arms])
    labels = decided_labels(noisy, arms, answers_where(differing, true))
    for one, other in itertools.combinations(arms, 2):
        gain = (other == true).mean() - (one == true).mean()
        assert (other == labels).mean() - (one == labels).mean() == pytest.approx(gain)
    assert (labels[~differing] == noisy[~differing]).all()
    assert decided_labels(noisy, [baseline, baseline], answers_where(differing, true)) is None


def test_too_small_a_review_and_arms_that_do_not_fit_are_refused():
    with pytest.raises(BadInputError, match="review_rows to 60"):
        disagreement_set(np.zeros((2, 5)), np.zeros((2, 5)), np.zeros(5), most=59)
    with pytest.raises(BadInputError, match="shapes"):
        disagreement_weights(np.zeros((2, 5)), np.zeros((2, 4)))


def test_arms_that_agree_ask_for_nothing():
    arm = np.zeros((3, 20), dtype=int)
    chosen = disagreement_set(arm, arm, np.linspace(0, 0.9, 20))
    assert chosen.size == 0 and len(chosen.order) == 0
    assert usable_labels(arm, arm, np.full(20, NOT_ANSWERED)) == "verified (disagreements)"
