"""Labels stay what they are; spellings that look alike are told, never merged in silence."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceteris.errors import BadInputError
from ceteris.tables.labels import one_spelling, refuse_undeclared, spelling_key, typed


def texts(*values: str | None) -> np.ndarray:
    return np.array(values, dtype=object)


@given(st.text(), st.sampled_from(["NFC", "NFD"]))
def test_spelling_key_forgets_case_space_and_unicode_form_only(label: str, form: str) -> None:
    assert spelling_key(f" {unicodedata.normalize(form, label)}\u00a0") == spelling_key(label)
    assert spelling_key(spelling_key(label)) == spelling_key(label)


def test_letters_that_differ_in_meaning_are_not_alike() -> None:
    assert spelling_key("Maße") != spelling_key("Masse")
    assert spelling_key("m²") != spelling_key("m2")


def test_most_frequent_spelling_wins_and_the_first_in_the_alphabet_where_two_are() -> None:
    labels = texts("cat", "cat", "Cat", "DOG", "dog", None)
    assert one_spelling(labels, "label", merge=True) == {"cat": "cat", "Cat": "cat", "DOG": "DOG", "dog": "DOG"}


@pytest.mark.parametrize("often", ["red cat ", "\u00a0red  cat", "\ufeffred cat", "red\u200bcat"])
def test_the_spelling_that_wins_holds_no_space_that_says_nothing(often: str) -> None:
    assert one_spelling(texts(often, often, "Red cat", None), "label", merge=True) == {often: "red cat", "Red cat": "red cat"}


def test_unicode_forms_become_the_one_that_is_more_frequent() -> None:
    short, long = "caf\u00e9", "cafe\u0301"
    assert one_spelling(texts(short, long, long), "label", merge=True) == {short: long, long: long}
    assert one_spelling(texts(short, short, long), "label", merge=True) == {short: short, long: short}


def test_spellings_declared_as_classes_are_left_alone() -> None:
    assert one_spelling(texts("A", "a"), "label", merge=True, declared=("A", "a")) == {"A": "A", "a": "a"}
    with pytest.raises(BadInputError, match=r"'A' .* = 'a'"):
        one_spelling(texts("A", "a"), "label", merge=False, declared=("A",))


def test_a_declared_spelling_wins_over_the_most_frequent() -> None:
    found = one_spelling(texts("cat", "cat", "Cat"), "label", merge=True, declared=("Cat", "Dog"))
    assert found == {"cat": "Cat", "Cat": "Cat"}


def test_text_is_never_changed() -> None:
    labels = texts("007", " x", "1.0", None)
    assert typed(labels, "text", "label") is labels


def test_large_integers_are_exact() -> None:
    assert typed(texts("9007199254740993", "+5", "-0"), "integer", "label").tolist() == ["9007199254740993", "5", "0"]


def test_undeclared_labels_are_refused_with_the_nearest_class() -> None:
    refuse_undeclared(texts("cat", "dog"), ("cat", "dog", "owl"))
    with pytest.raises(BadInputError, match=r"'catt' \(2 rows\). Did you mean 'cat'"):
        refuse_undeclared(texts("cat", "catt", "catt"), ("cat", "dog"))
