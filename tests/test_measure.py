"""The front door: two data sets and one model, or two models and one data set, in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from memory import Coin
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.tree import DecisionTreeClassifier

import ceteris
from ceteris.errors import BadInputError, CeterisError, LeakageError

RNG = np.random.default_rng(11)
CODE = np.arange(400) % 2
X = RNG.normal(size=(400, 2)) + 2.0 * CODE[:, None]
TRUE = np.array(["no", "yes"], dtype=object)[CODE]
WRONG = RNG.random(400) < np.where(CODE == 1, 0.45, 0.05)
GIVEN = np.where(WRONG, np.array(["yes", "no"], dtype=object)[CODE], TRUE)
TRAIN, JUDGE = slice(0, 200), slice(200, 400)
VALIDATION = (X[JUDGE], TRUE[JUDGE])


def fixing(model: Any = None, **settings: Any) -> Any:
    known = {"baseline": (X[TRAIN], GIVEN[TRAIN]), "candidate": (X[TRAIN], TRUE[TRAIN]), "validation": VALIDATION, "workers": 1}
    return ceteris.measure_effect(model or LogisticRegression(), **(known | settings))


def choosing(one: Any, other: Any, **settings: Any) -> Any:
    return ceteris.measure_model_effect(one, other, train=(X[TRAIN], TRUE[TRAIN]), validation=VALIDATION, workers=1, **settings)


def test_errors_that_are_fixed_are_rewarded_with_the_difference_of_plain_fits() -> None:
    effect = fixing(scored_on="true")
    plain = [LogisticRegression().fit(X[TRAIN], y[TRAIN]).score(*VALIDATION) for y in (GIVEN, TRUE)]
    assert effect.difference == pytest.approx(plain[1] - plain[0])
    assert (effect.verdict, effect.axis, effect.n_seeds, effect.n_rows) == ("helps", "data", 10, 200)
    assert str(effect).startswith("data: +")
    assert "on true labels: helps" in str(effect)


def test_none_planted_none_claimed() -> None:
    effect = fixing(baseline=(X[TRAIN], TRUE[TRAIN]))
    assert (effect.difference, effect.low, effect.high, effect.verdict) == (0.0, 0.0, 0.0, "no practical difference")


def test_swapping_the_arms_flips_the_sign() -> None:
    there = fixing(DecisionTreeClassifier(max_features=1))
    arms = {"baseline": (X[TRAIN], TRUE[TRAIN]), "candidate": (X[TRAIN], GIVEN[TRAIN])}
    back = fixing(DecisionTreeClassifier(max_features=1), **arms)
    assert (back.difference, back.low, back.high) == pytest.approx((-there.difference, -there.high, -there.low))


def test_renaming_the_classes_changes_nothing() -> None:
    names = {"no": "zulu", "yes": "alpha"}

    def anew(y: Any) -> np.ndarray:
        return np.array([names[label] for label in y], dtype=object)

    there = fixing(
        baseline=(X[TRAIN], anew(GIVEN[TRAIN])),
        candidate=(X[TRAIN], anew(TRUE[TRAIN])),
        validation=(X[JUDGE], anew(TRUE[JUDGE])),
    )
    assert there.difference == pytest.approx(fixing().difference)


def test_a_models_own_classes_come_in_any_type() -> None:
    assert fixing(baseline=(X[TRAIN], GIVEN[TRAIN] == "yes"), candidate=(X[TRAIN], TRUE[TRAIN] == "yes"),
                  validation=(X[JUDGE], TRUE[JUDGE] == "yes")).difference == pytest.approx(fixing().difference)  # fmt: skip


def test_a_dataframe_an_array_and_a_sparse_matrix_are_measured_alike() -> None:
    def as_frame(rows: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame(rows, columns=["a", "b"])

    for kind in (as_frame, sparse.csr_matrix):
        other = fixing(
            baseline=(kind(X[TRAIN]), GIVEN[TRAIN]),
            candidate=(kind(X[TRAIN]), TRUE[TRAIN]),
            validation=(kind(X[JUDGE]), TRUE[JUDGE]),
        )
        assert other.difference == pytest.approx(fixing().difference, abs=0.011)


def test_arms_may_differ_in_length() -> None:
    keep = ~WRONG[TRAIN]
    assert fixing(candidate=(X[TRAIN][keep], GIVEN[TRAIN][keep])).n_rows == 200


def test_the_model_that_is_passed_is_never_fitted() -> None:
    model = LogisticRegression()
    fixing(model)
    assert not hasattr(model, "coef_")


def test_a_model_change_is_measured_with_the_data_held_fixed() -> None:
    weak, strong = DecisionTreeClassifier(max_depth=1), LogisticRegression()
    effect = choosing(weak, strong)
    plain = [DecisionTreeClassifier(max_depth=1, random_state=0), LogisticRegression()]
    scores = [model.fit(X[TRAIN], TRUE[TRAIN]).score(*VALIDATION) for model in plain]
    assert effect.axis == "model"
    assert effect.difference == pytest.approx(scores[1] - scores[0])


def test_a_model_against_itself_is_exactly_zero() -> None:
    for one, other in ((Coin(), Coin()), (RandomForestClassifier(5), RandomForestClassifier(5))):
        effect = choosing(one, other)
        assert (effect.difference, effect.verdict) == (0.0, "no practical difference")


def test_models_that_print_alike_are_still_two_models() -> None:
    class Shy(DecisionTreeClassifier):
        def __repr__(self, N_CHAR_MAX: int = 700) -> str:
            return "Shy()"

    assert choosing(Shy(max_depth=1), Shy()).n_discordant > 0


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "macro_f1", "log_loss", "roc_auc"])
def test_every_metric_sees_the_fix(metric: str) -> None:
    effect = fixing(metric=metric)
    assert effect.metric == metric
    assert np.isfinite([effect.difference, effect.low, effect.high]).all()


def test_groups_widen_the_interval() -> None:
    groups = np.repeat(np.arange(10), 20)
    one, other = fixing(), fixing(groups=groups)
    assert one.difference == pytest.approx(other.difference)
    assert other.n_units == 10


def test_under_five_seeds_nothing_helps() -> None:
    assert fixing(seeds=3).verdict == "cannot tell"


@pytest.mark.parametrize(
    ("settings", "kind", "said"),
    [
        ({"validation": (X[100:300], TRUE[100:300])}, LeakageError, "stand among the rows of baseline as well"),
        ({"validation": (X[JUDGE], np.where(TRUE[JUDGE] == "no", "maybe", "yes"))}, BadInputError, "validation labels 'maybe'"),
        ({"baseline": (X[TRAIN], GIVEN[:10])}, BadInputError, "baseline holds X of shape"),
        ({"baseline": X[TRAIN]}, BadInputError, "baseline is no pair"),
        ({"candidate": (X[TRAIN], np.where(WRONG[TRAIN], None, "no"))}, BadInputError, "candidate has no label in rows"),
        ({"seeds": 0}, BadInputError, "seeds is 0"),
        ({"metric": "acuracy"}, BadInputError, "Did you mean 'accuracy'"),
        ({"groups": np.arange(3)}, BadInputError, "group"),
    ],
    ids=["leak", "new class", "lengths", "no pair", "no label", "seeds", "metric", "groups"],
)
def test_what_cannot_be_measured_is_refused(settings: dict[str, Any], kind: type[CeterisError], said: str) -> None:
    with pytest.raises(kind) as refusal:
        fixing(**settings)
    assert said in str(refusal.value)


def test_equal_rows_that_are_different_cases_may_be_allowed() -> None:
    assert fixing(validation=(X[100:300], TRUE[100:300]), allow_copies=True).n_rows == 200


def test_a_metric_of_probabilities_needs_a_model_that_gives_them() -> None:
    with pytest.raises(BadInputError, match="log_loss needs probabilities"):
        fixing(RidgeClassifier(), metric="log_loss")
