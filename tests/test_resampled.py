"""A kind of fix (E2): replayed inside every re-split, judged on rows that it never saw."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from ceteris.errors import BadInputError, LeakageError, ParamsError
from ceteris.fixing.replaying import replay_version
from ceteris.measuring.resampled import Chain, corrected_effect, replay
from ceteris.sections import Step

CLASSES = ("a", "b")
ROWS = 160
REVIEW = (Step(step="simulate_review", rows=60),)


def chain(fix=REVIEW, **changes):
    rng = np.random.default_rng(0)
    true = np.array(CLASSES, dtype=object)[rng.integers(0, 2, ROWS)]
    features = np.column_stack([np.where(true == "a", 0.0, 2.0) + rng.normal(size=ROWS), rng.normal(size=ROWS)])
    wrong = np.where(true == "a", "b", "a").astype(object)
    labels = np.where(rng.random(ROWS) < 0.3, wrong, true)
    model = DecisionTreeClassifier(min_samples_leaf=2, random_state=0)
    known = {"labels": labels, "model": model, "judge": LogisticRegression(), "fix": fix, "true": true} | changes
    return Chain(features, classes=CLASSES, **known)


def as_given(features, labels, seed):
    return np.arange(len(labels)), labels


def test_the_interval_is_the_corrected_resampled_t():
    """Differences 1, 2, 3, 6 with 30 + 10 rows: mean 3, s^2 14/3, Var 14/3 (1/4 + 1/3), t with 3 degrees of freedom."""
    found = corrected_effect(np.array([1.0, 2.0, 3.0, 6.0]), 30, 10)
    half = stats.t.ppf(0.975, 3) * math.sqrt(14 / 3 * (1 / 4 + 1 / 3))
    assert (found.difference, found.low, found.high) == pytest.approx((3.0, 3 - half, 3 + half))
    assert found.p_value == pytest.approx(2 * stats.t.sf(3 / math.sqrt(14 / 3 * (1 / 4 + 1 / 3)), 3))


@given(arrays.arrays(float, st.integers(3, 30), elements=st.floats(-1, 1)))
def test_with_nothing_held_out_it_is_the_plain_t_test_and_rows_held_out_widen_it(differences):
    plain, wide = (corrected_effect(differences, 10**12, n_eval) for n_eval in (1, 10**12))
    if np.ptp(differences) > 1e-6:
        assert plain.p_value == pytest.approx(stats.ttest_1samp(differences, 0).pvalue, abs=1e-6)
    assert wide.high - wide.low >= plain.high - plain.low
    mirrored = corrected_effect(-differences, 10**12, 1)
    assert (mirrored.low, mirrored.high) == pytest.approx((-plain.high, -plain.low))


def test_reviewing_wrong_labels_is_told_to_help_and_handing_the_rows_on_is_exactly_nothing():
    helped = replay(chain(), workers=1)
    assert helped.verdict == "helps"
    assert (helped.n_splits, helped.n_train, helped.n_eval, helped.scored_on) == (15, 120, 40, "true")
    nothing = replay(chain(as_given), workers=1)
    assert (nothing.low, nothing.high, nothing.p_value, nothing.verdict) == (0.0, 0.0, 1.0, "no practical difference")


class Noting(DecisionTreeClassifier):
    """A tree that notes which rows it is asked about; every row's second feature is its own number."""

    asked: ClassVar[list[set[float]]] = []

    def predict(self, features):
        self.asked.append(set(features[:, 1]))
        return super().predict(features)


def test_no_row_is_judged_that_the_fix_saw():
    seen = []

    def noting(features, labels, seed):
        seen.append(set(features[:, 1]))
        return as_given(features, labels, seed)

    known = chain()
    numbered = np.column_stack([known.features[:, 0], np.arange(ROWS)])
    Noting.asked.clear()
    replay(replace(known, features=numbered, fix=noting, model=Noting(random_state=0)), splits=5, workers=1)
    judged = Noting.asked[::2]
    assert Noting.asked[1::2] == judged
    assert [len(fixed | rows) for fixed, rows in zip(seen, judged, strict=True)] == [ROWS] * 5
    assert not any(fixed & rows for fixed, rows in zip(seen, judged, strict=True))


def test_rows_of_one_group_stand_on_one_side():
    groups = np.repeat(np.arange(ROWS // 4), 4)
    sides = []

    def noting(features, labels, seed):
        sides.append(len(labels) % 4)
        return as_given(features, labels, seed)

    replay(chain(noting, groups=groups), splits=4, workers=1)
    assert sides == [0, 0, 0, 0]


@pytest.mark.parametrize(
    "made",
    [
        (Step(step="apply_edits"),),
        (Step(step="drop_flagged"), Step(step="apply_edits")),
        (Step(step="consensus"),),
        np.array(["a"] * ROWS),
        pd.DataFrame({"id": ["r1"], "new_label": ["a"]}),
        ["relabel", "r1"],
    ],
)
def test_a_fix_that_was_made_once_from_all_rows_is_refused(made):
    with pytest.raises(LeakageError, match="rows"):
        replay(chain(made))


def test_a_simulated_reviewer_without_true_labels_is_refused():
    with pytest.raises(ParamsError, match="true label"):
        replay(chain(true=None), workers=1)


@pytest.mark.parametrize("differences", [[0.1], [0.1, math.nan], [[0.1, 0.2]], []])
def test_differences_without_an_interval_are_refused(differences):
    with pytest.raises(BadInputError, match="2 splits"):
        corrected_effect(np.array(differences), 10, 5)


def test_rows_that_cannot_be_split_are_refused_in_a_sentence():
    with pytest.raises(BadInputError, match="cannot be split"):
        replay(chain(as_given, labels=np.array(["a"] + ["b"] * (ROWS - 1), dtype=object)), workers=1)


def test_other_processes_change_no_result():
    assert replay(chain(), splits=4, workers=1) == replay(chain(), splits=4, workers=2)


def test_a_recipe_of_the_repository_is_replayed_on_its_train_rows(repo, ceteris_):
    found = replay_version(repo, "pruned", splits=3)
    said = ceteris_("replay", "pruned", "--splits", 3)
    assert said.code == 0
    assert said.out.strip() == str(found)
    assert f"3 re-splits of {found.n_train} + {found.n_eval} rows" in said.out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("prunned",), "pruned"),
        (("given",), "compared with"),
        (("reviewed",), "apply_edits"),
        (("pruned", "--model", "logistik"), "logistic"),
        (("pruned", "--splits", "1"), "2 to 1,000"),
    ],
)
def test_what_cannot_be_replayed_is_told_in_a_sentence(repo, ceteris_, words, expected):
    said = ceteris_("replay", *words)
    assert said.code != 0
    assert expected in said.err
    assert "Traceback" not in said.err
