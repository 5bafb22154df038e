"""All rows of one pattern: a column, a sign and a value."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ceteris.errors import BadInputError
from ceteris.reviewing.slices import Slice, slice_of

AGE = pd.Series([1.0, 2.0, 3.0, np.nan])
TEXT = pd.Series(["Refund please", "no", None, "REFUND"], dtype=object)


@pytest.mark.parametrize(
    ("text", "slice"),
    [
        ("age > 90", Slice("age", ">", "90")),
        ("age>=90", Slice("age", ">=", "90")),
        ("a b = c = d", Slice("a b", "=", "c = d")),
        ("text ~ a > b", Slice("text", "~", "a > b")),
        ("age =", Slice("age", "=", "")),
        ("logistic.given.pruned", None),
        ("= 3", None),
    ],
)
def test_a_slice_is_read_from_its_words(text: str, slice: Slice | None) -> None:
    assert slice_of(text) == slice


@pytest.mark.parametrize(
    ("values", "slice", "places"),
    [
        (AGE, "age > 1", [1, 2]),
        (AGE, "age >= 1", [0, 1, 2]),
        (AGE, "age < 2", [0]),
        (AGE, "age <= 2", [0, 1]),
        (AGE, "age = 3", [2]),
        (AGE, "age = missing", [3]),
        (AGE, "age =", [3]),
        (TEXT, "t ~ refund", [0, 3]),
        (TEXT, "t = no", [1]),
        (TEXT, "t =", [2]),
    ],
)
def test_its_rows_are_found(values: pd.Series, slice: str, places: list[int]) -> None:
    found = slice_of(slice)
    assert found is not None
    assert found.of(values).tolist() == places


@pytest.mark.parametrize(
    ("values", "slice", "told"),
    [(AGE, "age ~ 3", "holds numbers"), (AGE, "age > old", "holds numbers"), (TEXT, "t > 3", "holds texts")],
)
def test_a_sign_that_does_not_fit_the_column_is_refused(values: pd.Series, slice: str, told: str) -> None:
    found = slice_of(slice)
    assert found is not None
    with pytest.raises(BadInputError, match=told):
        found.of(values)


def test_no_value_of_a_vector_can_be_asked_for() -> None:
    wanted = slice_of("embedding > 3")
    assert wanted is not None
    with pytest.raises(BadInputError, match="'embedding' holds a vector in each row"):
        wanted.of(pd.Series([np.zeros(3, dtype=np.float32)] * 4))
