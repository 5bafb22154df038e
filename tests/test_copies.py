"""Equal rows are found whatever they came in, and rows that differ are not taken for copies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from ceteris.errors import BadInputError
from ceteris.tables.copies import copied_rows

ROWS = [[1, 16_777_217], [0, 3], [5, 2**40 + 1]]
OTHERS = [[2, 2], [5, 2**40 + 1], [0, 4]]
KINDS: dict[str, Any] = {
    "int64": lambda rows: np.array(rows, dtype=np.int64),
    "float64": lambda rows: np.array(rows, dtype=np.float64),
    "float32": lambda rows: np.array(rows, dtype=np.float32),
    "object": lambda rows: np.array(rows, dtype=object),
    "frame of int": lambda rows: pd.DataFrame(rows, columns=["a", "b"]),
    "frame of float": lambda rows: pd.DataFrame(rows, columns=["a", "b"], dtype=float),
    "frame of Int64": lambda rows: pd.DataFrame(rows, columns=["a", "b"], dtype="Int64"),
    "frame of objects": lambda rows: pd.DataFrame(rows, columns=["a", "b"], dtype=object),
}


@pytest.mark.parametrize("one", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_the_same_numbers_are_copies_in_any_container_and_type(one: str, other: str) -> None:
    assert copied_rows(KINDS[one](ROWS), KINDS[other](OTHERS), "train").tolist() == [1]


@pytest.mark.parametrize("other", [np.int64, np.float32, np.float64])
@pytest.mark.parametrize("one", [np.int64, np.float32, np.float64])
def test_the_same_numbers_are_copies_in_sparse_matrices(one: type, other: type) -> None:
    there, here = sparse.csr_matrix(np.array(ROWS, dtype=one)), sparse.csc_matrix(np.array(OTHERS, dtype=other))
    assert copied_rows(there, here, "train").tolist() == [1]


def test_a_table_that_was_saved_narrower_is_still_the_same_table() -> None:
    rows = np.random.default_rng(0).normal(size=(20, 3))
    assert len(copied_rows(rows, rows.astype(np.float32), "train")) == 20
    assert len(copied_rows(rows.astype(np.float32).astype(np.float64), rows, "train")) == 20


def test_large_numbers_that_differ_in_double_precision_are_no_copies() -> None:
    times = np.array([[1.7e9 + second] for second in range(10)])
    assert copied_rows(times[:5], times[5:], "train").tolist() == []
    assert copied_rows(np.array([[1e300], [1.0]]), np.array([[2e300], [1e300]]), "train").tolist() == [1]


def test_words_missing_values_and_numbers_among_words_are_compared_as_they_are() -> None:
    mixed = pd.DataFrame({"a": ["x", 1, None, np.nan], "b": [1.0, 2.0, np.nan, 4.0]})
    other = pd.DataFrame({"a": ["x", 1.0, None, "nan"], "b": [1, 2, None, 4]})
    assert copied_rows(mixed, other, "train").tolist() == [0, 1, 2]


def test_complex_numbers_are_compared_whole() -> None:
    assert copied_rows(np.array([[1j], [2j]]), np.array([[2j], [3j]]), "train").tolist() == [0]


def test_text_and_number_are_no_copies() -> None:
    assert copied_rows(np.array([["1"]], dtype=object), np.array([[1]]), "train").tolist() == []


def test_the_callers_tables_are_left_alone() -> None:
    matrix = sparse.csr_matrix(([1.0, 2.0, 0.0], ([0, 0, 1], [1, 1, 0])), shape=(2, 2))
    before = matrix.copy()
    copied_rows(matrix, matrix, "train")
    assert (matrix.data.tolist(), matrix.indices.tolist()) == (before.data.tolist(), before.indices.tolist())


@pytest.mark.parametrize(
    ("train", "judged", "said"),
    [
        (np.ones((2, 2)), np.ones((2, 3)), "train has X of 2 columns"),
        (np.ones((2, 2)), sparse.csr_matrix(np.ones((2, 2))), "in the same kind of table"),
        (pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]}), "validation has other columns than train"),
    ],
)
def test_tables_that_cannot_be_compared_are_refused(train: Any, judged: Any, said: str) -> None:
    with pytest.raises(BadInputError, match=said):
        copied_rows(train, judged, "train")


def test_a_row_with_an_embedding_is_a_copy_in_whatever_precision_and_container_it_came() -> None:
    rows = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    trained = pd.DataFrame({"t": ["a", "b", "c"], "v": pd.Series(list(rows), dtype=object)})
    for judged in (list(rows), list(rows.astype(float)), [row.tolist() for row in rows]):
        table = pd.DataFrame({"t": ["a", "b", "other"], "v": pd.Series(judged, dtype=object)})
        assert list(copied_rows(trained, table, "train")) == [0, 1]
