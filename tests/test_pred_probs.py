"""No row is judged by a model that has seen it, and no probability that is none gets through."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory import Coin, Leaver, Memoriser, Warped

from ceteris.errors import BadInputError, CeterisError, ParamsError
from ceteris.training.pred_probs import assign_folds, check, out_of_fold, predict

NUMBERS = np.arange(30.0)[:, None]
LABELS = np.arange(30) % 3


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("repeats", [1, 3])
def test_no_row_is_judged_by_a_fold_that_saw_it(repeats: int, workers: int) -> None:
    found = out_of_fold(Memoriser(), NUMBERS, LABELS, 3, folds=5, repeats=repeats, workers=workers)
    assert found == pytest.approx(np.full((30, 3), 1 / 3))


def test_the_memoriser_would_tell_if_a_row_were_judged_in_sample() -> None:
    in_sample = predict(Memoriser().fit(NUMBERS, LABELS), NUMBERS, 3, "The audit model")
    assert (in_sample.max(axis=1) == 1.0).all()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_model_that_leaves_when_it_is_cloned_is_refused(workers: int) -> None:
    with pytest.raises(BadInputError, match="The audit model fails in its constructor: SystemExit: bye"):
        out_of_fold(Leaver(), NUMBERS, LABELS, 3, folds=5, workers=workers)


@given(st.integers(2, 5), st.integers(0, 100), st.lists(st.integers(0, 11), min_size=24, max_size=40))
def test_no_group_is_cut_by_a_fold(folds: int, seed: int, drawn: list[int]) -> None:
    groups = np.array([f"g{group}" for group in [*range(12), *drawn]], dtype=object)
    labels = np.array([group % 2 for group in [*range(12), *drawn]])
    assigned = assign_folds(labels, folds, seed, groups)
    assert all(len(set(assigned[groups == group])) == 1 for group in set(groups))
    assert set(assigned) <= set(range(folds))


def test_no_row_is_judged_by_a_fold_that_saw_its_group() -> None:
    groups = np.repeat(np.array([f"g{group}" for group in range(15)], dtype=object), 2)
    twins = np.repeat(np.arange(15.0), 2)[:, None]
    found = out_of_fold(Memoriser(), twins, np.repeat(np.arange(15) % 3, 2), 3, folds=3, groups=groups)
    assert found.max() < 1.0


@given(st.integers(2, 5), st.integers(0, 50))
def test_folds_share_out_each_class_evenly(folds: int, seed: int) -> None:
    assigned = assign_folds(LABELS, folds, seed)
    counts = np.array([[(assigned[label == LABELS] == fold).sum() for fold in range(folds)] for label in range(3)])
    assert (counts.max(axis=1) - counts.min(axis=1) <= 1).all()


def test_a_dataframe_and_its_array_are_judged_alike() -> None:
    from sklearn.linear_model import LogisticRegression

    frame = pd.DataFrame({"x": NUMBERS[:, 0], "y": LABELS + NUMBERS[:, 0] / 100})
    one, other = (out_of_fold(LogisticRegression(), rows, LABELS, 3) for rows in (frame, frame.to_numpy()))
    assert np.array_equal(one, other)


def test_columns_follow_the_classes_that_the_estimator_names() -> None:
    straight = predict(Warped().fit(NUMBERS, LABELS), NUMBERS, 3, "X")
    turned = predict(Warped("reversed").fit(NUMBERS, LABELS), NUMBERS, 3, "X")
    assert straight[0].tolist() == pytest.approx([1 / 6, 2 / 6, 3 / 6])
    assert turned[0].tolist() == pytest.approx([3 / 6, 2 / 6, 1 / 6])


def test_a_class_that_a_fit_never_saw_has_probability_zero() -> None:
    fitted = Warped().fit(NUMBERS[:4], np.array([0, 2, 0, 2]))
    assert predict(fitted, NUMBERS, 3, "X")[0].tolist() == pytest.approx([1 / 3, 0, 2 / 3])


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("nan", "NaN or infinite probabilities in rows '1'"),
        ("sum", "no distribution over the classes in rows '2'"),
        ("negative", "no distribution over the classes in rows '0'"),
        ("narrow", "shape (10, 2), not (10, 3)"),
        ("names", "not the label codes 0 to 2"),
        ("fails", "RuntimeError: out of luck"),
        ("exits in fit", "fails in fit: SystemExit: bye"),
        ("exits in predict_proba", "fails in predict_proba: SystemExit: bye"),
    ],
)
@pytest.mark.parametrize("workers", [1, 2])
def test_an_audit_model_that_gives_no_probabilities_is_refused(fault: str, said: str, workers: int) -> None:
    with pytest.raises(CeterisError) as refusal:
        out_of_fold(Warped(fault), NUMBERS, LABELS, 3, folds=3, workers=workers)
    assert said in str(refusal.value)
    assert "audit" in str(refusal.value)


def test_a_model_without_predict_proba_cannot_audit() -> None:
    with pytest.raises(ParamsError, match=r"Coin gives no probabilities.*audit\.model"):
        out_of_fold(Coin(), NUMBERS, LABELS, 3)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([[0.5, 0.5], [np.nan, 1.0]], "NaN or infinite"),
        ([[0.5, 0.5], [np.inf, 0.0]], "NaN or infinite"),
        ([[0.5, 0.5], [0.6, 0.6]], "no distribution"),
        ([[0.5, 0.5], [1.5, -0.5]], "no distribution"),
        ([[0.5, 0.5]], "shape"),
    ],
)
def test_what_is_no_probability_is_refused(values: list[list[float]], said: str) -> None:
    with pytest.raises(BadInputError, match=said):
        check(np.array(values), 2, 2, "X")


def test_float32_rounding_is_no_fault() -> None:
    shares = np.random.default_rng(0).dirichlet(np.ones(10), 50).astype(np.float32)
    assert check(shares, 50, 10, "X").dtype == np.float64


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        (None, r"audit\.folds is 5, but these classes have fewer rows: '1 \(3\)'. Set audit\.folds: 3 in params.yaml"),
        (np.array(["a"] * 13, dtype=object), r"fewer groups: '0 \(1\)', '1 \(1\)'. Add rows"),
    ],
    ids=["rows", "groups"],
)
def test_a_class_smaller_than_the_folds_is_refused(groups: np.ndarray | None, said: str) -> None:
    with pytest.raises(ParamsError, match=said):
        assign_folds(np.array([0] * 10 + [1] * 3), 5, 0, groups)


def test_a_class_smaller_than_the_folds_is_called_by_its_name() -> None:
    with pytest.raises(ParamsError, match=r"fewer rows: 'bee \(3\)'\. Set audit\.folds: 3"):
        out_of_fold(Warped(), NUMBERS[:13], np.array([0] * 10 + [1] * 3), 2, folds=5, names=("ant", "bee"))


def test_a_sparse_matrix_is_judged_like_the_array_it_holds() -> None:
    from scipy import sparse
    from sklearn.linear_model import LogisticRegression

    dense = np.column_stack([NUMBERS[:, 0] / 30, LABELS == 1, LABELS == 2])
    one, other = (out_of_fold(LogisticRegression(), rows, LABELS, 3) for rows in (dense, sparse.csr_matrix(dense)))
    assert other == pytest.approx(one, abs=1e-3)
