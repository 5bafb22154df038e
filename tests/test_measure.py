"""The front door: two data sets and one model, or two models and one data set, in memory."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from memory import Coin, Warped
from scipy import sparse
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier, StackingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from small import REPOSITORY

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
ONE_CLASS = {"candidate": (X[TRAIN], np.full(200, "no")), "validation": (X[JUDGE], np.full(200, "no"))}


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


def test_whole_numbers_are_one_label_in_any_type() -> None:
    yes = {"baseline": GIVEN[TRAIN] == "yes", "candidate": TRUE[TRAIN] == "yes", "validation": TRUE[JUDGE] == "yes"}
    kinds = {"baseline": int, "candidate": float, "validation": np.float32}
    arms = {name: (X[JUDGE if name == "validation" else TRAIN], yes[name].astype(kind)) for name, kind in kinds.items()}
    assert fixing(**arms).difference == pytest.approx(fixing().difference)


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
        ({"baseline": X[TRAIN]}, BadInputError, "baseline is no pair of a table"),
        ({"candidate": (X[TRAIN], np.where(WRONG[TRAIN], None, "no"))}, BadInputError, "candidate has no label in rows"),
        ({"candidate": (X[TRAIN], TRUE[TRAIN] == "yes")}, BadInputError, "baseline: texts; candidate: true or false"),
        ({"validation": (X[JUDGE], CODE[JUDGE])}, BadInputError, "candidate: texts; validation: numbers"),
        ({"candidate": (X[TRAIN], [True, 1] * 100)}, BadInputError, "candidate: numbers, true or false"),
        ({"baseline": (X[TRAIN][:, :0], GIVEN[TRAIN])}, BadInputError, "baseline holds X of shape (200, 0)"),
        ({"scored_on": None}, BadInputError, "scored_on is None"),
        ({"groups": [pd.NA] * 200}, BadInputError, "groups names no group for the rows '0'"),
        ({"seeds": 0}, BadInputError, "seeds is 0"),
        ({"seeds": True}, BadInputError, "seeds is True"),
        ({"seeds": 1001}, BadInputError, "seeds is 1001"),
        ({"workers": 0}, BadInputError, "workers is 0"),
        ({"workers": "two"}, BadInputError, "workers is 'two'"),
        ({"confidence": 95}, BadInputError, "confidence is 95"),
        ({"region": "wide"}, BadInputError, "region is 'wide'"),
        ({"validation": (X[JUDGE][:50], TRUE[:1].repeat(50))}, BadInputError, "No validation row has the labels 'yes'"),
        ({"baseline": (X[TRAIN], np.full(200, "no"))} | ONE_CLASS, BadInputError, "All rows have one label: 'no'"),
        ({"baseline": ([[1.0], [1.0, 2.0]], ["no", "yes"])}, BadInputError, "baseline is no pair of a table and its labels"),
        ({"validation": (X[:0], TRUE[:0])}, BadInputError, "validation holds X of shape (0, 2)"),
        ({"metric": "acuracy"}, BadInputError, "Did you mean 'accuracy'"),
        ({"groups": np.arange(3)}, BadInputError, "group"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_any_fit(
    settings: dict[str, Any], kind: type[CeterisError], said: str
) -> None:
    with pytest.raises(kind) as refusal:
        fixing(Warped("fails"), **settings)
    assert said in str(refusal.value)
    assert "params.yaml" not in str(refusal.value) or "in the pipeline" in str(refusal.value)


def test_a_class_instead_of_a_model_is_refused() -> None:
    with pytest.raises(BadInputError, match=r"no unfitted estimator\. Pass one like LogisticRegression\(\)"):
        fixing(LogisticRegression)


def test_a_class_that_no_validation_row_has_is_refused_with_a_way_out() -> None:
    with pytest.raises(BadInputError, match=r"'maybe', which training rows have.*or leave their rows out of both arms"):
        fixing(baseline=(X[TRAIN], np.where(WRONG[TRAIN], "maybe", GIVEN[TRAIN])))


@pytest.mark.parametrize("model", [KMeans(), LinearRegression(), make_pipeline(StandardScaler(), LinearRegression())])
def test_what_says_that_it_is_no_classifier_is_refused(model: Any) -> None:
    with pytest.raises(BadInputError, match=rf"baseline, {type(model).__name__}, is no classifier: its tag says"):
        fixing(model)
    with pytest.raises(BadInputError, match=r"model_b.*is no classifier"):
        choosing(LogisticRegression(), model)


def test_a_model_that_can_predict_only_once_it_is_fitted_is_measured() -> None:
    assert fixing(StackingClassifier([("tree", DecisionTreeClassifier(max_depth=1))], cv=2), seeds=1).n_rows == 200


def test_a_model_that_says_nothing_of_its_kind_is_measured() -> None:
    class Plain:
        def get_params(self, deep: bool = True) -> dict[str, Any]:
            return {}

        def set_params(self, **params: Any) -> Any:
            return self

        def fit(self, X: Any, y: np.ndarray) -> Any:
            self.most_ = np.bincount(y).argmax()
            return self

        def predict(self, X: Any) -> np.ndarray:
            return np.full(len(X), self.most_)

    assert fixing(Plain()).difference == 0


def test_whole_numbers_and_decimals_of_one_row_are_copies() -> None:
    rows = 2**25 + 3 * np.arange(800).reshape(400, 2) + 1
    for one, other in ((np.int64, np.float32), (np.float32, np.int64), (np.float64, np.int64)):
        with pytest.raises(LeakageError, match="'0', '1'"):
            fixing(
                baseline=(rows[TRAIN].astype(one), GIVEN[TRAIN]),
                candidate=(rows[TRAIN].astype(one), TRUE[TRAIN]),
                validation=(rows[:200].astype(other), TRUE[:200]),
            )


WIDE = np.column_stack([X, np.zeros(400), 20_000_001 + np.arange(400)])


def as_frame(rows: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["a", "b", "c", "d"])


def counted(rows: np.ndarray) -> pd.DataFrame:
    return as_frame(rows).astype({"d": np.int64})


def named(rows: np.ndarray) -> pd.DataFrame:
    return as_frame(rows).assign(d=[f"row {row:.0f}" for row in rows[:, 3]])


def named_array(rows: np.ndarray) -> np.ndarray:
    return named(rows).to_numpy()


def single(rows: np.ndarray) -> np.ndarray:
    return rows.astype(np.float32)


def single_sparse(rows: np.ndarray) -> sparse.csr_matrix:
    return sparse.csr_matrix(single(rows))


def backwards(rows: np.ndarray) -> sparse.csr_matrix:
    """Return a sparse matrix that holds its zeros, the entries of each row from the last column to the first."""
    n_rows, width = rows.shape
    places = np.tile(np.arange(width)[::-1], n_rows)
    return sparse.csr_matrix((rows[:, ::-1].ravel(), places, np.arange(0, n_rows * width + 1, width)), shape=rows.shape)


@pytest.mark.parametrize(
    ("train", "judged"),
    [
        (as_frame, np.asarray),
        (np.asarray, as_frame),
        (single, np.asarray),
        (as_frame, single),
        (counted, np.asarray),
        (counted, single),
        (named, named_array),
        (sparse.csr_matrix, backwards),
        (sparse.csc_matrix, sparse.csr_matrix),
        (single_sparse, sparse.csr_matrix),
        (single_sparse, lambda rows: backwards(single(rows))),
    ],
    ids=lambda kind: kind.__name__,
)
def test_a_copied_row_is_found_in_whatever_kind_of_table_it_stands(train: Any, judged: Any) -> None:
    rows = train(WIDE[:101])
    arms = {"baseline": (rows, GIVEN[:101]), "candidate": (rows, TRUE[:101])}
    with pytest.raises(LeakageError, match="validation rows '0' stand among the rows of baseline"):
        fixing(**arms, validation=(judged(WIDE[100:]), TRUE[100:]))


def test_whole_numbers_that_differ_by_one_are_no_copies() -> None:
    rows, others = counted(WIDE[TRAIN]), counted(WIDE[TRAIN] + [0, 0, 0, 1])
    arms = {"baseline": (rows, GIVEN[TRAIN]), "candidate": (rows, TRUE[TRAIN])}
    assert fixing(DecisionTreeClassifier(), **arms, validation=(others, TRUE[TRAIN])).n_rows == 200


@pytest.mark.parametrize(
    ("judged", "said"),
    [
        (as_frame(WIDE[JUDGE])[["b", "a", "c", "d"]], "other columns than baseline, or another order"),
        (as_frame(WIDE[JUDGE]).rename(columns={"a": "e"}), "other columns than baseline, or another order"),
        (as_frame(WIDE[JUDGE])[["a", "b"]], "baseline has X of 4 columns (DataFrame), validation of 2 (DataFrame)"),
        (sparse.csr_matrix(WIDE[JUDGE]), "validation of 4 (csr_matrix)"),
    ],
    ids=["order", "names", "number", "kind"],
)
def test_validation_has_the_columns_of_what_is_trained_on(judged: Any, said: str) -> None:
    rows = as_frame(WIDE[TRAIN])
    with pytest.raises(BadInputError) as refusal:
        fixing(baseline=(rows, GIVEN[TRAIN]), candidate=(rows, TRUE[TRAIN]), validation=(judged, TRUE[JUDGE]))
    assert said in str(refusal.value)


def test_equal_rows_that_are_different_cases_may_be_allowed() -> None:
    assert fixing(validation=(X[100:300], TRUE[100:300]), allow_copies=True).n_rows == 200


def test_a_metric_of_probabilities_needs_a_model_that_gives_them() -> None:
    with pytest.raises(BadInputError, match="log_loss needs probabilities"):
        fixing(RidgeClassifier(), metric="log_loss")


def test_the_snippet_of_the_readme_runs_and_warns_of_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    snippets = re.findall(r"^```python\n(.*?)^```", (REPOSITORY / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    (snippet,) = (text for text in snippets if "measure_effect" in text)
    exec(snippet, {})  # a warning is an error in every test
    assert capsys.readouterr().out.endswith("on true labels: helps\n")
