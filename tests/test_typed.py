"""What a reviewer types: a class by name, beginning or number, or a sign; never something that could mean two things."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceteris.reviewing.typed import SIGNS, legend, typed

CLASSES = ("ant", "bee", "beetle", "Cow")
LABELS = st.lists(
    st.text(min_size=1, max_size=5).filter(lambda text: text == text.strip()), min_size=2, max_size=6, unique=True
)


@pytest.mark.parametrize(
    ("line", "action", "label"),
    [
        ("", "confirm", ""),
        ("  ", "confirm", ""),
        ("ant", "relabel", "ant"),
        (" ant ", "relabel", "ant"),
        ("a", "relabel", "ant"),
        ("ANT", "relabel", "ant"),
        ("c", "relabel", "Cow"),
        ("bee", "relabel", "bee"),
        ("beet", "relabel", "beetle"),
        ("2", "relabel", "bee"),
        ("02", "relabel", "bee"),
        ("-", "drop", ""),
        ("?", "unsure", ""),
        ("<", "undo", ""),
        ("+", "more", ""),
        ("q", "quit", ""),
        (":q", "quit", ""),
    ],
)
def test_a_line_means_one_thing(line: str, action: str, label: str) -> None:
    found = typed(line, CLASSES, judging=False)
    assert (found.action, found.label, found.why) == (action, label, "")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("b", "Which of them? bee, beetle"),
        ("dog", "'dog' is no class."),
        ("Coww", "Did you mean 'Cow'?"),
        ("0", "There are 4 classes."),
        ("5", "There are 4 classes."),
        ("00", "There are 4 classes."),
        pytest.param("9" * 5000, "There are 4 classes.", id="a number that int() refuses"),
        ("²", "'²' is no class."),
        (":", "':' is no class."),
    ],
)
def test_what_could_mean_two_things_or_nothing_is_asked_again(line: str, why: str) -> None:
    found = typed(line, CLASSES, judging=False)
    assert found.action == ""
    assert why in found.why


def test_a_row_that_judges_is_neither_kept_nor_dropped() -> None:
    assert "asked blind" in typed("", CLASSES, judging=True).why
    assert "not dropped" in typed("-", CLASSES, judging=True).why
    assert typed("?", CLASSES, judging=True).action == "unsure"


def test_classes_that_are_numbers_are_typed_as_they_are() -> None:
    digits = tuple("0123456789")
    assert typed("7", digits, judging=False).label == "7"
    assert "no class" in typed("10", digits, judging=False).why


def test_a_class_that_is_called_like_a_sign_is_that_class_and_the_sign_has_a_colon() -> None:
    classes = ("q", "-", "x")
    assert typed("q", classes, judging=False).label == "q"
    assert typed(":q", classes, judging=False).action == "quit"
    assert (":-", "drop") in legend(classes, judging=False)
    assert dict(legend(classes, judging=True)).keys() == {"?", "<", "+", ":q"}


@given(LABELS)
def test_every_class_can_be_written_out_whatever_it_is_called(classes: list[str]) -> None:
    for label in classes:
        assert typed(label + "\n", classes, judging=False).label == label


@given(LABELS, st.text(max_size=4))
def test_a_line_is_understood_or_told_why_not_and_never_both(classes: list[str], line: str) -> None:
    for judging in (False, True):
        found = typed(line, classes, judging=judging)
        assert bool(found.action) != bool(found.why)
        assert found.action in ("", "relabel", "confirm", *SIGNS.values())
        assert (found.action == "relabel") == (found.label in classes)
