"""How few wrong labels would undo a verdict: the smallest count that a search of all subsets finds, and its sentence."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ceteris.measuring.effect import paired_effect
from ceteris.measuring.tipping import tipping_count, tipping_sentence


@settings(max_examples=25, deadline=None)
@given(order=st.permutations([0, 1, 2]), seed=st.integers(0, 99))
def test_renaming_the_classes_moves_no_tipping_count(order, seed):
    rng = np.random.default_rng(seed)
    labels, names = rng.integers(0, 3, 60), np.array(order)
    candidate = np.where(rng.random((5, 60)) < 0.9, labels, rng.integers(0, 3, (5, 60)))
    baseline = np.where(rng.random((5, 60)) < 0.6, labels, rng.integers(0, 3, (5, 60)))
    assert tipping_count(labels, baseline, candidate) == tipping_count(names[labels], names[baseline], names[candidate])


def brute_force_tipping(labels, baseline, candidate, rows):
    """The smallest subset of rows whose labels, given to the baseline, change the verdict."""
    verdict = paired_effect(baseline == labels, candidate == labels).verdict
    for count in range(1, len(rows) + 1):
        for chosen in itertools.combinations(rows, count):
            now = labels.copy()
            now[list(chosen)] = baseline[0, list(chosen)]
            if paired_effect(baseline == now, candidate == now).verdict != verdict:
                return count
    return None


def test_tipping_count_is_the_smallest_that_a_search_of_all_subsets_finds():
    labels = np.zeros(60, dtype=int)
    candidate = np.zeros((5, 60), dtype=int)
    baseline = candidate.copy()
    baseline[:, :13] = 1
    candidate[:, 13] = 1
    assert paired_effect(baseline == labels, candidate == labels).verdict == "helps"
    count = tipping_count(labels, baseline, candidate)
    assert count == brute_force_tipping(labels, baseline, candidate, range(14)) > 1
    assert tipping_count(labels, candidate, baseline) == count


def test_no_label_can_undo_the_verdict_of_arms_that_agree():
    arm = np.zeros((5, 60), dtype=int)
    assert tipping_count(np.zeros(60, dtype=int), arm, arm) is None


def test_a_stricter_family_tips_sooner():
    rng = np.random.default_rng(0)
    labels = np.zeros(300, dtype=int)
    baseline, candidate = (rng.random((5, 300)) > 0.80).astype(int), (rng.random((5, 300)) > 0.92).astype(int)
    alone, among_many = tipping_count(labels, baseline, candidate), tipping_count(labels, baseline, candidate, p_factor=20)
    assert 0 < among_many < alone


def test_the_tipping_sentence_names_the_count_and_the_minutes():
    assert (
        tipping_sentence(9, 41) == "9 of these 41 disagreement labels wrong would undo this verdict; about 4 minutes to check."
    )


def test_a_verdict_that_no_wrong_label_undoes_asks_for_no_check():
    told = "No number of these 5 disagreement labels, if wrong, would undo this verdict."
    assert tipping_sentence(None, 5) == told
    assert tipping_sentence(None, 1) == "The one disagreement label, if wrong, would not undo this verdict."
    assert tipping_sentence(1, 1).startswith("The one disagreement label, if wrong, would undo this verdict; about")
    assert "never predict differently" in tipping_sentence(None, 0)


def test_a_queue_that_is_a_sample_is_called_one():
    assert tipping_sentence(30, 1412, n_asked=150) == (
        "30 of these 1,412 disagreement labels wrong would undo this verdict; "
        "about 15 minutes to check a sample of 150 of these 1,412 rows."
    )
    assert "sample" not in tipping_sentence(9, 41, n_asked=41)
