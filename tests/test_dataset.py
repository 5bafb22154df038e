"""Rows in one canonical order, and the digests that tell equal rows."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import dataset

from ceteris.dataset import GROUP, ID, LABEL, Dataset, codes, row_digests
from ceteris.errors import BadInputError

CELLS = st.one_of(st.none(), st.text(max_size=3))


def test_rows_are_sorted_by_id_and_columns_by_name() -> None:
    data = dataset(["b", "a"], ["two", "one"], z=[2.0, 1.0], y=["q", "p"])
    assert list(data.ids) == ["a", "b"]
    assert list(data.labels) == ["one", "two"]
    assert list(data.features.columns) == ["y", "z"]
    assert list(data.features["z"]) == [1.0, 2.0]


def test_a_data_set_and_its_table_are_the_same_thing() -> None:
    frame = pd.DataFrame({ID: ["b", "a"], LABEL: ["x", "y"], GROUP: ["g", "h"], "n": [1.0, np.nan], "t": ["é", None]})
    data = Dataset.from_frame(frame)
    again = Dataset.from_frame(data.to_frame())
    pd.testing.assert_frame_equal(again.to_frame(), data.to_frame())
    assert list(again.groups) == ["h", "g"]
    assert again.features["t"].to_numpy(dtype=object)[0] is None


def test_an_id_that_stands_twice_is_refused_by_name() -> None:
    with pytest.raises(BadInputError, match="'a'"):
        dataset(["a", "b", "a"])


def test_arrays_of_different_lengths_are_refused() -> None:
    with pytest.raises(BadInputError, match="2 ids, 1 labels and 2 rows"):
        Dataset(np.array(["a", "b"]), np.array(["x"]), pd.DataFrame({"x": [1.0, 2.0]}))


@pytest.mark.parametrize("rows", [np.array([2, 0]), np.array([True, False, True])], ids=["positions", "mask"])
def test_taking_rows_takes_everything_that_belongs_to_them(rows: np.ndarray) -> None:
    taken = dataset(["a", "b", "c"], x=[0.0, 1.0, 2.0]).take(rows)
    assert sorted(zip(taken.ids, taken.features["x"], strict=True)) == [("a", 0.0), ("c", 2.0)]


def test_an_unknown_id_and_an_unknown_class_have_position_minus_one() -> None:
    assert list(dataset(["a", "b"]).positions(np.array(["b", "nobody"]))) == [1, -1]
    assert list(codes(np.array(["y", "x", "z"], dtype=object), ("x", "y"))) == [1, 0, -1]


@given(st.lists(st.tuples(st.floats(width=32, allow_nan=True), CELLS, CELLS), min_size=1, max_size=6))
def test_a_digest_does_not_know_the_order_of_columns(rows: list[tuple[float, str | None, str | None]]) -> None:
    columns = {"n": [row[0] for row in rows], "s": [row[1] for row in rows], "t": [row[2] for row in rows]}
    frame = pd.DataFrame({name: pd.Series(values, dtype=float if name == "n" else object) for name, values in columns.items()})
    assert list(row_digests(frame)) == list(row_digests(frame[["t", "n", "s"]]))


def test_values_that_are_one_value_have_one_digest() -> None:
    digests = row_digests(pd.DataFrame({"x": [0.0, -0.0, np.nan, -np.nan, 1.0]}))
    assert digests[0] == digests[1]
    assert digests[2] == digests[3]
    assert len(set(digests)) == 3


def test_a_missing_value_is_one_value_however_it_is_written() -> None:
    texts = pd.Series([None, np.nan, pd.NA, pd.NaT, Decimal("nan")], dtype=object)
    assert len(set(row_digests(pd.DataFrame({"x": texts})))) == 1
    whole = pd.DataFrame({"x": pd.array([1, None], dtype="Int64")})
    assert list(row_digests(whole)) == list(row_digests(pd.DataFrame({"x": [1.0, np.nan]})))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", 1),
        (1, True),
        ("", None),
        (0, None),
        (b"a", "a"),
        (b"a", b"b"),
        ([1], [2]),
        ([1], None),
        (Decimal("0.1"), Decimal("0.2")),
        (np.array([1, 2]), np.array([1, 3])),
    ],
    ids=repr,
)
def test_a_value_that_is_no_text_is_told_from_every_other(one: object, other: object) -> None:
    column = pd.Series([one, other, one], dtype=object)
    first, second, again = row_digests(pd.DataFrame({"x": column}))
    assert first != second
    assert first == again


@given(st.tuples(CELLS, CELLS), st.tuples(CELLS, CELLS))
def test_texts_that_differ_never_run_together(one: tuple[str | None, str | None], other: tuple[str | None, str | None]) -> None:
    frame = pd.DataFrame([one, other], columns=["s", "t"], dtype=object)
    first, second = row_digests(frame)
    assert (first == second) == (one == other)


def test_a_digest_knows_the_names_of_columns_and_tells_a_number_from_its_text() -> None:
    (number,), (text,) = row_digests(pd.DataFrame({"x": [1.0]})), row_digests(pd.DataFrame({"x": ["1.0"]}, dtype=object))
    (renamed,) = row_digests(pd.DataFrame({"y": [1.0]}))
    assert len({number, text, renamed}) == 3


def test_digests_stay_what_they_were_so_that_no_split_and_no_fingerprint_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = pd.Series([np.array([1, 2], np.float32)] * 2, dtype=object)
    words, others = pd.Series(["é\ud800", None], dtype=object), pd.Series([1, True], dtype=object)
    frame = pd.DataFrame({"n": [0.5, np.nan], "w": words, "v": vectors, "o": others})
    for most in (10_000, 0):
        monkeypatch.setattr("ceteris.dataset._MOST_KNOWN", most)
        assert [digest.hex()[:16] for digest in row_digests(frame)] == ["baea481c91493a42", "b7da432a89f46262"]
