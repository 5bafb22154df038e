"""The reviews of contrasts as a table, and back."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from ceteris.editing.reviewed import Checked, Review
from ceteris.measuring.pairs import Pair
from ceteris.measuring.reviews import COLUMNS, reviews_of, reviews_table
from ceteris.store import read_table, table_text

PAIR = Pair("data", ("m", "given"), ("m", "fixed"))
COUNTS = st.tuples(*[st.integers(0, 30)] * 4).map(lambda four: Checked(sum(four), *four[1:], 0.25, 0.5))


@given(COUNTS, COUNTS, st.booleans())
def test_what_is_written_is_read_back(disputed: Checked, decoys: Checked, unsure: bool) -> None:
    ends = (-0.0125, 0.5) if unsure else (np.nan, np.nan)
    review = Review(disputed.asked + 5, disputed, decoys, *ends)
    text = table_text(reviews_table([(PAIR, review, True)]))
    (back,) = reviews_of(read_table(io.BytesIO(text.encode()), text=("contrast",))).values()
    assert back.differing == review.differing
    for mine, known in ((back.disputed, disputed.told), (back.decoys, review.agreeing_known)):
        assert (mine.low, mine.high) == (0.25, 0.5) if known else np.isnan(mine.low)
    assert replace(back.disputed, low=0.25, high=0.5) == disputed
    assert replace(back.decoys, low=0.25, high=0.5) == decoys
    np.testing.assert_equal((back.against, back.favour), ends)


def test_bounds_stand_only_where_something_is_known() -> None:
    table = reviews_table([(PAIR, Review(9, Checked(9, 0, 0, 3, 0.07, 0.7), Checked(2, left=1)), False)])
    assert tuple(table.columns) == COLUMNS
    assert 0 < table.loc[0, "disputed_low"] < 3 / 9 < table.loc[0, "disputed_high"] < 1
    assert table.loc[0, ["decoys_low", "decoys_high"]].isna().all()
    assert table.loc[0, ["contrast", "verified"]].tolist() == ["m.given.fixed", False]


def test_no_review_is_a_table_without_rows() -> None:
    assert reviews_of(reviews_table([])) == {}
    assert pd.read_csv(io.StringIO(table_text(reviews_table([])))).empty
