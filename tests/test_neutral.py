"""A text on its way through a spreadsheet."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceteris.neutral import neutral, original

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "'", "''")


@given(st.one_of(st.text(), st.sampled_from(FORMULAS), st.text(alphabet="'=+-@a\t")))
def test_every_text_comes_back_from_neutral_as_it_was(text: str) -> None:
    assert original(neutral(text)) == text


@given(st.one_of(st.text(), st.text(alphabet="'=+-@a")))
def test_no_neutral_text_starts_like_a_formula(text: str) -> None:
    assert not neutral(text).startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize("text", ["", "plain", "a=1", " =1", "it's", "'tis"])
def test_a_text_that_is_no_formula_is_left_alone(text: str) -> None:
    assert neutral(text) == text or text.startswith("'")
    assert original(text) == text
