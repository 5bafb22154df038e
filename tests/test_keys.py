"""Which key stands for which class."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ceteris.reviewing.keys import MOST_KEYS, keys_of


def test_digits_and_letters_are_typed_as_they_are() -> None:
    assert keys_of([str(digit) for digit in range(10)]) == tuple("0123456789")
    assert keys_of(["A", "B", "C"]) == ("a", "b", "c")


def test_other_classes_have_the_free_keys_in_order() -> None:
    assert keys_of(["cat", "1", "dog", "-", "?"]) == ("2", "1", "3", "4", "5")


def test_classes_that_differ_by_case_do_not_share_a_key() -> None:
    assert keys_of(["a", "A"]) == ("a", "1")


@given(st.lists(st.text(max_size=3), min_size=2, max_size=60, unique=True))
def test_no_two_classes_share_a_key_and_none_is_a_command(classes: list[str]) -> None:
    keys = keys_of(classes)
    assert len(keys) == len(classes)
    if len(classes) > MOST_KEYS:
        assert set(keys) == {""}
    else:
        assert len(set(keys)) == len(keys)
        assert all(len(key) == 1 and key.isalnum() and key == key.lower() for key in keys)
